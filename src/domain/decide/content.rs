//! Content against the measure: what an act must say and bring with it.

use super::Deciding;
use crate::domain::act::{AcceptanceCheck, Act, ActKind, Application, Plan, Report, Stated};
use crate::domain::ids::Id;
use crate::domain::measure::{ActRule, Effect, Measure, Named, Requirement};
use crate::domain::refusal::{FieldError, Reason, Refusal, field};
use crate::domain::text::says_something;

impl Deciding<'_> {
    /// Everything that can be said without knowing where the enrollment stands, and of the rule
    /// that applies there what it wants brought along.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most acts say nothing that a measure limits"
    )]
    pub(super) fn check_content(
        &self,
        measure: &Measure,
        rule: Option<&ActRule>,
    ) -> Result<(), Refusal> {
        let rule = rule.or_else(|| measure.rules(self.kind).find(|r| r.by.contains(&self.office)));
        match &self.request.act {
            Act::Apply(application) => self.check_application(measure, application)?,
            Act::SubmitPlan(plan) => self.check_guidelines(measure, "", plan)?,
            Act::SubmitAmendment(amendment) => {
                self.check_guidelines(measure, "/plan", &amendment.plan)?;
            }
            Act::Accept(check) => self.check_acceptance(measure, check)?,
            Act::SubmitReport(report) => self.check_report(report)?,
            Act::EvaluateAnnually(evaluation) => self.check_begun(evaluation.year)?,
            Act::SubmitScheme(scheme) => {
                self.check_tasks(measure, scheme.tasks.keys(), true)?;
            }
            Act::ReportProgress(progress) => {
                self.check_tasks(measure, std::iter::once(&progress.task), false)?;
            }
            Act::RequestAdjustment(request) => {
                self.known_id("/category", &request.category, categories(measure))?;
                if self.state.category.as_ref() == Some(&request.category) {
                    return Err(self.invalid(vec![field(
                        "/category",
                        format!("{} is the category already held", request.category),
                        format!("{} 即现有类别", request.category),
                    )]));
                }
            }
            Act::Designate(designation) => {
                let known = ["department", "agencies", "personnel", "funds"];
                self.known_id("/designates", &designation.designates, known.into_iter())?;
            }
            _ => {}
        }
        match rule {
            Some(rule) => self.check_brought(measure, rule),
            None => Ok(()),
        }
    }

    pub(super) fn invalid(&self, errors: Vec<FieldError>) -> Refusal {
        let en: Vec<_> = errors.iter().map(|e| format!("{}: {}", e.pointer, e.detail.en)).collect();
        let zh: Vec<_> = errors.iter().map(|e| format!("{}：{}", e.pointer, e.detail.zh)).collect();
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
            format!("{given:?} 不在 {} 之列", known.join("、")),
        )]))
    }

    fn check_brought(&self, measure: &Measure, rule: &ActRule) -> Result<(), Refusal> {
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
            return Err(self
                .refuse(
                    Reason::MaterialMissing { materials: missing.clone() },
                    format!(
                        "missing from materials: {} ({en}); upload each and cite its digest",
                        missing.join(", ")
                    ),
                    format!("缺少材料：{zh}（{}）；请上传并注明摘要", missing.join("、")),
                )
                .under(&rule.article));
        }
        if rule.document_required && self.request.common.document.is_none() {
            let error = field(
                "/document",
                "this act needs the document that it rests on: number, title, issuing office",
                "该行为须注明所依据的文件：文号、标题、发文机关",
            );
            return Err(self.invalid(vec![error]).under(&rule.article));
        }
        let cited = self.request.common.document.as_ref().and_then(|d| d.number.as_deref());
        let own = [measure.number.en.as_str(), measure.number.zh.as_str()];
        if self.kind == ActKind::EndStanding && cited.is_some_and(|number| own.contains(&number)) {
            let error = field(
                "/document/number",
                "the measures themselves end no standing; cite the other document that does",
                "本办法不终止资格；须注明据以终止的其他文件",
            );
            return Err(self.invalid(vec![error]).under(&rule.article));
        }
        Ok(())
    }

    fn check_application(
        &self,
        measure: &Measure,
        application: &Application,
    ) -> Result<(), Refusal> {
        if !measure.categories.is_empty() {
            let Some(category) = &application.category else {
                let known: Vec<_> = categories(measure).collect();
                return Err(self.invalid(vec![field(
                    "/category",
                    format!("an application names its category: one of {}", known.join(", ")),
                    format!("申请须注明类别：{}", known.join("、")),
                )]));
            };
            self.known_id("/category", category, categories(measure))?;
            self.check_rank(measure, application)?;
        }
        if !measure.applicant_kinds.is_empty() {
            let kinds = || measure.applicant_kinds.iter().map(|kind| kind.id.as_str());
            let given = application.applicant_kind.clone().unwrap_or_default();
            self.known_id("/applicant_kind", &given, kinds())
                .map_err(|refusal| refusal.under(&measure.applicant_kinds[0].article))?;
        }
        let known = || measure.requirements.iter().map(|requirement| requirement.id.as_str());
        for id in application.requirements.keys() {
            self.known_id("/requirements", id, known())?;
        }
        for requirement in &measure.requirements {
            let given = application.requirements.get(&requirement.id);
            self.check_requirement(requirement, given)?;
        }
        Ok(())
    }

    fn check_rank(&self, measure: &Measure, application: &Application) -> Result<(), Refusal> {
        let ranks: Vec<_> = measure
            .rules(crate::domain::act::ActKind::Approve)
            .flat_map(|rule| rule.outcomes.keys())
            .map(Id::as_str)
            .collect();
        let rank = application.rank.clone().unwrap_or_default();
        self.known_id("/rank", &rank, ranks.into_iter())?;
        if rank == "demonstration" && application.justification.is_none() {
            return Err(self.invalid(vec![field(
                "/justification",
                "direct entry as demonstration needs a written justification (reading of III(I)1)",
                "直接申报示范的，须书面说明理由（对 III(I)1 的解读）",
            )]));
        }
        Ok(())
    }

    fn check_requirement(
        &self,
        requirement: &Requirement,
        given: Option<&Stated>,
    ) -> Result<(), Refusal> {
        let fail = |required: String, given: String| {
            let en = format!("{}: {required} is required, {given} given", requirement.label.en);
            let zh = format!("{}：要求 {required}，所填为 {given}", requirement.label.zh);
            let reason =
                Reason::RequirementNotMet { requirement: requirement.id.clone(), required, given };
            Err(self.refuse(reason, en, zh).under(&requirement.article))
        };
        if let Some(bound) = requirement.more_than {
            return match given {
                Some(Stated::Number(number)) if *number > bound => Ok(()),
                Some(Stated::Number(number)) => {
                    fail(format!("more than {bound}"), number.to_string())
                }
                _ => fail(format!("a number more than {bound}"), "none".to_owned()),
            };
        }
        if !requirement.covers.is_empty() {
            let list: &[Id] = match given {
                Some(Stated::List(list)) => list,
                _ => &[],
            };
            let missing: Vec<_> = requirement
                .covers
                .iter()
                .filter(|needed| !list.contains(needed))
                .cloned()
                .collect();
            return if missing.is_empty() {
                Ok(())
            } else {
                fail(
                    requirement.covers.join(", "),
                    format!("[{}] without {}", list.join(", "), missing.join(", ")),
                )
            };
        }
        match given {
            Some(Stated::Text(text)) if says_something(text) => Ok(()),
            _ => fail("a statement".to_owned(), "none".to_owned()),
        }
    }

    fn check_tasks<'k>(
        &self,
        measure: &Measure,
        given: impl Iterator<Item = &'k Id>,
        all: bool,
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
        Err(self.invalid(errors).under(&missing[0].article))
    }

    fn check_acceptance(&self, measure: &Measure, check: &AcceptanceCheck) -> Result<(), Refusal> {
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
        if !errors.is_empty() {
            let article = measure.acceptance_contents.first().map_or("", |c| c.article.as_str());
            return Err(self.invalid(errors).under(article));
        }
        let versions = u32::try_from(self.state.plan_versions.len()).unwrap_or(u32::MAX);
        match check.plan_version {
            Some(version) if version == 0 || version > versions => Err(self.invalid(vec![field(
                "/plan_version",
                format!("plan version {version} is not on record; {versions} are"),
                format!("方案第 {version} 版未入档；已入档 {versions} 版"),
            )])),
            None if versions > 0 => Err(self.invalid(vec![field(
                "/plan_version",
                format!("name the plan version that it measured against: 1 to {versions}"),
                format!("须注明所依据的方案版本：1 至 {versions}"),
            )])),
            _ => Ok(()),
        }
    }

    /// The annex is advisory, but a plan cites it by its own tasks (C10).
    fn check_guidelines(&self, measure: &Measure, at: &str, plan: &Plan) -> Result<(), Refusal> {
        let known = || measure.guidelines.iter().map(|guideline| guideline.id.as_str());
        for id in &plan.guidelines {
            self.known_id(&format!("{at}/guidelines"), id, known())?;
        }
        Ok(())
    }

    fn check_report(&self, report: &Report) -> Result<(), Refusal> {
        if report.year >= self.day.year() {
            return Err(self.invalid(vec![field(
                "/year",
                format!(
                    "a report is on a year that is over; {} is not over on {}",
                    report.year, self.day
                ),
                format!("报告针对已结束的年度；{} 年在 {} 尚未结束", report.year, self.day),
            )]));
        }
        Ok(())
    }

    fn check_begun(&self, year: i32) -> Result<(), Refusal> {
        if year <= self.day.year() {
            return Ok(());
        }
        Err(self.invalid(vec![field(
            "/year",
            format!(
                "{year} has not begun on {}: a year is evaluated for what was done in it",
                self.day
            ),
            format!("{year} 年在 {} 尚未开始，不能评价", self.day),
        )]))
    }

    /// For an outcome that sets a day for rectification: that the day is given and lies ahead.
    pub(super) fn rectify_by(
        &self,
        effect: Effect,
        given: Option<crate::domain::date::Day>,
        article: &str,
    ) -> Result<(), Refusal> {
        match given {
            Some(day) if effect != Effect::RectifyWithin => Err(self
                .invalid(vec![field(
                    "/rectify_by",
                    format!("{day} given, but this outcome sets no rectification"),
                    format!("填写了 {day}，但该结果不要求整改"),
                )])
                .under(article)),
            Some(day) if self.on.earliest().is_some_and(|e| day < e) => Err(self
                .invalid(vec![field(
                    "/rectify_by",
                    format!("{day} lies before the decision itself"),
                    format!("{day} 早于该决定"),
                )])
                .under(article)),
            None if effect == Effect::RectifyWithin => Err(self
                .invalid(vec![field(
                    "/rectify_by",
                    "an unqualified result sets the day by which rectification is due",
                    "不合格的，须确定整改期限",
                )])
                .under(article)),
            _ => Ok(()),
        }
    }
}

pub(super) fn categories(measure: &Measure) -> impl Iterator<Item = &str> {
    measure.categories.iter().map(|category| category.id.as_str())
}
