//! The newest events of a log, kept in memory for those who follow it, whatever the engine.

use std::collections::VecDeque;

use super::page::{Order, PageBuilder};
use super::{LogError, Page, RecordedEvent};

/// What is kept at most.
const MAX_BYTES: usize = 8 << 20;
const MAX_EVENTS: usize = 8192;
/// What an event takes besides its data and metadata, about.
const EVENT_OVERHEAD_BYTES: usize = 200;

/// The newest events, without a gap.
#[derive(Debug, Default)]
pub(super) struct Recent {
    events: VecDeque<RecordedEvent>,
    bytes: usize,
}

fn bytes_of(event: &RecordedEvent) -> usize {
    event.data.len() + event.metadata.len() + EVENT_OVERHEAD_BYTES
}

impl Recent {
    /// Adds the next event; what is kept begins anew where it is not the next one.
    pub fn push(&mut self, event: RecordedEvent) {
        if self.events.back().is_some_and(|last| last.sequence + 1 != event.sequence) {
            self.clear();
        }
        self.bytes += bytes_of(&event);
        self.events.push_back(event);
        while self.bytes > MAX_BYTES || self.events.len() > MAX_EVENTS {
            let Some(oldest) = self.events.pop_front() else { return };
            self.bytes -= bytes_of(&oldest);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// A page of at most `limit` events after `after`, where all of it is at hand.
    ///
    /// # Errors
    /// Those of the page.
    pub fn page(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Option<Page<Option<u64>>>, LogError> {
        let first = after.map_or(0, |after| after.saturating_add(1));
        if self.place_of(first).is_none() {
            return Ok(None);
        }
        let mut page = PageBuilder::new(Order::Sequence, first, limit)?;
        self.fill(&mut page, u64::MAX)?;
        Ok(Some(page.into_all_page()))
    }

    /// Where an event, or the one that will come next, stands among these.
    fn place_of(&self, sequence: u64) -> Option<usize> {
        let (oldest, newest) = (self.events.front()?.sequence, self.events.back()?.sequence);
        let place = sequence.checked_sub(oldest).filter(|_| sequence <= newest + 1)?;
        usize::try_from(place).ok()
    }

    /// Fills a page with what comes next in it, as far as its sequence is below `end`; `false` where that
    /// is not at hand.
    ///
    /// # Errors
    /// Those of the page.
    pub fn fill(&self, page: &mut PageBuilder, end: u64) -> Result<bool, LogError> {
        let Some(skip) = self.place_of(page.next()) else { return Ok(false) };
        for event in self.events.iter().skip(skip).take_while(|event| event.sequence < end) {
            if page.is_full() {
                break;
            }
            page.push(event.clone())?;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::StreamName;
    use uuid::Uuid;

    fn event(sequence: u64, bytes: usize) -> RecordedEvent {
        RecordedEvent {
            sequence,
            stream: StreamName::parse("s").unwrap(),
            revision: sequence,
            event_id: Uuid::nil(),
            event_type: "T".into(),
            recorded_at_us: 0,
            data: vec![b'x'; bytes].into(),
            metadata: Vec::new().into(),
        }
    }

    fn page(recent: &Recent, after: Option<u64>, limit: usize) -> Option<Page<Option<u64>>> {
        recent.page(after, limit).unwrap()
    }

    fn sequences(page: &Page<Option<u64>>) -> Vec<u64> {
        page.events.iter().map(|event| event.sequence).collect()
    }

    #[test]
    fn a_page_is_what_the_log_would_give_or_nothing() {
        let mut recent = Recent::default();
        assert_eq!(page(&recent, None, 10), None);
        (5..9).for_each(|sequence| recent.push(event(sequence, 1)));
        let whole = page(&recent, Some(4), 10).unwrap();
        assert_eq!((sequences(&whole), whole.end, whole.next), (vec![5, 6, 7, 8], true, Some(8)));
        let part = page(&recent, Some(5), 2).unwrap();
        assert_eq!((sequences(&part), part.end, part.next), (vec![6, 7], false, Some(7)));
        let nothing = page(&recent, Some(8), 2).unwrap();
        assert_eq!((nothing.events.len(), nothing.end, nothing.next), (0, true, Some(8)));
        assert_eq!(page(&recent, Some(3), 2), None, "older than what is kept");
        assert_eq!(page(&recent, None, 2), None);
        assert_eq!(page(&recent, Some(9), 2), None, "beyond the end: the log says so");
    }

    #[test]
    fn a_gap_begins_anew_and_the_oldest_go_first() {
        let mut recent = Recent::default();
        recent.push(event(1, 1));
        recent.push(event(3, 1));
        assert_eq!(page(&recent, Some(0), 9), None);
        assert_eq!(sequences(&page(&recent, Some(2), 9).unwrap()), [3]);
        (4..20).for_each(|sequence| recent.push(event(sequence, MAX_BYTES / 4)));
        assert_eq!(sequences(&page(&recent, Some(17), 9).unwrap()), [18, 19]);
        assert!(page(&recent, Some(16), 9).is_some());
        assert_eq!(page(&recent, Some(10), 9), None);
    }
}
