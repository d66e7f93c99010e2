//! Takes an act through: authorize, load, decide, reserve, append, answer.
//!
//! What must hold: an acknowledged act is durable and happens once; a refused act leaves no event
//! in an enrollment; nothing is re-decided before the stream was read for the key. How a request
//! comes in and an answer goes out is not here (`api`), nor what follows the log (`projection`).

mod acts;
mod adoption;
mod again;
mod beside;
mod cache;
mod call;
pub mod clerk;
pub mod clock;
mod counters;
pub mod decisions;
pub mod documents;
mod enrollments;
mod error;
mod follow;
mod journal;
mod kept;
mod known;
mod library;
pub mod measure_files;
mod parts;
mod person_error;
mod person_keys;
pub mod persons;
mod places;
mod recordable;
mod recovery;
mod registration;
mod start;
mod whole;

pub use acts::{Acts, Prospect};
pub use again::{DecidedAgain, Judged, Otherwise};
pub use beside::Written;
pub use cache::Cached;
pub use call::{ActAnswer, ActCall, Caller, Precondition};
pub use clerk::{Clerk, Round};
pub use counters::Counters;
pub use enrollments::{Enrollments, load_history, read_whole_stream};
pub use error::ActError;
pub use follow::Following;
pub use journal::Journal;
pub use kept::Kept;
pub use known::KnownAt;
pub use library::Library;
pub use parts::{Parts, StartError};
pub use places::{Places, QuotaView};

pub use recovery::{Recovered, UNDER_WAY_US};
pub use registration::{Division, IndicatorCorrection, Registrar};
pub use start::{book_of, start, start_from, start_reading};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use crate::domain::date::Timestamp;
use crate::domain::history::History;
use crate::domain::ids::SubjectId;
use crate::domain::subject::Subject;
use crate::log::{EventLog, ahead_of_backlog};
use clock::Clock;
use documents::DocumentStore;
use known::Chronology;
use persons::{PersonKey, PersonKeys, Persons};

/// The application over one log: its parts, put together.
pub struct App {
    origin: Option<String>,
    /// Where the log ended before anything of it was read.
    read_to: Option<u64>,
    documents: Arc<dyn DocumentStore>,
    enrollments: Arc<Enrollments>,
    journal: Arc<Journal>,
    library: Arc<Library>,
    places: Arc<Places>,
    acts: Acts,
    persons: Arc<Persons>,
    registrar: Registrar,
    chronology: Chronology,
    /// Whether what a start does by itself waits for the clock.
    postponed: AtomicBool,
}

impl App {
    /// The log.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.journal.log
    }

    /// The documents.
    pub fn documents(&self) -> &Arc<dyn DocumentStore> {
        &self.documents
    }

    /// The clock of this node.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.journal.clock
    }

    /// The log's id; nil where its first event can't be read and nothing else proves it. Nothing is recorded then.
    pub fn log_id(&self) -> Uuid {
        self.journal.log_id
    }

    /// The origin line of the log's checkpoints, where the log's first event can be read.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The log as this process appends to it.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Programs, measures, subjects and calendars.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The places of all quotas.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// What offices do.
    pub fn acts(&self) -> &Acts {
        &self.acts
    }

    /// The persons whom acts name.
    pub fn persons(&self) -> &Persons {
        &self.persons
    }

    /// The same with a store of keys, without which no act can name a person; `fresh` makes random keys.
    pub fn with_person_keys(self, keys: Arc<dyn PersonKeys>, fresh: fn() -> PersonKey) -> Self {
        self.persons.keep_in(keys, fresh);
        self
    }

    /// What the registrar records beside acts.
    pub fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    /// What happened since this process opened the log.
    pub fn counters(&self) -> &Counters {
        &self.journal.counters
    }

    /// Takes an act through.
    ///
    /// # Errors
    /// As [`Acts::act`].
    pub async fn act(&self, caller: &Caller, call: &ActCall) -> Result<ActAnswer, ActError> {
        ahead_of_backlog();
        self.acts.act(caller, call).await
    }

    /// The history of an enrollment; without events when it has none.
    ///
    /// # Errors
    /// As [`load_history`].
    pub async fn history(&self, stream: &str) -> Result<History, ActError> {
        ahead_of_backlog();
        self.enrollments.history(stream).await
    }

    /// The fold of an enrollment.
    ///
    /// # Errors
    /// As [`Enrollments::get`].
    pub async fn enrollment(&self, stream: &str) -> Result<Arc<Cached>, ActError> {
        ahead_of_backlog();
        self.enrollments.get(stream).await
    }

    /// The fold of an enrollment as its stream stands now, whatever is kept of it.
    ///
    /// # Errors
    /// As [`load_history`].
    pub async fn enrollment_anew(&self, stream: &str) -> Result<Arc<Cached>, ActError> {
        self.enrollments.get_anew(stream).await
    }

    /// A registered subject.
    ///
    /// # Errors
    /// As [`Library::subject`].
    pub async fn subject(&self, id: &SubjectId) -> Result<Arc<Subject>, ActError> {
        self.library.subject(id).await
    }

    /// The last sequence known at an instant, found with bounded work.
    ///
    /// # Errors
    /// As the log's.
    pub async fn sequence_known_at(&self, instant: Timestamp) -> Result<KnownAt, ActError> {
        self.chronology.sequence_known_at(instant).await
    }

    /// The range of sequences, first and last, that was lost and given again, if this one lies in one:
    /// it alone does not tell which event is meant.
    pub fn lost_range(&self, sequence: u64) -> Option<(u64, u64)> {
        let mut lost = self.lost_ranges().into_iter();
        lost.find(|(first, last)| (*first..=*last).contains(&sequence))
    }

    /// All such ranges, oldest first.
    pub fn lost_ranges(&self) -> Vec<(u64, u64)> {
        self.chronology.lost_ranges()
    }

    /// What is done from time to time beside the acts: [`Places::recover`], and before it what the start
    /// left out while the clock was in doubt.
    ///
    /// # Errors
    /// [`ActError::Clock`] while it is in doubt, [`crate::log::LogError::Stopped`] while nothing is recorded, and as the log's and the documents'.
    pub async fn mend(&self, older_than_us: i64) -> Result<Recovered, StartError> {
        if self.postponed.load(Ordering::Relaxed) {
            self.journal.may_write_by_itself()?;
            self.library.adopt_what_is_missing().await?;
            let recovered = self.places.recover_newest(older_than_us).await?;
            self.postponed.store(false, Ordering::Relaxed);
            tracing::info!(?recovered, "what waited for the clock is done");
        }
        if let Err(error) = self.persons.destroy_what_is_erased().await {
            tracing::warn!(%error, "keys of persons whose data were erased are looked for later");
        }
        Ok(self.places.recover(older_than_us).await?)
    }
}
