//! Rows that hold from a day to a day, made from the states of an enrollment.
//!
//! A table of spans shows some part of the state. Neighbouring days with the same part are one row,
//! so the rows are a function of the effective history alone, however it was reached. Changes wait
//! in memory until the batch ends; a batch of any size writes each row once.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::ProjectionError;
use super::step::{Path, Step};
use crate::domain::date::Day;
use crate::domain::state::State;
use crate::log::StreamName;

/// A table of spans: key (program, subject, valid_from), then exercise and valid_to, then its own
/// columns.
pub(super) struct SpanTable {
    /// The table.
    pub name: &'static str,
    /// Its own columns.
    pub columns: &'static [&'static str],
    /// Whether two states look the same in its own columns.
    pub same: fn(&State, &State) -> bool,
    /// The values of its own columns; `None` where the state has nothing to show.
    pub values: fn(&State) -> Option<Vec<Value>>,
}

pub(super) struct Spans {
    table: SpanTable,
    sql: Sql,
    pending: BTreeMap<StreamName, Pending>,
}

struct Sql {
    insert: String,
    delete_all: String,
    delete_from: String,
    close: String,
    reopen: String,
    predecessor: String,
}

/// What an enrollment's rows become from the first of these days on.
struct Pending {
    program: String,
    subject: String,
    exercise: bool,
    /// What stands in the table before the first day.
    base: Base,
    rows: Vec<(Day, State)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    /// Nothing: the enrollment is new.
    Empty,
    /// Whatever it is, it is replaced.
    Replaced,
    /// Rows that begin earlier.
    Earlier,
    /// Rows of which one may begin on the first day.
    SameDay,
}

impl Spans {
    pub fn new(table: SpanTable) -> Self {
        let name = table.name;
        let columns = table.columns.join(", ");
        let marks = vec!["?"; table.columns.len() + 5].join(", ");
        let key = "program = ?1 AND subject = ?2";
        let sql = Sql {
            insert: format!(
                "INSERT INTO {name} (program, subject, valid_from, exercise, valid_to, {columns}) VALUES ({marks})"
            ),
            delete_all: format!("DELETE FROM {name} WHERE {key}"),
            delete_from: format!("DELETE FROM {name} WHERE {key} AND valid_from >= ?3"),
            close: format!(
                "UPDATE {name} SET valid_to = ?3 WHERE {key} AND valid_from =
                    (SELECT max(valid_from) FROM {name} WHERE {key} AND valid_from < ?3)
                 AND (valid_to IS NULL OR valid_to > ?3)"
            ),
            reopen: format!(
                "UPDATE {name} SET valid_to = ?4 WHERE {key} AND valid_from =
                    (SELECT max(valid_from) FROM {name} WHERE {key} AND valid_from < ?3)"
            ),
            predecessor: format!(
                "SELECT {columns} FROM {name} WHERE {key} AND valid_from =
                    (SELECT max(valid_from) FROM {name} WHERE {key} AND valid_from < ?3)
                 AND valid_to = ?3"
            ),
        };
        Self { table, sql, pending: BTreeMap::new() }
    }

    /// Takes in a step.
    pub fn project(&mut self, step: &Step<'_>) {
        match step.path {
            Path::Unmoved => {}
            Path::Appended { place, last_place } => self.append(step, place, last_place),
            Path::Refolded { segments, .. } => {
                let rows = segments.to_vec();
                let mut pending = pending(step, Base::Replaced);
                for (day, state) in rows {
                    push(&mut pending.rows, self.table.same, day, state);
                }
                self.pending.insert(step.stream.clone(), pending);
            }
        }
    }

    fn append(&mut self, step: &Step<'_>, place: Day, last_place: Option<Day>) {
        let same = self.table.same;
        let base = match last_place {
            _ if is_untouched(step.before) => Base::Empty,
            None => Base::Empty,
            Some(_) if same(step.before, step.after) => return,
            Some(last) if last == place => Base::SameDay,
            Some(_) => Base::Earlier,
        };
        let pending =
            self.pending.entry(step.stream.clone()).or_insert_with(|| pending(step, base));
        // A second change on the first day may show again what the row before it shows.
        if pending.base == Base::Earlier && pending.rows.first().is_some_and(|(d, _)| *d == place) {
            pending.base = Base::SameDay;
        }
        push(&mut pending.rows, same, place, step.after.clone());
    }

