//! Obligations judged as of a day, and whose move it is (rules G10 to G13, G17).
//!
//! What must hold: the state is the one as of that day; a series is expanded to the next due date
//! after it; timeliness is judged by receipt, and nothing is late or overdue before the later end
//! of its due date, moved to a working day, has passed. What fell due before the record is complete
//! and is not recorded is never open, late or overdue. Deliberately not here: what opens, meets or
//! ends a duty (`decide`, `evolve`), and any list across enrollments.

mod lapse;
#[cfg(test)]
mod tests;
mod unlisted;
mod waiting;

use super::calendar::{AdjustedDate, Calendars};
use super::date::{CivilDate, Day};
use super::event::Series;
use super::met::MetByYear;
use super::state::{Duty, Ended, Met, ONCE, Received, State};

pub use lapse::{lapse_has_ground, lapses, may_lapse_on, unrecorded};
pub use unlisted::{BY_NO_EVENT, laid_on_whole, owed_for_whole, owed_unlisted};
pub use waiting::{Waiting, decisions_among, waiting_among, waiting_for};

/// How an obligation stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DutyStatus {
    /// Not met, and its due date has not passed or there is none.
    Open,
    /// Received in time, or met where no due date is set.
    Met,
    /// Received after its due date.
    Late,
    /// Not received, and its due date has passed.
    Overdue,
    /// Nobody has to meet it any more: it would have fallen due after the standing ended.
    Waived,
    /// It fell due before the record is complete, and nothing is recorded (G10).
    NotInTheRecord,
}

impl DutyStatus {
    /// The name used in answers and read models.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Met => "met",
            Self::Late => "late",
            Self::Overdue => "overdue",
            Self::Waived => "waived",
            Self::NotInTheRecord => "not_in_the_record",
        }
    }

    /// The mark by which answers name it.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Met => "MET",
            Self::Late => "LATE",
            Self::Overdue => "OVERDUE",
            Self::Waived => "WAIVED",
            Self::NotInTheRecord => "NOT_IN_THE_RECORD",
        }
    }

    /// Whether somebody still has to meet it.
    pub fn is_unmet(self) -> bool {
        matches!(self, Self::Open | Self::Overdue)
    }
}

/// One obligation; of a recurring one, one due date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueItem<'a> {
    /// The duty that it is an occasion of.
    pub duty: &'a Duty,
    /// For a recurring duty: the year of the due date, one after the year reported on.
    pub due_year: Option<i32>,
    /// From when it can be met; while that lies ahead nobody is waited for.
    pub open_from: CivilDate,
    /// As the rule gives it, and the day before whose end nothing is late; absent: undated.
    pub due: Option<AdjustedDate>,
    /// How it stands.
    pub status: DutyStatus,
    /// How it was met, if it was received by the day asked about.
    pub met: Option<&'a Met>,
    /// The revision of the event that put its lapse on record, if its due date had passed by then.
    pub lapsed_by: Option<u64>,
}

impl DueItem<'_> {
    /// Whether it is owed at all depends on a date that does not say so; then it is never late.
    pub fn is_uncertain(&self) -> bool {
        is_uncertain(self.duty, self.due.as_ref())
    }

    /// Which of the offices that receive it had it by a day, and since when: also while another has not.
    pub fn received_by(&self, day: Day) -> impl Iterator<Item = &Received> {
        let met = self.duty.met.get(&self.due_year.unwrap_or(ONCE));
        let receipts = met.map_or(&[][..], |met| &met.receipts);
        receipts.iter().filter(move |receipt| receipt.on <= day)
    }

    /// How many days it has certainly been waited for on a day, while it is unmet and can be met.
    pub fn days_waiting(&self, day: Day) -> Option<i64> {
        let days = self.open_from.latest().days_until(day);
        (self.status.is_unmet() && days >= 0).then_some(days)
    }

    /// How many days after the last day in time it was received; of what is overdue, have passed by
    /// a day.
    pub fn days_late(&self, day: Day) -> Option<i64> {
        let until = match self.status {
            DutyStatus::Overdue => day,
            DutyStatus::Late => self.met?.received_on,
            DutyStatus::Open
            | DutyStatus::Met
            | DutyStatus::Waived
            | DutyStatus::NotInTheRecord => return None,
        };
        Some(self.due?.not_late_before.days_until(until))
    }
}

/// Every obligation of a state as of a day, in the order in which they arose, recurring ones
/// expanded to the next due date after the day.
///
/// A duty that another one replaced before it fell due is not listed; nor is what a series would
/// have asked for after its standing was over, except, where it was waived, the first of it.
pub fn items<'a>(state: &'a State, day: Day, calendars: &Calendars) -> Vec<DueItem<'a>> {
    let mut items = Vec::new();
    for duty in state.duties.iter() {
        if duty.series.is_some() {
            series_items(state, duty, day, calendars, &mut items);
        } else {
            items.extend(single_item(state, duty, day, calendars));
        }
    }
    items
}

