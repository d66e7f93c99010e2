//! The one thread that appends: whatever waits goes into one transaction, and everyone is answered
//! after its COMMIT (group commit).
//!
//! What must hold:
//! - Nobody is told of success before the flush, nor of failure while the events may yet appear.
//! - After an error inside a batch other than a constraint, nothing more of the batch is tried.
//! - After an error from COMMIT, nothing is appended until it is known, and on the disk, what that
//!   COMMIT did.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, ErrorCode, ffi, params};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tracing::{error, warn};

use super::batch::{Append, Batch, Tips};
use super::faults::{Faults, Step};
use super::file::{sync_folder, sync_wal};
use super::moving::Gate;
use super::schema::{head, open_writing, signed};
use crate::log::{Appended, LogError, Recording};

/// The most events in one transaction.
const MAX_BATCH_EVENTS: usize = 1024;

pub(super) type Answer = Result<Appended, LogError>;

/// What the writer is asked for.
pub(super) enum Request {
    /// Append and answer. The permit gives the queue's room back when the answer is given.
    Append(Append, oneshot::Sender<Answer>, OwnedSemaphorePermit),
    /// Take nothing more, finish what waits, then stop.
    Close,
}

/// The writer's state. `connection` is `None` after a COMMIT went wrong, until the file could be
/// opened again.
pub(super) struct Writer {
    path: PathBuf,
    connection: Option<Connection>,
    /// Whether frames of a failed COMMIT may be in the WAL, or count there without being on the disk.
    suspect: bool,
    tips: Tips,
    gate: Gate,
    known_head: Option<u64>,
    published: watch::Sender<Option<u64>>,
    faults: Box<dyn Faults>,
    /// Bytes that went into the WAL since the start, roughly, for the checkpoint thread.
    written: Arc<AtomicU64>,
    recording: Arc<Recording>,
}

struct Waiting {
    append: Append,
    answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

impl Writer {
    /// A writer on an open and verified log.
    pub fn new(
        path: PathBuf,
        connection: Connection,
        published: watch::Sender<Option<u64>>,
        faults: Box<dyn Faults>,
        written: Arc<AtomicU64>,
        recording: Arc<Recording>,
    ) -> Self {
        let known_head = *published.borrow();
        Self {
            gate: Gate::new(&path),
            path,
            connection: Some(connection),
            suspect: false,
            tips: Tips::default(),
            known_head,
            published,
            faults,
            written,
            recording,
        }
    }

