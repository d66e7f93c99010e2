//! What was known at an instant: the last sequence whose known time is not after it.
//!
//! An event's known time is the running maximum of `recorded_at` in sequence order. No event is
//! recorded more than [`MAX_BEHIND_US`] behind the newest, so a search by halves finds an event
//! near the border, and what could stand out of order before it is looked at one by one. After a
//! bulk load that is a great many: then the border is said, and the tables know the rest. Only where
//! a person confirmed the clock against an event of the future is that otherwise: nothing after such
//! an event is known before its time, so the search ends there.

use std::sync::{Arc, PoisonError, RwLock};

use super::ActError;
use super::clock::MAX_BEHIND_US;
use super::decisions::LogBook;
use crate::codec::{self, Stored};
use crate::domain::date::Timestamp;
use crate::log::{EventLog, LogError, RecordedEvent};

/// Events looked at in the first read; twice as many in each one after it.
const FIRST: u64 = 64;
/// How many are looked at, at most.
const MAX_EXAMINED: u64 = 8 * 1024;

/// What was known at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownAt {
    /// Up to and with this sequence; nothing where the log began later.
    To(Option<u64>),
    /// Not all up to this sequence, and from where on is for the tables to say, once they hold it.
    Before(u64),
}

/// What the log says of itself beside what it records: when its clock was confirmed, and what was lost.
pub(super) struct Chronology {
    log: Arc<dyn EventLog>,
    /// The confirmations of the clock: sequence, and the newest time before.
    confirmed: RwLock<Vec<(u64, Timestamp)>>,
    /// The ranges of sequences that were lost and given again, first and last, oldest first.
    lost: RwLock<Vec<(u64, u64)>>,
}

impl Chronology {
    pub fn new(log: Arc<dyn EventLog>, book: LogBook) -> Self {
        let lost = RwLock::new(book.lost().collect());
        Self { log, confirmed: RwLock::new(book.confirmed), lost }
    }

    /// Takes in an event of the stream `log`; whether it confirms the clock.
    pub fn take_in(&self, event: &RecordedEvent) -> bool {
        match codec::decode(event) {
            Ok(Stored::ClockConfirmed(said, _)) => {
                let mut confirmed = self.confirmed.write().unwrap_or_else(PoisonError::into_inner);
                confirmed.push((event.sequence, said.newest));
                return true;
            }
            Ok(Stored::LossAccepted(..)) => {
                let mut lost = self.lost.write().unwrap_or_else(PoisonError::into_inner);
                lost.extend(codec::lost_range(event));
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a decision about the log can't be read"),
        }
        false
    }

    /// All ranges of sequences that were lost and given again, oldest first.
    pub fn lost_ranges(&self) -> Vec<(u64, u64)> {
        self.lost.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last sequence known at an instant, found with bounded work.
    ///
    /// # Errors
    /// As the log's.
    pub async fn sequence_known_at(&self, instant: Timestamp) -> Result<KnownAt, ActError> {
        let Some(head) = self.log.head().await? else { return Ok(KnownAt::To(None)) };
        let limit_us = instant.micros();
        // `low` is one past an event not after the instant, `high` an event after it or one past
        // the end.
        let (mut low, mut high) = (0, self.first_ahead(limit_us).unwrap_or(head + 1).min(head + 1));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.event_at(middle).await?.recorded_at_us > limit_us {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let mut first_after = low;
        let (mut end, mut page) = (low, FIRST);
        while end > 0 {
            if low - end >= MAX_EXAMINED {
                return Ok(KnownAt::Before(low.min(head)));
            }
            let start = end.saturating_sub(page);
            let events = self.events_between(start, end).await?;
            for event in events.iter().rev() {
                if event.recorded_at_us > limit_us {
                    first_after = event.sequence;
                }
                if event.recorded_at_us <= limit_us - MAX_BEHIND_US {
                    return Ok(KnownAt::To(first_after.checked_sub(1)));
                }
            }
            (end, page) = (start, page * 2);
        }
        Ok(KnownAt::To(first_after.checked_sub(1)))
    }

    /// The first confirmation of the clock before which an event had a time after this one.
    fn first_ahead(&self, limit_us: i64) -> Option<u64> {
        let confirmed = self.confirmed.read().unwrap_or_else(PoisonError::into_inner);
        let ahead = confirmed.iter().filter(|(_, newest)| newest.micros() > limit_us);
        ahead.map(|(sequence, _)| *sequence).min()
    }

    async fn event_at(&self, sequence: u64) -> Result<RecordedEvent, ActError> {
        let page = self.log.read_all(sequence.checked_sub(1), 1).await?;
        let missing = || LogError::Corrupt { sequence, reason: "the event is missing".to_owned() };
        Ok(page.events.into_iter().next().ok_or_else(missing)?)
    }

    async fn events_between(&self, start: u64, end: u64) -> Result<Vec<RecordedEvent>, ActError> {
        let mut events = Vec::new();
        let mut after = start.checked_sub(1);
        loop {
            let read = events.len() as u64;
            let wanted = usize::try_from(end - start - read).unwrap_or(usize::MAX);
            if wanted == 0 {
                return Ok(events);
            }
            let page = self.log.read_all(after, wanted).await?;
            if page.events.is_empty() {
                return Ok(events);
            }
            events.extend(page.events);
            after = page.next;
        }
    }
}
