//! Questions to the tables: a small pool of readers of the copy that serves.
//!
//! What must hold: an answer and the position it carries are of one instant; a reader never blocks
//! the writer and holds no transaction between questions; a copy that is replaced is left by the
//! next question.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::StoreError;
use super::change::Cell;
use super::error::DatabaseError;
use super::models::Models;
use super::sql::{Reader, Record};
use super::status::Status;
use super::store::{Checkpoint, Copies, CopyId, CopyReader, met_damage, stale};
use crate::domain::date::Day;
use crate::log::ahead_of_backlog;

/// Questions answered at once; more wait.
const MAX_READERS: usize = 4;

/// How long a question waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// The tables, open for questions.
pub struct ReadModels {
    copies: Arc<dyn Copies>,
    /// Which copy serves, where somebody here knows it; else the store is asked.
    status: Option<watch::Receiver<Status>>,
    idle: Mutex<Vec<(CopyId, Box<dyn CopyReader>)>>,
    permits: Arc<Semaphore>,
}

/// An answer with how far the tables had read when it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The copy that was asked.
    pub copy: CopyId,
    /// The sequence of the last event whose rows are in.
    pub position: Option<u64>,
    /// The running maximum of `recorded_at` up to it, in microseconds UTC.
    pub known_at_us: Option<i64>,
    /// What was asked for.
    pub value: T,
}

/// Enrollments of a program that are too many to put them in order for one page.
const MANY: i64 = 2000;

/// One question's view of the tables, as of one instant.
pub struct Tables<'a> {
    reader: RefCell<&'a mut dyn Reader>,
    copy: &'a CopyId,
    position: Option<u64>,
}

/// The two times of a question: what held on a day, as known up to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The day.
    pub day: Day,
    /// The sequence of the last event that is known; absent: all that were taken in.
    pub known: Option<u64>,
}

impl At {
    /// A day, as known now.
    pub fn day(day: Day) -> Self {
        Self { day, known: None }
    }

    /// The sequence as a parameter: the last there can be where all is known.
    pub(super) fn known(self) -> i64 {
        self.known.map_or(i64::MAX, |known| i64::try_from(known).unwrap_or(i64::MAX))
    }
}

impl ReadModels {
    /// The tables that a runner fills.
    pub fn of_runner(copies: Arc<dyn Copies>, status: watch::Receiver<Status>) -> Arc<Self> {
        Self::new(copies, Some(status))
    }

    /// The tables in a store, whoever fills them.
    pub fn of_copies(copies: Arc<dyn Copies>) -> Arc<Self> {
        Self::new(copies, None)
    }

    fn new(copies: Arc<dyn Copies>, status: Option<watch::Receiver<Status>>) -> Arc<Self> {
        Arc::new(Self {
            copies,
            status,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(MAX_READERS)),
        })
    }

    /// The store that they are in.
    pub fn copies(&self) -> &Arc<dyn Copies> {
        &self.copies
    }

    /// Asks on a thread that may block.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no copy yet; those of the database.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Tables<'_>) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<Answer<T>, StoreError> {
        ahead_of_backlog();
        let closed = || StoreError::OtherLog("the read models were closed".to_owned());
        let permit = tokio::time::timeout(TURN, Arc::clone(&self.permits).acquire_owned());
        let busy = || DatabaseError::passing("the read models answer other questions");
        let permit = permit.await.map_err(|_| busy())?.map_err(|_| closed())?;
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
        ask: impl FnOnce(&Tables<'_>) -> Result<T, DatabaseError>,
    ) -> Result<Answer<T>, StoreError> {
        let (copy, mut reader) = self.take()?;
        let answer = answer(&copy, &mut *reader, ask);
        match &answer {
            Ok(_) => {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                if idle.len() < MAX_READERS {
                    idle.push((copy, reader));
                }
            }
            Err(error) if error.is_damage() => return Err(self.damaged(copy, error)),
            Err(_) => {}
        }
        Ok(answer?)
    }

    /// Says that a copy is damaged to whoever can make it anew, unless it only looks so.
    fn damaged(&self, copy: CopyId, error: &DatabaseError) -> StoreError {
        let what = error.to_string();
        let anew =
            || DatabaseError::passing("another copy of the read models serves now; ask again");
        match self.is_of_this_version(&copy) {
            Ok(true) => {}
            // Tables that this program knows and that copy has not.
            Ok(false) => return anew().into(),
            Err(error) if error.is_damage() => {}
            Err(error) => return error,
        }
        match met_damage(&*self.copies, &copy, &what) {
            Ok(true) => {
                tracing::error!(%copy, what, "the copy of the read models that serves is damaged");
                StoreError::Damaged { copy, what }
            }
            Ok(false) => anew().into(),
            Err(error) => error,
        }
    }

    fn is_of_this_version(&self, copy: &CopyId) -> Result<bool, StoreError> {
        let models = Models::new(super::all());
        let mut reader = self.copies.reader(copy)?;
        Ok(stale(&mut *reader.snapshot()?, &models)?.is_empty())
    }

    fn take(&self) -> Result<(CopyId, Box<dyn CopyReader>), StoreError> {
        let known = self.status.as_ref().and_then(|status| status.borrow().copy.clone());
        let missing = || StoreError::Missing(self.copies.place());
        let copy = match (known, &self.status) {
            (Some(copy), _) => copy,
            (None, Some(_)) => return Err(missing()),
            (None, None) => self.copies.serving()?.ok_or_else(missing)?,
        };
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(of, _)| *of == copy);
        if let Some(found) = idle.pop() {
            return Ok(found);
        }
        drop(idle);
        let reader = self.copies.reader(&copy)?;
        Ok((copy, reader))
    }
}

