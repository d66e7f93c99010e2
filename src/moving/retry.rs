//! Asking again what a log could not do for the moment: a bounded number of times, aloud.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{MoveError, Notice, Observer, Side};
use crate::log::LogError;

/// How often something is asked again: with the waits below about 20 s in all, several times as long
/// as a cluster takes to choose a leader.
const MAX_TRIES: u32 = 9;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The tries for one thing.
pub(super) struct Tries<'a> {
    side: Side,
    watch: &'a dyn Observer,
    made: u32,
}

impl<'a> Tries<'a> {
    pub fn new(side: Side, watch: &'a dyn Observer) -> Self {
        Self { side, watch, made: 0 }
    }

    /// Waits before the next try after `error`, or gives the error back when that was the last.
    pub async fn wait(&mut self, error: LogError) -> Result<(), MoveError> {
        if self.watch.is_stopped() {
            return Err(MoveError::Interrupted);
        }
        if self.made == MAX_TRIES {
            return Err(MoveError::of(self.side, error));
        }
        let wait = FIRST_WAIT.saturating_mul(1 << self.made).min(LONGEST_WAIT);
        self.made += 1;
        self.watch.says(&Notice::Waits { side: self.side, reason: error.to_string(), wait });
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// Asks until there is an answer other than [`LogError::Unavailable`].
pub(super) async fn ask<'f, T>(
    side: Side,
    watch: &dyn Observer,
    mut ask: impl FnMut() -> BoxFuture<'f, Result<T, LogError>>,
) -> Result<T, MoveError> {
    let mut tries = Tries::new(side, watch);
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error @ LogError::Unavailable(_)) => tries.wait(error).await?,
            Err(error) => return Err(MoveError::of(side, error)),
        }
    }
}
