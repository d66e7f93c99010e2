//! The engines, histories to put into them, and someone who watches.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use docket::log::envelope::leaf_hash;
use docket::log::{
    EventLog, Expected, MAX_PAGE_EVENTS, MemoryLog, NewEvent, RecordedEvent, SqliteLog, StreamName,
};
use docket::moving::{Notice, Observer};
use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;
use uuid::Uuid;

/// An engine that a test can open an empty log on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Memory,
    Sqlite,
    /// In the stand-in, and in the server of `DOCKET_TEST_KURRENTDB` where that is given.
    #[cfg(feature = "kurrentdb")]
    Kurrent,
}

/// Every pair of engines that differ, and one of a kind, from and to.
pub const PAIRS: &[(Engine, Engine)] = &[
    (Engine::Memory, Engine::Sqlite),
    (Engine::Sqlite, Engine::Memory),
    (Engine::Sqlite, Engine::Sqlite),
    #[cfg(feature = "kurrentdb")]
    (Engine::Sqlite, Engine::Kurrent),
    #[cfg(feature = "kurrentdb")]
    (Engine::Kurrent, Engine::Sqlite),
    #[cfg(feature = "kurrentdb")]
    (Engine::Kurrent, Engine::Kurrent),
];

/// The engines that outlive a process.
pub const LASTING: &[Engine] = &[
    Engine::Sqlite,
    #[cfg(feature = "kurrentdb")]
    Engine::Kurrent,
];

/// A log with what it lives in.
pub struct Opened {
    pub log: Arc<dyn EventLog>,
    folder: TempDir,
    #[cfg(feature = "kurrentdb")]
    server: Option<kurrent::Place>,
}

impl Opened {
    /// The file of a log in one.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("log.sqlite")
    }

    /// Opens it once more, as another process that only reads.
    pub async fn reader(&self) -> Arc<dyn EventLog> {
        #[cfg(feature = "kurrentdb")]
        if let Some(server) = &self.server {
            return server.open().await;
        }
        Arc::new(SqliteLog::open_reader(self.path()).unwrap())
    }
}

impl Deref for Opened {
    type Target = dyn EventLog;

    fn deref(&self) -> &Self::Target {
        &*self.log
    }
}

impl Engine {
    /// An empty log.
    pub async fn open(self) -> Opened {
        let folder = tempfile::tempdir().unwrap();
        let log: Arc<dyn EventLog> = match self {
            Engine::Memory => Arc::new(MemoryLog::new()),
            Engine::Sqlite => {
                Arc::new(SqliteLog::open_writer(folder.path().join("log.sqlite")).unwrap())
            }
            #[cfg(feature = "kurrentdb")]
            Engine::Kurrent => {
                let server = kurrent::Place::new();
                return Opened { log: server.open().await, folder, server: Some(server) };
            }
        };
        Opened {
            log,
            folder,
            #[cfg(feature = "kurrentdb")]
            server: None,
        }
    }
}

#[cfg(feature = "kurrentdb")]
mod kurrent {
    use std::sync::Arc;

    use docket::log::EventLog;
    use docket::log::kurrentdb::{Address, KurrentLog, KurrentOptions};

    use crate::standin::{Settings, StandIn};

    /// A prefix of its own in a database.
    pub struct Place {
        address: String,
        prefix: String,
        _standin: Option<StandIn>,
    }

    impl Place {
        pub fn new() -> Self {
            let given = std::env::var("DOCKET_TEST_KURRENTDB").ok();
            let standin = given.is_none().then(|| StandIn::start(Settings::default()));
            let address = given.or(standin.as_ref().map(StandIn::address)).unwrap();
            // Of the names that are to be had here only this one is new on every run.
            let folder = tempfile::tempdir().unwrap();
            let name = folder.path().file_name().and_then(|name| name.to_str()).unwrap();
            Self { address, prefix: format!("docket-test-{}.", &name[1..]), _standin: standin }
        }

        pub async fn open(&self) -> Arc<dyn EventLog> {
            let address = Address::parse(&self.address).unwrap();
            let options =
                KurrentOptions { prefix: self.prefix.clone(), ..KurrentOptions::new(address) };
            Arc::new(KurrentLog::open(options).await.unwrap())
        }
    }
}

