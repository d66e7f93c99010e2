//! This node's count of the log: which `sequence` each event has.
//!
//! Nobody assigns numbers in a KurrentDB, so `sequence` is how many of the log's events stand before
//! this one in `$all`, whose order is total. Every node counts for itself, from the first event or
//! from where its cache or another node's count ends; streams of others, and the server's own events,
//! are passed over. An event is found again by its position, which every read tells.
//!
//! What must hold: each event is counted once, in the order of `$all`; where events of a stream are
//! missing before they were counted, no number after them is handed out until somebody decides.

mod sure;
mod waiting;

use std::collections::HashMap;

use kurrentdb::{Position, RecordedEvent as Found};
use uuid::Uuid;
pub(super) use waiting::Look;
use waiting::Waiters;

use super::losses::{self, Losses};
use super::positions::{Place, Positions};
use super::stored::to_recorded;
use super::told::Told;
use super::traffic::{Traffic, stream_name};
use crate::log::page::PageBuilder;
use crate::log::recent::Recent;
use crate::log::{LogError, StreamName};

/// The stream in which a person's decisions about the log stand.
pub(super) const LOG_STREAM: &str = "log";

/// One counted event, as the cache keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    pub sequence: u64,
    pub position: u64,
    pub event_id: Uuid,
    /// The stream, if this is its first event.
    pub begins: Option<StreamName>,
}

/// That what stands in a stream of ours is none of Docket's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    stream: String,
    reason: String,
}

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stream {} is somebody else's: {}", self.stream, self.reason)
    }
}

/// What is known of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// The sequence of its first event, or of an event counted with it.
    pub began: u64,
    /// The revision and the sequence of its last event, if that was looked at.
    pub last: Option<(u64, u64)>,
}

/// The count.
pub(super) struct Count {
    prefix: String,
    positions: Positions,
    streams: HashMap<StreamName, Known>,
    /// The first and the last event counted.
    ends: Option<(Place, Place)>,
    /// The last event seen in `$all`, whoever's.
    position: Option<Position>,
    recent: Recent,
    losses: Losses,
    /// From this sequence on events were missing when they were to be counted.
    unsure_from: Option<u64>,
    broken: Option<Foreign>,
    /// The stream that says whether the log is being moved, and what it says.
    moving: String,
    traffic: Traffic,
    /// What nodes leave of their counts.
    told: Told,
    /// Those who wait for events of theirs to be counted.
    pub waiters: Waiters,
}

