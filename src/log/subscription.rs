//! Following a log: pages while there are any, then waiting for the head to move. Works on every
//! engine, since it needs only the port. Holds nothing between pages but its position.

use std::sync::Arc;

use tokio::sync::watch;

use super::{EventLog, LogError, Page};

/// A reader that follows the log from a position on and never skips an event.
pub struct Subscription {
    log: Arc<dyn EventLog>,
    head: watch::Receiver<Option<u64>>,
    after: Option<u64>,
    limit: usize,
}

impl Subscription {
    /// Follows `log` after the event with sequence `after` (`None`: from the first), in pages of
    /// at most `limit` events.
    pub fn new(log: Arc<dyn EventLog>, after: Option<u64>, limit: usize) -> Self {
        let head = log.watch_head();
        Self { log, head, after, limit }
    }

    /// The sequence of the last event handed out.
    pub fn position(&self) -> Option<u64> {
        self.after
    }

    /// The next page; waits until it holds at least one event. [`Page::end`] says whether the
    /// reader has caught up. The position moves only when a page is returned, so the future may be
    /// dropped at any time.
    ///
    /// # Errors
    /// As [`EventLog::read_all`]; the position stays, so the caller may try again.
    /// [`LogError::Unavailable`] once the log is closed.
    pub async fn next_page(&mut self) -> Result<Page<Option<u64>>, LogError> {
        loop {
            // Marked as seen before reading: a head that moves meanwhile ends the wait at once.
            self.head.borrow_and_update();
            let page = self.log.read_all(self.after, self.limit).await?;
            if !page.events.is_empty() {
                self.after = page.next;
                return Ok(page);
            }
            if self.head.changed().await.is_err() {
                return Err(LogError::Unavailable("the log was closed".to_owned()));
            }
        }
    }
}
