//! Folded enrollments kept in memory, bounded in bytes.
//!
//! Two generations: what is used moves to the young one; when that holds half of the bytes the old
//! one is dropped and the young one becomes old. A lookup costs a hash, and nothing is sorted.

use std::collections::HashMap;
use std::mem;

use crate::domain::date::Day;
use crate::domain::ids::{ProgramId, SubjectId};
use crate::domain::state::{Duty, Met, OpenMatter, State};
use crate::log::StreamName;

/// An enrollment as far as it was folded.
#[derive(Debug, Clone)]
pub(super) struct Folded {
    pub program: ProgramId,
    pub subject: SubjectId,
    pub state: State,
    /// The last place of the effective history.
    pub last_place: Option<Day>,
    /// The revision folded last.
    pub revision: Option<u64>,
}

impl Folded {
    /// What it takes in memory, estimated: maps and vectors at their length, with their overhead.
    fn bytes(&self) -> usize {
        const MAP_ENTRY: usize = 96;
        let state = &self.state;
        let duties: usize = state
            .duties
            .iter()
            .map(|duty| {
                let due = if duty.due.is_some() { 240 } else { 0 };
                let series = if duty.series.is_some() { 160 } else { 0 };
                mem::size_of::<Duty>() + 64 + due + series + duty.met.len() * mem::size_of::<Met>()
            })
            .sum();
        mem::size_of::<Self>()
            + MAP_ENTRY
            + 600
            + duties
            + state.matters.len() * (mem::size_of::<OpenMatter>() + 32)
            + (state.plan_versions.len() + state.unsupported.len()) * mem::size_of::<u64>()
            + state.results.len() * 112
    }
}

pub(super) struct Cache {
    young: HashMap<StreamName, (Folded, usize)>,
    old: HashMap<StreamName, (Folded, usize)>,
    young_bytes: usize,
    half: usize,
}

impl Cache {
    pub fn new(max_bytes: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), young_bytes: 0, half: max_bytes / 2 }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new(self.half * 2);
    }

    /// Takes an enrollment out; who has folded it puts it back.
    pub fn take(&mut self, stream: &StreamName) -> Option<Folded> {
        if let Some((folded, bytes)) = self.young.remove(stream) {
            self.young_bytes -= bytes;
            return Some(folded);
        }
        self.old.remove(stream).map(|(folded, _)| folded)
    }

    pub fn put(&mut self, stream: StreamName, folded: Folded) {
        let bytes = folded.bytes();
        if self.young_bytes + bytes > self.half {
            self.old = mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
        self.young.insert(stream, (folded, bytes));
    }
}
