//! A copy of the log as it stands, made while another process writes it. The log only grows, so a copy that
//! is read in short pieces up to one event is the log of one instant, and no read keeps the WAL from being
//! shortened. Tables alone are read; the copy's indexes are made anew, and its triggers check each row.

use std::fs::File;
use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql};

use super::file::{OpenError, sync_folder};
use super::reader::broken_off;
use super::schema::{create, head, open_reading, signed};
use crate::log::LogError;

/// Events in one read, and in one transaction of the copy.
const PIECE: i64 = 2048;

/// Copies what the log at `from` holds to a new file, flushed; how many events that is. Ends early, with an
/// error, when `progress` says so.
pub(super) fn copy(
    from: &Path,
    to: &Path,
    progress: &dyn Fn(u64, u64) -> bool,
) -> Result<u64, LogError> {
    let read = |error: rusqlite::Error| broken_off(&error, 0);
    let source = open_reading(from).map_err(read)?;
    let end = head(&source).map_err(read)?.map_or(0, |head| head + 1);
    make(to).map_err(|error| LogError::Unavailable(error.to_string()))?;
    let mut copy = Copy { source, target: filling(to).map_err(|e| unwritten(&e))?, streams: 0 };
    let mut next = 0;
    while next < end {
        let piece = PIECE.min(signed(end - next));
        next += copy.piece(next, piece)?;
        if !progress(next, end) {
            return Err(LogError::Unavailable("the copy was stopped".to_owned()));
        }
    }
    copy.target.close().map_err(|(_, error)| unwritten(&error))?;
    // This path is no log that anybody has open.
    let flushed = File::open(to).and_then(|file| file.sync_all()).and_then(|()| sync_folder(to));
    flushed.map_err(|error| LogError::Unavailable(format!("{}: {error}", to.display())))?;
    Ok(end)
}

fn make(to: &Path) -> Result<(), OpenError> {
    if to.exists() {
        let source = std::io::ErrorKind::AlreadyExists.into();
        return Err(OpenError::Io { path: to.to_owned(), source });
    }
    create(to)
}

/// Nothing of a copy that breaks off is used, so it needs no journal.
fn filling(to: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(to)?;
    connection.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

fn unwritten(error: &rusqlite::Error) -> LogError {
    LogError::Unavailable(format!("the copy can't be written: {error}"))
}

struct Copy {
    source: Connection,
    target: Connection,
    /// The last key of a stream that was copied.
    streams: i64,
}

impl Copy {
    /// Copies so many events from `next` on; how many there were.
    fn piece(&mut self, next: u64, limit: i64) -> Result<u64, LogError> {
        let read = |error: rusqlite::Error| broken_off(&error, next);
        let needed: Option<i64> = self
            .source
            .query_row(
                "SELECT max(stream) FROM event WHERE sequence >= ?1 AND sequence < ?1 + ?2",
                [signed(next), limit],
                |row| row.get(0),
            )
            .map_err(read)?;
        self.target.execute_batch("BEGIN").map_err(|error| unwritten(&error))?;
        self.copy_streams(needed.unwrap_or(self.streams))?;
        let mut statement = self
            .source
            .prepare_cached(
                "SELECT sequence, stream, revision, event_id, type, recorded_at, data, metadata
                 FROM event WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
            )
            .map_err(read)?;
        let mut rows = statement.query([signed(next), limit]).map_err(read)?;
        let mut insert = self
            .target
            .prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .map_err(|error| unwritten(&error))?;
        let mut copied = 0;
        while let Some(row) = rows.next().map_err(read)? {
            put(&mut insert, row, 8).map_err(|error| refused(&error, next + copied))?;
            copied += 1;
        }
        if copied == 0 {
            let reason = "the event is missing".to_owned();
            return Err(LogError::Corrupt { sequence: next, reason });
        }
        self.target.execute_batch("COMMIT").map_err(|error| unwritten(&error))?;
        Ok(copied)
    }

    fn copy_streams(&mut self, to: i64) -> Result<(), LogError> {
        let read = |error: rusqlite::Error| broken_off(&error, 0);
        let mut statement = self
            .source
            .prepare_cached(
                "SELECT key, name FROM stream NOT INDEXED WHERE key > ?1 AND key <= ?2 ORDER BY key",
            )
            .map_err(read)?;
        let mut rows = statement.query([self.streams, to]).map_err(read)?;
        let mut insert = self
            .target
            .prepare_cached("INSERT INTO stream VALUES (?1, ?2)")
            .map_err(|error| unwritten(&error))?;
        while let Some(row) = rows.next().map_err(read)? {
            put(&mut insert, row, 2).map_err(|error| refused(&error, 0))?;
        }
        self.streams = self.streams.max(to);
        Ok(())
    }
}

/// Inserts a row with the values as they are stored.
fn put(
    insert: &mut rusqlite::CachedStatement<'_>,
    row: &Row<'_>,
    columns: usize,
) -> rusqlite::Result<()> {
    let values = (0..columns).map(|column| row.get_ref(column).map(Stored));
    let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
    insert.execute(rusqlite::params_from_iter(values)).map(drop)
}

struct Stored<'a>(ValueRef<'a>);

impl ToSql for Stored<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

/// A row that the copy's own constraints and triggers refuse is none of a log.
fn refused(error: &rusqlite::Error, sequence: u64) -> LogError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => {
            LogError::Corrupt { sequence, reason: error.to_string() }
        }
        _ => unwritten(error),
    }
}
