//! One log read from an event on up to where it stood when it was asked.

use std::collections::VecDeque;

use super::retry::ask;
use super::{MoveError, Observer, Side};
use crate::log::{EventLog, LogError, MAX_PAGE_EVENTS, RecordedEvent};

/// How many events the log has.
pub(super) async fn count(
    log: &dyn EventLog,
    side: Side,
    watch: &dyn Observer,
) -> Result<u64, MoveError> {
    Ok(ask(side, watch, || log.head()).await?.map_or(0, |head| head + 1))
}

/// A log read page by page.
pub(super) struct Walk<'a> {
    pub side: Side,
    log: &'a dyn EventLog,
    watch: &'a dyn Observer,
    /// The sequence of the next event to be read.
    next: u64,
    /// The sequence at which to stop.
    end: u64,
    /// What was read and not yet taken.
    pub events: VecDeque<RecordedEvent>,
}

impl<'a> Walk<'a> {
    pub fn new(
        log: &'a dyn EventLog,
        side: Side,
        watch: &'a dyn Observer,
        span: std::ops::Range<u64>,
    ) -> Self {
        let (next, end) = (span.start, span.end);
        Self { side, log, watch, next, end, events: VecDeque::new() }
    }

    /// Reads a page if all that was read is taken; afterwards no events mean the end.
    pub async fn fill(&mut self) -> Result<(), MoveError> {
        if !self.events.is_empty() || self.next >= self.end {
            return Ok(());
        }
        let (log, after) = (self.log, self.next.checked_sub(1));
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        let page = ask(self.side, self.watch, || {
            Box::pin(async move {
                let page = log.read_all(after, left.min(MAX_PAGE_EVENTS)).await?;
                if page.events.is_empty() {
                    // An engine of several nodes may be behind what another told us.
                    return Err(LogError::Unavailable("it does not show all its events".into()));
                }
                Ok(page)
            })
        })
        .await?;
        self.next += page.events.len() as u64;
        self.events = page.events.into();
        Ok(())
    }
}
