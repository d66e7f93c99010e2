//! Takes an act through: authorize, load, decide, reserve, append, answer.
//!
//! What must hold: an acknowledged act is durable and happens once; a refused act leaves no event
//! in an enrollment; nothing is re-decided before the stream was read for the key. How a request
//! comes in and an answer goes out is not here (`api`), nor what follows the log (`projection`).

mod act;
mod act_append;
mod act_checks;
mod act_meta;
mod adoption;
mod append;
mod cache;
mod call;
pub mod clerk;
pub mod clock;
mod counters;
pub mod decisions;
pub mod documents;
mod enrollment;
mod error;
mod follow;
mod kept;
mod known;
mod library;
pub mod measure_files;
mod participation;
mod parts;
mod prospects;
mod quotas;
mod recordable;
mod recovery;
mod registration;
mod start;
mod whole;

pub use cache::Cached;
pub use call::{ActAnswer, ActCall, Caller, Precondition};
pub use clerk::{Clerk, Round};
pub use counters::Counters;
pub use enrollment::{load_history, read_whole_stream};
pub use error::ActError;
pub use follow::Following;
pub use kept::Kept;
pub use known::KnownAt;
pub use library::Library;
pub use parts::{Parts, StartError};
pub use prospects::Prospect;
pub use quotas::QuotaView;
pub use recovery::{Recovered, UNDER_WAY_US};
pub use registration::Written;
pub use start::{book_of, start, start_from, start_reading};

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::domain::date::Timestamp;
use crate::domain::measure_file::Source;
use crate::log::EventLog;
use cache::EnrollmentCache;
use clock::Clock;
use documents::DocumentStore;

/// How many locks the enrollments share; acts on one enrollment wait for one another here rather
/// than lose races in the log.
const STRIPES: usize = 1024;

/// The application over one log.
pub struct App {
    log: Arc<dyn EventLog>,
    documents: Arc<dyn DocumentStore>,
    clock: Arc<dyn Clock>,
    log_id: Uuid,
    origin: Option<String>,
    library: Library,
    /// The programs, measures and offices that this binary brings along.
    files: &'static [Source<'static>],
    /// Where the log ended before anything of it was read.
    read_to: Option<u64>,
    enrollments: EnrollmentCache,
    quotas: std::sync::Mutex<quotas::Folds>,
    stripes: Vec<Mutex<()>>,
    /// Enrollments whose places could not be restated after an act that moved them.
    lagging: Mutex<BTreeSet<String>>,
    /// Reservations, by stream and revision, whose approval is known to stand: that never changes.
    standing: std::sync::Mutex<HashSet<(String, u64)>>,
    /// Whether what a start does by itself waits for the clock.
    postponed: AtomicBool,
    counters: Counters,
    last_append: recordable::LastAppend,
    /// The confirmations of the clock: sequence, and the newest time before.
    confirmed: std::sync::RwLock<Vec<(u64, Timestamp)>>,
    /// The ranges of sequences that were lost and given again, first and last, oldest first.
    lost: std::sync::RwLock<Vec<(u64, u64)>>,
}

impl App {
    /// The log.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// The documents.
    pub fn documents(&self) -> &Arc<dyn DocumentStore> {
        &self.documents
    }

    /// The clock of this node.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The log's id; nil where its first event can't be read and nothing else proves it. Nothing is recorded then.
    pub fn log_id(&self) -> Uuid {
        self.log_id
    }

    /// The origin line of the log's checkpoints, where the log's first event can be read.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Programs, measures, subjects and calendars.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// What happened since this process opened the log.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The range of sequences, first and last, that was lost and given again, if this one lies in one:
    /// it alone does not tell which event is meant.
    pub fn lost_range(&self, sequence: u64) -> Option<(u64, u64)> {
        let lost = self.lost.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        lost.iter().copied().find(|(first, last)| (*first..=*last).contains(&sequence))
    }

    /// All such ranges, oldest first.
    pub fn lost_ranges(&self) -> Vec<(u64, u64)> {
        self.lost.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn stripe(&self, stream: &str) -> &Mutex<()> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or_default();
        &self.stripes[index]
    }
}
