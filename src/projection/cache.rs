//! Folded enrollments kept in memory, bounded in bytes.
//!
//! What has to go is picked by a wandering number. Programs are worked through in rounds (every area
//! reports in January), and on a round a little larger than the cache the least recently used would
//! always be the next one needed; picked so, all but the surplus stays.

use std::collections::HashMap;
use std::mem;

use super::memory::Memory;
use crate::domain::enrollment::Enrollment;
use crate::domain::ids::{ProgramId, SubjectId};
use crate::domain::state::{OpenMatter, State};
use crate::log::StreamName;

/// An enrollment as far as it was folded.
#[derive(Debug, Clone)]
pub(super) struct Folded {
    pub program: ProgramId,
    /// Absent: the program as a whole.
    pub subject: Option<SubjectId>,
    pub enrollment: Enrollment,
    /// The state at the end of the day before the last fold day.
    pub prior: State,
    /// The sequence of its first event: its number in the tables.
    pub number: Option<u64>,
    /// What the read models keep in mind of it.
    pub memory: Memory,
}

impl Folded {
    /// What it takes in memory, estimated without looking at what it points to: that would cost more
    /// than the fold. A duty with its due date, its texts and how it was met is taken for 640 bytes.
    fn bytes(&self) -> usize {
        const MAP_ENTRY: usize = 96;
        const DUTY: usize = 640;
        let state = &self.enrollment.state;
        mem::size_of::<Self>()
            + MAP_ENTRY
            + 600
            + state.duties.len() * DUTY
            + state.matters.len() * (mem::size_of::<OpenMatter>() + 32)
            + (state.plan_versions.len() + state.unsupported.len()) * mem::size_of::<u64>()
            + state.results.len() * 112
            + state.lapses.as_ref().map_or(0, |lapses| lapses.len() * 112)
            + self.memory.bytes()
    }
}

pub(super) struct Cache {
    at: HashMap<StreamName, usize>,
    slots: Vec<Slot>,
    bytes: usize,
    max_bytes: usize,
    /// Where the next one to go is looked for.
    hand: u64,
}

struct Slot {
    stream: StreamName,
    /// Empty while it is folded.
    folded: Option<Box<Folded>>,
    bytes: usize,
}

impl Cache {
    pub fn new(max_bytes: usize) -> Self {
        Self { at: HashMap::new(), slots: Vec::new(), bytes: 0, max_bytes, hand: 1 }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new(self.max_bytes);
    }

    /// Takes an enrollment out; who has folded it puts it back.
    pub fn take(&mut self, stream: &StreamName) -> Option<Box<Folded>> {
        let at = *self.at.get(stream)?;
        self.slots.get_mut(at)?.folded.take()
    }

    pub fn put(&mut self, stream: &StreamName, folded: Box<Folded>) {
        let bytes = folded.bytes();
        if let Some(slot) = self.at.get(stream).and_then(|at| self.slots.get_mut(*at)) {
            self.bytes = self.bytes + bytes - slot.bytes;
            slot.bytes = bytes;
            slot.folded = Some(folded);
        } else {
            self.bytes += bytes;
            self.at.insert(stream.clone(), self.slots.len());
            self.slots.push(Slot { stream: stream.clone(), folded: Some(folded), bytes });
        }
        while self.bytes > self.max_bytes && !self.slots.is_empty() {
            let at = self.next_hand() % self.slots.len();
            self.remove(at);
        }
    }

    /// Empties a slot; the last one moves into it.
    fn remove(&mut self, at: usize) {
        let gone = self.slots.swap_remove(at);
        self.bytes -= gone.bytes;
        self.at.remove(&gone.stream);
        if let Some(moved) = self.slots.get(at)
            && let Some(known) = self.at.get_mut(&moved.stream)
        {
            *known = at;
        }
    }

    /// A number that wanders (Marsaglia's xorshift): the same in every run.
    fn next_hand(&mut self) -> usize {
        self.hand ^= self.hand << 13;
        self.hand ^= self.hand >> 7;
        self.hand ^= self.hand << 17;
        usize::try_from(self.hand >> 33).unwrap_or_default()
    }
}
