//! Endpoints and deliveries as rows, and the port to what keeps them. Each change is one transaction;
//! nothing here knows HTTP.

pub mod deliveries;
pub mod endpoints;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod right;
pub mod rows;
pub mod sqlite;

use std::sync::Arc;

use tokio::sync::Semaphore;
use uuid::Uuid;

use super::WebhookError;
use super::sign::Keys;
use right::{News, Right};
use rows::Rows;

/// Transactions at a time; more wait.
const TURNS: usize = 4;

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

    /// Whether what was found for the endpoint as it was `seen` is what it wants.
    pub(super) fn looks_on_like(&self, seen: &Self) -> bool {
        (self.next_sequence, self.replays) == (seen.next_sequence, seen.replays)
            && self.programs == seen.programs
            && self.types == seen.types
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

/// What a transaction may do.
#[derive(Clone)]
pub enum Access {
    /// Read.
    Read,
    /// Change what an operator asked for; whoever delivers hears of it.
    Change,
    /// Change what follows from delivering, by this right alone.
    Deliver(Arc<Right>),
    /// As [`Access::Deliver`], but a crash may take it back: it is found out again.
    Noted(Arc<Right>),
}

/// The work of a transaction.
pub type Work<'a> = dyn FnMut(&mut dyn Rows) -> Result<(), WebhookError> + 'a;

/// What keeps the endpoints of one log. Calls block: they must not come from a thread that drives
/// asynchronous work.
pub trait Engine: Send + Sync {
    /// Runs `work` as one transaction, once; an error undoes it. Transactions that change something
    /// are made one after the other.
    ///
    /// # Errors
    /// That of the work; [`WebhookError::Lost`] when the right it rests on is another's by now;
    /// [`WebhookError::Unavailable`] while the engine is away.
    fn transaction(&self, access: &Access, work: &mut Work<'_>) -> Result<(), WebhookError>;

    /// Takes the right to deliver, which one process has at a time. Must be asked again and again:
    /// that a holder is gone may show only by what did not happen between two calls.
    ///
    /// # Errors
    /// [`WebhookError::InUse`] while another has it, and as [`Engine::transaction`].
    fn claim(&self) -> Result<Right, WebhookError>;

    /// Says that the holder is still there; what it should know.
    ///
    /// # Errors
    /// [`WebhookError::Lost`] when another took the right over.
    fn renew(&self, right: &Right) -> Result<News, WebhookError>;

    /// Gives the right back, so that the next one need not wait; nothing where it is another's.
    ///
    /// # Errors
    /// Those of the engine: then it lapses.
    fn give_back(&self, right: &Right) -> Result<(), WebhookError>;
}

/// The engine, for those who can't block.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    turns: Arc<Semaphore>,
}

impl Store {
    /// What an engine keeps.
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine, turns: Arc::new(Semaphore::new(TURNS)) }
    }

    /// Runs a transaction on a thread that may block; an error undoes it.
    pub async fn run<T: Send + 'static>(
        &self,
        access: Access,
        work: impl FnOnce(&mut dyn Rows) -> Result<T, WebhookError> + Send + 'static,
    ) -> Result<T, WebhookError> {
        let _turn = self.turns.acquire().await;
        self.call(move |engine| {
            let (mut work, mut value) = (Some(work), None);
            engine.transaction(&access, &mut |rows| {
                let work = work.take().ok_or_else(|| {
                    WebhookError::Database("a transaction was run twice".to_owned())
                })?;
                value = Some(work(rows)?);
                Ok(())
            })?;
            value.ok_or_else(|| WebhookError::Database("a transaction was not run".to_owned()))
        })
        .await
    }

    /// Calls the engine on a thread that may block. Not in turn: a right must not lapse because
    /// others ask much.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Engine) -> Result<T, WebhookError> + Send + 'static,
    ) -> Result<T, WebhookError> {
        let engine = self.engine.clone();
        let joined = tokio::task::spawn_blocking(move || work(&*engine)).await;
        joined.map_err(|error| WebhookError::BrokenOff(error.to_string()))?
    }
}