/// Asks a copy as of one instant.
///
/// # Errors
/// Those of the database.
fn answer<T>(
    copy: &CopyId,
    reader: &mut dyn CopyReader,
    ask: impl FnOnce(&Tables<'_>) -> Result<T, DatabaseError>,
) -> Result<Answer<T>, DatabaseError> {
    let mut snapshot = reader.snapshot()?;
    let Checkpoint { position, known_at_us, .. } = *snapshot.checkpoint();
    let value = ask(&Tables { reader: RefCell::new(&mut *snapshot), copy, position })?;
    let known_at_us = position.map(|_| known_at_us);
    Ok(Answer { copy: copy.clone(), position, known_at_us, value })
}

impl Tables<'_> {
    /// The copy that is asked, and the sequence of the last event whose rows are in.
    pub fn read_to(&self) -> (&CopyId, Option<u64>) {
        (self.copy, self.position)
    }

    /// Asks, and makes something of each row.
    ///
    /// # Errors
    /// Those of the database and of `make`.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        make: impl FnMut(&dyn Record) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, DatabaseError> {
        self.reader.borrow_mut().rows(sql, parameters, make)
    }

    /// As [`Tables::rows`], where there is one row at most.
    ///
    /// # Errors
    /// As [`Tables::rows`].
    pub(super) fn row<T>(
        &self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        make: impl FnMut(&dyn Record) -> Result<T, DatabaseError>,
    ) -> Result<Option<T>, DatabaseError> {
        Ok(self.rows(sql, parameters, make)?.pop())
    }

    /// Whether there are more than `times` as many subjects as a program has enrollments. Then a list
    /// begins with these; else with the subjects in their order, so that a page ends once it is full.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn has_few(&self, program: &str, times: i64) -> Result<bool, DatabaseError> {
        let count = |of: &str, most: i64| {
            let sql =
                format!("SELECT count(*) AS n FROM (SELECT 1 FROM {of} LIMIT :most) AS counted");
            let given = [(":program", Cell::Text(program)), (":most", Cell::Int(most))];
            Ok::<_, DatabaseError>(self.row(&sql, &given, |row| row.int("n"))?.unwrap_or_default())
        };
        let found = count("enrollment WHERE program = :program", MANY)?;
        Ok(found < MANY && count("subject", found * times + 1)? > found * times)
    }

    /// The programs with enrollments, in order: the real ones, or the exercises (G16).
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn programs(&self, exercise: bool) -> Result<Vec<String>, DatabaseError> {
        let mut programs = Vec::new();
        let mut last = String::new();
        let sql = "SELECT program, exercise FROM enrollment WHERE program > :last
            ORDER BY program LIMIT 1";
        while let Some((program, of)) = self.row(sql, &[(":last", Cell::Text(&last))], |row| {
            Ok((row.text("program")?.to_owned(), row.flag("exercise")?))
        })? {
            if of == exercise {
                programs.push(program.clone());
            }
            last = program;
        }
        Ok(programs)
    }
}
