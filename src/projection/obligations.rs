//! `obligations`: what became due in every enrollment, how it was met, and how it ended.
//!
//! A duty is a row, a recurring one once; whether it is open, late or overdue on a day is judged by
//! `domain`, from a [`Duty`](crate::domain::state::Duty) read back from the row.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::ProjectionError;
use super::change::{ModelChanges, RowWriter};
use super::memory::{DutyRows, DutyTrack, Memory, Tracked};
use super::step::{Path, Projection, Step};
use super::table::Table;
use super::track::{Ids, begin, end, forget, reconcile, spans, state_on};
use crate::domain::date::Day;
use crate::domain::ids::Office;
use crate::domain::state::{Duty, Met, State};

mod list;
mod tables;
mod whole;

pub use list::{ObligationCursor, ObligationFilter, ObligationRow};

use tables::{LAPSE, LAPSE_TABLE, MET, MET_TABLE, OBLIGATION, OBLIGATION_TABLE};

/// Fills `obligation`, `obligation_met` and `obligation_lapse`.
#[derive(Default)]
pub struct Obligations;

/// Whether two duties look the same, but for how they were met.
fn same(a: &Duty, b: &Duty) -> bool {
    a.ended == b.ended
        && a.obligation == b.obligation
        && a.opened_by == b.opened_by
        && a.owes == b.owes
        && a.with == b.with
        && a.receivers == b.receivers
        && a.uncertain == b.uncertain
        && a.article == b.article
        && a.opened_on == b.opened_on
        && a.open_from == b.open_from
        && a.due == b.due
        && a.after_end == b.after_end
        && a.series == b.series
}

/// A duty with the day from which its record is complete.
type Shown<'a> = (&'a Duty, Option<Day>);

fn take_in(step: &Step<'_>, track: &mut DutyTrack, changes: &mut ModelChanges<'_>) {
    match step.path {
        Path::Unmoved => {}
        Path::Appended { fold_day } => append(step, fold_day, track, changes),
        Path::Refolded { before, after, .. } => refold(step, before, after, track, changes),
    }
}

/// A lapse on record stays: what became of its ground is the audit trail's.
fn lapse(step: &Step<'_>, changes: &mut ModelChanges<'_>) {
    let lapses = step.after.lapses.iter().flat_map(|lapses| lapses.iter());
    if let Some(lapse) = lapses.into_iter().find(|lapse| lapse.by == step.event.revision) {
        let mut row = changes.insert(LAPSE);
        row.number(step.enrollment).number(lapse.by).number(step.sequence);
        row.number(lapse.opened_by).text(&lapse.obligation).date(&lapse.due);
        row.day(lapse.not_late_before);
    }
}

fn append(step: &Step<'_>, fold_day: Day, track: &mut DutyTrack, changes: &mut ModelChanges<'_>) {
    let (before, after): (&State, &State) = (step.before, step.after);
    let kept = before.kept_since == after.kept_since;
    if Arc::ptr_eq(&before.duties, &after.duties) && (kept || after.duties.is_empty()) {
        return;
    }
    let mut writing = Writing { step, fold_day, made: &mut track.made, changes };
    let duties = &mut track.duties;
    for (index, duty) in after.duties.iter().enumerate() {
        let was = before.duties.get(index);
        if kept && was.is_some_and(|was| Arc::ptr_eq(was, duty)) {
            continue;
        }
        if duties.len() <= index {
            duties.push(DutyRows::default());
        }
        let rows = &mut duties[index];
        if was.is_none_or(|was| !kept || !same(was, duty)) {
            let row = writing.replace(OBLIGATION, rows.rows.last().copied());
            if let Some(last) = rows.rows.last_mut() {
                *last = row.before.unwrap_or(*last);
            }
            if row.forgotten {
                rows.rows.pop();
            }
            rows.rows.push(row.new);
            write_duty((duty, after.kept_since), &mut writing.begin(OBLIGATION, &row.new));
        }
        if was.is_none_or(|was| was.met != duty.met) {
            meet(&mut writing, rows, was.map(|was| &**was), duty);
        }
    }
}

