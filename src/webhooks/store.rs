//! Endpoints and deliveries as rows. Each change is one transaction; nothing here knows HTTP.

pub mod deliveries;
pub mod endpoints;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use uuid::Uuid;

use super::WebhookError;
use super::file::{self, DeliveryLock};
use super::sign::Keys;

/// Why an endpoint gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// An operator said so.
    Operator,
    /// The receiver answered 410.
    Gone,
    /// A delivery failed as often as it may.
    Exhausted,
}

impl DisabledReason {
    const ALL: [Self; 3] = [Self::Operator, Self::Gone, Self::Exhausted];

    /// As it is kept and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Gone => "gone",
            Self::Exhausted => "exhausted",
        }
    }
}

/// That an endpoint gets nothing, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disabled {
    /// Why.
    pub reason: DisabledReason,
    /// Since when.
    pub at_us: i64,
    /// The delivery that did it.
    pub sequence: Option<u64>,
}

/// An endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its id.
    pub id: Uuid,
    /// Where deliveries go.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// The programs whose events it gets; none: all.
    pub programs: Vec<String>,
    /// The types of events it gets; none: all.
    pub types: Vec<String>,
    /// When it was made.
    pub created_at_us: i64,
    /// Why it gets nothing, if so.
    pub disabled: Option<Disabled>,
    /// The event to be looked at next.
    pub next_sequence: u64,
    /// Nothing is sent before, as the receiver asked.
    pub paused_until_us: Option<i64>,
    /// How often it was replayed.
    pub replays: u64,
    /// What it signs with.
    pub(super) keys: Keys,
    /// What it signed with before, and until when it still does.
    pub(super) previous: Option<(Keys, i64)>,
}

impl Endpoint {
    /// The keys that sign at this instant.
    pub(super) fn keys_at(&self, now_us: i64) -> impl Iterator<Item = &Keys> {
        let previous = self.previous.iter().filter(move |(_, until_us)| now_us < *until_us);
        std::iter::once(&self.keys).chain(previous.map(|(keys, _)| keys))
    }

    /// The public keys with which receivers can check `v1a` signatures at this instant, the newest
    /// first.
    pub fn public_keys(&self, now_us: i64) -> Vec<String> {
        self.keys_at(now_us).map(Keys::public_text).collect()
    }

    /// Until when the keys before the last rotation sign too.
    pub fn previous_until_us(&self) -> Option<i64> {
        self.previous.as_ref().map(|(_, until_us)| *until_us)
    }
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waits for its turn or its next attempt.
    Pending,
    /// The receiver has it.
    Delivered,
    /// Given up; its endpoint is disabled.
    Failed,
}

impl DeliveryState {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// As it is kept and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event.
    pub sequence: u64,
    /// Its id, also that of the message.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried since it was last due for the first time.
    pub attempts: u32,
    /// When it is tried next, if nothing before it holds it back.
    pub next_attempt_us: Option<i64>,
    /// When it was tried last.
    pub last_attempt_us: Option<i64>,
    /// What the receiver answered then.
    pub last_status: Option<u16>,
    /// What went wrong then.
    pub last_error: Option<String>,
}

/// The open file. Calls wait for each other; each is short.
pub struct Store {
    path: PathBuf,
    identity: (u64, u64),
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the file of a log.
    pub fn open(path: &Path, log_id: Uuid) -> Result<Self, WebhookError> {
        let connection = file::open(path, log_id)?;
        let (path, identity) = (path.to_owned(), file::identity(path)?);
        Ok(Self { path, identity, connection: Arc::new(Mutex::new(connection)) })
    }

    /// Takes the lock of the one that delivers.
    pub fn lock(&self) -> Result<DeliveryLock, WebhookError> {
        let lock = file::lock(&self.path)?;
        // An import may have come between the opening and the lock.
        if file::identity(&self.path)? != self.identity {
            let reason = "it was replaced while it was open; restart to deliver".to_owned();
            return Err(WebhookError::File { path: self.path.clone(), reason });
        }
        Ok(lock)
    }

    /// Runs a transaction on a thread that may block; an error undoes it.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, WebhookError> + Send + 'static,
    ) -> Result<T, WebhookError> {
        let connection = self.connection.clone();
        let run = move || {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        let joined = tokio::task::spawn_blocking(run).await;
        joined.map_err(|error| WebhookError::BrokenOff(error.to_string()))?
    }
}

/// SQLite has signed numbers alone; sequences never come near the difference.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
