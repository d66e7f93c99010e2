//! The rounds in which `$all` is followed, for those who wait for one.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::Shared;
use super::patience::{FIRST_PAUSE, MAX_PAUSE, TRIED_FOR};
use crate::log::LogError;

/// How long a round may take while somebody waits for it.
const WAIT: Duration = Duration::from_secs(15);

/// How far the task has got: rounds begun and done, and why the last one failed.
#[derive(Debug, Clone, Default)]
pub(super) struct Round {
    pub begun: u64,
    pub done: u64,
    pub failed: Option<String>,
    /// When the last round that reached the end began.
    pub fresh: Option<Instant>,
}

/// Waits for a round that began after this call, so for everything that was in the log by now.
///
/// # Errors
/// [`LogError::Unavailable`] when the round fails, or the log is closed.
pub(super) async fn catch_up(shared: &Arc<Shared>) -> Result<(), LogError> {
    let mut rounds = shared.round.subscribe();
    let (mut pause, until) = (FIRST_PAUSE, Instant::now() + TRIED_FOR);
    loop {
        shared.check_open()?;
        let wanted = rounds.borrow_and_update().begun + 1;
        shared.wake.notify_one();
        let failed = match timeout(WAIT, rounds.wait_for(|round| round.done >= wanted)).await {
            Ok(Ok(round)) => round.failed.clone(),
            Ok(Err(_)) => return Err(LogError::Unavailable("the log was closed".to_owned())),
            Err(_) => Some("the server does not answer in time".to_owned()),
        };
        match failed {
            None => return Ok(()),
            Some(reason) if Instant::now() + pause >= until => {
                return Err(LogError::Unavailable(format!("KurrentDB can't be read: {reason}")));
            }
            Some(_) => {}
        }
        sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}
