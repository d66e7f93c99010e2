//! The tables of `obligations`.

use std::borrow::Cow;

use crate::domain::date::{CivilDate, Day};
use crate::domain::duty::due_in;
use crate::domain::event::{Due, Series};
use crate::domain::period::Yearly;
use crate::domain::state::{Duty, LapseOnRecord, Met, ONCE, Received};
use crate::projection::declare::{spans, table};
use crate::projection::turn::Turn;
use crate::projection::value::{AsJson, Json, Offices, Phases, Printed, array};

/// The number of `obligation`.
pub(super) const OBLIGATION: usize = 0;
/// The number of `obligation_met`.
pub(super) const MET: usize = 1;
/// The number of `obligation_lapse`.
pub(super) const LAPSE: usize = 2;

/// A duty, with the day from which its record is complete.
#[derive(Clone, Copy)]
pub(in crate::projection) struct Owed<'a> {
    pub duty: &'a Duty,
    pub kept_since: Option<Day>,
}

impl<'a> Owed<'a> {
    fn due(self) -> Option<&'a Due> {
        self.duty.due.as_deref()
    }

    fn series(self) -> Option<&'a Series> {
        self.duty.series.as_deref()
    }
}

spans! {
    /// What became due in each enrollment. Whether it is open, met, late or overdue depends on the day of
    /// the question and on rest days, so it is judged from these columns and stands in none of them.
    DutyRow("obligation"), <'a> |owed: Owed<'a>|
    /// the revision of the event that opened it
    opened_by: u64 = owed.duty.opened_by,
    /// the obligation's id in the measure
    obligation: &str = &owed.duty.obligation,
    /// from which the enrollment's record is complete; null: not known to be
    kept_since: Option<Day> = owed.kept_since,
    /// the kind of office that owes it
    owes: &str = owed.duty.owes.as_str(),
    /// the article
    article: &str = &owed.duty.article,
    /// the effective date of the event that opened it
    opened_on: CivilDate = owed.duty.opened_on,
    /// from when it can be fulfilled
    open_from: CivilDate = owed.duty.open_from,
    /// by when it is due, before rest days; null: undated, or it recurs
    due_on: Option<CivilDate> = owed.due().map(|due| due.on),
    /// the earliest on which it may be due
    due_earliest: Option<Day> = owed.due().and_then(|due| due.on.earliest()),
    /// the latest on which it may be due; rest days can only make it later
    due_latest: Option<Day> = owed.due().map(|due| due.on.latest()),
    /// the event from which it runs
    start_event: Option<&str> = owed.due().map(|due| due.start_event.as_str()),
    /// that event's effective date
    start_on: Option<CivilDate> = owed.due().map(|due| due.start),
    /// the rule for the day, as the measure gives it (`P3M`, `stated`)
    rule: Option<&str> = owed.due().map(|due| due.rule.as_str()),
    /// how the day was worked out
    arithmetic: Option<&str> = owed.due().map(|due| due.arithmetic.as_str()),
    /// the first due date of a duty that recurs
    first_due: Option<Day> = owed.series().map(|series| series.first_due),
    /// of a duty that recurs: the day of each year (`--01-31`)
    every: Option<Printed<Yearly>> = owed.series().map(|series| Printed(series.every)),
    /// of a duty that recurs: the phases during which it does, separated by spaces
    during: Option<Phases<'_>> = owed.series().map(|series| Phases(&series.during)),
    /// the revision of the event that ended it unmet
    ended_by: Option<u64> = owed.duty.ended.as_ref().map(|ended| ended.by),
    /// from which it no longer binds; what fell due earlier stands
    ended_from: Option<Day> = owed.duty.ended.as_ref().map(|ended| ended.from),
    /// it was waived rather than over
    ended_waived: Option<bool> = owed.duty.ended.as_ref().map(|ended| ended.waived),
    /// it is owed from the end of a term or title on, at `open_from`
    after_end: bool = owed.duty.after_end,
    /// the kinds of office that owe it together with that one, separated by spaces
    owed_with: Offices<'_> = Offices(&owed.duty.with),
    /// the kinds of office that receive what meets it, each with its own receipt, separated by spaces
    receivers: Offices<'_> = Offices(&owed.duty.receivers),
    /// whether it is owed at all depends on a date that does not say so
    uncertain: bool = owed.duty.uncertain,
    /// of a duty that recurs: the due date from which it is certainly owed; null: from the first
    certain_from: Option<Day> = owed.series().and_then(|series| series.certain_from),
}

fn due_met(duty: &Duty, year: i32) -> Option<CivilDate> {
    due_in(duty, (year != ONCE).then_some(year))
}

fn days_after(duty: &Duty, year: i32, met: &Met) -> Option<u64> {
    let days = due_met(duty, year)?.latest().days_until(met.received_on);
    u64::try_from(days).ok().filter(|days| *days > 0)
}

spans! {
    /// How a duty was met.
    MetRow("obligation_met"), <'a> |met: (&'a Duty, i32, &'a Met)|
    /// the duty: the revision of the event that opened it
    opened_by: u64 = met.0.opened_by,
    /// the duty: its id in the measure
    obligation: &str = &met.0.obligation,
    /// the year of the due date that was met; 0 for a duty that does not recur
    due_year: i32 = met.1,
    /// the revision of the event that met it
    met_by: u64 = met.2.by,
    /// that event's effective date
    met_on: CivilDate = met.2.on,
    /// of receipt, by which timeliness is judged
    received_on: Day = met.2.received_on,
    /// that day was stated rather than that of recording
    stated: bool = met.2.stated,
    /// where several offices receive it, each with its day (`by`, `on`, `stated`)
    receipts: Json<Receipts<'_>> = Json(Receipts(&met.2.receipts)),
    /// by when it was due, before rest days; null: undated
    due_on: Option<CivilDate> = due_met(met.0, met.1),
    /// the number of days that it was received after that; null: it was not. Rest days can make it none
    days_after: Option<u64> = days_after(met.0, met.1, met.2),
}

table! {
    /// Which due dates passed in silence, as Docket recorded it.
    LapseRow("obligation_lapse", key ["enrollment", "lapsed_by"], changes []),
    |of: (&Turn<'_>, &LapseOnRecord)|
    /// the enrollment
    enrollment: u64 = of.0.enrollment,
    /// the revision of the event that says so
    lapsed_by: u64 = of.1.by,
    /// the sequence of that event
    known_from: u64 = of.0.sequence,
    /// the duty: the revision of the event that opened it
    opened_by: u64 = of.1.opened_by,
    /// the duty: its id in the measure
    obligation: &str = &of.1.obligation,
    /// the due date that passed
    due_on: CivilDate = of.1.due,
    /// the last in time by which it was judged
    not_late_before: Day = of.1.not_late_before,
}

#[derive(PartialEq)]
struct Receipts<'a>(&'a [Received]);

impl AsJson for Receipts<'_> {
    fn json(&self) -> Cow<'static, str> {
        array(self.0.iter())
    }
}
