//! What is kept in memory because it is asked for often, bounded in bytes. Whoever puts a value in says
//! what it takes; whether it is still true is the caller's to know. What was asked for more than once
//! outlasts what comes by once (`quick_cache`).

use std::hash::Hash;

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, OptionsBuilder, Weighter};

/// What the table and the allocator take for an entry besides key and value, about.
const ENTRY_OVERHEAD_BYTES: usize = 96;
/// What an entry takes, about: by that the table's first size is chosen.
const USUAL_BYTES: usize = 4096;

/// Values by key.
pub struct Kept<K, V> {
    cache: Cache<K, Held<V>, ByBytes>,
}

#[derive(Clone)]
struct Held<V> {
    value: V,
    bytes: usize,
}

#[derive(Clone)]
struct ByBytes;

impl<K, V> Weighter<K, Held<V>> for ByBytes {
    fn weight(&self, _: &K, held: &Held<V>) -> u64 {
        held.bytes as u64
    }
}

impl<K: Hash + Eq, V: Clone> Kept<K, V> {
    /// Keeps at most so many bytes.
    pub fn new(max_bytes: usize) -> Self {
        Self { cache: Cache::with_weighter(max_bytes / USUAL_BYTES, max_bytes as u64, ByBytes) }
    }

    /// The same for few and large values: the room is not divided among locks, so that one value may
    /// take most of it.
    pub fn undivided(max_bytes: usize) -> Self {
        let mut options = OptionsBuilder::new();
        let options = options
            .estimated_items_capacity(max_bytes / USUAL_BYTES)
            .weight_capacity(max_bytes as u64)
            .shards(1);
        let cache = options.build().map(|options| {
            Cache::with_options(options, ByBytes, Default::default(), Default::default())
        });
        // What is stated is all that is asked for.
        cache.map_or_else(|_| Self::new(max_bytes), |cache| Self { cache })
    }

    /// A value, if it is kept.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.cache.get(key).map(|held| held.value)
    }

    /// The same, which does not count as asking for it.
    pub fn peek<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.cache.peek(key).map(|held| held.value)
    }

    /// A value, made where it is not kept: by one of those who ask at once.
    pub fn get_or(&self, key: &K, make: impl FnOnce() -> (V, usize)) -> V
    where
        K: Clone,
    {
        let made = || {
            let (value, bytes) = make();
            Ok::<_, std::convert::Infallible>(Held { value, bytes: bytes + ENTRY_OVERHEAD_BYTES })
        };
        match self.cache.get_or_insert_with(key, made) {
            Ok(held) => held.value,
            Err(never) => match never {},
        }
    }

    /// Keeps a value that takes so many bytes besides its key's, in place of what the key had; nothing
    /// that would fill the room by itself.
    pub fn put(&self, key: K, value: V, bytes: usize) {
        self.cache.insert(key, Held { value, bytes: bytes + ENTRY_OVERHEAD_BYTES });
    }

    /// Lets go of a value.
    pub fn remove<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        self.cache.remove(key);
    }

    /// Lets go of everything.
    pub fn clear(&self) {
        self.cache.clear();
    }

    /// The bytes held.
    pub fn bytes(&self) -> usize {
        usize::try_from(self.cache.weight()).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_within_its_bytes_and_keeps_what_is_asked_for() {
        let kept = Kept::new(10_000);
        kept.put("hot".to_owned(), 1, 100);
        for n in 0..1_000 {
            kept.put(format!("cold-{n}"), n, 100);
            assert_eq!(kept.get("hot"), Some(1), "after {n}");
            assert!(kept.bytes() <= 10_000, "after {n}");
        }
        let cold = (0..1_000).filter(|n| kept.get(&format!("cold-{n}")).is_some()).count();
        assert!((1..10_000 / 196).contains(&cold), "{cold}");
        kept.remove("hot");
        assert_eq!(kept.get("hot"), None);
        kept.clear();
        assert_eq!(kept.bytes(), 0);
    }

    #[test]
    fn a_value_is_replaced_and_a_large_one_is_not_kept() {
        let kept = Kept::new(1_000);
        kept.put("a", 1, 10);
        kept.put("a", 2, 20);
        assert_eq!((kept.peek("a"), kept.bytes()), (Some(2), 20 + ENTRY_OVERHEAD_BYTES));
        kept.put("a", 3, 1_000);
        assert_eq!((kept.get("a"), kept.bytes()), (None, 0));
    }

    #[test]
    fn undivided_one_value_may_take_most_of_the_room() {
        let size = 20 << 20;
        let kept = [Kept::undivided(32 << 20), Kept::new(32 << 20)];
        kept.iter().for_each(|kept| kept.put("large", 1, size));
        assert_eq!(kept.map(|kept| kept.get("large")), [Some(1), None]);
    }

    /// As a configuration can have it.
    #[test]
    fn without_room_nothing_is_kept() {
        let kept = Kept::new(0);
        kept.put("a", 1, 10);
        assert_eq!((kept.get("a"), kept.bytes()), (None, 0));
    }
}
