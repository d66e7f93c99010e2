//! The two helpers beside writer and readers: one checkpoints the WAL, so that the writer need not
//! wait for it; one watches the head of a log that another process writes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;
use tracing::warn;

use super::file::OpenError;
use super::schema::{explain, head, open_reading, open_writing};

/// How often the checkpoint thread looks.
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(250);
/// Bytes written to the WAL after which it checkpoints.
const CHECKPOINT_BYTES: u64 = 8 * 1024 * 1024;
/// Looks after which it checkpoints whatever there is (10 s).
const CHECKPOINT_LOOKS: u32 = 40;
/// How often a reader looks for events that another process appended.
const HEAD_PAUSE: Duration = Duration::from_millis(5);

/// A thread that ends, and is waited for, with this value.
pub(super) struct Helper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("a helper thread of the log panicked");
        }
    }
}

fn spawn(
    path: &Path,
    name: &str,
    work: impl FnOnce(Receiver<()>) + Send + 'static,
) -> Result<Helper, OpenError> {
    let (stop, stopped) = channel();
    let thread = Builder::new()
        .name(name.to_owned())
        .spawn(move || work(stopped))
        .map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    Ok(Helper { stop: Some(stop), thread: Some(thread) })
}

/// Whether the pause passed without being told to stop.
fn paused(stopped: &Receiver<()>, pause: Duration) -> bool {
    matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout))
}

/// Checkpoints now and then what the writer has `written`.
pub(super) fn checkpoint(path: &Path, written: Arc<AtomicU64>) -> Result<Helper, OpenError> {
    let connection = open_writing(path).map_err(|error| explain(path, &error))?;
    spawn(path, "log-checkpoint", move |stopped| {
        let mut done = 0;
        let mut looks = 0;
        while paused(&stopped, CHECKPOINT_PAUSE) {
            let now = written.load(Ordering::Relaxed);
            looks += 1;
            if now - done < CHECKPOINT_BYTES && (now == done || looks < CHECKPOINT_LOOKS) {
                continue;
            }
            looks = 0;
            match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
                Ok(()) => done = now,
                // Nothing is lost: the WAL only grows until the next one succeeds.
                Err(error) => warn!(%error, "a checkpoint of the log failed"),
            }
        }
    })
}

/// Publishes the head as another process moves it.
pub(super) fn follow(
    path: &Path,
    published: watch::Sender<Option<u64>>,
) -> Result<Helper, OpenError> {
    let connection = open_reading(path).map_err(|error| explain(path, &error))?;
    spawn(path, "log-head", move |stopped| {
        while paused(&stopped, HEAD_PAUSE) {
            publish(&connection, &published);
        }
    })
}

fn publish(connection: &Connection, published: &watch::Sender<Option<u64>>) {
    match head(connection) {
        Ok(head) => {
            published.send_if_modified(|known| {
                let moved = *known != head;
                *known = head;
                moved
            });
        }
        Err(error) => warn!(%error, "the head of the log can't be read"),
    }
}
