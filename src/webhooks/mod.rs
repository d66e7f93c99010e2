//! Webhooks (Standard Webhooks 1.0.0): tells receivers outside of each event, signed, at least once,
//! and in order per subject.
//!
//! What must hold:
//! - Endpoints are configuration, not record: they stand with their position in the log and what is
//!   still to be delivered in a SQLite file of their own beside the log (`webhooks.sqlite`, readable
//!   by its owner alone, since it holds secrets), or, for several nodes, in a schema of their own in
//!   PostgreSQL. A position moves only in the transaction that keeps what was found up to it, so a
//!   restart loses nothing; it may repeat a delivery.
//! - One process delivers at a time, by a right that the engine grants; what one that lost it still
//!   does changes nothing.
//! - While a delivery fails, later events of the same subject wait at that endpoint; those of other
//!   subjects and other endpoints go on.
//! - A secret leaves this module once, when it is made, and in no list.
//! - No request goes to an address that is not allowed, whatever the name resolves to by then;
//!   nothing is redirected and no proxy is taken from the environment.
//! - Memory is bounded: a few pages of the log, and a few payloads at a time for each endpoint; what
//!   waits is in the file, and with too much of it an endpoint reads no further.
//!
//! Deliberately not here: who may manage endpoints (`api`), where clock and randomness come from
//! ([`Parts`]), and the content of events: receivers are told where to read them.

mod address;
mod backup;
mod error;
mod extent;
mod file;
mod manage;
mod payload;
mod schedule;
mod send;
mod sign;
mod step;
mod store;
mod worker;

pub use address::{AddressPolicy, Lookup, SystemLookup};
pub use backup::{export, import};
pub use error::WebhookError;
pub use extent::{go_back, newest_seen};
#[cfg(feature = "postgres")]
pub use file::endpoints_in;
pub use file::{FILE_NAME, check_not_emptied};
pub use manage::{Changes, MAX_OVERLAP, NewEndpoint, Replayed, Revealed, StartAt};
pub use payload::known_types;
pub use schedule::{DEFAULT_MAX_ATTEMPTS, delay_us};
pub use send::Counters;
pub use step::Delivering;
pub use store::deliveries::Counts;
#[cfg(feature = "postgres")]
pub use store::postgres::{Database, PostgresParts};
pub use store::right::LEASE;
pub use store::{Delivery, DeliveryState, Disabled, DisabledReason, Endpoint};
pub use worker::Worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use crate::log::EventLog;

/// The most endpoints of one log.
pub const MAX_ENDPOINTS: usize = 100;
/// Reads of the log at a time.
const READERS: usize = 4;

/// The habits of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether receivers may stand in private networks and be reached without TLS.
    pub allow_private_networks: bool,
    /// How long a receiver may take to answer.
    pub timeout: Duration,
    /// How often a delivery is tried before its endpoint is disabled.
    pub max_attempts: u32,
    /// What stands before `/v1/events/…` in a payload, without a slash at the end.
    pub public_url: String,
    /// What types begin with in a payload.
    pub type_prefix: String,
}

/// Unix time in microseconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
/// The time since some instant, by a clock that no one sets.
pub type Steady = Arc<dyn Fn() -> Duration + Send + Sync>;
/// Fills bytes with randomness that nobody can guess.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Where endpoints and their deliveries are kept.
#[derive(Clone)]
pub enum Place {
    /// In a SQLite file, for one node; made where there is none.
    File(PathBuf),
    /// In PostgreSQL, for all nodes.
    #[cfg(feature = "postgres")]
    Postgres(PostgresParts),
}

/// What webhooks are put together from.
pub struct Parts {
    /// The log that is followed.
    pub log: Arc<dyn EventLog>,
    /// Its id: what is kept for another log is refused.
    pub log_id: Uuid,
    /// Where endpoints are kept.
    pub place: Place,
    /// The habits.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// The randomness of secrets, ids and jitter.
    pub random: Random,
    /// What tells the addresses of a name.
    pub lookup: Arc<dyn Lookup>,
}

/// The endpoints of one log, and their deliveries.
pub struct Webhooks {
    log: Arc<dyn EventLog>,
    store: store::Store,
    policy: AddressPolicy,
    clock: Clock,
    random: Random,
    lookup: Arc<dyn Lookup>,
    counters: Counters,
    changed: Notify,
    /// Pages of the log in memory at a time, however many endpoints there are.
    reading: Semaphore,
}

impl Webhooks {
    /// Opens the file; of a database nothing is asked yet. Within a tokio runtime.
    ///
    /// # Errors
    /// [`WebhookError::File`], [`WebhookError::OtherLog`].
    pub fn open(parts: Parts) -> Result<Arc<Self>, WebhookError> {
        let policy = AddressPolicy { allow_private: parts.settings.allow_private_networks };
        let engine: Arc<dyn store::Engine> = match parts.place {
            Place::File(path) => {
                Arc::new(store::sqlite::SqliteEngine::open(&path, parts.log_id, parts.settings)?)
            }
            #[cfg(feature = "postgres")]
            Place::Postgres(place) => {
                use store::postgres::{Expected, PostgresEngine};
                Arc::new(PostgresEngine::new(place, Expected::Of(parts.log_id)))
            }
        };
        Ok(Arc::new(Self {
            log: parts.log,
            store: store::Store::new(engine),
            policy,
            clock: parts.clock,
            random: parts.random,
            lookup: parts.lookup,
            counters: Counters::default(),
            changed: Notify::new(),
            reading: Semaphore::new(READERS),
        }))
    }

    /// Looks whether endpoints can be reached, and makes what they need where it is missing.
    ///
    /// # Errors
    /// Why not: [`WebhookError::Unavailable`] for now, anything else until somebody acts.
    pub async fn reach(&self) -> Result<(), WebhookError> {
        self.store.run(store::Access::Read, |_| Ok(())).await
    }

    /// How deliveries ended since the start, by outcome.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    fn now_us(&self) -> i64 {
        (self.clock)()
    }

    fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// A random share, from 0 up to 1.
    fn share(&self) -> f64 {
        f64::from(u32::from_be_bytes(self.random_bytes())) / (f64::from(u32::MAX) + 1.0)
    }
}
