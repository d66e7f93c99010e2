//! A log that breaks where it is told to: before or after an append to one stream took effect. It counts
//! what is read of it.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use docket::log::{Appended, EventLog, Expected, LogError, MemoryLog, NewEvent, Page, StreamName};
use futures_util::future::{BoxFuture, FutureExt as _};
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
    reads: AtomicUsize,
    events: AtomicUsize,
}

impl BreakingLog {
    pub fn new() -> Self {
        Self {
            inner: MemoryLog::new(),
            next: Mutex::default(),
            stalled: tokio::sync::Notify::new(),
            went_on: tokio::sync::Notify::new(),
            reads: AtomicUsize::new(0),
            events: AtomicUsize::new(0),
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

    /// How many reads there were since this was last asked, and of how many events.
    pub fn taken(&self) -> (usize, usize) {
        (self.reads.swap(0, Ordering::Relaxed), self.events.swap(0, Ordering::Relaxed))
    }

    fn count<P>(&self, page: &Result<Page<P>, LogError>) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let events = page.as_ref().map_or(0, |page| page.events.len());
        self.events.fetch_add(events, Ordering::Relaxed);
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
        self.inner
            .read_stream(stream, from_revision, limit)
            .inspect(|page| self.count(page))
            .boxed()
    }

    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>> {
        self.inner.read_all(after, limit).inspect(|page| self.count(page)).boxed()
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
