//! The keys that a provider publishes (JWKS), kept.
//!
//! What must hold: keys are replaced only by keys that were read; one reads at a time, and who waited for
//! that looks at what it brought; a token with an unknown key makes the provider be asked at most once in
//! [`Pace::between`], however many such tokens come.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

/// How often keys are read.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// At least so long between two readings that tokens of unknown keys ask for.
    pub between: Duration,
    /// The same while there are no keys at all.
    pub while_away: Duration,
    /// Without being asked: what was withdrawn counts no longer than this.
    pub every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            between: Duration::from_secs(30),
            while_away: Duration::from_secs(1),
            every: Duration::from_secs(600),
        }
    }
}

/// One key.
pub struct Published {
    /// As the provider says it, or made of the key where it says none.
    pub id: String,
    algorithm: Algorithm,
    /// The key.
    pub key: DecodingKey,
}

/// The keys of one reading.
pub struct KeySet(Vec<Published>);

impl KeySet {
    /// The keys for signatures in a JWKS; what is of another kind is passed over.
    pub fn of(jwks: &Value) -> Self {
        let keys = jwks["keys"].as_array().map_or(&[][..], Vec::as_slice);
        Self(keys.iter().filter_map(published).collect())
    }

    /// The key with this id; where a token names none, the only one for its algorithm.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Published> {
        let mut fitting = self.0.iter().filter(|key| key.algorithm == algorithm);
        match id {
            Some(id) => fitting.find(|key| key.id == id),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }

    fn has_id(&self, id: Option<&str>) -> bool {
        id.is_none_or(|id| self.0.iter().any(|key| key.id == id))
    }
}

fn published(jwk: &Value) -> Option<Published> {
    let made = || URL_SAFE_NO_PAD.encode(Sha256::digest(jwk.to_string()));
    let id = jwk["kid"].as_str().map_or_else(made, ToOwned::to_owned);
    let jwk = serde_json::from_value::<Jwk>(jwk.clone()).ok()?;
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return None;
    }
    // What a key is for follows from what it is, not from what a token says.
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        _ => return None,
    };
    if jwk.common.key_algorithm.is_some_and(|said| said.to_string() != format!("{algorithm:?}")) {
        return None;
    }
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some(Published { id, algorithm, key })
}

/// The keys, and when they were last asked for.
pub struct Keys {
    pace: Pace,
    known: RwLock<Option<Arc<KeySet>>>,
    asked: Mutex<Option<Asked>>,
}

/// That keys were read for the sake of a token.
struct Asked {
    at: Instant,
    had_keys: bool,
}

impl Keys {
    /// No keys yet.
    pub fn new(pace: Pace) -> Self {
        Self { pace, known: RwLock::default(), asked: Mutex::default() }
    }

    /// How often they are read.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// The keys as they were read last; nothing if they never were.
    pub fn known(&self) -> Option<Arc<KeySet>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the keys, for the sake of no token.
    pub async fn read(&self, read: impl Future<Output = Option<KeySet>>) -> bool {
        let _turn = self.asked.lock().await;
        self.keep(read.await)
    }

    /// Reads the keys because a token names an unknown one; whether it is known then.
    pub async fn learn(
        &self,
        id: Option<&str>,
        read: impl Future<Output = Option<KeySet>>,
    ) -> bool {
        let mut asked = self.asked.lock().await;
        let known = self.known();
        if known.as_ref().is_some_and(|known| known.has_id(id)) {
            return true;
        }
        let had_keys = known.is_some();
        let between = if had_keys { self.pace.between } else { self.pace.while_away };
        // What was asked for while there were no keys at all says nothing of a key that is new.
        let is_early = |last: &Asked| last.had_keys == had_keys && last.at.elapsed() < between;
        if asked.as_ref().is_some_and(is_early) {
            return false;
        }
        let read = read.await;
        // Counted from the end: who waited meanwhile does not wait once more.
        *asked = Some(Asked { at: Instant::now(), had_keys });
        self.keep(read) && self.known().is_some_and(|known| known.has_id(id))
    }

    fn keep(&self, read: Option<KeySet>) -> bool {
        let Some(read) = read else { return false };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(read));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_is_for_the_algorithm_of_its_kind_and_a_secret_for_none() {
        let x = URL_SAFE_NO_PAD.encode([7; 32]);
        let ed = |more: &[(&str, &str)]| {
            let mut jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
            more.iter().for_each(|(name, value)| jwk[*name] = json!(value));
            jwk
        };
        let of = |keys: &[Value]| KeySet::of(&json!({"keys": keys}));
        let found = |keys: &[Value], id: Option<&str>| {
            of(keys).find(id, Algorithm::EdDSA).map(|key| key.id.clone())
        };
        let (a, b) = (ed(&[("kid", "a")]), ed(&[("kid", "b")]));
        assert_eq!(found(&[a.clone(), b.clone()], Some("b")).as_deref(), Some("b"));
        assert_eq!(found(&[a.clone(), b.clone()], None), None, "which one is not said");
        assert_eq!(found(std::slice::from_ref(&a), None).as_deref(), Some("a"));
        // A key without an id has one of its own, by which it is known while it is published.
        let made = found(&[ed(&[])], None).unwrap();
        assert!(of(&[ed(&[])]).find(Some(&made), Algorithm::EdDSA).is_some());
        assert_eq!(found(&[b], Some(&made)), None);
        for unfit in [
            ed(&[("kid", "a"), ("use", "enc")]),
            ed(&[("kid", "a"), ("alg", "RS256")]),
            json!({"kty": "oct", "kid": "a", "k": x}),
            json!({"kty": "EC", "crv": "P-384", "kid": "a", "x": x, "y": x}),
            json!({"kty": "post-quantum", "kid": "a"}),
        ] {
            assert_eq!(found(std::slice::from_ref(&unfit), Some("a")), None, "{unfit}");
        }
        assert!(of(&[a]).find(Some("a"), Algorithm::ES256).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn keys_stay_when_none_can_be_read_and_who_waited_does_not_read_again() {
        let pace = Pace { between: Duration::from_secs(30), ..Pace::default() };
        let keys = Keys::new(pace);
        let read = async |id: &str| {
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode([7; 32]), "kid": id});
            Some(KeySet::of(&json!({"keys": [jwk]})))
        };
        assert!(!keys.learn(Some("a"), async { None }).await, "away");
        assert!(keys.known().is_none());
        assert!(keys.read(read("a")).await);
        assert!(!keys.read(async { None }).await);
        assert!(keys.learn(Some("a"), async { unreachable!("it is known") }).await);
        assert!(!keys.learn(Some("b"), read("a")).await, "asked, though it had been away just now");
        assert!(!keys.learn(Some("b"), async { unreachable!("not so soon") }).await);
    }
}
