//! Folded enrollments kept in memory, bounded in bytes.
//!
//! What has to go is picked by a wandering number. Programs are worked through in rounds (every area
//! reports in January), and on a round a little larger than the cache the least recently used would
//! always be the next one needed; picked so, all but the surplus stays.

use std::collections::HashMap;
use std::mem;

use super::memory::Memory;
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
    /// The state at the end of the day before the last place.
    pub prior: State,
    /// The last place of the effective history.
    pub last_place: Option<Day>,
    /// The revision folded last.
    pub revision: Option<u64>,
    /// The sequence of its first event.
    pub enrollment: Option<u64>,
    /// What the read models keep in mind of it.
    pub memory: Memory,
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
                mem::size_of::<Duty>() + 96 + due + series + duty.met.len() * mem::size_of::<Met>()
            })
            .sum();
        mem::size_of::<Self>()
            + MAP_ENTRY
            + 600
            + duties
            + state.matters.len() * (mem::size_of::<OpenMatter>() + 32)
            + (state.plan_versions.len() + state.unsupported.len()) * mem::size_of::<u64>()
            + state.results.len() * 112
            + self.memory.bytes()
    }
}

pub(super) struct Cache {
    places: HashMap<StreamName, usize>,
    /// Boxed: they change their slots with each event.
    slots: Vec<(StreamName, Box<Folded>, usize)>,
    bytes: usize,
    max_bytes: usize,
    /// Where the next one to go is looked for.
    hand: u64,
}

impl Cache {
    pub fn new(max_bytes: usize) -> Self {
        Self { places: HashMap::new(), slots: Vec::new(), bytes: 0, max_bytes, hand: 1 }
    }

    /// What is kept takes so many bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new(self.max_bytes);
    }

    /// Takes an enrollment out; who has folded it puts it back.
    pub fn take(&mut self, stream: &StreamName) -> Option<Box<Folded>> {
        let place = self.places.remove(stream)?;
        Some(self.remove(place).1)
    }

    pub fn put(&mut self, stream: StreamName, folded: Box<Folded>) {
        let bytes = folded.bytes();
        while self.bytes + bytes > self.max_bytes && !self.slots.is_empty() {
            let place = self.next_hand() % self.slots.len();
            let (gone, _) = self.remove(place);
            self.places.remove(&gone);
        }
        self.bytes += bytes;
        self.places.insert(stream.clone(), self.slots.len());
        self.slots.push((stream, folded, bytes));
    }

    /// Empties a slot; the last one moves into it.
    fn remove(&mut self, place: usize) -> (StreamName, Box<Folded>) {
        let (stream, folded, bytes) = self.slots.swap_remove(place);
        self.bytes -= bytes;
        if let Some((moved, _, _)) = self.slots.get(place)
            && let Some(at) = self.places.get_mut(moved)
        {
            *at = place;
        }
        (stream, folded)
    }

    /// A number that wanders (Marsaglia's xorshift): the same in every run.
    fn next_hand(&mut self) -> usize {
        self.hand ^= self.hand << 13;
        self.hand ^= self.hand >> 7;
        self.hand ^= self.hand << 17;
        usize::try_from(self.hand >> 33).unwrap_or_default()
    }
}
