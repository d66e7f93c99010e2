//! How fast Docket is, and what bounds it: the parts one by one, then the whole over HTTP.
//!
//! `cargo bench --bench speed -- [part …]`, with the parts named in `PARTS`; all of them without
//! one. `BENCH_EVENTS` and `BENCH_ENROLLMENTS` set the size of the log (1,000,000 over 20,000),
//! `BENCH_SECONDS` how long each figure is measured. Every durable figure stands beside the time
//! that the disk's flush took in the same run; nothing here asserts a time.

mod acts;
mod bare;
mod beside;
mod client;
#[cfg(feature = "kurrentdb")]
mod copies;
mod feeds;
mod fold;
mod generate;
mod imports;
#[cfg(feature = "kurrentdb")]
mod kurrentdb;
mod lag;
mod ledger;
mod life;
mod lists;
mod measure;
mod measures;
mod pages;
mod parts;
#[cfg(feature = "postgres")]
mod postgres;
mod server;
mod whole;

use std::path::PathBuf;
use std::time::Duration;

use generate::{Size, made, number};
use server::Filling;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PARTS: [&str; 17] = [
    "measures",
    "appends",
    "fold",
    "acts",
    "sse",
    "lists",
    "pages",
    "rebuild",
    "lag",
    "postgres",
    "kurrentdb",
    "copies",
    "imports",
    "verify",
    "ledger",
    "beside",
    "whole",
];

/// This program is also the server, the worker and the rebuild, each in a process of its own.
fn apart(what: &str, folder: &str) -> Option<anyhow::Result<()>> {
    if let Some(filling) = Filling::of(what) {
        return Some(server::run(folder.into(), filling));
    }
    match what {
        "work" => Some(server::run_worker(folder.into())),
        "rebuild" => Some(server::run_rebuild(folder.into(), false)),
        "rebuild-over-facts" => Some(server::run_rebuild(folder.into(), true)),
        #[cfg(feature = "kurrentdb")]
        "stand-in" => Some(kurrentdb::run_stand_in(folder.as_ref())),
        _ => None,
    }
}

fn main() -> anyhow::Result<()> {
    // Cargo adds `--bench`.
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [what, folder] = asked.as_slice()
        && let Some(done) = apart(what, folder)
    {
        return done;
    }
    if let Some(unknown) = asked.iter().find(|part| !PARTS.contains(&part.as_str())) {
        anyhow::bail!("{unknown:?} is no part; there are {}", PARTS.join(", "));
    }
    let is_asked = |part: &str| asked.is_empty() || asked.iter().any(|name| name == part);
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-data");
    std::fs::create_dir_all(&data)?;
    let size = Size::from_env()?;
    let time = Duration::from_secs(number("BENCH_SECONDS", 4)? as u64);
    let runtime = tokio::runtime::Runtime::new()?;
    println!("load of the machine: {}", measure::load());
    if is_asked("measures") {
        measures::measures(&data)?;
    }
    if asked.len() == 1 && is_asked("measures") {
        return Ok(());
    }
    let made = runtime.block_on(made(&data, size))?;
    if is_asked("appends") {
        runtime.block_on(parts::appends(&data, &made, time))?;
    }
    if is_asked("fold") {
        fold::fold(&made, runtime.handle())?;
        fold::long_stream(&made, runtime.handle())?;
    }
    if is_asked("acts") {
        runtime.block_on(acts::acts(&data, &made, size, time))?;
    }
    if is_asked("sse") {
        runtime.block_on(feeds::feeds(&data, &made, time))?;
    }
    if is_asked("lists") {
        lists::lists(&data, &made)?;
    }
    if is_asked("pages") {
        runtime.block_on(pages::pages(&data, &made, size))?;
    }
    if is_asked("rebuild") {
        whole::rebuild(&data, &made)?;
    }
    if is_asked("postgres") {
        #[cfg(feature = "postgres")]
        postgres::postgres(&made, time)?;
        #[cfg(not(feature = "postgres"))]
        println!("postgres: left out, this build has no feature `postgres`");
    }
    runtime.block_on(brought_in_and_proved(is_asked, &data, &made, time))?;
    #[cfg(feature = "kurrentdb")]
    runtime.block_on(in_kurrentdb(is_asked, &data, &made, time))?;
    #[cfg(not(feature = "kurrentdb"))]
    println!("kurrentdb, copies: left out, this build has no feature `kurrentdb`");
    if is_asked("lag") {
        lag::lag(&data, &made, size, time)?;
    }
    if is_asked("beside") {
        runtime.block_on(beside::beside(&data, &made, size, time))?;
    }
    if is_asked("whole") {
        runtime.block_on(whole::whole(&data, &made, size, time))?;
    }
    println!("\nload of the machine: {}", measure::load());
    Ok(())
}

async fn brought_in_and_proved(
    is_asked: impl Fn(&str) -> bool,
    data: &std::path::Path,
    made: &generate::Made,
    time: Duration,
) -> anyhow::Result<()> {
    if is_asked("imports") {
        imports::imports(data).await?;
    }
    if is_asked("verify") {
        ledger::verify(made).await?;
    }
    if is_asked("ledger") {
        ledger::ledger(data, made, time).await?;
    }
    Ok(())
}

#[cfg(feature = "kurrentdb")]
async fn in_kurrentdb(
    is_asked: impl Fn(&str) -> bool,
    data: &std::path::Path,
    made: &generate::Made,
    time: Duration,
) -> anyhow::Result<()> {
    if is_asked("kurrentdb") {
        kurrentdb::kurrentdb(data, made, time).await?;
    }
    if is_asked("copies") {
        copies::copies(data, made).await?;
    }
    Ok(())
}
