//! A log that fails when it is told to.

use docket::log::{Appended, EventLog, Expected, LogError, NewEvent, Page, SqliteLog, StreamName};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::watch;

pub struct FailingLog {
    inner: SqliteLog,
    appends: Mutex<Option<LogError>>,
    reads: Mutex<Option<(usize, LogError)>>,
    pages: AtomicUsize,
    hangs: AtomicBool,
}

impl FailingLog {
    pub fn over(inner: SqliteLog) -> Self {
        Self {
            inner,
            appends: Mutex::default(),
            reads: Mutex::default(),
            pages: AtomicUsize::new(0),
            hangs: AtomicBool::new(false),
        }
    }

    /// How many pages of the whole log were read so far.
    pub fn pages(&self) -> usize {
        self.pages.load(Ordering::Relaxed)
    }

    /// Lets everything that is asked wait, or no more.
    pub fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::Relaxed);
    }

    /// Comes back once nothing hangs any more.
    async fn waited(&self) {
        while self.hangs.load(Ordering::Relaxed) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    pub fn fail_appends(&self, error: LogError) {
        *self.appends.lock().unwrap() = Some(error);
    }

    pub fn fail_reads(&self, error: LogError) {
        self.fail_reads_after(0, error);
    }

    /// Lets so many reads pass first.
    pub fn fail_reads_after(&self, reads: usize, error: LogError) {
        *self.reads.lock().unwrap() = Some((reads, error));
    }

    pub fn heal(&self) {
        *self.appends.lock().unwrap() = None;
        *self.reads.lock().unwrap() = None;
    }

    fn reading(&self) -> Option<LogError> {
        let mut reads = self.reads.lock().unwrap();
        let (left, error) = reads.as_mut()?;
        if *left > 0 {
            *left -= 1;
            return None;
        }
        Some(error.clone())
    }
}

impl EventLog for FailingLog {
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        match self.appends.lock().unwrap().clone() {
            Some(error) => ready(Err(error)).boxed(),
            None => async move {
                self.waited().await;
                self.inner.append(stream, expected, events).await
            }
            .boxed(),
        }
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        from_revision: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page<u64>, LogError>> {
        match self.reading() {
            Some(error) => ready(Err(error)).boxed(),
            None => async move {
                self.waited().await;
                self.inner.read_stream(stream, from_revision, limit).await
            }
            .boxed(),
        }
    }

    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>> {
        self.pages.fetch_add(1, Ordering::Relaxed);
        match self.reading() {
            Some(error) => ready(Err(error)).boxed(),
            None => async move {
                self.waited().await;
                self.inner.read_all(after, limit).await
            }
            .boxed(),
        }
    }

    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>> {
        self.inner.stream_revision(stream)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>> {
        async {
            self.waited().await;
            self.inner.head().await
        }
        .boxed()
    }

    fn recording(&self) -> std::sync::Arc<docket::log::Recording> {
        self.inner.recording()
    }

    fn watch_head(&self) -> watch::Receiver<Option<u64>> {
        self.inner.watch_head()
    }
}
