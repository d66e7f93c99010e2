//! What an application is made of, and why it can't be.

use std::sync::Arc;

use uuid::Uuid;

use super::ActError;
use super::clock::Clock;
use super::documents::DocumentStore;
use crate::domain::measure_file::Source;
use crate::log::EventLog;

/// How often something is tried again at the start when another node was faster.
pub(super) const MAX_TRIES: usize = 16;

/// What an application is made of.
pub struct Parts {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The documents.
    pub documents: Arc<dyn DocumentStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The programs, measures and offices that this binary brings along.
    pub files: &'static [Source<'static>],
    /// A new log's id.
    pub new_log_id: Uuid,
    /// A new log's origin; absent: `docket/<log id>`.
    pub origin: Option<String>,
    /// A new log's public key, base64.
    pub public_key: String,
    /// How many bytes of folded enrollments are kept.
    pub cache_bytes: usize,
}

/// Why a log can't be served.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What this binary brings along: a line for each fault, with its file and line.
    #[error("{0}")]
    Files(String),
    /// An adopted edition.
    #[error("{path}: {message}")]
    Measure {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// The log's first event is none of Docket's.
    #[error("the log does not begin with LogCreated but with {found}: it is not a log of docket")]
    NotALog {
        /// What it begins with.
        found: String,
    },
    /// Reading or writing.
    #[error(transparent)]
    Act(#[from] ActError),
}

impl StartError {
    /// Whether it keeps no more than acts under one program from being decided.
    pub(super) fn keeps_one_program(&self) -> bool {
        match self {
            Self::Measure { .. } => true,
            Self::Files(_) | Self::NotALog { .. } => false,
            Self::Act(error) => error.is_unreadable() || matches!(error, ActError::Documents(_)),
        }
    }
}
