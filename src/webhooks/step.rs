//! A step of delivery, which a test can drive: look at what is new in the log, try what is due,
//! record how it ended, say when to come again.

use std::sync::Arc;

use futures_util::future::join_all;
use uuid::Uuid;

use super::payload::{self, lane, wants};
use super::schedule::{next_attempt_us, retry_after_s};
use super::send::{Answer, Message, Sender};
use super::sign::signatures;
use super::store::deliveries::{self, Due, Ended, Found, Outcome};
use super::store::right::{News, Right};
use super::store::rows::Rows;
use super::store::{Access, DisabledReason, Endpoint, endpoints};
use super::{AddressPolicy, Settings, WebhookError, Webhooks};
use crate::log::RecordedEvent;

/// Events looked at in one step of an endpoint.
const PAGE_EVENTS: usize = 256;
/// Attempts at a time, for each endpoint.
const PARALLEL: usize = 16;
/// Deliveries that wait at most; with more, the endpoint reads no further. It bounds the file, and
/// the cost of finding the next.
const MAX_PENDING: u64 = 10_000;

/// How long an event that can't be read waits until it is tried again.
const UNREADABLE_AGAIN_US: i64 = 3_600_000_000;

/// Answers that ask for patience and may say how much.
const THROTTLED: [u16; 4] = [429, 502, 503, 504];
/// "I want nothing more of this."
const GONE: u16 = 410;

/// One process's deliveries, while it has the right to them. It must be given back.
pub struct Delivering {
    pub(super) webhooks: Arc<Webhooks>,
    right: Arc<Right>,
    settings: Settings,
    sender: Sender,
}

impl Webhooks {
    /// Takes the right to deliver.
    ///
    /// # Errors
    /// [`WebhookError::InUse`] while another process has it; [`WebhookError::Unsettled`] where no
    /// server has said how deliveries are made.
    pub async fn claim(self: &Arc<Self>) -> Result<Delivering, WebhookError> {
        let right = Arc::new(self.store.call(|engine| engine.claim()).await?);
        let Some(settings) = right.news.settings.clone() else {
            self.store.call(move |engine| engine.give_back(&right)).await?;
            return Err(WebhookError::Unsettled);
        };
        let policy = AddressPolicy { allow_private: settings.allow_private_networks };
        let sender = Sender::new(policy, settings.timeout, self.lookup.clone());
        Ok(Delivering { webhooks: self.clone(), right, settings, sender })
    }

    /// The ids of the endpoints that get something.
    async fn enabled(&self) -> Result<Vec<Uuid>, WebhookError> {
        let all = self.store.run(Access::Read, endpoints::all).await?;
        Ok(all.into_iter().filter(|e| e.disabled.is_none()).map(|e| e.id).collect())
    }

    /// An event of the log.
    pub(super) async fn event(&self, sequence: u64) -> Result<RecordedEvent, WebhookError> {
        let _turn = self.reading.acquire().await;
        let page = self.log.read_all(sequence.checked_sub(1), 1).await?;
        page.events.into_iter().next().ok_or_else(|| {
            let reason = "an event that was there is not there any more".to_owned();
            crate::log::LogError::Corrupt { sequence, reason }.into()
        })
    }
}

impl Delivering {
    /// One step of every enabled endpoint, side by side; when to come again at the latest, in Unix
    /// microseconds; nothing: when the log moves or an endpoint changes.
    ///
    /// # Errors
    /// The first of them.
    pub async fn step(&self) -> Result<Option<i64>, WebhookError> {
        let ids = self.webhooks.enabled().await?;
        let steps = join_all(ids.into_iter().map(|id| self.step_endpoint(id))).await;
        let mut wake = None;
        for step in steps {
            wake = earlier(wake, step?);
        }
        Ok(wake)
    }

    /// The ids of the endpoints that get something.
    pub(super) async fn enabled(&self) -> Result<Vec<Uuid>, WebhookError> {
        self.webhooks.enabled().await
    }

