//! What those outside of the program owe, and what is owed to them (rule P12): duties that stand in no
//! stream, since they are laid on those of whom the record may say nothing at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::measure::Measure;
use crate::domain::state::{Duty, ONCE, State};

/// What stands for the event that opened a duty which the measure itself lays.
pub const BY_NO_EVENT: u64 = u64::MAX;

/// The duties of a subject that is not listed, open and without a date from the day on which the
/// measure governs, after an exit from that day; met ones stay met. None while it is listed, or while
/// an application of it awaits its decision. `None` is a subject without enrollment.
pub fn unlisted_duties(measure: &Measure, state: Option<&State>) -> Vec<Duty> {
    let Some(unlisted) = &measure.unlisted else { return Vec::new() };
    let node = state.and_then(|state| state.node.as_ref());
    let phase = node.and_then(|node| measure.phase(node.phase()));
    let pending = node.is_some_and(|node| unlisted.pending.iter().any(|at| node.matches(at)));
    if pending || phase.is_some_and(|phase| phase.standing) {
        return Vec::new();
    }
    let left = phase.is_some_and(|phase| !phase.outside && phase.terminal);
    let since = state.and_then(|state| state.phase_since).filter(|_| left);
    let since = since.filter(|since| since.latest() > measure.in_force_from.latest());
    let since = since.unwrap_or(measure.in_force_from);
    let owed = unlisted.opens.iter().filter_map(|id| measure.obligation(id));
    let duties = owed.map(|rule| {
        let met = state.and_then(|state| state.met_outside.get(&rule.id));
        let met: BTreeMap<i32, _> = met.map(|met| (ONCE, met.clone())).into_iter().collect();
        Duty {
            obligation: rule.id.clone(),
            owes: rule.owes,
            with: rule.with.clone(),
            receivers: rule.receivers.clone(),
            uncertain: false,
            article: Arc::from(rule.article.as_str()),
            opened_by: BY_NO_EVENT,
            opened_on: since,
            open_from: since,
            due: None,
            after_end: false,
            series: None,
            met: Arc::new(met),
            ended: None,
        }
    });
    duties.collect()
}
