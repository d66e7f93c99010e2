//! Secrets and signatures, as Standard Webhooks 1.0.0 has them: `v1`, HMAC-SHA256 with a shared
//! secret, and `v1a`, Ed25519 with a pair of the endpoint's own. The signed content is
//! `<id>.<timestamp>.<body>`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How long a secret is, in bytes; 24 to 64 are allowed.
pub const SECRET_BYTES: usize = 32;

/// What one endpoint signs with.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The shared secret.
    pub secret: [u8; SECRET_BYTES],
    /// The private half of the pair.
    pub seed: [u8; 32],
}

/// Never with its bytes: it could end in a log.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// The secret as its receiver configures it.
    pub fn secret_text(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.secret))
    }

    /// The public half of the pair.
    pub fn public_text(&self) -> String {
        let public = SigningKey::from_bytes(&self.seed).verifying_key();
        format!("whpk_{}", STANDARD.encode(public.as_bytes()))
    }

    fn sign(&self, content: &[u8]) -> [String; 2] {
        // Any length of key is good for an HMAC, so there is no other case.
        let mac = Hmac::<Sha256>::new_from_slice(&self.secret).map(|mut mac| {
            mac.update(content);
            STANDARD.encode(mac.finalize().into_bytes())
        });
        let pair = SigningKey::from_bytes(&self.seed);
        let signature = STANDARD.encode(pair.sign(content).to_bytes());
        [format!("v1,{}", mac.unwrap_or_default()), format!("v1a,{signature}")]
    }
}

/// The value of `webhook-signature`: two signatures for each of the keys.
pub fn signatures<'a>(
    keys: impl IntoIterator<Item = &'a Keys>,
    id: &str,
    timestamp_s: i64,
    body: &[u8],
) -> String {
    let mut content = format!("{id}.{timestamp_s}.").into_bytes();
    content.extend_from_slice(body);
    let all: Vec<String> = keys.into_iter().flat_map(|keys| keys.sign(&content)).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The HMAC computed apart from this code, with Python's hmac; the public key is the one of
    /// RFC 8032, 7.1, test 1.
    #[test]
    fn signatures_are_these() {
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let keys = Keys { secret: [7; SECRET_BYTES], seed };
        assert_eq!(keys.secret_text(), "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
        assert_eq!(keys.public_text(), "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        let header = signatures([&keys], "msg_1", 1_700_000_000, b"{}");
        let parts: Vec<&str> = header.split(' ').collect();
        assert_eq!(parts[0], "v1,nuLLyheCKcS2N8JNOFt5stk98R+umYWr26/ZTfdtGM8=");
        assert_eq!(parts.len(), 2);
        assert!(parts[1].starts_with("v1a,"));
        assert_eq!(format!("{keys:?}"), "Keys(…)");
    }

    #[test]
    fn each_key_signs() {
        let one = Keys { secret: [1; SECRET_BYTES], seed: [1; 32] };
        let two = Keys { secret: [2; SECRET_BYTES], seed: [2; 32] };
        let both = signatures([&one, &two], "id", 1, b"x");
        let (first, second) =
            (signatures([&one], "id", 1, b"x"), signatures([&two], "id", 1, b"x"));
        assert_eq!(both, format!("{first} {second}"));
        assert_ne!(first, signatures([&one], "id", 2, b"x"));
    }
}
