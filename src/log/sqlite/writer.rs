//! The one thread that appends: whatever waits goes into one transaction, and everyone is answered
//! after its COMMIT (group commit).
//!
//! What must hold:
//! - Nobody is told of success before the flush, nor of failure while the events may yet appear.
//! - After an error inside a batch other than a constraint, nothing more of the batch is tried.
//! - A write or flush that failed is final: nothing is appended, checkpointed or tried again by this
//!   process. What the system then shows of the file need not be on the disk, and a later flush that
//!   succeeds says nothing about it. A disk without room fails before that, and passes.

use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, config::DbConfig, hooks::Wal};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tracing::{error, warn};

use super::background::copy_wal;
use super::batch::{Append, Batch, Tips};
use super::code::{describe, is_busy, is_failing_disk, is_full};
use super::faults::{Faults, Step};
use super::files::{Known, LogFile};
use super::moving::Gate;
use super::schema::head;
use crate::log::recent::Recent;
use crate::log::{Appended, LogError, RecordedEvent, Recording, Stop};
use crate::trace;

/// The most events in one transaction.
const MAX_BATCH_EVENTS: usize = 1024;
/// Frames in the WAL (64 MiB) from which on the writer checkpoints too: under a load that never
/// pauses the checkpoint thread alone can't finish.
const LONG_WAL_FRAMES: u32 = 8192;
/// How long a clean end waits for readers, so that the WAL can become part of the file.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) type Answer = Result<Appended, LogError>;

/// What the writer is asked for.
pub(super) enum Request {
    /// Append and answer. The permit gives the queue's room back when the answer is given.
    Append(Append, oneshot::Sender<Answer>, OwnedSemaphorePermit),
    /// Append these in order, in a transaction of their own, up to the first that can't be done.
    InOrder(Vec<Append>, oneshot::Sender<Vec<Answer>>, OwnedSemaphorePermit),
    /// Take nothing more, finish what waits, then stop.
    Close,
}

/// The writer's state.
pub(super) struct Writer {
    connection: Connection,
    tips: Tips,
    gate: Gate,
    known_head: Option<u64>,
    published: watch::Sender<Option<u64>>,
    /// What was committed last.
    recent: Arc<Mutex<Recent>>,
    faults: Box<dyn Faults>,
    /// Bytes that went into the WAL since the start, roughly, for the checkpoint thread.
    written: Arc<AtomicU64>,
    /// Frames in the WAL after the last COMMIT.
    frames: Arc<AtomicU32>,
    log: Arc<LogFile>,
    files: Known,
    recording: Arc<Recording>,
}

/// What the writer shares with others.
pub(super) struct Shared {
    pub published: watch::Sender<Option<u64>>,
    pub recent: Arc<Mutex<Recent>>,
    pub written: Arc<AtomicU64>,
    pub recording: Arc<Recording>,
    pub log: Arc<LogFile>,
}

/// What the appends of a batch are to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    /// One that can't be done stops none of the others.
    Strangers,
    /// Nothing is done after one that can't be, nor answered.
    Ordered,
}

