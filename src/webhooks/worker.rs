//! The task that delivers: one for each process, and of all processes over a file only the one that
//! holds its lock. An endpoint that hangs delays no other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::file::DeliveryLock;
use super::{WebhookError, Webhooks};

/// How often a lock that another process holds is asked for.
const LOCK_EVERY: Duration = Duration::from_secs(2);
/// How long a failed step waits for the next try.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How long attempts may go on after the stop; what they would have recorded is delivered again.
const GRACE: Duration = Duration::from_secs(3);
/// The longest sleep: the wall clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Delivery in the background.
pub struct Worker {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Worker {
    /// Starts delivering as soon as the lock is free; within a tokio runtime.
    pub fn start(webhooks: Arc<Webhooks>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(webhooks, stopped));
        Self { task, stop }
    }

    /// Stops; attempts that run may end within a short time.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // An error says that the task panicked, which was told then.
        let _ = self.task.await;
    }
}

async fn run(webhooks: Arc<Webhooks>, mut stopped: watch::Receiver<bool>) {
    let Some(_lock) = locked(&webhooks, &mut stopped).await else { return };
    let mut rounds = Rounds::new(&webhooks);
    tokio::select! {
        () = rounds.go_on() => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    let _ = tokio::time::timeout(GRACE, rounds.running.collect::<Vec<_>>()).await;
}

/// The lock, once it is free; nothing if it is stopped before.
async fn locked(webhooks: &Webhooks, stopped: &mut watch::Receiver<bool>) -> Option<DeliveryLock> {
    let mut told = false;
    loop {
        match webhooks.store.lock() {
            Ok(lock) => return Some(lock),
            Err(WebhookError::InUse(_)) if told => {}
            Err(error) => tracing::info!(%error, "webhooks are not delivered here yet"),
        }
        told = true;
        tokio::select! {
            () = tokio::time::sleep(LOCK_EVERY) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return None,
        }
    }
}

type Step = (Uuid, Result<Option<i64>, WebhookError>);

/// Which endpoint is to be looked at when, and which is being.
struct Rounds<'a> {
    webhooks: &'a Webhooks,
    /// When each is due again, in Unix microseconds; none: when something changes.
    wake: HashMap<Uuid, Option<i64>>,
    running: FuturesUnordered<BoxFuture<'a, Step>>,
    busy: HashSet<Uuid>,
    /// Something changed while they were busy.
    again: HashSet<Uuid>,
}

impl<'a> Rounds<'a> {
    fn new(webhooks: &'a Webhooks) -> Self {
        Self {
            webhooks,
            wake: HashMap::new(),
            running: FuturesUnordered::new(),
            busy: HashSet::new(),
            again: HashSet::new(),
        }
    }

    /// Delivers until it is dropped, or the log is closed.
    async fn go_on(&mut self) {
        let webhooks = self.webhooks;
        let mut head = webhooks.log.watch_head();
        self.look_at_all().await;
        loop {
            self.start_due();
            let sleep = self.sleep();
            tokio::select! {
                Some((id, result)) = self.running.next(), if !self.running.is_empty() => {
                    self.ended(id, result);
                }
                moved = head.changed() => match moved {
                    Ok(()) => self.look_again(),
                    Err(_) => return,
                },
                () = webhooks.changed.notified() => self.look_at_all().await,
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Looks up which endpoints there are, and at each of them.
    async fn look_at_all(&mut self) {
        match self.webhooks.enabled().await {
            Ok(ids) => self.wake = ids.into_iter().map(|id| (id, None)).collect(),
            Err(error) => {
                tracing::error!(%error, "webhook endpoints can't be read; tried again");
                tokio::time::sleep(AFTER_FAILURE).await;
                self.webhooks.changed.notify_one();
            }
        }
        self.look_again();
    }

    fn look_again(&mut self) {
        for (id, wake) in &mut self.wake {
            *wake = Some(i64::MIN);
            if self.busy.contains(id) {
                self.again.insert(*id);
            }
        }
    }

    fn start_due(&mut self) {
        let now_us = self.webhooks.now_us();
        let webhooks = self.webhooks;
        for (id, wake) in &self.wake {
            let id = *id;
            if wake.is_some_and(|wake| wake <= now_us) && self.busy.insert(id) {
                let step = async move { (id, webhooks.step_endpoint(id).await) };
                self.running.push(step.boxed());
            }
        }
    }

    fn ended(&mut self, id: Uuid, result: Result<Option<i64>, WebhookError>) {
        self.busy.remove(&id);
        let again = self.again.remove(&id);
        let next = match result {
            Ok(_) if again => Some(i64::MIN),
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(endpoint = %id, %error, "a webhook endpoint can't go on; tried again");
                let wait_us = i64::try_from(AFTER_FAILURE.as_micros()).unwrap_or_default();
                Some(self.webhooks.now_us() + wait_us)
            }
        };
        // One that was removed or disabled meanwhile is not taken up again.
        if let Some(wake) = self.wake.get_mut(&id) {
            *wake = next;
        }
    }

    fn sleep(&self) -> Duration {
        let waiting = self.wake.iter().filter(|(id, _)| !self.busy.contains(id));
        let earliest = waiting.filter_map(|(_, wake)| *wake).min();
        let Some(earliest) = earliest else { return LONGEST_SLEEP };
        let wait_us = earliest.saturating_sub(self.webhooks.now_us());
        Duration::from_micros(u64::try_from(wait_us).unwrap_or_default()).min(LONGEST_SLEEP)
    }
}
