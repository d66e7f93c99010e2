//! The thread that keeps the read models behind the log, as little as it can.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::fold::{DEFAULT_CACHE_BYTES, Folder};
use super::follow::{Follower, Progress};
use super::rebuild::{Rebuild, rebuild_locked};
use super::store::{Copies, Mode, Store, WriteLock};
use super::{Failure, Projection, StoreError};
use crate::log::EventLog;

/// How the runner works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Events in one transaction, at most.
    pub batch_events: usize,
    /// Bytes of folded enrollments kept in memory.
    pub cache_bytes: usize,
    /// How long to wait after a passing failure.
    pub retry_after: Duration,
    /// The read models.
    pub projections: fn() -> Vec<Box<dyn Projection>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch_events: 2048,
            cache_bytes: DEFAULT_CACHE_BYTES,
            retry_after: Duration::from_secs(1),
            projections: super::all,
        }
    }
}

/// How far the read models have read, and whether they stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The copy that serves.
    pub copy: Option<PathBuf>,
    /// The sequence of the last event whose rows are in.
    pub position: Option<u64>,
    /// The running maximum of `recorded_at` up to it, in microseconds UTC: what is shown was known
    /// then.
    pub known_at_us: Option<i64>,
    /// Where it stopped; what serves is then as old as `known_at_us`.
    pub failed: Option<Failure>,
    /// While a rebuild runs: how many events it has taken in, of how many.
    pub rebuilding: Option<(u64, u64)>,
}

impl Status {
    /// Whether the event with this sequence is in the rows.
    pub fn has(&self, sequence: u64) -> bool {
        self.position.is_some_and(|position| position >= sequence)
    }
}

/// A running thread; dropping it stops it after the batch at work.
pub struct Runner {
    status: watch::Receiver<Status>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Starts following `log`, with the read models in the folder of `copies`. Must be called
    /// within a tokio runtime, or given its handle; the runtime must outlive the runner.
    ///
    /// # Errors
    /// When another process writes there, or the folder can't be used.
    pub fn start(
        log: Arc<dyn EventLog>,
        copies: Copies,
        options: Options,
        runtime: Handle,
    ) -> Result<Self, StoreError> {
        let lock = copies.lock()?;
        let (published, status) = watch::channel(Status::default());
        let (stop, stopped) = watch::channel(false);
        let path = copies.folder().to_owned();
        let work = Work { log, copies, lock, options, runtime, published, stopped };
        let thread = std::thread::Builder::new()
            .name("read-models".to_owned())
            .spawn(move || work.run())
            .map_err(StoreError::io(&path))?;
        Ok(Self { status, stop, thread: Some(thread) })
    }

    /// The status as it changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Stops after the batch at work.
    pub async fn stop(self) {
        let joined = tokio::task::spawn_blocking(move || drop(self)).await;
        if joined.is_err() {
            warn!("stopping the read models was interrupted");
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            error!("the thread of the read models panicked");
        }
    }
}

struct Work {
    log: Arc<dyn EventLog>,
    copies: Copies,
    lock: WriteLock,
    options: Options,
    runtime: Handle,
    published: watch::Sender<Status>,
    stopped: watch::Receiver<bool>,
}

impl Work {
    fn run(mut self) {
        loop {
            let retrying = match self.open() {
                Ok(follower) => self.follow(follower),
                Err(error) => self.fail_to_open(&error),
            };
            let wait = if retrying { Some(self.options.retry_after) } else { None };
            if self.is_stopped_within(wait) {
                return;
            }
        }
    }

    /// Opens the copy that serves; makes it anew where there is none, and what has another version.
    fn open(&mut self) -> Result<Follower, StoreError> {
        match self.copies.serving()? {
            None => self.make_first()?,
            Some(serving) => {
                let store = Store::open(&serving.path, Mode::Following)?;
                self.check_log(&store)?;
                self.publish(&store, None);
                let stale = store.stale(&(self.options.projections)())?;
                drop(store);
                if !stale.is_empty() {
                    self.rebuild(&stale)?;
                }
            }
        }
        let serving = self.copies.serving()?;
        let missing = || StoreError::Missing(self.copies.folder().to_owned());
        let store = Store::open(&serving.ok_or_else(missing)?.path, Mode::Following)?;
        self.publish(&store, None);
        let folder =
            Folder::new(Arc::clone(&self.log), self.runtime.clone(), self.options.cache_bytes);
        Ok(Follower::new(store, folder, self.options.projections))
    }