impl Count {
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            positions: Positions::default(),
            streams: HashMap::new(),
            ends: None,
            position: None,
            recent: Recent::default(),
            losses: Losses::default(),
            unsure_from: None,
            broken: None,
            moving: stream_name(prefix),
            traffic: Traffic::default(),
            told: Told::new(prefix),
            waiters: Waiters::default(),
        }
    }

    /// Takes over neighbours that were counted before, or elsewhere; `false` where that contradicts
    /// what was counted here.
    #[must_use]
    pub fn take_over(&mut self, from: u64, run: impl Iterator<Item = u64>) -> bool {
        for (sequence, position) in (from..).zip(run) {
            let next = self.positions.len();
            if sequence < next {
                if self.positions.get(sequence) != Some(position) {
                    return false;
                }
                continue;
            }
            if sequence > next {
                self.positions.skip(sequence - next);
            }
            if !self.positions.push(position) {
                return false;
            }
        }
        true
    }

    /// Takes over the streams that began by a sequence.
    pub fn take_over_streams(&mut self, began: u64, names: impl IntoIterator<Item = StreamName>) {
        for name in names {
            self.streams.entry(name).or_insert(Known { began, last: None });
        }
    }

    /// Goes on after this position, with what was the case by then.
    pub fn go_on_from(&mut self, ends: (Place, Place), at: Position, losses: Losses) {
        let first = self.ends.map_or(ends.0, |(first, _)| first);
        (self.ends, self.position) = (Some((first, ends.1)), Some(at));
        self.losses.take_over(losses);
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
                self.traffic.hear(&found, self.positions.len());
                None
            }
            None if self.told.is_said_in(found.stream_id()) => {
                self.told.hear(&found, &self.positions);
                None
            }
            None => {
                if found.stream_id().strip_prefix("$$").is_some_and(|of| self.told.is_said_in(of)) {
                    self.told.forget();
                }
                self.losses.look_at_metadata(&self.prefix, &found);
                None
            }
        };
        if self.broken.is_none() {
            self.position = Some(at);
        }
        counted
    }

    fn count(&mut self, found: Found) -> Option<Counted> {
        let (at, next) = (found.position, self.positions.len());
        let name = found.stream_id().get(self.prefix.len()..).unwrap_or_default();
        if found.event_type == "$streamDeleted" {
            self.tombstone(name);
            return None;
        }
        let known = self.streams.get_key_value(name).map(|(known, of)| (known.clone(), *of));
        let (stream, of) = match known {
            Some((stream, of)) => (stream, Some(of)),
            None => match StreamName::parse(name) {
                Ok(new) => (new, None),
                Err(error) => return self.is_foreign(name, error.to_string()),
            },
        };
        let (event_id, revision) = (found.id, found.revision);
        // Checked before it is numbered: what is missing before it may move it.
        let wanted = of.map_or(Some(0), |of| of.last.map(|(last, _)| last + 1));
        let missing = revision.checked_sub(wanted.unwrap_or(revision));
        let Some(missing) = missing.filter(|_| at.commit == at.prepare) else {
            let reason = format!("revision {revision} stands where it can't at {at:?}");
            return self.is_foreign(stream.as_str(), reason);
        };
        let Some(mut recorded) = to_recorded(found, stream.clone(), next + missing) else {
            let reason = format!(
                "the metadata of revision {revision} does not say when it was recorded; use another prefix (store.kurrentdb.prefix)"
            );
            return self.is_foreign(stream.as_str(), reason);
        };
        if missing > 0 {
            self.miss(&stream, revision, missing, of);
        }
        if !self.positions.push(at.commit) {
            return self
                .is_foreign(stream.as_str(), format!("{at:?} does not come after the last"));
        }
        let sequence = self.positions.len() - 1;
        recorded.sequence = sequence;
        let began = of.map_or(sequence, |of| of.began);
        self.streams.insert(stream.clone(), Known { began, last: Some((revision, sequence)) });
        let place = (event_id, at.commit);
        self.ends = Some((self.ends.map_or(place, |(first, _)| first), place));
        if stream.as_str() == LOG_STREAM {
            self.losses.accept(losses::accepted_in(&recorded.event_type, &recorded.data));
        }
        // What comes after the log has moved is no event of it: nobody is told that it was recorded.
        match self.traffic.moved() {
            None => self.waiters.hear(&recorded),
            Some(_) => self.waiters.send_away(&recorded.stream),
        }
        self.recent.push(recorded);
        let begins = of.is_none().then_some(stream);
        Some(Counted { sequence, position: at.commit, event_id, begins })
    }

    fn is_foreign(&mut self, stream: &str, reason: String) -> Option<Counted> {
        self.broken = Some(Foreign { stream: stream.to_owned(), reason });
        None
    }

    /// Fills a page with what comes next in it, if that is at hand.
    ///
    /// # Errors
    /// Those of the page.
    pub fn fill_recent(&self, page: &mut PageBuilder) -> Result<bool, LogError> {
        self.recent.fill(page, self.sure())
    }

    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The first and the last event counted.
    pub fn ends(&self) -> Option<(Place, Place)> {
        self.ends
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
            self.traffic.hear(found, self.positions.len());
        }
    }

    pub fn told(&self) -> &Told {
        &self.told
    }

    pub fn told_mut(&mut self) -> &mut Told {
        &mut self.told
    }

    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    pub fn losses_mut(&mut self) -> &mut Losses {
        &mut self.losses
    }

    pub fn positions(&self) -> &Positions {
        &self.positions
    }

    /// The sequence of the event at a position.
    pub fn sequence_at(&self, position: u64) -> Option<u64> {
        self.positions.sequence_at(position)
    }

    /// The last revision of a stream: none known of one that was counted elsewhere; no stream at all.
    pub fn last_revision(&self, stream: &StreamName) -> Option<Option<u64>> {
        Some(self.streams.get(stream)?.last.map(|(revision, _)| revision))
    }

    /// Notes the last event of a stream, once it is counted.
    pub fn note_last(&mut self, stream: &StreamName, revision: u64, position: u64) {
        let Some(sequence) = self.positions.sequence_at(position) else { return };
        if let Some(known) = self.streams.get_mut(stream)
            && known.last.is_none()
        {
            known.last = Some((revision, sequence));
        }
    }

    pub fn stream(&self, name: &str) -> Option<StreamName> {
        Some(self.streams.get_key_value(name)?.0.clone())
    }

    pub fn streams(&self) -> impl Iterator<Item = (&StreamName, &Known)> {
        self.streams.iter()
    }
}
