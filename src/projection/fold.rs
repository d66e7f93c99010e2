//! The one fold: events in sequence order into steps.
//!
//! An event that goes in at the end of its enrollment's effective history is evolved on the state
//! that is kept; a correction or a late entry refolds the stream, read from the log up to that
//! event. What is no longer in the cache is read from the log likewise.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::ProjectionError;
use super::cache::{Cache, Folded};
use super::memory::Memory;
use super::step::{Envelope, Path, Step};
use super::track::state_on;
use crate::codec::{StreamKind, decode_enrollment, kind_of_stream, subject_history};
use crate::domain::date::Day;
use crate::domain::enrollment::Enrollment;
use crate::domain::event::Recorded;
use crate::domain::history::History;
use crate::domain::state::State;
use crate::domain::subject::SubjectHistory;
use crate::log::{EventLog, MAX_PAGE_EVENTS, RecordedEvent, StreamName};

/// How much memory folded enrollments may take while the log is followed, in bytes.
pub const DEFAULT_CACHE_BYTES: usize = 96 * 1024 * 1024;

/// What is done with each step, given what the read models keep in mind of the enrollment.
pub(super) type Each<'a> = dyn FnMut(&Step<'_>, &mut Memory) -> Result<(), ProjectionError> + 'a;

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

    /// Forgets what was folded, after a rollback: it may be further than the rows are.
    pub fn forget(&mut self) {
        self.cache.clear();
    }

    /// Folds the next event of an enrollment and hands the step to `then`, with what the read models
    /// keep in mind of the enrollment. Where that has to be made again, `remember` is given every
    /// earlier step.
    ///
    /// # Errors
    /// [`ProjectionError::OutOfOrder`] when a revision was left out, those of the log when the
    /// stream has to be read, and those of `then`.
    pub fn fold(
        &mut self,
        envelope: &Envelope,
        recorded: &Recorded,
        remember: &mut Each<'_>,
        then: &mut Each<'_>,
    ) -> Result<(), ProjectionError> {
        let mut folded = match self.cache.take(&envelope.stream) {
            Some(folded) => folded,
            None => Box::new(self.whole(&envelope.stream, envelope.revision, remember)?),
        };
        let expected = folded.enrollment.revision.map_or(0, |revision| revision + 1);
        if expected != recorded.revision {
            return Err(ProjectionError::OutOfOrder {
                stream: envelope.stream.to_string(),
                revision: recorded.revision,
                stands: folded.enrollment.revision,
            });
        }
        let sequence = envelope.sequence;
        let read = || self.read(&envelope.stream, recorded.revision);
        advance(&mut folded, &envelope.stream, sequence, recorded, &read, then)?;
        self.cache.put(&envelope.stream, folded);
        Ok(())
    }

    /// Folds the first `events` events of an enrollment, read in one go, and hands each step to `each`.
    ///
    /// # Errors
    /// As [`Folder::fold`].
    pub(super) fn whole(
        &self,
        stream: &StreamName,
        events: u64,
        each: &mut Each<'_>,
    ) -> Result<Folded, ProjectionError> {
        let (program, subject) = match kind_of_stream(stream.as_str()) {
            StreamKind::Enrollment { program, subject } => (program, Some(subject)),
            StreamKind::Program(program) => (program, None),
            _ => {
                return Err(ProjectionError::Inconsistent(format!("{stream} is no enrollment")));
            }
        };
        let mut folded = Folded {
            program,
            subject,
            enrollment: Enrollment::default(),
            prior: State::default(),
            number: None,
            memory: Memory::default(),
        };
        let history = self.read(stream, events)?;
        for (events, recorded) in history.events().iter().enumerate() {
            let sequence = recorded.sequence.ok_or_else(|| {
                ProjectionError::Inconsistent(format!("{stream}@{events} has no sequence"))
            })?;
            let read = || Ok(history.known_to(events));
            advance(&mut folded, stream, sequence, recorded, &read, each)?;
        }
        Ok(folded)
    }

    /// The first `events` events of a stream.
    pub(super) fn read(
        &self,
        stream: &StreamName,
        events: u64,
    ) -> Result<History, ProjectionError> {
        let mut history = History::new(stream.as_str());
        for event in self.stored(stream, events)? {
            history.push(decode_enrollment(&event)?);
        }
        Ok(history)
    }

    /// The history of a subject up to and with an event.
    pub(super) fn subject(&self, envelope: &Envelope) -> Result<SubjectHistory, ProjectionError> {
        Ok(subject_history(&self.stored(&envelope.stream, envelope.revision + 1)?)?)
    }

    fn stored(
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

/// Takes an event into an enrollment; `read` gives the history before it.
fn advance(
    folded: &mut Folded,
    stream: &StreamName,
    sequence: u64,
    recorded: &Recorded,
    read: &dyn Fn() -> Result<History, ProjectionError>,
    then: &mut Each<'_>,
) -> Result<(), ProjectionError> {
    let number = *folded.number.get_or_insert(sequence);
    let before = folded.enrollment.state.clone();
    let last_fold_day = folded.enrollment.last_fold_day;
    let fold_day = recorded.meta.effective_on.latest();
    // What was received in time, or ended a duty before it fell due, takes the ground from a lapse on
    // record: its row has to be told.
    let restates = before.lapses.as_ref().is_some_and(|lapses| {
        recorded.states_receipt() || lapses.iter().any(|lapse| lapse.due.latest() > fold_day)
    });
    let aside = recorded.event.is_aside();
    let refolded;
    let path = if (aside || !restates) && folded.enrollment.push(recorded) {
        if folded.enrollment.last_fold_day != last_fold_day {
            folded.prior = before.clone();
        }
        if aside { Path::Unmoved } else { Path::Appended { fold_day } }
    } else {
        let mut history = read()?;
        let segments = history.effective().segments();
        history.push(recorded.clone());
        let effective = history.effective();
        folded.enrollment = Enrollment::of_effective(&effective);
        let after = effective.segments();
        let day_before = folded.enrollment.last_fold_day.map(Day::prev);
        let prior = day_before.and_then(|day| state_on(&after, day));
        folded.prior = prior.cloned().unwrap_or_default();
        drop(effective);
        refolded = Refolded { before: segments, after, history };
        let Refolded { before, after, history } = &refolded;
        Path::Refolded { before, after, history }
    };
    let step = Step {
        stream,
        program: &folded.program,
        subject: folded.subject.as_ref(),
        enrollment: number,
        event: recorded,
        sequence,
        before: &before,
        after: &folded.enrollment.state,
        prior: &folded.prior,
        path,
    };
    then(&step, &mut folded.memory)
}

struct Refolded {
    before: Vec<(Day, State)>,
    after: Vec<(Day, State)>,
    history: History,
}
