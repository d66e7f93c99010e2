//! The log in a KurrentDB, against the stand-in in a process of its own: what the engine costs beside
//! the official client alone. The stand-in keeps everything in memory, so these are no figures of a
//! server; the ratios are ours.

#[path = "../../tests/support/kurrentdb/mod.rs"]
mod standin;

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use docket::log::kurrentdb::{Address, KurrentLog, KurrentOptions};
use docket::log::{EventLog, MAX_PAGE_EVENTS, NewEvent, SqliteLog, StreamName};
use kurrentdb::{AppendToStreamOptions, Client, EventData, ReadAllOptions, StreamState};

use crate::generate::Made;
use crate::measure::{Cpu, Times, heading, line, thousands};
use crate::parts::{AT_ONCE, anew, append, sample};
use crate::server::Process;
use standin::{Proposed, Settings, StandIn};

/// The stand-in, until its input ends; with the events of a log where a file is named.
pub fn run_stand_in(log: &Path) -> anyhow::Result<()> {
    let server = StandIn::start(Settings::default());
    if log.is_file() {
        tokio::runtime::Runtime::new()?.block_on(load(&server, log))?;
    }
    println!("{}", server.address());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

async fn load(server: &StandIn, log: &Path) -> anyhow::Result<()> {
    let log = SqliteLog::open_reader(log)?;
    let mut after = None;
    loop {
        let page = log.read_all(after, MAX_PAGE_EVENTS).await?;
        for event in page.events {
            let proposed = Proposed {
                id: event.event_id,
                kind: event.event_type.to_string(),
                is_json: true,
                metadata: event.metadata,
                data: event.data,
            };
            server.control().load(&format!("docket.{}", event.stream), &[proposed]);
        }
        if page.end {
            return Ok(());
        }
        after = page.next;
    }
}

/// Appends and reads, ours beside the client's.
pub async fn kurrentdb(data: &Path, made: &Made, time: Duration) -> anyhow::Result<()> {
    heading("A log in a KurrentDB: the stand-in, in memory, in a process of its own");
    let (_empty, address) = Process::start_for_line("stand-in", Path::new("none"))?;
    appends(&address, made, time).await?;
    let (_loaded, address) = Process::start_for_line("stand-in", &made.log())?;
    reads(&address, data).await
}

async fn appends(address: &str, made: &Made, time: Duration) -> anyhow::Result<()> {
    let events = anew(&sample(made).await?);
    let client = client(address)?;
    let (rate, mut times) = bare(&client, "released", &events, 1, time).await?;
    let note = format!("{} ms (p50 / p99)", times.shown());
    line("client alone as released, 1 writer", rate, "events/s", &note);
    // Opening the log switches Nagle's algorithm off on all connections to the server.
    let log = Arc::new(KurrentLog::open(KurrentOptions::new(Address::parse(address)?)).await?);
    for at_once in AT_ONCE {
        let name = format!("bare-{at_once}");
        let (alone, mut times) = bare(&client, &name, &events, at_once, time).await?;
        let note = format!("{} ms (p50 / p99)", times.shown());
        line(&format!("client alone, no delay, {at_once} at once"), alone, "events/s", &note);
        let before = Cpu::own();
        let names = format!("ours-{at_once}");
        let (rate, mut times) = append(&log, &names, &events, at_once, time).await?;
        let cpu = Cpu::own().since(before);
        let note = format!(
            "{} ms (p50 / p99), {:.0} % of the client alone, {:.0} µs of this process an append",
            times.shown(),
            rate / alone * 100.0,
            (cpu.user_s + cpu.system_s) * 1e6 / times.len() as f64
        );
        line(&format!("log.append, {at_once} at once"), rate, "events/s", &note);
    }
    log.close().await;
    Ok(())
}

fn client(address: &str) -> anyhow::Result<Client> {
    Client::new(address.parse().context("the stand-in's address")?)
        .map_err(|error| anyhow::anyhow!("{error}"))
}

/// The client alone, as many writers with streams of their own.
async fn bare(
    client: &Client,
    name: &str,
    events: &[NewEvent],
    at_once: usize,
    time: Duration,
) -> anyhow::Result<(f64, Times)> {
    let events: Arc<[NewEvent]> = events.into();
    let began = Instant::now();
    let writers: Vec<_> = (0..at_once)
        .map(|writer| {
            let (client, events) = (client.clone(), events.clone());
            let stream = format!("{name}-{writer}");
            tokio::spawn(async move {
                let (mut times, mut state) = (Times::default(), StreamState::NoStream);
                while began.elapsed() < time {
                    let event = &events[(writer * 61 + times.len()) % events.len()];
                    let given = EventData::binary(&event.event_type, event.data.clone())
                        .metadata(event.metadata.clone())
                        .id(event.event_id);
                    let options = AppendToStreamOptions::default().stream_state(state);
                    let sent = Instant::now();
                    let written = client.append_to_stream(stream.as_str(), &options, given).await?;
                    times.add(sent.elapsed());
                    state = StreamState::StreamRevision(written.next_expected_version);
                }
                anyhow::Ok(times)
            })
        })
        .collect();
    let mut all = Times::default();
    for writer in writers {
        all.join(writer.await??);
    }
    Ok((all.len() as f64 / began.elapsed().as_secs_f64(), all))
}

async fn reads(address: &str, data: &Path) -> anyhow::Result<()> {
    let client = client(address)?;
    let (mut count, before, began) = (0_usize, Cpu::own(), Instant::now());
    let mut all = client.read_all(&ReadAllOptions::default()).await?;
    while let Some(event) = all.next().await? {
        count += usize::from(event.get_original_event().stream_id().starts_with("docket."));
    }
    let alone = count as f64 / began.elapsed().as_secs_f64();
    line("client alone, $all from the start", alone, "events/s", &cost(before, count));

    let cache = data.join("bench-count.sqlite");
    for name in ["", "-wal", "-shm"] {
        let path = data.join(format!("bench-count.sqlite{name}"));
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    let address = Address::parse(address)?;
    for name in ["a start that counts everything", "a start that goes on from its file"] {
        let options =
            KurrentOptions { cache: Some(cache.clone()), ..KurrentOptions::new(address.clone()) };
        let (before, began) = (Cpu::own(), Instant::now());
        let log = KurrentLog::open(options).await?;
        let rate = count as f64 / began.elapsed().as_secs_f64();
        let note =
            format!("{}, {:.0} % of the client alone", cost(before, count), rate / alone * 100.0);
        line(name, rate, "events/s", &note);
        log.close().await;
    }
    let log =
        KurrentLog::open(KurrentOptions { cache: Some(cache), ..KurrentOptions::new(address) });
    let log = log.await?;
    let (mut read, mut after) = (0, None);
    let (before, began) = (Cpu::own(), Instant::now());
    loop {
        let page = log.read_all(after, MAX_PAGE_EVENTS).await?;
        read += page.events.len();
        after = page.next;
        if page.end {
            break;
        }
    }
    anyhow::ensure!(read == count, "{read} of {count} events were read");
    let rate = read as f64 / began.elapsed().as_secs_f64();
    let note = format!("{}, {:.0} % of the client alone", cost(before, read), rate / alone * 100.0);
    line("log.read_all, pages of 4,096", rate, "events/s", &note);
    let name = StreamName::parse("log")?;
    let (mut times, began) = (Times::default(), Instant::now());
    while began.elapsed() < Duration::from_secs(1) {
        let sent = Instant::now();
        log.read_stream(&name, 0, 100).await?;
        times.add(sent.elapsed());
    }
    println!("a stream of one event read: {} ms (p50 / p99)", times.shown());
    log.close().await;
    Ok(())
}

fn cost(before: Cpu, events: usize) -> String {
    let cpu = Cpu::own().since(before);
    let us = (cpu.user_s + cpu.system_s) * 1e6 / events.max(1) as f64;
    format!("{} events, {us:.1} µs of this process an event", thousands(events as f64))
}
