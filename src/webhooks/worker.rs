//! The task that delivers: one for each process, and of all processes over the same endpoints only
//! the one that has the right to. An endpoint that hangs delays no other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::step::Delivering;
use super::{WebhookError, Webhooks};

/// How often a right that another process holds is asked for.
const CLAIM_EVERY: Duration = Duration::from_secs(1);
/// How often one that is held is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(1);
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
    /// Starts delivering as soon as the right is free; within a tokio runtime.
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

/// Why deliveries of this process ended.
#[derive(PartialEq, Eq)]
enum Ended {
    /// It was told to, or the log is closed.
    Stopped,
    /// Another has the right, or says how deliveries are made.
    Lost,
}

async fn run(webhooks: Arc<Webhooks>, mut stopped: watch::Receiver<bool>) {
    let mut told = false;
    loop {
        let Some(delivering) = claimed(&webhooks, &mut stopped, &mut told).await else { return };
        let ended = deliver(&delivering, &mut stopped).await;
        // Without an answer the right lapses.
        let given = tokio::time::timeout(GRACE, delivering.give_back()).await;
        if let Ok(Err(error)) = given {
            tracing::info!(%error, "the right to deliver webhooks was not given back");
        }
        match ended {
            Ended::Stopped => return,
            Ended::Lost => tracing::info!("webhooks are not delivered here any more"),
        }
    }
}

/// The right to deliver, once it is free; nothing if it is stopped before.
async fn claimed(
    webhooks: &Arc<Webhooks>,
    stopped: &mut watch::Receiver<bool>,
    told: &mut bool,
) -> Option<Delivering> {
    loop {
        match webhooks.claim().await {
            Ok(delivering) => {
                tracing::info!("webhooks are delivered here");
                *told = false;
                return Some(delivering);
            }
            Err(WebhookError::InUse(_) | WebhookError::Unsettled) if *told => {}
            Err(error) => tracing::info!(%error, "webhooks are not delivered here yet"),
        }
        *told = true;
        tokio::select! {
            () = tokio::time::sleep(CLAIM_EVERY) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return None,
        }
    }
}

/// Delivers until it is stopped or loses the right.
async fn deliver(delivering: &Delivering, stopped: &mut watch::Receiver<bool>) -> Ended {
    let mut rounds = Rounds::new(delivering);
    tokio::select! {
        () = rounds.go_on() => {}
        () = keep_right(delivering) => return Ended::Lost,
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    let finish = tokio::time::timeout(GRACE, rounds.running.collect::<Vec<_>>());
    tokio::select! {
        _ = finish => {}
        () = keep_right(delivering) => {}
    }
    Ended::Stopped
}

/// Renews the right until it is lost, or can't be known to last.
async fn keep_right(delivering: &Delivering) {
    let mut changes = delivering.news().changes;
    loop {
        match delivering.renew().await {
            Ok(news) => {
                if news.settings != delivering.news().settings {
                    return;
                }
                if std::mem::replace(&mut changes, news.changes) != news.changes {
                    delivering.webhooks.changed.notify_one();
                }
            }
            Err(WebhookError::Lost) => return,
            Err(error) if !delivering.is_sure() => {
                tracing::warn!(%error, "the right to deliver webhooks can't be renewed");
                return;
            }
            Err(error) => tracing::debug!(%error, "the right to deliver webhooks was not renewed"),
        }
        tokio::time::sleep(RENEW_EVERY).await;
    }
}

type Step = (Uuid, Result<Option<i64>, WebhookError>);

/// Which endpoint is to be looked at when, and which is being.
struct Rounds<'a> {
    delivering: &'a Delivering,
    /// When each is due again, in Unix microseconds; none: when something changes.
    wake: HashMap<Uuid, Option<i64>>,
    running: FuturesUnordered<BoxFuture<'a, Step>>,
    busy: HashSet<Uuid>,
    /// Something changed while they were busy.
    again: HashSet<Uuid>,
}

impl<'a> Rounds<'a> {
    fn new(delivering: &'a Delivering) -> Self {
        Self {
            delivering,
            wake: HashMap::new(),
            running: FuturesUnordered::new(),
            busy: HashSet::new(),
            again: HashSet::new(),
        }
    }

    /// Delivers until it is dropped, or the log is closed.
    async fn go_on(&mut self) {
        let webhooks = &self.delivering.webhooks;
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
        match self.delivering.enabled().await {
            Ok(ids) => self.wake = ids.into_iter().map(|id| (id, None)).collect(),
            Err(error) => {
                tracing::error!(%error, "webhook endpoints can't be read; tried again");
                tokio::time::sleep(AFTER_FAILURE).await;
                self.delivering.webhooks.changed.notify_one();
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
        let now_us = self.delivering.webhooks.now_us();
        let delivering = self.delivering;
        for (id, wake) in &self.wake {
            let id = *id;
            if wake.is_some_and(|wake| wake <= now_us) && self.busy.insert(id) {
                let step = async move { (id, delivering.step_endpoint(id).await) };
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
                Some(self.delivering.webhooks.now_us() + wait_us)
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
        let wait_us = earliest.saturating_sub(self.delivering.webhooks.now_us());
        Duration::from_micros(u64::try_from(wait_us).unwrap_or_default()).min(LONGEST_SLEEP)
    }
}