struct Waiting {
    append: Append,
    answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

impl Writer {
    /// A writer on an open and verified log.
    pub fn new(
        path: &Path,
        mut connection: Connection,
        files: Known,
        faults: Box<dyn Faults>,
        shared: Shared,
    ) -> rusqlite::Result<Self> {
        let Shared { published, recent, written, recording, log } = shared;
        let known_head = *published.borrow();
        let frames = Arc::<AtomicU32>::default();
        let counted = Arc::clone(&frames);
        connection.wal_hook(Some(move |_: &mut Wal, count| {
            counted.store(u32::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self {
            connection,
            tips: Tips::default(),
            gate: Gate::new(path),
            known_head,
            published,
            recent,
            faults,
            written,
            frames,
            log,
            files,
            recording,
        })
    }

    /// Serves requests until told to close or until nobody can ask any more.
    pub fn run(&mut self, mut requests: mpsc::Receiver<Request>) {
        let mut next = requests.blocking_recv();
        while let Some(first) = next.take() {
            let mut batch = Vec::new();
            let mut events = 0;
            let mut request = Some(first);
            while let Some(current) = request.take() {
                match current {
                    Request::Close => requests.close(),
                    Request::Append(append, answer, room) => {
                        events += append.events.len();
                        batch.push(Waiting { append, answer, _room: room });
                    }
                    Request::InOrder(group, answer, _room) => {
                        self.serve(std::mem::take(&mut batch));
                        events = 0;
                        // Who no longer listens reads what stands.
                        let _ = answer.send(self.commit(&group, Among::Ordered));
                        self.shorten_wal();
                    }
                }
                request = requests.try_recv().ok();
                if let Some(Request::Append(append, ..)) = &request
                    && events + append.events.len() > MAX_BATCH_EVENTS
                {
                    next = request.take();
                }
            }
            self.serve(batch);
            if next.is_none() {
                next = requests.blocking_recv();
            }
        }
    }

    fn serve(&mut self, batch: Vec<Waiting>) {
        if batch.is_empty() {
            return;
        }
        let (appends, answers): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.append, (waiting.answer, waiting._room)))
            .unzip();
        let results = self.commit(&appends, Among::Strangers);
        for (result, (answer, room)) in results.into_iter().zip(answers) {
            // Who no longer listens reads the stream.
            let _ = answer.send(result);
            drop(room);
        }
        self.shorten_wal();
    }

    fn shorten_wal(&self) {
        if self.frames.load(Ordering::Relaxed) >= LONG_WAL_FRAMES {
            copy_wal(&self.connection, &self.log, &self.recording);
        }
    }

    /// Writes a batch and says what became of each append.
    fn commit(&mut self, appends: &[Append], among: Among) -> Vec<Answer> {
        let every = |why: &LogError| appends.iter().map(|_| Err(why.clone())).collect();
        if let Err(why) = self.check() {
            return every(&why);
        }
        let (results, next) = match self.write(appends, among) {
            Ok(written) => written,
            Err(error) => return every(&self.nothing_written(&error)),
        };
        if results.iter().all(Result::is_err) {
            return match self.undo() {
                Ok(()) => results,
                Err(why) => every(&why),
            };
        }
        match self.end(appends) {
            Ok(()) => self.acknowledge(appends, results, next),
            // It comes before the record that makes the commit count.
            Err(error) if is_full(&error) => every(&self.nothing_written(&error)),
            Err(error) => {
                let cause = describe(&error);
                self.fail(cause.clone());
                // What is said of it is said by the stop.
                let _ = self.undo();
                self.unknown(results, &format!("COMMIT failed ({cause})"))
            }
        }
    }

    /// Whether anything may be written.
    fn check(&self) -> Result<(), LogError> {
        self.recording.check()?;
        if let Some(what) = self.files.changed() {
            self.recording.stop(Stop::Replaced { what });
        }
        self.recording.check()
    }

    /// Stops recording after an error of the disk, or of files that are no longer there.
    fn fail(&self, cause: String) {
        if self.check().is_ok() {
            self.recording.stop(Stop::DiskFailed { cause });
        }
    }

    /// The part of a batch up to COMMIT: what would become of each append, and the next sequence.
    fn write(&mut self, appends: &[Append], among: Among) -> rusqlite::Result<(Vec<Answer>, u64)> {
        let connection = &self.connection;
        self.faults.at(Step::Begin, connection)?;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        if let Some(why) = self.gate.closed() {
            return Ok((appends.iter().map(|_| Err(why.clone())).collect(), 0));
        }
        let head = head(connection)?;
        if head != self.known_head {
            // Only we should append; what is remembered is no longer true.
            warn!(?head, known = ?self.known_head, "the log was changed from outside");
            self.tips.forget();
            self.recent().clear();
        }
        let mut batch = Batch {
            connection,
            tips: &mut self.tips,
            faults: self.faults.as_mut(),
            next: head.map_or(0, |head| head + 1),
            index: 0,
        };
        let mut results = Vec::with_capacity(appends.len());
        for append in appends {
            let result = batch.write(append)?;
            let ends = result.is_err() && among == Among::Ordered;
            results.push(result);
            if ends {
                break;
            }
        }
        Ok((results, batch.next))
    }

    /// COMMIT.
    fn end(&mut self, appends: &[Append]) -> rusqlite::Result<()> {
        let _flushing = trace::flush(appends.iter().map(|append| &append.span));
        self.faults.at(Step::Commit, &self.connection)?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.faults.at(Step::Committed, &self.connection)
    }

    /// After COMMIT: what was written counts only if it went into the files at the paths.
    fn acknowledge(&mut self, appends: &[Append], results: Vec<Answer>, next: u64) -> Vec<Answer> {
        let frames = self.frames.load(Ordering::Relaxed);
        if let Some(what) = self.files.written(u64::from(frames)) {
            let text = format!("the log's file was {what}");
            self.recording.stop(Stop::Replaced { what });
            self.tips.forget();
            return self.unknown(results, &text);
        }
        self.keep(appends, &results);
        self.publish(next.checked_sub(1));
        self.recording.set_trouble(None);
        let bytes = appends.iter().map(|append| append.wal_bytes()).sum();
        self.written.fetch_add(bytes, Ordering::Relaxed);
        results
    }

    /// Why nothing of a batch was written: because of something that passes, or for good.
    fn nothing_written(&mut self, error: &rusqlite::Error) -> LogError {
        let reason = describe(error);
        error!(reason, "nothing of a batch was written");
        if is_failing_disk(error) {
            self.fail(reason.clone());
        }
        let stopped = self.undo().err().or_else(|| self.recording.check().err());
        stopped.unwrap_or_else(|| {
            self.recording.set_trouble(Some(reason.clone()));
            LogError::Unavailable(reason)
        })
    }

    /// The answers when it is not known what a COMMIT did.
    fn unknown(&self, results: Vec<Answer>, reason: &str) -> Vec<Answer> {
        error!(reason, "the outcome of a COMMIT is not known");
        // What stands is in the file alone.
        self.recent().clear();
        let stopped = self.recording.check().err();
        results
            .into_iter()
            .map(|result| match result {
                Ok(_) => Err(LogError::OutcomeUnknown(reason.to_owned())),
                // It may rest on another append of this batch, so it may not stand; but nothing of it
                // was written.
                Err(why) => Err(stopped.clone().unwrap_or(why)),
            })
            .collect()
    }

    /// Takes back a transaction that was not committed; one that can't be taken back stops recording.
    fn undo(&mut self) -> Result<(), LogError> {
        self.tips.forget();
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            self.fail(format!("a rollback failed: {}", describe(&error)));
            return self.recording.check();
        }
        Ok(())
    }

