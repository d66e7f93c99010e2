//! The one fold: events in sequence order into steps.
//!
//! An event that goes in at the end of its enrollment's effective history is evolved on the state
//! that is kept; a correction or a late entry refolds the stream, read from the log up to that
//! event. What is no longer in the cache is read from the log likewise.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::ProjectionError;
use super::cache::{Cache, Folded};
use super::page::Decoded;
use super::step::{Envelope, Path, Step};
use crate::codec::{StreamKind, decode_enrollment, kind_of_stream};
use crate::domain::event::Recorded;
use crate::domain::evolve::evolve;
use crate::domain::history::{History, corrected_revision};
use crate::log::{EventLog, MAX_PAGE_EVENTS, StreamName};

/// How much memory folded enrollments may take, in bytes.
pub const DEFAULT_CACHE_BYTES: usize = 96 * 1024 * 1024;

/// Folds enrollments. Used on a thread of its own: it waits for the log.
pub struct Folder {
    log: Arc<dyn EventLog>,
    runtime: Handle,
    cache: Cache,
}

impl Folder {
    /// A folder that keeps at most `cache_bytes` of folded enrollments.
    pub fn new(log: Arc<dyn EventLog>, runtime: Handle, cache_bytes: usize) -> Self {
        Self { log, runtime, cache: Cache::new(cache_bytes) }
    }

    /// The log that it reads.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// The runtime that reads it.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// What the enrollments that are kept take in memory, in bytes, as estimated.
    pub fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// Forgets what was folded, after a rollback: it may be further than the rows are.
    pub fn forget(&mut self) {
        self.cache.clear();
    }

    /// Folds the next event of an enrollment and hands the step to `then`.
    ///
    /// # Errors
    /// [`ProjectionError::OutOfOrder`] when a revision was left out, those of the log when the
    /// stream has to be read, and those of `then`.
    pub fn fold<T>(
        &mut self,
        envelope: &Envelope,
        recorded: &Recorded,
        then: impl FnOnce(&Step<'_>) -> Result<T, ProjectionError>,
    ) -> Result<T, ProjectionError> {
        let mut folded = match self.cache.take(&envelope.stream) {
            Some(folded) => folded,
            None => Box::new(self.load(&envelope.stream, envelope.revision)?),
        };
        let expected = folded.revision.map_or(0, |revision| revision + 1);
        if expected != recorded.revision {
            return Err(ProjectionError::OutOfOrder {
                stream: envelope.stream.to_string(),
                revision: recorded.revision,
                stands: folded.revision,
            });
        }
        let before = folded.state.clone();
        let refolded = self.advance(envelope, recorded, &mut folded)?;
        let path = match &refolded {
            Advanced::Appended(path) => *path,
            Advanced::Refolded(history, segments) => Path::Refolded { segments, history },
        };
        let step = Step {
            stream: &envelope.stream,
            program: &folded.program,
            subject: &folded.subject,
            event: recorded,
            sequence: envelope.sequence,
            before: &before,
            after: &folded.state,
            path,
        };
        let result = then(&step)?;
        drop(before);
        self.cache.put(envelope.stream.clone(), folded);
        Ok(result)
    }

    fn advance(
        &self,
        envelope: &Envelope,
        recorded: &Recorded,
        folded: &mut Folded,
    ) -> Result<Advanced, ProjectionError> {
        folded.revision = Some(recorded.revision);
        let place = recorded.meta.effective_on.latest();
        if recorded.event.is_own() {
            // The order in which Docket's own events are folded makes no difference.
            evolve(&mut folded.state, recorded, place);
            return Ok(Advanced::Appended(Path::Unmoved));
        }
        // Whatever it rests on stands at the last place or earlier, so its own place is its latest
        // day as soon as that is not before the last place.
        let last_place = folded.last_place;
        let at_end = last_place.is_none_or(|last| last <= place);
        // A stated receipt can take the ground from a lapse on record: its row has to be told.
        let restates = folded.state.lapses.is_some() && recorded.states_receipt();
        if at_end && corrected_revision(recorded).is_none() && !restates {
            evolve(&mut folded.state, recorded, place);
            folded.last_place = Some(place);
            return Ok(Advanced::Appended(Path::Appended { place, last_place }));
        }
        let mut history = self.read(&envelope.stream, recorded.revision)?;
        history.push(recorded.clone());
        let segments = history.segments();
        folded.state = segments.last().map(|(_, state)| state.clone()).unwrap_or_default();
        folded.last_place = history.last_place();
        Ok(Advanced::Refolded(history, segments))
    }

    /// The enrollment as it stood before `revision`.
    fn load(&self, stream: &StreamName, revision: u64) -> Result<Folded, ProjectionError> {
        let StreamKind::Enrollment { program, subject } = kind_of_stream(stream.as_str()) else {
            return Err(ProjectionError::Inconsistent(format!("{stream} is no enrollment")));
        };
        let history = self.read(stream, revision)?;
        Ok(Folded {
            program,
            subject,
            state: history.state(),
            last_place: history.last_place(),
            revision: history.revision(),
        })
    }

    /// The first `events` events of a stream.
    pub(super) fn read(
        &self,
        stream: &StreamName,
        events: u64,
    ) -> Result<History, ProjectionError> {
        let mut history = History::new(stream.as_str());
        let mut next = 0;
        while next < events {
            let limit = usize::try_from(events - next).unwrap_or(usize::MAX).min(MAX_PAGE_EVENTS);
            let page = self.runtime.block_on(self.log.read_stream(stream, next, limit))?;
            if page.events.is_empty() {
                return Err(ProjectionError::OutOfOrder {
                    stream: stream.to_string(),
                    revision: events,
                    stands: history.revision(),
                });
            }
            for event in &page.events {
                history.push(decode_enrollment(event)?);
            }
            next = page.next;
        }
        Ok(history)
    }
}

enum Advanced {
    Appended(Path<'static>),
    Refolded(History, Vec<(crate::domain::date::Day, crate::domain::state::State)>),
}

impl Decoded {
    /// The sequence.
    pub fn sequence(&self) -> u64 {
        self.envelope.sequence
    }
}
