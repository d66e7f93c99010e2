//! From the log's file to states: folding alone, decoding and folding, and reading with both on two
//! cores; beside what SQLite alone takes to hand out the same rows.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use docket::codec::Stored;
use docket::log::{EventLog, Expected, MemoryLog, NewEvent, RecordedEvent, SqliteLog, StreamName};
use docket::projection::{
    Changes, Decoded, Folder, ModelChanges, Models, Path, Projection, Rows, Table, Turn, all,
    decode_page,
};
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Handle;

use crate::generate::{Made, PROGRAM, area_id, number};
use crate::measure::{Cpu, Times, heading, line};
use crate::parts::anew;

/// Events decoded at once, as a rebuild does: few enough that they are still in the processor's
/// cache when they are folded.
const CHUNK: usize = 64;
/// Events read at a time, as a rebuild does.
const PAGE: usize = 1024;
/// Chunks that may wait between two threads.
const WAITING: usize = 16;
/// What folded enrollments may take: all of a million events' fit.
const CACHE_BYTES: usize = 256 << 20;

/// Events of a long stream.
const LONG: usize = 5_000;
/// How often one more is taken in.
const ROUNDS: usize = 20;

/// How fast the whole log is folded.
pub fn fold(made: &Made, runtime: &Handle) -> anyhow::Result<()> {
    heading("From the log to states");
    let bare = bare_select(made)?;
    line("SQLite alone, every row of the log", bare, "events/s", "");
    let log: Arc<dyn EventLog> =
        Arc::new(runtime.block_on(async { SqliteLog::open_reader(made.log()) })?);
    one_thread(&log, runtime, bare)?;
    two_threads(&log, runtime, bare)
}

/// Every column of every row, touched and let go.
fn bare_select(made: &Made) -> anyhow::Result<f64> {
    let connection = Connection::open_with_flags(made.log(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = connection.prepare(
        "SELECT sequence, stream, revision, event_id, type, recorded_at, data, metadata FROM event
         ORDER BY sequence",
    )?;
    let (began, mut events) = (Instant::now(), 0usize);
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..8 {
            black_box(row.get_ref(column)?);
        }
        events += 1;
    }
    Ok(events as f64 / began.elapsed().as_secs_f64())
}

/// What was folded, to be sure of it.
struct Folded {
    folder: Folder,
    models: Models,
    changes: Changes,
    counts: Arc<Counts>,
    events: usize,
}

#[derive(Default)]
struct Counts {
    unsupported: AtomicUsize,
    anew: AtomicUsize,
}

/// Counts instead of writing rows.
struct Counting(Arc<Counts>);

impl Projection for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }
    fn version(&self) -> u32 {
        1
    }
    fn indexes_sql(&self) -> &'static str {
        ""
    }
    fn tables(&self) -> &'static [&'static Table] {
        &[]
    }
    fn turn(&mut self, turn: &Turn<'_>, _: &mut Rows, _: &mut ModelChanges<'_>) {
        let lost = turn.state().is_some_and(|state| !state.unsupported.is_empty());
        self.0.unsupported.fetch_add(lost.into(), Relaxed);
        self.0.anew.fetch_add(matches!(turn.path, Path::Anew { .. }).into(), Relaxed);
    }
}

impl Folded {
    fn new(log: &Arc<dyn EventLog>, runtime: &Handle) -> Self {
        let counts = Arc::new(Counts::default());
        let models = Models::new(vec![Box::new(Counting(counts.clone()))]);
        let changes = models.changes();
        let folder = Folder::new(log.clone(), runtime.clone(), CACHE_BYTES);
        Self { folder, models, changes, counts, events: 0 }
    }

    fn fold(&mut self, decoded: &[Decoded]) -> anyhow::Result<()> {
        self.events += decoded.len();
        let Self { folder, models, changes, .. } = self;
        for event in decoded {
            let Stored::Enrollment(recorded) = &event.stored else { continue };
            folder.take_in(&event.envelope, recorded, models, changes)?;
        }
        folder.end(true);
        Ok(())
    }

    fn shown(&self, cpu: Cpu) -> anyhow::Result<String> {
        let unsupported = self.counts.unsupported.load(Relaxed);
        anyhow::ensure!(unsupported == 0, "an honest life leaves no event without its ground");
        let (each_us, anew) = (cpu.each_us(self.events), self.counts.anew.load(Relaxed));
        Ok(format!("{} events, {anew} folded anew; cpu {each_us:.1} µs each", self.events))
    }
}

fn decode(events: Vec<RecordedEvent>) -> anyhow::Result<Vec<Decoded>> {
    let (decoded, unknown) = decode_page(events, i64::MIN);
    anyhow::ensure!(unknown.is_none(), "an event can't be decoded: {unknown:?}");
    Ok(decoded)
}

/// Reading, decoding and folding in turns, each timed by itself.
fn one_thread(log: &Arc<dyn EventLog>, runtime: &Handle, bare: f64) -> anyhow::Result<()> {
    let chunk_events = number("BENCH_PAGE", CHUNK)?;
    let before = Cpu::own();
    let [mut read, mut decoding, mut folding] = [Duration::ZERO; 3];
    let (mut after, mut folded) = (None, Folded::new(log, runtime));
    loop {
        let began = Instant::now();
        let page = runtime.block_on(log.read_all(after, PAGE))?;
        read += began.elapsed();
        after = page.next;
        let mut events = page.events.into_iter();
        while events.len() > 0 {
            let chunk: Vec<RecordedEvent> = events.by_ref().take(chunk_events).collect();
            let began = Instant::now();
            let decoded = decode(chunk)?;
            decoding += began.elapsed();
            let began = Instant::now();
            folded.fold(&decoded)?;
            folding += began.elapsed();
            drop(black_box(decoded));
        }
        if page.end {
            break;
        }
    }
    let more = folded.shown(Cpu::own().since(before))?;
    let rate = |time: Duration| folded.events as f64 / time.as_secs_f64();
    let of_bare = format!("{:.0}% of SQLite alone", 100.0 * rate(read) / bare);
    line("pages out of SQLite", rate(read), "events/s", &of_bare);
    line("decode", rate(decoding), "events/s", "");
    line("fold of decoded events, one thread", rate(folding), "events/s", "");
    line("decode and fold, one thread", rate(decoding + folding), "events/s", "");
    line("read, decode and fold, one thread", rate(read + decoding + folding), "events/s", &more);
    Ok(())
}

