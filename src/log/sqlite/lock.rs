//! The right to append: `flock` on one descriptor of the log's own file, so that whoever deletes or
//! copies other files lets nobody in.
//!
//! Closing any descriptor of a file takes from the process all POSIX locks on it, and SQLite's are of
//! that kind. So whoever in this process has SQLite connections to a log holds an [`Open`], and what
//! is opened here beside SQLite is closed only with the last of them. Nothing else in the process may
//! open a log's path or its `-shm`.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::file::{OpenError, WRITE_FOLDER, beside, io_error};

/// Device and inode.
pub(super) type FileId = (u64, u64);

pub(super) fn file_id(metadata: &Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}

/// What is kept open of a log as long as this process has SQLite connections to it.
#[derive(Default)]
struct Kept {
    users: usize,
    log: Option<File>,
    /// The lock is the descriptor's, so it would be given again.
    is_locked: bool,
    others: Vec<File>,
}

static KEPT: Mutex<BTreeMap<FileId, Kept>> = Mutex::new(BTreeMap::new());

fn kept() -> MutexGuard<'static, BTreeMap<FileId, Kept>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held by whoever has SQLite connections to a log: taken before the first, dropped after the last.
pub(super) struct Open {
    id: FileId,
}

impl Open {
    /// For the log at a located path, which is there.
    pub fn new(path: &Path) -> Result<Arc<Self>, OpenError> {
        let id = file_id(&fs::metadata(path).map_err(|error| io_error(path, error))?);
        kept().entry(id).or_default().users += 1;
        Ok(Arc::new(Self { id }))
    }

    pub fn id(&self) -> FileId {
        self.id
    }

    /// Closes a descriptor of one of the log's files only when that takes no lock from SQLite.
    pub fn keep(&self, file: File) {
        kept().entry(self.id).or_default().others.push(file);
    }

    /// Takes the right to append to the log at `path`; whoever else has it, [`OpenError::InUse`].
    pub fn lock(self: Arc<Self>, path: &Path, note: Note) -> Result<Lock, OpenError> {
        let failed = |error| io_error(path, error);
        {
            let mut all = kept();
            let kept = all.entry(self.id).or_default();
            if kept.log.is_none() {
                let file = File::options().read(true).write(true).open(path).map_err(failed)?;
                kept.log = Some(file);
            }
            let taken = match &kept.log {
                _ if kept.is_locked => Err(TryLockError::WouldBlock),
                Some(file) if file_id(&file.metadata().map_err(failed)?) == self.id => {
                    file.try_lock()
                }
                _ => Err(TryLockError::Error(io::Error::other("it was replaced just now"))),
            };
            match taken {
                Ok(()) => kept.is_locked = true,
                Err(TryLockError::WouldBlock) => {
                    let holder = holders(&[self.id]).unwrap_or_else(|| UNKNOWN.to_owned());
                    return Err(OpenError::InUse { path: path.to_owned(), holder });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        let lock = Lock { open: self, note };
        lock.note.write().map_err(failed)?;
        Ok(lock)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut all = kept();
        if let Some(kept) = all.get_mut(&self.id) {
            kept.users -= 1;
            if kept.users == 0 {
                all.remove(&self.id);
            }
        }
    }
}

/// The right to append, held as long as the value; to be dropped after the connections that write.
pub(super) struct Lock {
    open: Arc<Open>,
    note: Note,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut all = kept();
        let Some(kept) = all.get_mut(&self.open.id) else { return };
        kept.is_locked = false;
        // The descriptor may have to stay open for connections that read.
        if let Some(file) = &kept.log
            && let Err(error) = file.unlock()
        {
            tracing::warn!(%error, "the log's lock is given back only when its file is closed");
        }
    }
}

const UNKNOWN: &str = "its number is not known";

/// `<file>.lock`: says who has the log, and keeps two processes from creating one at the same time.
/// It stays there, and deleting it opens nothing.
pub(super) struct Note {
    path: PathBuf,
    file: File,
}

impl Note {
    /// Takes the note of the log at `path`, a located path.
    pub fn take(path: &Path) -> Result<Self, OpenError> {
        let note = beside(path, ".lock");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&note)
            .map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    OpenError::ReadOnly {
                        path: path.parent().unwrap_or(path).to_owned(),
                        help: WRITE_FOLDER,
                    }
                }
                _ => io_error(&note, error),
            })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: note, file }),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it is a help, not a condition: an unreadable note is left out.
                let _ = file.read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => UNKNOWN.to_owned(),
                    process => format!("process {process}"),
                };
                Err(OpenError::InUse { path: path.to_owned(), holder })
            }
            Err(TryLockError::Error(error)) => Err(io_error(&note, error)),
        }
    }

    fn write(&self) -> io::Result<()> {
        let mut file = &self.file;
        let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        match written {
            // On a full disk the log is served for reading, and the note is only a help.
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                tracing::warn!(note = %self.path.display(), %error, "who has the log could not be noted");
                Ok(())
            }
            written => written,
        }
    }
}

/// The processes that hold locks on these files, as far as the system tells.
pub(super) fn holders(files: &[FileId]) -> Option<String> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let inodes: Vec<String> = files.iter().map(|(_, inode)| format!(":{inode}")).collect();
    let mut processes: Vec<u32> = locks
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(4);
            let (process, file) = (words.next()?.parse().ok()?, words.next()?);
            // 0 is a process that can't be seen from here.
            (process != 0 && inodes.iter().any(|inode| file.ends_with(inode))).then_some(process)
        })
        .collect();
    processes.sort_unstable();
    processes.dedup();
    let named: Vec<String> = processes.iter().map(|id| format!("process {id}")).collect();
    (!named.is_empty()).then(|| named.join(", "))
}
