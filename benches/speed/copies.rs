//! A log copied to another engine: sent, acknowledged, read back and compared. Neighbours of the made log
//! are seldom of one stream, so nearly every event is an append of its own.

use std::path::Path;
use std::time::Instant;

use docket::log::kurrentdb::{Address, KurrentLog, KurrentOptions};
use docket::log::{EventLog, SqliteLog};
use docket::moving::{Copier, Notice, Observer};

use crate::bare;
use crate::generate::Made;
use crate::measure::{Cpu, flush, heading, line, thousands};
use crate::server::Process;

struct Nobody;

impl Observer for Nobody {
    fn progress(&self, _done: u64, _total: u64) {}

    fn says(&self, notice: &Notice) {
        println!("{notice:?}");
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

pub async fn copies(data: &Path, made: &Made) -> anyhow::Result<()> {
    heading(
        "A log copied, read back and compared; KurrentDB is the stand-in, in a process of its own",
    );
    println!("flush of 4 KiB: {} ms (p50 / p99)", flush(data)?.shown());
    let (_standin, address) = Process::start_for_line("stand-in", Path::new("none"))?;
    let path = data.join("copied.sqlite");
    let from = SqliteLog::open_reader(made.log())?;
    bare::remove(&path)?;
    copy("SQLite to SQLite", &from, &SqliteLog::open_writer(&path)?).await?;
    let address = Address::parse(&address)?;
    let kurrent = KurrentLog::open(KurrentOptions::new(address.clone())).await?;
    copy("SQLite to KurrentDB", &from, &kurrent).await?;
    kurrent.close().await;
    let kurrent =
        KurrentLog::open(KurrentOptions { writes: false, ..KurrentOptions::new(address) }).await?;
    bare::remove(&path)?;
    copy("KurrentDB to SQLite", &kurrent, &SqliteLog::open_writer(&path)?).await?;
    kurrent.close().await;
    Ok(bare::remove(&path)?)
}

async fn copy(name: &str, from: &dyn EventLog, to: &dyn EventLog) -> anyhow::Result<()> {
    let (before, began) = (Cpu::own(), Instant::now());
    let mut copier = Copier::begin(from, to, &Nobody).await?;
    let copied = copier.catch_up().await?;
    let rate = copied as f64 / began.elapsed().as_secs_f64();
    let cpu = Cpu::own().since(before);
    let us = (cpu.user_s + cpu.system_s) * 1e6 / copied.max(1) as f64;
    anyhow::ensure!(copier.source() == copier.copy(), "the roots are not the same");
    let note = format!("{} events, {us:.1} µs of this process an event", thousands(copied as f64));
    line(name, rate, "events/s", &note);
    to.close().await;
    Ok(())
}
