//! Why something about webhooks was not done.

use std::path::PathBuf;

use uuid::Uuid;

use crate::codec::CodecError;
use crate::domain::refusal::FieldError;
use crate::log::LogError;

/// Why something about webhooks was not done.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// What was asked for is wrong, place by place.
    #[error("{}", .0.iter().map(|e| e.detail.en.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldError>),
    /// There is no such endpoint.
    #[error("there is no webhook endpoint {0}")]
    NoEndpoint(String),
    /// The endpoint never gets this event.
    #[error("endpoint {endpoint} has not got to event {sequence}, or its filters leave it out")]
    NoDelivery {
        /// The endpoint.
        endpoint: Uuid,
        /// The event.
        sequence: u64,
    },
    /// The file can't be used.
    #[error("the webhook file {path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another process delivers from this file.
    #[error("the webhook file {0} is used by another process; stop it first")]
    InUse(PathBuf),
    /// The file belongs to another log.
    #[error(
        "the webhook file {path} belongs to log {found}, not to {expected}; import the right one, or move it away to begin anew"
    )]
    OtherLog {
        /// The file.
        path: PathBuf,
        /// The log that it names.
        found: String,
        /// This log.
        expected: Uuid,
    },
    /// The log ends before an endpoint's position: it was restored from an older copy.
    #[error(
        "endpoint {endpoint} stands at event {next}, but the log ends at {head:?}: was the log restored from an older copy? replay the endpoint from a sequence that the log holds"
    )]
    BeyondEnd {
        /// The endpoint.
        endpoint: Uuid,
        /// The event it would look at next.
        next: u64,
        /// The log's last event.
        head: Option<u64>,
    },
    /// The database failed.
    #[error("the webhook file: {0}")]
    Database(#[from] rusqlite::Error),
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An event can't be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A thread ended before its work.
    #[error("the work was broken off: {0}")]
    BrokenOff(String),
}

impl WebhookError {
    /// Whether it is that an event can't be read.
    pub(super) fn is_unreadable(&self) -> bool {
        matches!(self, Self::Codec(_) | Self::Log(LogError::Corrupt { .. }))
    }
}
