//! The log in a KurrentDB (EventStoreDB) cluster, for several nodes.
//!
//! The log's streams stand under one prefix; the port's names are without it. An append goes to the
//! server at an exact revision with the event's own id, so the same append may be sent again whatever
//! became of the first. `sequence` is this node's count (`count`), which a task follows (`follow`) by
//! reading `$all`; an append is answered once the count has passed it and what stands there is what
//! was sent. Facts about servers are in the tests' stand-in, with where they were measured.
//!
//! The parts: `address` (connection strings), `client` and `nodelay` (the official client, kept alive
//! and prompt), `stored` (events as the server keeps them), `count` and `positions`, `losses` (what the
//! log lost), `cache` and `left` (the count kept for this node and for others) with `known` (what is
//! believed of them), `follow`, `append`, `lane` (a copy's appends, many on one call), `read`, `all`, `open`
//! (what is checked first). Deliberately not here: subscriptions, which never end when the server does; batch
//! appends for acts, since their first failure ends those of others; "any revision".

mod address;
mod all;
mod append;
mod cache;
mod client;
mod count;
mod diagnose;
mod error;
mod follow;
mod known;
mod lane;
mod left;
mod losses;
mod moving;
mod nodelay;
mod open;
mod patience;
mod positions;
mod read;
mod rounds;
mod stored;
mod told;
mod traffic;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use kurrentdb::Credentials;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::{
    Appended, EventLog, Expected, Lane, LogError, Lost, NewEvent, Page, Pause, Recording,
    StreamName,
};
use all::Ahead;
use client::Client;
use count::Count;
use rounds::Round;

pub use address::{Account, Address, AddressError};
pub use error::KurrentError;

/// How to open a log in a KurrentDB.
#[derive(Debug, Clone)]
pub struct KurrentOptions {
    /// Where it is, and who calls.
    pub address: Address,
    /// What the names of its streams begin with on the server.
    pub prefix: String,
    /// The file that keeps this node's count; none: every start counts anew.
    pub cache: Option<PathBuf>,
    /// Whether it is opened to append; a log that moved away is not.
    pub writes: bool,
    /// How often the server is asked for new events when nothing has happened for a while.
    pub idle_poll: Duration,
    /// How long an append is tried, all tries together.
    pub append_limit: Duration,
    /// How long an append that was written waits for the count to pass it.
    pub count_limit: Duration,
}

impl KurrentOptions {
    /// The usual: prefix `docket.`, no cache.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            prefix: "docket.".to_owned(),
            cache: None,
            writes: true,
            idle_poll: Duration::from_millis(50),
            append_limit: Duration::from_secs(15),
            count_limit: Duration::from_secs(2),
        }
    }
}

/// An [`EventLog`] in a KurrentDB. Must be opened within a tokio runtime, which its connections live
/// on. Dropping it ends the task that follows the log.
pub struct KurrentLog {
    shared: Arc<Shared>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

/// What the parts share.
struct Shared {
    client: Arc<Client>,
    prefix: String,
    credentials: Option<Credentials>,
    count: Mutex<Count>,
    /// Wakes the task that follows the log.
    wake: Notify,
    round: watch::Sender<Round>,
    head: watch::Sender<Option<u64>>,
    closed: watch::Sender<bool>,
    recording: Arc<Recording>,
    /// Whether it was said that a stream of the log's is somebody else's.
    foreign: AtomicBool,
    ahead: Mutex<Vec<Ahead>>,
    options: KurrentOptions,
}

impl Shared {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ahead(&self) -> MutexGuard<'_, Vec<Ahead>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn full_name(&self, stream: &StreamName) -> String {
        format!("{}{stream}", self.prefix)
    }

    fn check_open(&self) -> Result<(), LogError> {
        if *self.closed.borrow() {
            return Err(LogError::Unavailable("the log was closed".to_owned()));
        }
        Ok(())
    }
}

impl KurrentLog {
    /// Opens the log: connects, checks the server, the account and the streams, counts up to the end,
    /// and follows from there. Nothing is written.
    ///
    /// # Errors
    /// [`KurrentError`], which says what is wrong and what would help.
    pub async fn open(options: KurrentOptions) -> Result<Self, KurrentError> {
        let (shared, cache, taken_over) = open::open(options).await?;
        let runtime = shared.client.runtime();
        let follower = runtime.spawn(follow::follow(Arc::clone(&shared), cache));
        if shared.options.writes && !taken_over.is_empty() {
            runtime.spawn(known::check_behind(Arc::clone(&shared), taken_over));
        }
        Ok(Self { shared, follower: Mutex::new(Some(follower)) })
    }

    /// Appends in a task of its own: it goes on to its end though nobody waits any more.
    async fn append_on(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        self.shared.check_open()?;
        let runtime = self.shared.client.runtime();
        let (shared, stream) = (Arc::clone(&self.shared), stream.clone());
        let append = runtime.spawn(append::append(shared, stream, expected, events));
        append.await.unwrap_or_else(|error| Err(LogError::OutcomeUnknown(error.to_string())))
    }

    fn take_follower(&self) -> Option<JoinHandle<()>> {
        self.shared.closed.send_replace(true);
        self.shared.wake.notify_one();
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for KurrentLog {
    fn drop(&mut self) {
        if let Some(follower) = self.take_follower() {
            follower.abort();
        }
    }
}

impl EventLog for KurrentLog {
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        async move {
            self.shared.recording.check()?;
            self.append_on(stream, expected, events).await
        }
        .boxed()
    }

    fn lane(&self) -> BoxFuture<'_, Result<Box<dyn Lane + '_>, LogError>> {
        let opened = lane::KurrentLane::open(Arc::clone(&self.shared));
        async move { Ok(Box::new(opened.await?) as _) }.boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        from_revision: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page<u64>, LogError>> {
        read::stream_page(&self.shared, stream, from_revision, limit).boxed()
    }

    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>> {
        all::all_page(&self.shared, after, limit).boxed()
    }

    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>> {
        read::stream_revision(&self.shared, stream).boxed()
    }

    fn streams<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<StreamName>, LogError>> {
        async move {
            rounds::catch_up(&self.shared).await?;
            let count = self.shared.count();
            let names = count.streams().map(|(name, _)| name);
            let mut names: Vec<_> =
                names.filter(|name| name.as_str().starts_with(prefix)).cloned().collect();
            names.sort();
            Ok(names)
        }
        .boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>> {
        async move {
            rounds::catch_up(&self.shared).await?;
            Ok(self.shared.count().head())
        }
        .boxed()
    }

    fn watch_head(&self) -> watch::Receiver<Option<u64>> {
        self.shared.head.subscribe()
    }

    fn recording(&self) -> Arc<Recording> {
        Arc::clone(&self.shared.recording)
    }

    fn lost(&self) -> Vec<Lost> {
        self.shared.count().undecided()
    }

    fn accept<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        self.append_on(stream, expected, events).boxed()
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn pause<'a>(&'a self, to: &'a str) -> BoxFuture<'a, Result<Box<dyn Pause>, LogError>> {
        moving::pause(&self.shared, to).boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            if let Some(follower) = self.take_follower()
                && let Err(error) = follower.await
                && error.is_panic()
            {
                tracing::warn!("the task that follows the log panicked");
            }
        }
        .boxed()
    }
}
