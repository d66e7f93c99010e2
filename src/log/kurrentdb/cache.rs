//! The count of this node, kept in a file so that a start need not read the whole log. It may be
//! deleted at any time: then the next start counts anew.
//!
//! Every process over one data folder may write it: the rows are the same whoever counted. What it
//! says is believed only where the server says the same (see `open`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

use super::count::{Count, Counted};
use crate::log::StreamName;

/// Changes when the tables do; a file of another form is made anew.
const FORMAT: i64 = 1;
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS stream (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS counted (
    sequence INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    commit_position INTEGER NOT NULL,
    prepare_position INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    prefix TEXT NOT NULL,
    first_event TEXT NOT NULL,
    last_event TEXT NOT NULL,
    next INTEGER NOT NULL,
    commit_position INTEGER NOT NULL,
    prepare_position INTEGER NOT NULL,
    hidden TEXT NOT NULL
) STRICT;
";

/// What is to be written: events counted, and how far `$all` was seen by then.
#[derive(Debug)]
pub(super) struct Batch {
    pub counted: Vec<Counted>,
    pub position: (u64, u64),
    pub hidden: BTreeMap<String, String>,
}

/// What a file said about the log that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub first_event: Uuid,
    pub first_position: (u64, u64),
    pub last_event: Uuid,
    pub last_position: (u64, u64),
    pub next: u64,
}

/// The file, and the thread that writes it.
pub(super) struct Cache {
    sender: Option<mpsc::Sender<Batch>>,
    thread: Option<JoinHandle<()>>,
}

/// What a file held.
pub(super) enum Restored {
    /// Nothing of use: there is no file, or none of this form.
    Nothing,
    /// The count of a log under this prefix.
    Kept(Kept),
    /// The count of a log under another prefix, and its first event.
    OtherPrefix(String, Uuid),
}

/// Reads what a file kept into the count.
pub(super) fn restore(path: &Path, prefix: &str, count: &mut Count) -> rusqlite::Result<Restored> {
    if !path.is_file() {
        return Ok(Restored::Nothing);
    }
    let connection = open(path)?;
    // One view of all tables, though another process may be writing.
    let connection = connection.unchecked_transaction()?;
    let state = connection
        .query_row(
            "SELECT first_event, last_event, next, commit_position, prepare_position, hidden, prefix \
             FROM state",
            [],
            |row| {
                let id = |text: String| Uuid::parse_str(&text).unwrap_or_default();
                let at = (row.get::<_, i64>(3)?, row.get::<_, i64>(4)?);
                let ids = (id(row.get(0)?), id(row.get(1)?));
                Ok((ids, row.get::<_, i64>(2)?, at, row.get::<_, String>(5)?, row.get(6)?))
            },
        )
        .optional()?;
    let Some(((first_event, last_event), next, at, hidden, of)) = state else {
        return Ok(Restored::Nothing);
    };
    let of: String = of;
    if of != prefix {
        return Ok(Restored::OtherPrefix(of, first_event));
    }
    let mut names = BTreeMap::new();
    let mut streams = connection.prepare("SELECT number, name FROM stream")?;
    let mut rows = streams.query([])?;
    while let Some(row) = rows.next()? {
        if let Ok(name) = StreamName::parse(row.get_ref(1)?.as_str().unwrap_or_default()) {
            names.insert(row.get::<_, i64>(0)?, name);
        }
    }
    let mut counted = connection.prepare(
        "SELECT sequence, stream, commit_position, prepare_position FROM counted \
         WHERE sequence < ?1 ORDER BY sequence",
    )?;
    let mut rows = counted.query([next])?;
    let (mut first_position, mut last_position, mut seen) = ((0, 0), (0, 0), 0_u64);
    while let Some(row) = rows.next()? {
        let position = (number(row.get(2)?), number(row.get(3)?));
        let stream = names.get(&row.get::<_, i64>(1)?);
        let (Some(stream), true) = (stream, number(row.get(0)?) == seen) else { break };
        if seen == 0 {
            first_position = position;
        }
        last_position = position;
        count.restore(&Counted {
            sequence: seen,
            stream: stream.clone(),
            position,
            event_id: Uuid::nil(),
        });
        seen += 1;
    }
    if seen != number(next) || seen == 0 {
        // Torn, which SQLite rules out unless somebody wrote to it: counted anew.
        *count = Count::new(prefix);
        return Ok(Restored::Nothing);
    }
    let hidden = serde_json::from_str(&hidden).unwrap_or_default();
    count.restore_position((number(at.0), number(at.1)), hidden);
    Ok(Restored::Kept(Kept { first_event, first_position, last_event, last_position, next: seen }))
}

