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
    #[error("there is no webhook endpoint {0:?}")]
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
    /// A database holds none.
    #[error("{0} holds no webhook endpoints")]
    Missing(String),
    /// What is kept in a database can't be used.
    #[error("the webhook endpoints in {place}: {reason}")]
    Unusable {
        /// The database.
        place: String,
        /// Why.
        reason: String,
    },
    /// The database is away, or does not answer; later it may.
    #[error("the webhook endpoints in {place} can't be reached: {reason}")]
    Unavailable {
        /// The database.
        place: String,
        /// Why.
        reason: String,
    },
    /// Another process delivers from here.
    #[error("the webhook endpoints in {0} are delivered by another process; stop it first")]
    InUse(String),
    /// Another process delivers by now.
    #[error("another process took over the deliveries")]
    Lost,
    /// No server has said how deliveries are made.
    #[error("no server over these webhook endpoints has said yet how they are delivered")]
    Unsettled,
    /// The endpoints belong to another log.
    #[error(
        "the webhook endpoints in {place} belong to log {found}, not to {expected}; import the right ones, or begin anew: {remedy}"
    )]
    OtherLog {
        /// Where they are.
        place: String,
        /// The log that they name.
        found: String,
        /// This log.
        expected: Uuid,
        /// How to begin anew there.
        remedy: &'static str,
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
    /// What keeps the endpoints failed.
    #[error("where webhook endpoints are kept: {0}")]
    Database(String),
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

impl From<rusqlite::Error> for WebhookError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}
