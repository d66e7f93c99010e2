//! A start that waits for a store: at most as long as is configured, saying what for, and ending at
//! once on a signal.
//!
//! What must hold: only what may pass by itself is waited for ([`Exit::Unavailable`]); a wrong
//! address, certificate, password or database is said at once.

use std::time::Duration;

use tokio::time::Instant;

use super::exit::{Exit, exit_of, failure};
use super::signals::Signals;
use crate::api::{Starting, Waiting};

/// How soon something is tried again; longer each time.
const SOONEST: Duration = Duration::from_millis(100);
/// The longest of these times.
const LATEST: Duration = Duration::from_secs(1);

/// How long a start waits, and who is told.
pub struct Patience<'a> {
    most: Duration,
    signals: &'a mut Signals,
    /// Where probes are told, if somebody listens.
    told: Option<Starting>,
}

impl<'a> Patience<'a> {
    /// Waits for each store so many seconds at most.
    pub fn new(most_s: u64, signals: &'a mut Signals) -> Self {
        Self { most: Duration::from_secs(most_s), signals, told: None }
    }

    /// The same, telling probes meanwhile what is waited for.
    pub fn telling(self, told: Starting) -> Self {
        Self { told: Some(told), ..self }
    }

    /// What told the probes.
    pub fn into_told(self) -> Option<Starting> {
        self.told
    }

    /// Tries until it succeeds, fails by what does not pass, or the time is over: then the last
    /// failure is the answer. `what` names the store, without passwords.
    ///
    /// # Errors
    /// Those of `attempt`; that a signal ended the wait, with the exit code of an end by a signal.
    pub async fn wait_for<T>(
        &mut self,
        what: &str,
        mut attempt: impl AsyncFnMut() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let until = Instant::now() + self.most;
        let (mut pause, mut said) = (SOONEST, None);
        loop {
            let error = tokio::select! {
                tried = attempt() => match tried {
                    Ok(found) => {
                        self.tell(None);
                        return Ok(found);
                    }
                    Err(error) => error,
                },
                name = self.signals.next() => return Err(ended(name, what)),
            };
            if exit_of(&error) != Exit::Unavailable || Instant::now() >= until {
                self.tell(None);
                return Err(error);
            }
            let reason = format!("{error:#}");
            if said.as_ref() != Some(&reason) {
                let most_s = self.most.as_secs();
                tracing::warn!(reason, most_s, "the start waits for {what}");
                said = Some(reason.clone());
            }
            self.tell(Some(Waiting { waiting_for: what.to_owned(), reason }));
            tokio::select! {
                () = tokio::time::sleep_until(until.min(Instant::now() + pause)) => {}
                name = self.signals.next() => return Err(ended(name, what)),
            }
            pause = LATEST.min(pause * 2);
        }
    }

    fn tell(&self, waiting: Option<Waiting>) {
        if let Some(told) = &self.told {
            told.waits_for(waiting);
        }
    }
}

fn ended(signal: &str, what: &str) -> anyhow::Error {
    failure(Exit::Done, format!("{signal} ended the start while it waited for {what}"))
}
