//! Enrollments as the log has them, folded with their rows and kept in memory.
//!
//! What is no longer kept is folded again from its stream; so is one whose event goes in before others.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::unsync::Cache;
use tokio::runtime::Handle;

use super::ProjectionError;
use super::change::Changes;
use super::life::{Life, rows_of};
use super::models::Models;
use super::step::Envelope;
use super::turn::Head;
use crate::codec::{decode_enrollment, indicator_history, subject_history};
use crate::domain::event::Recorded;
use crate::domain::history::History;
use crate::domain::indicator::IndicatorHistory;
use crate::domain::subject::SubjectHistory;
use crate::log::{EventLog, MAX_PAGE_EVENTS, RecordedEvent, StreamName};

/// How much memory folded enrollments may take while the log is followed, in bytes.
pub const DEFAULT_CACHE_BYTES: usize = 96 * 1024 * 1024;
/// Enrollments that room is made for at first.
const ENROLLMENTS: usize = 1024;

/// Folds enrollments. Used on a thread of its own: it waits for the log.
pub struct Folder {
    log: Arc<dyn EventLog>,
    runtime: Handle,
    /// As far as their rows are written; those that are open are taken out of their places.
    kept: Cache<StreamName, Option<Box<Life>>, Bytes>,
    /// Those of the batch.
    open: HashMap<StreamName, Box<Life>>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<StreamName, Option<Box<Life>>> for Bytes {
    fn weight(&self, _: &StreamName, life: &Option<Box<Life>>) -> u64 {
        life.as_ref().map_or(1, |life| life.bytes() as u64)
    }
}

impl Folder {
    /// A folder that keeps at most `cache_bytes` of folded enrollments.
    pub fn new(log: Arc<dyn EventLog>, runtime: Handle, cache_bytes: usize) -> Self {
        let kept = Cache::with_weighter(ENROLLMENTS, cache_bytes as u64, Bytes);
        Self { log, runtime, kept, open: HashMap::new() }
    }

    /// The log that it reads.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// The runtime that reads it.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// The number of the enrollment of an event in the tables: the sequence of its first event.
    ///
    /// # Errors
    /// Those of the log when the stream has to be read, and those of the read models.
    pub fn number(
        &mut self,
        envelope: &Envelope,
        recorded: &Recorded,
        models: &mut Models,
        changes: &mut Changes,
    ) -> Result<u64, ProjectionError> {
        let stream = &envelope.stream;
        if let Some(life) = self.open.get(stream) {
            return Ok(life.head.number);
        }
        let life = match self.kept.get_mut(stream).and_then(|mut kept| kept.take()) {
            Some(life) => life,
            None => {
                // Their rows are written already.
                let mark = changes.mark();
                let events = self.events(stream, recorded.revision)?;
                let folded = rows_of(stream, events, models, changes);
                changes.rewind(&mark);
                match folded.map_err(|(_, error)| error)? {
                    Some(life) => Box::new(life),
                    None => Box::new(Life::new(stream, recorded, envelope.sequence)?),
                }
            }
        };
        let number = life.head.number;
        self.open.insert(stream.clone(), life);
        Ok(number)
    }

    /// Takes in the next event of an enrollment, and writes what it does to the rows.
    ///
    /// # Errors
    /// As [`Life::take_in`] and [`Folder::number`].
    pub fn take_in(
        &mut self,
        envelope: &Envelope,
        recorded: &Recorded,
        models: &mut Models,
        changes: &mut Changes,
    ) -> Result<(), ProjectionError> {
        self.number(envelope, recorded, models, changes)?;
        let stream = &envelope.stream;
        let Some(mut life) = self.open.remove(stream) else { return Ok(()) };
        let history = || {
            let mut history = History::new(stream.as_str());
            self.events(stream, recorded.revision + 1)?.into_iter().for_each(|e| history.push(e));
            Ok(Cow::Owned(history))
        };
        life.take_in((recorded, envelope.sequence), &history, models, changes)?;
        self.open.insert(stream.clone(), life);
        Ok(())
    }

    /// The enrollments of the batch.
    pub fn open(&self) -> impl Iterator<Item = &Head> {
        self.open.values().map(|life| &life.head)
    }

    /// Ends a batch: what was folded is kept if its rows were written.
    pub fn end(&mut self, written: bool) {
        for (stream, life) in self.open.drain().filter(|_| written) {
            self.kept.insert(stream, Some(life));
        }
    }

    /// The first `events` events of an enrollment.
    pub(super) fn events(
        &self,
        stream: &StreamName,
        events: u64,
    ) -> Result<Vec<Recorded>, ProjectionError> {
        let stored = self.stored(stream, events)?;
        Ok(stored.iter().map(decode_enrollment).collect::<Result<_, _>>()?)
    }

    /// The history of a subject up to and with an event.
    pub(super) fn subject(&self, envelope: &Envelope) -> Result<SubjectHistory, ProjectionError> {
        Ok(subject_history(&self.stored(&envelope.stream, envelope.revision + 1)?)?)
    }

    /// The history of a division's indicators up to and with an event.
    pub(super) fn indicators(
        &self,
        envelope: &Envelope,
    ) -> Result<IndicatorHistory, ProjectionError> {
        Ok(indicator_history(&self.stored(&envelope.stream, envelope.revision + 1)?)?)
    }

    /// The same as they are stored, of any stream.
    pub(super) fn stored(
        &self,
        stream: &StreamName,
        events: u64,
    ) -> Result<Vec<RecordedEvent>, ProjectionError> {
        let mut stored = Vec::new();
        let mut next = 0;
        while next < events {
            let limit = usize::try_from(events - next).unwrap_or(usize::MAX).min(MAX_PAGE_EVENTS);
            let page = self.runtime.block_on(self.log.read_stream(stream, next, limit))?;
            if page.events.is_empty() {
                return Err(ProjectionError::OutOfOrder {
                    stream: stream.to_string(),
                    revision: events,
                    stands: next.checked_sub(1),
                });
            }
            stored.extend(page.events);
            next = page.next;
        }
        Ok(stored)
    }
}
