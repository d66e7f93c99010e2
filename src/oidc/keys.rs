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
    asked: Mutex<Option<Instant>>,
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
        let between = if known.is_some() { self.pace.between } else { self.pace.while_away };
        if asked.is_some_and(|at| at.elapsed() < between) {
            return false;
        }
        let read = read.await;
        // Counted from the end: who waited meanwhile does not wait once more.
        *asked = Some(Instant::now());
        self.keep(read) && self.known().is_some_and(|known| known.has_id(id))
    }

    fn keep(&self, read: Option<KeySet>) -> bool {
        let Some(read) = read else { return false };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(read));
        true
    }
}
