//! A log in an SQLite file, read page by page; a server may be writing to it. One thread reads and copies,
//! another judges; who is ahead hashes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::beside::Leaves;
use super::documents::Named;
use super::{OpenError, Progress};
use crate::verify::tree::Hash;
use crate::verify::{Event, Judge};

/// Events read at once: no read lasts long.
const PAGE: u64 = 2048;
/// Bytes of events that are judged together.
const BATCH_BYTES: usize = 256 * 1024;
/// Batches that wait to be judged.
const WAITING: usize = 4;

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
    let total = total.try_into().unwrap_or_default();
    thread::scope(|scope| {
        let (sender, batches) = sync_channel(WAITING);
        let reading = scope.spawn(move || {
            let mut copying = Copying { sender, batch: Batch::default(), streams: HashMap::new() };
            copying.pages(&connection)
        });
        for batch in &batches {
            for (index, place) in batch.events.iter().enumerate() {
                if let Some(event) = batch.event(place) {
                    let leaf = batch.leaves.get(index).copied().unwrap_or_else(|| event.leaf());
                    judge.event(&event, leaf, leaves.next());
                    named.take_in(event.data);
                    named.take_in(event.metadata);
                }
            }
            if let Some(reason) = batch.unreadable {
                judge.unreadable(reason);
            }
            if !progress(judge.size(), total) {
                return Err(OpenError::Interrupted);
            }
            if judge.is_lost() {
                break;
            }
        }
        // Who still reads finds that nobody waits for it.
        drop(batches);
        let read =
            reading.join().map_err(|_| OpenError::NotOne("its reader panicked".to_owned()))?;
        read.map_err(no_log)
    })
}

/// Where an event's parts lie in the bytes of its batch.
struct Place {
    sequence: u64,
    revision: u64,
    id: [u8; 16],
    recorded_at: i64,
    stream: Range<usize>,
    kind: Range<usize>,
    data: Range<usize>,
    metadata: Range<usize>,
}

/// Events copied out of the file, and why the next one can't be.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    events: Vec<Place>,
    /// Of each event, where who reads had the time.
    leaves: Vec<Option<Hash>>,
    unreadable: Option<String>,
}

impl Batch {
    fn copy(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        from..self.bytes.len()
    }

    fn hash(&mut self) {
        let leaf = |place| self.event(place).and_then(|event| event.leaf());
        self.leaves = self.events.iter().map(leaf).collect();
    }

    fn event(&self, place: &Place) -> Option<Event<'_>> {
        let bytes = |range: &Range<usize>| self.bytes.get(range.clone());
        Some(Event {
            sequence: place.sequence,
            stream: std::str::from_utf8(bytes(&place.stream)?).ok()?,
            revision: place.revision,
            id: place.id,
            kind: std::str::from_utf8(bytes(&place.kind)?).ok()?,
            recorded_at: place.recorded_at,
            data: bytes(&place.data)?,
            metadata: bytes(&place.metadata)?,
        })
    }
}

/// What reads, and hands on what it has copied.
struct Copying {
    sender: SyncSender<Batch>,
    batch: Batch,
    streams: HashMap<i64, String>,
}

impl Copying {
    /// Every page to the end, or to what can't be read, or until nobody waits for more.
    fn pages(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut pages = connection.prepare(EVENTS)?;
        // From below zero, where no event may stand.
        let mut from = i64::MIN;
        loop {
            let (mut rows, mut count) = (pages.query([from, PAGE as i64])?, 0);
            loop {
                let place = match rows.next() {
                    Ok(None) => break,
                    Ok(Some(row)) => self
                        .place(connection, row)
                        .ok_or_else(|| "what stands in its place can't be an event".to_owned()),
                    Err(error) => Err(format!("it can't be read: {error}")),
                };
                match place {
                    Ok(place) => {
                        from = (place.sequence as i64).saturating_add(1);
                        count += 1;
                        self.batch.events.push(place);
                    }
                    Err(reason) => {
                        self.batch.unreadable = Some(reason);
                        self.hand_on();
                        return Ok(());
                    }
                }
                if self.batch.bytes.len() >= BATCH_BYTES && !self.hand_on() {
                    return Ok(());
                }
            }
            if count < PAGE {
                self.hand_on();
                return Ok(());
            }
        }
    }

    /// Whether somebody waited for it.
    fn hand_on(&mut self) -> bool {
        match self.sender.try_send(std::mem::take(&mut self.batch)) {
            Ok(()) => true,
            Err(TrySendError::Disconnected(_)) => false,
            Err(TrySendError::Full(mut batch)) => {
                batch.hash();
                self.sender.send(batch).is_ok()
            }
        }
    }

    /// The event of a row; `None` where a part of it is none.
    fn place(&mut self, connection: &Connection, row: &Row<'_>) -> Option<Place> {
        let bytes = |column| match row.get_ref(column).ok()? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => None,
        };
        let number = |column| u64::try_from(row.get_ref(column).ok()?.as_i64().ok()?).ok();
        let key = row.get_ref(1).ok()?.as_i64().ok()?;
        let stream = match self.streams.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let name = "SELECT name FROM stream WHERE key = ?1";
                let mut name = connection.prepare_cached(name).ok()?;
                place.insert(name.query_row([key], |row| row.get(0)).ok()?)
            }
        };
        let kind = row.get_ref(4).ok()?.as_str().ok()?;
        let batch = &mut self.batch;
        Some(Place {
            sequence: number(0)?,
            revision: number(2)?,
            id: row.get_ref(3).ok()?.as_blob().ok()?.try_into().ok()?,
            recorded_at: row.get_ref(5).ok()?.as_i64().ok()?,
            stream: batch.copy(stream.as_bytes()),
            kind: batch.copy(kind.as_bytes()),
            data: batch.copy(bytes(6)?),
            metadata: batch.copy(bytes(7)?),
        })
    }
}
