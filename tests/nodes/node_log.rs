//! One log as several nodes see it: each hears of the others' events by counting, which can be held
//! back; streams are always current. And it breaks where it is told to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use docket::log::{
    Appended, EventLog, Expected, LogError, MemoryLog, NewEvent, Page, RecordedEvent, StreamName,
};
use futures_util::future::BoxFuture;
use tokio::sync::{Notify, watch};

/// What becomes of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not written and the outcome is unknown.
    LostBefore,
    /// It is written and the outcome is unknown.
    LostAfter,
    /// It waits until [`NodeLog::go_on`], and is then tried.
    Stall,
    /// The same, and whatever comes of it the outcome is unknown.
    StallUnknown,
    /// Nothing is written, surely.
    Unavailable,
}

/// A node's view of the log.
pub struct NodeLog {
    inner: Arc<MemoryLog>,
    counted: watch::Sender<Option<u64>>,
    held: AtomicBool,
    faults: Mutex<VecDeque<(String, Fault)>>,
    reads: Mutex<Option<LogError>>,
    stalled: Notify,
    went_on: Notify,
    recording: Arc<docket::log::Recording>,
}

impl NodeLog {
    pub fn over(inner: &Arc<MemoryLog>) -> Arc<Self> {
        let log = Arc::new(Self {
            inner: inner.clone(),
            counted: watch::Sender::new(*inner.watch_head().borrow()),
            held: AtomicBool::new(false),
            faults: Mutex::default(),
            reads: Mutex::default(),
            stalled: Notify::new(),
            went_on: Notify::new(),
            recording: Arc::default(),
        });
        let counting = Arc::downgrade(&log);
        let mut head = inner.watch_head();
        tokio::spawn(async move {
            while head.changed().await.is_ok() {
                let Some(log) = counting.upgrade() else { return };
                log.count();
            }
        });
        log
    }

    fn count(&self) {
        if !self.held.load(Ordering::SeqCst) {
            self.counted.send_replace(*self.inner.watch_head().borrow());
        }
    }

    /// Counts no further, as a node that hears of nothing.
    pub fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// Counts again.
    pub fn release(&self) {
        self.held.store(false, Ordering::SeqCst);
        self.count();
    }

    /// The next append to this stream breaks.
    pub fn break_at(&self, stream: &str, how: Fault) {
        self.faults.lock().unwrap().push_back((stream.to_owned(), how));
    }

    /// What was told to break and has not does not any more.
    pub fn forget_faults(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// Reads of the whole log fail, until they are told not to.
    pub fn fail_reads(&self, error: Option<LogError>) {
        *self.reads.lock().unwrap() = error;
    }

    /// Waits until an append stalls.
    pub async fn stalled(&self) {
        self.stalled.notified().await;
    }

    /// Lets a stalled append go on.
    pub fn go_on(&self) {
        self.went_on.notify_one();
    }

    fn take(&self, stream: &StreamName) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|(name, _)| name == stream.as_str())?;
        faults.remove(at).map(|(_, how)| how)
    }

    async fn write(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        self.recording.check()?;
        let appended = self.inner.append(stream, expected, events).await?;
        self.count();
        let counted = *self.counted.borrow();
        let sequence = appended.sequence.filter(|sequence| Some(*sequence) <= counted);
        Ok(Appended { sequence, ..appended })
    }
}

impl EventLog for NodeLog {
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        Box::pin(async move {
            let unknown = || LogError::OutcomeUnknown("told to break".to_owned());
            let fault = self.take(stream);
            if let Some(Fault::Stall | Fault::StallUnknown) = fault {
                self.stalled.notify_one();
                self.went_on.notified().await;
            }
            match fault {
                None | Some(Fault::Stall) => self.write(stream, expected, events).await,
                Some(Fault::LostBefore) => Err(unknown()),
                Some(Fault::Unavailable) => Err(LogError::Unavailable("told to break".to_owned())),
                Some(Fault::LostAfter | Fault::StallUnknown) => {
                    let _ = self.write(stream, expected, events).await;
                    Err(unknown())
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
        Box::pin(async move {
            if let Some(error) = self.reads.lock().unwrap().clone() {
                return Err(error);
            }
            let head = *self.counted.borrow();
            if after > head {
                return Err(LogError::BeyondEnd { after: after.unwrap(), head });
            }
            let mut page = self.inner.read_all(after, limit).await?;
            let known = |event: &RecordedEvent| Some(event.sequence) <= head;
            page.events.retain(known);
            page.next = page.events.last().map(|event| event.sequence).or(after);
            page.end = page.next == head;
            Ok(page)
        })
    }

    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>> {
        self.inner.stream_revision(stream)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>> {
        Box::pin(async move { Ok(*self.counted.borrow()) })
    }

    fn recording(&self) -> std::sync::Arc<docket::log::Recording> {
        std::sync::Arc::clone(&self.recording)
    }

    fn watch_head(&self) -> watch::Receiver<Option<u64>> {
        self.counted.subscribe()
    }

    fn is_shared(&self) -> bool {
        true
    }
}
