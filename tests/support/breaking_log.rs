//! A log that breaks where it is told to: before or after an append to one stream took effect.

use std::sync::Mutex;

use docket::log::{Appended, EventLog, Expected, LogError, MemoryLog, NewEvent, Page, StreamName};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Nothing is written and the outcome is unknown.
    LostBefore,
    /// It is written and the outcome is unknown.
    LostAfter,
    /// It waits until [`BreakingLog::go_on`], like a process that was stopped, and is then tried.
    Stall,
}

pub struct BreakingLog {
    inner: MemoryLog,
    next: Mutex<Option<(String, Break)>>,
    stalled: tokio::sync::Notify,
    went_on: tokio::sync::Notify,
}

impl BreakingLog {
    pub fn new() -> Self {
        Self {
            inner: MemoryLog::new(),
            next: Mutex::default(),
            stalled: tokio::sync::Notify::new(),
            went_on: tokio::sync::Notify::new(),
        }
    }

    /// The next append to this stream breaks.
    pub fn break_at(&self, stream: &str, how: Break) {
        *self.next.lock().unwrap() = Some((stream.to_owned(), how));
    }

    /// Waits until an append stalls.
    pub async fn stalled(&self) {
        self.stalled.notified().await;
    }

    /// Lets a stalled append go on.
    pub fn go_on(&self) {
        self.went_on.notify_one();
    }

    fn take(&self, stream: &StreamName) -> Option<Break> {
        let mut next = self.next.lock().unwrap();
        if next.as_ref().is_some_and(|(name, _)| name == stream.as_str()) {
            return next.take().map(|(_, how)| how);
        }
        None
    }
}

impl EventLog for BreakingLog {
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        Box::pin(async move {
            match self.take(stream) {
                None => self.inner.append(stream, expected, events).await,
                Some(Break::Stall) => {
                    self.stalled.notify_one();
                    self.went_on.notified().await;
                    self.inner.append(stream, expected, events).await
                }
                Some(Break::LostBefore) => {
                    Err(LogError::OutcomeUnknown("told to break".to_owned()))
                }
                Some(Break::LostAfter) => {
                    self.inner.append(stream, expected, events).await?;
                    Err(LogError::OutcomeUnknown("told to break".to_owned()))
                }
            }
        })
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        from_revision: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page<u64>, LogError>> {
        self.inner.read_stream(stream, from_revision, limit)
    }

    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>> {
        self.inner.read_all(after, limit)
    }

    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>> {
        self.inner.stream_revision(stream)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>> {
        self.inner.head()
    }

    fn recording(&self) -> std::sync::Arc<docket::log::Recording> {
        self.inner.recording()
    }

    fn watch_head(&self) -> watch::Receiver<Option<u64>> {
        self.inner.watch_head()
    }
}
