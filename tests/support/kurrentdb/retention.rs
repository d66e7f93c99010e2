//! What a stream's metadata hides from its readers, and what a scavenge then takes away.

use super::store::{Store, TOMBSTONE};

/// `$maxCount`, `$maxAge` and `$tb` of a stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retention {
    max_count: Option<u64>,
    max_age_s: Option<u64>,
    truncate_before: Option<u64>,
}

impl Retention {
    /// Reads the metadata of a stream; what is no JSON retains everything.
    pub fn parse(metadata: &[u8]) -> Self {
        let value: serde_json::Value = serde_json::from_slice(metadata).unwrap_or_default();
        Self {
            max_count: value["$maxCount"].as_u64(),
            max_age_s: value["$maxAge"].as_u64(),
            truncate_before: value["$tb"].as_u64(),
        }
    }

    /// Whether the stream counts as deleted (softly).
    pub fn is_deletion(self) -> bool {
        self.truncate_before == Some(TOMBSTONE)
    }

    /// Whether events before some revision are hidden.
    pub fn truncates(self) -> bool {
        self.truncate_before.is_some()
    }

    /// The first revision shown of `count`, its age apart.
    pub fn first_by_revision(self, count: u64) -> u64 {
        let by_count = self.max_count.map_or(0, |most| count.saturating_sub(most));
        by_count.max(self.truncate_before.unwrap_or(0).min(count))
    }

    /// When the oldest event shown may have been created, in ticks.
    pub fn oldest(self, now: u64) -> Option<u64> {
        self.max_age_s.map(|age| now.saturating_sub(age * 10_000_000))
    }
}

impl Store {
    /// Takes away what is hidden, but for the last event of each stream.
    pub fn scavenge(&mut self) {
        let mut gone = Vec::new();
        for stream in self.streams.values() {
            let count = stream.places.len();
            let first = if stream.tombstoned { count } else { self.first_shown(stream) as usize };
            let kept = if stream.tombstoned { first } else { first.min(count.saturating_sub(1)) };
            gone.extend(stream.places[..kept].iter().copied());
        }
        for place in gone {
            self.log[place] = None;
        }
    }
}
