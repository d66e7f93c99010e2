//! An application against the measure: category, rank, kind of applicant, requirements (C3, C4, P3).

use super::Deciding;
use super::content::categories;
use crate::domain::act::{ActKind, Application, Stated};
use crate::domain::event::Finding;
use crate::domain::ids::{Id, Text};
use crate::domain::measure::{Measure, Named, Requirement};
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::text::says_something;

impl Deciding<'_> {
    pub(super) fn check_application(
        &self,
        measure: &Measure,
        application: &Application,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        if !measure.categories.is_empty() {
            let Some(category) = &application.category else {
                let known: Vec<_> = categories(measure).collect();
                return Err(self.invalid(vec![field(
                    "/category",
                    format!("an application names its category: one of {}", known.join(", ")),
                    format!("申报须注明类型：{}", self.all_zh(&known)),
                )]));
            };
            self.known_id("/category", category, categories(measure))?;
            let approvals = measure.rules(ActKind::Approve);
            let ranks = approvals.flat_map(|rule| rule.outcomes.keys()).map(Id::as_str);
            self.known_id("/rank", &application.rank.clone().unwrap_or_default(), ranks)?;
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
            let en = format!(
                "{}: {} is required, {} given",
                requirement.label.en, required.en, given.en
            );
            let zh = format!("{}：须{}，所填为{}", requirement.label.zh, required.zh, given.zh);
            let reason = Reason::RequirementNotMet {
                requirement: requirement.id.clone(),
                required: required.en,
                given: given.en,
            };
            let refusal = self.refuse(reason, en, zh).under(&requirement.article);
            self.excuse(refusal, findings)
        };
        let nothing = || Text { en: "none".to_owned(), zh: "空".to_owned() };
        if let Some(bound) = requirement.more_than {
            let unit = requirement.unit.clone();
            let unit = unit.unwrap_or_else(|| Text { en: String::new(), zh: String::new() });
            let required = Text {
                en: format!("more than {bound} {}", unit.en).trim_end().to_owned(),
                zh: format!("超过{bound}{}", unit.zh),
            };
            let (number, sourced) = match given {
                Some(Stated::Number(number)) => (*number, false),
                Some(Stated::Counted(counted)) => {
                    (counted.number, counted.on.is_some() && counted.source.is_some())
                }
                Some(Stated::Text(_) | Stated::List(_)) | None => return fail(required, nothing()),
            };
            if number <= bound {
                let given = Text { en: number.to_string(), zh: format!("{number}{}", unit.zh) };
                fail(required, given)?;
            }
            if !sourced {
                findings.push(count_without_source(requirement));
            }
            return Ok(());
        }
        if !requirement.covers.is_empty() {
            let Some(Stated::List(list)) = given.filter(|given| !given.is_empty()) else {
                let required = Text { en: "a list".to_owned(), zh: "逐项列明".to_owned() };
                return fail(required, nothing());
            };
            let missing = requirement.covers.iter().filter(|needed| !list.contains(&needed.id));
            findings.extend(not_covered(requirement, missing));
            return Ok(());
        }
        match given {
            Some(Stated::Text(text)) if says_something(text) => Ok(()),
            _ => {
                fail(Text { en: "a statement".to_owned(), zh: "以文字说明".to_owned() }, nothing())
            }
        }
    }
}

fn count_without_source(requirement: &Requirement) -> Finding {
    Finding {
        code: Id::from("count_without_source"),
        text: Text {
            en: format!(
                "{}: the day and the source of the count are not stated",
                requirement.label.en
            ),
            zh: format!("{}：未注明统计日期和来源", requirement.label.zh),
        },
        article: requirement.article.clone(),
    }
}

fn not_covered<'m>(
    requirement: &Requirement,
    missing: impl Iterator<Item = &'m Named>,
) -> Option<Finding> {
    let (en, zh): (Vec<&str>, Vec<&str>) =
        missing.map(|one| (one.label.en.as_str(), one.label.zh.as_str())).unzip();
    (!en.is_empty()).then(|| Finding {
        code: Id::from("not_covered"),
        text: Text {
            en: format!("{}: not among them: {}", requirement.label.en, en.join(", ")),
            zh: format!("{}：其中没有{}", requirement.label.zh, zh.join("、")),
        },
        article: requirement.article.clone(),
    })
}