fn meet(writing: &mut Writing<'_, '_, '_>, rows: &mut DutyRows, was: Option<&Duty>, duty: &Duty) {
    for (year, met) in duty.met.iter() {
        if was.and_then(|was| was.met.get(year)) == Some(met) {
            continue;
        }
        let known = rows.met.iter().rposition(|(of, row)| of == year && row.valid_to.is_none());
        let row = writing.replace(MET, known.map(|at| rows.met[at].1));
        if let Some(at) = known {
            match row.before {
                Some(before) => rows.met[at].1 = before,
                None => drop(rows.met.remove(at)),
            }
        }
        rows.met.push((*year, row.new));
        write_met(duty, *year, met, &mut writing.begin(MET, &row.new));
    }
}

/// What an event at its fold day does to rows, one after the other.
struct Writing<'a, 'b, 'c> {
    step: &'a Step<'b>,
    fold_day: Day,
    made: &'a mut [u64; 2],
    changes: &'a mut ModelChanges<'c>,
}

/// A row in the place of another.
struct Replaced {
    new: Tracked,
    /// The other as it is now, if it is known still.
    before: Option<Tracked>,
    /// Whether the other is not known any more.
    forgotten: bool,
}

impl Writing<'_, '_, '_> {
    /// Ends the row that is open, or takes it back if it began on the same day.
    fn replace(&mut self, table: usize, open: Option<Tracked>) -> Replaced {
        let id = Ids::of(self.step, &mut self.made[table]).next();
        let new = Tracked { id, valid_from: self.fold_day, valid_to: None };
        match open {
            Some(mut open) if open.valid_from < self.fold_day => {
                end(self.changes, table, &mut open, self.fold_day, self.step.sequence);
                Replaced { new, before: Some(open), forgotten: false }
            }
            Some(open) => {
                forget(self.changes, table, &open, self.step.sequence);
                Replaced { new, before: None, forgotten: true }
            }
            None => Replaced { new, before: None, forgotten: false },
        }
    }

    fn begin(&mut self, table: usize, row: &Tracked) -> RowWriter<'_> {
        begin(self.changes, table, row, self.step.enrollment, self.step.sequence)
    }
}

/// Another history: the duties of the old one are found by what opened them.
fn refold(
    step: &Step<'_>,
    before: &[(Day, State)],
    after: &[(Day, State)],
    track: &mut DutyTrack,
    changes: &mut ModelChanges<'_>,
) {
    let old: &[Arc<Duty>] = before.last().map_or(&[], |(_, state)| &state.duties);
    let new: &[Arc<Duty>] = after.last().map_or(&[], |(_, state)| &state.duties);
    let mut known = std::mem::take(&mut track.duties);
    let mut made = track.made;
    for (index, duty) in new.iter().enumerate() {
        let was = old.iter().position(|old| is_one(old, duty));
        let rows = was.and_then(|was| known.get_mut(was)).map(std::mem::take).unwrap_or_default();
        track.duties.push(restate(step, (before, was), (after, index), rows, &mut made, changes));
    }
    track.made = made;
    for gone in known {
        gone.rows.iter().for_each(|row| forget(changes, OBLIGATION, row, step.sequence));
        gone.met.iter().for_each(|(_, row)| forget(changes, MET, row, step.sequence));
    }
}

fn is_one(a: &Duty, b: &Duty) -> bool {
    a.opened_by == b.opened_by && a.obligation == b.obligation
}

