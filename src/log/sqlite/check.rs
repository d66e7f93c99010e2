//! Whether the file says the same wherever it says something twice: each index beside its table, row by
//! row and in short reads; then SQLite's own look at the whole.
//!
//! What must hold: every event of the table has exactly its entry in the index of streams and revisions,
//! and the index has no other; every stream has its name in the table and in the index of names; sequences
//! and revisions are dense. `PRAGMA quick_check` compares no index with its table, so one flipped bit in
//! an index goes unseen there. What is found is told; nothing is mended here.

mod places;
mod whole;

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use super::reader::{Reader, broken_off};
use super::schema::{head, open_reading, signed, unsigned};
use crate::log::integrity::{Damage, MAX_DAMAGES};
use crate::log::{LogError, MAX_PAGE_EVENTS, RecordedEvent, StreamName};
use places::{Entries, Places};

pub(super) use whole::{Checking, check, compare_whole, tell};

/// The index that `UNIQUE (stream, revision)` makes.
const EVENTS: &str = "sqlite_autoindex_event_1";
/// The index that `UNIQUE` makes of the names of streams.
const NAMES: &str = "sqlite_autoindex_stream_1";

/// How many of the newest events a start looks at.
const NEWEST_EVENTS: u64 = 10_000;
/// Bytes of data and metadata after which it looks at no more of them.
const NEWEST_BYTES: usize = 64 * 1024 * 1024;
/// Entries of an index looked at in one read.
const ENTRIES: i64 = 4096;
/// Names whose keys are remembered.
const MAX_KEYS: usize = 32_768;

/// Looks at the newest events with their entries and streams.
pub(super) fn newest(path: &Path) -> rusqlite::Result<Vec<Damage>> {
    let mut check = Check::open(path, Entries::Each)?;
    let end = head(&check.connection)?.map_or(0, |head| head + 1);
    let mut bytes = 0;
    let first = end.saturating_sub(NEWEST_EVENTS);
    // From the newest page back: where their bytes are many, it is the newest that are looked at.
    let mut pages: Vec<u64> = (first..end).step_by(MAX_PAGE_EVENTS).collect();
    while let Some(from) = pages.pop()
        && bytes < NEWEST_BYTES
        && !check.is_full()
    {
        bytes += check.events(from, end.min(from + MAX_PAGE_EVENTS as u64), &|_, _| true);
    }
    Ok(check.done())
}

/// A check at work.
struct Check {
    connection: Connection,
    reader: Reader,
    keys: HashMap<StreamName, Option<i64>>,
    how: Entries,
    in_table: Places,
    in_index: Places,
    found: Vec<Damage>,
}

impl Check {
    fn open(path: &Path, how: Entries) -> rusqlite::Result<Self> {
        Ok(Self {
            reader: Reader::open(path)?,
            connection: open_reading(path)?,
            keys: HashMap::new(),
            how,
            in_table: Places::default(),
            in_index: Places::default(),
            found: Vec::new(),
        })
    }

    /// Whether nothing was found, and table and index, where they were summed, hold the same events.
    fn is_clean(&self) -> bool {
        self.found.is_empty() && self.in_table == self.in_index
    }

    fn is_full(&self) -> bool {
        self.found.len() >= MAX_DAMAGES
    }

    /// What was found, the lowest sequence first.
    fn done(mut self) -> Vec<Damage> {
        self.found.sort_by_key(|damage| damage.sequence.unwrap_or(u64::MAX));
        self.found.truncate(MAX_DAMAGES);
        self.found
    }

    /// Each event of a span with its entry and its stream; the bytes that were read. Ends early when told.
    fn events(&mut self, from: u64, end: u64, progress: &dyn Fn(u64, u64) -> bool) -> usize {
        let (mut next, mut bytes) = (from, 0);
        while next < end && !self.is_full() {
            let wanted = usize::try_from(end - next).unwrap_or(usize::MAX);
            match self.reader.all(next.checked_sub(1), wanted.min(MAX_PAGE_EVENTS)) {
                Ok(page) if page.events.is_empty() => return bytes,
                Ok(page) => {
                    for event in &page.events {
                        bytes += event.data.len() + event.metadata.len();
                        self.event(event);
                        next = event.sequence + 1;
                    }
                }
                Err(LogError::Corrupt { sequence, reason }) => {
                    let at = sequence.max(next);
                    self.good_ones(next, at);
                    self.unread(at, reason);
                    next = at + 1;
                }
                Err(error) => {
                    self.add(Some(next), None, None, error.to_string());
                    return bytes;
                }
            }
            if !progress(next, end) {
                return bytes;
            }
        }
        bytes
    }

