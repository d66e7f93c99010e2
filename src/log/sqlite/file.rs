//! The file and its neighbours: where they are, and what is wrong with them before SQLite is asked.
//!
//! The log's file itself is never opened here, see [`super::lock`]. Everything that can be told from
//! names and metadata is.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Why a log file can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("there is no log at {}: check the path, or start the server once to create it", .0.display())]
    Missing(PathBuf),
    /// The folder that should hold the file does not exist.
    #[error("the folder {} does not exist: create it, or check the path", .0.display())]
    MissingFolder(PathBuf),
    /// Another process appends to this file.
    #[error("the log {} is open for writing in another process ({holder}): stop it, or send the act to that server", path.display())]
    InUse {
        /// The log.
        path: PathBuf,
        /// Who holds it, as far as is known.
        holder: String,
    },
    /// The log went to another address; this file is only read any more.
    #[error("the log {} moved {notice}: write there (--log). To take the move back, only if nothing was written there since or to copy that log back into this one, delete {}", path.display(), mark.display())]
    Moved {
        /// The log.
        path: PathBuf,
        /// The file that says so.
        mark: PathBuf,
        /// Where to, when, and with how many events.
        notice: String,
    },
    /// The file is something else.
    #[error("{} is not a Docket log: {reason}", path.display())]
    NotALog {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// The file's format is of a later version of Docket.
    #[error("the log {} has format {found}, this program knows formats up to {known}: use the version of Docket that wrote it, or a later one", path.display())]
    Newer {
        /// The log.
        path: PathBuf,
        /// Its format.
        found: i32,
        /// The newest format known here.
        known: i32,
    },
    /// The file is a log, but broken.
    #[error("the log {} is damaged: {reason}; restore it from a copy", path.display())]
    Damaged {
        /// The log.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file or its folder can't be written.
    #[error("{} is read-only: {help}", path.display())]
    ReadOnly {
        /// What can't be written.
        path: PathBuf,
        /// What would help.
        help: &'static str,
    },
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was touched.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// SQLite refused for a reason that is none of the above.
    #[error("the log {} can't be opened: {reason}", path.display())]
    Sqlite {
        /// The log.
        path: PathBuf,
        /// SQLite's answer.
        reason: String,
    },
}

pub(super) const WRITE_FILE: &str = "give this user write access to it";
pub(super) const WRITE_FOLDER: &str = "give this user write access to the folder, or copy the log into one that can be written \
     (SQLite keeps its -wal and -shm files beside the log, also for reading)";

/// `<file><suffix>`: SQLite's and our companions of the log's file.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn io_error(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), source }
}

/// The path without symbolic links, so that two names of a file share one lock; and whether the
/// file is there.
pub(super) fn locate(path: &Path) -> Result<(PathBuf, bool), OpenError> {
    let folder = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => {
            return Err(OpenError::NotALog {
                path: path.to_owned(),
                reason: "it is a folder".to_owned(),
            });
        }
    };
    if !folder.is_dir() {
        return Err(OpenError::MissingFolder(folder.to_owned()));
    }
    match fs::symlink_metadata(path) {
        Ok(_) => {
            let path = fs::canonicalize(path).map_err(|error| io_error(path, error))?;
            inspect(&path)?;
            Ok((path, true))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = fs::canonicalize(folder).map_err(|error| io_error(folder, error))?;
            let name = path.file_name().ok_or_else(|| OpenError::Missing(path.to_owned()))?;
            Ok((folder.join(name), false))
        }
        Err(error) => Err(io_error(path, error)),
    }
}

fn inspect(path: &Path) -> Result<(), OpenError> {
    let metadata = fs::metadata(path).map_err(|error| io_error(path, error))?;
    if !metadata.is_file() {
        return Err(OpenError::NotALog {
            path: path.to_owned(),
            reason: "it is not a regular file".to_owned(),
        });
    }
    if metadata.len() == 0 {
        return Err(OpenError::Damaged {
            path: path.to_owned(),
            reason: "it is empty (0 bytes); Docket never leaves an empty file".to_owned(),
        });
    }
    Ok(())
}

/// Refuses what must not be written, also for a user whom the system would let.
pub(super) fn check_writable(path: &Path, exists: bool) -> Result<(), OpenError> {
    let folder = path.parent().unwrap_or(path);
    for (checked, help) in [(folder, WRITE_FOLDER), (path, WRITE_FILE)] {
        if checked == path && !exists {
            continue;
        }
        let metadata = fs::metadata(checked).map_err(|error| io_error(checked, error))?;
        if metadata.permissions().readonly() {
            return Err(OpenError::ReadOnly { path: checked.to_owned(), help });
        }
    }
    Ok(())
}

/// Flushes the folder's entries (a file created, renamed or removed in it).
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(path))?.sync_all()
}
