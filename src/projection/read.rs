//! Questions to the tables: a small pool of read-only connections to the copy that serves.
//!
//! What must hold: an answer and the position it carries are of one instant; a reader never blocks
//! the writer and holds no transaction between questions; a copy that is replaced is left by the
//! next question.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{Semaphore, watch};

use super::StoreError;
use super::runner::Status;
use super::store::{Copies, checkpoint, connect_reading};

/// Questions answered at once; more wait.
const MAX_READERS: usize = 4;

/// The tables, open for questions.
pub struct ReadModels {
    source: Source,
    idle: Mutex<Vec<(PathBuf, Connection)>>,
    permits: Arc<Semaphore>,
}

enum Source {
    Runner(watch::Receiver<Status>),
    Copies(Copies),
}

/// An answer with how far the tables had read when it was given.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Answer<T> {
    /// The sequence of the last event whose rows are in.
    pub position: Option<u64>,
    /// The running maximum of `recorded_at` up to it, in microseconds UTC.
    pub known_at_us: Option<i64>,
    /// What was asked for.
    pub value: T,
}

/// One question's view of the tables, as of one instant.
pub struct Tables<'a> {
    connection: &'a Connection,
}

impl ReadModels {
    /// The tables that a runner fills.
    pub fn of_runner(status: watch::Receiver<Status>) -> Arc<Self> {
        Self::new(Source::Runner(status))
    }

    /// The tables in a folder, whoever fills them.
    pub fn of_copies(copies: Copies) -> Arc<Self> {
        Self::new(Source::Copies(copies))
    }

    fn new(source: Source) -> Arc<Self> {
        Arc::new(Self {
            source,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(MAX_READERS)),
        })
    }

    /// Asks on a thread that may block.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no copy yet; those of the database.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Tables<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<Answer<T>, StoreError> {
        let closed = || StoreError::OtherLog("the read models were closed".to_owned());
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let models = Arc::clone(self);
        let work = tokio::task::spawn_blocking(move || {
            let answer = models.read_now(ask);
            drop(permit);
            answer
        });
        work.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Asks on this thread.
    ///
    /// # Errors
    /// As [`ReadModels::read`].
    pub fn read_now<T>(
        &self,
        ask: impl FnOnce(&Tables<'_>) -> rusqlite::Result<T>,
    ) -> Result<Answer<T>, StoreError> {
        let (path, connection) = self.take()?;
        let answer = answer(&connection, ask);
        if answer.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < MAX_READERS {
                idle.push((path, connection));
            }
        }
        Ok(answer?)
    }

    fn take(&self) -> Result<(PathBuf, Connection), StoreError> {
        let path = match &self.source {
            Source::Runner(status) => {
                let copy = status.borrow().copy.clone();
                copy.ok_or_else(|| StoreError::Missing(PathBuf::from("the read models' folder")))?
            }
            Source::Copies(copies) => {
                let missing = || StoreError::Missing(copies.folder().to_owned());
                copies.serving()?.ok_or_else(missing)?.path
            }
        };
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(of, _)| *of == path);
        if let Some(found) = idle.pop() {
            return Ok(found);
        }
        drop(idle);
        let connection = connect_reading(&path)?;
        Ok((path, connection))
    }
}

fn answer<T>(
    connection: &Connection,
    ask: impl FnOnce(&Tables<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Answer<T>> {
    let tx = connection.unchecked_transaction()?;
    let (position, known_at_us) = checkpoint(&tx)?;
    let value = ask(&Tables { connection: &tx })?;
    tx.finish()?;
    Ok(Answer { position, known_at_us: position.map(|_| known_at_us), value })
}

impl Tables<'_> {
    pub(super) fn connection(&self) -> &Connection {
        self.connection
    }

    /// The programs with enrollments, in order: the real ones, or the exercises (G16).
    pub(super) fn programs(&self, exercise: bool) -> rusqlite::Result<Vec<String>> {
        let mut programs = Vec::new();
        let mut next = self.connection.prepare_cached(
            "SELECT program, exercise FROM enrollment WHERE program > ?1 ORDER BY program LIMIT 1",
        )?;
        let mut last = String::new();
        loop {
            let mut rows = next.query([&last])?;
            let Some(row) = rows.next()? else { return Ok(programs) };
            last = row.get(0)?;
            if row.get::<_, bool>(1)? == exercise {
                programs.push(last.clone());
            }
        }
    }
}
