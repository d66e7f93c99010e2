//! From the log's file to states: folding alone, decoding and folding, and reading with both on two
//! cores; beside what SQLite alone takes to hand out the same rows.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use docket::codec::Stored;
use docket::log::{EventLog, RecordedEvent, SqliteLog};
use docket::projection::{Decoded, Folder, Path, decode_page};
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Handle;

use crate::generate::{Made, number};
use crate::measure::{Cpu, heading, line};

/// Events decoded at once, as a rebuild does: few enough that they are still in the processor's
/// cache when they are folded.
const CHUNK: usize = 64;
/// Events read at a time, as a rebuild does.
const PAGE: usize = 1024;
/// Chunks that may wait between two threads.
const WAITING: usize = 16;
/// What folded enrollments may take: all of a million events' fit.
const CACHE_BYTES: usize = 256 << 20;

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
#[derive(Default)]
struct Folded {
    events: usize,
    unsupported: usize,
    refolded: usize,
}

impl Folded {
    fn fold(&mut self, folder: &mut Folder, decoded: &[Decoded]) -> anyhow::Result<()> {
        self.events += decoded.len();
        for event in decoded {
            let Stored::Enrollment(recorded) = &event.stored else { continue };
            let (mut lost, mut again) = (false, false);
            folder.fold(&event.envelope, recorded, &mut |_, _| Ok(()), &mut |step, _| {
                lost = step.after.unsupported.len() > step.before.unsupported.len();
                again = matches!(step.path, Path::Refolded { .. });
                Ok(())
            })?;
            self.unsupported += usize::from(lost);
            self.refolded += usize::from(again);
        }
        Ok(())
    }

    fn shown(&self, cpu: Cpu) -> anyhow::Result<String> {
        anyhow::ensure!(self.unsupported == 0, "an honest life leaves no event without its ground");
        let each_us = cpu.each_us(self.events);
        Ok(format!("{} events, {} refolded; cpu {each_us:.1} µs each", self.events, self.refolded))
    }
}

fn decode(events: Vec<RecordedEvent>) -> anyhow::Result<Vec<Decoded>> {
    let (decoded, unknown) = decode_page(events, i64::MIN);
    anyhow::ensure!(unknown.is_none(), "an event can't be decoded: {unknown:?}");
    Ok(decoded)
}

/// Reading, decoding and folding in turns, each timed by itself.
fn one_thread(log: &Arc<dyn EventLog>, runtime: &Handle, bare: f64) -> anyhow::Result<()> {
    let mut folder = Folder::new(log.clone(), runtime.clone(), CACHE_BYTES);
    let chunk_events = number("BENCH_PAGE", CHUNK)?;
    let before = Cpu::own();
    let [mut read, mut decoding, mut folding] = [Duration::ZERO; 3];
    let (mut after, mut folded) = (None, Folded::default());
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
            folded.fold(&mut folder, &decoded)?;
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
    let mut folder = Folder::new(log.clone(), runtime.clone(), CACHE_BYTES);
    let (send, receive) = sync_channel(WAITING);
    let (back, used) = sync_channel(WAITING * 2);
    let (before, began) = (Cpu::own(), Instant::now());
    let reading = {
        let (log, runtime) = (log.clone(), runtime.clone());
        std::thread::spawn(move || read_ahead(&*log, &runtime, &send, &used))
    };
    let mut folded = Folded::default();
    while let Ok(chunk) = receive.recv() {
        let chunk: Vec<Decoded> = chunk?;
        folded.fold(&mut folder, &chunk)?;
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
