//! Signs of life, also in the middle of a long batch; and how those of others are judged.
//!
//! What must hold: who lives is judged by how long nothing changed, by this process's own clock that
//! nobody can set, and by who holds the right to rebuild; never by a time that another wrote.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Work;
use crate::projection::rebuild::HELD;
use crate::projection::store::{Checkpoint, CopyId, TakesFrom};
use crate::projection::{ProjectionError, StoreError};

/// The longest time between two signs of life, whatever the lease.
const LONGEST: Duration = Duration::from_secs(1);

/// How often a process that writes gives a sign of life.
pub(super) fn every(lease: Duration) -> Duration {
    LONGEST.min(lease / 3)
}

/// A thread that ends when this is dropped, within a third of the lease.
pub(super) struct Beat {
    _stop: Sender<()>,
    _thread: JoinHandle<()>,
}

impl Work {
    /// Says that this process goes on, also in the middle of a long batch, until it is dropped.
    pub(super) fn beat(&self, copy: &CopyId) -> Result<Beat, StoreError> {
        let mut copy = self.copies.open(copy)?;
        let (stop, stopped) = channel::<()>();
        let every = every(self.options.lease);
        let work = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                if matches!(copy.renew(), Err(ProjectionError::Fenced { .. })) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("read-models-beat".to_owned()).spawn(work);
        let thread = thread.map_err(StoreError::io(std::path::Path::new("a thread")))?;
        Ok(Beat { _stop: stop, _thread: thread })
    }

    /// Whether another that has the right to write gave no sign of life for longer than a lease; then
    /// it may be taken from it.
    pub(super) fn silent(
        &mut self,
        copy: &CopyId,
        holder: &str,
        checkpoint: &Checkpoint,
    ) -> Result<Option<TakesFrom>, StoreError> {
        let sign = checkpoint.sign();
        let since = match &self.seen.sign {
            Some((of, last, since)) if of == copy && *last == sign => *since,
            _ => {
                self.seen.sign = Some((copy.clone(), sign, Instant::now()));
                return Ok(None);
            }
        };
        if since.elapsed() < self.options.lease {
            return Ok(None);
        }
        if holder == HELD {
            // A rebuild gives no signs here; what it holds as long as it lives is this.
            match self.copies.lock_rebuild() {
                Err(StoreError::InUse(_)) => return Ok(None),
                lock => drop(lock?),
            }
        }
        Ok(Some(TakesFrom::Silent(sign)))
    }
}
