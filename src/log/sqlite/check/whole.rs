//! The whole check: asked for, or behind a start.
//!
//! The comparison of the indexes is made of short reads. SQLite's own check is one read transaction,
//! during which no checkpoint can shorten the WAL: it gives way when that grows, and is tried again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tracing::{error, info, warn};

use super::{Check, EVENTS, Entries, failed};
use crate::log::integrity::{Damage, Integrity, MAX_DAMAGES, Progress};
use crate::log::sqlite::file::beside;
use crate::log::sqlite::schema::{head, open_reading};
use crate::log::{LogError, Recording, Stop};

/// How long the WAL may have become while SQLite's check held its end: from there on each commit of the
/// writer tries to shorten it.
const WAL_LIMIT_BYTES: u64 = 64 * 1024 * 1024;
/// SQLite's steps between two looks at the WAL.
const STEPS: i32 = 2_000;
/// Waits before SQLite's check is tried again after it gave way, where somebody waits for the answer.
const WAITS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
];
/// The first and the longest wait where nobody does.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// How long the check behind a start rests after each page, so that it takes a part of one core.
const REST: Duration = Duration::from_millis(10);

/// How SQLite's own check ended.
enum Own {
    Found(Vec<Damage>),
    GaveWay,
    Stopped,
}

/// Compares every index with its table; `None` where it was told to end. Sums show whether anything is
/// wrong; what that is, is looked for only then.
fn compare(path: &Path, progress: &Progress) -> rusqlite::Result<Option<(Vec<Damage>, u64)>> {
    let summed = compare_by(path, Entries::Summed, progress)?;
    match summed {
        Some((check, end)) if check.is_clean() => Ok(Some((Vec::new(), end))),
        None => Ok(None),
        Some((unclean, _)) => {
            let Some((mut check, end)) = compare_by(path, Entries::Each, progress)? else {
                return Ok(None);
            };
            // What was found is not passed over because it was not found again.
            if check.found.is_empty() {
                check.found = unclean.found;
            }
            if check.found.is_empty() {
                let reason = "it has other entries than the table has events".to_owned();
                check.add(None, None, Some(EVENTS), reason);
            }
            Ok(Some((check.done(), end)))
        }
    }
}

fn compare_by(
    path: &Path,
    how: Entries,
    progress: &Progress,
) -> rusqlite::Result<Option<(Check, u64)>> {
    let mut check = Check::open(path, how)?;
    let end = head(&check.connection)?.map_or(0, |head| head + 1);
    let is_stopped = AtomicBool::new(false);
    // Reading the events is nine tenths of the work.
    let told = |done: u64, of: u64| {
        let goes_on = progress(done, of);
        is_stopped.store(!goes_on, Ordering::Relaxed);
        goes_on
    };
    check.streams(&|| told(0, end));
    if !is_stopped.load(Ordering::Relaxed) {
        check.events(0, end, &told);
    }
    if !is_stopped.load(Ordering::Relaxed) {
        check.revisions(end, &told);
    }
    Ok((!is_stopped.into_inner()).then_some((check, end)))
}

/// SQLite's own check.
fn own(path: &Path, is_stopped: Arc<dyn Fn() -> bool + Send + Sync>) -> rusqlite::Result<Own> {
    let mut connection = open_reading(path)?;
    let wal = beside(path, "-wal");
    let length = move || fs::metadata(&wal).map_or(0, |metadata| metadata.len());
    // A WAL that was long before keeps its length.
    let limit = length().max(WAL_LIMIT_BYTES);
    let gave_way = Arc::new(AtomicBool::new(false));
    let gives_way = gave_way.clone();
    let handler = move || {
        gives_way.store(length() > limit, Ordering::Relaxed);
        gives_way.load(Ordering::Relaxed) || is_stopped()
    };
    connection.progress_handler(STEPS, Some(handler))?;
    let said = ask(&connection);
    match said {
        Ok(lines) => Ok(Own::Found(
            lines.into_iter().filter(|line| line != "ok").map(|line| of_sqlite(&line)).collect(),
        )),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(if gave_way.load(Ordering::Relaxed) { Own::GaveWay } else { Own::Stopped })
        }
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            Ok(Own::Found(vec![of_sqlite(&error.to_string())]))
        }
        Err(error) => Err(error),
    }
}

