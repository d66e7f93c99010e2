//! One flipped bit in an index made an enrollment "not found" and let it be opened a second time; SQLite's
//! `quick_check` and Docket's own checks saw nothing. Here bits are flipped at real offsets of the pages of
//! each index.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/log_contract.rs"]
#[allow(dead_code)]
mod log_contract;
#[path = "support/log_file.rs"]
mod log_file;
#[path = "support/tamper.rs"]
mod tamper;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use docket::log::{Damage, EventLog, Expected, LogError, SqliteLog, Stop};
use log_contract::{event, stream};
use log_file::{closed_log, folder, raw};
use tamper::tamper;

const EVENTS: &str = "sqlite_autoindex_event_1";
const NAMES: &str = "sqlite_autoindex_stream_1";

/// The pages of a table or index, each with its number.
fn pages(path: &Path, name: &str) -> Vec<usize> {
    let connection = raw(path);
    let mut statement = connection
        .prepare("SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf'")
        .unwrap();
    let pages = statement.query_map([name], |row| row.get::<_, i64>(0)).unwrap();
    pages.map(|page| usize::try_from(page.unwrap()).unwrap()).collect()
}

fn page_size(path: &Path) -> usize {
    let size = raw(path).query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0)).unwrap();
    usize::try_from(size).unwrap()
}

/// Where the cells of a leaf of an index lie in the file: each record without its header's lengths.
fn cells(path: &Path, page: usize) -> Vec<std::ops::Range<usize>> {
    let (bytes, size) = (fs::read(path).unwrap(), page_size(path));
    let start = (page - 1) * size;
    let number = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    let count = number(start + 3);
    let cells = (0..count).map(|index| start + number(start + 8 + 2 * index));
    // One byte of length: entries here are short.
    cells.map(|at| at + 1..at + 1 + usize::from(bytes[at])).collect()
}

fn flip(path: &Path, at: usize, bit: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
}

/// Flips a bit of the last byte but `back` of the entry that contains `needle`.
fn flip_in(path: &Path, index: &str, needle: &[u8]) {
    let bytes = fs::read(path).unwrap();
    for page in pages(path, index) {
        for cell in cells(path, page) {
            if let Some(at) = bytes[cell.clone()].windows(needle.len()).position(|w| w == needle) {
                return flip(path, cell.start + at, 1);
            }
        }
    }
    panic!("no entry has {needle:?}");
}

async fn check(path: &Path) -> Vec<Damage> {
    let log = SqliteLog::open_reader(path).unwrap();
    let damages = log.check(Arc::new(|_, _| true)).await.unwrap();
    log.close().await;
    damages
}

/// A copy of the log, to be damaged.
fn copy(path: &Path, folder: &Path) -> PathBuf {
    let copy = folder.join("damaged.sqlite");
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("damaged.sqlite{suffix}")));
    }
    fs::copy(path, &copy).unwrap();
    copy
}

/// A log whose streams a and b have 20 events each, and which has an old stream beside many newer events.
async fn long_log(folder: &tempfile::TempDir) -> PathBuf {
    let path = closed_log(folder).await;
    let log = SqliteLog::open_writer(&path).unwrap();
    for from in (0..10_300_u64).step_by(100) {
        let events = (from..from + 100).map(event).collect();
        log.append(&stream("long"), Expected::from(from.checked_sub(1)), events).await.unwrap();
    }
    log.close().await;
    path
}

