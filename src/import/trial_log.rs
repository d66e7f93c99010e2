//! A log with what an import would append, beside the log itself: nothing is written to that before all
//! of a file has been tried.
//!
//! What must hold: what is read is the log as it stood when the trial began, and behind it what was tried;
//! memory does not grow with the file, so what was tried stands in a file of its own, in one transaction
//! that is never ended: it is gone with the trial.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt};
use rusqlite::ErrorCode::ConstraintViolation;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use tokio::sync::watch;
use uuid::Uuid;

use crate::log::{
    Append, Appended, EventLog, Expected, LogError, MAX_PAGE_BYTES, MAX_PAGE_EVENTS, NewEvent,
    Page, RecordedEvent, Recording, StreamName,
};

const TABLES: &str = "
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768;
CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    append INTEGER NOT NULL,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    type TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    data BLOB NOT NULL,
    metadata BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX of_stream ON event (stream, revision);
CREATE TABLE line (says INTEGER PRIMARY KEY, number INTEGER NOT NULL, file TEXT, key INTEGER NOT NULL) STRICT;
BEGIN;
";
const EVENT: &str = "SELECT sequence, stream, revision, event_id, type, recorded_at, data, metadata, append FROM event";

/// The number of a line, and its file where there are several.
pub type Place<'a> = (u64, Option<&'a str>);

/// A line before another, with the hash of the key under which it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub number: u64,
    pub file: Option<String>,
    pub key: i64,
}

/// A text by its hash, within one trial: a table of the texts would be as large as the file.
pub fn hash(parts: &[&str]) -> i64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    i64::from_ne_bytes(hasher.finish().to_ne_bytes())
}

/// See the module.
pub struct TrialLog {
    base: Arc<dyn EventLog>,
    /// Where the log ended when the trial began.
    base_head: Option<u64>,
    tried: Mutex<Connection>,
    head: watch::Sender<Option<u64>>,
}

fn broken(error: rusqlite::Error) -> LogError {
    LogError::Unavailable(format!("the file of what an import tries: {error}"))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn event_of(row: &Row<'_>) -> rusqlite::Result<(RecordedEvent, i64)> {
    let name: String = row.get(1)?;
    let stream = StreamName::parse(&name).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
    })?;
    let event = RecordedEvent {
        sequence: unsigned(row.get(0)?),
        stream,
        revision: unsigned(row.get(2)?),
        event_id: Uuid::from_bytes(row.get(3)?),
        event_type: row.get_ref(4)?.as_str()?.into(),
        recorded_at_us: row.get(5)?,
        data: row.get::<_, Vec<u8>>(6)?.into(),
        metadata: row.get::<_, Vec<u8>>(7)?.into(),
    };
    Ok((event, row.get(8)?))
}

impl TrialLog {
    /// A trial over a log as it stands, with its file at a path where none is.
    ///
    /// # Errors
    /// The log, or the file.
    pub async fn over(base: Arc<dyn EventLog>, path: &Path) -> Result<Self, LogError> {
        let base_head = base.head().await?;
        let tried = Connection::open(path).map_err(broken)?;
        tried.execute_batch(TABLES).map_err(broken)?;
        let (tried, head) = (Mutex::new(tried), watch::Sender::new(base_head));
        Ok(Self { base, base_head, tried, head })
    }

    /// How many events were tried.
    pub fn events(&self) -> u64 {
        let next = |head: Option<u64>| head.map_or(0, |head| head + 1);
        next(*self.head.borrow()) - next(self.base_head)
    }

