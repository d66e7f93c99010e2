//! What those outside of the program owe, and what is owed to them (rule P12): duties that stand in no
//! stream, since they are laid on those of whom the record may say nothing at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::Office;
use crate::domain::measure::Measure;
use crate::domain::state::{Duty, ONCE, State};

/// What stands for the event that opened a duty which the measure itself lays.
pub const BY_NO_EVENT: u64 = u64::MAX;

/// What a subject owes, and is owed, on a day because it is not listed, as a state with those duties
/// alone: without a date, open from the day from which it is known not to be listed, after an exit
/// from that day; met ones stay met. None while it is listed, or while an application of it awaits
/// its decision. `state` is that of the subject in the program on the day, empty without enrollment;
/// `complete_since` is the day as of which the list of those who take part is complete.
///
/// Whom the record does not know it may merely lack: before the list is complete that proves nothing
/// (G10), unless the subject's own record, complete by then, shows that it stands nowhere.
pub fn owed_unlisted(
    measure: &Measure,
    state: &State,
    day: Day,
    complete_since: Option<Day>,
) -> State {
    let Some(unlisted) = &measure.unlisted else { return State::default() };
    let node = state.node.as_ref();
    let phase = node.and_then(|node| measure.phase(node.phase()));
    let pending = node.is_some_and(|node| unlisted.pending.iter().any(|at| node.matches(at)));
    if pending || phase.is_some_and(|phase| phase.standing) {
        return State::default();
    }
    let governs = measure.in_force_from;
    let known = known_since(state, day, complete_since);
    let since = known.map(|known| known.max(governs.latest()));
    let open_from = since.map_or(governs, CivilDate::from);
    // What the national office owes to those outside, it owes to whom it is known to be.
    let owed = unlisted.opens.iter().filter_map(|id| measure.obligation(id));
    let owed = owed.filter(|rule| since.is_some() || rule.owes != Office::NationalOffice);
    let duties = owed.map(|rule| {
        let met = state.met_outside.get(&rule.id);
        let met: BTreeMap<i32, _> = met.map(|met| (ONCE, met.clone())).into_iter().collect();
        Arc::new(Duty {
            obligation: rule.id.clone(),
            owes: rule.owes,
            with: rule.with.clone(),
            receivers: rule.receivers.clone(),
            uncertain: false,
            article: Arc::from(rule.article.as_str()),
            opened_by: BY_NO_EVENT,
            opened_on: open_from,
            open_from,
            due: None,
            // Owed from that day on, which may lie before what the record knows.
            after_end: true,
            series: None,
            met: Arc::new(met),
            ended: None,
        })
    });
    let kept_since = Some(since.unwrap_or(Day::MAX));
    State { kept_since, duties: Arc::new(duties.collect()), ..State::default() }
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
