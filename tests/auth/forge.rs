//! A server's token key, and the means to sign anything at all with it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use docket::api::auth::{Grant, LocalVerifier, Role, TokenKey};
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const NOW: i64 = 1_500_000_000;
pub const ISSUER: &str = "https://docket.example";

/// A key as the server keeps it, and the same pair for forging with.
pub struct Keys {
    pub key: TokenKey,
    pub pair: SigningKey,
}

pub fn keys() -> Keys {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token.pem");
    let key = TokenKey::open_or_create(&path, &mut rng()).unwrap();
    let pair = SigningKey::from_pkcs8_pem(&std::fs::read_to_string(path).unwrap()).unwrap();
    Keys { key, pair }
}

#[expect(clippy::disallowed_methods, reason = "a test needs a fresh key")]
pub fn rng() -> impl rand::CryptoRng {
    rand::rng()
}

pub fn grant() -> Grant {
    Grant {
        issuer: ISSUER.to_owned(),
        audience: "docket".to_owned(),
        sub: "u-17".to_owned(),
        role: Role::LocalGovernment,
        office: "gov-futian".to_owned(),
        divisions: vec!["futian".to_owned()],
        jti: "t-1".to_owned(),
    }
}

pub fn verifier(keys: &Keys) -> LocalVerifier {
    LocalVerifier::new(&keys.key, ISSUER, "docket")
}

pub fn header(keys: &Keys) -> Value {
    json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": keys.key.id() })
}

pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "docket", "sub": "u-17", "iat": NOW, "exp": NOW + 600, "jti": "t-1",
        "role": "local_government", "office": "gov-futian", "divisions": ["futian"],
    })
}

pub fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

pub fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

pub fn signing_input(header: &Value, claims: &[u8]) -> String {
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims))
}

pub fn forge(keys: &Keys, header: &Value, claims: &[u8]) -> String {
    let input = signing_input(header, claims);
    let signature = keys.pair.sign(input.as_bytes()).to_bytes();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(message);
    let outer = Sha256::new().chain_update(block.map(|b| b ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

/// Another pair that calls itself by the server's key id.
pub fn stranger(keys: &Keys) -> Keys {
    Keys { key: keys.key.clone(), ..self::keys() }
}