    /// Notes the line that says something first; the one that did where another was.
    ///
    /// # Errors
    /// The file.
    pub fn first_to_say(
        &self,
        says: i64,
        (number, file): Place<'_>,
        key: i64,
    ) -> Result<Option<Earlier>, LogError> {
        let tried = self.tried();
        let mut insert = tried
            .prepare_cached(
                "INSERT INTO line VALUES (?1, ?2, ?3, ?4) ON CONFLICT (says) DO NOTHING",
            )
            .map_err(broken)?;
        if insert.execute(params![says, signed(number), file, key]).map_err(broken)? == 1 {
            return Ok(None);
        }
        let mut select = tried
            .prepare_cached("SELECT number, file, key FROM line WHERE says = ?1")
            .map_err(broken)?;
        let earlier = |row: &Row<'_>| {
            let (number, file, key) = (unsigned(row.get(0)?), row.get(1)?, row.get(2)?);
            Ok(Earlier { number, file, key })
        };
        select.query_row([says], earlier).optional().map_err(broken)
    }

    /// The appends that were tried after the first so many events, in order, and how many events they have.
    ///
    /// # Errors
    /// The file.
    pub fn appends_after(&self, events: u64) -> Result<(Vec<Append>, u64), LogError> {
        let first = self.base_head.map_or(0, |head| head + 1) + events;
        let mut appends: Vec<(i64, Append)> = Vec::new();
        let (mut taken, mut bytes) = (0, 0);
        let tried = self.tried();
        let sql = format!("{EVENT} WHERE sequence >= ?1 ORDER BY sequence");
        let mut select = tried.prepare_cached(&sql).map_err(broken)?;
        let mut rows = select.query([signed(first)]).map_err(broken)?;
        while let Some(row) = rows.next().map_err(broken)? {
            let (event, append) = event_of(row).map_err(broken)?;
            let is_new = appends.last().is_none_or(|(last, _)| *last != append);
            if is_new && (taken >= MAX_PAGE_EVENTS as u64 || bytes >= MAX_PAGE_BYTES) {
                break;
            }
            bytes += event.data.len() + event.metadata.len();
            taken += 1;
            if is_new {
                let expected = Expected::from(event.revision.checked_sub(1));
                let stream = event.stream.clone();
                appends.push((append, Append { stream, expected, events: Vec::new() }));
            }
            if let Some((_, append)) = appends.last_mut() {
                append.events.push(NewEvent {
                    event_id: event.event_id,
                    event_type: event.event_type.to_string(),
                    recorded_at_us: event.recorded_at_us,
                    data: event.data,
                    metadata: event.metadata,
                });
            }
        }
        Ok((appends.into_iter().map(|(_, append)| append).collect(), taken))
    }

    fn tried(&self) -> MutexGuard<'_, Connection> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last revision of a stream among what was tried.
    fn tried_revision(&self, stream: &StreamName, first: bool) -> Result<Option<u64>, LogError> {
        let sql = match first {
            true => "SELECT min(revision) FROM event WHERE stream = ?1",
            false => "SELECT max(revision) FROM event WHERE stream = ?1",
        };
        let tried = self.tried();
        let mut select = tried.prepare_cached(sql).map_err(broken)?;
        let found: Option<Option<i64>> =
            select.query_row([stream.as_str()], |row| row.get(0)).optional().map_err(broken)?;
        Ok(found.flatten().map(unsigned))
    }

    /// The last revision that a stream had when the trial began.
    async fn base_revision(&self, stream: &StreamName) -> Result<Option<u64>, LogError> {
        let mut revision = self.base.stream_revision(stream).await?;
        while let Some(last) = revision {
            let page = self.base.read_stream(stream, last, 1).await?;
            let is_older = |event: &RecordedEvent| Some(event.sequence) <= self.base_head;
            if page.events.first().is_some_and(is_older) {
                break;
            }
            revision = last.checked_sub(1);
        }
        Ok(revision)
    }

    async fn revision(&self, stream: &StreamName) -> Result<Option<u64>, LogError> {
        match self.tried_revision(stream, false)? {
            Some(revision) => Ok(Some(revision)),
            None => self.base_revision(stream).await,
        }
    }

    /// Writes events; nothing where another stands at that revision.
    fn write(
        &self,
        stream: &StreamName,
        first: u64,
        events: &[NewEvent],
    ) -> Result<Option<Appended>, LogError> {
        let tried = self.tried();
        let mut insert = tried
            .prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
            .map_err(broken)?;
        let append = self.head.borrow().map_or(0, |head| head + 1);
        let (mut sequence, mut revision) = (append, first);
        for event in events {
            let values = params![
                signed(sequence),
                signed(append),
                stream.as_str(),
                signed(revision),
                event.event_id.as_bytes(),
                event.event_type,
                event.recorded_at_us,
                &event.data[..],
                &event.metadata[..],
            ];
            match insert.execute(values) {
                Err(error) if error.sqlite_error_code() == Some(ConstraintViolation) => {
                    return Ok(None);
                }
                done => done.map_err(broken)?,
            };
            (sequence, revision) = (sequence + 1, revision + 1);
        }
        let last = sequence.checked_sub(1);
        self.head.send_replace(last);
        Ok(Some(Appended { revision: revision - 1, sequence: last }))
    }

    /// What was tried, from a place on.
    fn read(
        &self,
        by: &str,
        of: &str,
        from: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let sql = match by {
            "stream" => {
                format!("{EVENT} WHERE stream = ?3 AND revision >= ?1 ORDER BY revision LIMIT ?2")
            }
            _ => format!("{EVENT} WHERE sequence >= ?1 AND ?3 = '' ORDER BY sequence LIMIT ?2"),
        };
        let tried = self.tried();
        let mut select = tried.prepare_cached(&sql).map_err(broken)?;
        let rows = select.query_map(params![signed(from), limit as i64, of], event_of);
        let events = rows.map_err(broken)?.map(|row| row.map(|(event, _)| event));
        events.collect::<Result<_, _>>().map_err(broken)
    }
}