    /// A clean end makes the WAL part of the file and removes it, if no other process has it open. Once
    /// recording has stopped nothing more is written, and the next start finds what there is.
    pub fn close(self) {
        // SQLite removes the WAL by its name, which may be another's now.
        if self.check().is_err() {
            return;
        }
        let connection = self.connection;
        let copied = connection
            .busy_timeout(CLOSE_TIMEOUT)
            .and_then(|()| {
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            })
            .and_then(|busy: bool| {
                if !busy {
                    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
                }
                connection.close().map_err(|(_, error)| error)
            });
        match copied {
            Ok(()) => {}
            Err(error) if is_full(&error) || is_busy(&error) => {
                warn!(%error, "the log's WAL stays beside its file");
            }
            Err(error) => {
                let cause = format!("the last checkpoint failed: {error}");
                self.recording.stop(Stop::DiskFailed { cause });
            }
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was committed for those who follow.
    fn keep(&self, appends: &[Append], results: &[Answer]) {
        let mut recent = self.recent();
        for (append, result) in appends.iter().zip(results) {
            let Ok(Appended { revision, sequence: Some(sequence) }) = result else { continue };
            for (event, before) in append.events.iter().zip((0..append.events.len() as u64).rev()) {
                recent.push(RecordedEvent {
                    sequence: sequence - before,
                    stream: append.stream.clone(),
                    revision: revision - before,
                    event_id: event.event_id,
                    event_type: event.event_type.as_str().into(),
                    recorded_at_us: event.recorded_at_us,
                    data: event.data.clone(),
                    metadata: event.metadata.clone(),
                });
            }
        }
    }

    fn publish(&mut self, head: Option<u64>) {
        self.known_head = head;
        self.published.send_if_modified(|published| {
            let moved = *published != head;
            *published = head;
            moved
        });
    }
}
