//! What provinces outside of the program owe (rule P12): a duty that stands in no stream, since it
//! is laid on those of whom the record may say nothing at all.

use std::sync::Arc;

use super::{DutyStatus, Waiting, items};
use crate::domain::act::ActKind;
use crate::domain::calendar::Calendars;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Text};
use crate::domain::measure::{ActRule, Measure};
use crate::domain::state::{Duty, ONCE, State};

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

/// What a subject owes on a day because it is not listed, as a state with that duty alone: without
/// a date, open from the day from which it is known not to be listed, and met once a plan is on
/// record. `state` is that of the subject in the program on the day, empty without enrollment;
/// `complete_since` is the day as of which the list of those who take part is complete.
///
/// Whom the record does not know it may merely lack: before the list is complete that proves
/// nothing (G10), unless the subject's own record, complete by then, shows that it stands nowhere.
pub fn owed_unlisted(
    measure: &Measure,
    state: &State,
    day: Day,
    complete_since: Option<Day>,
) -> State {
    let rule = promotion_plan_rule(measure);
    let Some((rule, owes)) = rule.and_then(|rule| Some((rule, *rule.by.first()?))) else {
        return State::default();
    };
    let met = state.promotion_plan.clone();
    let listed = state.phase().and_then(|phase| measure.phase(phase)).is_some_and(|p| p.standing);
    if met.is_none() && listed {
        return State::default();
    }
    let governs = measure.in_force_from;
    let since = known_since(state, day, complete_since).filter(|_| met.is_none());
    let since = since.map(|since| since.max(governs.latest()));
    let open_from = since.map_or(governs, CivilDate::from);
    let duty = Duty {
        obligation: Id::from(PROMOTION_PLAN),
        owes,
        article: Arc::from(rule.article.as_str()),
        opened_by: 0,
        opened_on: open_from,
        open_from,
        due: None,
        after_end: true,
        series: None,
        met: Arc::new(met.into_iter().map(|met| (ONCE, met)).collect()),
        ended: None,
    };
    // Of what may have been owed before, the record says nothing.
    let kept_since = Some(since.unwrap_or(Day::MAX));
    State { kept_since, duties: Arc::new(vec![Arc::new(duty)]), ..State::default() }
}

/// That it is the move of who owes this, while it is open and no application of theirs is pending:
/// somebody is waited for where one is.
pub fn move_of_unlisted(
    measure: &Measure,
    state: &State,
    owed: &State,
    day: Day,
) -> Option<Waiting> {
    let pending = state.node.as_ref().is_some_and(|node| measure.waiting_at(node).is_some());
    let item = items(owed, day, &Calendars::default()).into_iter().next()?;
    (item.status == DutyStatus::Open && !pending).then(|| Waiting {
        office: item.duty.owes,
        act: ActKind::SubmitPromotionPlan,
        since: item.open_from,
        article: item.duty.article.to_string(),
    })
}

/// From when a subject is known not to be listed, if it is by the day.
fn known_since(state: &State, day: Day, complete_since: Option<Day>) -> Option<Day> {
    let left = state.node_since.filter(|_| !state.is_evidenced_only()).map(|since| since.latest());
    if left.is_some() && state.kept_since.is_some_and(|kept| kept <= day) {
        return left;
    }
    let complete = complete_since.filter(|complete| *complete <= day)?;
    Some(left.map_or(complete, |left| left.max(complete)))
}
