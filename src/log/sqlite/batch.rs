//! One batch inside its transaction: each append that is more than one statement in its own savepoint,
//! so that one that can't be done removes only itself. Not here: beginning and ending the transaction, which is the writer's.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, ToSql, params};

use tracing::Span;

use super::faults::{Faults, Step};
use super::schema::{signed, tip};
use crate::log::{Appended, Expected, LogError, NewEvent, StreamName};

/// An append, without whom to answer.
pub(super) struct Append {
    pub stream: StreamName,
    pub expected: Expected,
    pub events: Vec<NewEvent>,
    /// What is traced of it.
    pub span: Span,
}

/// Pages that an append changes besides those that its events fill: the last one of the table, and
/// two of the stream's index.
const EXTRA_BYTES: usize = 3 * 8192;

impl Append {
    /// What the append adds to the WAL, roughly.
    pub fn wal_bytes(&self) -> u64 {
        let events = self.events.iter();
        let bytes: usize = events.map(|e| e.data.len() + e.metadata.len()).sum();
        (bytes + EXTRA_BYTES) as u64
    }
}

/// Where a stream stands.
#[derive(Clone, Copy)]
struct Tip {
    key: i64,
    revision: u64,
}

/// The streams lately written, so that most appends need no look-up. Only the writer changes
/// streams; whenever a transaction does not end in a plain COMMIT, all is forgotten.
#[derive(Default)]
pub(super) struct Tips(HashMap<StreamName, Tip>);

/// About 10 MiB with names of 40 bytes.
const MAX_TIPS: usize = 65_536;

impl Tips {
    pub fn forget(&mut self) {
        self.0.clear();
    }

    fn put(&mut self, stream: &StreamName, tip: Tip) {
        if let Some(known) = self.0.get_mut(stream) {
            *known = tip;
            return;
        }
        if self.0.len() >= MAX_TIPS {
            self.0.clear();
        }
        self.0.insert(stream.clone(), tip);
    }
}

/// A batch being written.
pub(super) struct Batch<'a> {
    pub connection: &'a Connection,
    pub tips: &'a mut Tips,
    pub faults: &'a mut dyn Faults,
    /// The sequence of the next event.
    pub next: u64,
    /// The index in the batch of the next event, for the faults.
    pub index: usize,
}

impl Batch<'_> {
    /// Writes one append, or finds why it can't be written. An outer error stops the batch: SQLite
    /// may have rolled back already, and the next insert would commit alone.
    pub fn write(&mut self, append: &Append) -> rusqlite::Result<Result<Appended, LogError>> {
        let tip = self.tip(&append.stream)?;
        let actual = tip.map(|tip| tip.revision);
        if !append.expected.matches(actual) {
            return Ok(Err(LogError::Conflict { expected: append.expected, actual }));
        }
        // What one statement does goes with it.
        let is_one_statement = append.events.len() == 1 && tip.is_some();
        if !is_one_statement {
            self.run("SAVEPOINT append")?;
        }
        let next = self.next;
        match self.insert(append, tip) {
            Ok(appended) => {
                if !is_one_statement {
                    self.run("RELEASE append")?;
                }
                Ok(Ok(appended))
            }
            Err(error) if self.only_this(&error) => {
                if !is_one_statement {
                    self.run("ROLLBACK TO append")?;
                    self.run("RELEASE append")?;
                }
                self.next = next;
                self.tips.forget();
                Ok(Err(LogError::Unavailable(format!("the file refused the append: {error}"))))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether an error leaves the transaction, and so the rest of the batch, intact.
    fn only_this(&self, error: &rusqlite::Error) -> bool {
        error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
            && !self.connection.is_autocommit()
    }

    fn tip(&self, stream: &StreamName) -> rusqlite::Result<Option<Tip>> {
        if let Some(known) = self.tips.0.get(stream) {
            return Ok(Some(*known));
        }
        let found = tip(self.connection, stream.as_str())?;
        Ok(found.map(|(key, revision)| Tip { key, revision }))
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    fn insert(&mut self, append: &Append, tip: Option<Tip>) -> rusqlite::Result<Appended> {
        let (key, mut revision) = match tip {
            Some(tip) => (tip.key, tip.revision + 1),
            None => (self.new_stream(&append.stream)?, 0),
        };
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO event
                 (sequence, stream, revision, event_id, type, recorded_at, data, metadata)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for event in &append.events {
            self.faults.at(Step::Insert(self.index), self.connection)?;
            insert.execute(params![
                signed(self.next),
                key,
                signed(revision),
                event.event_id.as_bytes(),
                event.event_type,
                event.recorded_at_us,
                Stored(&event.data),
                Stored(&event.metadata),
            ])?;
            self.index += 1;
            self.next += 1;
            revision += 1;
        }
        let appended = Appended { revision: revision - 1, sequence: Some(self.next - 1) };
        let tip = Tip { key, revision: appended.revision };
        self.tips.put(&append.stream, tip);
        Ok(appended)
    }

    fn new_stream(&self, stream: &StreamName) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached(
                "INSERT INTO stream (key, name)
                 SELECT coalesce(max(key) + 1, 1), ?1 FROM stream RETURNING key",
            )?
            .query_row([stream.as_str()], |row| row.get(0))
    }
}

/// Bytes as the file keeps them: readable text where that gives back the same bytes. A zero byte
/// would end the text for most tools, so such bytes are kept as a blob.
struct Stored<'a>(&'a [u8]);

impl ToSql for Stored<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        let text = !self.0.contains(&0) && std::str::from_utf8(self.0).is_ok();
        let value = if text { ValueRef::Text(self.0) } else { ValueRef::Blob(self.0) };
        Ok(rusqlite::types::ToSqlOutput::Borrowed(value))
    }
}
