//! Following `$all`: one task per log reads what is new, counts it, and publishes the head.
//!
//! It polls. A read ends at the end of the log as it was, so its position always advances, over
//! others' events too; a subscription of the client's would spin for ever once the server ends it. It
//! is woken by appends of this node, asks often while something happens, and seldom when not.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kurrentdb::{ReadAllOptions, StreamPosition};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::Shared;
use super::cache::{Batch, Cache};
use super::client::{By as _, Failure};
use super::count::{Counted, Look};
use super::left;
use super::losses;
use super::patience::MAX_PAUSE;
use crate::log::Recording;

/// How long the next event of a read may take.
const NEXT_LIMIT: Duration = Duration::from_secs(5);
/// How often the server is asked while an append waits for its event, at first.
const WAITED_POLL: Duration = Duration::from_micros(300);
/// How often while appends are under way of which none is known to be written: an answer wakes sooner.
const MOST_WAITED: Duration = Duration::from_millis(20);
/// How often when something happened lately.
const ACTIVE_POLL: Duration = Duration::from_millis(5);
/// How long "lately" is.
const ACTIVE_FOR: Duration = Duration::from_secs(1);
/// How many events are counted before the head is published and they are kept.
const STEP: usize = 512;
/// How long an outage lasts before health shows it: what follows a leader that moves takes less.
const SHOWN_AFTER: Duration = Duration::from_secs(2);
/// How often it is said that the server can't be read.
const SAY_AGAIN: Duration = Duration::from_secs(60);
/// How soon the count is left for others again after that failed.
const LEAVE_AGAIN: Duration = Duration::from_secs(60);

/// The task.
pub(super) async fn follow(shared: Arc<Shared>, cache: Option<Arc<Cache>>) {
    let (mut failures, mut active, mut waited) = (0_u32, Instant::now(), WAITED_POLL);
    let (mut leaving, mut outage) = (Leaving::default(), Outage::default());
    while !*shared.closed.borrow() {
        let (before, began) = (shared.count().head(), Instant::now());
        let outcome = round(&shared, cache.as_ref()).await;
        match outcome {
            Ok(()) => {
                failures = 0;
                outage.is_over(&shared.recording);
            }
            Err(failure) => {
                failures += 1;
                outage.goes_on(&failure, &shared.recording);
            }
        }
        if failures == 0 {
            leaving.go_on(&shared).await;
        }
        let look = shared.count().waiters.next_look(began);
        if shared.count().head() != before {
            (active, waited) = (Instant::now(), WAITED_POLL);
        }
        let pause = match look {
            _ if failures > 0 => {
                (ACTIVE_POLL * 2_u32.saturating_pow(failures.min(12))).min(MAX_PAUSE)
            }
            Some(Look::Soon) => {
                // Written, and not readable yet.
                waited = (waited * 2).min(ACTIVE_POLL);
                waited
            }
            Some(Look::By(at)) => at.saturating_duration_since(Instant::now()),
            Some(Look::Sometime) => MOST_WAITED,
            None if active.elapsed() < ACTIVE_FOR => ACTIVE_POLL,
            None => shared.options.idle_poll,
        };
        // Woken or not, the next round begins.
        let _ = timeout(pause, shared.wake.notified()).await;
    }
    // Whoever waits for a round waits in vain.
    let closed = Some("the log was closed".to_owned());
    shared.round.send_modify(|round| (round.done, round.failed) = (u64::MAX, closed));
}

/// A time in which the server can't be read: said once when it begins, once a minute while it lasts,
/// and when it is over. The client has a line for each of its tries, which nobody is shown.
#[derive(Default)]
struct Outage {
    began: Option<Instant>,
    said: Option<Instant>,
}

impl Outage {
    fn goes_on(&mut self, failure: &Failure, recording: &Recording) {
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        if now - began >= SHOWN_AFTER {
            recording.set_trouble(Some(format!("KurrentDB can't be read: {failure}")));
        }
        if self.said.is_none_or(|said| now - said >= SAY_AGAIN) {
            self.said = Some(now);
            let for_s = (now - began).as_secs();
            tracing::warn!(%failure, for_s, "KurrentDB can't be read; tried again until it can");
        }
    }

    fn is_over(&mut self, recording: &Recording) {
        if let Some(began) = std::mem::take(self).began {
            recording.set_trouble(None);
            let after_ms = began.elapsed().as_millis();
            tracing::info!(after_ms, "KurrentDB can be read again");
        }
    }
}

/// What is left of the count for other nodes, beside the following.
#[derive(Default)]
struct Leaving {
    under_way: Option<JoinHandle<Result<(), Failure>>>,
    not_before: Option<Instant>,
}

impl Leaving {
    /// Sees what became of the last, and begins the next where something is due.
    async fn go_on(&mut self, shared: &Arc<Shared>) {
        if self.under_way.as_ref().is_some_and(|leaving| !leaving.is_finished()) {
            return;
        }
        if let Some(done) = self.under_way.take()
            && let Ok(Err(failure)) = done.await
        {
            tracing::warn!(%failure, "this node's count can't be left for others; tried again");
            self.not_before = Some(Instant::now() + LEAVE_AGAIN);
        }
        if self.not_before.is_none_or(|at| Instant::now() >= at) && left::is_due(shared) {
            self.under_way = Some(tokio::spawn(left::leave(Arc::clone(shared))));
        }
    }
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
    let mut events = limited.map_err(|_| Failure::Silent)?.map_err(Failure::Answered)?;
    let mut step = Step { shared: &shared, cache: cache.as_deref(), counted: Vec::new(), seen: 0 };
    loop {
        let next = timeout(NEXT_LIMIT, events.next()).await.map_err(|_| Failure::Silent);
        let next = match next.and_then(|next| next.map_err(Failure::Answered)) {
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
    judge(&shared);
    Ok(())
}

/// Stops recording where the log is seen to have lost events: only at the end of a read, since what
/// hides events may be taken back.
fn judge(shared: &Arc<Shared>) {
    let (lost, foreign, sequence) = {
        let count = shared.count();
        (count.undecided(), count.foreign().cloned(), count.unsure_from())
    };
    if let Some(foreign) = foreign
        && !shared.foreign.swap(true, Ordering::Relaxed)
    {
        tracing::error!(%foreign, "the log can't be counted on");
    }
    if let Some(why) = losses::stop_for(&lost, sequence) {
        shared.recording.stop(why);
    }
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
        let (head, answered) = (count.head(), count.waiters.take_answered());
        let (ends, position, losses) = (count.ends(), count.position(), count.losses().clone());
        let is_whole = count.is_whole();
        drop(count);
        self.shared.head.send_if_modified(|published| {
            let moved = *published != head;
            *published = head;
            moved
        });
        answered.tell();
        let counted = std::mem::take(&mut self.counted);
        if let (Some(cache), Some(ends), Some(at)) =
            (self.cache.filter(|_| is_whole), ends, position)
        {
            cache.write(Batch { counted, ends, position: (at.commit, at.prepare), losses });
        }
    }
}
