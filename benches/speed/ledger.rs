//! The record's proof: verifying a log and a bundle, proofs out of a large tree, and what the tree takes
//! from the appends.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use docket::ledger::bag::{Files, bag};
use docket::ledger::tiles::Growing;
use docket::ledger::{self, Epoch, Signer, prove};
use docket::log::envelope::{hash_entry, leaf_entry};
use docket::log::{EventLog, Expected, MemoryLog, NewEvent, SqliteLog, StreamName};
use docket::verify::open::beside::Leaves;
use docket::verify::open::documents::Named;
use docket::verify::open::{sqlite, zip};
use docket::verify::{Held, Judge, Key, bundle};
use ed25519_dalek::SigningKey;
use serde_json::json;

use crate::bare;
use crate::generate::Made;
use crate::measure::{Cpu, Times, by_thread, flush, heading, line, threads};
use crate::parts::{anew, append, sample};

/// Leaves of the tree that proofs are asked of.
const LEAVES: u64 = 10_000_000;
/// Events of the bundle that is verified.
const BUNDLED: u64 = 10_000;
/// Proofs that are timed.
const PROOFS: u64 = 2_000;
/// Appenders at once, with and without the tree.
const AT_ONCE: usize = 256;
/// Times that both are measured, in turn.
const TURNS: usize = 3;
const ORIGIN: &str = "docket/bench";

/// What verifies.
pub async fn verify(made: &Made) -> anyhow::Result<()> {
    log(made).await?;
    bundled(made).await
}

/// The tree.
pub async fn ledger(data: &Path, made: &Made, time: Duration) -> anyhow::Result<()> {
    proofs(data)?;
    beside_appends(data, made, time).await
}

/// A whole log: its structure by its engine, its content by the verifier.
async fn log(made: &Made) -> anyhow::Result<()> {
    heading("Verifying a log");
    let log = SqliteLog::open_reader(made.log())?;
    let events = log.head().await?.map_or(0, |head| head + 1);
    let (began, before) = (Instant::now(), Cpu::own());
    let damages = log.check(Arc::new(|_, _| true)).await?;
    anyhow::ensure!(damages.is_empty(), "{damages:?}");
    said("structure, by its engine", events, began, before);
    log.close().await;
    let (began, before) = (Instant::now(), Cpu::own());
    let mut judge = Judge::new(Held::default());
    let (mut leaves, mut named) = (Leaves::default(), Named::default());
    sqlite::read(&made.log(), &mut judge, &mut leaves, &mut named, &mut |_, _| true)?;
    anyhow::ensure!(judge.size() == events, "{} of {events} were judged", judge.size());
    said("content, hashed and judged", events, began, before);
    Ok(())
}

fn said(name: &str, events: u64, began: Instant, before: Cpu) {
    let (time, cpu) = (began.elapsed(), Cpu::own().since(before));
    let alone = 1.0 / cpu.each_us(1) * 1e6 * events as f64;
    let note = format!("{:.1} s; on one core alone {alone:.0} events/s", time.as_secs_f64());
    line(name, events as f64 / time.as_secs_f64(), "events/s", &note);
}

/// A bundle of many events.
async fn bundled(made: &Made) -> anyhow::Result<()> {
    heading(&format!("Verifying a bundle of {BUNDLED} events"));
    let signer = Signer::new(ORIGIN.to_owned(), SigningKey::from_bytes(&[7; 32]));
    let (entries, lines) = to_bundle(made, &signer).await?;
    let folder = tempfile::tempdir()?;
    let mut growing = Growing::open(folder.path())?;
    growing.push(&entries.iter().map(|entry| hash_entry(entry)).collect::<Vec<_>>())?;
    let checkpoint = signer.sign(BUNDLED, growing.tiles().root(BUNDLED)?);
    let key = ledger::note::verifier_key(ORIGIN, &signer.public_key()).context("a key")?;
    let mut files = Files::new();
    let began = Instant::now();
    for (number, entry) in entries.iter().enumerate() {
        let path = prove::inclusion(growing.tiles(), number as u64, BUNDLED)?;
        let proof = prove::proof_file(number as u64, entry, &path, &checkpoint);
        files.insert(format!("proofs/{number:020}.tlog-proof"), proof.into_bytes());
    }
    files.insert("events.ndjson".to_owned(), lines);
    files.insert("checkpoint".to_owned(), checkpoint.note.clone().into_bytes());
    files.insert("keys.txt".to_owned(), format!("{key}\n").into_bytes());
    let proved = began.elapsed();
    let archive = bag("bench", &files, &[])?;
    let path = folder.path().join("bench.zip");
    std::fs::write(&path, &archive)?;
    println!(
        "made: proofs {:.0} ms, archive {:.0} ms, {} bytes",
        proved.as_secs_f64() * 1e3,
        (began.elapsed() - proved).as_secs_f64() * 1e3,
        archive.len()
    );
    let mut times = Times::default();
    for _ in 0..10 {
        let began = Instant::now();
        let held = Held { keys: Key::parse(&key).into_iter().collect(), ..Held::default() };
        let report = bundle::judge(&zip::read(&path)?, &held);
        times.add(began.elapsed());
        anyhow::ensure!(report.findings.is_empty() && report.events == BUNDLED, "{report:?}");
    }
    println!("verified: {} ms (p50 / p99)", times.shown());
    Ok(())
}

