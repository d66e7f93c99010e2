//! This node's count of the log: which `sequence` each event has.
//!
//! Nobody assigns numbers in a KurrentDB, so `sequence` is how many of the log's events stand before
//! this one in `$all`, whose order is total. Every node counts for itself, from the first event or
//! from where its cache ends; streams of others, and the server's own events, are passed over.
//!
//! What must hold: each event is counted once, in the order of `$all`; a stream whose next event has
//! not the next revision is a hole, and nothing is counted past it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use kurrentdb::{Position, RecordedEvent as Found};
use serde::Deserialize;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::moving::{Traffic, stream_name};
use super::stored::to_recorded;
use crate::log::{LogError, RecordedEvent, StreamName};

/// Every so many events the position in `$all` is kept, to find back in.
pub(super) const MARK_EVERY: u64 = 16;
/// What is kept of the newest events, so that those who follow the log need not ask the server.
const RECENT_BYTES: usize = 8 << 20;
const RECENT_EVENTS: usize = 8192;
/// What an event takes besides its data and metadata, about.
const EVENT_OVERHEAD_BYTES: usize = 200;

/// One counted event, as the cache keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    pub sequence: u64,
    pub stream: StreamName,
    pub position: (u64, u64),
    pub event_id: Uuid,
}

/// Why counting stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Break {
    /// Events of ours are missing, or hidden from readers.
    Hole { stream: String, reason: String },
    /// What stands in a stream of ours is none of Docket's.
    Foreign { stream: String, reason: String },
}

impl std::fmt::Display for Break {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Break::Hole { stream, reason } => {
                write!(f, "a hole in the record, stream {stream}: {reason}")
            }
            Break::Foreign { stream, reason } => {
                write!(f, "stream {stream} is somebody else's: {reason}")
            }
        }
    }
}

type Waiter = (u64, u64, oneshot::Sender<Vec<RecordedEvent>>, Vec<RecordedEvent>);

/// The count.
pub(super) struct Count {
    prefix: String,
    /// The sequence of each revision.
    streams: HashMap<StreamName, Vec<u64>>,
    marks: Vec<Position>,
    next: u64,
    /// The last event seen in `$all`, whoever's.
    position: Option<Position>,
    recent: VecDeque<RecordedEvent>,
    recent_bytes: usize,
    /// Streams of ours whose metadata hides events, and what it says.
    hidden: BTreeMap<String, String>,
    broken: Option<Break>,
    /// The stream that says whether the log is being moved, and what it says.
    moving: String,
    traffic: Traffic,
    waiters: HashMap<StreamName, Vec<Waiter>>,
    /// Whoever waited and is to be told once the head is published.
    answered: Vec<(oneshot::Sender<Vec<RecordedEvent>>, Vec<RecordedEvent>)>,
}

