//! Folded enrollments, in a cache bounded in bytes.
//!
//! What must hold: a fold is kept only if no event that it may lack was appended since the stream was
//! read. Where one process appends, its own appends are counted for that; where others append to the log
//! as well (`follow`), what the follower of the log has passed. The follower moves on what is kept, and
//! never puts a fold where none is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::kept::Kept;
use crate::domain::enrollment::Enrollment;
use crate::domain::event::Recorded;
use crate::domain::history::History;

/// What is kept of an enrollment between acts: enough to decide one that goes in at the end.
#[derive(Debug, Clone, Default)]
pub struct Cached {
    /// Its fold.
    pub enrollment: Enrollment,
    /// The newest revision at which an office acted.
    pub acted_revision: Option<u64>,
    /// The sequence of the newest event, where it is known.
    pub sequence: Option<u64>,
    index: Arc<Mutex<Index>>,
}

/// The events' ids and the hashes of the keys that made them, by revision. The folds of one enrollment
/// share it, so that the next one costs no copy of it; each looks at what is up to its revision.
#[derive(Debug, Default)]
struct Index {
    ids: Vec<Uuid>,
    /// Looked through one after the other: that of thousands takes microseconds.
    keys: Vec<Option<NonZeroU64>>,
}

impl Index {
    fn before(&self, revision: u64) -> Self {
        let count = usize::try_from(revision).unwrap_or(usize::MAX);
        Self {
            ids: self.ids.iter().take(count).copied().collect(),
            keys: self.keys.iter().take(count).copied().collect(),
        }
    }
}

impl std::ops::Deref for Cached {
    type Target = Enrollment;

    fn deref(&self) -> &Enrollment {
        &self.enrollment
    }
}

impl Cached {
    /// Folds a history.
    pub fn of(history: &History) -> Self {
        let mut cached = Self { enrollment: Enrollment::of(history), ..Self::default() };
        for event in history.events() {
            cached.note(event);
        }
        lock(&cached.index).ids.shrink_to_fit();
        lock(&cached.index).keys.shrink_to_fit();
        cached
    }

    /// Folds one more event, if that needs no other: false when the history has to be refolded.
    #[must_use]
    pub fn push(&mut self, event: &Recorded) -> bool {
        let taken = self.enrollment.push(event);
        if taken {
            self.note(event);
        }
        taken
    }

    fn note(&mut self, event: &Recorded) {
        self.sequence = event.sequence;
        if !event.event.is_own() {
            self.acted_revision = Some(event.revision);
        }
        // One lock for looking and adding: an act and the follower may fold the same event at once.
        let mut index = lock(&self.index);
        let at = usize::try_from(event.revision).unwrap_or(usize::MAX);
        if index.ids.get(at) == Some(&event.id) {
            return;
        }
        if index.ids.len() != at {
            // Another fold went on from the same events.
            let own = index.before(event.revision);
            drop(index);
            self.index = Arc::new(Mutex::new(own));
            index = lock(&self.index);
        }
        let key = event.meta.key.as_ref();
        if index.ids.len() == index.ids.capacity() {
            // Twice as much would be more than the rest of a long stream's fold.
            index.ids.reserve_exact(1 + at / 8);
            index.keys.reserve_exact(1 + at / 8);
        }
        index.ids.push(event.id);
        index.keys.push(key.and_then(|(key, _)| key_hash(&event.meta.principal, key)));
    }

    /// The id of the event at a revision.
    pub fn id_at(&self, revision: u64) -> Option<Uuid> {
        let index = usize::try_from(revision).ok().filter(|_| Some(revision) <= self.revision)?;
        lock(&self.index).ids.get(index).copied()
    }

    /// The revision of the event that a principal's key produced, if it did. A hash that happens
    /// to be equal is told apart when the event is read.
    pub fn revision_of_key(&self, principal: &str, key: &str) -> Option<u64> {
        let hash = key_hash(principal, key);
        let found = lock(&self.index).keys.iter().rposition(|made| *made == hash)?;
        u64::try_from(found).ok().filter(|revision| Some(*revision) <= self.revision)
    }

