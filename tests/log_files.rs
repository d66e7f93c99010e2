//! The files of a SQLite log while it is open: removed, replaced and cut under it, and who may have it.
//!
//! A server took 426 acts into a file that had been deleted: writes to such a file succeed, and the
//! next start finds nothing of them.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/log_batch.rs"]
mod log_batch;
#[path = "support/log_contract.rs"]
#[allow(dead_code)]
mod log_contract;
#[path = "support/log_file.rs"]
mod log_file;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use docket::log::sqlite::Step;
use docket::log::{EventLog, Expected, LogError, OpenError, SqliteLog, Stop};
use log_batch::Control;
use log_contract::{event, events, read_everything, stream};
use log_file::{closed_log, folder, raw};
use rusqlite::Connection;

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn cut(path: &Path, length: u64) {
    fs::File::options().write(true).open(path).unwrap().set_len(length).unwrap();
}

/// A log with 40 events in its file and some in its WAL.
async fn open_log(path: &Path) -> (Arc<SqliteLog>, Control) {
    let control = Control::new();
    let log = control.open(path);
    log.append(&stream("c"), Expected::NoStream, events(0..9)).await.unwrap();
    (log, control)
}

/// Another log, with one event.
async fn another(folder: &Path) -> PathBuf {
    let path = folder.join("another.sqlite");
    let log = SqliteLog::open_writer(&path).unwrap();
    log.append(&stream("z"), Expected::NoStream, events(0..1)).await.unwrap();
    log.close().await;
    path
}

fn replaced(answer: Result<docket::log::Appended, LogError>) -> String {
    match answer {
        Err(LogError::Stopped(Stop::Replaced { what })) => what,
        other => panic!("{other:?}"),
    }
}

/// What happens to the files, and what is said of it.
type Fate = (&'static str, fn(&Path), &'static str);

const FATES: [Fate; 10] = [
    ("removed", |log| fs::remove_file(log).unwrap(), "removed or moved away"),
    ("moved", |log| fs::rename(log, beside(log, ".old")).unwrap(), "removed or moved away"),
    (
        "replaced by a copy",
        |log| {
            fs::copy(log, beside(log, ".copy")).unwrap();
            fs::rename(beside(log, ".copy"), log).unwrap();
        },
        "replaced by another",
    ),
    ("emptied", |log| cut(log, 0), "cut short (0 of"),
    ("cut", |log| cut(log, fs::metadata(log).unwrap().len() - 8192), "cut short ("),
    ("wal removed", |log| fs::remove_file(beside(log, "-wal")).unwrap(), "-wal, which was removed"),
    ("wal emptied", |log| cut(&beside(log, "-wal"), 0), "-wal, which was cut short"),
    (
        "wal cut",
        |log| {
            let wal = beside(log, "-wal");
            cut(&wal, fs::metadata(&wal).unwrap().len() - 1);
        },
        "-wal, which was cut short",
    ),
    (
        "wal replaced",
        |log| {
            let wal = beside(log, "-wal");
            fs::copy(&wal, beside(log, ".copy")).unwrap();
            fs::rename(beside(log, ".copy"), wal).unwrap();
        },
        "-wal, which was replaced by another",
    ),
    ("shm removed", |log| fs::remove_file(beside(log, "-shm")).unwrap(), "-shm, which was removed"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_longer_there_takes_no_events() {
    for (name, happens, said) in FATES {
        let folder = folder();
        let path = closed_log(&folder).await;
        let (log, _) = open_log(&path).await;
        happens(&path);
        for _ in 0..3 {
            let answer = log.append(&stream("c"), Expected::Revision(8), vec![event(9)]).await;
            let what = replaced(answer);
            assert!(what.contains(said), "{name}: {what}");
        }
        // What is open can be read on, also after reads that failed.
        if !name.contains("cut") && !name.contains("emptied") {
            for _ in 0..20 {
                assert_eq!(read_everything(&(log.clone() as _), None, 7).await.len(), 49, "{name}");
            }
        }
        log.close().await;
    }
}

/// It happens while a batch is written: the frames go somewhere, and nobody is told of success.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_into_a_file_that_went_during_the_batch() {
    for (name, happens, said) in FATES {
        let folder = folder();
        let path = closed_log(&folder).await;
        let (log, control) = open_log(&path).await;
        let at = path.clone();
        control.plan(move |step, _| {
            if step == Step::Commit {
                happens(&at);
            }
            Ok(())
        });
        let answer = log.append(&stream("c"), Expected::Revision(8), vec![event(9)]).await;
        assert!(matches!(answer, Err(LogError::OutcomeUnknown(_))), "{name}: {answer:?}");
        control.no_faults();
        let what = replaced(log.append(&stream("d"), Expected::NoStream, vec![event(9)]).await);
        assert!(what.contains(said), "{name}: {what}");
        log.close().await;
    }
}

/// Written on, a WAL that was cut is as long as before, with a hole.
#[tokio::test(flavor = "multi_thread")]
async fn a_wal_cut_anywhere_during_a_batch_is_noticed() {
    for length in [1, 31, 32, 33, 56, 100, 8192, 8247] {
        let folder = folder();
        let path = closed_log(&folder).await;
        let (log, control) = open_log(&path).await;
        let wal = beside(&path, "-wal");
        assert!(fs::metadata(&wal).unwrap().len() > length);
        control.plan(move |step, _| {
            if step == Step::Commit {
                cut(&wal, length);
            }
            Ok(())
        });
        let answer = log.append(&stream("c"), Expected::Revision(8), vec![event(9)]).await;
        assert!(matches!(answer, Err(LogError::OutcomeUnknown(_))), "{length}: {answer:?}");
        assert!(log.recording().stopped().is_some());
        log.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wal_that_begins_anew_is_no_other() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let (log, control) = open_log(&path).await;
    // Before every third batch all is in the file, so that SQLite begins the WAL anew and cuts it.
    let mut batches = 0;
    control.plan(move |step, writer: &Connection| {
        if step == Step::Begin {
            batches += 1;
            if batches % 3 == 0 {
                writer.execute_batch("PRAGMA journal_size_limit = 0")?;
                return writer.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()));
            }
        }
        Ok(())
    });
    for n in 0..60 {
        let count = if n % 7 == 0 { 50 } else { 1 };
        let name = stream(&format!("n-{n}"));
        log.append(&name, Expected::NoStream, events(0..count)).await.unwrap();
    }
    assert_eq!(log.recording().stopped(), None);
    log.close().await;
}

