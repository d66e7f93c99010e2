//! How fast events are decoded, folded and rebuilt into read models, and in how much memory.
//!
//! `cargo bench --bench projection` takes 1 M events over 20,000 enrollments; other numbers by
//! `DOCKET_BENCH_ENROLLMENTS`. Every enrollment has the same life of 50 acts, interleaved.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

#[path = "../tests/projection/lives.rs"]
mod lives;
#[path = "../tests/projection/world.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod world;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use docket::codec::Stored;
use docket::domain::ids::Office;
use docket::log::{EventLog, Expected, MemoryLog, NewEvent, RecordedEvent, SqliteLog, StreamName};
use docket::projection::current_status::EnrollmentFilter;
use docket::projection::{
    Copies, DEFAULT_CACHE_BYTES, Folder, Follower, Mode, Progress, ReadModels, Rebuild, Store, all,
    decode_page, rebuild,
};
use futures_util::future::join_all;
use tokio::runtime::Runtime;

use world::World;

const PROGRAM: &str = "exercise_cluster_area";
const EVENTS_PER_APPEND: usize = 5;
const IN_FLIGHT: usize = 512;

fn main() {
    // `cargo test --benches` must not start a long run.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let enrollments = std::env::var("DOCKET_BENCH_ENROLLMENTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_000);
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let log: Arc<dyn EventLog> = {
        let _inside = runtime.enter();
        Arc::new(SqliteLog::open_writer(folder.path().join("log.sqlite")).unwrap())
    };
    let started = Instant::now();
    let template = life();
    runtime.block_on(write(&*log, &template, enrollments));
    let events = runtime.block_on(log.head()).unwrap().unwrap() + 1;
    said("log written", events, started.elapsed());
    let copies = Copies::new(folder.path().join("copies"));
    let started = Instant::now();
    let request = Rebuild {
        log: Arc::clone(&log),
        runtime: runtime.handle().clone(),
        copies: &copies,
        projections: all,
        names: &[],
        cache_bytes: DEFAULT_CACHE_BYTES,
    };
    let mut filled = Duration::ZERO;
    rebuild(&request, &mut |done, total| {
        if done == total {
            filled = started.elapsed();
        }
        true
    })
    .unwrap();
    said("rebuild, rows alone", events, filled);
    said("rebuild, with indexes and checksums", events, started.elapsed());
    println!("{:<40} {:>12} KiB", "peak memory", memory_kib("VmHWM:"));
    read_and_fold(&log, &runtime, events);
    follow(&log, &runtime, &folder.path().join("followed.sqlite"));
    ask(copies);
}

fn said(what: &str, events: u64, took: Duration) {
    let rate = events as f64 / took.as_secs_f64();
    let (wall_s, processor_s) = (took.as_secs_f64(), processor_s());
    println!(
        "{what:<40} {events:>10} events {wall_s:>8.2} s {rate:>10.0} events/s   processor so far {processor_s:.2} s"
    );
}

/// Processor time of this process so far, in seconds: on a machine shared with others it tells more
/// than the clock. Linux counts hundredths.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|text| text.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// The stored events of one enrollment's life of 50 acts.
fn life() -> Vec<RecordedEvent> {
    let runtime = Runtime::new().unwrap();
    let mut world = World::around(Arc::new(MemoryLog::new()), runtime);
    world.register("inv", "cluster_area", "inv_province", ("Invented", "虚构"));
    lives::cluster_area(&mut world, PROGRAM, "inv");
    for year in 2019..2029 {
        let report = format!(
            r#"{{"act":"submit_report","effective_on":"{year}-01-15","year":{},"summary":"s","next_year_plan":"n"}}"#,
            year - 1
        );
        world.act(PROGRAM, "inv", Office::LocalGovernment, &report);
        let inspect = format!(r#"{{"act":"inspect","effective_on":"{year}-06","findings":"f"}}"#);
        world.act(PROGRAM, "inv", Office::NationalOffice, &inspect);
        for month in [7, 9] {
            let note =
                format!(r#"{{"act":"note","effective_on":"{year}-{month:02}-01","text":"t"}}"#);
            world.act(PROGRAM, "inv", Office::Registrar, &note);
        }
    }
    let mut events = Vec::new();
    let page = world.runtime.block_on(world.log.read_all(None, 4096)).unwrap();
    events.extend(page.events.into_iter().filter(|event| {
        event.stream.as_str() == "exercise_cluster_area-inv"
            || event.stream.as_str() == "subject-inv"
    }));
    events
}

async fn write(log: &dyn EventLog, template: &[RecordedEvent], enrollments: usize) {
    let (subject, acts) = template.split_first().unwrap();
    let rounds =
        std::iter::once(std::slice::from_ref(subject)).chain(acts.chunks(EVENTS_PER_APPEND));
    for round in rounds {
        let numbers: Vec<usize> = (0..enrollments).collect();
        for numbers in numbers.chunks(IN_FLIGHT) {
            let appends = numbers.iter().map(|number| append(log, round, *number));
            join_all(appends).await;
        }
    }
}

async fn append(log: &dyn EventLog, events: &[RecordedEvent], number: usize) {
    let first = events.first().unwrap();
    let name = format!("inv{number:05}");
    let renamed = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).unwrap();
        let text = text.replace("area-inv@", &format!("area-{name}@"));
        text.replace("\"id\":\"inv\"", &format!("\"id\":\"{name}\"")).into_bytes().into()
    };
    let stream = first.stream.as_str().replace("-inv", &format!("-{name}"));
    let stream = StreamName::parse(&stream).unwrap();
    let expected = first.revision.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
    let events = events
        .iter()
        .map(|event| NewEvent {
            event_id: event.event_id,
            event_type: event.event_type.clone(),
            recorded_at_us: event.recorded_at_us,
            data: renamed(&event.data),
            metadata: renamed(&event.metadata),
        })
        .collect();
    log.append(&stream, expected, events).await.unwrap();
}