/// SQLite's integers are signed; positions and sequences stay below 2^63.
fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // Without the flushes of the log: what a crash takes away is counted again.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format != FORMAT {
        connection.execute_batch(
            "DROP TABLE IF EXISTS state; DROP TABLE IF EXISTS counted; DROP TABLE IF EXISTS stream;",
        )?;
    }
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    Ok(connection)
}

/// Forgets what a file kept.
pub(super) fn forget(path: &Path) -> rusqlite::Result<()> {
    if path.is_file() {
        open(path)?.execute_batch("DELETE FROM state; DELETE FROM counted; DELETE FROM stream;")?;
    }
    Ok(())
}

impl Cache {
    /// Opens a file for writing, with a thread beside that does it.
    pub fn open(path: &Path, prefix: &str) -> rusqlite::Result<Self> {
        let connection = open(path)?;
        let (sender, batches) = mpsc::channel::<Batch>();
        let (path, prefix): (PathBuf, String) = (path.to_owned(), prefix.to_owned());
        let thread = std::thread::Builder::new().name("kurrentdb-count".to_owned());
        let thread = thread.spawn(move || write_all(connection, &path, &prefix, &batches));
        Ok(Self { sender: Some(sender), thread: thread.ok() })
    }

    /// Has a batch written; batches come in order. One that is not written is counted again later.
    pub fn write(&self, batch: Batch) {
        if let Some(sender) = &self.sender {
            // The thread has stopped, and said why.
            let _ = sender.send(batch);
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic there costs no more than counting again.
            let _ = thread.join();
        }
    }
}

fn write_all(
    mut connection: Connection,
    path: &Path,
    prefix: &str,
    batches: &mpsc::Receiver<Batch>,
) {
    let mut numbers = BTreeMap::new();
    while let Ok(first) = batches.recv() {
        let waiting = std::iter::once(first).chain(batches.try_iter().take(64));
        if let Err(error) = write(&mut connection, prefix, waiting, &mut numbers) {
            tracing::warn!(%error, path = %path.display(), "the count is not kept; the next start counts anew");
            return;
        }
    }
}

fn write(
    connection: &mut Connection,
    prefix: &str,
    batches: impl Iterator<Item = Batch>,
    numbers: &mut BTreeMap<StreamName, i64>,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for batch in batches {
        for counted in &batch.counted {
            let stream = match numbers.get(&counted.stream) {
                Some(number) => *number,
                None => {
                    let name = counted.stream.as_str();
                    transaction
                        .execute("INSERT OR IGNORE INTO stream (name) VALUES (?1)", [name])?;
                    let number = transaction.query_row(
                        "SELECT number FROM stream WHERE name = ?1",
                        [name],
                        |row| row.get(0),
                    )?;
                    numbers.insert(counted.stream.clone(), number);
                    number
                }
            };
            transaction
                .prepare_cached("INSERT OR IGNORE INTO counted VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![
                    signed(counted.sequence),
                    stream,
                    signed(counted.position.0),
                    signed(counted.position.1)
                ])?;
        }
        let hidden = serde_json::to_string(&batch.hidden).unwrap_or_default();
        let at = (signed(batch.position.0), signed(batch.position.1));
        if let Some(last) = batch.counted.last() {
            let first = &batch.counted[0];
            // Another process may have come further.
            transaction
                .prepare_cached(
                    "INSERT INTO state VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                     ON CONFLICT (one) DO UPDATE SET last_event = ?3, next = ?4, \
                     commit_position = ?5, prepare_position = ?6, hidden = ?7 WHERE next <= ?4",
                )?
                .execute(params![
                    prefix,
                    first.event_id.to_string(),
                    last.event_id.to_string(),
                    signed(last.sequence + 1),
                    at.0,
                    at.1,
                    hidden
                ])?;
        } else {
            transaction
                .prepare_cached(
                    "UPDATE state SET commit_position = ?1, prepare_position = ?2, hidden = ?3 \
                     WHERE commit_position <= ?1",
                )?
                .execute(params![at.0, at.1, hidden])?;
        }
    }
    transaction.commit()
}
