//! `obligations`: what became due in every enrollment, how it was met, and how it ended.
//!
//! One row per duty, a recurring one once; whether it is open, late or overdue on a day is judged
//! by `domain`, from a [`Duty`](crate::domain::state::Duty) read back from the row.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::ProjectionError;
use super::step::{Envelope, Input, Path, Projection, Step};
use super::store::signed;
use super::value::{DateText, DayText};
use crate::domain::date::Day;
use crate::domain::event::EventMeta;
use crate::domain::state::{Duty, State};
use crate::log::StreamName;

mod list;

pub use list::{ObligationCursor, ObligationFilter, ObligationRow};

/// Fills `obligation` and `obligation_met`.
#[derive(Default)]
pub struct Obligations {
    pending: BTreeMap<StreamName, Pending>,
}

/// The duties of an enrollment as the table has them, and as they are now.
struct Pending {
    program: String,
    subject: String,
    exercise: bool,
    kept_since: Option<Day>,
    /// `None`: whatever the table has is replaced.
    stored: Option<Arc<Vec<Arc<Duty>>>>,
    now: Arc<Vec<Arc<Duty>>>,
}

impl Obligations {
    fn take_in(&mut self, step: &Step<'_>) {
        let (before, after): (&State, &State) = (step.before, step.after);
        let replaced = match step.path {
            Path::Unmoved => return,
            Path::Appended { .. } => {
                before.kept_since != after.kept_since && !before.duties.is_empty()
            }
            Path::Refolded { .. } => true,
        };
        if !replaced && Arc::ptr_eq(&before.duties, &after.duties) {
            return;
        }
        let pending = self.pending.entry(step.stream.clone()).or_insert_with(|| Pending {
            program: step.program.to_string(),
            subject: step.subject.to_string(),
            exercise: step.event.meta.exercise,
            kept_since: None,
            stored: Some(Arc::clone(&before.duties)),
            now: Arc::default(),
        });
        pending.kept_since = after.kept_since;
        pending.now = Arc::clone(&after.duties);
        if replaced {
            pending.stored = None;
        }
    }
}

impl Projection for Obligations {
    fn name(&self) -> &'static str {
        "obligations"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/obligations/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/obligations/indexes.sql")
    }

    fn tables(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("obligation", "program, subject, opened_by, obligation"),
            ("obligation_met", "program, subject, opened_by, obligation, due_year"),
        ]
    }

    fn project(
        &mut self,
        _envelope: &Envelope,
        _meta: &EventMeta,
        input: &Input<'_>,
        _tx: &Connection,
    ) -> Result<(), ProjectionError> {
        if let Input::Step(step) = input {
            self.take_in(step);
        }
        Ok(())
    }

    fn flush(&mut self, tx: &Connection) -> Result<(), ProjectionError> {
        for pending in std::mem::take(&mut self.pending).into_values() {
            write(&pending, tx)?;
        }
        Ok(())
    }
}

fn write(pending: &Pending, tx: &Connection) -> Result<(), ProjectionError> {
    let stored = match &pending.stored {
        Some(stored) => stored.as_slice(),
        None => {
            for table in ["obligation", "obligation_met"] {
                let sql = format!("DELETE FROM {table} WHERE program = ?1 AND subject = ?2");
                tx.prepare_cached(&sql)?.execute(params![pending.program, pending.subject])?;
            }
            &[]
        }
    };
    // A duty keeps its number: evolve adds at the end and changes in place.
    for (index, duty) in pending.now.iter().enumerate() {
        match stored.get(index) {
            None => insert(pending, duty, tx)?,
            Some(before) if before == duty => {}
            Some(before) => {
                if before.ended != duty.ended {
                    end(pending, duty, tx)?;
                }
                meet(pending, duty, Some(before), tx)?;
            }
        }
    }
    Ok(())
}

const INSERT: &str = "INSERT INTO obligation (program, subject, opened_by, obligation, exercise,
    kept_since, owes, article, opened_on, open_from, due_on, due_earliest, due_latest, start_event,
    start_on, rule, arithmetic, first_due, every, during, ended_by, ended_from, ended_waived, after_end)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    ?20, ?21, ?22, ?23, ?24)";

fn insert(pending: &Pending, duty: &Duty, tx: &Connection) -> Result<(), ProjectionError> {
    let (due, series) = (duty.due.as_deref(), duty.series.as_deref());
    let during = series.map(|series| series.during.join(" "));
    tx.prepare_cached(INSERT)?.execute(params![
        pending.program,
        pending.subject,
        signed(duty.opened_by),
        duty.obligation.as_str(),
        pending.exercise,
        pending.kept_since.map(DayText::from),
        duty.owes.as_str(),
        &*duty.article,
        DateText(duty.opened_on),
        DateText(duty.open_from),
        due.map(|due| DateText(due.on)),
        due.and_then(|due| due.on.earliest()).map(DayText::from),
        due.map(|due| DayText::from(due.on.latest())),
        due.map(|due| due.start_event.as_str()),
        due.map(|due| DateText(due.start)),
        due.map(|due| due.rule.as_str()),
        due.map(|due| due.arithmetic.as_str()),
        series.map(|series| DayText::from(series.first_due)),
        series.map(|series| series.every.to_string()),
        during,
        duty.ended.as_ref().map(|ended| signed(ended.by)),
        duty.ended.as_ref().map(|ended| DayText::from(ended.from)),
        duty.ended.as_ref().map(|ended| ended.waived),
        duty.after_end,
    ])?;
    meet(pending, duty, None, tx)
}

fn end(pending: &Pending, duty: &Duty, tx: &Connection) -> Result<(), ProjectionError> {
    tx.prepare_cached(
        "UPDATE obligation SET ended_by = ?5, ended_from = ?6, ended_waived = ?7
         WHERE program = ?1 AND subject = ?2 AND opened_by = ?3 AND obligation = ?4",
    )?
    .execute(params![
        pending.program,
        pending.subject,
        signed(duty.opened_by),
        duty.obligation.as_str(),
        duty.ended.as_ref().map(|ended| signed(ended.by)),
        duty.ended.as_ref().map(|ended| DayText::from(ended.from)),
        duty.ended.as_ref().map(|ended| ended.waived),
    ])?;
    Ok(())
}

fn meet(
    pending: &Pending,
    duty: &Duty,
    before: Option<&Duty>,
    tx: &Connection,
) -> Result<(), ProjectionError> {
    for (year, met) in duty.met.iter() {
        if before.and_then(|before| before.met.get(year)) == Some(met) {
            continue;
        }
        tx.prepare_cached(
            "INSERT OR REPLACE INTO obligation_met (program, subject, opened_by, obligation,
                due_year, exercise, met_by, met_on, received_on, stated)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            pending.program,
            pending.subject,
            signed(duty.opened_by),
            duty.obligation.as_str(),
            year,
            pending.exercise,
            signed(met.by),
            DateText(met.on),
            DayText::from(met.received_on),
            met.stated,
        ])?;
    }
    Ok(())
}
