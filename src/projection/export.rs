//! The reporting tables as of an event: the rows that were known up to a sequence, in an order of
//! their own.
//!
//! What must hold: the rows of a table as of a sequence are a function of the log up to it. So they
//! are the same when more is known, from a copy that was rebuilt, and on every engine. That is why
//! they don't come out of the views for reporting, which show what is known now: the questions here
//! ask each row from and to which event it was known. How rows are written is not here (`export`).

use super::change::Cell;
use super::error::{DatabaseError, StoreError};
use super::models::Models;
use super::reporting::{REPORTS, Report};
use super::sql::{Reader, Record};
use super::store::{Copies, CopySnapshot, stale};
use crate::log::give_way;

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

impl Report {
    /// The name of its file, without the ending: it says so where the rows are invented.
    pub fn file_name(&self, exercise: bool) -> String {
        format!("{}{}", if exercise { "exercise_" } else { "" }, self.name)
    }

    fn tells_exercises(&self) -> bool {
        self.columns.iter().any(|column| column.name == "exercise")
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

/// The report of this name.
pub fn report(name: &str) -> Option<&'static Report> {
    REPORTS.iter().find(|report| report.name == name)
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
    let mut reader = copies.reader(&copy)?;
    let mut instant = reader.snapshot()?;
    let log = instant.checkpoint().log.clone();
    let (sequence, known_at_us) = look(&mut *instant, sequence)?;
    work(&mut Snapshot { reader: &mut *instant, sequence, known_at_us, log, exercise })
}

/// The sequence to be read, and when it was known.
fn look(reader: &mut dyn CopySnapshot, asked: Option<u64>) -> Result<(u64, i64), ExportError> {
    let stale = stale(reader, &Models::new(super::all()))?;
    if !stale.is_empty() {
        return Err(ExportError::Stale(stale));
    }
    let sequence = match (reader.checkpoint().position, asked) {
        (Some(position), Some(asked)) if asked <= position => asked,
        (Some(position), None) => position,
        (position, asked) => {
            return Err(ExportError::Behind { position, asked: asked.unwrap_or_default() });
        }
    };
    let sql = "SELECT known_at FROM event_fact WHERE sequence = :known";
    let reader: &mut dyn Reader = reader;
    let known_at_us = reader.row(sql, &[(":known", known(sequence))], |row| row.int("known_at"))?;
    let known_at_us = known_at_us.ok_or_else(|| {
        DatabaseError::new(format!("audit_trail has no event with the sequence {sequence}"))
    })?;
    Ok((sequence, known_at_us))
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
        table: &Report,
        each: &mut dyn FnMut(&dyn Record) -> Result<(), ExportError>,
    ) -> Result<u64, ExportError> {
        let (mut rows, mut stopped) = (0, None);
        let parameters =
            [(":known", known(self.sequence)), (":exercise", Cell::Int(self.exercise.into()))];
        // A parameter that the question doesn't have is refused.
        let asked = if table.tells_exercises() { &parameters[..] } else { &parameters[..1] };
        let read = self.reader.query(&table.question(), asked, &mut |row| {
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
