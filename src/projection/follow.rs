//! One batch after another: events to rows, in a transaction each. A step that a test can drive;
//! the thread that repeats it is in `runner`.

use super::change::Changes;
use super::counted::not_counted;
use super::fold::Folder;
use super::models::Models;
use super::page::{Decoded, decode_page};
use super::step::{Input, Projection, Told};
use super::store::{CopyWriter, Moved};
use super::{Failure, ProjectionError};
use crate::codec::Stored;
use crate::domain::indicator::IndicatorEvent;
use crate::domain::subject::SubjectEvent;
use crate::log::LogError;
use crate::trace;

/// Read models that follow a log.
pub struct Follower {
    copy: Box<dyn CopyWriter>,
    following: Following,
}

/// What they need besides the copy that they write.
pub(super) struct Following {
    folder: Folder,
    make: fn() -> Vec<Box<dyn Projection>>,
    models: Models,
    changes: Changes,
    /// What was held in mind is gone with a rollback.
    forgotten: bool,
}

/// An event at which it stopped, and why.
pub(super) type Failed = (u64, ProjectionError);

/// What came of a step.
#[derive(Debug)]
pub enum Progress {
    /// Rows were committed up to the position; `end` when nothing more stood in the log.
    Moved {
        /// Whether the log ended there.
        end: bool,
    },
    /// It stopped at an event. What came before it is committed.
    Stopped {
        /// At which event, and why.
        failure: Failure,
        /// Whether another process took over the writing.
        fenced: bool,
        /// Whether the copy is damaged, or gone.
        damaged: bool,
    },
}

impl Follower {
    /// Follows the folder's log from the copy's checkpoint. `make` gives empty read models; it is
    /// asked again after a rollback, since what they held in memory is gone with it.
    pub fn new(
        copy: Box<dyn CopyWriter>,
        folder: Folder,
        make: fn() -> Vec<Box<dyn Projection>>,
    ) -> Self {
        Self { copy, following: Following::new(folder, make) }
    }

    /// The copy that is written.
    pub fn copy(&mut self) -> &mut dyn CopyWriter {
        &mut *self.copy
    }

    /// Takes in at most `limit` events after the checkpoint.
    pub fn step(&mut self, limit: usize) -> Progress {
        match self.following.step(&mut *self.copy, limit) {
            Ok(end) => Progress::Moved { end },
            Err((sequence, error)) => stopped(sequence, &error),
        }
    }
}

impl Following {
    pub fn new(folder: Folder, make: fn() -> Vec<Box<dyn Projection>>) -> Self {
        let models = Models::new(make());
        let changes = models.changes();
        Self { folder, make, models, changes, forgotten: true }
    }

    /// Takes in at most `limit` events after the checkpoint of a copy; whether nothing more stood in the
    /// log then.
    ///
    /// # Errors
    /// The event at which it stopped. What came before it is committed.
    pub fn step(&mut self, copy: &mut dyn CopyWriter, limit: usize) -> Result<bool, Failed> {
        let after = copy.checkpoint().position;
        let first = after.map_or(0, |after| after + 1);
        let read = self.folder.runtime().block_on(self.folder.log().read_all(after, limit));
        let page = match read {
            Ok(page) => page,
            // Another process counted further and left the rows to this one.
            Err(LogError::BeyondEnd { head, .. }) if self.folder.log().is_shared() => {
                return Err((first, ProjectionError::Log(not_counted(after, head))));
            }
            Err(error) => return Err((first, ProjectionError::Log(error))),
        };
        let (decoded, unknown) = decode_page(page.events, copy.checkpoint().known_at_us);
        self.take_in(copy, &decoded)?;
        match unknown {
            Some((sequence, error)) => Err((sequence, ProjectionError::Codec(error))),
            None => Ok(page.end),
        }
    }

    /// Commits decoded events. If the batch fails its events are taken in one by one, so that the
    /// failing one is known and what comes before it is kept.
    fn take_in(&mut self, copy: &mut dyn CopyWriter, batch: &[Decoded]) -> Result<(), Failed> {
        let Some(first) = batch.first().map(Decoded::sequence) else { return Ok(()) };
        match self.commit(copy, batch) {
            Ok(()) => return Ok(()),
            Err(error) if batch.len() == 1 || !is_of_an_event(&error) => {
                return Err((first, error));
            }
            Err(_) => {}
        }
        for event in batch {
            let committed = self.commit(copy, std::slice::from_ref(event));
            committed.map_err(|error| (event.sequence(), error))?;
        }
        Ok(())
    }

