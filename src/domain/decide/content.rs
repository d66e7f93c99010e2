//! Content against the measure: what an act must say and bring with it.

use super::Deciding;
use crate::domain::act::{AcceptanceCheck, Act, Plan, Report, Scheme};
use crate::domain::document_number::DocumentNumber;
use crate::domain::event::Finding;
use crate::domain::ids::{Id, Text};
use crate::domain::measure::{ActRule, Measure, Names};
use crate::domain::refusal::{Called, FieldError, Reason, Refusal, field};
use crate::domain::text::says_something;
use crate::domain::words::{self, AllOf, Clauses, Given, OneOf, said};

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
                    self.known_id("/base_conditions", id, Names::BaseConditions, known())?;
                }
            }
            Act::RecordSupport(support) if !rule.kinds.is_empty() => {
                let given = Id::from(support.kind.as_str());
                let known = rule.kinds.iter().map(Id::as_str);
                self.known_id("/kind", &given, Names::Outcomes, known)
                    .map_err(|refusal| refusal.under(&rule.article))?;
            }
            Act::RecordInterpretation(interpretation) => {
                self.check_article(measure, rule, &interpretation.article, findings)?;
            }
            Act::EvaluateAnnually(evaluation) => self.check_begun(evaluation.year, findings)?,
            Act::SubmitScheme(scheme) => {
                self.check_scheme(measure, scheme, findings)?;
            }
            Act::ReportProgress(progress)
                if measure.tasks_of(self.state.category.as_ref()).next().is_some() =>
            {
                self.known_task("/task", &progress.task, measure)?;
            }
            Act::RequestAdjustment(request) => {
                let (asked, known) = (&request.category, categories(measure));
                self.known_id("/category", asked, Names::Categories, known)?;
                if self.state.category.as_ref() == Some(&request.category) {
                    let held = self.named(Names::Categories, &request.category);
                    let text = said!(
                        "{held} is the category already held",
                        "{held}即现有类型",
                        held = held
                    );
                    let refusal = self.invalid(vec![field("/category", text)]);
                    self.missed(refusal.under(&rule.article), findings)?;
                }
            }
            _ => {}
        }
        self.check_local(measure, rule, findings)?;
        self.check_brought(measure, rule, findings)
    }

    /// What is interpreted is an article of the document.
    fn check_article(
        &self,
        measure: &Measure,
        rule: &ActRule,
        given: &str,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let Some(articles) = measure.articles else { return Ok(()) };
        let of = words::article_numbers(given);
        if of.is_some_and(|of| of.iter().all(|number| (1..=articles).contains(number))) {
            return Ok(());
        }
        let text = said!(
            "“{given}” is no article of {document}; it has Art. 1 to Art. {articles}",
            "“{given}”不是{document}的条文；该文件共{articles}条，请写作“Art. 1”等",
            given = Given(given),
            document = measure.cited(),
            articles = articles
        );
        let refusal = self.invalid(vec![field("/article", text)]);
        self.missed(refusal.under(&rule.article), findings)
    }

    pub(super) fn invalid(&self, errors: Vec<FieldError>) -> Refusal {
        Refusal::invalid(self.kind, errors)
    }

    pub(super) fn known_id<'k>(
        &self,
        pointer: &str,
        given: &Id,
        list: impl Into<Option<Names>>,
        known: impl Iterator<Item = &'k str>,
    ) -> Result<(), Refusal> {
        let (list, known): (_, Vec<_>) = (list.into(), known.collect());
        if known.contains(&given.as_str()) {
            return Ok(());
        }
        let wrong = match given.as_str() {
            "" => said!("it is not stated", "未填写"),
            given => {
                said!("“{given}” cannot be stated here", "“{given}”不可用", given = Given(given))
            }
        };
        let text = match known.is_empty() {
            true => said!("{wrong}, nor can anything else", "{wrong}，此处无可填写", wrong = wrong),
            false => said!(
                "{wrong}; what can be is {known}",
                "{wrong}；可用的有{known}",
                wrong = wrong,
                known = self.all_named(list, known.iter().copied())
            ),
        };
        Err(self.invalid(vec![field(pointer, text).accepting(known)]))
    }

    /// What a list of the measures calls it; what none knows as its author wrote it.
    pub(super) fn named(&self, list: impl Into<Option<Names>>, id: &str) -> Text {
        let called = list.into().and_then(|list| self.ctx.versions.name_in(list, id));
        called.map_or_else(|| words::quoted(Given(id)), words::quoted)
    }

    pub(super) fn all_named<'k>(
        &self,
        list: impl Into<Option<Names>> + Copy,
        ids: impl IntoIterator<Item = &'k str>,
    ) -> OneOf<Text> {
        OneOf(ids.into_iter().map(|id| self.named(list, id)).collect())
    }

    fn check_brought(
        &self,
        measure: &Measure,
        rule: &ActRule,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let brought = &self.request.common.materials;
        let missing: Vec<Called> = rule
            .materials
            .iter()
            .filter(|kind| !brought.iter().any(|material| material.kind == **kind))
            .map(|kind| Called::new(kind, measure.label_in(Names::Materials, kind)))
            .collect();
        if !missing.is_empty() {
            let text = said!(
                "missing from the materials: {missing}; upload each and cite its digest",
                "缺少材料：{missing}；请上传并注明摘要",
                missing =
                    Clauses(missing.iter().map(|material| &material.label).collect::<Vec<_>>())
            );
            let reason = Reason::MaterialMissing { materials: missing };
            self.excuse(self.refuse(reason, text).under(&rule.article), findings)?;
        }
        self.check_document(rule, findings)
    }

    fn check_document(&self, rule: &ActRule, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        let document = self.request.common.document.as_ref();
        if rule.document_required && document.is_none() {
            let text = said!(
                "this act needs the document that it rests on: number, title, issuing office",
                "该行为须注明所依据的文件：文号、标题、发文机关"
            );
            let error = field("/document", text);
            return self.missed(self.invalid(vec![error]).under(&rule.article), findings);
        }
        if !rule.other_document {
            return Ok(());
        }
        let number = document.and_then(|document| document.number.as_deref());
        let number = number.and_then(DocumentNumber::of);
        let editions = self.ctx.versions.all().iter();
        let is_named = |number: &DocumentNumber, own: &str| {
            DocumentNumber::of(own).is_some_and(|own| number.names(&own))
        };
        let numbers = editions.filter_map(|edition| edition.measure.number.as_ref());
        let mut own = numbers.flat_map(|number| [&number.en, &number.zh]);
        let text = match number {
            None => said!(
                "cite the other document by its number: the measures themselves end no standing",
                "须注明据以终止的其他文件的文号：本办法不终止资格"
            ),
            Some(number) if own.any(|own| is_named(&number, own)) => said!(
                "the measures themselves end no standing; cite the other document that does",
                "本办法不终止资格；须注明据以终止的其他文件"
            ),
            Some(_) => return Ok(()),
        };
        let error = field("/document/number", text);
        self.missed(self.invalid(vec![error]).under(&rule.article), findings)
    }

    fn known_task(&self, at: &str, task: &Id, measure: &Measure) -> Result<(), Refusal> {
        let known = measure.tasks_of(self.state.category.as_ref()).map(|task| task.id.as_str());
        self.known_id(at, task, Names::Tasks, known)
    }

    /// A scheme addresses each main task of its category, and no other (P6).
    fn check_scheme(
        &self,
        measure: &Measure,
        scheme: &Scheme,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let category = self.state.category.as_ref();
        if category.is_none() && measure.tasks.is_empty() {
            return Ok(());
        }
        for task in scheme.tasks.keys() {
            self.known_task("/tasks", task, measure)?;
        }
        let tasks = measure.tasks_of(category);
        let missing: Vec<_> = tasks.filter(|task| !scheme.tasks.contains_key(&task.id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let errors = missing
            .iter()
            .map(|task| {
                let of = category.and_then(|id| measure.category(id));
                let text = match of {
                    Some(category) => said!(
                        "the scheme in the category “{category}” addresses this task: {task}",
                        "{category}省份的实施方案须涉及该任务：{task}",
                        category = category.label,
                        task = task.label
                    ),
                    None => said!(
                        "the scheme addresses this task: {task}",
                        "实施方案须涉及该任务：{task}",
                        task = task.label
                    ),
                };
                field(format!("/tasks/{}", task.id), text)
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
                let text = said!(
                    "a finding on: {content}",
                    "须有结论：{content}",
                    content = content.label
                );
                errors.push(field(format!("/findings/{}", content.id), text));
            }
        }
        for id in check.findings.keys() {
            let known = || measure.acceptance_contents.iter().map(|content| content.id.as_str());
            self.known_id("/findings", id, Names::Contents, known())?;
        }
        let article = measure.acceptance_contents.first().map_or("", |c| c.article.as_str());
        if !errors.is_empty() {
            self.missed(self.invalid(errors).under(article), findings)?;
        }
        let plans = &self.state.plan_versions;
        let versions = u32::try_from(plans.len()).unwrap_or(u32::MAX);
        let wrong = match check.plan_version {
            Some(version) if version == 0 || version > versions => Some(said!(
                "version {version} of the plan is not on record; those on record are {versions}",
                "方案第{version}版未入档；已入档{versions}版",
                version = version,
                versions = versions
            )),
            None if versions > 0 => Some(said!(
                "name the plan version that it measured against: 1 to {versions}",
                "须注明所对照的方案版本：第1版至第{versions}版",
                versions = versions
            )),
            Some(_) | None => None,
        };
        if let Some(text) = wrong {
            let error = field("/plan_version", text);
            self.missed(self.invalid(vec![error]).under(article), findings)?;
        }
        let version = check.plan_version.and_then(|version| version.checked_sub(1));
        let plan = version.and_then(|before| plans.get(before as usize));
        let indicators = plan.map_or(&[][..], |plan| &plan.indicators);
        for id in check.indicators.keys() {
            // Named by the plan's author, in no list.
            self.known_id("/indicators", id, None, indicators.iter().map(Id::as_str))?;
        }
        let silent: Vec<&str> = indicators
            .iter()
            .filter(|id| check.indicators.get(*id).is_none_or(|said| !says_something(said)))
            .map(Id::as_str)
            .collect();
        if !silent.is_empty() {
            let text = said!(
                "nothing is found on these indicators of the plan: {silent}",
                "对方案的下列指标未作结论：{silent}",
                silent = AllOf(silent.into_iter().map(Given).collect())
            );
            findings.push(Finding::new("indicator_without_finding", text, article));
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
            let text = said!(
                "a plan has contents: say what it says on at least one of its headings",
                "方案须有内容：请至少填写一项"
            );
            let error = field(format!("{at}/contents"), text);
            self.missed(self.invalid(vec![error]).under(&rule.article), findings)?;
        }
        let known = || measure.guidelines.iter().map(|guideline| guideline.id.as_str());
        for id in &plan.guidelines {
            self.known_id(&format!("{at}/guidelines"), id, Names::Guidelines, known())?;
        }
        let left_out = measure.guidelines.iter().filter(|one| !plan.guidelines.contains(&one.id));
        let left_out: Vec<&Text> = left_out.map(|one| &one.label).collect();
        if !left_out.is_empty() {
            let text = said!(
                "the plan does not say that it takes up: {left_out}",
                "方案未注明涉及：{left_out}",
                left_out = Clauses(left_out)
            );
            let article = &measure.guidelines[0].article;
            findings.push(Finding::new("aspects_left_out", text, article));
        }
        Ok(())
    }

    fn check_report(&self, report: &Report, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        if report.year >= self.day.year() {
            let text = said!(
                "a report is on a year that is over; {year} is not over on {day}",
                "报告针对已结束的年度；{year}年在{day}尚未结束",
                year = report.year,
                day = self.day
            );
            return self.missed(self.invalid(vec![field("/year", text)]), findings);
        }
        Ok(())
    }

    fn check_begun(&self, year: i32, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        if year <= self.day.year() {
            return Ok(());
        }
        let text = said!(
            "{year} has not begun on {day}: a year is evaluated for what was done in it",
            "{year}年在{day}尚未开始，不能评价",
            year = year,
            day = self.day
        );
        self.missed(self.invalid(vec![field("/year", text)]), findings)
    }
}

pub(super) fn categories(measure: &Measure) -> impl Iterator<Item = &str> {
    measure.categories.iter().map(|category| category.id.as_str())
}
