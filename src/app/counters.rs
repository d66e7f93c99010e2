//! What happened since this process opened the log, counted: plain numbers, so that counting costs
//! one addition. How they are shown is the edge's (`api`).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::event_type::EventType;

/// The numbers.
#[derive(Debug)]
pub struct Counters {
    appended: BTreeMap<&'static str, AtomicU64>,
    conflicts: AtomicU64,
    replays: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        let appended = EventType::all().map(|of| (of.name, AtomicU64::new(0)));
        Self {
            appended: appended.collect(),
            conflicts: AtomicU64::new(0),
            replays: AtomicU64::new(0),
        }
    }
}

impl Counters {
    /// Counts an event that was appended.
    pub(super) fn count_appended(&self, event_type: &str) {
        if let Some(counter) = self.appended.get(event_type) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts an append that another was faster than.
    pub(super) fn count_conflict(&self) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that was answered from the event that its first try wrote.
    pub(super) fn count_replay(&self) {
        self.replays.fetch_add(1, Ordering::Relaxed);
    }

    /// Events appended, by type, in the order of their names.
    pub fn appended(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.appended.iter().map(|(name, count)| (*name, count.load(Ordering::Relaxed)))
    }

    /// Appends that found the stream at another revision.
    pub fn conflicts(&self) -> u64 {
        self.conflicts.load(Ordering::Relaxed)
    }

    /// Requests answered from the event that their first try wrote.
    pub fn replays(&self) -> u64 {
        self.replays.load(Ordering::Relaxed)
    }
}
