//! The count of this node, kept in a file so that a start need not read the whole log. It may be
//! deleted at any time: then the next start goes on from what other nodes left, or counts anew.
//!
//! Every process over one data folder may write it: the rows are the same whoever counted. What it
//! says is believed only where the server says the same (see `known`).

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kurrentdb::Position;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use uuid::Uuid;

use super::count::{Count, Counted};
use super::losses::Losses;
use super::positions::{Place, pack, unpack};
use crate::log::StreamName;

/// Changes when the tables do; a file of another form is made anew.
const FORMAT: i64 = 2;
/// For how long, and for how many events, what was counted is gathered before it is written.
const GATHERED_FOR: Duration = Duration::from_millis(500);
const GATHERED: usize = 16_384;
/// So many events are one row at most.
const ROW: usize = 1024;
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS stream (name TEXT PRIMARY KEY, began INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS part (
    first INTEGER PRIMARY KEY,
    events INTEGER NOT NULL,
    positions BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    prefix TEXT NOT NULL,
    first_event TEXT NOT NULL,
    first_position INTEGER NOT NULL,
    last_event TEXT NOT NULL,
    last_position INTEGER NOT NULL,
    next INTEGER NOT NULL,
    commit_position INTEGER NOT NULL,
    prepare_position INTEGER NOT NULL,
    losses TEXT NOT NULL
) STRICT;
";

/// What is to be written: events counted, and how far `$all` was seen by then.
#[derive(Debug)]
pub(super) struct Batch {
    pub counted: Vec<Counted>,
    pub ends: (Place, Place),
    pub position: (u64, u64),
    pub losses: Losses,
}

/// The file, and the thread that writes it.
pub(super) struct Cache {
    sender: Option<mpsc::Sender<Batch>>,
    thread: Option<JoinHandle<()>>,
}

/// What a file held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Restored {
    /// Nothing of use: there is no file, or none of this form.
    Nothing,
    /// The count of a log under this prefix.
    Kept,
    /// The count of a log under another prefix, and its first event.
    OtherPrefix(String, Uuid),
}

struct State {
    prefix: String,
    ends: (Place, Place),
    next: u64,
    at: Position,
    losses: Losses,
}

/// Reads what a file kept into the count.
pub(super) fn restore(path: &Path, prefix: &str, count: &mut Count) -> rusqlite::Result<Restored> {
    if !path.is_file() {
        return Ok(Restored::Nothing);
    }
    let connection = open(path)?;
    // One view of all tables, though another process may be writing.
    let connection = connection.unchecked_transaction()?;
    let Some(state) = state(&connection)? else { return Ok(Restored::Nothing) };
    if state.prefix != prefix {
        return Ok(Restored::OtherPrefix(state.prefix, state.ends.0.0));
    }
    let mut parts = connection.prepare("SELECT first, positions FROM part ORDER BY first")?;
    let mut rows = parts.query([])?;
    let mut is_whole = true;
    while let Some(row) = rows.next()? {
        is_whole &= count.take_over(number(row.get(0)?), unpack(row.get_ref(1)?.as_blob()?));
    }
    let mut streams = connection.prepare("SELECT name, began FROM stream")?;
    let mut rows = streams.query([])?;
    while let Some(row) = rows.next()? {
        let name = StreamName::parse(row.get_ref(0)?.as_str().unwrap_or_default());
        count.take_over_streams(number(row.get(1)?), name.ok());
    }
    let counted = count.positions();
    if !is_whole || counted.len() != state.next || counted.last() != Some(state.ends.1.1) {
        // Torn, which SQLite rules out unless somebody wrote to it: counted anew.
        *count = Count::new(prefix);
        return Ok(Restored::Nothing);
    }
    count.go_on_from(state.ends, state.at, state.losses);
    Ok(Restored::Kept)
}

fn state(connection: &Transaction<'_>) -> rusqlite::Result<Option<State>> {
    let id = |text: String| Uuid::parse_str(&text).unwrap_or_default();
    let row = connection.query_row(
        "SELECT prefix, first_event, first_position, last_event, last_position, next, \
         commit_position, prepare_position, losses FROM state",
        [],
        |row| {
            let first = (id(row.get(1)?), number(row.get(2)?));
            let last = (id(row.get(3)?), number(row.get(4)?));
            let losses: String = row.get(8)?;
            Ok(State {
                prefix: row.get(0)?,
                ends: (first, last),
                next: number(row.get(5)?),
                at: Position { commit: number(row.get(6)?), prepare: number(row.get(7)?) },
                losses: serde_json::from_str(&losses).unwrap_or_default(),
            })
        },
    );
    row.optional()
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
            "DROP TABLE IF EXISTS state; DROP TABLE IF EXISTS part; DROP TABLE IF EXISTS stream; \
             DROP TABLE IF EXISTS counted;",
        )?;
    }
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    Ok(connection)
}

