//! Pages: bounded in events and bytes, with an explicit end, and checked for holes as they are
//! filled. Every engine fills them through [`PageBuilder`], so none can forget the check.

use super::{LogError, RecordedEvent};

/// The most events in one page; a larger `limit` is read as this.
pub const MAX_PAGE_EVENTS: usize = 4096;
/// A page ends early once its events hold this many bytes of data and metadata.
pub const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// A part of the log, as of one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<P> {
    /// The events, dense and in order. May be fewer than asked for without being the end.
    pub events: Vec<RecordedEvent>,
    /// Whether nothing more stood in the log (or stream) when the page was read.
    pub end: bool,
    /// Where to continue: what to give to the same read for the next page.
    pub next: P,
}

/// Which of an event's two dense numbers a page is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Sequence,
    Revision,
}

/// Fills a page and refuses a hole.
pub(super) struct PageBuilder {
    order: Order,
    events: Vec<RecordedEvent>,
    limit: usize,
    bytes: usize,
    next: u64,
    full: bool,
}

impl PageBuilder {
    /// Starts a page whose first event must have the number `first`.
    pub fn new(order: Order, first: u64, limit: usize) -> Result<Self, LogError> {
        if limit == 0 {
            return Err(LogError::Invalid("a page needs room for at least one event".to_owned()));
        }
        let limit = limit.min(MAX_PAGE_EVENTS);
        // The whole log is mostly read in full pages, a stream to its end.
        let at_first = match order {
            Order::Sequence => 1024,
            Order::Revision => 64,
        };
        Ok(Self {
            order,
            events: Vec::with_capacity(limit.min(at_first)),
            limit,
            bytes: 0,
            next: first,
            full: false,
        })
    }

    /// Whether no event was added yet.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The number of the event that comes next.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// That the next event is missing: the page ends before it, and is not the end.
    #[cfg(feature = "kurrentdb")]
    pub fn ends_before_a_hole(&mut self) {
        self.full = true;
    }

    /// How many events an engine needs to offer: one more than the page takes, to know the end.
    pub fn wanted(&self) -> usize {
        self.limit + 1
    }

    /// Whether the page takes no further event. To be asked only when there is a further one: a
    /// page that was full with an event waiting is not the end.
    pub fn is_full(&mut self) -> bool {
        self.full = self.events.len() >= self.limit || self.bytes >= MAX_PAGE_BYTES;
        self.full
    }

    /// Adds the next event.
    pub fn push(&mut self, event: RecordedEvent) -> Result<(), LogError> {
        let number = match self.order {
            Order::Sequence => event.sequence,
            Order::Revision => event.revision,
        };
        if number != self.next {
            return Err(self.hole(&event));
        }
        if let Some(last) = self.events.last()
            && event.sequence <= last.sequence
        {
            return Err(LogError::Corrupt {
                sequence: event.sequence,
                reason: format!(
                    "revision {} of stream {} stands before its predecessor (sequence {})",
                    event.revision, event.stream, last.sequence
                ),
            });
        }
        self.next += 1;
        self.bytes += event.data.len() + event.metadata.len();
        self.events.push(event);
        Ok(())
    }

    fn hole(&self, event: &RecordedEvent) -> LogError {
        match self.order {
            Order::Sequence => LogError::Corrupt {
                sequence: self.next,
                reason: format!("the event is missing; the next one is {}", event.sequence),
            },
            Order::Revision => LogError::Corrupt {
                sequence: event.sequence,
                reason: format!(
                    "revision {} of stream {} is missing; found revision {} instead",
                    self.next, event.stream, event.revision
                ),
            },
        }
    }

    /// The page of one stream.
    pub fn into_stream_page(self) -> Page<u64> {
        Page { events: self.events, end: !self.full, next: self.next }
    }

    /// The page of the whole log.
    pub fn into_all_page(self) -> Page<Option<u64>> {
        Page { events: self.events, end: !self.full, next: self.next.checked_sub(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::StreamName;
    use uuid::Uuid;

    fn event(sequence: u64, revision: u64) -> RecordedEvent {
        RecordedEvent {
            sequence,
            stream: StreamName::parse("s").unwrap(),
            revision,
            event_id: Uuid::nil(),
            event_type: "T".into(),
            recorded_at_us: 0,
            data: Vec::new().into(),
            metadata: Vec::new().into(),
        }
    }

    #[test]
    fn a_hole_in_the_sequence_is_named() {
        let mut page = PageBuilder::new(Order::Sequence, 3, 10).unwrap();
        page.push(event(3, 0)).unwrap();
        let error = page.push(event(5, 1)).unwrap_err();
        assert!(matches!(error, LogError::Corrupt { sequence: 4, .. }), "{error}");
    }

    #[test]
    fn a_hole_in_a_stream_is_named() {
        let mut page = PageBuilder::new(Order::Revision, 0, 10).unwrap();
        page.push(event(3, 0)).unwrap();
        let error = page.push(event(9, 2)).unwrap_err();
        assert!(matches!(error, LogError::Corrupt { sequence: 9, .. }), "{error}");
        assert!(error.to_string().contains("revision 1 of stream s"));
    }

    #[test]
    fn a_stream_out_of_order_is_refused() {
        let mut page = PageBuilder::new(Order::Revision, 0, 10).unwrap();
        page.push(event(3, 0)).unwrap();
        assert!(page.push(event(2, 1)).is_err());
    }
}
