//! Reading on one connection. No read transaction outlives a page, so the WAL can always be
//! checkpointed.

use std::collections::HashMap;
use std::path::Path;

use bytes::BytesMut;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use smol_str::SmolStr;
use uuid::Uuid;

use super::schema::{head, open_reading, signed, tip, unsigned};
use crate::log::page::{Order, PageBuilder};
use crate::log::{Bytes, LogError, Page, RecordedEvent, StreamName, give_way};

/// Stream names that one reader remembers: about 5 MiB with names of 40 bytes.
const MAX_NAMES: usize = 32_768;

/// A connection that reads, and the stream names it has met (a name never changes).
pub(super) struct Reader {
    connection: Connection,
    names: Names,
    /// What SQLite counted of others' commits at the last look at the head, and what that was.
    seen: Option<(i64, Option<u64>)>,
}

#[derive(Default)]
struct Names(HashMap<i64, StreamName>);

impl Reader {
    /// Opens the file, its WAL and its index.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = open_reading(path)?;
        head(&connection)?;
        Ok(Self { connection, names: Names::default(), seen: None })
    }

    /// A page of the whole log.
    pub fn all(&mut self, after: Option<u64>, limit: usize) -> Result<Page<Option<u64>>, LogError> {
        let first = after.map_or(0, |after| after.saturating_add(1));
        let mut page = PageBuilder::new(Order::Sequence, first, limit)?;
        self.fill(
            &mut page,
            "SELECT sequence, stream, revision, event_id, type, recorded_at, data, metadata
             FROM event WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
            &[signed(first), page_limit(limit)],
        )?;
        if let Some(after) = after
            && page.is_empty()
        {
            let head = self.head()?;
            if Some(after) > head {
                return Err(LogError::BeyondEnd { after, head });
            }
        }
        Ok(page.into_all_page())
    }

    /// A page of one stream.
    pub fn stream(
        &mut self,
        stream: &StreamName,
        from: u64,
        limit: usize,
    ) -> Result<Page<u64>, LogError> {
        let mut page = PageBuilder::new(Order::Revision, from, limit)?;
        if let Some((key, _)) = self.tip(stream)? {
            self.fill(
                &mut page,
                "SELECT sequence, stream, revision, event_id, type, recorded_at, data, metadata
                 FROM event WHERE revision >= ?1 AND stream = ?3 ORDER BY revision LIMIT ?2",
                &[signed(from), page_limit(limit), key],
            )?;
        }
        Ok(page.into_stream_page())
    }

    /// The revision of a stream's last event.
    pub fn revision(&self, stream: &StreamName) -> Result<Option<u64>, LogError> {
        Ok(self.tip(stream)?.map(|(_, revision)| revision))
    }

    /// The names of the streams that begin with `prefix`, in order.
    pub fn streams(&self, prefix: &str) -> Result<Vec<StreamName>, LogError> {
        let broken = |error: rusqlite::Error| broken_off(&error, 0);
        let mut statement = self
            .connection
            .prepare_cached("SELECT name FROM stream WHERE name BETWEEN ?1 AND ?2 ORDER BY name")
            .map_err(broken)?;
        // Names are visible ASCII, which ends before DEL.
        let past = format!("{prefix}\u{7f}");
        let names = statement
            .query_map([prefix, &past], |row| {
                let name: String = row.get(0)?;
                StreamName::parse(&name).map_err(|error| not_a_stream(error.into()))
            })
            .map_err(broken)?;
        names.collect::<Result<_, _>>().map_err(broken)
    }

    /// The sequence of the last event, looked for only where another connection has committed since the
    /// last look of this one.
    pub fn watched_head(&mut self) -> Result<Option<u64>, LogError> {
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut look| look.query_row([], |row| row.get(0)));
        let version = version.map_err(|error| broken_off(&error, 0))?;
        if let Some((seen, head)) = self.seen
            && seen == version
        {
            return Ok(head);
        }
        // Looked for after the count: what is committed in between is looked for again.
        let head = self.head()?;
        self.seen = Some((version, head));
        Ok(head)
    }

    /// The sequence of the last event.
    pub fn head(&self) -> Result<Option<u64>, LogError> {
        head(&self.connection).map_err(|error| broken_off(&error, 0))
    }

    fn tip(&self, stream: &StreamName) -> Result<Option<(i64, u64)>, LogError> {
        tip(&self.connection, stream.as_str()).map_err(|error| broken_off(&error, 0))
    }

    fn fill(
        &mut self,
        page: &mut PageBuilder,
        select: &str,
        parameters: &[i64],
    ) -> Result<(), LogError> {
        let Self { connection, names, .. } = self;
        let near = page.next();
        let broken = |error: rusqlite::Error| broken_off(&error, near);
        let mut statement = connection.prepare_cached(select).map_err(broken)?;
        let mut rows = statement.query(rusqlite::params_from_iter(parameters)).map_err(broken)?;
        let mut shelf = Shelf::default();
        while let Some(row) = rows.next().map_err(broken)? {
            if page.is_full() {
                break;
            }
            give_way();
            let event = recorded(connection, names, &mut shelf, row)
                .map_err(|error| broken_off(&error, sequence(row).unwrap_or(near)))?;
            page.push(event)?;
        }
        Ok(())
    }
}

