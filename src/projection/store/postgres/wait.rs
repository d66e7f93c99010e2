//! How long a server is waited for that may hang: one whose processes were stopped still takes bytes,
//! and no limit of its own ends anything.
//!
//! What must hold: whoever gave up leaves the connection, so that no later answer is taken for
//! another's; a process that is about to end waits for nothing any longer.

use std::cell::Cell;
use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::projection::error::DatabaseError;

/// How long a connection, or an answer that takes no work, may take.
pub(super) const QUICK: Duration = Duration::from_secs(5);
/// How long the next row of an answer may take.
pub(super) const ROW: Duration = Duration::from_secs(30);
/// How long the next answer within a batch may take: the server ends statements sooner.
pub(super) const SILENCE: Duration = Duration::from_secs(15);
/// How long anything may take once the process should have ended.
const LAST: Duration = Duration::from_millis(300);

/// The last sign of life of a server within a batch.
pub(super) struct Pulse(Cell<Instant>);

impl Pulse {
    pub fn new() -> Self {
        Self(Cell::new(Instant::now()))
    }

    /// The server answered.
    pub fn beat(&self) {
        self.0.set(Instant::now());
    }

    /// Waits until there was none for too long.
    async fn stops(&self) {
        loop {
            let until = self.0.get() + SILENCE;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

/// What ends a wait.
pub(super) enum Limit<'a> {
    /// So much time.
    After(Duration),
    /// A server that gives no sign of life.
    Silence(&'a Pulse),
    /// Only the end of the process: work that takes as long as it takes.
    End,
}

/// Until when anything is waited for at all.
pub(super) struct Ending(watch::Sender<Option<Instant>>);

impl Ending {
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub fn by(&self, instant: std::time::Instant) {
        self.0.send_replace(Some(Instant::from_std(instant)));
    }

    /// Waits for a future as long as the limit allows.
    ///
    /// # Errors
    /// Those of the future; a passing one when the time was over.
    pub async fn wait<T, E: From<DatabaseError>>(
        &self,
        limit: Limit<'_>,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut future = pin!(future);
        let late = match limit {
            Limit::After(limit) => tokio::select! {
                biased;
                done = &mut future => return done,
                () = sleep(limit) => limit,
                () = self.comes() => return Err(ends().into()),
            },
            Limit::Silence(pulse) => tokio::select! {
                biased;
                done = &mut future => return done,
                () = pulse.stops() => SILENCE,
                () = self.comes() => return Err(ends().into()),
            },
            Limit::End => tokio::select! {
                biased;
                done = &mut future => return done,
                () = self.comes() => return Err(ends().into()),
            },
        };
        let late_s = late.as_secs();
        Err(DatabaseError::passing(format!("PostgreSQL did not answer within {late_s} s")).into())
    }

    async fn comes(&self) {
        let mut end = self.0.subscribe();
        let by = end.wait_for(Option::is_some).await.map(|by| *by);
        match by {
            Ok(Some(by)) => sleep_until(by.max(Instant::now() + LAST)).await,
            // Nobody can say so any more.
            _ => pending().await,
        }
    }
}

fn ends() -> DatabaseError {
    DatabaseError::passing("PostgreSQL did not answer before the process had to end")
}
