//! Event ids and fingerprints: functions of what is recorded, so that a retry makes the same ones.

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
    // A request was read from JSON, and is written again.
    let written = serde_json::to_vec(&(&request.act, &request.common)).unwrap_or_default();
    sha256_hex(&written)
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from(if four < 10 { b'0' + four } else { b'a' + four - 10 });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
