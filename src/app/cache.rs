//! Folded enrollments, in a cache bounded in bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::domain::date::Day;
use crate::domain::event::Recorded;
use crate::domain::evolve::evolve;
use crate::domain::history::{History, corrected_revision};
use crate::domain::state::State;

/// What is kept of an enrollment between acts: enough to decide one that goes in at the end.
#[derive(Debug, Clone, Default)]
pub struct Cached {
    /// The state after every event.
    pub state: State,
    /// The last place in the effective history.
    pub last_place: Option<Day>,
    /// The newest revision.
    pub revision: Option<u64>,
    /// The newest revision at which an office acted.
    pub acted_revision: Option<u64>,
    /// The sequence of the newest event, where it is known.
    pub sequence: Option<u64>,
    index: Arc<Mutex<Index>>,
}

/// The events' ids by revision, and revisions by the hash of the key. The folds of one enrollment
/// share it, so that the next one costs no copy of it; each looks at what is up to its revision.
#[derive(Debug, Default)]
struct Index {
    ids: Vec<Uuid>,
    keys: HashMap<u64, u64>,
}

impl Cached {
    /// Folds a history.
    pub fn of(history: &History) -> Self {
        let mut cached =
            Self { state: history.state(), last_place: history.last_place(), ..Self::default() };
        for event in history.events() {
            cached.note(event);
        }
        cached
    }

    /// Folds one more event, if that needs no other: false when the history has to be refolded.
    #[must_use]
    pub fn push(&mut self, event: &Recorded) -> bool {
        let day = event.meta.effective_on.latest();
        let at_end = self.last_place.is_none_or(|last| last <= day);
        if corrected_revision(event).is_some() || (!at_end && !event.event.is_own()) {
            return false;
        }
        // The order in which Docket's own events are folded makes no difference.
        evolve(&mut self.state, event, day);
        if !event.event.is_own() {
            self.last_place = Some(day);
        }
        self.note(event);
        true
    }

    fn note(&mut self, event: &Recorded) {
        if lock(&self.index).ids.len() as u64 != event.revision {
            // Another fold went on from the same events.
            let own = self.own_index(event.revision);
            self.index = Arc::new(Mutex::new(own));
        }
        self.revision = Some(event.revision);
        self.sequence = event.sequence;
        if !event.event.is_own() {
            self.acted_revision = Some(event.revision);
        }
        let mut index = lock(&self.index);
        index.ids.push(event.id);
        if let Some((key, _)) = &event.meta.key {
            index.keys.insert(key_hash(&event.meta.principal, key), event.revision);
        }
    }

    fn own_index(&self, before: u64) -> Index {
        let index = lock(&self.index);
        let count = usize::try_from(before).unwrap_or(usize::MAX);
        let keys = index.keys.iter().filter(|(_, revision)| **revision < before);
        Index {
            ids: index.ids.iter().take(count).copied().collect(),
            keys: keys.map(|(hash, revision)| (*hash, *revision)).collect(),
        }
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
        let found = lock(&self.index).keys.get(&hash).copied();
        found.filter(|revision| Some(*revision) <= self.revision)
    }

    /// An estimate of the bytes held.
    fn bytes(&self) -> usize {
        let (state, index) = (&self.state, lock(&self.index));
        512 + state.duties.len() * 320
            + state.plan_versions.len() * 8
            + state.results.len() * 80
            + state.matters.len() * 96
            + state.lapses.as_ref().map_or(0, |lapses| lapses.len() * 96)
            + index.ids.capacity() * 16
            + index.keys.capacity() * 24
    }
}

fn lock(index: &Mutex<Index>) -> std::sync::MutexGuard<'_, Index> {
    index.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn key_hash(principal: &str, key: &str) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(principal.as_bytes());
    hasher.update([0]);
    hasher.update(key.as_bytes());
    let hash = hasher.finalize();
    u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
}

/// The cache: when it is full, what was not asked for since the last round is let go.
pub struct EnrollmentCache {
    limit_bytes: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<Arc<str>, (Arc<Cached>, bool, usize)>,
    bytes: usize,
}

impl EnrollmentCache {
    /// A cache of at most so many bytes.
    pub fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, inner: Mutex::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The enrollment's fold, if it is kept.
    pub fn get(&self, stream: &str) -> Option<Arc<Cached>> {
        let mut inner = self.lock();
        let entry = inner.entries.get_mut(stream)?;
        entry.1 = true;
        Some(entry.0.clone())
    }

    /// The enrollment's fold, if it is kept; that does not count as asking for it.
    pub fn peek(&self, stream: &str) -> Option<Arc<Cached>> {
        self.lock().entries.get(stream).map(|(cached, _, _)| cached.clone())
    }