/// The events of a bundle: what was hashed of each, and all of them as they are shown.
async fn to_bundle(made: &Made, signer: &Signer) -> anyhow::Result<(Vec<Vec<u8>>, Vec<u8>)> {
    let (log, events) = (MemoryLog::new(), anew(&sample(made).await?));
    let named = json!({ "origin": ORIGIN, "public_key": signer.public_key() });
    let first = NewEvent {
        event_type: "LogCreated".to_owned(),
        data: named.to_string().into_bytes().into(),
        ..events[0].clone()
    };
    log.append(&StreamName::parse("log")?, Expected::NoStream, vec![first]).await?;
    let stream = StreamName::parse("bench-bundle")?;
    for number in 0..BUNDLED - 1 {
        let expected = number.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
        let event: NewEvent = events[number as usize % events.len()].clone();
        log.append(&stream, expected, vec![event]).await?;
    }
    let (mut after, mut entries, mut lines) = (None, Vec::new(), Vec::new());
    while (entries.len() as u64) < BUNDLED {
        for event in log.read_all(after, 1024).await?.events {
            after = Some(event.sequence);
            entries.push(leaf_entry(&event));
            let at = docket::domain::date::Timestamp::from_micros(event.recorded_at_us);
            let shown = json!({
                "sequence": format!("{:020}", event.sequence), "stream": event.stream.as_str(),
                "revision": event.revision, "id": event.event_id, "type": event.event_type,
                "recorded_at": at.to_string(),
            });
            let (mut shown, data) = (shown.to_string(), std::str::from_utf8(&event.data)?);
            // What was hashed stands as it was.
            shown.pop();
            let metadata = std::str::from_utf8(&event.metadata)?;
            let line = format!("{shown},\"data\":{data},\"metadata\":{metadata}}}\n");
            lines.extend_from_slice(line.as_bytes());
        }
    }
    Ok((entries, lines))
}

/// Proofs out of a tree of ten million leaves.
fn proofs(data: &Path) -> anyhow::Result<()> {
    heading(&format!("Proofs over {LEAVES} leaves"));
    let folder = data.join("tree");
    let mut growing = Growing::open(&folder)?;
    let mut next = growing.tiles().size();
    while next < LEAVES {
        let end = LEAVES.min(next + 65_536);
        growing.push(&(next..end).map(|n| hash_entry(&n.to_be_bytes())).collect::<Vec<_>>())?;
        next = end;
    }
    let tiles = growing.tiles();
    let root = tiles.root(LEAVES)?;
    let (mut inclusion, mut consistency) = (Times::default(), Times::default());
    for number in 0..PROOFS {
        // Spread over the tree.
        let index = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % LEAVES;
        let began = Instant::now();
        let path = prove::inclusion(tiles, index, LEAVES)?;
        inclusion.add(began.elapsed());
        let leaf = hash_entry(&index.to_be_bytes());
        anyhow::ensure!(
            docket::verify::tree::includes(index, LEAVES, leaf, &path, &root),
            "{index}"
        );
        let began = Instant::now();
        prove::consistency(tiles, index.max(1), LEAVES)?;
        consistency.add(began.elapsed());
    }
    println!("inclusion: {} ms (p50 / p99)", inclusion.shown());
    println!("consistency: {} ms (p50 / p99)", consistency.shown());
    Ok(())
}

/// Appends with the tree kept beside them and without, in turn.
async fn beside_appends(data: &Path, made: &Made, time: Duration) -> anyhow::Result<()> {
    heading("What the tree takes from the appends");
    let events = anew(&sample(made).await?);
    println!("flush of 4 KiB: {} ms (p50 / p99)", flush(data)?.shown());
    let mut rates = [0.0; 2];
    for _ in 0..TURNS {
        for (kept, rate) in [false, true].into_iter().zip(&mut rates) {
            let path = data.join("append.sqlite");
            bare::remove(&path)?;
            let log = Arc::new(SqliteLog::open_writer(&path)?);
            let folder = tempfile::tempdir_in(data)?;
            let keeping = if kept {
                let pair = SigningKey::from_bytes(&[7; 32]);
                let public_key = Signer::new(ORIGIN.to_owned(), pair.clone()).public_key();
                let epoch = Epoch { origin: ORIGIN.to_owned(), public_key, since: 0 };
                let log: Arc<dyn EventLog> = log.clone();
                let opened = ledger::open(folder.path(), &log, vec![epoch], &[pair]).await?;
                opened.keep(Vec::new())
            } else {
                None
            };
            anyhow::ensure!(keeping.is_some() == kept, "the ledger is not kept");
            let (before, cpu) = (threads(std::process::id()), Cpu::own());
            let (appended, times) = append(&log, "appender", &events, AT_ONCE, time).await?;
            let by = by_thread(&threads(std::process::id()), &before, times.len());
            let us = Cpu::own().since(cpu).each_us(times.len());
            let name = if kept { "with the tree and its checkpoints" } else { "without" };
            line(name, appended, "events/s", &format!("{us:.1} µs of processor an event: {by}"));
            *rate += appended;
            if let Some(keeping) = keeping {
                keeping.stop().await;
            }
            log.close().await;
            bare::remove(&path)?;
        }
    }
    println!("with / without: {:.3}", rates[1] / rates[0]);
    Ok(())
}