type Chunk = anyhow::Result<Vec<Decoded>>;

/// Reading and decoding on a second thread.
fn two_threads(log: &Arc<dyn EventLog>, runtime: &Handle, bare: f64) -> anyhow::Result<()> {
    let (send, receive) = sync_channel(WAITING);
    let (back, used) = sync_channel(WAITING * 2);
    let (before, began) = (Cpu::own(), Instant::now());
    let reading = {
        let (log, runtime) = (log.clone(), runtime.clone());
        std::thread::spawn(move || read_ahead(&*log, &runtime, &send, &used))
    };
    let mut folded = Folded::new(log, runtime);
    while let Ok(chunk) = receive.recv() {
        let chunk: Vec<Decoded> = chunk?;
        folded.fold(&chunk)?;
        // What a thread made is let go sooner by the same one.
        let _ = back.try_send(chunk);
    }
    let took = began.elapsed();
    reading.join().map_err(|_| anyhow::anyhow!("the reading thread panicked"))?;
    let rate = folded.events as f64 / took.as_secs_f64();
    let more = folded.shown(Cpu::own().since(before))?;
    let more = format!("{:.0}% of SQLite alone; {more}", 100.0 * rate / bare);
    line("read and decode beside fold, two threads", rate, "events/s", &more);
    Ok(())
}

fn read_ahead(
    log: &dyn EventLog,
    runtime: &Handle,
    send: &SyncSender<Chunk>,
    used: &Receiver<Vec<Decoded>>,
) {
    let mut after = None;
    loop {
        let page = match runtime.block_on(log.read_all(after, PAGE)) {
            Ok(page) => page,
            Err(error) => return drop(send.send(Err(error.into()))),
        };
        after = page.next;
        let mut events = page.events.into_iter();
        while events.len() > 0 {
            drop(used.try_iter().collect::<Vec<_>>());
            let chunk = decode(events.by_ref().take(CHUNK).collect());
            if send.send(chunk).is_err() {
                return;
            }
        }
        if page.end {
            return;
        }
    }
}

/// What one event costs the read models on a stream of 5,000, as rows: at the end, before others, and
/// where nothing of the stream is in memory.
pub fn long_stream(made: &Made, runtime: &Handle) -> anyhow::Result<()> {
    heading("One event on a stream of 5,000");
    let from = runtime.block_on(async { SqliteLog::open_reader(made.log()) })?;
    let stream = StreamName::parse(&format!("{PROGRAM}-{}", area_id(0)))?;
    let life = anew(&runtime.block_on(from.read_stream(&stream, 0, 1_000))?.events);
    let inspections: Vec<_> = life.iter().filter(|event| event.event_type == "Inspected").collect();
    let (Some(early), Some(last)) = (inspections.first(), inspections.last()) else {
        anyhow::bail!("area 0 was never inspected");
    };
    let days: Vec<String> = life.iter().filter_map(|event| effective_on(&event.metadata)).collect();
    let last = dated(last, days.into_iter().max().as_deref().unwrap_or_default())?;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let mut expected = Expected::NoStream;
    let mut append = |event: NewEvent| {
        let appended = runtime.block_on(log.append(&stream, expected, vec![event]))?;
        expected = Expected::Revision(appended.revision);
        let before = appended.sequence.and_then(|sequence| sequence.checked_sub(1));
        anyhow::Ok(runtime.block_on(log.read_all(before, 1))?.events)
    };
    for event in life.iter().chain(std::iter::repeat(&last)).take(LONG) {
        append(event.clone())?;
    }
    for (what, event, cache_bytes) in [
        ("at the end", &last, CACHE_BYTES),
        ("before others", *early, CACHE_BYTES),
        ("at the end, out of memory", &last, 0),
    ] {
        let mut folder = Folder::new(log.clone(), runtime.clone(), cache_bytes);
        let mut models = Models::new(all());
        let mut changes = models.changes();
        let mut times = Times::default();
        for round in 0..=ROUNDS {
            let decoded = decode(append(event.clone())?)?;
            let began = Instant::now();
            for Decoded { envelope, stored } in &decoded {
                let Stored::Enrollment(recorded) = stored else { continue };
                folder.take_in(envelope, recorded, &mut models, &mut changes)?;
            }
            folder.end(true);
            // The first one folds what came before.
            if round > 0 {
                times.add(began.elapsed());
            }
            changes.clear();
        }
        println!("{what}: {} ms (p50 / p99)", times.shown());
    }
    Ok(())
}

/// The day from which an event has effect.
fn effective_on(metadata: &[u8]) -> Option<String> {
    let metadata: serde_json::Value = serde_json::from_slice(metadata).ok()?;
    metadata["effective_on"].as_str().map(str::to_owned)
}

/// The event with effect from another day.
fn dated(event: &NewEvent, day: &str) -> anyhow::Result<NewEvent> {
    let mut metadata: serde_json::Value = serde_json::from_slice(&event.metadata)?;
    metadata["effective_on"] = day.into();
    Ok(NewEvent { metadata: serde_json::to_vec(&metadata)?.into(), ..event.clone() })
}
