//! What the stand-in holds: the streams and the one order over them, in memory. Retries are known by
//! id and revision as the server knows them; data is never compared, ids are not unique.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

use super::retention::Retention;
use super::wire::{EventCore, Expected, Id, StreamIdentifier};

/// The revision of the mark that ends a tombstoned stream.
pub const TOMBSTONE: u64 = i64::MAX as u64;

/// An event to be stored.
#[derive(Debug, Clone)]
pub struct Proposed {
    pub id: Uuid,
    pub kind: String,
    pub is_json: bool,
    pub metadata: Bytes,
    pub data: Bytes,
}

/// A stored event.
#[derive(Debug)]
pub struct Stored {
    pub position: u64,
    pub stream: Arc<str>,
    pub revision: u64,
    pub id: Uuid,
    /// 100 ns ticks since 1970.
    pub created: u64,
    /// A `RecordedEvent` but for its position, encoded.
    pub core: Bytes,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Stored now or earlier; the revision is missing when there is still no stream.
    Written {
        revision: Option<u64>,
        position: u64,
    },
    Wrong {
        actual: Option<u64>,
    },
    Deleted,
}

/// What a stream can be read as.
#[derive(Debug)]
pub enum View {
    Missing,
    Deleted,
    /// Readable from this revision on, up to the last one.
    Open {
        first: u64,
        last: u64,
    },
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Where its revisions are in the log.
    pub places: Vec<usize>,
    pub tombstoned: bool,
    pub retention: Retention,
}

impl Stream {
    fn last(&self) -> Option<u64> {
        (self.places.len() as u64).checked_sub(1)
    }
}

#[derive(Debug, Default)]
pub struct Store {
    /// In the order of positions; scavenged events leave their place empty.
    pub(super) log: Vec<Option<Arc<Stored>>>,
    /// The position of each place, also of empty ones.
    positions: Vec<u64>,
    pub(super) streams: HashMap<Arc<str>, Stream>,
    next_position: u64,
}

impl Store {
    /// The last position used up.
    pub fn tail(&self) -> u64 {
        self.next_position
    }

    /// Appends as the server does.
    pub fn append(&mut self, stream: &str, expected: Expected, events: &[Proposed]) -> Outcome {
        let known = self.streams.get(stream);
        if known.is_some_and(|known| known.tombstoned) {
            return Outcome::Deleted;
        }
        let last = known.and_then(Stream::last);
        let softly_deleted = known.is_some_and(|known| known.retention.is_deletion());
        let next = last.map_or(0, |last| last + 1);
        // The first revision that the events would have.
        let first = match expected {
            Expected::Revision(revision) => revision.saturating_add(1),
            Expected::NoStream(()) => 0,
            Expected::Any(()) => next,
            Expected::StreamExists(()) if last.is_some() && !softly_deleted => next,
            Expected::StreamExists(()) => return Outcome::Wrong { actual: last },
        };
        if first > next {
            return Outcome::Wrong { actual: last };
        }
        if first < next {
            if let Some(outcome) = self.as_before(stream, first, events) {
                return outcome;
            }
            if !(softly_deleted && first == 0) {
                return Outcome::Wrong { actual: last };
            }
        }
        if events.is_empty() {
            self.next_position += 112;
            return Outcome::Written { revision: last, position: self.next_position };
        }
        for event in events {
            self.store(stream, event);
        }
        let position = self.next_position;
        if softly_deleted {
            self.set_metadata(stream, &serde_json::json!({ "$tb": next }));
        }
        Outcome::Written { revision: Some(next + events.len() as u64 - 1), position }
    }

    /// Deletes a stream: softly, so that it can be written again, or for ever.
    pub fn delete(&mut self, stream: &str, expected: Expected, for_ever: bool) -> Outcome {
        let known = self.streams.get(stream);
        if known.is_some_and(|known| known.tombstoned) {
            return Outcome::Deleted;
        }
        let last = known.and_then(Stream::last);
        let as_expected = match expected {
            Expected::Revision(revision) => last == Some(revision),
            Expected::NoStream(()) => last.is_none(),
            Expected::Any(()) => true,
            Expected::StreamExists(()) => last.is_some(),
        };
        if !as_expected {
            return Outcome::Wrong { actual: last };
        }
        if for_ever {
            let event =
                Proposed::json("$streamDeleted", &serde_json::json!({}), self.next_position);
            self.store(stream, &event);
        } else {
            self.set_metadata(stream, &serde_json::json!({ "$tb": TOMBSTONE }));
        }
        Outcome::Written { revision: last, position: self.next_position }
    }

    /// The answer to an append that was stored before: the same ids at the same revisions.
    fn as_before(&self, stream: &str, first: u64, events: &[Proposed]) -> Option<Outcome> {
        let known = self.streams.get(stream)?;
        let mut last = None;
        for (revision, event) in (first..).zip(events) {
            let stored = self.log[*known.places.get(revision as usize)?].as_ref()?;
            if stored.id != event.id {
                return None;
            }
            last = Some(Outcome::Written { revision: Some(revision), position: stored.position });
        }
        last
    }

