//! `obligations`: what became due in every enrollment, how it was met, and how it ended.
//!
//! A duty is a row, a recurring one once; whether it is open, late or overdue on a day is judged by
//! `domain`, from a [`Duty`](crate::domain::state::Duty) read back from the row.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::{ModelChanges, RowWriter};
use super::rows::{Duties, DutyRows, Rows, Telling};
use super::step::Projection;
use super::table::Table;
use super::turn::{Path, Turn};
use crate::domain::date::Day;
use crate::domain::ids::Office;
use crate::domain::state::{Duty, Met};

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

/// A lapse on record stays: what became of its ground is the audit trail's.
fn lapse(turn: &Turn<'_>, changes: &mut ModelChanges<'_>) {
    let Path::Aside = turn.path else { return };
    let lapses = turn.state().and_then(|state| state.lapses.as_deref());
    if let Some(lapse) = lapses.and_then(|all| all.iter().find(|one| one.by == turn.event.revision))
    {
        let mut row = changes.insert(LAPSE);
        row.number(turn.enrollment).number(lapse.by).number(turn.sequence);
        row.number(lapse.opened_by).text(&lapse.obligation).date(&lapse.due);
        row.day(lapse.not_late_before);
    }
}

/// The rows of each duty. A duty keeps its number while events go in at the end, which adds duties and
/// changes them in place; in another history it is found by what opened it.
fn tell(turn: &Turn<'_>, known: &mut Duties, changes: &mut ModelChanges<'_>) {
    let now: &[Arc<Duty>] = turn.state().map_or(&[], |state| &state.duties);
    for (index, duty) in now.iter().enumerate() {
        let is_its = |rows: &DutyRows| {
            rows.opened_by == duty.opened_by && rows.obligation == duty.obligation
        };
        match known.rows.iter().skip(index).position(is_its) {
            Some(behind) => known.rows.swap(index, index + behind),
            None => known.rows.insert(index, DutyRows::of(duty)),
        }
        if is_changed(turn, index) {
            tell_one(turn, index, (&mut known.rows[index], &mut known.made), changes);
        }
    }
    let gone = known.rows.split_off(now.len());
    let [made, made_met] = &mut known.made;
    for duty in gone {
        Telling { turn, table: OBLIGATION, made, changes }.forget_all(&duty.rows);
        for (_, rows) in duty.met {
            Telling { turn, table: MET, made: made_met, changes }.forget_all(&rows);
        }
    }
}

/// Whether the event can have changed a duty.
fn is_changed(turn: &Turn<'_>, index: usize) -> bool {
    let (Path::Appended { before }, Some(after)) = (turn.path, turn.state()) else { return true };
    let (was, is) = (before.duties.get(index), after.duties.get(index));
    let is_same = was.zip(is).is_some_and(|(was, is)| Arc::ptr_eq(was, is));
    !is_same || before.kept_since != after.kept_since
}

fn tell_one(
    turn: &Turn<'_>,
    index: usize,
    (known, [made, made_met]): (&mut DutyRows, &mut [u64; 2]),
    changes: &mut ModelChanges<'_>,
) {
    Telling { turn, table: OBLIGATION, made, changes }.tell(
        &mut known.rows,
        |state| Some((&**state.duties.get(index)?, state.kept_since)),
        |a: Shown<'_>, b: Shown<'_>| a.1 == b.1 && same(a.0, b.0),
        write_duty,
    );
    let duties = turn.after.iter().filter_map(|(_, state)| state.duties.get(index));
    let mut years: BTreeSet<i32> = duties.flat_map(|duty| duty.met.keys().copied()).collect();
    years.extend(known.met.iter().map(|(year, _)| *year));
    for year in years {
        let at = known.met.iter().position(|(of, _)| *of == year).unwrap_or_else(|| {
            known.met.push((year, Vec::new()));
            known.met.len() - 1
        });
        Telling { turn, table: MET, made: made_met, changes }.tell(
            &mut known.met[at].1,
            |state| {
                let duty = &**state.duties.get(index)?;
                Some((duty, duty.met.get(&year)?))
            },
            |a: (&Duty, &Met), b: (&Duty, &Met)| a.1 == b.1,
            |(duty, met), row| write_met(duty, year, met, row),
        );
    }
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

    fn turn(&mut self, turn: &Turn<'_>, rows: &mut Rows, changes: &mut ModelChanges<'_>) {
        lapse(turn, changes);
        let unchanged = match (turn.path, turn.state()) {
            (Path::Aside, _) => true,
            (Path::Appended { before }, Some(after)) => {
                Arc::ptr_eq(&before.duties, &after.duties)
                    && (before.kept_since == after.kept_since || after.duties.is_empty())
            }
            _ => false,
        };
        if !unchanged {
            tell(turn, &mut rows.duties, changes);
        }
    }
}
