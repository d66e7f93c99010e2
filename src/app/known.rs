//! What was known at an instant: the last sequence whose known time is not after it.
//!
//! An event's known time is the running maximum of `recorded_at` in sequence order. No event is
//! recorded more than [`MAX_BEHIND_US`] behind the newest, so a search by halves finds an event
//! near the border, and what could stand out of order before it is looked at one by one.

use super::clock::MAX_BEHIND_US;
use super::{ActError, App};
use crate::domain::date::Timestamp;
use crate::log::{LogError, RecordedEvent};

/// Events looked at in one read.
const PAGE: u64 = 1000;

impl App {
    /// The last sequence known at an instant; nothing where the log began later.
    ///
    /// # Errors
    /// As the log's.
    pub async fn sequence_known_at(&self, instant: Timestamp) -> Result<Option<u64>, ActError> {
        let Some(head) = self.log.head().await? else { return Ok(None) };
        let limit_us = instant.micros();
        // `low` is one past an event not after the instant, `high` an event after it or one past
        // the end.
        let (mut low, mut high) = (0, head + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.event_at(middle).await?.recorded_at_us > limit_us {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let mut first_after = low;
        let mut end = low;
        while end > 0 {
            let start = end.saturating_sub(PAGE);
            let events = self.events_between(start, end).await?;
            for event in events.iter().rev() {
                if event.recorded_at_us > limit_us {
                    first_after = event.sequence;
                }
                if event.recorded_at_us <= limit_us - MAX_BEHIND_US {
                    return Ok(first_after.checked_sub(1));
                }
            }
            end = start;
        }
        Ok(first_after.checked_sub(1))
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
