//! Where events stand, by table and by index, compared without looking each of them up.

use twox_hash::XxHash3_128;

/// How the entries of events are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entries {
    /// Each by itself, which names those that are wrong.
    Each,
    /// All at once, by a sum over the table and one over the index.
    Summed,
}

/// Events as a sum over where each stands: the same set has the same sum, in whatever order it is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Places(u128);

impl Places {
    /// Adds the place of an event.
    pub fn add(&mut self, stream: i64, revision: i64, sequence: i64) {
        let place = [stream, revision, sequence].map(i64::to_le_bytes);
        self.0 = self.0.wrapping_add(XxHash3_128::oneshot(place.as_flattened()));
    }
}
