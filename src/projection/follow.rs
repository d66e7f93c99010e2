//! One batch after another: events to rows, in a transaction each. A step that a test can drive;
//! the thread that repeats it is in `runner`.

use super::fold::Folder;
use super::page::{Decoded, decode_page};
use super::step::{Input, Projection};
use super::store::{Moved, Store};
use super::{Failure, ProjectionError};
use crate::codec::Stored;

/// Read models that follow a log.
pub struct Follower {
    store: Store,
    folder: Folder,
    make: fn() -> Vec<Box<dyn Projection>>,
    projections: Vec<Box<dyn Projection>>,
}

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
    },
}

impl Follower {
    /// Follows the folder's log from the store's checkpoint. `make` gives empty read models; it is
    /// asked again after a rollback, since what they held in memory is gone with it.
    pub fn new(store: Store, folder: Folder, make: fn() -> Vec<Box<dyn Projection>>) -> Self {
        Self { store, folder, make, projections: make() }
    }

    /// The copy that is written.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Takes in at most `limit` events after the checkpoint.
    pub fn step(&mut self, limit: usize) -> Progress {
        let after = self.store.position();
        let first = after.map_or(0, |after| after + 1);
        let read = self.folder.runtime().block_on(self.folder.log().read_all(after, limit));
        let page = match read {
            Ok(page) => page,
            Err(error) => return stopped(first, &ProjectionError::Log(error)),
        };
        let end = page.end;
        let (decoded, unknown) = decode_page(page.events);
        if let Err((sequence, error)) = self.take_in(&decoded) {
            return stopped(sequence, &error);
        }
        match unknown {
            Some((sequence, error)) => stopped(sequence, &ProjectionError::Codec(error)),
            None => Progress::Moved { end },
        }
    }

    /// Commits decoded events. If the batch fails its events are taken in one by one, so that the
    /// failing one is known and what comes before it is kept.
    fn take_in(&mut self, batch: &[Decoded]) -> Result<(), (u64, ProjectionError)> {
        let Some(first) = batch.first().map(Decoded::sequence) else { return Ok(()) };
        match self.commit(batch) {
            Ok(()) => return Ok(()),
            Err(error) if batch.len() == 1 || error.is_passing() || is_fence(&error) => {
                return Err((first, error));
            }
            Err(_) => {}
        }
        for event in batch {
            self.commit(std::slice::from_ref(event)).map_err(|error| (event.sequence(), error))?;
        }
        Ok(())
    }

    fn commit(&mut self, batch: &[Decoded]) -> Result<(), ProjectionError> {
        let (folder, projections) = (&mut self.folder, &mut self.projections);
        let result = self.store.commit(|tx| {
            for event in batch {
                project(folder, projections, event, tx)?;
            }
            projections.iter_mut().try_for_each(|projection| projection.flush(tx))?;
            Ok(((), Moved::over(batch)?))
        });
        if result.is_err() {
            self.folder.forget();
            self.projections = (self.make)();
        }
        result
    }
}

/// Hands one event to every read model.
pub(super) fn project(
    folder: &mut Folder,
    projections: &mut [Box<dyn Projection>],
    event: &Decoded,
    tx: &rusqlite::Connection,
) -> Result<(), ProjectionError> {
    let envelope = &event.envelope;
    let meta = event.stored.meta();
    let mut all = |input: Input<'_>| {
        projections.iter_mut().try_for_each(|p| p.project(envelope, meta, &input, tx))
    };
    match &event.stored {
        Stored::Enrollment(recorded) => {
            folder.fold(envelope, recorded, |step| all(Input::Step(step)))
        }
        Stored::Subject(subject, _) => all(Input::Subject(subject)),
        Stored::Quota(quota, _) => all(Input::Quota(quota)),
        Stored::LogCreated(..) | Stored::MeasureAdopted(..) | Stored::CalendarAdopted(..) => {
            all(Input::Own)
        }
    }
}

fn is_fence(error: &ProjectionError) -> bool {
    matches!(error, ProjectionError::Fenced { .. })
}

fn stopped(sequence: u64, error: &ProjectionError) -> Progress {
    let failure = Failure { sequence, reason: error.to_string(), retrying: error.is_passing() };
    Progress::Stopped { failure, fenced: is_fence(error) }
}