    fn commit(
        &mut self,
        copy: &mut dyn CopyWriter,
        batch: &[Decoded],
    ) -> Result<(), ProjectionError> {
        if self.forgotten {
            self.models = Models::new((self.make)());
            self.forgotten = false;
        }
        self.changes.clear();
        let traced = batch.iter().filter_map(|event| {
            let trace = event.stored.meta().trace.as_deref()?;
            Some((trace, event.envelope.recorded_at_us, event.sequence()))
        });
        let _spans = trace::project(traced);
        let written = self.write(batch).and_then(|moved| copy.commit(&self.changes, moved));
        self.forgotten = written.is_err();
        self.folder.end(written.is_ok());
        written
    }

    /// Makes the rows of a batch.
    fn write(&mut self, batch: &[Decoded]) -> Result<Moved, ProjectionError> {
        let Self { folder, models, changes, .. } = self;
        for event in batch {
            let Stored::Enrollment(recorded) = &event.stored else {
                tell(models, event, None, changes)?;
                take_in(folder, models, event, changes)?;
                continue;
            };
            let number = folder.number(&event.envelope, recorded, models, changes)?;
            tell(models, event, Some(number), changes)?;
            folder.take_in(&event.envelope, recorded, models, changes)?;
        }
        folder.open().for_each(|newest| models.newest(newest, changes));
        Moved::over(batch)
    }
}

/// Hands over what an event says by itself.
pub(super) fn tell(
    models: &mut Models,
    event: &Decoded,
    enrollment: Option<u64>,
    changes: &mut Changes,
) -> Result<(), ProjectionError> {
    let fact = match &event.stored {
        Stored::Enrollment(recorded) => recorded.event.fact(),
        _ => None,
    };
    let (envelope, meta) = (&event.envelope, event.stored.meta());
    models.tell(&Told { envelope, meta, fact, enrollment }, changes)
}

/// Hands over an event of a stream that no enrollment has; nothing else.
pub(super) fn take_in(
    folder: &Folder,
    models: &mut Models,
    event: &Decoded,
    changes: &mut Changes,
) -> Result<(), ProjectionError> {
    let (envelope, meta) = (&event.envelope, event.stored.meta());
    match &event.stored {
        Stored::Enrollment(_) => {}
        Stored::Subject(subject, _) => {
            let history = match subject {
                SubjectEvent::Corrected(_) => Some(folder.subject(envelope)?),
                SubjectEvent::Registered(_) | SubjectEvent::Renamed(_) => None,
            };
            models.take_in(envelope, meta, &Input::Subject(subject, history.as_ref()), changes);
        }
        Stored::Quota(quota, _) => models.take_in(envelope, meta, &Input::Quota(quota), changes),
        Stored::Indicator(indicator, _) => {
            let history = match indicator {
                IndicatorEvent::Corrected(_) => Some(folder.indicators(envelope)?),
                IndicatorEvent::Recorded(_) => None,
            };
            let input = Input::Indicator(indicator, history.as_ref());
            models.take_in(envelope, meta, &input, changes);
        }
        Stored::LogCreated(..)
        | Stored::LossAccepted(..)
        | Stored::KeyRotated(..)
        | Stored::ClockConfirmed(..)
        | Stored::MeasureAdopted(..)
        | Stored::CalendarAdopted(..)
        | Stored::Person(..)
        | Stored::PersonOpened(..) => models.take_in(envelope, meta, &Input::Own, changes),
    }
    Ok(())
}

/// Whether one of the events may be what stands in the way.
fn is_of_an_event(error: &ProjectionError) -> bool {
    !(error.is_passing() || error.is_damage() || is_fence(error))
}

fn is_fence(error: &ProjectionError) -> bool {
    matches!(error, ProjectionError::Fenced { .. })
}

fn stopped(sequence: u64, error: &ProjectionError) -> Progress {
    let failure = Failure { sequence, reason: error.to_string(), retrying: error.is_passing() };
    Progress::Stopped { failure, fenced: is_fence(error), damaged: error.is_damage() }
}
