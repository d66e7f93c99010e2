//! The SQLite log on a disk whose writes and flushes of the WAL really fail, beneath SQLite.
//!
//! A failed flush leaves a complete commit in the WAL that does not count now, but would be found
//! by a recovery: whoever was told "nothing was written" would find the event after a crash. So each
//! case looks at what a crash would leave: a copy of the file and its WAL, opened elsewhere. What a
//! disk forgets after it failed is tried in `failing_disk.rs`.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/log_batch.rs"]
mod log_batch;
#[path = "support/log_contract.rs"]
#[allow(dead_code)]
mod log_contract;
#[path = "support/log_disk.rs"]
mod log_disk;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use docket::log::{EventLog, Expected, LogError, RecordedEvent, SqliteLog};
use log_batch::{Control, to_new_streams};
use log_contract::{event, read_everything, stream};

/// What would be found if the machine stopped now and had kept every write.
async fn after_a_crash(path: &Path) -> Vec<RecordedEvent> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("log.sqlite");
    // Another process copies: closing the file in this one would drop SQLite's locks on it.
    for suffix in ["", "-wal"] {
        let (mut from, mut to) = (path.as_os_str().to_owned(), copy.as_os_str().to_owned());
        from.push(suffix);
        to.push(suffix);
        assert!(Command::new("cp").args([from, to]).status().unwrap().success());
    }
    // The copy is on a sound disk.
    let failing = log_disk::flushes_to_fail();
    log_disk::fail_flushes(0);
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(&copy).unwrap());
    let events = read_everything(&log, None, 1000).await;
    drop(log);
    log_disk::fail_flushes(failing);
    events
}

async fn here(log: &Arc<SqliteLog>) -> Vec<RecordedEvent> {
    read_everything(&(log.clone() as _), None, 1000).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_flush_is_final_and_its_outcome_unknown() {
    let _disk = log_disk::exclusive().await;
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(SqliteLog::open_writer(folder.path().join("log.sqlite")).unwrap());
    let name = stream("flushed");
    log.append(&name, Expected::NoStream, vec![event(0)]).await.unwrap();

    // One flush fails; that the next would succeed says nothing.
    log_disk::fail_flushes(1);
    let answer = log.append(&name, Expected::Revision(0), vec![event(1)]).await;
    assert!(matches!(answer, Err(LogError::OutcomeUnknown(_))), "{answer:?}");
    assert_eq!(log_disk::flushes_to_fail(), 0);
    assert_eq!(here(&log).await.len(), 1);
    assert_eq!(after_a_crash(log.path()).await.len(), 2, "the hazard that this test is about");
    for _ in 0..3 {
        let answer = log.append(&name, Expected::Revision(0), vec![event(1)]).await;
        assert!(matches!(answer, Err(LogError::Stopped(_))), "{answer:?}");
    }
    let cause = log.recording().stopped().unwrap().to_string();
    assert!(cause.contains("mend the disk, then start again"), "{cause}");

    // A new start finds what it finds, and puts it on the disk before anything builds on it.
    let path = log.path().to_owned();
    log.close().await;
    let log = Arc::new(SqliteLog::open_writer(&path).unwrap());
    assert_eq!(here(&log).await.len(), 2);
    log.append(&name, Expected::Revision(1), vec![event(2)]).await.unwrap();
    let all = here(&log).await;
    assert_eq!(all.len(), 3);
    assert_eq!(after_a_crash(&path).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_at_every_write_of_a_batch_loses_and_halves_nothing() {
    let _disk = log_disk::exclusive().await;
    let folder = tempfile::tempdir().unwrap();
    let control = Control::new();
    let log = control.open(&folder.path().join("log.sqlite"));
    let hold = stream("hold");
    let mut expected = 0;
    let mut writes = 0;
    loop {
        let appends = to_new_streams(&format!("full-{writes}"), 64);
        let allowed = writes;
        let plan = move |step, _: &rusqlite::Connection| {
            if step == docket::log::sqlite::Step::Commit {
                log_disk::fill_after(Some(allowed));
            }
            Ok(())
        };
        let answers = control.one_batch(&log, &hold, appends, plan).await;
        let was_full = log_disk::fill_after(None);
        expected += 1;
        if !was_full {
            assert!(answers.iter().all(Result::is_ok), "{answers:?}");
            expected += 64;
            break;
        }
        assert!(
            answers.iter().all(
                |a| matches!(a, Err(LogError::Unavailable(why)) if why.contains("free some space"))
            ),
            "{writes}: {answers:?}"
        );
        assert_eq!(here(&log).await.len(), expected);
        if writes % 16 == 0 {
            assert_eq!(after_a_crash(log.path()).await.len(), expected, "after {writes} writes");
        }
        writes += 1;
    }
    assert!(writes > 128, "a batch of 64 large events takes more than {writes} writes");
    let all = here(&log).await;
    assert_eq!(all.len(), expected);
    assert_eq!(after_a_crash(log.path()).await, all);
}
