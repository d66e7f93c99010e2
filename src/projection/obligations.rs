//! `obligations`: what became due in every enrollment, how it was met, and how it ended.
//!
//! A duty is a row, a recurring one once; whether it is open, late or overdue on a day is judged by
//! `domain`, from a [`Duty`](crate::domain::state::Duty) read back from the row.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::ModelChanges;
use super::declare::Shown as _;
use super::rows::{Duties, DutyRows, Rows, Telling};
use super::step::Projection;
use super::table::Table;
use super::turn::{Path, Turn};
use crate::domain::state::{Duty, State};

mod late;
mod list;
mod tables;
mod whole;

pub use late::LateRow;
pub use list::{ObligationCursor, ObligationFilter, ObligationRow};

pub(super) use tables::{DutyRow, MetRow};
use tables::{LAPSE, LapseRow, MET, OBLIGATION, Owed};

/// Fills `obligation`, `obligation_met` and `obligation_lapse`.
#[derive(Default)]
pub struct Obligations;

/// A lapse on record stays: what became of its ground is the audit trail's.
fn lapse(turn: &Turn<'_>, changes: &mut ModelChanges<'_>) {
    let Path::Aside = turn.path else { return };
    let lapses = turn.state().and_then(|state| state.lapses.as_deref());
    if let Some(lapse) = lapses.and_then(|all| all.iter().find(|one| one.by == turn.event.revision))
    {
        LapseRow::write(&(turn, lapse), &mut changes.insert(LAPSE));
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

fn tell_one<'t>(
    turn: &'t Turn<'t>,
    index: usize,
    (known, [made, made_met]): (&mut DutyRows, &mut [u64; 2]),
    changes: &mut ModelChanges<'_>,
) {
    let owed = |state: &'t State| {
        Some(Owed { duty: state.duties.get(index)?, kept_since: state.kept_since })
    };
    Telling { turn, table: OBLIGATION, made, changes }.tell::<DutyRow>(&mut known.rows, owed);
    let duties = turn.after.iter().filter_map(|(_, state)| state.duties.get(index));
    let mut years: BTreeSet<i32> = duties.flat_map(|duty| duty.met.keys().copied()).collect();
    years.extend(known.met.iter().map(|(year, _)| *year));
    for year in years {
        let at = known.met.iter().position(|(of, _)| *of == year).unwrap_or_else(|| {
            known.met.push((year, Vec::new()));
            known.met.len() - 1
        });
        let met = |state: &'t State| {
            let duty = &**state.duties.get(index)?;
            Some((duty, year, duty.met.get(&year)?))
        };
        let mut telling = Telling { turn, table: MET, made: made_met, changes };
        telling.tell::<MetRow>(&mut known.met[at].1, met);
    }
}

impl Projection for Obligations {
    fn name(&self) -> &'static str {
        "obligations"
    }

    fn version(&self) -> u32 {
        4
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/obligations/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&DutyRow::TABLE, &MetRow::TABLE, &LapseRow::TABLE]
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
