//! Content against the measure: what an act must say and bring with it.

use super::Deciding;
use crate::domain::act::{AcceptanceCheck, Act, Plan, Report};
use crate::domain::event::Finding;
use crate::domain::ids::{Id, Text};
use crate::domain::measure::{ActRule, Measure, Named};
use crate::domain::refusal::{FieldError, Reason, Refusal, field};
use crate::domain::text::says_something;
use crate::domain::words;

impl Deciding<'_> {
    /// What the act must say and bring with it, by the rule that applies.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most acts say nothing that a measure limits"
    )]
    pub(super) fn check_content(
        &self,
        measure: &Measure,
        rule: &ActRule,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        match &self.request.act {
            Act::Apply(application) => self.check_application(measure, application, findings)?,
            Act::SubmitPlan(plan) => self.check_plan(measure, rule, "", plan, findings)?,
            Act::SubmitAmendment(amendment) => {
                self.check_plan(measure, rule, "/plan", &amendment.plan, findings)?;
            }
            Act::Accept(check) => self.check_acceptance(measure, check, findings)?,
            Act::SubmitReport(report) => self.check_report(report, findings)?,
            Act::Inspect(inspection) => {
                let known = || measure.base_conditions.iter().map(|named| named.id.as_str());
                for id in inspection.base_conditions.keys() {
                    self.known_id("/base_conditions", id, known())?;
                }
            }
            Act::EvaluateAnnually(evaluation) => self.check_begun(evaluation.year, findings)?,
            Act::SubmitScheme(scheme) => {
                self.check_tasks(measure, scheme.tasks.keys(), true, findings)?;
            }
            Act::ReportProgress(progress) => {
                self.check_tasks(measure, std::iter::once(&progress.task), false, findings)?;
            }
            Act::RequestAdjustment(request) => {
                self.known_id("/category", &request.category, categories(measure))?;
                if self.state.category.as_ref() == Some(&request.category) {
                    let refusal = self.invalid(vec![field(
                        "/category",
                        format!("{} is the category already held", request.category),
                        format!("{}即现有类型", self.named_zh(&request.category)),
                    )]);
                    self.missed(refusal.under(&rule.article), findings)?;
                }
            }
            _ => {}
        }
        self.check_brought(measure, rule, findings)
    }

    pub(super) fn invalid(&self, errors: Vec<FieldError>) -> Refusal {
        let en: Vec<_> = errors.iter().map(|e| format!("{}: {}", e.pointer, e.detail.en)).collect();
        let zh = errors.iter().map(|error| match words::member(&error.pointer) {
            Some(member) => format!("{member}：{}", error.detail.zh),
            None => error.detail.zh.clone(),
        });
        let zh: Vec<_> = zh.collect();
        self.refuse(Reason::Invalid { errors }, en.join("; "), zh.join("；"))
    }

    pub(super) fn known_id<'k>(
        &self,
        pointer: &str,
        given: &Id,
        known: impl Iterator<Item = &'k str>,
    ) -> Result<(), Refusal> {
        let known: Vec<_> = known.collect();
        if known.contains(&given.as_str()) {
            return Ok(());
        }
        Err(self.invalid(vec![field(
            pointer,
            format!("{given:?} is not one of {}", known.join(", ")),
            format!("{}不在可用之列：{}", self.given_zh(given), self.all_zh(&known)),
        )]))
    }

    /// What the measures call something, in Chinese.
    /// What the measures call it; an id that none knows as it is written.
    pub(super) fn named(&self, id: &str) -> Text {
        let called = self.ctx.versions.find(|measure| measure.called(id));
        called.unwrap_or_else(|| Text { en: id.to_owned(), zh: format!("“{id}”") })
    }

    pub(super) fn named_zh(&self, id: &str) -> String {
        self.named(id).zh
    }

    pub(super) fn all_zh(&self, ids: &[&str]) -> String {
        ids.iter().map(|id| self.named_zh(id)).collect::<Vec<_>>().join("、")
    }

    fn given_zh(&self, given: &str) -> String {
        if given.is_empty() { "未填写，".to_owned() } else { format!("“{given}”") }
    }

    fn check_brought(
        &self,
        measure: &Measure,
        rule: &ActRule,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let brought = &self.request.common.materials;
        let missing: Vec<Id> = rule
            .materials
            .iter()
            .filter(|kind| !brought.iter().any(|material| material.kind == **kind))
            .cloned()
            .collect();
        if !missing.is_empty() {
            let names = |pick: fn(&Named) -> &str| -> Vec<&str> {
                let labels = measure.materials.iter().filter(|m| missing.contains(&m.id));
                labels.map(pick).collect()
            };
            let en = names(|m| &m.label.en).join("; ");
            let zh = names(|m| &m.label.zh).join("；");
            let refusal = self
                .refuse(
                    Reason::MaterialMissing { materials: missing.clone() },
                    format!(
                        "missing from materials: {} ({en}); upload each and cite its digest",
                        missing.join(", ")
                    ),
                    format!("缺少材料：{zh}；请上传并注明摘要"),
                )
                .under(&rule.article);
            self.excuse(refusal, findings)?;
        }
        self.check_document(rule, findings)
    }

    fn check_document(&self, rule: &ActRule, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        let document = self.request.common.document.as_ref();
        if rule.document_required && document.is_none() {
            let error = field(
                "/document",
                "this act needs the document that it rests on: number, title, issuing office",
                "该行为须注明所依据的文件：文号、标题、发文机关",
            );
            return self.missed(self.invalid(vec![error]).under(&rule.article), findings);
        }
        if !rule.other_document {
            return Ok(());
        }
        let number = document.and_then(|document| document.number.as_deref());
        let number = number.map(document_number).filter(|number| !number.is_empty());
        let editions = self.ctx.versions.all().iter();
        let mut own = editions.flat_map(|e| [&e.measure.number.en, &e.measure.number.zh]);
        let error = match number {
            None => field(
                "/document/number",
                "cite the other document by its number: the measures themselves end no standing",
                "须注明据以终止的其他文件的文号：本办法不终止资格",
            ),
            Some(number) if own.any(|own| document_number(own).ends_with(&number)) => field(
                "/document/number",
                "the measures themselves end no standing; cite the other document that does",
                "本办法不终止资格；须注明据以终止的其他文件",
            ),
            Some(_) => return Ok(()),
        };
        self.missed(self.invalid(vec![error]).under(&rule.article), findings)
    }

    fn check_tasks<'k>(
        &self,
        measure: &Measure,
        given: impl Iterator<Item = &'k Id>,
        all: bool,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let Some(category) = self.state.category.as_ref().and_then(|id| measure.category(id))
        else {
            return Ok(());
        };
        let given: Vec<_> = given.collect();
        for task in &given {
            self.known_id("/tasks", task, category.tasks.iter().map(|task| task.id.as_str()))?;
        }
        let missing: Vec<_> =
            category.tasks.iter().filter(|task| !given.contains(&&task.id)).collect();
        if !all || missing.is_empty() {
            return Ok(());
        }
        let errors = missing
            .iter()
            .map(|task| {
                field(
                    format!("/tasks/{}", task.id),
                    format!(
                        "the scheme of a {} province addresses this task: {}",
                        category.label.en, task.label.en
                    ),
                    format!("{}省份的实施方案须涉及该任务：{}", category.label.zh, task.label.zh),
                )
            })
            .collect();
        self.missed(self.invalid(errors).under(&missing[0].article), findings)
    }

    fn check_acceptance(
        &self,
        measure: &Measure,
        check: &AcceptanceCheck,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let mut errors = Vec::new();
        for content in &measure.acceptance_contents {
            if check.findings.get(&content.id).is_none_or(|finding| !says_something(finding)) {
                errors.push(field(
                    format!("/findings/{}", content.id),
                    format!("a finding on: {}", content.label.en),
                    format!("须有结论：{}", content.label.zh),
                ));
            }
        }
        for id in check.findings.keys() {
            let known = || measure.acceptance_contents.iter().map(|content| content.id.as_str());
            self.known_id("/findings", id, known())?;
        }
        let article = measure.acceptance_contents.first().map_or("", |c| c.article.as_str());
        if !errors.is_empty() {
            self.missed(self.invalid(errors).under(article), findings)?;
        }
        let plans = &self.state.plan_versions;
        let versions = u32::try_from(plans.len()).unwrap_or(u32::MAX);
        let wrong = match check.plan_version {
            Some(version) if version == 0 || version > versions => Some(field(
                "/plan_version",
                format!("plan version {version} is not on record; {versions} are"),
                format!("方案第{version}版未入档；已入档{versions}版"),
            )),
            None if versions > 0 => Some(field(
                "/plan_version",
                format!("name the plan version that it measured against: 1 to {versions}"),
                format!("须注明所对照的方案版本：第1版至第{versions}版"),
            )),
            Some(_) | None => None,
        };
        if let Some(error) = wrong {
            self.missed(self.invalid(vec![error]).under(article), findings)?;
        }
        let version = check.plan_version.and_then(|version| version.checked_sub(1));
        let plan = version.and_then(|before| plans.get(before as usize));
        let indicators = plan.map_or(&[][..], |plan| &plan.indicators);
        for id in check.indicators.keys() {
            self.known_id("/indicators", id, indicators.iter().map(Id::as_str))?;
        }
        let silent: Vec<&str> = indicators
            .iter()
            .filter(|id| check.indicators.get(*id).is_none_or(|said| !says_something(said)))
            .map(Id::as_str)
            .collect();
        if !silent.is_empty() {
            findings.push(Finding {
                code: Id::from("indicator_without_finding"),
                text: Text {
                    en: format!("nothing is found on the plan's indicators {}", silent.join(", ")),
                    zh: format!("对方案的下列指标未作结论：{}", silent.join("、")),
                },
                article: article.to_owned(),
            });
        }
        Ok(())
    }

    /// A plan says something; what it leaves out of the advisory annex is a finding (C10).
    fn check_plan(
        &self,
        measure: &Measure,
        rule: &ActRule,
        at: &str,
        plan: &Plan,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        if !plan.contents.values().any(|text| says_something(text)) {
            let error = field(
                format!("{at}/contents"),
                "a plan has contents: say what it says on at least one of its headings",
                "方案须有内容：请至少填写一项",
            );
            self.missed(self.invalid(vec![error]).under(&rule.article), findings)?;
        }
        let known = || measure.guidelines.iter().map(|guideline| guideline.id.as_str());
        for id in &plan.guidelines {
            self.known_id(&format!("{at}/guidelines"), id, known())?;
        }
        let left_out = measure.guidelines.iter().filter(|one| !plan.guidelines.contains(&one.id));
        let (en, zh): (Vec<&str>, Vec<&str>) =
            left_out.map(|one| (one.label.en.as_str(), one.label.zh.as_str())).unzip();
        if !en.is_empty() {
            findings.push(Finding {
                code: Id::from("aspects_left_out"),
                text: Text {
                    en: format!("the plan does not say that it takes up: {}", en.join("; ")),
                    zh: format!("方案未注明涉及：{}", zh.join("；")),
                },
                article: measure.guidelines[0].article.clone(),
            });
        }
        Ok(())
    }

    fn check_report(&self, report: &Report, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        if report.year >= self.day.year() {
            let refusal = self.invalid(vec![field(
                "/year",
                format!(
                    "a report is on a year that is over; {} is not over on {}",
                    report.year, self.day
                ),
                format!("报告针对已结束的年度；{}年在{}尚未结束", report.year, words::zh(self.day)),
            )]);
            return self.missed(refusal, findings);
        }
        Ok(())
    }

    fn check_begun(&self, year: i32, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        if year <= self.day.year() {
            return Ok(());
        }
        let refusal = self.invalid(vec![field(
            "/year",
            format!(
                "{year} has not begun on {}: a year is evaluated for what was done in it",
                self.day
            ),
            format!("{year}年在{}尚未开始，不能评价", words::zh(self.day)),
        )]);
        self.missed(refusal, findings)
    }
}

/// A document's number as it is compared: brackets, spaces, full stops, case and width in any
/// spelling. An end of it, such as the year and the number alone, names the same document.
fn document_number(number: &str) -> String {
    let narrow = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    let letters = number.chars().map(narrow).filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

pub(super) fn categories(measure: &Measure) -> impl Iterator<Item = &str> {
    measure.categories.iter().map(|category| category.id.as_str())
}