fn single_item<'a>(
    state: &State,
    duty: &'a Duty,
    day: Day,
    calendars: &Calendars,
) -> Option<DueItem<'a>> {
    let due = duty.due.as_ref().map(|due| calendars.adjust(&due.on));
    let met = received(&duty.met, ONCE, due.is_some(), day);
    let binds = duty.ended.as_ref().is_none_or(|ended| fell_due(due.as_ref(), ended));
    let status = if met.is_none() && !binds {
        if !duty.ended.as_ref().is_some_and(|ended| ended.waived) {
            return None;
        }
        DutyStatus::Waived
    } else {
        let owed_from = due.map(|due| due.as_rule_gives);
        let owed_from = owed_from.or(duty.after_end.then_some(duty.open_from));
        judge(state, duty, day, owed_from, due.as_ref(), met)
    };
    let open_from = duty.open_from;
    let lapsed_by = lapsed_by(state, duty, due.as_ref(), day);
    Some(DueItem { duty, due_year: None, open_from, due, status, met, lapsed_by })
}

fn series_items<'a>(
    state: &State,
    duty: &'a Duty,
    day: Day,
    calendars: &Calendars,
    items: &mut Vec<DueItem<'a>>,
) {
    let Some(series) = &duty.series else {
        return;
    };
    for year in series.first_due.year()..=Day::MAX.year() {
        let on = due_in_year(series, year);
        let due = calendars.adjust(&CivilDate::from(on));
        let met = received(&duty.met, year, true, day);
        let binds = duty.ended.as_ref().is_none_or(|ended| fell_due(Some(&due), ended));
        let waived = duty.ended.as_ref().is_some_and(|ended| ended.waived);
        if met.is_some() || binds || waived {
            let status = if met.is_none() && !binds {
                DutyStatus::Waived
            } else {
                judge(state, duty, day, Some(due.as_rule_gives), Some(&due), met)
            };
            let open_from = Day::from_ymd(year, 1, 1).map_or(duty.open_from, CivilDate::from);
            let lapsed_by = lapsed_by(state, duty, Some(&due), day);
            let (due_year, due) = (Some(year), Some(due));
            items.push(DueItem { duty, due_year, open_from, due, status, met, lapsed_by });
        }
        if on > day || !binds {
            return;
        }
    }
}

/// The due date of a recurring duty in a year from the first on.
fn due_in_year(series: &Series, year: i32) -> Day {
    if year == series.first_due.year() { series.first_due } else { series.every.in_year(year) }
}

/// The due date of a duty; of a recurring one, that in a year.
pub fn due_in(duty: &Duty, year: Option<i32>) -> Option<CivilDate> {
    match (&duty.series, year) {
        (Some(series), Some(year)) => {
            let recurs = year >= series.first_due.year();
            recurs.then(|| CivilDate::from(due_in_year(series, year)))
        }
        (None, None) => duty.due.as_ref().map(|due| due.on),
        (Some(_), None) | (None, Some(_)) => None,
    }
}

/// Whether it fell due by the day of its end: that stands, whatever was waived or is over (P11).
fn fell_due(due: Option<&AdjustedDate>, ended: &Ended) -> bool {
    due.is_some_and(|due| fell_due_by(&due.as_rule_gives, ended))
}

fn fell_due_by(due: &CivilDate, ended: &Ended) -> bool {
    due.latest() <= ended.from
}

/// The lapse on record, as far as it was one on the day.
fn lapsed_by(state: &State, duty: &Duty, due: Option<&AdjustedDate>, day: Day) -> Option<u64> {
    let lapse = state.lapse(duty, &due?.as_rule_gives)?;
    (lapse.not_late_before < day).then_some(lapse.by)
}

/// How it was met, as far as that was there on the day: what is due by a date counts from its
/// receipt, by which it is judged; anything else from the day on which its act counts.
fn received(met: &MetByYear, year: i32, dated: bool, day: Day) -> Option<&Met> {
    met.get(&year).filter(|met| !dated || met.received_on <= day)
}

fn judge(
    state: &State,
    duty: &Duty,
    day: Day,
    owed_from: Option<CivilDate>,
    due: Option<&AdjustedDate>,
    met: Option<&Met>,
) -> DutyStatus {
    let uncertain = is_uncertain(duty, due);
    if let Some(met) = met {
        return match due {
            Some(due) if met.received_on > due.not_late_before && !uncertain => DutyStatus::Late,
            Some(_) | None => DutyStatus::Met,
        };
    }
    match due {
        _ if is_before_record(state, owed_from) => DutyStatus::NotInTheRecord,
        Some(due) if day > due.not_late_before && !uncertain => DutyStatus::Overdue,
        Some(_) | None => DutyStatus::Open,
    }
}

fn is_uncertain(duty: &Duty, due: Option<&AdjustedDate>) -> bool {
    let certain_from = duty.series.as_ref().and_then(|series| series.certain_from);
    let before = |due: &AdjustedDate| {
        certain_from.is_some_and(|certain| due.as_rule_gives.latest() < certain)
    };
    duty.uncertain || due.is_some_and(before)
}

/// Whether a date may lie before the record is complete: then it proves no failure (G10, G11).
fn is_before_record(state: &State, owed_from: Option<CivilDate>) -> bool {
    match (owed_from, state.kept_since) {
        (Some(owed), Some(kept)) => owed.earliest().is_none_or(|earliest| earliest < kept),
        (Some(_) | None, _) => false,
    }
}
