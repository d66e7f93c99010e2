//! The thread that keeps the read models behind the log, as little as it can.
//!
//! Several processes may run one over the same copies: who has the right to write follows the log and
//! gives signs of life, the others look how far it is and take over when there are none.
//!
//! What must hold: whatever stops it is seen in the status and tried again, a panic too; a copy that
//! is damaged is made anew.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::{error, warn};

use super::fold::DEFAULT_CACHE_BYTES;
use super::status::Status;
use super::store::Copies;
use super::{Projection, StoreError};
use crate::log::EventLog;
pub use still::STILL;
pub use work::{Extent, extent};
use work::{Seen, Work};

mod still;
mod work;

/// How the runner works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Events in one transaction, at most.
    pub batch_events: usize,
    /// Bytes of folded enrollments kept in memory.
    pub cache_bytes: usize,
    /// How long to wait after a passing failure.
    pub retry_after: Duration,
    /// How long nobody else takes over after the last sign of life.
    pub lease: Duration,
    /// How long nothing may move while the log goes on, before it is said.
    pub still: Duration,
    /// A name of this process that no other has.
    pub holder: String,
    /// Whether it writes; else it only looks how far another process is.
    pub writes: bool,
    /// The read models.
    pub projections: fn() -> Vec<Box<dyn Projection>>,
}

impl Options {
    /// The usual ones, for a process of this name.
    pub fn new(holder: impl Into<String>) -> Self {
        Self {
            batch_events: 2048,
            cache_bytes: DEFAULT_CACHE_BYTES,
            retry_after: Duration::from_secs(1),
            lease: Duration::from_secs(3),
            still: STILL,
            holder: holder.into(),
            writes: true,
            projections: super::all,
        }
    }
}

/// A running thread; dropping it stops it after the batch at work.
pub struct Runner {
    status: watch::Receiver<Status>,
    watching: AbortHandle,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Starts following `log`, with the read models in the folder of `copies`. Must be called
    /// within a tokio runtime, or given its handle; the runtime must outlive the runner.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        log: Arc<dyn EventLog>,
        copies: Arc<dyn Copies>,
        options: Options,
        runtime: Handle,
    ) -> Result<Self, StoreError> {
        let (published, status) = watch::channel(Status::default());
        let (stop, stopped) = watch::channel(false);
        let path = copies.place();
        let watching =
            runtime.spawn(still::watch(Arc::clone(&log), published.clone(), options.still));
        let watching = watching.abort_handle();
        let seen = Seen::default();
        let work = Work { log, copies, options, runtime, published, stopped, seen };
        let thread = std::thread::Builder::new()
            .name("read-models".to_owned())
            .spawn(move || work.run())
            .map_err(StoreError::io(std::path::Path::new(&path)))?;
        Ok(Self { status, watching, stop, thread: Some(thread) })
    }

    /// The status as it changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Stops after the batch at work.
    pub async fn stop(self) {
        let joined = tokio::task::spawn_blocking(move || drop(self)).await;
        if joined.is_err() {
            warn!("stopping the read models was interrupted");
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.watching.abort();
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            error!("the thread of the read models panicked");
        }
    }
}