    /// Refuses rows that were made from another log.
    fn check_log(&self, store: &Store) -> Result<(), StoreError> {
        let Some(made_from) = store.log()? else { return Ok(()) };
        let page = self
            .runtime
            .block_on(self.log.read_all(None, 1))
            .map_err(|error| StoreError::Stopped { sequence: 0, source: error.into() })?;
        let first = page.events.first().map(|event| event.event_id.to_string());
        if first.as_ref() == Some(&made_from) {
            return Ok(());
        }
        Err(StoreError::OtherLog(format!(
            "the read models were made from a log that begins with event {made_from}, this one {}",
            first.map_or_else(|| "is empty".to_owned(), |first| format!("begins with {first}"))
        )))
    }

    /// Makes the first copy. Where the log holds an event that can't be taken in, the copy begins
    /// empty and follows up to that event, so that what comes before it is served.
    fn make_first(&self) -> Result<(), StoreError> {
        match self.rebuild(&[]) {
            Err(StoreError::Stopped { source, .. }) if !source.is_passing() => {
                let path = self.copies.new_copy(&self.lock)?;
                Store::create(&path, Mode::Following, &(self.options.projections)())?;
                self.copies.serve(&path, &self.lock)
            }
            made => made,
        }
    }

    /// Rebuilds these read models, or all.
    fn rebuild(&self, names: &[String]) -> Result<(), StoreError> {
        let rebuild = Rebuild {
            log: Arc::clone(&self.log),
            runtime: self.runtime.clone(),
            copies: &self.copies,
            projections: self.options.projections,
            names,
            cache_bytes: self.options.cache_bytes,
        };
        let rebuilt = rebuild_locked(&rebuild, &self.lock, &mut |done, total| {
            self.published.send_modify(|status| status.rebuilding = Some((done, total)));
            !*self.stopped.borrow()
        })?;
        for model in rebuilt.findings() {
            warn!(name = model.name, "a rebuilt read model differs from the one that served");
        }
        Ok(())
    }

    /// Follows until it is stopped (`false`) or fails; `true` if it is to be tried again.
    fn follow(&mut self, mut follower: Follower) -> bool {
        let mut head = self.log.watch_head();
        loop {
            if *self.stopped.borrow() {
                return false;
            }
            // Marked as seen before reading: a head that moves meanwhile ends the wait at once.
            head.borrow_and_update();
            match follower.step(self.options.batch_events) {
                Progress::Moved { end: false } => self.publish(follower.store(), None),
                Progress::Moved { end: true } => {
                    self.publish(follower.store(), None);
                    if !self.wait_for(&mut head) {
                        return false;
                    }
                }
                Progress::Stopped { failure, fenced } => {
                    let retrying = failure.retrying;
                    if retrying {
                        warn!(
                            sequence = failure.sequence,
                            reason = failure.reason,
                            "read models wait"
                        );
                    } else {
                        error!(
                            sequence = failure.sequence,
                            reason = failure.reason,
                            fenced,
                            "read models stopped"
                        );
                    }
                    self.publish(follower.store(), Some(failure));
                    return retrying;
                }
            }
        }
    }

    fn publish(&self, store: &Store, failed: Option<Failure>) {
        self.published.send_if_modified(|status| {
            let next = Status {
                copy: Some(store.path().to_owned()),
                position: store.position(),
                known_at_us: store.position().map(|_| store.known_at_us()),
                failed,
                rebuilding: None,
            };
            let changed = *status != next;
            *status = next;
            changed
        });
    }

    fn fail_to_open(&self, error: &StoreError) -> bool {
        if matches!(error, StoreError::Interrupted) {
            return false;
        }
        error!(%error, "read models can't be opened");
        let retrying = error.is_passing();
        self.published.send_modify(|status| {
            let next = status.position.map_or(0, |position| position + 1);
            let sequence = match error {
                StoreError::Stopped { sequence, .. } => *sequence,
                _ => next,
            };
            status.rebuilding = None;
            status.failed = Some(Failure { sequence, reason: error.to_string(), retrying });
        });
        retrying
    }

    /// Waits until the head moves; `false` when it was stopped or the log was closed.
    fn wait_for(&mut self, head: &mut watch::Receiver<Option<u64>>) -> bool {
        let stopped = &mut self.stopped;
        self.runtime.block_on(async {
            tokio::select! {
                moved = head.changed() => moved.is_ok(),
                _ = stopped.wait_for(|stopped| *stopped) => false,
            }
        })
    }

    /// Waits so long, or for ever; `true` once it was stopped.
    fn is_stopped_within(&mut self, wait: Option<Duration>) -> bool {
        let stopped = &mut self.stopped;
        self.runtime.block_on(async {
            let stop = stopped.wait_for(|stopped| *stopped);
            match wait {
                None => {
                    let _ = stop.await;
                    info!("read models stopped");
                    true
                }
                Some(wait) => tokio::time::timeout(wait, stop).await.is_ok(),
            }
        })
    }
}
