//! What provinces outside of the program owe (rule P12): a duty that stands in no stream, since it
//! is laid on those of whom the record may say nothing at all.

use std::sync::Arc;

use super::owes_promotion_plan;
use crate::domain::act::ActKind;
use crate::domain::ids::{Id, Text};
use crate::domain::measure::{ActRule, Measure};
use crate::domain::state::{Duty, State};

/// The id of the duty to make a comprehensive strength promotion plan.
pub const PROMOTION_PLAN: &str = "promotion_plan";

/// What the duty is called.
pub fn promotion_plan_label() -> Text {
    Text {
        en: "Comprehensive strength promotion plan".to_owned(),
        zh: "综合实力提升计划".to_owned(),
    }
}

/// The rule by which those who are not listed meet their duty; none in a measure that lays none on
/// them.
pub fn promotion_plan_rule(measure: &Measure) -> Option<&ActRule> {
    measure.rules(ActKind::SubmitPromotionPlan).next()
}

/// The duty of a subject that owes the plan by this measure, open and without a date from the day
/// on which the measure governs. `None` is a subject without enrollment.
pub fn promotion_plan_duty(measure: &Measure, state: Option<&State>) -> Option<Duty> {
    let rule = promotion_plan_rule(measure)?;
    owes_promotion_plan(measure, state).then_some(())?;
    Some(Duty {
        obligation: Id::from(PROMOTION_PLAN),
        owes: *rule.by.first()?,
        article: Arc::from(rule.article.as_str()),
        opened_by: 0,
        opened_on: measure.in_force_from,
        open_from: measure.in_force_from,
        due: None,
        after_end: false,
        series: None,
        met: Arc::default(),
        ended: None,
    })
}
