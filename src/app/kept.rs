//! What is kept in memory because it is asked for often, bounded in bytes.
//!
//! Two generations: what is used moves to the young one; when that holds half of the bytes the old
//! one is let go and the young one becomes old. A hit on the young one costs a shared lock and a
//! hash. Whoever puts a value in says what it takes; whether it is still true is the caller's to
//! know.

use std::collections::HashMap;
use std::mem;
use std::sync::{PoisonError, RwLock};

/// What the map and the allocator take for an entry besides key and value, about.
const ENTRY_OVERHEAD_BYTES: usize = 96;

type Generation<V> = HashMap<Box<str>, (V, usize)>;

/// Values by name.
pub struct Kept<V> {
    half_bytes: usize,
    inner: RwLock<Inner<V>>,
}

struct Inner<V> {
    young: Generation<V>,
    old: Generation<V>,
    young_bytes: usize,
}

impl<V: Clone> Kept<V> {
    /// Keeps at most so many bytes.
    pub fn new(max_bytes: usize) -> Self {
        let inner = Inner { young: HashMap::new(), old: HashMap::new(), young_bytes: 0 };
        Self { half_bytes: max_bytes / 2, inner: RwLock::new(inner) }
    }

    /// A value, if it is kept.
    pub fn get(&self, key: &str) -> Option<V> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((value, _)) = inner.young.get(key) {
            return Some(value.clone());
        }
        if !inner.old.contains_key(key) {
            return None;
        }
        drop(inner);
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        // Another may have moved it meanwhile.
        let Some((key, (value, bytes))) = inner.old.remove_entry(key) else {
            return inner.young.get(key).map(|(value, _)| value.clone());
        };
        inner.put(key, value.clone(), bytes, self.half_bytes);
        Some(value)
    }

    /// Keeps a value that takes so many bytes, in place of what the name had; nothing that would
    /// fill half of the room by itself.
    pub fn put(&self, key: &str, value: V, bytes: usize) {
        let bytes = bytes + key.len() + ENTRY_OVERHEAD_BYTES;
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        inner.remove(key);
        if bytes <= self.half_bytes {
            inner.put(key.into(), value, bytes, self.half_bytes);
        }
    }

    /// Lets go of a value.
    pub fn remove(&self, key: &str) {
        self.inner.write().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl<V> Inner<V> {
    fn put(&mut self, key: Box<str>, value: V, bytes: usize, half_bytes: usize) {
        if self.young_bytes + bytes > half_bytes {
            self.old = mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
        self.young.insert(key, (value, bytes));
    }

    fn remove(&mut self, key: &str) {
        if let Some((_, bytes)) = self.young.remove(key) {
            self.young_bytes -= bytes;
        }
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(kept: &Kept<u32>) -> usize {
        let inner = kept.inner.read().unwrap();
        let of = |generation: &Generation<u32>| -> usize {
            generation.values().map(|(_, bytes)| bytes).sum()
        };
        assert_eq!(of(&inner.young), inner.young_bytes);
        of(&inner.young) + of(&inner.old)
    }

    #[test]
    fn it_stays_within_its_bytes_and_keeps_what_is_asked_for() {
        let kept = Kept::new(10_000);
        kept.put("hot", 1, 100);
        for n in 0..1_000 {
            kept.put(&format!("cold-{n}"), n, 100);
            assert_eq!(kept.get("hot"), Some(1), "after {n}");
            assert!(bytes(&kept) <= 10_000, "after {n}");
        }
        assert_eq!(kept.get("cold-0"), None);
        assert_eq!(kept.get("cold-999"), Some(999));
        kept.remove("hot");
        assert_eq!(kept.get("hot"), None);
    }

    #[test]
    fn a_value_is_replaced_and_a_large_one_is_not_kept() {
        let kept = Kept::new(1_000);
        kept.put("a", 1, 10);
        kept.put("a", 2, 20);
        assert_eq!((kept.get("a"), bytes(&kept)), (Some(2), 20 + 1 + ENTRY_OVERHEAD_BYTES));
        kept.put("a", 3, 600);
        assert_eq!((kept.get("a"), bytes(&kept)), (None, 0));
    }
}