impl EventLog for TrialLog {
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        async move {
            // Whoever appends has read the stream here, and nobody else appends: it is asked only where the
            // place is taken. The log itself is asked when what was tried is recorded.
            let first = match expected {
                Expected::NoStream => 0,
                Expected::Revision(revision) => revision + 1,
            };
            match self.write(stream, first, &events)? {
                Some(appended) => Ok(appended),
                None => {
                    let actual = self.revision(stream).await?;
                    Err(LogError::Conflict { expected, actual })
                }
            }
        }
        .boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        from_revision: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page<u64>, LogError>> {
        async move {
            let limit = limit.min(MAX_PAGE_EVENTS);
            let first_tried = self.tried_revision(stream, true)?;
            let mut page = Page { events: Vec::new(), end: true, next: from_revision };
            if first_tried.is_none_or(|first| from_revision < first) {
                page = self.base.read_stream(stream, from_revision, limit).await?;
                // What came after the trial began is none of it.
                page.events.retain(|event| Some(event.sequence) <= self.base_head);
                page.events.retain(|event| first_tried.is_none_or(|first| event.revision < first));
                page.next = page.events.last().map_or(from_revision, |last| last.revision + 1);
                if first_tried.is_none() {
                    return Ok(page);
                }
            }
            let left = limit - page.events.len();
            let tried = self.read("stream", stream.as_str(), page.next, left + 1)?;
            page.end = tried.len() <= left;
            page.events.extend(tried.into_iter().take(left));
            page.next = page.events.last().map_or(from_revision, |last| last.revision + 1);
            Ok(page)
        }
        .boxed()
    }

    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>> {
        async move {
            let head = *self.head.borrow();
            let mut events = match after < self.base_head {
                true => self.base.read_all(after, limit).await?.events,
                false => {
                    let first = after.map_or(0, |after| after + 1);
                    self.read("all", "", first, limit.min(MAX_PAGE_EVENTS))?
                }
            };
            if after < self.base_head {
                events.retain(|event| Some(event.sequence) <= self.base_head);
            }
            let next = events.last().map_or(after, |last| Some(last.sequence));
            Ok(Page { events, end: next >= head, next })
        }
        .boxed()
    }

    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>> {
        self.revision(stream).boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>> {
        let head = *self.head.borrow();
        async move { Ok(head) }.boxed()
    }

    fn watch_head(&self) -> watch::Receiver<Option<u64>> {
        self.head.subscribe()
    }

    fn recording(&self) -> Arc<Recording> {
        self.base.recording()
    }
}
