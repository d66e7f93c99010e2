//! The SQLite log while its disk fails: at every position of a batch, before, in and after COMMIT.
//!
//! Nothing acknowledged is lost, nothing else stands in the log, an unknown outcome is never
//! reported as a failure. What passes (no room, a lock) is passed; what does not stops recording.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/log_batch.rs"]
mod log_batch;
#[path = "support/log_contract.rs"]
#[allow(dead_code)]
mod log_contract;

use std::sync::Arc;

use docket::log::sqlite::Step;
use docket::log::{Appended, EventLog, Expected, LogError, NewEvent, SqliteLog, StreamName};
use log_batch::{Control, to_new_streams};
use log_contract::{event, events, read_everything, stream};
use rusqlite::{Connection, ffi};

const BATCH: u64 = 64;

type Answers = Vec<Result<Appended, LogError>>;

fn sqlite(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

/// A log under faults, and what must stand in it.
struct Bench {
    log: Arc<SqliteLog>,
    control: Control,
    hold: StreamName,
    acknowledged: Vec<(StreamName, NewEvent)>,
    held: usize,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let control = Control::new();
        let log = control.open(&folder.path().join("log.sqlite"));
        Self {
            log,
            control,
            hold: stream("hold"),
            acknowledged: Vec::new(),
            held: 0,
            _folder: folder,
        }
    }

    async fn batch(
        &mut self,
        prefix: &str,
        plan: impl FnMut(Step, &Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Answers {
        let appends = to_new_streams(prefix, BATCH);
        let answers = self.control.one_batch(&self.log, &self.hold, appends.clone(), plan).await;
        self.held += 1;
        for ((name, _, mut events), answer) in appends.into_iter().zip(&answers) {
            if answer.is_ok() {
                self.acknowledged.push((name, events.remove(0)));
            }
        }
        answers
    }

    /// The log holds what was acknowledged and nothing else, dense, and goes on serving.
    async fn check(&mut self) {
        let all = read_everything(&(self.log.clone() as _), None, 500).await;
        assert!(all.iter().zip(0..).all(|(event, n)| event.sequence == n));
        let stored: Vec<_> = all.iter().filter(|e| e.stream != self.hold).collect();
        assert_eq!(all.len() - stored.len(), self.held);
        assert_eq!(stored.len(), self.acknowledged.len());
        for (recorded, (name, given)) in stored.iter().zip(&self.acknowledged) {
            assert_eq!(
                (&recorded.stream, recorded.event_id, &recorded.data),
                (name, given.event_id, &given.data)
            );
        }
        assert_eq!(*self.log.watch_head().borrow(), all.last().map(|event| event.sequence));
    }

    /// Takes back a limit on the file's pages, and appends.
    async fn make_room(&mut self) {
        self.control.plan(|step, writer| match step {
            Step::Begin => writer.query_row("PRAGMA max_page_count = 1073741823", [], |_| Ok(())),
            _ => Ok(()),
        });
        let expected = Expected::from(self.log.stream_revision(&self.hold).await.unwrap());
        self.log.append(&self.hold, expected, vec![event(0)]).await.unwrap();
        self.held += 1;
    }

    /// Nothing is appended any more, what stands can be read, and a new start goes on from it.
    async fn stays_stopped(&mut self) {
        self.control.no_faults();
        let after = self.log.append(&stream("after"), Expected::NoStream, vec![event(1)]).await;
        assert!(matches!(after, Err(LogError::Stopped(_))), "{after:?}");
        let stands = read_everything(&(self.log.clone() as _), None, 500).await;
        let path = self.log.path().to_owned();
        self.log.close().await;
        let wal = path.with_extension("sqlite-wal");
        assert!(std::fs::metadata(&wal).unwrap().len() > 0, "it was closed with a checkpoint");
        let again: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(&path).unwrap());
        assert_eq!(read_everything(&again, None, 500).await, stands);
        again.append(&stream("after"), Expected::NoStream, vec![event(1)]).await.unwrap();
        again.close().await;
        assert!(!wal.exists());
    }

    async fn all_fine(&mut self, prefix: &str) {
        let answers = self.batch(prefix, |_, _| Ok(())).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
}

fn all_unavailable(answers: &Answers) -> bool {
    answers.len() == BATCH as usize
        && answers.iter().all(|a| matches!(a, Err(LogError::Unavailable(_))))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_step_at_every_position_writes_nothing_of_the_batch() {
    let mut bench = Bench::new();
    for position in 0..BATCH as usize {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_NOMEM] {
            let prefix = format!("fails-{position}-{code}");
            let answers = bench
                .batch(&prefix, move |step, _| {
                    if step == Step::Insert(position) { Err(sqlite(code)) } else { Ok(()) }
                })
                .await;
            assert!(all_unavailable(&answers), "{answers:?}");
            bench.check().await;
        }
        // The same appends, made again, succeed.
        if position % 16 == 0 {
            bench.all_fine(&format!("fails-{position}-{}", ffi::SQLITE_FULL)).await;
        }
    }
    bench.check().await;
}

/// SQLite may roll back by itself after such an error and be in autocommit, where every further
/// insert would be committed alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_by_sqlite_at_every_position_stops_the_batch() {
    let mut bench = Bench::new();
    for position in 0..BATCH as usize {
        let answers = bench
            .batch(&format!("rolled-back-{position}"), move |step, writer| {
                if step == Step::Insert(position) {
                    writer.execute_batch("ROLLBACK")?;
                    return Err(sqlite(ffi::SQLITE_FULL));
                }
                Ok(())
            })
            .await;
        assert!(all_unavailable(&answers), "{answers:?}");
        bench.check().await;
    }
    bench.all_fine("after").await;
    bench.check().await;
}

/// Here SQLite itself finds no room: no page may be added from this position on.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_file_at_every_position_writes_nothing_of_the_batch() {
    let mut bench = Bench::new();
    bench.all_fine("before").await;
    for position in 0..BATCH as usize {
        let answers = bench
            .batch(&format!("full-{position}"), move |step, writer| {
                if step == Step::Insert(position) {
                    let pages: i64 = writer.query_row("PRAGMA page_count", [], |row| row.get(0))?;
                    writer.query_row(
                        &format!("PRAGMA max_page_count = {pages}"),
                        [],
                        |_| Ok(()),
                    )?;
                }
                Ok(())
            })
            .await;
        assert!(all_unavailable(&answers), "{answers:?}");
        let reason = answers[0].as_ref().unwrap_err().to_string();
        assert!(reason.contains("is full") && reason.contains("free some space"), "{reason}");
        bench.check().await;
        bench.make_room().await;
        bench.all_fine(&format!("room-{position}")).await;
    }
    bench.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_insert_removes_only_its_own_append() {
    let mut bench = Bench::new();
    for position in 0..BATCH as usize {
        let mut once = true;
        let answers = bench
            .batch(&format!("refused-{position}"), move |step, writer| {
                if step == Step::Insert(position) && std::mem::take(&mut once) {
                    writer.execute("DELETE FROM event", [])?;
                }
                Ok(())
            })
            .await;
        for (n, answer) in answers.iter().enumerate() {
            let refused = matches!(answer, Err(LogError::Unavailable(_)));
            assert_eq!(refused, n == position, "{n}: {answer:?}");
        }
        bench.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_removes_only_itself() {
    let bench = Bench::new();
    let mut appends = to_new_streams("mixed", 10);
    let three = events(100..103);
    appends.insert(5, (stream("mixed-1"), Expected::NoStream, three.clone()));
    appends.insert(8, (stream("mixed-1"), Expected::Revision(0), three.clone()));
    let answers =
        bench.control.one_batch(&bench.log, &bench.hold, appends.clone(), |_, _| Ok(())).await;
    for (n, answer) in answers.iter().enumerate() {
        let conflict = LogError::Conflict { expected: Expected::NoStream, actual: Some(0) };
        assert_eq!(answer.as_ref().err(), (n == 5).then_some(&conflict), "{n}");
    }
    assert_eq!(answers[8].as_ref().unwrap().revision, 3);

    // A conflict with an append that then fails with the batch is no conflict.
    let appends = vec![
        (stream("lost"), Expected::NoStream, vec![event(1)]),
        (stream("lost"), Expected::NoStream, vec![event(2)]),
    ];
    let answers = bench
        .control
        .one_batch(&bench.log, &bench.hold, appends, |step, _| match step {
            Step::Commit => Err(sqlite(ffi::SQLITE_FULL)),
            _ => Ok(()),
        })
        .await;
    assert!(answers.iter().all(|a| matches!(a, Err(LogError::Unavailable(_)))), "{answers:?}");
    assert_eq!(bench.log.stream_revision(&stream("lost")).await, Ok(None));
}

fn all_stopped(answers: &Answers) -> bool {
    let is_stop = |a: &Result<_, _>| {
        matches!(a, Err(LogError::Stopped(docket::log::Stop::DiskFailed { .. })))
    };
    answers.len() == BATCH as usize && answers.iter().all(is_stop)
}

/// An error of the disk before COMMIT: surely nothing was written, and nothing will be.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_disk_stops_recording_for_good() {
    for code in [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_READ, ffi::SQLITE_READONLY] {
        for position in [Step::Begin, Step::Insert(0), Step::Insert(63)] {
            let mut bench = Bench::new();
            bench.all_fine("before").await;
            let fail = move |step: Step, _: &Connection| {
                if step == position { Err(sqlite(code)) } else { Ok(()) }
            };
            let answers = bench.batch("fails", fail).await;
            assert!(all_stopped(&answers), "{answers:?}");
            bench.check().await;
            bench.stays_stopped().await;
        }
    }
}

/// Out of COMMIT only a full disk says that nothing was written. Whatever else it is, what can be
/// read afterwards need not be on the disk, so nobody looks for an answer there.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_is_of_unknown_outcome_and_final() {
    for code in [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_BUSY] {
        for (at, happened) in [(Step::Commit, false), (Step::Committed, true)] {
            let mut bench = Bench::new();
            let fail = move |step: Step, _: &Connection| {
                if step == at { Err(sqlite(code)) } else { Ok(()) }
            };
            let answers = bench.batch("unknown", fail).await;
            assert!(
                answers.len() == BATCH as usize
                    && answers.iter().all(|a| matches!(a, Err(LogError::OutcomeUnknown(_)))),
                "{answers:?}"
            );
            let found = bench.log.stream_revision(&stream("unknown-0")).await.unwrap();
            assert_eq!(found.is_some(), happened);
            bench.stays_stopped().await;
        }
    }
}

/// A full disk is rolled back, shown, and passes.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_shown_until_there_is_room() {
    let mut bench = Bench::new();
    let recording = bench.log.recording();
    for at in [Step::Begin, Step::Insert(3), Step::Commit] {
        let prefix = format!("full-{at:?}").replace(['(', ')'], "-");
        let full = move |step: Step, _: &Connection| {
            if step == at { Err(sqlite(ffi::SQLITE_FULL)) } else { Ok(()) }
        };
        let answers = bench.batch(&prefix, full).await;
        assert!(all_unavailable(&answers), "{answers:?}");
        let trouble = recording.trouble().unwrap_or_default();
        assert!(trouble.contains("free some space"), "{trouble}");
        bench.check().await;
        bench.all_fine(&prefix).await;
        assert_eq!((recording.trouble(), recording.stopped()), (None, None));
    }
    // Also when nobody appends.
    let full = |step: Step, _: &Connection| {
        if step == Step::Commit { Err(sqlite(ffi::SQLITE_FULL)) } else { Ok(()) }
    };
    bench.batch("last", full).await;
    for _ in 0..200 {
        if recording.trouble().is_none() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the trouble stays: {:?}", recording.trouble());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_locked_by_another_program_is_said_so() {
    let bench = Bench::new();
    bench.control.plan(|step, writer| {
        if step == Step::Begin {
            writer.busy_timeout(std::time::Duration::ZERO)?;
        }
        Ok(())
    });
    let auditor = Connection::open(bench.log.path()).unwrap();
    auditor.execute_batch("BEGIN IMMEDIATE").unwrap();
    let name = stream("locked");
    let answer = bench.log.append(&name, Expected::NoStream, vec![event(1)]).await;
    assert!(
        matches!(&answer, Err(LogError::Unavailable(reason)) if reason.contains("another program")),
        "{answer:?}"
    );
    auditor.execute_batch("ROLLBACK").unwrap();
    bench.log.append(&name, Expected::NoStream, vec![event(1)]).await.unwrap();
}