    /// Serves requests until told to close or until nobody can ask any more.
    pub fn run(mut self, mut requests: mpsc::Receiver<Request>) {
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
                }
                request = requests.try_recv().ok();
                if let Some(Request::Append(append, ..)) = &request
                    && events + append.events.len() > MAX_BATCH_EVENTS
                {
                    next = request.take();
                }
            }
            if !batch.is_empty() {
                self.serve(batch);
            }
            if next.is_none() {
                next = requests.blocking_recv();
            }
        }
    }

    fn serve(&mut self, batch: Vec<Waiting>) {
        let (appends, answers): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.append, (waiting.answer, waiting._room)))
            .unzip();
        let results = self.commit(&appends);
        for (result, (answer, room)) in results.into_iter().zip(answers) {
            // Who no longer listens reads the stream.
            let _ = answer.send(result);
            drop(room);
        }
    }

    /// Writes a batch and says what became of each append.
    fn commit(&mut self, appends: &[Append]) -> Vec<Answer> {
        let written = self.ready().and_then(|()| {
            self.write(appends).map_err(|error| {
                self.undo();
                describe(&error)
            })
        });
        let (results, next) = match written {
            Ok(written) => written,
            Err(reason) => {
                error!(reason, appends = appends.len(), "nothing of a batch was written");
                return appends
                    .iter()
                    .map(|_| Err(LogError::Unavailable(reason.clone())))
                    .collect();
            }
        };
        if results.iter().all(Result::is_err) {
            self.undo();
            return results;
        }
        match self.end() {
            Ok(()) => {
                self.publish(next.checked_sub(1));
                let bytes = appends.iter().map(|append| append.wal_bytes()).sum();
                self.written.fetch_add(bytes, Ordering::Relaxed);
                results
            }
            Err(error) => self.settle(appends, results, &error),
        }
    }

    /// Makes sure that there is a connection and that the file is what it seems.
    fn ready(&mut self) -> Result<(), String> {
        if self.connection.is_some() {
            return Ok(());
        }
        let connection = open_writing(&self.path).map_err(|error| describe(&error))?;
        self.faults.at(Step::LookUp, &connection).map_err(|error| describe(&error))?;
        if self.suspect {
            self.make_certain(&connection)?;
            self.suspect = false;
        }
        let head = head(&connection).map_err(|error| describe(&error))?;
        self.publish(head);
        self.connection = Some(connection);
        Ok(())
    }

    /// Puts all that readers can see on the disk, and wipes what they can't see out of the WAL.
    ///
    /// A failed flush leaves a complete commit in the WAL that does not count, yet would after a
    /// crash; and what counts may not be on the disk, though the next flush succeeds (the system
    /// forgets pages whose flush failed). Copying the WAL into the file writes them anew.
    fn make_certain(&self, connection: &Connection) -> Result<(), String> {
        let busy: bool = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(|error| describe(&error))?;
        if busy {
            return Err("a reader keeps the file from being flushed".to_owned());
        }
        sync_wal(&self.path)
            .and_then(|()| sync_folder(&self.path))
            .map_err(|error| error.to_string())
    }

    /// The part of a batch up to COMMIT: what would become of each append, and the next sequence.
    fn write(&mut self, appends: &[Append]) -> rusqlite::Result<(Vec<Answer>, u64)> {
        let connection = self.connection.as_ref().ok_or_else(not_open)?;
        self.faults.at(Step::Begin, connection)?;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let head = head(connection)?;
        if head != self.known_head {
            // Only we should append; what is remembered is no longer true.
            warn!(?head, known = ?self.known_head, "the log was changed from outside");
            self.tips.forget();
        }
        if let Some(why) = self.recording.check().err().or_else(|| self.gate.closed()) {
            return Ok((appends.iter().map(|_| Err(why.clone())).collect(), 0));
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
            results.push(batch.write(append)?);
        }
        Ok((results, batch.next))
    }

    /// COMMIT.
    fn end(&mut self) -> rusqlite::Result<()> {
        let connection = self.connection.as_ref().ok_or_else(not_open)?;
        self.faults.at(Step::Commit, connection)?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        self.faults.at(Step::Committed, connection)
    }

    /// Takes back a transaction that was not committed.
    fn undo(&mut self) {
        self.tips.forget();
        if let Some(connection) = &self.connection
            && !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            warn!(%error, "a rollback failed; opening the log again");
            self.drop_connection();
        }
    }

    /// Closing a connection rolls back what it has not committed.
    fn drop_connection(&mut self) {
        self.tips.forget();
        self.connection = None;
    }

    /// After an error from COMMIT: opens the file again and looks for the events.
    fn settle(
        &mut self,
        appends: &[Append],
        results: Vec<Answer>,
        error: &rusqlite::Error,
    ) -> Vec<Answer> {
        let cause = describe(error);
        error!(cause, "a COMMIT failed; looking for what it did");
        self.drop_connection();
        self.suspect = !never_complete(error);
        let found = self.ready().and_then(|()| self.look_for(appends, &results));
        match found {
            Ok(true) => results,
            Ok(false) => {
                let reason = format!("the batch could not be committed: {cause}");
                results.iter().map(|_| Err(LogError::Unavailable(reason.clone()))).collect()
            }
            Err(unknown) => {
                error!(unknown, "the outcome of a COMMIT is not known");
                self.drop_connection();
                self.suspect = true;
                let reason = format!("COMMIT failed ({cause}), then the look-up ({unknown})");
                results
                    .iter()
                    .map(|result| match result {
                        Ok(_) => Err(LogError::OutcomeUnknown(reason.clone())),
                        // It may rest on another append of this batch, so it may not stand; but
                        // nothing of it was written.
                        Err(_) => Err(LogError::Unavailable(reason.clone())),
                    })
                    .collect()
            }
        }
    }

    /// Whether the events of the appends that were to succeed stand in the log. A transaction is
    /// there whole or not at all, and anything else is no answer.
    fn look_for(&self, appends: &[Append], results: &[Answer]) -> Result<bool, String> {
        let connection = self.connection.as_ref().ok_or("the log is not open")?;
        let mut found = None;
        for (append, result) in appends.iter().zip(results) {
            let Ok(appended) = result else { continue };
            let stands = stands(connection, append, appended).map_err(|error| describe(&error))?;
            if found.is_some_and(|before| before != stands) {
                return Err("only a part of the batch was found".to_owned());
            }
            found = Some(stands);
        }
        let found = found.unwrap_or(false);
        if found {
            self.make_certain(connection)?;
        }
        Ok(found)
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

/// Whether the events of `append` stand where they were to be appended.
fn stands(connection: &Connection, append: &Append, end: &Appended) -> rusqlite::Result<bool> {
    let first = (end.revision + 1).saturating_sub(append.events.len() as u64);
    let mut statement = connection.prepare_cached(
        "SELECT event_id FROM event JOIN stream ON stream.key = event.stream
         WHERE stream.name = ?1 AND revision BETWEEN ?2 AND ?3 ORDER BY revision",
    )?;
    let span = params![append.stream.as_str(), signed(first), signed(end.revision)];
    let ids = statement
        .query_map(span, |row| row.get::<_, [u8; 16]>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let wanted = append.events.iter().map(|event| event.event_id.into_bytes());
    Ok(wanted.eq(ids))
}

/// Whether an error says that the commit's last record never was written in full, so that no
/// recovery can bring it back: SQLite writes that record last, and a write that fails stops it.
fn never_complete(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_WRITE)
}

fn not_open() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CANTOPEN), None)
}

/// SQLite's message with what would help, where that is known.
fn describe(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => format!("{error}: free some space on the log's disk"),
        Some(ErrorCode::DatabaseBusy) => {
            format!("{error}: another program holds the log's write lock")
        }
        _ => error.to_string(),
    }
}