/// Forgets what a file kept.
pub(super) fn forget(path: &Path) -> rusqlite::Result<()> {
    if path.is_file() {
        open(path)?.execute_batch("DELETE FROM state; DELETE FROM part; DELETE FROM stream;")?;
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

    /// Has written what was counted elsewhere.
    pub fn write_from(&self, count: &Count, from: u64) {
        let (Some(ends), Some(at)) = (count.ends(), count.position()) else { return };
        let mut begun: Vec<_> = count.streams().filter(|(_, known)| known.began >= from).collect();
        begun.sort_by_key(|(_, known)| known.began);
        let mut begun = begun.into_iter().map(|(name, _)| name.clone());
        let mut next = from;
        loop {
            let (first, run) = count.positions().run(next, ROW);
            next = first + run.len() as u64;
            let is_last = run.is_empty();
            let counted = (first..).zip(run).map(|(sequence, position)| Counted {
                sequence,
                position,
                event_id: Uuid::nil(),
                begins: begun.next(),
            });
            let (counted, position) = (counted.collect(), (at.commit, at.prepare));
            self.write(Batch { counted, ends, position, losses: count.losses().clone() });
            if is_last {
                return;
            }
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
    let mut part = None;
    while let Ok(first) = batches.recv() {
        let waiting = gather(first, batches);
        if let Err(error) = write(&mut connection, prefix, &waiting, &mut part) {
            tracing::warn!(%error, path = %path.display(), "the count is not kept; the next start counts anew");
            return;
        }
    }
}

/// What comes within a while, which is written at once; what a crash takes of it is counted again.
fn gather(first: Batch, batches: &mpsc::Receiver<Batch>) -> Vec<Batch> {
    let until = Instant::now() + GATHERED_FOR;
    let mut events = first.counted.len();
    let mut waiting = vec![first];
    while events < GATHERED
        && let Ok(next) = batches.recv_timeout(until.saturating_duration_since(Instant::now()))
    {
        events += next.counted.len();
        waiting.push(next);
    }
    waiting
}

/// The row that is filled: its first sequence, and positions.
struct Part(u64, Vec<u64>);

fn write(
    connection: &mut Connection,
    prefix: &str,
    batches: &[Batch],
    part: &mut Option<Part>,
) -> rusqlite::Result<()> {
    let Some(last) = batches.last() else { return Ok(()) };
    let transaction = connection.transaction()?;
    if part.is_none() {
        *part = last_part(&transaction)?;
    }
    for counted in batches.iter().flat_map(|batch| &batch.counted) {
        write_event(&transaction, counted, part)?;
    }
    if let Some(part) = part {
        write_part(&transaction, part)?;
    }
    let next = part.as_ref().map_or(0, |Part(first, all)| first + all.len() as u64);
    write_state(&transaction, prefix, last, next)?;
    transaction.commit()
}

fn write_state(
    transaction: &Transaction<'_>,
    prefix: &str,
    batch: &Batch,
    next: u64,
) -> rusqlite::Result<()> {
    let losses = serde_json::to_string(&batch.losses).unwrap_or_default();
    let (first, last) = batch.ends;
    // Another process may have come further.
    let mut put = transaction.prepare_cached(
        "INSERT INTO state VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT (one) DO UPDATE SET last_event = ?4, last_position = ?5, next = ?6, \
         commit_position = ?7, prepare_position = ?8, losses = ?9 \
         WHERE next <= ?6 AND commit_position <= ?7",
    )?;
    put.execute(params![
        prefix,
        first.0.to_string(),
        signed(first.1),
        last.0.to_string(),
        signed(last.1),
        signed(next),
        signed(batch.position.0),
        signed(batch.position.1),
        losses
    ])
    .map(drop)
}

/// Adds an event to the row that it belongs to.
fn write_event(
    transaction: &Transaction<'_>,
    counted: &Counted,
    part: &mut Option<Part>,
) -> rusqlite::Result<()> {
    if let Some(name) = &counted.begins {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO stream VALUES (?1, ?2)")?
            .execute(params![name.as_str(), signed(counted.sequence)])?;
    }
    if let Some(Part(first, all)) = part {
        let next = *first + all.len() as u64;
        if counted.sequence < next {
            // Another process over this folder was faster.
            return Ok(());
        }
        if counted.sequence == next && all.len() < ROW {
            all.push(counted.position);
            return Ok(());
        }
        write_part(transaction, &Part(*first, std::mem::take(all)))?;
    }
    *part = Some(Part(counted.sequence, vec![counted.position]));
    Ok(())
}

fn last_part(transaction: &Transaction<'_>) -> rusqlite::Result<Option<Part>> {
    let last = transaction.query_row(
        "SELECT first, positions FROM part ORDER BY first DESC LIMIT 1",
        [],
        |row| Ok(Part(number(row.get(0)?), unpack(row.get_ref(1)?.as_blob()?).collect())),
    );
    last.optional()
}

fn write_part(transaction: &Transaction<'_>, Part(first, all): &Part) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO part VALUES (?1, ?2, ?3) ON CONFLICT (first) \
             DO UPDATE SET events = ?2, positions = ?3 WHERE events < ?2",
        )?
        .execute(params![signed(*first), all.len() as i64, pack(all)])
        .map(drop)
}
