//! The two helpers beside writer and readers: one checkpoints the WAL, so that the writer need not
//! wait for it, and looks whether a disk without room has some again; one watches the head of a log
//! that another process writes.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;
use tracing::{info, warn};

use super::code::{is_busy, is_full};
use super::file::{OpenError, beside};
use super::files::LogFile;
use super::pool::Readers;
use super::schema::{explain, open_writing};
use crate::log::{Recording, Stop};

/// How often the checkpoint thread looks.
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(250);
/// Bytes written to the WAL after which it checkpoints.
const CHECKPOINT_BYTES: u64 = 8 * 1024 * 1024;
/// Looks after which it checkpoints whatever there is (10 s).
const CHECKPOINT_LOOKS: u32 = 40;
/// How often a reader looks for events that another process appended.
const HEAD_PAUSE: Duration = Duration::from_millis(5);
/// What must find room before a disk counts as no longer full: the largest append, roughly.
const ROOM_BYTES: usize = 1024 * 1024;

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

/// Checkpoints now and then what the writer has `written`, until recording stops.
pub(super) fn checkpoint(
    path: &Path,
    written: Arc<AtomicU64>,
    log: Arc<LogFile>,
    recording: Arc<Recording>,
) -> Result<Helper, OpenError> {
    let connection = open_writing(path).map_err(|error| explain(path, &error))?;
    let probe = beside(path, ".room");
    spawn(path, "log-checkpoint", move |stopped| {
        let mut done = 0;
        let mut looks = 0;
        while paused(&stopped, CHECKPOINT_PAUSE) {
            if recording.trouble().is_some() && has_passed(&connection, &probe) {
                info!("the log can be written again");
                recording.set_trouble(None);
            }
            let now = written.load(Ordering::Relaxed);
            looks += 1;
            if now - done < CHECKPOINT_BYTES && (now == done || looks < CHECKPOINT_LOOKS) {
                continue;
            }
            looks = 0;
            if copy_wal(&connection, &log, &recording) {
                done = now;
            }
        }
    })
}

/// Copies what the WAL has into the file, as far as readers let it; whether it went well. A failure
/// stops recording: which pages it wrote is not known, nor whether a later flush would tell.
pub(super) fn copy_wal(connection: &Connection, log: &LogFile, recording: &Recording) -> bool {
    if recording.stopped().is_some() {
        return false;
    }
    // Written on, a file that was cut short would be as long as before.
    if let Some(what) = log.changed() {
        recording.stop(Stop::Replaced { what });
        return false;
    }
    let copied = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    match copied {
        Ok(()) => {
            if let Some(what) = log.changed() {
                recording.stop(Stop::Replaced { what });
            }
            true
        }
        // Nothing is lost: the WAL only grows until the next one succeeds.
        Err(error) if is_full(&error) || is_busy(&error) => {
            warn!(%error, "the log's WAL can't be copied into its file for now");
            false
        }
        Err(error) => {
            recording.stop(Stop::DiskFailed { cause: format!("a checkpoint failed: {error}") });
            false
        }
    }
}

/// Whether an append would find room, and SQLite's lock free.
fn has_passed(connection: &Connection, probe: &Path) -> bool {
    let written = File::create(probe).and_then(|mut file| file.write_all(&vec![0; ROOM_BYTES]));
    let removed = match fs::remove_file(probe) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    };
    written.and(removed).is_ok()
        && connection.busy_timeout(Duration::ZERO).is_ok()
        && connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok()
}

/// Publishes the head as another process moves it.
pub(super) fn follow(
    path: &Path,
    readers: Arc<Readers>,
    published: watch::Sender<Option<u64>>,
) -> Result<Helper, OpenError> {
    spawn(path, "log-head", move |stopped| {
        let mut fails = false;
        while paused(&stopped, HEAD_PAUSE) {
            match readers.watched_head() {
                Ok(head) => {
                    fails = false;
                    published.send_if_modified(|known| {
                        let moved = *known != head;
                        *known = head;
                        moved
                    });
                }
                Err(error) if !fails => {
                    fails = true;
                    warn!(%error, "the head of the log can't be read");
                }
                Err(_) => {}
            }
        }
    })
}
