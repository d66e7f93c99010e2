//! Signs of life, also in the middle of a long batch.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;

use super::Work;
use crate::projection::store::CopyId;
use crate::projection::{ProjectionError, StoreError};

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
        let (lease, now_us, lease_us) = (self.options.lease, self.options.now_us, self.lease_us());
        let work = move || {
            while stopped.recv_timeout(lease / 3) == Err(RecvTimeoutError::Timeout) {
                let renewed = copy.renew(now_us().saturating_add(lease_us));
                if matches!(renewed, Err(ProjectionError::Fenced { .. })) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("read-models-beat".to_owned()).spawn(work);
        let thread = thread.map_err(StoreError::io(std::path::Path::new("a thread")))?;
        Ok(Beat { _stop: stop, _thread: thread })
    }
}