    /// The events of a page before the one that can't be read.
    fn good_ones(&mut self, from: u64, bad: u64) {
        for sequence in from..bad {
            if self.is_full() {
                return;
            }
            if let Ok(page) = self.reader.all(sequence.checked_sub(1), 1) {
                page.events.iter().for_each(|event| self.event(event));
            }
        }
    }

    /// What stands where no event could be read: one that can't be, in its place, or no event at all.
    fn unread(&mut self, sequence: u64, reason: String) {
        let place = self.connection.query_row(
            "SELECT name, revision FROM event NOT INDEXED CROSS JOIN stream NOT INDEXED
             ON stream.key = event.stream WHERE sequence = ?1",
            [signed(sequence)],
            |row| Ok((row.get::<_, String>(0)?, unsigned(1, row.get(1)?)?)),
        );
        let found = self.found.len();
        let stream = place.ok().and_then(|(name, revision)| {
            let stream = StreamName::parse(&name).ok()?;
            self.entry(&stream, revision, sequence);
            Some(stream)
        });
        if self.found.len() == found {
            self.add(Some(sequence), stream.as_ref(), None, reason);
            if let Some(damage) = self.found.last_mut() {
                damage.is_of_event = stream.is_some();
            }
        }
    }

    fn event(&mut self, event: &RecordedEvent) {
        self.entry(&event.stream, event.revision, event.sequence);
    }

    /// The entry of an event, in both indexes.
    fn entry(&mut self, stream: &StreamName, revision: u64, sequence: u64) {
        let Some(key) = self.key_of(stream, sequence) else { return };
        if self.how == Entries::Summed {
            return self.in_table.add(key, signed(revision), signed(sequence));
        }
        let entries = || -> rusqlite::Result<Vec<i64>> {
            self.connection
                .prepare_cached(&format!(
                    "SELECT sequence FROM event INDEXED BY {EVENTS}
                     WHERE stream = ?1 AND revision = ?2 LIMIT 2"
                ))?
                .query_map([key, signed(revision)], |row| row.get(0))?
                .collect()
        };
        let wrong = match entries() {
            Ok(found) if found == [signed(sequence)] => return,
            Ok(found) if found.is_empty() => {
                format!("the index has no entry for its revision {revision}")
            }
            Ok(found) => format!(
                "the index has other entries for its revision {revision}: of sequence {}",
                found.iter().map(i64::to_string).collect::<Vec<_>>().join(" and ")
            ),
            Err(error) => error.to_string(),
        };
        self.add(Some(sequence), Some(stream), Some(EVENTS), wrong);
    }

    /// The key that a stream has by the index of names, where that is what the table says.
    fn key_of(&mut self, stream: &StreamName, sequence: u64) -> Option<i64> {
        if let Some(key) = self.keys.get(stream) {
            return *key;
        }
        let found = self.name_entry(stream.as_str()).and_then(|key| match key {
            None => Err("the index of names does not have this stream".to_owned()),
            Some(key) => match self.name_row(key) {
                Ok(Some(name)) if name == stream.as_str() => Ok(key),
                Ok(_) => {
                    Err(format!("the index of names has it as the stream {key}, which it is not"))
                }
                Err(error) => Err(error),
            },
        });
        if self.keys.len() >= MAX_KEYS {
            self.keys.clear();
        }
        let key = found.as_ref().ok().copied();
        if let Err(reason) = found {
            self.add(Some(sequence), Some(stream), Some(NAMES), reason);
        }
        self.keys.insert(stream.clone(), key);
        key
    }

    fn name_entry(&self, name: &str) -> Result<Option<i64>, String> {
        let sql = format!("SELECT key FROM stream INDEXED BY {NAMES} WHERE name = ?1");
        let mut statement = self.connection.prepare_cached(&sql).map_err(|e| e.to_string())?;
        statement.query_row([name], |row| row.get(0)).optional().map_err(|e| e.to_string())
    }