    /// An estimate of the bytes held, what the allocator adds among them.
    fn bytes(&self) -> usize {
        let (state, index) = (&self.state, lock(&self.index));
        let met: usize = state.duties.iter().map(|duty| duty.met.len()).sum();
        let indicators = state.plan_versions.iter().map(|plan| plan.indicators.len());
        2048 + state.duties.len() * 416
            + met * 128
            + indicators.map(|count| 64 + count * 24).sum::<usize>()
            + state.results.len() * 112
            + state.matters.len() * 1536
            + state.lapses.as_ref().map_or(0, |lapses| lapses.len() * 96)
            + index.ids.capacity() * 16
            + index.keys.capacity() * 8
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key_hash(principal: &str, key: &str) -> Option<NonZeroU64> {
    let mut hasher = Sha256::new();
    hasher.update(principal.as_bytes());
    hasher.update([0]);
    hasher.update(key.as_bytes());
    let hash = hasher.finalize();
    let first = hash.first_chunk::<8>().map_or(u64::MAX, |first| u64::from_be_bytes(*first));
    NonZeroU64::new(first | 1)
}

/// How many counts of events passed the enrollments share.
const SLOTS: u64 = 1024;

/// How many events had been appended or passed, as far as that is counted, when a stream was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen(u64);

/// The cache.
pub struct EnrollmentCache {
    /// Whether others append too: then the follower counts, who hears of this process's events as well.
    is_shared: bool,
    folds: Kept<Arc<str>, Arc<Cached>>,
    /// Events of enrollments that were appended or passed, in slots by the stream's name. A fold is kept
    /// or moved on under the lock of its slot only.
    passed: Vec<Mutex<u64>>,
    /// Nothing is kept while the log can't be followed.
    suspended: AtomicBool,
}

impl EnrollmentCache {
    /// A cache of at most so many bytes, over a log to which others append too, or not.
    pub fn new(limit_bytes: usize, is_shared: bool) -> Self {
        let passed = (0..SLOTS).map(|_| Mutex::default()).collect();
        let suspended = AtomicBool::new(false);
        Self { is_shared, folds: Kept::new(limit_bytes), passed, suspended }
    }

    fn slot(&self, stream: &str) -> MutexGuard<'_, u64> {
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        let slot = usize::try_from(hasher.finish() % SLOTS).unwrap_or_default();
        lock(&self.passed[slot])
    }

    /// The enrollment's fold, if it is kept.
    pub fn kept(&self, stream: &str) -> Option<Arc<Cached>> {
        self.folds.get(stream)
    }

    /// The same; and what to state when one is put in its place.
    pub fn get(&self, stream: &str) -> (Option<Arc<Cached>>, Seen) {
        let passed = self.slot(stream);
        (self.folds.get(stream), Seen(*passed))
    }

    /// What to state when a fold is put that is read from now on.
    pub fn seen(&self, stream: &str) -> Seen {
        Seen(*self.slot(stream))
    }

    /// Notes that this process has appended to a stream, or may have: nothing that was read before is
    /// kept.
    pub fn appended(&self, stream: &str) {
        if !self.is_shared {
            *self.slot(stream) += 1;
        }
    }

    /// What to state when a fold is put that has an event which this process appended to one that was
    /// read after `seen`.
    pub fn with_own_event(&self, stream: &str, seen: Seen) -> Seen {
        if self.is_shared { seen } else { self.seen(stream) }
    }

    /// The enrollment's fold, if it is kept; that does not count as asking for it.
    pub fn peek(&self, stream: &str) -> Option<Arc<Cached>> {
        self.folds.peek(stream)
    }

    /// Keeps a fold of what was read, or appended to, after `seen`; unless a newer one is kept, or
    /// the follower has passed events since which may not be in it.
    pub fn put(&self, stream: &str, cached: Arc<Cached>, seen: Seen) {
        let passed = self.slot(stream);
        let kept = self.folds.peek(stream);
        if kept.as_ref().is_some_and(|kept| !is_newer(&cached, kept)) {
            return;
        }
        // Where others append, that a stream has no events is true for a moment only.
        let suspended = self.suspended.load(Ordering::Relaxed);
        let holds = !self.is_shared || (!suspended && cached.revision.is_some());
        if holds && Seen(*passed) == seen {
            let bytes = cached.bytes() + stream.len();
            self.folds.put(Arc::from(stream), cached, bytes);
        } else if kept.is_some_and(|kept| kept.revision < cached.revision) {
            self.folds.remove(stream);
        }
    }

    /// Takes in that the log holds an event of an enrollment: a kept fold is moved on by it, or let
    /// go where that needs more than the event. For one caller, in the order of the log.
    pub fn follow(
        &self,
        stream: &str,
        revision: u64,
        sequence: u64,
        read: impl FnOnce() -> Option<Recorded>,
    ) {
        let (kept, seen) = {
            let mut passed = self.slot(stream);
            *passed += 1;
            (self.folds.peek(stream), Seen(*passed))
        };
        let Some(kept) = kept else { return };
        let next = kept.revision.map_or(0, |newest| newest + 1);
        if revision + 1 == next && kept.sequence.is_none() {
            let counted = Cached { sequence: Some(sequence), ..Cached::clone(&kept) };
            self.put(stream, Arc::new(counted), seen);
        }
        if revision < next {
            return;
        }
        if revision == next
            && let Some(event) = read()
        {
            let mut moved = Cached::clone(&kept);
            if moved.push(&event) {
                self.put(stream, Arc::new(moved), seen);
                return;
            }
        }
        let _slot = self.slot(stream);
        if self.folds.peek(stream).is_some_and(|kept| kept.revision < Some(revision)) {
            self.folds.remove(stream);
        }
    }

    /// Lets go of everything and keeps nothing until [`EnrollmentCache::resume`]: events may stand in
    /// the log of which nobody here will hear.
    pub fn suspend(&self) {
        self.suspended.store(true, Ordering::Relaxed);
        // Nor is what is being read now kept after the end of it.
        for passed in &self.passed {
            *lock(passed) += 1;
        }
        self.folds.clear();
    }

    /// Keeps folds again.
    pub fn resume(&self) {
        self.suspended.store(false, Ordering::Relaxed);
    }

    /// Lets go of a fold.
    pub fn forget(&self, stream: &str) {
        let _slot = self.slot(stream);
        self.folds.remove(stream);
    }

    /// The bytes held, by estimate.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.folds.bytes()
    }
}

/// Whether a fold says more than the one that is kept.
fn is_newer(cached: &Cached, kept: &Cached) -> bool {
    let counted = |fold: &Cached| (fold.revision, fold.sequence.is_some());
    counted(cached) >= counted(kept)
}

#[cfg(test)]
mod tests;
