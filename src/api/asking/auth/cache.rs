//! Tokens that were verified before, by their SHA-256, so that a busy client costs one signature check
//! per token and not per request.
//!
//! What must hold: memory is bounded in bytes. Whether an entry still counts (expiry,
//! withdrawn key, revocation) is asked by the caller at each use; a token that failed is never kept.

use super::token::Verified;
use crate::app::Kept;
use sha2::{Digest, Sha256};
use std::sync::Arc;

pub(super) type TokenHash = [u8; 32];

pub(super) struct VerifiedTokens(Kept<TokenHash, Arc<Verified>>);

impl VerifiedTokens {
    pub fn new(max_bytes: usize) -> VerifiedTokens {
        VerifiedTokens(Kept::new(max_bytes))
    }

    pub fn key(token: &str) -> TokenHash {
        Sha256::digest(token).into()
    }

    pub fn get(&self, key: &TokenHash) -> Option<Arc<Verified>> {
        self.0.get(key)
    }

    pub fn insert(&self, key: TokenHash, verified: Arc<Verified>) {
        let bytes = size_bytes(&verified);
        self.0.put(key, verified, bytes);
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
    size_of::<TokenHash>() + size_of::<Verified>() + strings + divisions
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
        Arc::new(Verified {
            principal,
            key_id,
            token_id,
            expires_at: 10,
            leeway_s: 0,
            is_own: true,
        })
    }

    #[test]
    fn a_token_is_remembered_within_the_bound() {
        let cache = VerifiedTokens::new(64 * 1024);
        cache.insert(VerifiedTokens::key("a"), verified("a"));
        assert_eq!(cache.get(&VerifiedTokens::key("a")), Some(verified("a")));
        assert!(cache.get(&VerifiedTokens::key("b")).is_none());
        for name in 0..1_000 {
            cache.insert(VerifiedTokens::key(&name.to_string()), verified("b"));
        }
        assert!(cache.0.bytes() <= 64 * 1024, "{}", cache.0.bytes());
    }
}
