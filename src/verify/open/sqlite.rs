//! A log in an SQLite file, read page by page; a server may be writing to it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::beside::Leaves;
use super::documents::Named;
use super::{OpenError, Progress};
use crate::verify::{Event, Judge};

/// Events read at once: no read lasts long.
const PAGE: u64 = 2048;

const EVENTS: &str = "SELECT sequence, stream, revision, event_id, type, recorded_at, data, metadata \
                      FROM event WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2";

/// Opens the file to read it, where nothing beside it can be written too.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let looked = connection.query_row("SELECT count(*) FROM stream", [], |_| Ok(()));
    if looked.is_ok() {
        return Ok(connection);
    }
    let immutable = format!(
        "file:{}?immutable=1",
        path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
    );
    let connection = Connection::open_with_flags(immutable, flags | OpenFlags::SQLITE_OPEN_URI)?;
    connection.query_row("SELECT count(*) FROM stream", [], |_| Ok(()))?;
    Ok(connection)
}

/// Has a log judged from its first event to where it stands.
///
/// # Errors
/// [`OpenError`].
pub fn read(
    path: &Path,
    judge: &mut Judge,
    leaves: &mut Leaves,
    named: &mut Named,
    progress: Progress<'_>,
) -> Result<(), OpenError> {
    let no_log = |error: rusqlite::Error| {
        OpenError::NotOne(format!("{} can't be read as a log: {error}", path.display()))
    };
    if !path.is_file() {
        return Err(OpenError::Unavailable(format!("there is no file {}", path.display())));
    }
    let connection = open(path).map_err(no_log)?;
    let newest = "SELECT coalesce(max(sequence) + 1, 0) FROM event";
    let total: i64 = connection.query_row(newest, [], |row| row.get(0)).map_err(no_log)?;
    let mut streams = HashMap::new();
    let mut pages = connection.prepare(EVENTS).map_err(no_log)?;
    while !judge.is_lost() {
        if !progress(judge.size(), total.try_into().unwrap_or_default()) {
            return Err(OpenError::Interrupted);
        }
        let first = judge.size();
        // From below zero, where no event may stand.
        let from = if first == 0 { i64::MIN } else { first as i64 };
        let mut rows = pages.query([from, PAGE as i64]).map_err(no_log)?;
        loop {
            match rows.next() {
                Ok(None) => break,
                Ok(Some(row)) => {
                    if let Some(event) = one(&connection, &mut streams, row, judge) {
                        judge.event(&event, leaves.next());
                        named.take_in(event.data);
                        named.take_in(event.metadata);
                    }
                }
                Err(error) => judge.unreadable(format!("it can't be read: {error}")),
            }
            if judge.is_lost() {
                return Ok(());
            }
        }
        if judge.size() < first + PAGE {
            break;
        }
    }
    Ok(())
}

/// The event of a row; where there is none, the judge is told.
fn one<'a>(
    connection: &Connection,
    streams: &'a mut HashMap<i64, String>,
    row: &'a Row<'_>,
    judge: &mut Judge,
) -> Option<Event<'a>> {
    let event = parts(connection, streams, row);
    if event.is_none() {
        judge.unreadable("what stands in its place can't be an event".to_owned());
    }
    event
}

/// The event of a row; `None` where a part of it is none.
fn parts<'a>(
    connection: &Connection,
    streams: &'a mut HashMap<i64, String>,
    row: &'a Row<'_>,
) -> Option<Event<'a>> {
    let bytes = |column| match row.get_ref(column).ok()? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => None,
    };
    let number = |column| u64::try_from(row.get_ref(column).ok()?.as_i64().ok()?).ok();
    let key = row.get_ref(1).ok()?.as_i64().ok()?;
    if let Entry::Vacant(place) = streams.entry(key) {
        let name = "SELECT name FROM stream WHERE key = ?1";
        let name = connection.prepare_cached(name).ok()?.query_row([key], |row| row.get(0)).ok()?;
        place.insert(name);
    }
    Some(Event {
        sequence: number(0)?,
        stream: streams.get(&key)?,
        revision: number(2)?,
        id: row.get_ref(3).ok()?.as_blob().ok()?.try_into().ok()?,
        kind: row.get_ref(4).ok()?.as_str().ok()?,
        recorded_at: row.get_ref(5).ok()?.as_i64().ok()?,
        data: bytes(6)?,
        metadata: bytes(7)?,
    })
}
