//! Why read models don't move on.

use std::path::PathBuf;

use super::copy_id::CopyId;
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
            Self::Database(error) => error.is_outage(),
            _ => false,
        }
    }

    /// Whether the copy itself is what stands in the way.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_damage())
    }
}

/// Why a read-model database did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DatabaseError {
    reason: String,
    trouble: Trouble,
}

/// What kind of trouble it is: what a caller does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// It passes by itself.
    Passing,
    /// The database says no until somebody there changes something.
    Refused,
    /// What is stored can't be read: the copy has to be made anew.
    Damaged,
    /// The question is wrong, or anything else.
    Wrong,
}

impl DatabaseError {
    /// For good: something has to be repaired.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), trouble: Trouble::Wrong }
    }

    /// For now: it was busy, full or away.
    pub fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), trouble: Trouble::Passing }
    }

    /// Until somebody changes something there: it is read-only, or a right is missing.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), trouble: Trouble::Refused }
    }

    /// The copy is damaged, or not there any more.
    pub fn damaged(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), trouble: Trouble::Damaged }
    }

    /// Whether it may do the same later, by itself.
    pub fn is_passing(&self) -> bool {
        self.trouble == Trouble::Passing
    }

    /// Whether the database is what stands in the way, for now or until somebody mends it there.
    pub fn is_outage(&self) -> bool {
        matches!(self.trouble, Trouble::Passing | Trouble::Refused)
    }

    /// Whether the copy is damaged.
    pub fn is_damage(&self) -> bool {
        self.trouble == Trouble::Damaged
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        Self { trouble: trouble(&error), reason: error.to_string() }
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

/// What SQLite's words mean.
fn trouble(error: &rusqlite::Error) -> Trouble {
    use rusqlite::{ErrorCode, ffi};
    let short = ffi::SQLITE_IOERR_SHORT_READ;
    // The one row of a copy that every question reads.
    let is_empty = matches!(error, rusqlite::Error::QueryReturnedNoRows);
    if is_empty || error.sqlite_error().is_some_and(|error| error.extended_code == short) {
        return Trouble::Damaged;
    }
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen,
        ) => Trouble::Passing,
        Some(
            ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::AuthorizationForStatementDenied,
        ) => Trouble::Refused,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Trouble::Damaged,
        // Its code for this is that of a wrong question.
        _ if error.to_string().starts_with("no such table") => Trouble::Damaged,
        _ => Trouble::Wrong,
    }
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
    /// No copy is kept.
    #[error("no copy is kept in {0}: the last rebuild there did not differ from what served")]
    NothingKept(String),
    /// A copy can't be read.
    #[error(
        "the read models' copy {copy} is damaged: {what}; `docket rebuild` makes it anew from the log"
    )]
    Damaged {
        /// Which.
        copy: CopyId,
        /// What was met.
        what: String,
    },
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
    /// The read models hold more of this log than there is, or another event of it.
    #[error(
        "{0}; they are shown as they are: put the right log back, or decide with `docket log accept-loss`"
    )]
    CutShort(String),
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
            Self::Database(error) => error.is_passing(),
            Self::Stopped { source, .. } => source.is_passing(),
            Self::InUse(_) | Self::Moved => true,
            Self::Missing(_)
            | Self::NothingKept(_)
            | Self::Damaged { .. }
            | Self::Newer(_)
            | Self::UnknownName { .. }
            | Self::OtherLog(_)
            | Self::CutShort(_)
            | Self::Interrupted => false,
        }
    }

    /// Whether the store is what stands in the way, for now or until somebody mends it there.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Database(error) => error.is_outage(),
            other => other.is_passing(),
        }
    }

    /// Whether the copy that was asked is damaged.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Database(error) => error.is_damage(),
            Self::Damaged { .. } => true,
            Self::Stopped { source, .. } => source.is_damage(),
            _ => false,
        }
    }

    /// An input or output error at a path.
    pub(super) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