#[tokio::test]
async fn a_sound_log_is_found_sound() {
    let folder = folder();
    let path = long_log(&folder).await;
    assert_eq!(check(&path).await, []);
    let log = SqliteLog::open_writer(&path).unwrap();
    assert_eq!(log.recording().stopped(), None);
    log.check_behind();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !log.integrity().is_whole() {
        assert!(Instant::now() < deadline, "the whole check does not end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(log.integrity().damages(), []);
    // And it still takes events.
    log.append(&stream("c"), Expected::NoStream, vec![event(1)]).await.unwrap();
    log.close().await;
    assert!(!folder.path().join("log.sqlite-wal").exists(), "the check holds nothing any more");
}

/// The story: the name in the index of streams is another by one bit.
#[tokio::test]
async fn a_flipped_bit_in_the_index_of_names_opens_nothing_twice() {
    let folder = folder();
    let path = closed_log(&folder).await;
    flip_in(&path, NAMES, b"b");
    let quick: String = raw(&path).query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
    assert_eq!(quick, "ok", "which is why it does not do");
    let damages = check(&path).await;
    assert_eq!(damages[0].stream.as_deref(), Some("b"));
    assert_eq!(damages[0].index.as_deref(), Some(NAMES));

    let log = SqliteLog::open_writer(&path).unwrap();
    let read = log.read_stream(&stream("b"), 0, 10).await;
    assert!(matches!(read, Err(LogError::Corrupt { .. })), "{read:?}");
    let revision = log.stream_revision(&stream("b")).await;
    assert!(matches!(revision, Err(LogError::Corrupt { .. })), "{revision:?}");
    let second = log.append(&stream("b"), Expected::NoStream, vec![event(99)]).await;
    assert!(matches!(second, Err(LogError::Stopped(Stop::Damaged { .. }))), "{second:?}");
    // What does not need it is read as before.
    assert_eq!(log.read_stream(&stream("a"), 0, 100).await.unwrap().events.len(), 20);
    assert_eq!(log.read_all(None, 100).await.unwrap().events.len(), 40);
    log.close().await;
}

#[tokio::test]
async fn a_flipped_bit_in_the_index_of_events_is_found_at_the_start() {
    let folder = folder();
    let path = closed_log(&folder).await;
    // The last entry's sequence, its last byte: event 39 is revision 19 of b.
    let page = pages(&path, EVENTS)[0];
    let cell = cells(&path, page)
        .into_iter()
        .max_by_key(|cell| fs::read(&path).unwrap()[cell.clone()].to_vec());
    flip(&path, cell.unwrap().end - 1, 0);
    let damages = check(&path).await;
    assert_eq!(damages[0].index.as_deref(), Some(EVENTS), "{damages:?}");
    assert!(damages[0].sequence.is_some() && damages[0].stream.is_some(), "{damages:?}");
    let log = SqliteLog::open_writer(&path).unwrap();
    assert!(matches!(log.recording().stopped(), Some(Stop::Damaged { .. })));
    log.close().await;
}

/// Damage before the newest events is found behind the start.
#[tokio::test]
async fn an_old_flipped_bit_is_found_behind_the_start() {
    let folder = folder();
    let path = long_log(&folder).await;
    flip_in(&path, NAMES, b"a");
    let log = SqliteLog::open_writer(&path).unwrap();
    assert_eq!(log.recording().stopped(), None, "a start looks at the newest events alone");
    log.check_behind();
    let mut stopped = log.recording().watch();
    let found = stopped.wait_for(Option::is_some);
    let found =
        tokio::time::timeout(Duration::from_secs(60), found).await.unwrap().unwrap().clone();
    let Some(Stop::Damaged { what }) = found else { panic!("{found:?}") };
    assert!(what.contains("stream a") && what.contains(NAMES), "{what}");
    let read = log.read_stream(&stream("a"), 0, 10).await;
    assert!(matches!(read, Err(LogError::Corrupt { .. })), "{read:?}");
    log.close().await;
}

/// Every entry of both indexes, one bit of each byte of it: none goes unseen.
#[tokio::test]
async fn no_flipped_bit_in_an_entry_goes_unseen() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let mut flips = 0;
    for index in [NAMES, EVENTS] {
        for page in pages(&path, index) {
            for (number, at) in cells(&path, page).into_iter().flatten().enumerate() {
                let damaged = copy(&path, folder.path());
                flip(&damaged, at, u8::try_from(number % 8).unwrap());
                let found = match SqliteLog::open_reader(&damaged) {
                    Ok(log) => {
                        let found = log.check(Arc::new(|_, _| true)).await;
                        log.close().await;
                        found.map(|damages| !damages.is_empty()).unwrap_or(true)
                    }
                    Err(_) => true,
                };
                assert!(found, "byte {at} of {index} went unseen");
                flips += 1;
            }
        }
    }
    assert!(flips > 100, "{flips}");
}

/// A hole, a row that is no event, a revision that is missing: the first is named.
#[tokio::test]
async fn what_is_wrong_in_the_tables_is_named() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let tampered = |sql: &str| {
        let damaged = copy(&path, folder.path());
        tamper(&damaged, sql);
        damaged
    };
    for (sql, sequence, part) in [
        ("DELETE FROM event WHERE sequence = 10", Some(10), "missing"),
        ("UPDATE event SET revision = 77 WHERE sequence = 39", Some(39), "revision 19 is missing"),
        ("UPDATE event SET event_id = x'00' WHERE sequence = 7", Some(7), "16 byte"),
        ("UPDATE event SET stream = 99 WHERE sequence = 39", Some(39), "no stream 99"),
        ("UPDATE stream SET name = 'Ü b' WHERE key = 2", None, "name"),
        ("DELETE FROM stream WHERE key = 1", None, "key 1 is missing"),
    ] {
        let damages = check(&tampered(sql)).await;
        let said = damages.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(said.iter().any(|one| one.contains(part)), "{sql}: {said:?}");
        if sequence.is_some() {
            assert_eq!(damages[0].sequence, sequence, "{sql}: {said:?}");
        }
    }
}