/// The other log's newest events are in its own WAL, under the name of ours.
#[tokio::test(flavor = "multi_thread")]
async fn closing_leaves_the_files_of_another_log_alone() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let (log, _) = open_log(&path).await;
    let other = another(folder.path()).await;
    fs::rename(&other, &path).unwrap();
    let wal = beside(&path, "-wal");
    fs::write(beside(&path, ".copy"), "its events").unwrap();
    fs::rename(beside(&path, ".copy"), &wal).unwrap();
    log.close().await;
    assert_eq!(fs::read(&wal).unwrap(), b"its events");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_reads_goes_over_to_the_log_that_was_put_there() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let reader = SqliteLog::open_reader(&path).unwrap();
    let mut head = reader.watch_head();
    assert_eq!(reader.head().await, Ok(Some(39)));
    let other = another(folder.path()).await;
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(beside(&path, suffix)).unwrap();
    }
    fs::rename(&other, &path).unwrap();
    let moved = tokio::time::timeout(Duration::from_secs(20), head.wait_for(|h| *h == Some(0)));
    moved.await.unwrap().unwrap();
    let page = reader.read_all(None, 10).await.unwrap();
    assert_eq!(page.events[0].stream, stream("z"));
}

/// Locks of a kind that this process has on a file, as the system tells.
fn locks(kind: &str, path: &Path) -> usize {
    let (us, inode) = (std::process::id(), fs::metadata(path).unwrap().ino());
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let ours = |line: &&str| {
        line.contains(kind)
            && line.contains(&format!(" {us} "))
            && line.contains(&format!(":{inode} "))
    };
    locks.lines().filter(ours).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_is_on_the_log_itself() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let reader = SqliteLog::open_reader(&path).unwrap();
    let (log, _) = open_log(&path).await;
    assert_eq!(locks("FLOCK", &path), 1);
    let held = (locks("POSIX", &path), locks("POSIX", &beside(&path, "-shm")));
    assert!(held.0 > 0 && held.1 > 0, "{held:?}");
    for _ in 0..3 {
        fs::remove_file(beside(&path, ".lock")).unwrap();
        let refused = SqliteLog::open_writer(&path).err().unwrap();
        assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
        SqliteLog::open_reader(&path).unwrap().close().await;
    }
    // SQLite's own locks are as they were: who looks at a file and closes it would take them away.
    assert_eq!((locks("POSIX", &path), locks("POSIX", &beside(&path, "-shm"))), held);
    log.append(&stream("c"), Expected::Revision(8), vec![event(9)]).await.unwrap();

    // Given back while others of this process still read, without taking SQLite's locks from them.
    log.close().await;
    assert_eq!(locks("FLOCK", &path), 0);
    assert_eq!(reader.head().await, Ok(Some(49)));
    assert!(locks("POSIX", &path) > 0);
    let again = SqliteLog::open_writer(&path).unwrap();
    again.append(&stream("c"), Expected::Revision(9), vec![event(10)]).await.unwrap();
    again.close().await;
    reader.close().await;
    drop((log, again, reader));
    assert_eq!((locks("POSIX", &path), locks("FLOCK", &path)), (0, 0));
    raw(&path).execute_batch("BEGIN EXCLUSIVE; ROLLBACK").unwrap();
}
