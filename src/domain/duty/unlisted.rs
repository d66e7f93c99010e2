//! What a measure lays by itself, without an act that opens it: on those outside of the program, and for
//! them (rule P12), of whom the record may say nothing at all; for the program as a whole (P7, P19).

use std::sync::Arc;

use crate::domain::date::{CivilDate, Day};
use crate::domain::event::DutyOpened;
use crate::domain::event_type::Own;
use crate::domain::ids::{Id, Office};
use crate::domain::measure::{Measure, Phase};
use crate::domain::state::{Duty, State};

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
    let known = known_since(state, phase, day, complete_since);
    let since = known.map(|known| known.max(governs.latest()));
    let open_from = since.map_or(governs, CivilDate::from);
    let kept_since = Some(since.unwrap_or(Day::MAX));
    // Owed from that day on, which may lie before what the record knows.
    let owed_from_then = |duty: Duty| Arc::new(Duty { after_end: true, ..duty });
    // What the national office owes to those outside, it owes to whom it is known to be.
    let known_of = |duty: &Duty| since.is_some() || duty.owes != Office::NationalOffice;
    let laid = laid(measure, unlisted.opens.iter(), open_from);
    let laid = laid.map(|laid| by_no_event(&laid, state)).filter(known_of).map(owed_from_then);
    State { kept_since, duties: Arc::new(laid.collect()), ..State::default() }
}

/// What a measure lays on the program as a whole, from when it came into force.
pub fn laid_on_whole(measure: &Measure) -> Vec<DutyOpened> {
    let opens = measure.programwide.iter().flat_map(|programwide| &programwide.opens);
    laid(measure, opens, measure.in_force_from).collect()
}

/// What is owed for a program as a whole that no event of its record has opened yet, as a state with
/// those duties alone. `state` is that of the program's own stream on the day. What was due before
/// its record begins is not in the record (G10).
pub fn owed_for_whole(measure: &Measure, state: &State) -> State {
    let is_open = |id: &Id| state.duties.iter().any(|duty| duty.obligation == *id);
    let laid = laid_on_whole(measure).into_iter().filter(|laid| !is_open(&laid.obligation));
    let duties = laid.map(|laid| Arc::new(by_no_event(&laid, state))).collect();
    let kept_since = Some(state.kept_since.unwrap_or(Day::MAX));
    State { kept_since, duties: Arc::new(duties), ..State::default() }
}

/// Obligations that a measure lays by itself, as they open.
fn laid<'a>(
    measure: &'a Measure,
    opens: impl Iterator<Item = &'a Id> + 'a,
    open_from: CivilDate,
) -> impl Iterator<Item = DutyOpened> + 'a {
    opens.filter_map(|id| measure.obligation(id)).map(move |rule| DutyOpened {
        obligation: rule.id.clone(),
        owes: rule.owes,
        with: rule.with.clone(),
        receivers: rule.receivers.clone(),
        each: false,
        uncertain: false,
        article: rule.article.clone(),
        open_from,
        due: rule.due.by(open_from, Own::MeasureAdopted.recorded_as().name),
        after_end: false,
        series: None,
    })
}

/// Such an obligation where no event opened it, with how a state says that it was met.
fn by_no_event(laid: &DutyOpened, state: &State) -> Duty {
    let duty = Duty::opened(laid, BY_NO_EVENT, laid.open_from);
    match state.met_outside.get(&laid.obligation) {
        Some(met) => duty.with_met(met.clone()),
        None => duty,
    }
}

/// From when a subject is known not to be listed, if it is by the day.
fn known_since(
    state: &State,
    phase: Option<&Phase>,
    day: Day,
    complete_since: Option<Day>,
) -> Option<Day> {
    let complete = complete_since.filter(|complete| *complete <= day);
    let left = state.node_since.filter(|_| !state.is_evidenced_only()).map(|since| since.latest());
    // Who acted from outside left nothing by it: the list may have said earlier that it is not on it.
    if phase.is_some_and(|phase| phase.outside) {
        return left.into_iter().chain(complete).min();
    }
    if left.is_some() && state.kept_since.is_some_and(|kept| kept <= day) {
        return left;
    }
    let complete = complete?;
    Some(left.map_or(complete, |left| left.max(complete)))
}
