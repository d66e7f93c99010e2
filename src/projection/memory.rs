//! What is kept in mind of an enrollment besides its state: which rows are written of it.

use super::obligations::DutyTrack;
use super::track::Track;

/// Each read model has its own part. A function of the enrollment's stream: nothing else may enter.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Where it stands.
    pub(super) status: Track,
    /// Its phases, titles and terms.
    pub(super) timeline: [Track; 3],
    /// What became due.
    pub(super) duties: DutyTrack,
}

impl Memory {
    /// What it takes in memory beside its own size, in bytes.
    pub fn bytes(&self) -> usize {
        let timeline: usize = self.timeline.iter().map(Track::bytes).sum();
        self.status.bytes() + timeline + self.duties.bytes()
    }
}
