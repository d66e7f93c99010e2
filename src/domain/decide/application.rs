//! An application against the measure: category, rank, kind of applicant, requirements (C3, C4, P3).

use super::Deciding;
use super::content::categories;
use crate::domain::act::{ActKind, Application, Stated};
use crate::domain::event::Finding;
use crate::domain::ids::{Id, Text};
use crate::domain::measure::{Measure, Named, Names, Requirement};
use crate::domain::refusal::{Called, Reason, Refusal, field};
use crate::domain::text::says_something;
use crate::domain::words::{AllOf, said};

impl Deciding<'_> {
    pub(super) fn check_application(
        &self,
        measure: &Measure,
        application: &Application,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        if !measure.categories.is_empty() {
            let Some(category) = &application.category else {
                let text = said!(
                    "an application names its category: {known}",
                    "申报须注明类型：{known}",
                    known = self.all_named(Names::Categories, categories(measure))
                );
                let error = field("/category", text).accepting(categories(measure));
                return Err(self.invalid(vec![error]));
            };
            self.known_id("/category", category, Names::Categories, categories(measure))?;
            let approvals = measure.rules(ActKind::Approve);
            let ranks = approvals.flat_map(|rule| rule.outcomes.keys()).map(Id::as_str);
            let rank = application.rank.clone().unwrap_or_default();
            self.known_id("/rank", &rank, Names::Outcomes, ranks)?;
        }
        if !measure.applicant_kinds.is_empty() {
            let kinds = || measure.applicant_kinds.iter().map(|kind| kind.id.as_str());
            let given = application.applicant_kind.clone().unwrap_or_default();
            self.known_id("/applicant_kind", &given, Names::Applicants, kinds())
                .map_err(|refusal| refusal.under(&measure.applicant_kinds[0].article))?;
        }
        let known = || measure.requirements.iter().map(|requirement| requirement.id.as_str());
        for id in application.requirements.keys() {
            self.known_id("/requirements", id, Names::Requirements, known())?;
        }
        for requirement in &measure.requirements {
            let given = application.requirements.get(&requirement.id);
            self.check_requirement(requirement, given, findings)?;
        }
        Ok(())
    }

    fn check_requirement(
        &self,
        requirement: &Requirement,
        given: Option<&Stated>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let mut fail = |required: Text, given: Text| {
            let text = said!(
                "{label}: {required} is required, {given} given",
                "{label}：须{required}，所填为{given}",
                label = requirement.label,
                required = required,
                given = given
            );
            let reason = Reason::RequirementNotMet {
                requirement: Called::new(&requirement.id, requirement.label.clone()),
                required: required.clone(),
                given: given.clone(),
            };
            let refusal = self.refuse(reason, text).under(&requirement.article);
            self.excuse(refusal, findings)
        };
        let nothing = || said!("none", "空");
        if let Some(bound) = requirement.more_than {
            let unit = requirement.unit.clone();
            let unit = unit.unwrap_or_else(|| said!("of them", ""));
            let counted = |number| said!("{n} {unit}", "{n}{unit}", n = number, unit = unit);
            let required = said!("more than {counted}", "超过{counted}", counted = counted(bound));
            let (number, sourced) = match given {
                Some(Stated::Number(number)) => (*number, false),
                Some(Stated::Counted(counted)) => {
                    (counted.number, counted.on.is_some() && counted.source.is_some())
                }
                Some(Stated::Text(_) | Stated::List(_)) | None => return fail(required, nothing()),
            };
            if number <= bound {
                fail(required, Text { en: number.to_string(), ..counted(number) })?;
            }
            if !sourced {
                findings.push(count_without_source(requirement));
            }
            return Ok(());
        }
        if !requirement.covers.is_empty() {
            let Some(Stated::List(list)) = given.filter(|given| !given.is_empty()) else {
                return fail(said!("a list", "逐项列明"), nothing());
            };
            let missing = requirement.covers.iter().filter(|needed| !list.contains(&needed.id));
            findings.extend(not_covered(requirement, missing));
            return Ok(());
        }
        match given {
            Some(Stated::Text(text)) if says_something(text) => Ok(()),
            _ => fail(said!("a statement", "以文字说明"), nothing()),
        }
    }
}

fn count_without_source(requirement: &Requirement) -> Finding {
    let text = said!(
        "{label}: the day and the source of the count are not stated",
        "{label}：未注明统计日期和来源",
        label = requirement.label
    );
    Finding::new("count_without_source", text, &requirement.article)
}

fn not_covered<'m>(
    requirement: &Requirement,
    missing: impl Iterator<Item = &'m Named>,
) -> Option<Finding> {
    let missing: Vec<&Text> = missing.map(|one| &one.label).collect();
    (!missing.is_empty()).then(|| {
        let text = said!(
            "{label}: not among them: {missing}",
            "{label}：其中没有{missing}",
            label = requirement.label,
            missing = AllOf(missing)
        );
        Finding::new("not_covered", text, &requirement.article).read(&requirement.reading)
    })
}
