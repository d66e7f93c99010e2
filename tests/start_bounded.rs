//! A start read every enrollment of the programs with quotas, one after the other: 13 µs for each event of
//! the log. It reads as much of a long log as of a short one.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/app.rs"]
mod app;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use app::World;
use docket::log::{
    Appended, EventLog, Expected, LogError, MemoryLog, NewEvent, Page, Recording, StreamName,
};
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::sync::watch;
use uuid::Uuid;

const PROGRAM: &str = "exercise_strong_province";

/// Counts what is asked of a log.
struct Counted {
    log: MemoryLog,
    reads: AtomicUsize,
    events: AtomicUsize,
}

impl Counted {
    fn new() -> Self {
        Self { log: MemoryLog::new(), reads: AtomicUsize::new(0), events: AtomicUsize::new(0) }
    }

    fn count<P>(&self, page: &Result<Page<P>, LogError>) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let events = page.as_ref().map_or(0, |page| page.events.len());
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    fn taken(&self) -> (usize, usize) {
        (self.reads.swap(0, Ordering::Relaxed), self.events.swap(0, Ordering::Relaxed))
    }
}

impl EventLog for Counted {
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        self.log.append(stream, expected, events)
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        from_revision: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page<u64>, LogError>> {
        self.log.read_stream(stream, from_revision, limit).inspect(|page| self.count(page)).boxed()
    }

    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>> {
        self.log.read_all(after, limit).inspect(|page| self.count(page)).boxed()
    }

    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>> {
        self.log.stream_revision(stream)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>> {
        self.log.head()
    }

    fn recording(&self) -> Arc<Recording> {
        self.log.recording()
    }

    fn watch_head(&self) -> watch::Receiver<Option<u64>> {
        self.log.watch_head()
    }
}

/// So many enrollments more, each with the events of x01.
async fn grow(log: &Counted, enrollments: std::ops::Range<usize>) {
    let like = StreamName::parse(&format!("{PROGRAM}-x01")).unwrap();
    let like = log.log.read_stream(&like, 0, 100).await.unwrap().events;
    for number in enrollments {
        let stream = StreamName::parse(&format!("{PROGRAM}-y{number}")).unwrap();
        let events = like.iter().map(|event| NewEvent {
            event_id: Uuid::from_u128((number as u128) << 32 | u128::from(event.revision)),
            event_type: event.event_type.to_string(),
            recorded_at_us: event.recorded_at_us,
            data: event.data.clone(),
            metadata: event.metadata.clone(),
        });
        log.log.append(&stream, Expected::NoStream, events.collect()).await.unwrap();
    }
}

#[tokio::test]
async fn a_start_reads_as_much_of_a_long_log_as_of_a_short_one() {
    let log = Arc::new(Counted::new());
    let world = World::over(log.clone()).await;
    world.applicant("x01", "leading").await;
    grow(&log, 0..1_500).await;
    log.taken();
    let world = world.again(log.clone()).await;
    let short = log.taken();
    grow(&log, 1_500..5_000).await;
    let world = world.again(log.clone()).await;
    let long = log.taken();
    assert_eq!(short, long, "reads and events");
    assert!(long.1 < 4_000, "{long:?}");

    // What is older is looked at behind the start.
    let recovered = world.app.recover_places().await.unwrap();
    assert_eq!(recovered.unreadable, 0);
    assert!(log.taken().0 > 5_000);
}
