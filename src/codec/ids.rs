//! Event ids and fingerprints: functions of what is recorded, so that a retry makes the same ones.

use serde_json::ser::Formatter;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::domain::act::ActRequest;

/// The id of an event that a client's act produced: UUIDv5 (RFC 9562 §5.5) over log id, stream,
/// revision, principal, key and fingerprint.
pub fn event_id(
    log_id: Uuid,
    stream: &str,
    revision: u64,
    principal: &str,
    key: &str,
    fingerprint: &str,
) -> Uuid {
    let revision = revision.to_string();
    let name = [stream, &revision, principal, key, fingerprint].join("\u{0}");
    Uuid::new_v5(&log_id, name.as_bytes())
}

/// The id of an event without a key: over log id, stream, revision and what caused it.
pub fn caused_event_id(log_id: Uuid, stream: &str, revision: u64, cause: &str) -> Uuid {
    let revision = revision.to_string();
    let name = [stream, &revision, cause].join("\u{0}");
    Uuid::new_v5(&log_id, name.as_bytes())
}

/// SHA-256, in hexadecimal, of what was asked for: the act with its content and common members, in
/// the order in which this program writes them.
pub fn fingerprint(request: &ActRequest) -> String {
    let mut hasher = HashWriter(Sha256::new());
    let mut serializer = serde_json::Serializer::with_formatter(&mut hasher, Compact);
    let _ = serde::Serialize::serialize(&(&request.act, &request.common), &mut serializer);
    hex(&hasher.0.finalize())
}

struct Compact;
impl Formatter for Compact {}

struct HashWriter(Sha256);

impl std::io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
