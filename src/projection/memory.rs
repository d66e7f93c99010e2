//! What is kept in mind of an enrollment besides its state: which rows are written of it.

use crate::domain::date::Day;

/// Each read model has its own part. A function of the enrollment's stream: nothing else may enter.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Where it stands.
    pub(super) status: Track,
    /// Its phases, titles, terms and categories.
    pub(super) timeline: [Track; 4],
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

/// A row that is known now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracked {
    pub(super) id: u64,
    pub(super) valid_from: Day,
    pub(super) valid_to: Option<Day>,
}

/// The rows of an enrollment in one table that are known now, by day.
#[derive(Debug, Clone, Default)]
pub struct Track {
    pub(super) rows: Vec<Tracked>,
    /// Rows made so far.
    pub(super) made: u64,
}

impl Track {
    /// What it takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Tracked>()
    }
}

/// The rows of an enrollment's duties, in the order of the fold.
#[derive(Debug, Clone, Default)]
pub struct DutyTrack {
    pub(super) duties: Vec<DutyRows>,
    /// Rows made so far, of duties and of how they were met.
    pub(super) made: [u64; 2],
}

#[derive(Debug, Clone, Default)]
pub(super) struct DutyRows {
    pub(super) rows: Vec<Tracked>,
    pub(super) met: Vec<(i32, Tracked)>,
}

impl DutyTrack {
    /// What it takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let rows = |duty: &DutyRows| {
            duty.rows.capacity() * size_of::<Tracked>()
                + duty.met.capacity() * size_of::<(i32, Tracked)>()
        };
        self.duties.capacity() * size_of::<DutyRows>() + self.duties.iter().map(rows).sum::<usize>()
    }
}
