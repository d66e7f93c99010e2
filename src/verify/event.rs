//! An event as it is kept, and the leaf that was made of it.

use super::tree::{Hash, leaf, sha256};

/// The version byte of a leaf.
const VERSION: u8 = 1;

/// An event of a log.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Its place in the log.
    pub sequence: u64,
    /// Its stream.
    pub stream: &'a str,
    /// Its place in the stream.
    pub revision: u64,
    /// Its id.
    pub id: [u8; 16],
    /// Its type.
    pub kind: &'a str,
    /// When it was recorded, in microseconds UTC since 1970.
    pub recorded_at: i64,
    /// What was recorded.
    pub data: &'a [u8],
    /// What is said about that.
    pub metadata: &'a [u8],
}

impl Event<'_> {
    /// The bytes that were hashed; `None` where a name is too long to have been.
    pub fn entry(&self) -> Option<Vec<u8>> {
        let (revision, at) = (self.revision.to_be_bytes(), self.recorded_at.to_be_bytes());
        let mut entry = Vec::with_capacity(512);
        entry.push(VERSION);
        for (text, rest) in [(self.stream, [&revision[..], &self.id]), (self.kind, [&at, &[]])] {
            entry.extend_from_slice(&u16::try_from(text.len()).ok()?.to_be_bytes());
            entry.extend_from_slice(text.as_bytes());
            rest.iter().for_each(|part| entry.extend_from_slice(part));
        }
        entry.extend_from_slice(&sha256(self.data));
        entry.extend_from_slice(&sha256(self.metadata));
        Some(entry)
    }

    /// The hash of its leaf.
    pub fn leaf(&self) -> Option<Hash> {
        self.entry().map(|entry| leaf(&entry))
    }
}