    /// Keeps a fold, unless a newer one is kept.
    pub fn put(&self, stream: &str, cached: Arc<Cached>) {
        let bytes = cached.bytes() + stream.len() * 2;
        let mut inner = self.lock();
        if inner.entries.get(stream).is_some_and(|(kept, _, _)| kept.revision > cached.revision) {
            return;
        }
        let asked = inner.entries.get(stream).is_some_and(|(_, asked, _)| *asked);
        let old = inner.entries.insert(Arc::from(stream), (cached, asked, bytes));
        inner.bytes = inner.bytes + bytes - old.map_or(0, |(_, _, bytes)| bytes);
        if inner.bytes > self.limit_bytes {
            inner.shrink(self.limit_bytes / 8 * 7, stream);
        }
    }

    /// Lets go of a fold.
    pub fn forget(&self, stream: &str) {
        let mut inner = self.lock();
        if let Some((_, _, bytes)) = inner.entries.remove(stream) {
            inner.bytes -= bytes;
        }
    }

    /// The bytes held, by estimate.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.lock().bytes
    }
}

impl Inner {
    /// Two rounds: first what was not asked for since the last shrinking, then whatever is there.
    fn shrink(&mut self, target: usize, keep: &str) {
        for spare_asked in [true, false] {
            let mut bytes = self.bytes;
            self.entries.retain(|stream, (_, asked, size)| {
                let stays = bytes <= target || &**stream == keep || (spare_asked && *asked);
                *asked = false;
                if !stays {
                    bytes -= *size;
                }
                stays
            });
            self.bytes = bytes;
            if bytes <= target {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::append::own_meta;
    use crate::domain::date::Timestamp;
    use crate::domain::event::{ApprovalAbandoned, Event};
    use crate::domain::ids::EventRef;

    #[test]
    fn the_cache_stays_within_its_bytes_and_keeps_what_is_asked_for() {
        let limit = 64 * 1024;
        let cache = EnrollmentCache::new(limit);
        cache.put("hot", Arc::new(Cached::default()));
        for n in 0..2_000 {
            cache.put(&format!("cold-{n}"), Arc::new(Cached::default()));
            assert!(cache.get("hot").is_some(), "after {n}");
            assert!(cache.bytes() <= limit, "{} bytes after {n}", cache.bytes());
        }
        let kept = (0..2_000).filter(|n| cache.get(&format!("cold-{n}")).is_some()).count();
        assert!((1..limit / 512).contains(&kept), "{kept} are kept");
        cache.forget("hot");
        assert!(cache.get("hot").is_none());
    }

    fn abandoned(revision: u64, id: u128, key: &str) -> Recorded {
        let now = Timestamp::from_micros(0);
        let mut meta = own_meta(now, true);
        meta.key = Some((key.into(), "print".into()));
        let reservation = EventRef { stream: "quota".to_owned(), revision: 0, id: Uuid::nil() };
        let event = Event::ApprovalAbandoned(ApprovalAbandoned { reservation });
        Recorded { revision, sequence: Some(revision), id: Uuid::from_u128(id), event, meta }
    }

    /// Folds share the list of events; a fold that goes another way gets one of its own.
    #[test]
    fn each_fold_sees_the_events_up_to_its_own_revision() {
        let mut first = Cached::default();
        assert!(first.push(&abandoned(0, 10, "a")));
        let mut second = first.clone();
        assert!(second.push(&abandoned(1, 11, "b")));
        assert!(Arc::ptr_eq(&first.index, &second.index));
        assert_eq!((first.id_at(0), first.id_at(1)), (Some(Uuid::from_u128(10)), None));
        assert_eq!(first.revision_of_key("docket", "b"), None);
        assert_eq!(second.id_at(1), Some(Uuid::from_u128(11)));
        assert_eq!(second.revision_of_key("docket", "a"), Some(0));
        let mut other = first.clone();
        assert!(other.push(&abandoned(1, 12, "c")));
        assert_eq!(other.id_at(1), Some(Uuid::from_u128(12)));
        assert_eq!(other.revision_of_key("docket", "b"), None);
        assert_eq!(second.id_at(1), Some(Uuid::from_u128(11)));
        assert_eq!(second.revision_of_key("docket", "c"), None);
    }

    #[test]
    fn an_older_fold_never_replaces_a_newer_one() {
        let cache = EnrollmentCache::new(64 * 1024);
        let at = |revision| Arc::new(Cached { revision: Some(revision), ..Cached::default() });
        cache.put("x", at(7));
        cache.put("x", at(6));
        assert_eq!(cache.get("x").and_then(|cached| cached.revision), Some(7));
    }
}