    /// Says that it is still there, and hears what changed.
    ///
    /// # Errors
    /// [`WebhookError::Lost`] when another took over.
    pub async fn renew(&self) -> Result<News, WebhookError> {
        let right = self.right.clone();
        self.webhooks.store.call(move |engine| engine.renew(&right)).await
    }

    /// Whether nobody else can deliver now.
    pub(super) fn is_sure(&self) -> bool {
        self.right.is_sure()
    }

    /// What there was to hear when the right was taken.
    pub(super) fn news(&self) -> &News {
        &self.right.news
    }

    /// Lets the next one deliver.
    ///
    /// # Errors
    /// Those of the engine: then the next one waits until the right lapses.
    pub async fn give_back(self) -> Result<(), WebhookError> {
        self.webhooks.store.call(move |engine| engine.give_back(&self.right)).await
    }

    /// One step of one endpoint.
    pub(super) async fn step_endpoint(&self, id: Uuid) -> Result<Option<i64>, WebhookError> {
        let now_us = self.webhooks.now_us();
        let store = &self.webhooks.store;
        let find =
            move |db: &mut dyn Rows| Ok((endpoints::find(db, id)?, deliveries::counts(db, id)?));
        let (Some(endpoint), counts) = store.run(Access::Read, find).await? else {
            return Ok(None);
        };
        if endpoint.disabled.is_some() {
            return Ok(None);
        }
        let more = counts.pending < MAX_PENDING && self.take_in(&endpoint, now_us).await?;
        if let Some(until_us) = endpoint.paused_until_us.filter(|until_us| now_us < *until_us) {
            return Ok(Some(if more { now_us } else { until_us }));
        }
        let due = move |db: &mut dyn Rows| deliveries::due(db, id, now_us, PARALLEL);
        let due = store.run(Access::Read, due).await?;
        let tried = !due.is_empty();
        if tried && self.try_due(endpoint, due).await? {
            tracing::warn!(endpoint = %id, "a webhook endpoint was disabled: see its deliveries");
            return Ok(None);
        }
        if tried || more {
            return Ok(Some(now_us));
        }
        store.run(Access::Read, move |db| deliveries::next_due_us(db, id)).await
    }

    /// Tries what is due and records how it ended; whether the endpoint was disabled by it.
    async fn try_due(&self, endpoint: Endpoint, due: Vec<Due>) -> Result<bool, WebhookError> {
        let ended = join_all(due.into_iter().map(|due| self.attempt(&endpoint, due))).await;
        let (ended, failed): (Vec<_>, Vec<_>) = ended.into_iter().partition(Result::is_ok);
        let ended: Vec<Ended> = ended.into_iter().flatten().collect();
        let record = move |db: &mut dyn Rows| deliveries::record(db, &endpoint, &ended);
        let access = Access::Deliver(self.right.clone());
        let disabled = self.webhooks.store.run(access, record).await?;
        // What was sent is recorded first: it would else be sent again and again.
        match failed.into_iter().next() {
            Some(Err(error)) => Err(error),
            _ => Ok(disabled),
        }
    }

    /// Looks at the next page of the log; whether more follows.
    async fn take_in(&self, endpoint: &Endpoint, now_us: i64) -> Result<bool, WebhookError> {
        let webhooks = &self.webhooks;
        let next = endpoint.next_sequence;
        let head = webhooks.log.head().await?;
        if head.map_or(0, |head| head + 1) <= next {
            return match head.map_or(0, |head| head + 1) == next {
                true => Ok(false),
                false => Err(WebhookError::BeyondEnd { endpoint: endpoint.id, next, head }),
            };
        }
        let (found, after, end) = {
            let _turn = webhooks.reading.acquire().await;
            let page = webhooks.log.read_all(next.checked_sub(1), PAGE_EVENTS).await?;
            let Some(last) = page.events.last() else { return Ok(false) };
            let wanted = page.events.iter().filter(|event| wants(endpoint, event));
            (wanted.map(found).collect::<Vec<Found>>(), last.sequence + 1, page.end)
        };
        let right = self.right.clone();
        // A position that left nothing behind need not be flushed: it is found out again.
        let access = if found.is_empty() { Access::Noted(right) } else { Access::Deliver(right) };
        let seen = endpoint.clone();
        let keep = move |db: &mut dyn Rows| deliveries::take_in(db, &seen, &found, after, now_us);
        webhooks.store.run(access, keep).await?;
        Ok(!end)
    }

