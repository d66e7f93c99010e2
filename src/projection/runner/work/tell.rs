//! What is said of the work: in the status that others in this process see, and in the log.

use std::any::Any;

use tracing::{error, warn};

use super::{ANEW_EVERY, Next, Work};
use crate::projection::status::Status;
use crate::projection::store::{Checkpoint, CopyId, CopyWriter};
use crate::projection::{Failure, ProjectionError, StoreError};

impl Work {
    pub(super) fn publish_own(&self, copy: &mut dyn CopyWriter, failed: Option<Failure>) {
        self.publish(&copy.id().clone(), copy.checkpoint(), failed);
    }

    pub(super) fn publish(&self, copy: &CopyId, checkpoint: &Checkpoint, failed: Option<Failure>) {
        self.publish_status(Status {
            copy: Some(copy.clone()),
            position: checkpoint.position,
            known_at_us: checkpoint.position.map(|_| checkpoint.known_at_us),
            failed,
            ..Status::default()
        });
    }

    /// How far another process is.
    pub(super) fn publish_others(&self, copy: CopyId, checkpoint: &Checkpoint) {
        self.publish_status(Status {
            copy: Some(copy),
            position: checkpoint.position,
            known_at_us: checkpoint.position.map(|_| checkpoint.known_at_us),
            failed: checkpoint.failed.clone().map(|(sequence, reason)| Failure {
                sequence,
                reason,
                retrying: false,
            }),
            written_by: checkpoint.holder.clone(),
            ..Status::default()
        });
    }

    pub(super) fn publish_status(&self, mut next: Status) {
        self.published.send_if_modified(|status| {
            let fails = next.failed.is_some() && next.failed != status.failed;
            next.failures = status.failures + u64::from(fails);
            next.stands_still = status.stands_still
                && (&next.copy, next.position) == (&status.copy, status.position);
            let changed = *status != next;
            *status = next;
            changed
        });
    }

    pub(super) fn fail_to_open(&mut self, error: &StoreError) -> Next {
        if matches!(error, StoreError::Interrupted) {
            return Next::End;
        }
        let retrying = error.is_outage() || error.is_damage();
        self.tell(error, retrying);
        if error.is_passing() { Next::Again(self.options.retry_after) } else { Next::Repair }
    }

    /// Says that a panic ended the work, which begins anew.
    pub(super) fn fail_by_panic(&mut self, panic: &(dyn Any + Send)) -> Next {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        let source = ProjectionError::Inconsistent(format!("the work panicked: {said}"));
        let position = self.published.borrow().position;
        let sequence = position.map_or(0, |position| position + 1);
        self.tell(&StoreError::Stopped { sequence, source }, true);
        Next::Again(ANEW_EVERY)
    }

    /// Says why nothing goes on: once in the log, and in the status as long as it lasts.
    pub(super) fn tell(&mut self, error: &StoreError, retrying: bool) {
        let mut told = None;
        self.published.send_modify(|status| {
            let next = status.position.map_or(0, |position| position + 1);
            let sequence = match error {
                StoreError::Stopped { sequence, .. } => *sequence,
                _ => next,
            };
            let failure = Failure { sequence, reason: error.to_string(), retrying };
            status.rebuilding = None;
            status.failures += u64::from(status.failed.as_ref() != Some(&failure));
            status.failed = Some(failure.clone());
            told = Some(failure);
        });
        if self.seen.told == told {
            return;
        }
        if error.is_passing() {
            warn!(%error, "read models can't be opened yet");
        } else {
            error!(%error, "read models can't be opened");
        }
        self.seen.told = told;
    }

    /// The failure that was told, while nothing has moved past it.
    pub(super) fn still_failed(&self, checkpoint: &Checkpoint) -> Option<Failure> {
        let next = checkpoint.position.map_or(0, |position| position + 1);
        self.published.borrow().failed.clone().filter(|failed| failed.sequence == next)
    }
}
