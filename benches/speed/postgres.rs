//! Read models in a PostgreSQL of the benchmark's own, on the same machine: a rebuild, and batches
//! of one event; beside what one connection loads in the plainest way.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use docket::log::{EventLog, SqliteLog};
use docket::projection::store::{Claim, Holder, PostgresCopies, PostgresOptions, TakesFrom};
use docket::projection::{
    Copies, DEFAULT_CACHE_BYTES, Folder, Follower, Mode, Models, Progress, Rebuild, all, rebuild,
};

use crate::generate::Made;
use crate::measure::{heading, line};

#[path = "../../tests/support/postgres.rs"]
mod server;

/// Rows of the bare load.
const ROWS: usize = 200_000;

/// How fast read models are filled and followed there.
pub fn postgres(made: &Made, time: Duration) -> anyhow::Result<()> {
    heading("Read models in PostgreSQL (fsync off)");
    bare()?;
    let address = server::server().database().address;
    let copies = PostgresCopies::new(&address, PostgresOptions::default())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let log = runtime.block_on(async { SqliteLog::open_reader(made.log()) })?;
    let log: Arc<dyn EventLog> = Arc::new(log);
    let events = runtime.block_on(log.head())?.map_or(0, |head| head + 1);
    let asked = Rebuild {
        log: Arc::clone(&log),
        runtime: runtime.handle().clone(),
        copies: &copies,
        projections: all,
        names: &[],
    };
    let (began, mut filled) = (Instant::now(), Duration::ZERO);
    rebuild(&asked, &mut |_, _| {
        filled = began.elapsed();
        true
    })?;
    let took = began.elapsed();
    let rest = (took - filled).as_secs_f64();
    let more = format!(
        "{:.1} s, of which {rest:.1} s keys, indexes and the log of PostgreSQL",
        took.as_secs_f64()
    );
    line("rebuild of all read models", events as f64 / took.as_secs_f64(), "events/s", &more);
    follow(&copies, log, &runtime, time)
}

/// A text COPY of six columns into a table without anything else.
fn bare() -> anyhow::Result<()> {
    let database = server::server().database();
    server::server().sql(
        &database.name,
        "CREATE UNLOGGED TABLE bare (a bigint, b bigint, c text, d text, e text, f bytea)",
    );
    let path = server::server().folder.join("bare.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    for row in 0..ROWS {
        writeln!(
            file,
            "{row},{row},cluster_area-futian,2016-03-01,under_construction,\\x00112233445566778899aabbccddeeff"
        )?;
    }
    file.flush()?;
    let began = Instant::now();
    let sql = format!("COPY bare FROM '{}' (FORMAT csv)", path.display());
    server::server().sql(&database.name, &sql);
    let rate = ROWS as f64 / began.elapsed().as_secs_f64();
    line("PostgreSQL alone, rows of six columns by COPY", rate, "rows/s", "");
    Ok(())
}

/// Batches of one event each, as after one act.
fn follow(
    copies: &PostgresCopies,
    log: Arc<dyn EventLog>,
    runtime: &tokio::runtime::Runtime,
    time: Duration,
) -> anyhow::Result<()> {
    let lock = copies.lock_rebuild()?;
    let copy = copies.create(&*lock, Mode::Following, &Models::new(all()))?;
    copies.serve(&*lock, &copy.id().clone())?;
    drop((copy, lock));
    let mut writer = copies.open(&copies.serving()?.context("a copy serves")?)?;
    let holder = Holder { name: "bench", from: TakesFrom::Anybody };
    anyhow::ensure!(writer.claim(holder)? == Claim::Ours, "another writes");
    let folder = Folder::new(log, runtime.handle().clone(), DEFAULT_CACHE_BYTES);
    let mut follower = Follower::new(writer, folder, all);
    let (began, mut took) = (Instant::now(), Vec::new());
    while began.elapsed() < time {
        let start = Instant::now();
        match follower.step(1) {
            Progress::Moved { end: true } => break,
            Progress::Moved { end: false } => took.push(start.elapsed()),
            Progress::Stopped { failure, .. } => anyhow::bail!("{failure:?}"),
        }
    }
    took.sort_unstable();
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
    let more = format!("p50 {:.2?}, p99 {:.2?}", at(50), at(99));
    let rate = took.len() as f64 / began.elapsed().as_secs_f64();
    line("batches of one event", rate, "batches/s", &more);
    Ok(())
}
