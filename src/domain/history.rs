//! The history of an enrollment: what was recorded, what was corrected by what, and its effective
//! history (rule G3), which is folded.

mod changes;
mod effective;
mod entry;
mod narrow;
mod standing;

use std::collections::BTreeMap;

use super::act::{Act, ActKind};
use super::date::Day;
use super::event::Recorded;
use super::state::State;

pub use changes::{Answer, Aspect, Change, DutyKey, changes};
pub use effective::Effective;
pub use entry::{Days, Entry};

/// The events of one enrollment, by revision.
#[derive(Debug, Clone, Default)]
pub struct History {
    stream: String,
    events: Vec<Recorded>,
}

/// What became of an event that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stands as recorded.
    Stands,
    /// Another version stands in its place.
    Corrected {
        /// The revision of the correction in force.
        by: u64,
    },
    /// It was annulled.
    Annulled {
        /// The revision of the correction in force.
        by: u64,
    },
}

impl History {
    /// A history without events.
    pub fn new(stream: impl Into<String>) -> Self {
        Self { stream: stream.into(), events: Vec::new() }
    }

    /// The stream.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The recorded events, by revision.
    pub fn events(&self) -> &[Recorded] {
        &self.events
    }

    /// Adds the next event. Revisions are dense: `event.revision` is the number of events so far.
    pub fn push(&mut self, event: Recorded) {
        debug_assert_eq!(event.revision, self.events.len() as u64);
        self.events.push(event);
    }

    /// The newest revision.
    pub fn revision(&self) -> Option<u64> {
        self.events.last().map(|event| event.revision)
    }

    /// The history as it was known when it had so many events.
    #[must_use]
    pub fn known_to(&self, events: usize) -> Self {
        let events = self.events[..events.min(self.events.len())].to_vec();
        Self { stream: self.stream.clone(), events }
    }

    /// The event at a revision.
    pub fn at(&self, revision: u64) -> Option<&Recorded> {
        self.events.get(usize::try_from(revision).ok()?)
    }

    /// For each corrected original, the revision of the correction in force. A correction of a
    /// correction that puts nothing in its place brings back what that one had corrected (G1).
    fn corrections(&self) -> BTreeMap<u64, u64> {
        let mut named: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let mut in_force: BTreeMap<u64, u64> = BTreeMap::new();
        for event in &self.events {
            let Some(target) = corrected_revision(event) else { continue };
            let (original, before) = named.get(&target).copied().unwrap_or((target, target));
            named.insert(event.revision, (original, target));
            match replaces(event) || original == target {
                true => in_force.insert(original, event.revision),
                false if before == original => in_force.remove(&original),
                false => in_force.insert(original, before),
            };
        }
        in_force
    }

    /// What became of each event, by revision.
    pub fn fates(&self) -> Vec<Fate> {
        let mut by = self.corrections();
        // Of a correction the last one that names it.
        let named = self.events.iter().filter_map(|event| {
            let named = corrected_revision(event)?;
            self.at(named).is_some_and(is_correction).then_some((named, event.revision))
        });
        by.extend(named);
        self.events.iter().map(|event| self.fate_by(by.get(&event.revision).copied())).collect()
    }

    /// What became of the event at a revision; of a correction, whether it was itself taken back or
    /// replaced.
    pub fn fate(&self, revision: u64) -> Fate {
        let by = match self.at(revision).is_some_and(is_correction) {
            false => self.corrections().get(&revision).copied(),
            true => {
                let mut later = self.events.iter().rev();
                let by = later.find(|event| corrected_revision(event) == Some(revision));
                by.map(|event| event.revision)
            }
        };
        self.fate_by(by)
    }

    fn fate_by(&self, by: Option<u64>) -> Fate {
        match by.and_then(|by| self.at(by)) {
            None => Fate::Stands,
            Some(event) if replaces(event) => Fate::Corrected { by: event.revision },
            Some(event) => Fate::Annulled { by: event.revision },
        }
    }

    /// The version in force of the event at a revision: itself, or its last correction; for a
    /// correction, the last one of the same original.
    pub fn version_in_force(&self, revision: u64) -> Option<u64> {
        self.at(revision)?;
        let mut original = revision;
        while let Some(target) = self.at(original).and_then(corrected_revision) {
            original = target;
        }
        Some(self.corrections().get(&original).copied().unwrap_or(original))
    }

    /// The original that a chain of corrections mends; the revision itself when it is no correction.
    pub fn original(&self, revision: u64) -> u64 {
        let mut original = revision;
        while let Some(target) = self.at(original).and_then(corrected_revision) {
            original = target;
        }
        original
    }

    /// The effective history. It is made anew each time: who has several questions asks it.
    pub fn effective(&self) -> Effective<'_> {
        Effective::of(self, None)
    }

    /// The effective history of the record without one event.
    pub fn effective_without(&self, revision: u64) -> Effective<'_> {
        Effective::of(self, Some(revision))
    }

    /// The state after every event.
    pub fn state(&self) -> State {
        self.effective().state()
    }

    /// The state as of a day: what is folded on a later day is cut.
    pub fn state_at(&self, day: Day) -> State {
        self.effective().state_at(day)
    }
}

/// The revision that an event corrects, if it is a correction. Only what came before it can be corrected:
/// one that names itself or a later event, as a forged log can hold, corrects nothing.
pub fn corrected_revision(event: &Recorded) -> Option<u64> {
    named_by(event).filter(|named| *named < event.revision)
}

/// Whether an event is a correction, also one that corrects nothing: it is no entry of its own in the
/// effective history.
pub fn is_correction(event: &Recorded) -> bool {
    named_by(event).is_some()
}

/// Whether a correction replaces what it corrects, rather than annulling it.
fn replaces(event: &Recorded) -> bool {
    event.event.fact().is_some_and(|fact| fact.mended.is_some())
}

/// The revision that a correction names, whatever it is. Of other acts no content is read: the fold and
/// the read models ask this of every event.
fn named_by(event: &Recorded) -> Option<u64> {
    let fact = event.event.fact().filter(|fact| fact.act.kind() == ActKind::Correct)?;
    match fact.act.read() {
        Ok(Act::Correct(correction)) => Some(correction.corrects.revision),
        _ => None,
    }
}
