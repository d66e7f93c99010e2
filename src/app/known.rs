//! What was known at an instant: the last sequence whose known time is not after it.
//!
//! An event's known time is the running maximum of `recorded_at` in sequence order. No event is
//! recorded more than [`MAX_BEHIND_US`] behind the newest, so a search by halves finds an event
//! near the border, and what could stand out of order before it is looked at one by one. After a
//! bulk load that is a great many: then the border is said, and the tables know the rest. Only where
//! a person confirmed the clock against an event of the future is that otherwise: nothing after such
//! an event is known before its time, so the search ends there.

use std::sync::PoisonError;

use super::clock::MAX_BEHIND_US;
use super::{ActError, App};
use crate::domain::date::Timestamp;
use crate::log::{LogError, RecordedEvent};

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

impl App {
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
