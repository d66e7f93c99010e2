//! A process that hangs in the middle of a transaction blocks nobody for longer than seconds, and
//! changes nothing when it wakes.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use docket::projection::store::{Claim, CopyWriter};
use docket::projection::{Copies, CopyId, Mode, ProjectionError};

use super::open;
use crate::places::{holder, taker};
use crate::sample::{add, changes, ids, sample, to};
use crate::server::server;

const ADDRESS: &str = "DOCKET_TEST_STOPPED_ADDRESS";
const COPY: &str = "DOCKET_TEST_STOPPED_COPY";
const SAID: &str = "DOCKET_TEST_STOPPED_SAID";
/// Rows of a batch: enough that it is often met in the middle of one.
const ROWS: u64 = 3000;

fn large(writer: &mut dyn CopyWriter, number: u64) -> Result<(), ProjectionError> {
    let mut batch = changes();
    for row in 0..ROWS {
        batch.of(0, 2).insert(0).number(number * ROWS + row).text("x").null().null().null();
    }
    writer.commit(&batch, to(number))
}

/// The process that is stopped: it writes until it is told that another does.
#[test]
#[ignore = "started by the test below"]
fn writes_until_it_is_overtaken() {
    let [address, copy, said] =
        [ADDRESS, COPY, SAID].map(|name| std::env::var(name).expect("started by the test below"));
    let mut writer = open(&address).open(&CopyId(copy)).unwrap();
    let claim = loop {
        match writer.claim(holder("stopped")) {
            Ok(claim) => break claim,
            Err(error) => assert!(error.is_passing(), "{error}"),
        }
    };
    assert_eq!(claim, Claim::Ours);
    std::fs::write(&said, "at work").unwrap();
    for number in 0.. {
        let result = loop {
            match large(&mut *writer, number) {
                Err(ProjectionError::Database(error)) if error.is_passing() => {}
                other => break other,
            }
        };
        if let Err(error) = result {
            std::fs::write(said, format!("{error:?}")).unwrap();
            return;
        }
    }
}

fn signal(child: &Child, signal: &str) {
    let done = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(done.success(), "kill {signal}");
}

#[test]
fn who_is_stopped_in_the_middle_of_a_batch_is_overtaken_within_seconds() {
    let database = server().database();
    let copies = open(&database.address);
    let lock = copies.lock_rebuild().unwrap();
    let copy = copies.create(&*lock, Mode::Following, &sample()).unwrap();
    copies.serve(&*lock, &copy.id().clone()).unwrap();
    drop((copy, lock));
    let serving = copies.serving().unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "postgres::stopped::writes_until_it_is_overtaken", "--ignored"])
        .env(ADDRESS, &database.address)
        .env(COPY, &serving.0)
        .env(SAID, &said)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let at_work = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    let is_at_work = || server().sql(&database.name, at_work) == "1";
    while !said.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut tries = 0..300;
    while tries.next().is_some() {
        std::thread::sleep(Duration::from_millis(7));
        signal(&child, "-STOP");
        // What it had already sent is done by then.
        if is_at_work() && {
            std::thread::sleep(Duration::from_millis(150));
            is_at_work()
        } {
            break;
        }
        signal(&child, "-CONT");
    }
    assert!(!tries.is_empty(), "never met in the middle of a batch");
    let began = Instant::now();
    let mut writer = loop {
        let mut writer = copies.open(&serving).unwrap();
        match writer.claim(taker("next")) {
            Ok(claim) => {
                assert_eq!(claim, Claim::Ours);
                break writer;
            }
            Err(error) => {
                assert!(error.is_passing(), "{error}");
                copies.replace_stuck(&serving).unwrap();
            }
        }
    };
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let position = writer.checkpoint().position.map_or(0, |position| position + 1);
    let before = ids(writer.reader()).len() as u64;
    assert_eq!(before, position * ROWS, "whole batches only");
    add(&mut *writer, position * ROWS).unwrap();
    signal(&child, "-CONT");
    assert!(child.wait().unwrap().success());
    let said = std::fs::read_to_string(&said).unwrap();
    assert!(said.contains("Fenced"), "{said}");
    assert_eq!(ids(writer.reader()).len() as u64, before + 1, "it changed nothing when it woke");
}
