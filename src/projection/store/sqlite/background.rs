//! What a copy's WAL has is copied into its file beside the writer: the flush of that would hold the
//! next rows up.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// Changed rows from which on it is time.
const ROWS: u64 = 2_000;
/// Looks after which any is enough.
const LOOKS: u32 = 20;

/// A thread that does so until it is dropped.
pub(super) struct Background {
    /// Rows that were changed so far.
    pub written: Arc<AtomicU64>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// For the copy at a path. Without the thread SQLite does it itself, later and in between.
    pub fn new(path: &Path) -> Option<Self> {
        let connection = Connection::open(path).ok()?;
        let written = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = channel::<()>();
        let count = Arc::clone(&written);
        let work = move || {
            let (mut done, mut looks) = (0, 0);
            while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                let now = count.load(Ordering::Relaxed);
                looks += 1;
                if now - done < ROWS && (now == done || looks < LOOKS) {
                    continue;
                }
                looks = 0;
                // What fails here fails again where the rows are written or read, and is told there.
                match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
                    Ok(()) => done = now,
                    Err(error) => tracing::debug!(%error, "the WAL of a copy can't be copied now"),
                }
            }
        };
        let thread = std::thread::Builder::new().name("copy-checkpoint".to_owned()).spawn(work);
        Some(Self { written, stop: Some(stop), thread: Some(thread.ok()?) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It panics nowhere, and has nothing to say.
            let _ = thread.join();
        }
    }
}
