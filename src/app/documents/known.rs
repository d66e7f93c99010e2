//! Documents found whole, with what their store showed of them at that moment. As long as it shows the
//! same, they need not be read again for each act that cites them.

use super::Digest;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// About 6 MiB; beyond that documents are read again.
const MAX_KNOWN: usize = 1 << 16;

/// `S` is what a store shows without reading a document: it is another as soon as anybody writes it.
pub(super) struct KnownWhole<S>(Mutex<HashMap<Digest, S>>);

impl<S> Default for KnownWhole<S> {
    fn default() -> Self {
        KnownWhole(Mutex::default())
    }
}

impl<S: PartialEq> KnownWhole<S> {
    pub fn note(&self, digest: Digest, shown: S) {
        let mut known = self.lock();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(digest, shown);
    }

    /// Whether it was found whole when it showed this.
    pub fn has(&self, digest: Digest, shown: &S) -> bool {
        self.lock().get(&digest) == Some(shown)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
