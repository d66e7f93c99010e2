//! The log's way to another engine: the pause of all appends, and the mark that it is gone.
//!
//! `<file>.pause` is locked exclusively by who moves the log, and `<file>.moved` says where it went.
//! The writer looks for them inside each transaction ([`Gate`]); who pauses takes the lock first and
//! then waits for SQLite's write lock, so that any transaction that did not see the pause has ended.
//! Nothing polls, a log that never moves pays one look for a missing file a batch, and when the
//! mover dies the system gives the lock back. The files stay: removing one that is locked would let
//! two processes lock two files of one name.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

use futures_util::future::{BoxFuture, FutureExt};
use tracing::{info, warn};

use super::file::{OpenError, beside, sync_folder};
use super::schema::{head, open_reading, open_writing};
use crate::log::{LogError, Moved, Pause};

fn pause_path(path: &Path) -> PathBuf {
    beside(path, ".pause")
}

fn moved_path(path: &Path) -> PathBuf {
    beside(path, ".moved")
}

/// Where the log went, if it did: the text of the mark, on one line.
fn notice(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(moved_path(path)) {
        Ok(text) => Ok(Some(text.split_whitespace().collect::<Vec<_>>().join(" "))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Refuses to write to a log that went elsewhere.
pub(super) fn check_not_moved(path: &Path) -> Result<(), OpenError> {
    match notice(path) {
        Ok(None) => Ok(()),
        Ok(Some(notice)) => {
            Err(OpenError::Moved { path: path.to_owned(), mark: moved_path(path), notice })
        }
        Err(source) => Err(OpenError::Io { path: moved_path(path), source }),
    }
}

/// Says of a log that is opened for reading that it does not grow any more.
pub(super) fn tell_if_moved(path: &Path) {
    // Unreadable, it keeps nobody from reading.
    if let Ok(Some(notice)) = notice(path) {
        warn!(log = %path.display(), "the log moved {notice}; what is read here does not grow any more");
    }
}

/// What the writer asks before each batch.
pub(super) struct Gate {
    path: PathBuf,
    pause: PathBuf,
    is_closed: bool,
}

impl Gate {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), pause: pause_path(path), is_closed: false }
    }

    /// Why nothing may be appended now. To be asked inside the transaction that would append.
    pub fn closed(&mut self) -> Option<LogError> {
        let why = match self.look() {
            Ok(why) => why.map(LogError::Moving),
            Err(error) => Some(LogError::Unavailable(format!("{}: {error}", self.pause.display()))),
        };
        match &why {
            Some(why) if !self.is_closed => warn!(%why, "writes are stopped"),
            None if self.is_closed => info!("writes go on: the log was not moved"),
            _ => {}
        }
        self.is_closed = why.is_some();
        why
    }

    fn look(&self) -> io::Result<Option<String>> {
        let mut file = match File::open(&self.pause) {
            Ok(file) => file,
            // Whoever moves a log makes this file first, so there is no mark either.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(notice(&self.path)?.map(|notice| {
                format!("the log moved {notice}; restart the server with that address (--log)")
            })),
            Err(TryLockError::WouldBlock) => {
                let mut to = String::new();
                // Where to is a help, not a condition.
                let _ = file.read_to_string(&mut to);
                Ok(Some(format!("the log is being moved to {}", to.trim())))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The pause of a log in a file, as long as the value.
struct FilePause {
    path: PathBuf,
    _lock: File,
}

/// Takes the lock, then waits for the transaction at work. Blocking.
pub(super) fn pause(path: &Path, to: &str) -> Result<Box<dyn Pause>, LogError> {
    let lock = take_lock(path, to)?;
    let moved = notice(path).map_err(|error| unavailable(&moved_path(path), &error))?;
    if let Some(notice) = moved {
        return Err(LogError::Moving(format!("the log {} moved {notice}", path.display())));
    }
    let waited = open_writing(path)
        .and_then(|connection| connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK"));
    waited.map_err(|error| {
        LogError::Unavailable(format!("can't wait for the append at work: {error}"))
    })?;
    Ok(Box::new(FilePause { path: path.to_owned(), _lock: lock }))
}

fn take_lock(path: &Path, to: &str) -> Result<File, LogError> {
    let pause = pause_path(path);
    let failed = |error| unavailable(&pause, &error);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&pause)
        .map_err(failed)?;
    // The writer's looks hold it for microseconds.
    for _ in 0..200 {
        match file.try_lock() {
            Ok(()) => {
                share(path, &file);
                file.set_len(0).and_then(|()| writeln!(file, "{to}")).map_err(failed)?;
                return Ok(file);
            }
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    let text = format!("{} is locked: the log is being moved already", pause.display());
    Err(LogError::Unavailable(text))
}

/// Gives a file beside the log the log's owner and permissions: whoever moves the log, its writer can
/// read what is said there.
fn share(path: &Path, file: &File) {
    if let Ok(log) = fs::metadata(path) {
        // Who may not do this is not root, and then the files are the writer's own.
        let _ = file.set_permissions(log.permissions());
        let _ = fchown(file, Some(log.uid()), Some(log.gid()));
    }
}

fn unavailable(path: &Path, error: &io::Error) -> LogError {
    LogError::Unavailable(format!("{}: {error}", path.display()))
}

impl FilePause {
    /// Writes the mark, complete or not at all.
    fn mark(&self, notice: &Moved) -> Result<(), LogError> {
        let counted = open_reading(&self.path).and_then(|connection| head(&connection));
        let counted = counted.map_err(|error| LogError::Unavailable(error.to_string()))?;
        let events = counted.map_or(0, |head| head + 1);
        if events != notice.events {
            let text = format!("the log has {events} events, {} were moved", notice.events);
            return Err(LogError::Unavailable(text));
        }
        let mark = moved_path(&self.path);
        let new = beside(&self.path, ".moved.new");
        let written = File::create(&new).and_then(|mut file| {
            writeln!(file, "{notice}")?;
            file.sync_all()?;
            Ok(file)
        });
        let file = written.map_err(|error| unavailable(&new, &error))?;
        share(&self.path, &file);
        fs::rename(&new, &mark).map_err(|error| unavailable(&mark, &error))?;
        sync_folder(&mark)
            .map_err(|error| LogError::OutcomeUnknown(format!("{}: {error}", mark.display())))
    }
}

impl Pause for FilePause {
    fn moved<'a>(&'a self, notice: &'a Moved) -> BoxFuture<'a, Result<(), LogError>> {
        // A flush or two, in a process that does nothing else then.
        async move { self.mark(notice) }.boxed()
    }

    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), LogError>> {
        drop(self);
        futures_util::future::ready(Ok(())).boxed()
    }
}
