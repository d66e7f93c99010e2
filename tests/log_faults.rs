//! The SQLite log while its disk fails: at every position of a batch, before, in and after COMMIT.
//!
//! Nothing acknowledged is lost, nothing else stands in the log, an unknown outcome is never
//! reported as a failure, and the log goes on serving.
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
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_NOMEM] {
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
            Step::Commit => Err(sqlite(ffi::SQLITE_IOERR_FSYNC)),
            _ => Ok(()),
        })
        .await;
    assert!(answers.iter().all(|a| matches!(a, Err(LogError::Unavailable(_)))), "{answers:?}");
    assert_eq!(bench.log.stream_revision(&stream("lost")).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_is_looked_up() {
    let mut bench = Bench::new();
    for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_FSYNC] {
        // It did not happen: a failure, and it may be tried again.
        let prefix = format!("not-committed-{code}");
        let fail = move |at: Step| {
            move |step: Step, _: &Connection| {
                if step == at { Err(sqlite(code)) } else { Ok(()) }
            }
        };
        let answers = bench.batch(&prefix, fail(Step::Commit)).await;
        assert!(all_unavailable(&answers), "{answers:?}");
        bench.check().await;
        bench.all_fine(&prefix).await;
        // It did happen: a success, whatever COMMIT said.
        let answers = bench.batch(&format!("committed-{code}"), fail(Step::Committed)).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        bench.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_cannot_be_looked_up_is_unknown() {
    let mut bench = Bench::new();
    for (at, happened) in [(Step::Commit, false), (Step::Committed, true)] {
        let prefix = format!("unknown-{happened}");
        let answers = bench
            .batch(&prefix, move |step, _| {
                if step == at || step == Step::LookUp {
                    Err(sqlite(ffi::SQLITE_IOERR_FSYNC))
                } else {
                    Ok(())
                }
            })
            .await;
        assert!(
            answers.len() == 64
                && answers.iter().all(|a| matches!(a, Err(LogError::OutcomeUnknown(_)))),
            "{answers:?}"
        );
        // While the file can't be looked at, nothing more is appended.
        bench.control.plan(|step, _| {
            if step == Step::LookUp { Err(sqlite(ffi::SQLITE_CANTOPEN)) } else { Ok(()) }
        });
        let meanwhile =
            bench.log.append(&stream("meanwhile"), Expected::NoStream, vec![event(1)]).await;
        assert!(matches!(meanwhile, Err(LogError::Unavailable(_))), "{meanwhile:?}");
        // Who reads the stream finds out.
        let found = bench.log.stream_revision(&stream(&format!("{prefix}-0"))).await.unwrap();
        assert_eq!(found.is_some(), happened);
        if happened {
            let written = to_new_streams(&prefix, BATCH);
            bench
                .acknowledged
                .extend(written.into_iter().map(|(name, _, mut events)| (name, events.remove(0))));
        }
        bench.all_fine(&format!("after-{happened}")).await;
        bench.check().await;
    }
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
