//! Following `$all`: one task per log reads what is new, counts it, and publishes the head.
//!
//! It polls. A read ends at the end of the log as it was, so its position always advances, over
//! others' events too; a subscription of the client's would spin for ever once the server ends it. It
//! is woken by appends of this node, asks often while something happens, and seldom when not.

use std::sync::Arc;
use std::time::Duration;

use kurrentdb::{ReadAllOptions, StreamPosition};
use tokio::time::{Instant, sleep, timeout};

use super::Shared;
use super::cache::{Batch, Cache};
use super::client::{By as _, Failure};
use super::count::Counted;
use super::read::{FIRST_PAUSE, TRIED_FOR};
use crate::log::LogError;

/// How long the next event of a read may take.
const NEXT_LIMIT: Duration = Duration::from_secs(5);
/// How often the server is asked while an append waits for its event, at first.
const WAITED_POLL: Duration = Duration::from_micros(300);
/// How often when something happened lately.
const ACTIVE_POLL: Duration = Duration::from_millis(5);
/// How long "lately" is.
const ACTIVE_FOR: Duration = Duration::from_secs(1);
/// The longest pause after failures.
const MAX_PAUSE: Duration = Duration::from_secs(2);
/// How long a round may take while somebody waits for it.
const WAIT: Duration = Duration::from_secs(15);
/// How many events are counted before the head is published and they are kept.
const STEP: usize = 512;

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

/// The task.
pub(super) async fn follow(shared: Arc<Shared>, cache: Option<Arc<Cache>>) {
    let (mut failures, mut active, mut waited) = (0_u32, Instant::now(), WAITED_POLL);
    while !*shared.closed.borrow() {
        let before = shared.count().head();
        let outcome = round(&shared, cache.as_ref()).await;
        match outcome {
            Ok(()) => failures = 0,
            Err(failure) => {
                failures += 1;
                if failures.is_power_of_two() {
                    tracing::warn!(%failure, failures, "KurrentDB can't be read; tried again");
                }
            }
        }
        let is_waited_for = shared.count().is_waited_for();
        if shared.count().head() != before {
            (active, waited) = (Instant::now(), WAITED_POLL);
        }
        let pause = if failures > 0 {
            (ACTIVE_POLL * 2_u32.saturating_pow(failures.min(12))).min(MAX_PAUSE)
        } else if is_waited_for {
            // The event is written and not readable yet, or its append is still under way.
            waited = (waited * 2).min(ACTIVE_POLL);
            waited
        } else if active.elapsed() < ACTIVE_FOR {
            ACTIVE_POLL
        } else {
            shared.options.idle_poll
        };
        // Woken or not, the next round begins.
        let _ = timeout(pause, shared.wake.notified()).await;
    }
    // Whoever waits for a round waits in vain.
    let closed = Some("the log was closed".to_owned());
    shared.round.send_modify(|round| (round.done, round.failed) = (u64::MAX, closed));
}

/// Reads to the end as it is now.
pub(super) async fn round(shared: &Arc<Shared>, cache: Option<&Arc<Cache>>) -> Result<(), Failure> {
    let mut number = 0;
    shared.round.send_modify(|round| {
        round.begun += 1;
        number = round.begun;
    });
    let began = Instant::now();
    let outcome = read_on(shared, cache).await;
    let failed = outcome.as_ref().err().map(ToString::to_string);
    shared.round.send_modify(|round| {
        if failed.is_none() {
            round.fresh = Some(began);
        }
        (round.done, round.failed) = (number, failed);
    });
    outcome
}

async fn read_on(shared: &Arc<Shared>, cache: Option<&Arc<Cache>>) -> Result<(), Failure> {
    let session = shared.client.number();
    // In a task of its own: the client panics on answers that it does not understand.
    let reading = read_from_last(Arc::clone(shared), cache.cloned());
    let read = shared.client.runtime().spawn(reading).await;
    let outcome = read.unwrap_or_else(|error| Err(Failure::Broken(error.to_string())));
    if let Err(failure) = &outcome {
        shared.client.failed(session, failure);
    }
    outcome
}

async fn read_from_last(shared: Arc<Shared>, cache: Option<Arc<Cache>>) -> Result<(), Failure> {
    let last = shared.count().position();
    let position = last.map_or(StreamPosition::Start, StreamPosition::Position);
    let options = ReadAllOptions::default().position(position).by(&shared.credentials);
    let client = shared.client.current();
    let limited = timeout(NEXT_LIMIT, client.read_all(&options)).await;
    let mut events = limited.map_err(|_| Failure::Silent)?.map_err(Failure::Said)?;
    let mut step = Step { shared: &shared, cache: cache.as_deref(), counted: Vec::new(), seen: 0 };
    loop {
        let next = timeout(NEXT_LIMIT, events.next()).await.map_err(|_| Failure::Silent);
        let next = match next.and_then(|next| next.map_err(Failure::Said)) {
            Ok(next) => next,
            Err(failure) => {
                step.publish();
                return Err(failure);
            }
        };
        let Some(event) = next else { break };
        // What is a link elsewhere is an event of its stream here.
        let Some(found) = event.link.or(event.event) else { continue };
        // A read begins with the event at its position, which was looked at.
        if Some(found.position) == last {
            continue;
        }
        step.look(found);
    }
    step.publish();
    Ok(())
}

/// What was looked at since the head was published last.
struct Step<'a> {
    shared: &'a Arc<Shared>,
    cache: Option<&'a Cache>,
    counted: Vec<Counted>,
    seen: usize,
}

impl Step<'_> {
    fn look(&mut self, found: kurrentdb::RecordedEvent) {
        let counted = self.shared.count().look(found);
        self.counted.extend(counted);
        self.seen += 1;
        if self.seen >= STEP {
            self.publish();
        }
    }

    /// Publishes the head, and only then tells those who waited.
    fn publish(&mut self) {
        if self.seen == 0 {
            return;
        }
        self.seen = 0;
        let mut count = self.shared.count();
        let (head, answered) = (count.head(), count.take_answered());
        let (position, hidden) = (count.position(), count.hidden().clone());
        let trouble = count.trouble();
        drop(count);
        if let Some(trouble) = trouble {
            tracing::error!(%trouble, "the log can't be trusted");
        }
        self.shared.head.send_if_modified(|published| {
            let moved = *published != head;
            *published = head;
            moved
        });
        for (tell, events) in answered {
            // Whoever waited may have gone.
            let _ = tell.send(events);
        }
        let counted = std::mem::take(&mut self.counted);
        if let (Some(cache), Some(at)) = (self.cache, position) {
            cache.write(Batch { counted, position: (at.commit, at.prepare), hidden });
        }
    }
}
