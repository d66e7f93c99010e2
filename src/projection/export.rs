//! The reporting tables as of an event: the rows that were known up to a sequence, in an order of
//! their own.
//!
//! What must hold: the rows of a table as of a sequence are a function of the log up to it. So they
//! are the same when more is known, from a copy that was rebuilt, and on every engine. That is why
//! they don't come out of the views for reporting, which show what is known now: the questions here
//! ask each row from and to which event it was known. How rows are written is not here (`export`).

mod tables;

use super::change::Cell;
use super::error::{DatabaseError, StoreError};
use super::models::Models;
use super::sql::{Reader, Record};
use super::store::{Copies, stale};
use crate::log::give_way;

pub use tables::EXPORTS;

/// What a column of a reporting table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportKind {
    /// A text: a name, a date as sharp as its source (EDTF), JSON, references.
    Text,
    /// A whole number.
    Int,
    /// Yes or no, as 1 and 0.
    Flag,
    /// A civil day (Asia/Shanghai), as `YYYY-MM-DD`.
    Day,
    /// Microseconds UTC since 1970.
    Instant,
    /// 16 bytes of a UUID.
    Id,
}

/// A reporting table.
#[derive(Debug)]
pub struct ExportTable {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in order.
    pub columns: &'static [(&'static str, ExportKind)],
    /// The question, with the parameters `:known` and, where a row can be of an exercise, `:exercise`.
    sql: &'static str,
}

/// Why there is nothing to export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The read models.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They don't hold the event asked for.
    #[error(
        "the read models hold {}, and sequence {asked} was asked for",
        match .position { Some(position) => format!("events up to {position}"), None => "no event yet".to_owned() }
    )]
    Behind {
        /// How far they are.
        position: Option<u64>,
        /// What was asked for.
        asked: u64,
    },
    /// They were made by another version.
    #[error("the read models {} are of another version and have to be rebuilt", .0.join(", "))]
    Stale(Vec<String>),
    /// It can't be written.
    #[error("can't write: {0}")]
    Io(#[from] std::io::Error),
    /// The form is none of this build.
    #[error("this build can't write {0}: it was built without the feature of that name")]
    Form(&'static str),
}

impl ExportTable {
    /// The name of its file, without the ending: it says so where the rows are invented.
    pub fn file_name(&self, exercise: bool) -> String {
        format!("{}{}", if exercise { "exercise_" } else { "" }, self.name)
    }

    fn tells_exercises(&self) -> bool {
        self.columns.iter().any(|(name, _)| *name == "exercise")
    }
}

impl From<DatabaseError> for ExportError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// The reporting tables as of a sequence, out of one instant of one copy.
pub struct Snapshot<'a> {
    reader: &'a mut dyn Reader,
    /// The sequence.
    pub sequence: u64,
    /// When it was known: the running maximum of `recorded_at` up to it, in microseconds UTC.
    pub known_at_us: i64,
    /// The id of the first event of the log that the copy was made from.
    pub log: Option<String>,
    /// Whether its rows are those of the exercises alone, rather than the real ones (G16).
    pub exercise: bool,
}

/// The reporting table of this name.
pub fn export_table(name: &str) -> Option<&'static ExportTable> {
    EXPORTS.iter().copied().find(|table| table.name == name)
}

/// Lets `work` read the tables as of a sequence: all of them out of one instant of the copy that
/// serves. Without a sequence it is as far as the copy has read. The rows are the real ones, or with
/// `exercise` those of the exercises.
///
/// # Errors
/// [`ExportError::Behind`] where the copy doesn't hold that event; [`StoreError::Missing`] where
/// there is no copy; those of `work`.
pub fn snapshot<T>(
    copies: &dyn Copies,
    sequence: Option<u64>,
    exercise: bool,
    work: impl FnOnce(&mut Snapshot<'_>) -> Result<T, ExportError>,
) -> Result<T, ExportError> {
    let missing = || StoreError::Missing(copies.place());
    let copy = copies.serving()?.ok_or_else(missing)?;
    let (mut work, mut done) = (Some(work), None);
    let asked = copies.reader(&copy)?.ask(&mut |reader| {
        let Some(work) = work.take() else { return Ok(()) };
        let result = look(reader, sequence).and_then(|(sequence, known_at_us, log)| {
            work(&mut Snapshot { reader, sequence, known_at_us, log, exercise })
        });
        done = Some(result);
        Ok(())
    });
    match done {
        Some(result) => result,
        None => Err(asked.err().unwrap_or_else(|| DatabaseError::new("nothing was asked")).into()),
    }
}

/// The sequence to be read, when it was known, and the log.
fn look(
    reader: &mut dyn Reader,
    asked: Option<u64>,
) -> Result<(u64, i64, Option<String>), ExportError> {
    let stale = stale(reader, &Models::new(super::all()))?;
    if !stale.is_empty() {
        return Err(ExportError::Stale(stale));
    }
    let (mut position, mut log) = (None, None);
    reader.query("SELECT position, log FROM checkpoint", &[], &mut |row| {
        position = row.number_if("position")?;
        log = row.text_if("log")?.map(ToOwned::to_owned);
        Ok(())
    })?;
    let sequence = match (position, asked) {
        (Some(position), Some(asked)) if asked <= position => asked,
        (Some(position), None) => position,
        (position, asked) => {
            return Err(ExportError::Behind { position, asked: asked.unwrap_or_default() });
        }
    };
    let mut known_at_us = None;
    let sql = "SELECT known_at FROM event_fact WHERE sequence = :known";
    reader.query(sql, &[(":known", known(sequence))], &mut |row| {
        known_at_us = Some(row.int("known_at")?);
        Ok(())
    })?;
    let known_at_us = known_at_us.ok_or_else(|| {
        DatabaseError::new(format!("audit_trail has no event with the sequence {sequence}"))
    })?;
    Ok((sequence, known_at_us, log))
}

fn known(sequence: u64) -> Cell<'static> {
    Cell::Int(i64::try_from(sequence).unwrap_or(i64::MAX))
}

impl Snapshot<'_> {
    /// Hands over the rows of a table, in the order of their keys, their columns as the table has
    /// them; how many there were.
    ///
    /// # Errors
    /// Those of the database, and of `each`, which ends it.
    pub fn rows(
        &mut self,
        table: &ExportTable,
        each: &mut dyn FnMut(&dyn Record) -> Result<(), ExportError>,
    ) -> Result<u64, ExportError> {
        let (mut rows, mut stopped) = (0, None);
        let parameters =
            [(":known", known(self.sequence)), (":exercise", Cell::Int(self.exercise.into()))];
        // A parameter that the question doesn't have is refused.
        let asked = if table.tells_exercises() { &parameters[..] } else { &parameters[..1] };
        let read = self.reader.query(table.sql, asked, &mut |row| {
            if row.columns() != table.columns.len() {
                return Err(DatabaseError::new(format!("{} has other columns", table.name)));
            }
            rows += 1;
            give_way();
            each(row).map_err(|error| {
                let reason = error.to_string();
                stopped = Some(error);
                DatabaseError::new(reason)
            })
        });
        match (stopped, read) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(())) => Ok(rows),
        }
    }
}