/// Reading, decoding and folding, each timed alone, on one thread.
fn read_and_fold(log: &Arc<dyn EventLog>, runtime: &Runtime, events: u64) {
    let mut folder = Folder::new(Arc::clone(log), runtime.handle().clone(), 512 * 1024 * 1024);
    let before = memory_kib("VmRSS:");
    let [mut reading, mut decoding, mut folding] = [Duration::ZERO; 3];
    let mut after = None;
    loop {
        let started = Instant::now();
        let page = runtime.block_on(log.read_all(after, 4096)).unwrap();
        let read = Instant::now();
        after = page.next;
        let (decoded, unknown) = decode_page(page.events);
        assert!(unknown.is_none());
        let ready = Instant::now();
        for event in &decoded {
            if let Stored::Enrollment(recorded) = &event.stored {
                folder.fold(&event.envelope, recorded, |_| Ok(())).unwrap();
            }
        }
        reading += read - started;
        decoding += ready - read;
        folding += ready.elapsed();
        if page.end {
            break;
        }
    }
    println!("{:<40} {:>12} KiB", "folded enrollments, estimated", folder.cached_bytes() / 1024);
    println!("{:<40} {:>12} KiB", "memory now, less before", memory_kib("VmRSS:") - before);
    said("read", events, reading);
    said("decode", events, decoding);
    said("fold", events, folding);
}

/// Following in batches, as the server does, for so many events.
fn follow(log: &Arc<dyn EventLog>, runtime: &Runtime, path: &Path) {
    let store = Store::create(path, Mode::Following, &all()).unwrap();
    let folder = Folder::new(Arc::clone(log), runtime.handle().clone(), DEFAULT_CACHE_BYTES);
    let mut follower = Follower::new(store, folder, all);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(5) {
        let Progress::Moved { end: false } = follower.step(2048) else { break };
    }
    let events = follower.store().position().unwrap() + 1;
    said("follow, batches of 2048", events, started.elapsed());
}

fn ask(copies: Copies) {
    let models = ReadModels::of_copies(copies);
    let filter = EnrollmentFilter { exercise: true, ..EnrollmentFilter::default() };
    let day = world::day("2020-06-30");
    let mut after = None;
    let mut times = Vec::new();
    for _ in 0..20 {
        let started = Instant::now();
        let cursor = after.clone();
        let page = models
            .read_now(|tables| tables.list_enrollments(&filter, day, cursor.as_ref(), 1000))
            .unwrap();
        times.push(started.elapsed());
        after = page.value.last().map(|row| row.cursor());
    }
    times.sort();
    println!(
        "{:<40} {:>12.2?} median, {:.2?} worst of 20",
        "list 1000 enrollments as of a day", times[10], times[19]
    );
}

/// Memory of this process, in KiB (`VmRSS:` now, `VmHWM:` at most); 0 where the system doesn't say.
fn memory_kib(which: &str) -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(which)).unwrap_or_default();
    line.split_ascii_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0)
}