    /// Writes what waits.
    pub fn flush(&mut self, tx: &Connection) -> Result<(), ProjectionError> {
        for pending in std::mem::take(&mut self.pending).into_values() {
            self.write(pending, tx)?;
        }
        Ok(())
    }

    fn write(&self, pending: Pending, tx: &Connection) -> Result<(), ProjectionError> {
        let Pending { program, subject, exercise, base, mut rows } = pending;
        let Some(first) = rows.first().map(|(day, _)| *day) else {
            if base == Base::Replaced {
                tx.prepare_cached(&self.sql.delete_all)?.execute(params![program, subject])?;
            }
            return Ok(());
        };
        let day = first.to_string();
        match base {
            Base::Empty => {}
            Base::Replaced => {
                tx.prepare_cached(&self.sql.delete_all)?.execute(params![program, subject])?;
            }
            Base::Earlier => {
                tx.prepare_cached(&self.sql.close)?.execute(params![program, subject, day])?;
            }
            Base::SameDay => {
                tx.prepare_cached(&self.sql.delete_from)?
                    .execute(params![program, subject, day])?;
                tx.prepare_cached(&self.sql.close)?.execute(params![program, subject, day])?;
                let shown = rows.first().and_then(|(_, state)| (self.table.values)(state));
                if shown.is_some() && self.predecessor(tx, &program, &subject, &day)? == shown {
                    rows.remove(0);
                    let to = rows.first().map(|(day, _)| day.to_string());
                    tx.prepare_cached(&self.sql.reopen)?
                        .execute(params![program, subject, day, to])?;
                }
            }
        }
        let mut insert = tx.prepare_cached(&self.sql.insert)?;
        for (index, (from, state)) in rows.iter().enumerate() {
            let Some(values) = (self.table.values)(state) else { continue };
            let to = rows.get(index + 1).map(|(day, _)| day.to_string());
            let fixed = [
                Value::Text(program.clone()),
                Value::Text(subject.clone()),
                Value::Text(from.to_string()),
                Value::Integer(i64::from(exercise)),
                to.map_or(Value::Null, Value::Text),
            ];
            insert.execute(params_from_iter(fixed.into_iter().chain(values)))?;
        }
        Ok(())
    }

    /// The own columns of the row that ends on a day.
    fn predecessor(
        &self,
        tx: &Connection,
        program: &str,
        subject: &str,
        day: &str,
    ) -> Result<Option<Vec<Value>>, ProjectionError> {
        let mut select = tx.prepare_cached(&self.sql.predecessor)?;
        let mut rows = select.query(params![program, subject, day])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let values: rusqlite::Result<Vec<Value>> =
            (0..self.table.columns.len()).map(|index| row.get(index)).collect();
        Ok(Some(values?))
    }
}

/// Whether no act is in the effective history: such a state has no rows.
fn is_untouched(state: &State) -> bool {
    state.acts == 0 && state.unsupported.is_empty()
}

fn pending(step: &Step<'_>, base: Base) -> Pending {
    Pending {
        program: step.program.to_string(),
        subject: step.subject.to_string(),
        exercise: step.event.meta.exercise,
        base,
        rows: Vec::new(),
    }
}

/// Adds the state of a day: one row a day, and none that shows what the day before showed.
fn push(rows: &mut Vec<(Day, State)>, same: fn(&State, &State) -> bool, day: Day, state: State) {
    if rows.last().is_some_and(|(last, _)| *last == day) {
        // The first of a batch stays, whatever it shows: what comes before it is in the table.
        if rows.len() > 1 && rows.get(rows.len() - 2).is_some_and(|(_, s)| same(s, &state)) {
            rows.pop();
        } else if let Some((_, last)) = rows.last_mut() {
            *last = state;
        }
        return;
    }
    let changes = rows.last().is_none_or(|(_, last)| !same(last, &state));
    if changes && !(rows.is_empty() && is_untouched(&state)) {
        rows.push((day, state));
    }
}
