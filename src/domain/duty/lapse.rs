//! Silence as a fact: which due dates passed without anything being received (rules G10 to G13).
//!
//! What must hold: nothing lapses that is not overdue by [`items`](super::items), so never what is
//! not in the record, never before the later end of a due date, moved to a working day, has passed,
//! never what was met, waived or over before it fell due. The same duty and due date lapses once. An
//! exercise is judged like the rest. Deliberately not here: who looks when, and any clock (`app`).

use super::{DueItem, DutyStatus, due_in, fell_due_by, is_before_record, items};
use crate::domain::calendar::Calendars;
use crate::domain::date::Day;
use crate::domain::event::ObligationLapsed;
use crate::domain::history::History;
use crate::domain::state::{ONCE, State};

/// What lapsed by a day and is not recorded, in the order in which it arose.
///
/// It has to be overdue by what stands as of the day, and by everything on record: a report that is
/// recorded was received, even if the end of its interval lies ahead (G11, G12).
pub fn lapses(history: &History, calendars: &Calendars, day: Day) -> Vec<ObligationLapsed> {
    let effective = history.effective();
    let found = unrecorded(&effective.state(), calendars, day);
    if found.is_empty() || effective.last_fold_day().is_none_or(|last| last <= day) {
        return found;
    }
    let as_of = unrecorded(&effective.state_at(day), calendars, day);
    found.into_iter().filter(|lapse| as_of.contains(lapse)).collect()
}

/// What is overdue in a state on a day without a lapse on record.
pub fn unrecorded(state: &State, calendars: &Calendars, day: Day) -> Vec<ObligationLapsed> {
    items(state, day, calendars).iter().filter_map(|item| lapsed(state, item)).collect()
}

fn lapsed(state: &State, item: &DueItem<'_>) -> Option<ObligationLapsed> {
    let due = item.due.filter(|_| item.status == DutyStatus::Overdue)?;
    let duty = item.duty;
    // What was received after the day, by another node's clock for example, is late and no silence.
    let received = duty.met.contains_key(&item.due_year.unwrap_or(ONCE));
    if received || state.lapse(duty, &due.as_rule_gives).is_some() {
        return None;
    }
    Some(ObligationLapsed {
        obligation: duty.obligation.clone(),
        opened_by: duty.opened_by,
        owes: duty.owes,
        article: duty.article.to_string(),
        due: due.as_rule_gives,
        due_year: item.due_year,
        not_late_before: due.not_late_before,
        holidays_known: due.holidays_known,
    })
}

/// The first day after `day` on which something of this state can lapse, if nothing else is
/// recorded. Rest days are left out, for a calendar can still be adopted: it may be too early.
pub fn may_lapse_on(state: &State, calendars: &Calendars, day: Day) -> Option<Day> {
    let open = items(state, day, calendars);
    let open = open.iter().filter(|item| item.status == DutyStatus::Open);
    let next = open.filter_map(|item| Some(item.due?.as_rule_gives.latest().next()));
    next.min().map(|next| next.max(day.next()))
}

/// Whether a lapse on record still has its ground in a state: the duty is there with this due date,
/// within the record, not over before it fell due, and nothing was received in time. A lapse
/// without ground stays on record; it says what was known when it was recorded.
pub fn lapse_has_ground(state: &State, lapse: &ObligationLapsed) -> bool {
    let year = lapse.due_year.unwrap_or(ONCE);
    state.duties.iter().any(|duty| {
        duty.obligation == lapse.obligation
            && duty.opened_by == lapse.opened_by
            && due_in(duty, lapse.due_year) == Some(lapse.due)
            && duty.ended.as_ref().is_none_or(|ended| fell_due_by(&lapse.due, ended))
            && !is_before_record(state, Some(lapse.due))
            && duty.met.get(&year).is_none_or(|met| met.received_on > lapse.not_late_before)
    })
}