    /// Stores one event at the end of its stream.
    pub(super) fn store(&mut self, stream: &str, event: &Proposed) {
        let name = match self.streams.get_key_value(stream) {
            Some((name, _)) => name.clone(),
            None => Arc::from(stream),
        };
        let known = self.streams.entry(name.clone()).or_default();
        let revision =
            if event.kind == "$streamDeleted" { TOMBSTONE } else { known.places.len() as u64 };
        let core = encode(stream, revision, event, ticks());
        // A record's place in the file: its frame and its bytes.
        self.next_position += 112 + core.len() as u64;
        if revision == TOMBSTONE {
            known.tombstoned = true;
        } else {
            known.places.push(self.log.len());
        }
        self.positions.push(self.next_position);
        self.log.push(Some(Arc::new(Stored {
            position: self.next_position,
            stream: name,
            revision,
            id: event.id,
            created: ticks(),
            core,
        })));
        if let Some(of) = stream.strip_prefix("$$").filter(|_| event.kind == "$metadata") {
            let known = self.streams.entry(Arc::from(of)).or_default();
            let was_deleted = known.retention.is_deletion();
            known.retention = Retention::parse(&event.data);
            // Written over the mark of a deletion, the server itself hides what was there before: only
            // the next one shows it again.
            if was_deleted && !known.retention.truncates() {
                let next = known.places.len();
                self.set_metadata(of, &serde_json::json!({ "$tb": next }));
            }
        }
    }

    /// Which part of a stream can be read.
    pub fn view(&self, stream: &str) -> View {
        let Some(known) = self.streams.get(stream) else { return View::Missing };
        if known.tombstoned {
            return View::Deleted;
        }
        let Some(last) = known.last().filter(|_| !known.retention.is_deletion()) else {
            return View::Missing;
        };
        View::Open { first: self.first_shown(known), last }
    }

    pub(super) fn first_shown(&self, stream: &Stream) -> u64 {
        let count = stream.places.len() as u64;
        let mut first = stream.retention.first_by_revision(count);
        if let Some(oldest) = stream.retention.oldest(ticks()) {
            let too_old = |revision: &u64| {
                self.log[stream.places[*revision as usize]]
                    .as_ref()
                    .is_none_or(|stored| stored.created < oldest)
            };
            first += (first..count).take_while(too_old).count() as u64;
        }
        first
    }

    /// At most `limit` events of a stream from a revision on, forwards or backwards.
    pub fn read_stream(
        &self,
        stream: &str,
        from: u64,
        limit: usize,
        back: bool,
    ) -> Vec<Arc<Stored>> {
        let View::Open { first, last } = self.view(stream) else { return Vec::new() };
        let Some(known) = self.streams.get(stream) else { return Vec::new() };
        let get = |revision: u64| self.log[known.places[revision as usize]].clone();
        if back {
            (first..=from.min(last)).rev().filter_map(get).take(limit).collect()
        } else {
            (from.max(first)..=last).filter_map(get).take(limit).collect()
        }
    }

    /// At most `limit` events of all streams: from a position on, or those before it.
    pub fn read_all(&self, from: u64, limit: usize, back: bool) -> Vec<Arc<Stored>> {
        let place = self.positions.partition_point(|&position| position < from);
        if back {
            self.log[..place].iter().rev().flatten().take(limit).cloned().collect()
        } else {
            self.log[place..].iter().flatten().take(limit).cloned().collect()
        }
    }

    /// Writes a stream's metadata as an event of its metadata stream.
    pub fn set_metadata(&mut self, stream: &str, metadata: &serde_json::Value) {
        let event = Proposed::json("$metadata", metadata, self.next_position);
        self.store(&format!("$${stream}"), &event);
    }
}

impl Proposed {
    /// An event of the server's own or of somebody else; its id is made of its place.
    pub fn json(kind: &str, data: &serde_json::Value, place: u64) -> Self {
        Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, &place.to_be_bytes()),
            kind: kind.to_owned(),
            is_json: true,
            metadata: Bytes::new(),
            data: data.to_string().into(),
        }
    }
}

fn encode(stream: &str, revision: u64, event: &Proposed, created: u64) -> Bytes {
    let content_type = if event.is_json { "application/json" } else { "application/octet-stream" };
    let metadata = BTreeMap::from([
        ("type".to_owned(), event.kind.clone()),
        ("content-type".to_owned(), content_type.to_owned()),
        ("created".to_owned(), created.to_string()),
    ]);
    let core = EventCore {
        id: Some(Id::text(event.id)),
        stream: Some(StreamIdentifier { name: Bytes::copy_from_slice(stream.as_bytes()) }),
        revision,
        metadata,
        custom_metadata: event.metadata.clone(),
        data: event.data.clone(),
    };
    core.encode_to_vec().into()
}

/// Now, in 100 ns ticks since 1970.
#[expect(clippy::disallowed_methods, reason = "the server's own clock")]
fn ticks() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as u64 / 100
}
