//! Tokens that were verified before, by their SHA-256, so that a busy client costs one signature check
//! per token and not per request.
//!
//! What must hold: memory is bounded in bytes, oldest out first. Whether an entry still counts (expiry,
//! withdrawn key, revocation) is asked by the caller at each use; a token that failed is never kept.

use super::token::Verified;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

pub(super) type TokenHash = [u8; 32];

/// What the map, the queue and the allocator take for an entry besides its strings, about.
const ENTRY_OVERHEAD_BYTES: usize = 256;

pub(super) struct VerifiedTokens {
    max_bytes: usize,
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<TokenHash, Arc<Verified>>,
    oldest_first: VecDeque<TokenHash>,
    bytes: usize,
}

impl VerifiedTokens {
    pub fn new(max_bytes: usize) -> VerifiedTokens {
        VerifiedTokens { max_bytes, inner: RwLock::default() }
    }

    pub fn key(token: &str) -> TokenHash {
        Sha256::digest(token).into()
    }

    pub fn get(&self, key: &TokenHash) -> Option<Arc<Verified>> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.entries.get(key).cloned()
    }

    pub fn insert(&self, key: TokenHash, verified: Arc<Verified>) {
        let size = size_bytes(&verified);
        if size > self.max_bytes {
            return;
        }
        let mut guard = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *guard;
        if inner.entries.contains_key(&key) {
            return;
        }
        while inner.bytes + size > self.max_bytes {
            let Some(oldest) = inner.oldest_first.pop_front() else {
                break;
            };
            if let Some(gone) = inner.entries.remove(&oldest) {
                inner.bytes -= size_bytes(&gone);
            }
        }
        inner.bytes += size;
        inner.oldest_first.push_back(key);
        inner.entries.insert(key, verified);
    }
}

fn size_bytes(verified: &Verified) -> usize {
    let p = &verified.principal;
    let divisions: usize = p.divisions.iter().map(|d| d.len() + size_of::<String>()).sum();
    let strings = p.iss.len()
        + p.sub.len()
        + p.office.len()
        + verified.key_id.len()
        + verified.token_id.len();
    ENTRY_OVERHEAD_BYTES + size_of::<Verified>() + strings + divisions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::asking::auth::{Principal, Role};

    fn verified(sub: &str) -> Arc<Verified> {
        let principal = Principal {
            iss: "i".to_owned(),
            sub: sub.to_owned(),
            role: Role::Auditor,
            office: "o".to_owned(),
            divisions: vec!["440000".to_owned()],
        };
        let (key_id, token_id) = ("k".to_owned(), "t".to_owned());
        Arc::new(Verified { principal, key_id, token_id, expires_at: 10 })
    }

    #[test]
    fn stays_within_its_bytes_and_drops_the_oldest() {
        let one = size_bytes(&verified("a"));
        let cache = VerifiedTokens::new(2 * one);
        for name in ["a", "b", "b", "c"] {
            cache.insert(VerifiedTokens::key(name), verified(name));
        }
        assert!(cache.get(&VerifiedTokens::key("a")).is_none());
        assert!(cache.get(&VerifiedTokens::key("b")).is_some());
        assert!(cache.get(&VerifiedTokens::key("c")).is_some());
        let inner = cache.inner.read().unwrap();
        assert_eq!((inner.bytes, inner.oldest_first.len()), (2 * one, 2));
    }

    #[test]
    fn an_entry_larger_than_the_bound_is_not_kept() {
        let cache = VerifiedTokens::new(10);
        cache.insert(VerifiedTokens::key("a"), verified("a"));
        assert!(cache.get(&VerifiedTokens::key("a")).is_none());
    }
}