impl Count {
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            streams: HashMap::new(),
            marks: Vec::new(),
            next: 0,
            position: None,
            recent: VecDeque::new(),
            recent_bytes: 0,
            hidden: BTreeMap::new(),
            broken: None,
            moving: stream_name(prefix),
            traffic: Traffic::default(),
            waiters: HashMap::new(),
            answered: Vec::new(),
        }
    }

    /// Counts what the cache has; its rows are in order.
    pub fn restore(&mut self, counted: &Counted) {
        self.mark(position(counted.position));
        match self.streams.get_mut(&counted.stream) {
            Some(sequences) => sequences.push(self.next),
            None => drop(self.streams.insert(counted.stream.clone(), vec![self.next])),
        }
        self.next += 1;
    }

    /// Goes on after this position, with what was hidden by then.
    pub fn restore_position(&mut self, at: (u64, u64), hidden: BTreeMap<String, String>) {
        self.position = Some(position(at));
        self.hidden = hidden;
    }

    fn mark(&mut self, at: Position) {
        if self.next.is_multiple_of(MARK_EVERY) {
            self.marks.push(at);
        }
    }

    /// Looks at the next event of `$all`; what was counted, if it is one of ours.
    pub fn look(&mut self, found: Found) -> Option<Counted> {
        if self.broken.is_some() {
            return None;
        }
        let at = found.position;
        let counted = match found.stream_id().strip_prefix(self.prefix.as_str()) {
            Some(_) => self.count(found),
            None if found.stream_id() == self.moving => {
                self.traffic.hear(&found, self.next);
                None
            }
            None => {
                self.look_at_metadata(&found);
                None
            }
        };
        if self.broken.is_none() {
            self.position = Some(at);
        }
        counted
    }

    fn count(&mut self, found: Found) -> Option<Counted> {
        let at = found.position;
        let name = found.stream_id().get(self.prefix.len()..).unwrap_or_default();
        if found.event_type == "$streamDeleted" {
            let reason = "it was deleted for good (a tombstone)".to_owned();
            self.broken = Some(Break::Hole { stream: name.to_owned(), reason });
            return None;
        }
        let stream = match self.streams.get_key_value(name) {
            Some((known, _)) => known.clone(),
            None => match StreamName::parse(name) {
                Ok(new) => new,
                Err(error) => {
                    let reason = error.to_string();
                    self.broken = Some(Break::Foreign { stream: name.to_owned(), reason });
                    return None;
                }
            },
        };
        let next = self.streams.get(name).map_or(0, |sequences| sequences.len() as u64);
        if found.revision != next {
            let reason = format!(
                "revision {next} is missing, the next that stands there is {}; it was scavenged or truncated: restore the database from a backup",
                found.revision
            );
            self.broken = Some(Break::Hole { stream: stream.to_string(), reason });
            return None;
        }
        let (event_id, revision) = (found.id, found.revision);
        let Some(recorded) = to_recorded(found, stream.clone(), self.next) else {
            let reason = format!(
                "the metadata of revision {revision} does not say when it was recorded; use another prefix (store.kurrentdb.prefix)"
            );
            self.broken = Some(Break::Foreign { stream: stream.to_string(), reason });
            return None;
        };
        self.mark(at);
        self.streams.entry(stream.clone()).or_default().push(self.next);
        let counted =
            Counted { sequence: self.next, stream, position: (at.commit, at.prepare), event_id };
        self.next += 1;
        self.answer(&recorded);
        self.keep(recorded);
        Some(counted)
    }

    /// Metadata of a stream of ours may hide its events from readers.
    fn look_at_metadata(&mut self, found: &Found) {
        #[derive(Deserialize)]
        struct Hides {
            #[serde(rename = "$maxAge")]
            max_age: Option<serde_json::Value>,
            #[serde(rename = "$maxCount")]
            max_count: Option<serde_json::Value>,
            #[serde(rename = "$tb")]
            truncate_before: Option<serde_json::Value>,
        }
        let of = found.stream_id().strip_prefix("$$").and_then(|of| of.strip_prefix(&*self.prefix));
        let Some(stream) = of.filter(|_| found.event_type == "$metadata") else { return };
        let said = serde_json::from_slice::<Hides>(&found.data).ok().and_then(|hides| {
            let said = [
                ("$maxAge", hides.max_age),
                ("$maxCount", hides.max_count),
                ("$tb", hides.truncate_before),
            ];
            said.into_iter().find_map(|(name, value)| Some(format!("{name}={}", value?)))
        });
        match said {
            Some(said) => drop(self.hidden.insert(stream.to_owned(), said)),
            None => drop(self.hidden.remove(stream)),
        }
    }

    fn keep(&mut self, recorded: RecordedEvent) {
        self.recent_bytes += bytes_of(&recorded);
        self.recent.push_back(recorded);
        while self.recent_bytes > RECENT_BYTES || self.recent.len() > RECENT_EVENTS {
            let Some(oldest) = self.recent.pop_front() else { return };
            self.recent_bytes -= bytes_of(&oldest);
        }
    }

    /// The events after `after`, if all of them are at hand.
    pub fn recent_after(&self, after: Option<u64>) -> Option<impl Iterator<Item = &RecordedEvent>> {
        let first = after.map_or(0, |after| after + 1);
        let oldest = self.recent.front()?.sequence;
        let skip = first.checked_sub(oldest)?;
        Some(self.recent.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)))
    }

    pub fn head(&self) -> Option<u64> {
        self.next.checked_sub(1)
    }

    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Whether the log is being moved.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// That a pause was said too long ago to hold.
    pub fn lapse(&mut self, revision: u64) {
        self.traffic.lapse(revision);
    }

    /// What was said of a move before the place where counting began.
    pub fn hear_before(&mut self, found: &Found) {
        if self.traffic.is_silent() {
            self.traffic.hear(found, self.next);
        }
    }

    pub fn hidden(&self) -> &BTreeMap<String, String> {
        &self.hidden
    }

    /// Why the log can't be read on, or can't be trusted to stay whole. Metadata that is mended is
    /// forgiven.
    pub fn trouble(&self) -> Option<Break> {
        if self.broken.is_some() {
            return self.broken.clone();
        }
        let (stream, said) = self.hidden.iter().next()?;
        let reason = format!(
            "its metadata hides events from readers ({said}), or it was deleted, and a scavenge removes them; take that out of the metadata of {}{stream}",
            self.prefix
        );
        Some(Break::Hole { stream: stream.clone(), reason })
    }

    /// What a reader who has come to the trouble is told.
    pub fn corrupt(&self) -> Option<LogError> {
        let reason = self.trouble()?.to_string();
        Some(LogError::Corrupt { sequence: self.next, reason })
    }

    /// Where to begin reading to find an event: the sequence of the first event there, and the
    /// position; nothing where the log is read from its beginning.
    pub fn mark_before(&self, sequence: u64) -> Option<(u64, Position)> {
        let index =
            usize::try_from(sequence / MARK_EVERY).ok()?.min(self.marks.len().checked_sub(1)?);
        Some((index as u64 * MARK_EVERY, self.marks[index]))
    }

    /// The sequences of a stream from a revision on.
    pub fn sequences(&self, stream: &StreamName, from: u64) -> &[u64] {
        let all = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        usize::try_from(from).ok().and_then(|from| all.get(from..)).unwrap_or_default()
    }

    pub fn stream(&self, name: &str) -> Option<StreamName> {
        Some(self.streams.get_key_value(name)?.0.clone())
    }

    pub fn names(&self) -> impl Iterator<Item = &StreamName> {
        self.streams.keys()
    }

    /// Asks for the events of a stream from `first` to `last`, once they are counted. They must not
    /// have been counted before.
    pub fn wait_for(
        &mut self,
        stream: &StreamName,
        first: u64,
        last: u64,
    ) -> oneshot::Receiver<Vec<RecordedEvent>> {
        let (tell, told) = oneshot::channel();
        self.waiters.entry(stream.clone()).or_default().push((first, last, tell, Vec::new()));
        told
    }

    fn answer(&mut self, recorded: &RecordedEvent) {
        let Some(waiting) = self.waiters.get_mut(&recorded.stream) else { return };
        for (first, last, _, events) in waiting.iter_mut() {
            if (*first..=*last).contains(&recorded.revision) {
                events.push(recorded.clone());
            }
        }
        let is_done = |waiter: &mut Waiter| waiter.1 <= recorded.revision || waiter.2.is_closed();
        let done = waiting.extract_if(.., is_done).collect::<Vec<_>>();
        if waiting.is_empty() {
            self.waiters.remove(&recorded.stream);
        }
        self.answered.extend(done.into_iter().map(|(_, _, tell, events)| (tell, events)));
    }

    /// Whether somebody waits for an event that is not counted yet.
    pub fn is_waited_for(&mut self) -> bool {
        self.waiters.retain(|_, waiting| {
            waiting.retain(|waiter| !waiter.2.is_closed());
            !waiting.is_empty()
        });
        !self.waiters.is_empty()
    }

    /// Those who can be told now; to be told once the head is published.
    pub fn take_answered(
        &mut self,
    ) -> Vec<(oneshot::Sender<Vec<RecordedEvent>>, Vec<RecordedEvent>)> {
        std::mem::take(&mut self.answered)
    }
}

fn bytes_of(event: &RecordedEvent) -> usize {
    event.data.len() + event.metadata.len() + EVENT_OVERHEAD_BYTES
}

fn position((commit, prepare): (u64, u64)) -> Position {
    Position { commit, prepare }
}
