//! Whether a log's store is what it should be: what is kept twice says the same, numbers are dense, every
//! event has its stream. What looking at it found, for whoever shows it and for reads that would lie.
//!
//! Deliberately not here: whether somebody changed an event in a way that leaves the structure whole. That
//! takes hashes that are kept elsewhere.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{EventLog, LogError, MAX_PAGE_EVENTS, StreamName};

/// The most that is listed; where there is more, the log is to be restored anyway.
pub const MAX_DAMAGES: usize = 20;

/// Something in a log's store that is not as it should be, and as much of its place as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The sequence of the event at which it was met.
    pub sequence: Option<u64>,
    /// The stream.
    pub stream: Option<String>,
    /// The index, in the engine's name.
    pub index: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// Whether it is one event in its place that can't be read: what does not need it goes on.
    pub is_of_event: bool,
}

impl Damage {
    /// Damage of the structure, of which only what is wrong is known.
    pub(super) fn of_structure(reason: String) -> Self {
        Self { sequence: None, stream: None, index: None, reason, is_of_event: false }
    }

    /// Damage that a read met.
    fn met(error: LogError) -> Result<Self, LogError> {
        match error {
            LogError::Corrupt { sequence, reason } => {
                Ok(Self { sequence: Some(sequence), ..Self::of_structure(reason) })
            }
            other => Err(other),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = [
            self.sequence.map(|sequence| format!("sequence {sequence}")),
            self.stream.as_ref().map(|stream| format!("stream {stream}")),
            self.index.as_ref().map(|index| format!("index {index}")),
        ];
        let place = places.into_iter().flatten().collect::<Vec<_>>().join(", ");
        if place.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{place}: {}", self.reason)
        }
    }
}

/// Told how many of how many pieces are done; `false` ends the work.
pub type Progress = Arc<dyn Fn(u64, u64) -> bool + Send + Sync>;

/// What was found in a log that is open; one value for each.
#[derive(Debug, Default)]
pub struct Integrity(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    damages: Vec<Damage>,
    checked_to: Option<u64>,
    is_whole: bool,
}

impl Integrity {
    /// Takes in what was found.
    pub(super) fn add(&self, damages: impl IntoIterator<Item = Damage>) {
        let mut found = self.lock();
        for damage in damages {
            if found.damages.len() < MAX_DAMAGES && !found.damages.contains(&damage) {
                found.damages.push(damage);
            }
        }
    }

    /// Notes that everything up to this sequence was looked at, and whether the store as a whole was.
    pub(super) fn note_checked(&self, to: Option<u64>, is_whole: bool) {
        let mut found = self.lock();
        found.checked_to = to.max(found.checked_to);
        found.is_whole |= is_whole;
    }

    /// What was found so far.
    pub fn damages(&self) -> Vec<Damage> {
        self.lock().damages.clone()
    }

    /// Whether the store as a whole was looked at since it was opened.
    pub fn is_whole(&self) -> bool {
        self.lock().is_whole
    }

    /// Up to which sequence it was looked at from the first event on.
    pub fn checked_to(&self) -> Option<u64> {
        self.lock().checked_to
    }

    /// That a stream may be read: what its index says of it is not known to be wrong.
    pub(super) fn check_stream(&self, stream: &StreamName) -> Result<(), LogError> {
        let found = self.lock();
        // Who reads an event that can't be read hears of it there.
        let named = |damage: &&Damage| {
            damage.stream.as_deref() == Some(stream.as_str()) && !damage.is_of_event
        };
        match found.damages.iter().find(named) {
            None => Ok(()),
            Some(damage) => Err(LogError::Corrupt {
                sequence: damage.sequence.unwrap_or_default(),
                reason: damage.reason.clone(),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a log to its end and checks that it is dense, as a whole and in each stream: what can be told of
/// an engine whose own structure is its own affair.
pub(super) async fn walk(
    log: &(impl EventLog + ?Sized),
    progress: &Progress,
) -> Result<Vec<Damage>, LogError> {
    let total = log.head().await?.map_or(0, |head| head + 1);
    let mut next: HashMap<StreamName, u64> = HashMap::new();
    let mut after = None;
    loop {
        let page = match log.read_all(after, MAX_PAGE_EVENTS).await {
            Ok(page) => page,
            Err(error) => return Ok(vec![Damage::met(error)?]),
        };
        for event in page.events {
            let wanted = next.entry(event.stream.clone()).or_default();
            if event.revision != *wanted {
                let reason = format!("it has revision {}, {wanted} is the next", event.revision);
                return Ok(vec![Damage {
                    sequence: Some(event.sequence),
                    stream: Some(event.stream.to_string()),
                    ..Damage::of_structure(reason)
                }]);
            }
            *wanted += 1;
        }
        after = page.next;
        if page.end {
            return Ok(Vec::new());
        }
        if !progress(after.map_or(0, |after| after + 1), total) {
            return Err(LogError::Unavailable("the check was stopped".to_owned()));
        }
    }
}
