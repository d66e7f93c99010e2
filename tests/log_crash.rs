//! A process killed while it appends, at random points: what it had acknowledged is there, nothing
//! is there in part, and the log goes on.
//!
//! The test starts itself as the child, which prints each acknowledgement after it has it.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/log_contract.rs"]
#[allow(dead_code)]
mod log_contract;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use docket::log::{EventLog, Expected, NewEvent, OpenError, SqliteLog};
use log_contract::{event, read_everything, stream};
use uuid::Uuid;

const LOG: &str = "DOCKET_TEST_CRASH_LOG";
const ROUND: &str = "DOCKET_TEST_CRASH_ROUND";
/// Appends at once in the child, each in a stream of its own.
const APPENDERS: u64 = 16;
/// Events of one append: present together or not at all.
const EVENTS: u64 = 3;

/// Another number at each call and in each run.
fn random_below(limit: u64) -> u64 {
    RandomState::new().hash_one(limit) % limit
}

/// The events of one append; their ids say which append of which round they are of.
fn group(round: u64, appender: u64, number: u64) -> Vec<NewEvent> {
    (0..EVENTS)
        .map(|n| NewEvent {
            event_id: Uuid::from_u64_pair(round << 32 | appender, number * EVENTS + n),
            data: vec![b'x'; 200 + (number as usize * 997) % 6000].into(),
            ..event(number)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of killed_at_random, started by it"]
async fn child() {
    let Ok(path) = std::env::var(LOG) else { return };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let log = Arc::new(SqliteLog::open_writer(path).unwrap());
    let appenders = (0..APPENDERS).map(|appender| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let name = stream(&format!("crash-{appender}"));
            let mut expected = Expected::from(log.stream_revision(&name).await.unwrap());
            for number in 0.. {
                let appended =
                    log.append(&name, expected, group(round, appender, number)).await.unwrap();
                println!(
                    "ack {appender} {number} {} {}",
                    appended.revision,
                    appended.sequence.unwrap()
                );
                expected = Expected::Revision(appended.revision);
            }
        })
    });
    futures_util::future::join_all(appenders.collect::<Vec<_>>()).await;
}

/// Runs the child until it has acknowledged `acknowledgements` appends and `pause` has passed, and
/// kills it; returns every acknowledgement: id of the append's last event, revision, sequence.
fn run_and_kill(
    path: &std::path::Path,
    round: u64,
    acknowledgements: usize,
    pause: Duration,
) -> Vec<(Uuid, u64, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "child"])
        .env(LOG, path)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    let parse = |line: &str| {
        let numbers: Vec<u64> =
            line.strip_prefix("ack ")?.split(' ').map(|n| n.parse().unwrap()).collect();
        let last = numbers[1] * EVENTS + EVENTS - 1;
        Some((Uuid::from_u64_pair(round << 32 | numbers[0], last), numbers[2], numbers[3]))
    };
    while acknowledged.len() < acknowledgements {
        let line = lines.next().expect("the child ended by itself").unwrap();
        acknowledged.extend(parse(&line));
    }
    std::thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap();
    // What it still said before it died; the last line may be cut.
    for line in lines.map_while(Result::ok) {
        if line.split(' ').count() == 5 {
            acknowledged.extend(parse(&line));
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let mut acknowledged = Vec::new();
    for round in 0..15 {
        let acks = 1 + random_below(400) as usize;
        let pause = Duration::from_micros(random_below(3000));
        acknowledged.extend(run_and_kill(&path, round, acks, pause));

        let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(&path).unwrap());
        let all = read_everything(&log, None, 1000).await;
        let mut revisions: HashMap<_, u64> = HashMap::new();
        for (recorded, sequence) in all.iter().zip(0..) {
            let revision = revisions.entry(recorded.stream.clone()).or_default();
            assert_eq!((recorded.sequence, recorded.revision), (sequence, *revision));
            *revision += 1;
        }
        for (name, revision) in &revisions {
            assert_eq!(revision % EVENTS, 0, "an append of {name} is there in part");
        }
        for (event_id, revision, sequence) in &acknowledged {
            let found = &all[*sequence as usize];
            assert_eq!(
                (found.event_id, found.revision),
                (*event_id, *revision),
                "an acknowledged event is lost"
            );
        }
    }
    assert!(acknowledged.len() >= 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_reads_but_does_not_append() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "child"])
        .env(LOG, &path)
        .env(ROUND, "0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().starts_with("ack ")).unwrap().unwrap();

    let refused = SqliteLog::open_writer(&path).err().unwrap();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    assert!(refused.to_string().contains(&format!("process {}", child.id())), "{refused}");

    let reader = SqliteLog::open_reader(&path).unwrap();
    let mut head = reader.watch_head();
    for _ in 0..3 {
        let before = *head.borrow_and_update();
        let moved = tokio::time::timeout(Duration::from_secs(20), head.changed()).await;
        moved.expect("the head of a log that grows must move").unwrap();
        assert!(*head.borrow() > before);
        let page = reader.read_all(before, 1000).await.unwrap();
        assert!(!page.events.is_empty());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(SqliteLog::open_writer(&path).is_ok());
}