/// The rows of one duty in another history. A duty keeps its number: evolve adds at the end and
/// changes in place.
fn restate(
    step: &Step<'_>,
    (before, was): (&[(Day, State)], Option<usize>),
    (after, index): (&[(Day, State)], usize),
    known: DutyRows,
    [made, made_met]: &mut [u64; 2],
    changes: &mut ModelChanges<'_>,
) -> DutyRows {
    let then = |day: Day| -> Option<Shown<'_>> {
        let state = state_on(before, day)?;
        Some((&**state.duties.get(was?)?, state.kept_since))
    };
    let wanted = spans(
        after,
        |state| Some((&**state.duties.get(index)?, state.kept_since)),
        |a: Shown<'_>, b: Shown<'_>| a.1 == b.1 && same(a.0, b.0),
    );
    let rows = reconcile(
        (known.rows, wanted),
        (OBLIGATION, step.sequence, &mut Ids::of(step, made)),
        |day, shown| then(day).is_some_and(|was| was.1 == shown.1 && same(was.0, shown.0)),
        |row, shown, changes| {
            write_duty(shown, &mut begin(changes, OBLIGATION, row, step.enrollment, step.sequence));
        },
        changes,
    );
    let years: BTreeSet<i32> = known
        .met
        .iter()
        .map(|(year, _)| *year)
        .chain(
            after
                .iter()
                .filter_map(|(_, state)| state.duties.get(index))
                .flat_map(|duty| duty.met.keys().copied()),
        )
        .collect();
    let mut met = Vec::new();
    for year in years {
        let known: Vec<_> =
            known.met.iter().filter(|(of, _)| *of == year).map(|(_, row)| *row).collect();
        let wanted = spans(
            after,
            |state| {
                let duty = &**state.duties.get(index)?;
                Some((duty, duty.met.get(&year)?))
            },
            |a: (&Duty, &Met), b: (&Duty, &Met)| a.1 == b.1,
        );
        let rows = reconcile(
            (known, wanted),
            (MET, step.sequence, &mut Ids::of(step, made_met)),
            |day, (_, met)| then(day).and_then(|was| was.0.met.get(&year)) == Some(met),
            |row, (duty, met), changes| {
                write_met(
                    duty,
                    year,
                    met,
                    &mut begin(changes, MET, row, step.enrollment, step.sequence),
                );
            },
            changes,
        );
        met.extend(rows.into_iter().map(|row| (year, row)));
    }
    DutyRows { rows, met }
}

fn write_duty((duty, kept_since): Shown<'_>, row: &mut RowWriter<'_>) {
    let (due, series) = (duty.due.as_deref(), duty.series.as_deref());
    row.number(duty.opened_by).text(&duty.obligation).day_if(kept_since);
    row.text(duty.owes.as_str()).text(&duty.article);
    row.date(&duty.opened_on).date(&duty.open_from);
    row.date_if(due.map(|due| &due.on)).day_if(due.and_then(|due| due.on.earliest()));
    row.day_if(due.map(|due| due.on.latest()));
    row.text_if(due.map(|due| due.start_event.as_str())).date_if(due.map(|due| &due.start));
    row.text_if(due.map(|due| due.rule.as_str())).text_if(due.map(|due| due.arithmetic.as_str()));
    row.day_if(series.map(|series| series.first_due));
    match series {
        Some(series) => row.text(&series.every.to_string()).text(&series.during.join(" ")),
        None => row.null().null(),
    };
    let ended = duty.ended.as_ref();
    row.number_if(ended.map(|ended| ended.by)).day_if(ended.map(|ended| ended.from));
    match ended {
        Some(ended) => row.flag(ended.waived),
        None => row.null(),
    };
    row.flag(duty.after_end).text(&offices(&duty.with)).text(&offices(&duty.receivers));
    row.flag(duty.uncertain).day_if(series.and_then(|series| series.certain_from));
}

fn write_met(duty: &Duty, year: i32, met: &Met, row: &mut RowWriter<'_>) {
    row.number(duty.opened_by).text(&duty.obligation).int(i64::from(year));
    row.number(met.by).date(&met.on).day(met.received_on).flag(met.stated);
    let receipts = match met.receipts.is_empty() {
        true => Cow::Borrowed("[]"),
        // Names and days only: always JSON.
        false => serde_json::to_string(&met.receipts).map_or(Cow::Borrowed("[]"), Cow::Owned),
    };
    row.text(&receipts);
}

fn offices(offices: &[Office]) -> String {
    offices.iter().map(|office| office.as_str()).collect::<Vec<_>>().join(" ")
}

impl Projection for Obligations {
    fn name(&self) -> &'static str {
        "obligations"
    }

    fn version(&self) -> u32 {
        4
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/obligations/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/obligations/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&OBLIGATION_TABLE, &MET_TABLE, &LAPSE_TABLE]
    }

    fn step(
        &mut self,
        step: &Step<'_>,
        memory: &mut Memory,
        changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        take_in(step, &mut memory.duties, changes);
        lapse(step, changes);
        Ok(())
    }
}