    fn name_row(&self, key: i64) -> Result<Option<String>, String> {
        let sql = "SELECT name FROM stream NOT INDEXED WHERE key = ?1";
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| e.to_string())?;
        statement.query_row([key], |row| row.get(0)).optional().map_err(|e| e.to_string())
    }

    /// The index of events in its own order: dense revisions, and no entry too many among the first `end`
    /// events. Ends early when told.
    fn revisions(&mut self, end: u64, progress: &dyn Fn(u64, u64) -> bool) {
        let (mut stream, mut next, mut entries) = (0_i64, 0_i64, 0_u64);
        loop {
            let page = match self.entries_after(stream, next - 1) {
                Ok(page) => page,
                Err(error) => return self.add(None, None, Some(EVENTS), error.to_string()),
            };
            let is_last = (page.len() as i64) < ENTRIES;
            for (of, revision, sequence) in page {
                let wanted = if of == stream { next } else { 0 };
                if revision != wanted && !self.is_full() {
                    let name = self.name_row(of).ok().flatten();
                    let sequence = unsigned(0, sequence).ok();
                    let reason =
                        format!("revision {wanted} is missing, the next one is {revision}");
                    self.found.push(Damage {
                        sequence,
                        stream: name.or_else(|| Some(format!("with key {of}"))),
                        index: Some(EVENTS.to_owned()),
                        ..Damage::of_structure(reason)
                    });
                }
                if unsigned(0, sequence).is_ok_and(|sequence| sequence < end) {
                    entries += 1;
                    if self.how == Entries::Summed {
                        self.in_index.add(of, revision, sequence);
                    }
                }
                (stream, next) = (of, revision.saturating_add(1));
            }
            if is_last || self.is_full() {
                break;
            }
            if !progress(entries, end) {
                return;
            }
        }
        if entries != end && !self.is_full() {
            let reason = format!("it has {entries} entries for the first {end} events");
            self.add(None, None, Some(EVENTS), reason);
        }
    }

    fn entries_after(&self, stream: i64, revision: i64) -> rusqlite::Result<Vec<(i64, i64, i64)>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT stream, revision, sequence FROM event INDEXED BY {EVENTS}
                 WHERE (stream, revision) > (?1, ?2) ORDER BY stream, revision LIMIT {ENTRIES}"
            ))?
            .query_map([stream, revision], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect()
    }

    /// Every stream: dense keys, a name that is one, the same in the index, and events; and no entry too
    /// many in the index. Ends early when told.
    fn streams(&mut self, goes_on: &dyn Fn() -> bool) {
        let mut known = 0;
        loop {
            let rows = match self.rows_after(known) {
                Ok(rows) => rows,
                Err(error) => {
                    return self.add(None, None, None, format!("the table stream: {error}"));
                }
            };
            let is_last = (rows.len() as i64) < ENTRIES;
            for (key, name) in rows {
                if self.is_full() {
                    return;
                }
                if key != known + 1 {
                    let reason = format!("the stream with key {} is missing", known + 1);
                    self.add(None, None, None, reason);
                }
                known = key;
                self.stream(key, &name);
            }
            if is_last {
                break;
            }
            if !goes_on() {
                return;
            }
        }
        let counted = self.connection.query_row(
            &format!("SELECT count(*) FROM stream INDEXED BY {NAMES} WHERE key <= ?1"),
            [known],
            |row| row.get::<_, i64>(0),
        );
        match counted {
            Ok(entries) if entries == known => {}
            Ok(entries) => {
                self.add(
                    None,
                    None,
                    Some(NAMES),
                    format!("it has {entries} entries for {known} streams"),
                );
            }
            Err(error) => self.add(None, None, Some(NAMES), error.to_string()),
        }
    }

    fn stream(&mut self, key: i64, name: &str) {
        let Ok(stream) = StreamName::parse(name) else {
            return self.add(
                None,
                None,
                None,
                format!("the stream {key} has a name that is none: {name:?}"),
            );
        };
        match self.name_entry(name) {
            Ok(Some(found)) if found == key => {}
            Ok(Some(found)) => {
                let reason = format!("it has the key {key}, in the index {found}");
                self.add(None, Some(&stream), Some(NAMES), reason);
            }
            Ok(None) => {
                let reason = "the index of names does not have this stream".to_owned();
                self.add(None, Some(&stream), Some(NAMES), reason);
            }
            Err(error) => self.add(None, Some(&stream), Some(NAMES), error),
        }
    }

    fn rows_after(&self, key: i64) -> rusqlite::Result<Vec<(i64, String)>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT key, name FROM stream NOT INDEXED WHERE key > ?1 ORDER BY key LIMIT {ENTRIES}"
            ))?
            .query_map([key], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    fn add(
        &mut self,
        sequence: Option<u64>,
        stream: Option<&StreamName>,
        index: Option<&str>,
        reason: String,
    ) {
        let (stream, index) = (stream.map(ToString::to_string), index.map(str::to_owned));
        self.found.push(Damage { sequence, stream, index, ..Damage::of_structure(reason) });
    }
}

/// A failure to look at the file at all.
fn failed(error: &rusqlite::Error) -> LogError {
    broken_off(error, 0)
}