/// One more than the page takes, to know whether it is the end.
fn page_limit(limit: usize) -> i64 {
    signed(limit.min(crate::log::MAX_PAGE_EVENTS) as u64 + 1)
}

fn sequence(row: &Row<'_>) -> rusqlite::Result<u64> {
    unsigned(0, row.get(0)?)
}

fn recorded(
    connection: &Connection,
    names: &mut Names,
    shelf: &mut Shelf,
    row: &Row<'_>,
) -> rusqlite::Result<RecordedEvent> {
    let (data, metadata) = shelf.put(bytes(row, 6)?, bytes(row, 7)?);
    Ok(RecordedEvent {
        sequence: sequence(row)?,
        stream: names.of(connection, row.get(1)?)?,
        revision: unsigned(2, row.get(2)?)?,
        event_id: Uuid::from_bytes(row.get(3)?),
        event_type: event_type(row)?,
        recorded_at_us: row.get(5)?,
        data,
        metadata,
    })
}

fn event_type(row: &Row<'_>) -> rusqlite::Result<SmolStr> {
    match row.get_ref(4)?.as_str() {
        Ok(name) => Ok(name.into()),
        // Says what is wrong with it.
        Err(_) => row.get::<_, String>(4).map(Into::into),
    }
}

/// Bytes of many events side by side in few allocations: an event of its own for each costs more than
/// the copy, and is let go on another thread than it was made on.
#[derive(Default)]
struct Shelf {
    free: BytesMut,
    bytes: usize,
}

impl Shelf {
    /// The first piece and the largest; each is twice the one before, so that a read of one event
    /// takes little and one event that is kept keeps no more than the largest.
    const BYTES: std::ops::RangeInclusive<usize> = 2 * 1024..=64 * 1024;

    fn put(&mut self, data: &[u8], metadata: &[u8]) -> (Bytes, Bytes) {
        let bytes = data.len() + metadata.len();
        if self.free.capacity() < bytes {
            self.bytes = (self.bytes * 2).clamp(*Self::BYTES.start(), *Self::BYTES.end());
            self.free = BytesMut::with_capacity(self.bytes.max(bytes));
        }
        self.free.extend_from_slice(data);
        self.free.extend_from_slice(metadata);
        let mut both = self.free.split().freeze();
        let metadata = both.split_off(data.len());
        (both, metadata)
    }
}

fn bytes<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a [u8]> {
    match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(bytes),
        other @ (ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_)) => {
            Err(rusqlite::Error::InvalidColumnType(
                column,
                row.as_ref().column_name(column)?.to_owned(),
                other.data_type(),
            ))
        }
    }
}

impl Names {
    fn of(&mut self, connection: &Connection, key: i64) -> rusqlite::Result<StreamName> {
        if let Some(name) = self.0.get(&key) {
            return Ok(name.clone());
        }
        let name: Option<String> = connection
            .prepare_cached("SELECT name FROM stream WHERE key = ?1")?
            .query_row(params![key], |row| row.get(0))
            .optional()?;
        let name = match name {
            Some(name) => StreamName::parse(&name).map_err(|error| not_a_stream(error.into()))?,
            None => return Err(not_a_stream(format!("there is no stream {key}").into())),
        };
        if self.0.len() >= MAX_NAMES {
            self.0.clear();
        }
        self.0.insert(key, name.clone());
        Ok(name)
    }
}

fn not_a_stream(error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Integer, error)
}

/// A read that broke off: because the file is damaged near `sequence`, or for a passing reason.
pub(super) fn broken_off(error: &rusqlite::Error, sequence: u64) -> LogError {
    let damaged = match error.sqlite_error_code() {
        Some(code) => matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase),
        // Not from SQLite but from what it returned: a row that can't be an event.
        None => true,
    };
    if damaged {
        LogError::Corrupt { sequence, reason: error.to_string() }
    } else {
        LogError::Unavailable(format!("a read broke off: {error}"))
    }
}
