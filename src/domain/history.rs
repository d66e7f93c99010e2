//! The history of an enrollment: what was recorded, what was corrected by what, and its effective
//! history (rule G3), which is folded.

mod effective;
mod narrow;
mod standing;

use std::collections::BTreeMap;

use super::act::Act;
use super::date::Day;
use super::event::{Event, Recorded};
use super::state::State;

pub use effective::{Days, Effective, Entry};

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

    /// For each corrected original, the revision of the correction in force.
    fn corrections(&self) -> BTreeMap<u64, u64> {
        let mut original_of: BTreeMap<u64, u64> = BTreeMap::new();
        let mut latest: BTreeMap<u64, u64> = BTreeMap::new();
        for event in &self.events {
            if let Some(target) = corrected_revision(event) {
                let original = original_of.get(&target).copied().unwrap_or(target);
                original_of.insert(event.revision, original);
                latest.insert(original, event.revision);
            }
        }
        latest
    }

    /// What became of the event at a revision.
    pub fn fate(&self, revision: u64) -> Fate {
        match self.corrections().get(&revision) {
            None => Fate::Stands,
            Some(&by) => match self.at(by).and_then(|event| event.event.fact()) {
                Some(fact) if fact.mended.is_some() => Fate::Corrected { by },
                _ => Fate::Annulled { by },
            },
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

/// Whether an event is a correction, also one that corrects nothing: it has no place of its own in the
/// effective history.
pub fn is_correction(event: &Recorded) -> bool {
    named_by(event).is_some()
}

/// The revision that a correction names, whatever it is.
#[expect(clippy::wildcard_enum_match_arm, reason = "only a correction corrects")]
fn named_by(event: &Recorded) -> Option<u64> {
    match &event.event {
        Event::Acted(fact) => match fact.act.read() {
            Ok(Act::Correct(correction)) => Some(correction.corrects.revision),
            _ => None,
        },
        Event::ApprovalAbandoned(_) | Event::ObligationLapsed(_) => None,
    }
}
