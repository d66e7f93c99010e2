//! Stopping all appends to a log for a moment, so that it can be moved to another engine without
//! losing an acknowledged event. Not here: the copying, and what an engine does to stop its writers.

use chrono::{DateTime, SecondsFormat};
use futures_util::future::BoxFuture;

use super::LogError;

/// Where a log went, as the log that was left says for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The new address, without user and password.
    pub to: String,
    /// When, in microseconds UTC since 1970.
    pub at_us: i64,
    /// How many events the log had.
    pub events: u64,
    /// The Merkle root over their leaves (RFC 9162, section 2.1.1).
    pub root: [u8; 32],
}

/// The end of a sentence: the log moved …
impl std::fmt::Display for Moved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = DateTime::from_timestamp_micros(self.at_us)
            .map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true))
            .unwrap_or_default();
        let root: String = self.root.iter().map(|byte| format!("{byte:02x}")).collect();
        write!(f, "to {} at {at}, with {} events and the Merkle root {root}", self.to, self.events)
    }
}

/// A pause of all appends to a log, wherever they come from: they are answered
/// [`LogError::Moving`]. Dropped, or when its process dies, the pause ends by itself and writing
/// goes on, at once or when a lease of seconds runs out.
pub trait Pause: Send + Sync {
    /// Makes it permanent: from now on appends are refused, also after a restart, with where the log
    /// went. Made again with the same notice it changes nothing.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when the pause was lost, or the log has not exactly
    /// [`Moved::events`] events: nothing was marked. [`LogError::OutcomeUnknown`] when the mark may
    /// or may not stand.
    fn moved<'a>(&'a self, notice: &'a Moved) -> BoxFuture<'a, Result<(), LogError>>;

    /// Ends the pause, and waits until every writer can know. After [`Pause::moved`] it changes
    /// nothing for them.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when it could not be said; the pause then ends as if dropped.
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), LogError>>;
}
