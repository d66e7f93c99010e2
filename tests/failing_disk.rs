//! A server over a disk that fails for a while and forgets what it could not write, as a thin volume
//! without room does. `failing_disk/disk.c` is that disk: it keeps what was truly flushed apart, and
//! that is all that a power loss leaves.
//!
//! The story: the checkpoint thread had copied pages into the log's file, without a flush, and noted
//! in the WAL's index that they are there. Their write-back failed. The engine tried again on a new
//! connection, copied only what came later, flushed that with success, and emptied the WAL; of ten
//! logs nine were gone after a restart of the machine. Beside a `docket worker` a new start of the
//! server would have done the same, since the index outlives the server then.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "failing_disk/place.rs"]
mod place;

use std::time::{Duration, Instant};

use place::{Place, Until};

/// How a disk fails, and beside what.
struct Case {
    /// As in `disk.c`.
    fails: &'static str,
    worker: bool,
    /// Another program keeps a read transaction, so that the WAL can't begin anew.
    auditor: bool,
    /// How the server ends after it has stopped recording.
    signal: &'static str,
}

async fn fails_and_comes_back(case: Case) {
    let mut place = Place::new().await;
    let worker = case.worker.then(|| place.worker());
    place.serve().await;
    let before = place.acts(Until::Recorded(300)).await;
    assert!(before.refused.is_empty(), "{:?}", before.refused);
    let auditor = case.auditor.then(|| place.auditor());
    let more = place.acts(Until::Recorded(10)).await;
    assert!(more.refused.is_empty(), "{:?}", more.refused);

    // It fails now and then, under load, until that is noticed.
    let deadline = Instant::now() + Duration::from_secs(90);
    let mut stopped = false;
    while !stopped {
        assert!(Instant::now() < deadline, "nobody noticed that the disk fails");
        for text in [case.fails, ""] {
            place.disk_fails(text);
            let tally = place.acts(Until::Passed(Duration::from_millis(400))).await;
            stopped |= tally.refused.iter().any(|code| code == "RECORDING_STOPPED");
            let known = ["RECORDING_STOPPED", "OUTCOME_UNKNOWN"];
            assert!(tally.refused.iter().all(|code| known.contains(&code.as_str())), "{tally:?}");
        }
    }
    // The disk is well again, and nothing is recorded all the same. What is recorded can be read.
    let after = place.acts(Until::Passed(Duration::from_millis(300))).await;
    assert_eq!(after.recorded, 0);
    assert!(!after.refused.is_empty() && after.refused.iter().all(|c| c == "RECORDING_STOPPED"));
    assert_eq!(place.read().await, 200);
    place.end(case.signal);
    assert!(place.wal_bytes() > 0, "the WAL was emptied");
    place.everything_recorded_is_on_the_disk("after the failure").await;

    // A new start over what the system shows, without a restart of the machine.
    place.serve().await;
    let again = place.acts(Until::Recorded(400)).await;
    assert!(again.refused.is_empty(), "{:?}", again.refused);
    // Time for the checkpoint thread to copy what there is.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let last = place.acts(Until::Recorded(20)).await;
    assert!(last.refused.is_empty(), "{:?}", last.refused);
    place.end("KILL");
    drop((worker, auditor));
    place.everything_recorded_is_on_the_disk("after a new start").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_forgets_what_was_copied_into_it_beside_a_worker() {
    fails_and_comes_back(Case { fails: "d", worker: true, auditor: false, signal: "KILL" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_forgets_what_was_copied_into_it() {
    fails_and_comes_back(Case { fails: "d", worker: false, auditor: false, signal: "TERM" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wal_forgets_what_was_appended() {
    fails_and_comes_back(Case { fails: "w", worker: true, auditor: false, signal: "KILL" }).await;
}

/// The commit whose flush failed stands in the middle of the WAL then, and everything after it stands
/// on that.
#[tokio::test(flavor = "multi_thread")]
async fn the_wal_forgets_and_can_not_begin_anew() {
    fails_and_comes_back(Case { fails: "w", worker: false, auditor: true, signal: "KILL" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_disk_forgets() {
    fails_and_comes_back(Case { fails: "dw", worker: true, auditor: false, signal: "TERM" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_refuses_what_is_written() {
    fails_and_comes_back(Case { fails: "dwe", worker: false, auditor: false, signal: "KILL" })
        .await;
}

/// A disk without room is no failing disk: nothing is lost by it, and it passes.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_passes() {
    let mut place = Place::new().await;
    place.serve().await;
    // No room in the WAL: nothing can be recorded.
    place.disk_fails("wf");
    let full = place.acts(Until::Passed(Duration::from_millis(500))).await;
    assert_eq!(full.recorded, 0);
    assert!(!full.refused.is_empty());
    assert!(full.refused.iter().all(|code| code == "EVENT_STORE_UNAVAILABLE"), "{full:?}");
    assert_eq!(place.read().await, 200);
    // No room in the file: the WAL grows.
    place.disk_fails("df");
    let grows = place.acts(Until::Recorded(600)).await;
    assert!(grows.refused.is_empty(), "{grows:?}");
    place.disk_fails("");
    let room = place.acts(Until::Recorded(300)).await;
    assert!(room.refused.is_empty(), "{room:?}");
    place.end("KILL");
    place.everything_recorded_is_on_the_disk("after a full disk").await;
    place.serve().await;
    place.end("TERM");
    assert_eq!(place.wal_bytes(), 0, "a clean end makes the WAL part of the file");
    place.everything_recorded_is_on_the_disk("after a clean end").await;
}