    /// The id and the payload of an event.
    async fn payload(&self, sequence: u64) -> Result<(String, Vec<u8>), WebhookError> {
        // An event may be large, its payload never is: only that is kept while it is sent.
        let event = self.webhooks.event(sequence).await?;
        Ok((event.event_id.to_string(), payload::body(&event, &self.settings)?))
    }

    async fn attempt(&self, endpoint: &Endpoint, due: Due) -> Result<Ended, WebhookError> {
        let webhooks = &self.webhooks;
        let (id, body) = match self.payload(due.sequence).await {
            // It holds back its subject, and nobody else: the others are delivered meanwhile.
            Err(error) if error.is_unreadable() => {
                tracing::error!(%error, sequence = due.sequence, "an event can't be delivered");
                let at_us = webhooks.now_us();
                let again_us = at_us + UNREADABLE_AGAIN_US;
                let outcome = Outcome::Again { at_us: again_us, pause_until_us: None };
                let error = Some("the event can't be read from the log".to_owned());
                return Ok(Ended { due, at_us, status: None, error, outcome });
            }
            payload => payload?,
        };
        let now_us = webhooks.now_us();
        let timestamp_s = now_us.div_euclid(1_000_000);
        let signatures = signatures(endpoint.keys_at(now_us), &id, timestamp_s, &body);
        let message = Message { id, timestamp_s, signatures, body };
        // Another may be further by now: what this one would send comes after it.
        if !self.is_sure() {
            return Err(WebhookError::Lost);
        }
        let answer = self.sender.send(&endpoint.url, message).await;
        webhooks.counters.count(&answer);
        // An attempt may have taken long: the wait is counted from its end.
        Ok(self.judge(due, now_us, webhooks.now_us(), &answer))
    }

    fn judge(&self, due: Due, at_us: i64, ended_us: i64, answer: &Answer) -> Ended {
        let failed_attempts = due.attempts + 1;
        let (error, retry_after) = match answer {
            _ if answer.is_success() => (None, None),
            Answer::Status { status, retry_after } => {
                let asks = retry_after.as_deref().filter(|_| THROTTLED.contains(status));
                (Some(told(*status)), asks.and_then(|value| retry_after_s(value, ended_us)))
            }
            Answer::TimedOut => {
                let patience = self.settings.timeout.as_secs_f64();
                (Some(format!("the receiver did not answer within {patience} s")), None)
            }
            Answer::Forbidden(what) | Answer::Unreachable(what) => (Some(what.clone()), None),
        };
        let outcome = match answer.status() {
            _ if error.is_none() => Outcome::Delivered,
            Some(GONE) => Outcome::GivenUp(DisabledReason::Gone),
            _ if failed_attempts >= self.settings.max_attempts => {
                Outcome::GivenUp(DisabledReason::Exhausted)
            }
            _ => Outcome::Again {
                at_us: next_attempt_us(
                    ended_us,
                    failed_attempts,
                    self.webhooks.share(),
                    retry_after,
                ),
                pause_until_us: retry_after.map(|seconds| ended_us + seconds * 1_000_000),
            },
        };
        Ended { due, at_us, status: answer.status(), error, outcome }
    }
}

/// What a status that is no success says.
fn told(status: u16) -> String {
    match status {
        300..=399 => format!("the receiver answered {status}; redirects are not followed"),
        GONE => "the receiver answered 410: it wants nothing more".to_owned(),
        _ => format!("the receiver answered {status}; only 2xx is success"),
    }
}

pub(super) fn found(event: &RecordedEvent) -> Found {
    Found {
        sequence: event.sequence,
        event_id: event.event_id,
        event_type: event.event_type.to_string(),
        lane: lane(event.stream.as_str()),
    }
}

/// The earlier of two instants, where there are any.
pub(super) fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