fn ask(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare(&format!("PRAGMA integrity_check({MAX_DAMAGES})"))?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// A line of SQLite's check, which names the index at its end.
fn of_sqlite(line: &str) -> Damage {
    let index = line.split_once(" index ").map(|(_, name)| name.trim().to_owned());
    // Of a column of a row in its place.
    let is_of_event = line.contains(" value in ") || line.starts_with("CHECK constraint failed");
    Damage { index, is_of_event, ..Damage::of_structure(format!("SQLite says: {line}")) }
}

/// The whole check, for who waits for its answer. Blocking.
pub(in crate::log::sqlite) fn check(
    path: &Path,
    progress: &Progress,
) -> Result<Vec<Damage>, LogError> {
    let stopped = || LogError::Unavailable("the check was stopped".to_owned());
    let Some((damages, end)) = compare(path, progress).map_err(|error| failed(&error))? else {
        return Err(stopped());
    };
    if !damages.is_empty() {
        return Ok(damages);
    }
    let mut waits = WAITS.iter();
    let goes_on = progress.clone();
    let is_stopped: Arc<dyn Fn() -> bool + Send + Sync> = Arc::new(move || !goes_on(end, end));
    loop {
        match own(path, is_stopped.clone()).map_err(|error| failed(&error))? {
            Own::Found(damages) => return Ok(damages),
            Own::Stopped => return Err(stopped()),
            Own::GaveWay => match waits.next() {
                Some(wait) => std::thread::sleep(*wait),
                None => {
                    return Err(LogError::Unavailable(
                        "each index agrees with its table, but SQLite's own check gave way to what is \
                         being written each time: try again while less is written, or check a backup"
                            .to_owned(),
                    ));
                }
            },
        }
    }
}

/// The comparison alone, as far as the first damage. Blocking.
pub(in crate::log::sqlite) fn compare_whole(
    path: &Path,
    progress: &Progress,
) -> Result<(), LogError> {
    let stopped = || LogError::Unavailable("the check was stopped".to_owned());
    let compared = compare(path, progress).map_err(|error| failed(&error))?;
    let (damages, _) = compared.ok_or_else(stopped)?;
    match damages.first() {
        None => Ok(()),
        Some(first) => {
            let (sequence, reason) = (first.sequence.unwrap_or_default(), first.to_string());
            Err(LogError::Corrupt { sequence, reason })
        }
    }
}

/// The whole check behind a start; ends, and is waited for, with this value.
pub(in crate::log::sqlite) struct Checking {
    stop: Option<Sender<()>>,
    is_stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checking {
    /// Begins.
    pub fn start(
        path: PathBuf,
        integrity: Arc<Integrity>,
        recording: Arc<Recording>,
    ) -> Option<Self> {
        let (stop, stopped) = channel();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let work = Work { path, integrity, recording, stopped, is_stopped: is_stopped.clone() };
        let thread = Builder::new().name("log-check".to_owned()).spawn(move || work.run());
        match thread {
            Ok(thread) => Some(Self { stop: Some(stop), is_stopped, thread: Some(thread) }),
            Err(error) => {
                warn!(%error, "the log is not checked: the system gives no thread");
                None
            }
        }
    }
}

impl Drop for Checking {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("the thread that checks the log panicked");
        }
    }
}

struct Work {
    path: PathBuf,
    integrity: Arc<Integrity>,
    recording: Arc<Recording>,
    stopped: Receiver<()>,
    is_stopped: Arc<AtomicBool>,
}

impl Work {
    fn run(self) {
        let flag = self.is_stopped.clone();
        let progress: Progress = Arc::new(move |_, _| {
            std::thread::sleep(REST);
            !flag.load(Ordering::Relaxed)
        });
        match compare(&self.path, &progress) {
            Ok(None) => return,
            Ok(Some((damages, end))) => {
                self.integrity.note_checked(end.checked_sub(1), false);
                let is_structure = damages.iter().any(|damage| !damage.is_of_event);
                tell(&self.integrity, &self.recording, damages);
                if is_structure {
                    return;
                }
            }
            Err(error) => return warn!(%error, "the log can't be checked"),
        }
        let mut wait = FIRST_WAIT;
        loop {
            let flag = self.is_stopped.clone();
            match own(&self.path, Arc::new(move || flag.load(Ordering::Relaxed))) {
                Ok(Own::Stopped) => return,
                Ok(Own::Found(damages)) if damages.is_empty() => {
                    self.integrity.note_checked(None, true);
                    return info!("the log's file was checked whole: nothing is wrong with it");
                }
                Ok(Own::Found(damages)) => return tell(&self.integrity, &self.recording, damages),
                Ok(Own::GaveWay) => {
                    info!(?wait, "SQLite's check gave way to what is being written")
                }
                Err(error) => warn!(%error, "the log can't be checked; tried again"),
            }
            match self.stopped.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => wait = (wait * 2).min(LONGEST_WAIT),
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

/// Says what was found, keeps it for reads, and stops recording where it is more than events that can't
/// be read, each in its place.
pub(in crate::log::sqlite) fn tell(
    integrity: &Integrity,
    recording: &Recording,
    damages: Vec<Damage>,
) {
    for damage in &damages {
        error!(%damage, "the log's file is damaged");
    }
    let stop = damages.iter().find(|damage| !damage.is_of_event);
    let stop = stop.map(|damage| Stop::Damaged { what: damage.to_string() });
    // Reads first: who hears of the stop and reads is told of the damage.
    integrity.add(damages);
    if let Some(stop) = stop {
        recording.stop(stop);
    }
}
