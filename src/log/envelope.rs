//! The leaf of an event in the Merkle tree: the bytes that prove what was recorded.
//!
//! The layout is fixed for ever (version 1); another layout is another version byte. All numbers
//! are big-endian:
//!
//! | field | bytes |
//! | --- | --- |
//! | version | `u8` = 1 |
//! | stream | `u16` length, then UTF-8 |
//! | revision | `u64` |
//! | event id | 16 bytes |
//! | type | `u16` length, then UTF-8 |
//! | recorded at | `i64`, microseconds UTC since 1970 |
//! | data | SHA-256, 32 bytes |
//! | metadata | SHA-256, 32 bytes |
//!
//! The leaf's index in the tree is the event's `sequence`, which is therefore not in it. Names are
//! at most 200 bytes, so an entry stays far below the 65,535 bytes of a tile's entry. Deliberately
//! not here: the tree.

use sha2::{Digest, Sha256};

use super::RecordedEvent;

/// The version byte of the layout.
pub const VERSION: u8 = 1;

/// The leaf entry of an event.
pub fn leaf_entry(event: &RecordedEvent) -> Vec<u8> {
    let stream = event.stream.as_str().as_bytes();
    let event_type = event.event_type.as_bytes();
    let mut entry = Vec::with_capacity(101 + stream.len() + event_type.len());
    entry.push(VERSION);
    push_text(&mut entry, stream);
    entry.extend_from_slice(&event.revision.to_be_bytes());
    entry.extend_from_slice(event.event_id.as_bytes());
    push_text(&mut entry, event_type);
    entry.extend_from_slice(&event.recorded_at_us.to_be_bytes());
    entry.extend_from_slice(&Sha256::digest(&event.data));
    entry.extend_from_slice(&Sha256::digest(&event.metadata));
    entry
}

/// Names that passed the port are at most 200 bytes, so the length always fits.
fn push_text(entry: &mut Vec<u8>, text: &[u8]) {
    debug_assert!(text.len() <= usize::from(u16::MAX));
    entry.extend_from_slice(&(text.len() as u16).to_be_bytes());
    entry.extend_from_slice(text);
}

/// The hash of the event's leaf: SHA-256 over a zero byte and the entry (RFC 6962, section 2.1).
pub fn leaf_hash(event: &RecordedEvent) -> [u8; 32] {
    hash_entry(&leaf_entry(event))
}

/// The hash of a leaf entry that is at hand as bytes.
pub fn hash_entry(entry: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::StreamName;
    use uuid::Uuid;

    fn event() -> RecordedEvent {
        RecordedEvent {
            sequence: 41,
            stream: StreamName::parse("strong_province-440000").unwrap(),
            revision: 7,
            event_id: Uuid::parse_str("0f1e2d3c-4b5a-5978-8796-a5b4c3d2e1f0").unwrap(),
            event_type: "PlanSubmitted".into(),
            recorded_at_us: 1_413_072_000_123_456,
            data: r#"{"note":"方案"}"#.as_bytes().into(),
            metadata: br#"{"act":"submit_plan"}"#.as_slice().into(),
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Computed apart from this code, with Python's struct and hashlib.
    #[test]
    fn the_entry_is_these_very_bytes() {
        assert_eq!(
            hex(&leaf_entry(&event())),
            concat!(
                "01",
                "0016",
                "7374726f6e675f70726f76696e63652d343430303030",
                "0000000000000007",
                "0f1e2d3c4b5a59788796a5b4c3d2e1f0",
                "000d",
                "506c616e5375626d6974746564",
                "0005052e769c0240",
                "760a2bbc5c88dee0d40732918c52bc002a3695387fc875f48edc5f736bff0292",
                "26c7b400dcc85f659e9533d286bfd4bcc370ac07ebe35d445f959c3663b5bcb4",
            )
        );
        assert_eq!(
            hex(&leaf_hash(&event())),
            "830a0751011dde2408a48df570494ae09521c94a800c9f5e6e444dbe1ecc1a7e"
        );
    }

    #[test]
    fn an_instant_before_1970_is_signed() {
        let event = RecordedEvent { recorded_at_us: -1, ..event() };
        assert_eq!(
            hex(&leaf_hash(&event)),
            "6aa387357547a8ebb2b13a9b9d49ed1f14a032d02caeafeec8104b1947123a66"
        );
    }

    #[test]
    fn the_sequence_is_the_index_and_not_in_the_leaf() {
        let elsewhere = RecordedEvent { sequence: 42, ..event() };
        assert_eq!(leaf_entry(&elsewhere), leaf_entry(&event()));
    }
}
