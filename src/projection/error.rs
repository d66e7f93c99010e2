//! Why read models don't move on.

use std::path::PathBuf;

use crate::codec::CodecError;
use crate::log::LogError;

/// Why an event could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// Its type or version is not known, or its bytes don't have the form.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The read-model database refused.
    #[error("the read-model database: {0}")]
    Database(#[from] DatabaseError),
    /// Another writer moved the checkpoint: nothing of this batch was kept.
    #[error(
        "the checkpoint of the read models is no longer at {expected:?}: another process writes them; this batch was rolled back"
    )]
    Fenced {
        /// The position that was read before the batch.
        expected: Option<u64>,
    },
    /// The stream does not go on where the fold stands.
    #[error("{stream}@{revision} does not follow revision {stands:?}, which was folded last")]
    OutOfOrder {
        /// The stream.
        stream: String,
        /// The revision met.
        revision: u64,
        /// The revision folded last.
        stands: Option<u64>,
    },
    /// What holds for every copy does not hold.
    #[error("{0}")]
    Inconsistent(String),
}

impl ProjectionError {
    /// Whether the same batch may succeed later, without anything being repaired in the event.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Log(LogError::Unavailable(_)) => true,
            Self::Database(error) => error.passing,
            _ => false,
        }
    }
}

/// Why a read-model database did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DatabaseError {
    reason: String,
    /// Whether it may do the same later.
    passing: bool,
}

impl DatabaseError {
    /// For good: something has to be repaired.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), passing: false }
    }

    /// For now: it was busy, full or away.
    pub fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), passing: true }
    }

    /// Whether it may do the same later.
    pub fn is_passing(&self) -> bool {
        self.passing
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        Self { passing: is_passing(&error), reason: error.to_string() }
    }
}

impl From<rusqlite::Error> for ProjectionError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Whether the database may take the same later: it was busy, or the disk full.
fn is_passing(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode;
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
        )
    )
}

/// At which event the read models stopped, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// The event's sequence: it is the first that is not in the rows.
    pub sequence: u64,
    /// Why.
    pub reason: String,
    /// Whether it is tried again by itself; otherwise after a repair and a restart.
    pub retrying: bool,
}

/// Why the read models can't be opened or replaced.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder can't be used.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process writes the read models.
    #[error("the read models in {0} are being rebuilt by another process; wait for it, or stop it")]
    InUse(String),
    /// Nothing is there to be read.
    #[error("no read models are in {0} yet; `docket rebuild` makes them from the log")]
    Missing(String),
    /// No read model has this name.
    #[error("no read model is called {name:?}; there are {known}")]
    UnknownName {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The read models were made from another log, or from more of it than there is.
    #[error("{0}; `docket rebuild` makes them anew from the log")]
    OtherLog(String),
    /// A newer version of the program made it.
    #[error(
        "the read model {0} that serves is of a newer version than this program's; it is left alone: run the newer program here too"
    )]
    Newer(String),
    /// Rows of two events would have been mixed.
    #[error("the copy that serves was written to while it was copied; try again")]
    Moved,
    /// It was told to stop; the old copy serves on.
    #[error("the rebuild was interrupted; the copy that served before serves on")]
    Interrupted,
    /// The database refused.
    #[error("the read-model database: {0}")]
    Database(#[from] DatabaseError),
    /// An event could not be taken in.
    #[error("sequence {sequence}: {source}")]
    Stopped {
        /// Which event.
        sequence: u64,
        /// Why.
        source: ProjectionError,
    },
}

impl StoreError {
    /// Whether the same may succeed later without anything being repaired.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Io { .. } => true,
            Self::Database(error) => error.passing,
            Self::Stopped { source, .. } => source.is_passing(),
            Self::InUse(_) | Self::Moved => true,
            Self::Missing(_)
            | Self::Newer(_)
            | Self::UnknownName { .. }
            | Self::OtherLog(_)
            | Self::Interrupted => false,
        }
    }

    /// An input or output error at a path.
    pub(super) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