/// One append: to which stream, and what.
pub type Written = (StreamName, Vec<NewEvent>);

pub fn stream(name: &str) -> StreamName {
    StreamName::parse(name).unwrap()
}

pub fn event(number: u64) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u64_pair(0x5eed, number),
        event_type: format!("Happened{}", number % 7),
        recorded_at_us: 1_700_000_000_000_000 + number as i64,
        data: format!(r#"{{"number":{number}}}"#).into_bytes().into(),
        metadata: br#"{"principal":"tester"}"#.as_slice().into(),
    }
}

/// Events one by one, streams taking turns: no two neighbours are of one stream.
pub fn turns(events: u64) -> Vec<Written> {
    (0..events).map(|n| (stream(&format!("turn-{}", n % 3)), vec![event(n)])).collect()
}

/// A random history: streams in any order, any bytes, any time, also ids that stand twice.
pub fn any_history(runner: &mut TestRunner) -> Vec<Written> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..60);
    let new = (0..400_u64, -3..3_i64, bytes(), bytes(), any::<bool>()).prop_map(
        |(number, at, data, metadata, is_json)| NewEvent {
            recorded_at_us: at,
            data: if is_json { event(number).data } else { data.into() },
            metadata: metadata.into(),
            ..event(number)
        },
    );
    let append = (0..4_u8, proptest::collection::vec(new, 1..5))
        .prop_map(|(which, events)| (stream(&format!("any-{which}")), events));
    proptest::collection::vec(append, 1..30).new_tree(runner).unwrap().current()
}

pub async fn write(log: &dyn EventLog, history: &[Written]) {
    for (stream, events) in history {
        let expected = Expected::from(log.stream_revision(stream).await.unwrap());
        log.append(stream, expected, events.clone()).await.unwrap();
    }
}

pub async fn read(log: &dyn EventLog) -> Vec<RecordedEvent> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = log.read_all(after, MAX_PAGE_EVENTS).await.unwrap();
        all.extend(page.events);
        after = page.next;
        if page.end {
            return all;
        }
    }
}

/// Both hold the same events in the same places, and each leaf is the same.
#[track_caller]
pub fn are_one(from: &[RecordedEvent], to: &[RecordedEvent]) {
    assert_eq!(from.len(), to.len());
    for (from, to) in from.iter().zip(to) {
        assert_eq!(from, to);
        assert_eq!(leaf_hash(from), leaf_hash(to));
    }
}

/// What is done when writes are about to stop, or the copy falls behind.
type AtStop = Box<dyn FnOnce() + Send>;

/// Someone who notes what is said, and may press Ctrl-C after so many events.
pub struct Watching {
    said: Mutex<Vec<Notice>>,
    at_stop: Mutex<Option<AtStop>>,
    stops_at: u64,
    done: AtomicU64,
}

impl Watching {
    pub fn new() -> Self {
        Self::stopping_at(u64::MAX)
    }

    pub fn stopping_at(stops_at: u64) -> Self {
        let (said, at_stop) = (Mutex::default(), Mutex::default());
        Self { said, at_stop, stops_at, done: AtomicU64::new(0) }
    }

    /// Does something when it is told that writes stop, or that the copy falls behind.
    pub fn at_stop(act: impl FnOnce() + Send + 'static) -> Self {
        let watching = Self::new();
        *watching.at_stop.lock().unwrap() = Some(Box::new(act));
        watching
    }

    pub fn said(&self) -> Vec<Notice> {
        self.said.lock().unwrap().clone()
    }
}

impl Observer for Watching {
    fn progress(&self, done: u64, total: u64) {
        assert!(done <= total, "{done} of {total}");
        self.done.store(done, Ordering::Relaxed);
    }

    fn says(&self, notice: &Notice) {
        self.said.lock().unwrap().push(notice.clone());
        let is_stop = matches!(notice, Notice::Stops { .. } | Notice::FallsBehind { .. });
        let act = if is_stop { self.at_stop.lock().unwrap().take() } else { None };
        if let Some(act) = act {
            act();
        }
    }

    fn is_stopped(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= self.stops_at
    }
}
