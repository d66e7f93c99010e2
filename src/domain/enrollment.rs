//! An enrollment as far as it is folded: enough to decide an act that goes in at the end.
//!
//! What must hold: an event that [`Enrollment::push`] takes leaves what a fold of the whole history
//! would; every other one asks for that fold.

use super::date::Day;
use super::event::{Effects, Event, EventMeta, Recorded, decided_ahead};
use super::evolve::{Part, evolve};
use super::history::{Effective, History, is_correction};
use super::ids::Id;
use super::state::State;

/// The fold of an enrollment's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enrollment {
    /// The state after every event.
    pub state: State,
    /// The last fold day of an act: one that counts from that day or later is folded on top.
    pub last_fold_day: Option<Day>,
    /// The newest revision.
    pub revision: Option<u64>,
    /// The phases that acts entered.
    entered: Vec<Id>,
    /// The phases that evidence shows.
    shown: Vec<Id>,
}

impl Enrollment {
    /// Folds a history.
    pub fn of(history: &History) -> Self {
        Self::of_effective(&history.effective())
    }

    /// Folds an effective history.
    pub fn of_effective(effective: &Effective<'_>) -> Self {
        let mut enrollment = Self {
            state: effective.state(),
            last_fold_day: effective.last_fold_day(),
            revision: effective.revision(),
            ..Self::default()
        };
        effective.entries().iter().for_each(|entry| enrollment.note_phase(&entry.event));
        enrollment
    }

    /// Folds the next event, if that needs no other: false when the history has to be folded anew.
    #[must_use]
    pub fn push(&mut self, event: &Recorded) -> bool {
        if event.event.is_aside() {
            evolve(&mut self.state, event, event.meta.effective_on.latest(), Part::Whole);
            self.revision = Some(event.revision);
            return true;
        }
        let (meta, fact) = (&event.meta, event.event.fact());
        let ends = fact.is_some_and(|fact| self.ends_with(meta, &fact.effects));
        if is_correction(event) || !ends {
            return false;
        }
        let day = meta.effective_on.latest();
        evolve(&mut self.state, event, day, Part::Whole);
        self.last_fold_day = Some(day);
        self.revision = Some(event.revision);
        self.note_phase(event);
        true
    }

    /// Whether an act of these dates is not before any other in the order of the fold.
    pub fn is_reached(&self, day: Day) -> bool {
        self.last_fold_day.is_none_or(|last| last <= day)
    }

    /// Whether evidence has a part in it: then what an act founds is asked of the whole history.
    pub fn has_evidence(&self) -> bool {
        !self.shown.is_empty()
    }

    /// Whether an act goes in at the end and narrows nothing. An act and the evidence of what it
    /// founded bound each other, whichever is recorded first; what takes effect later stands twice.
    pub fn ends_with(&self, meta: &EventMeta, effects: &Effects) -> bool {
        let others = if effects.is_evidence() { &self.entered } else { &self.shown };
        let bounds = effects.enters.as_ref().is_some_and(|node| has(others, node.phase()));
        self.is_reached(meta.effective_on.latest())
            && !bounds
            && effects.receipt.is_none()
            && decided_ahead(meta, effects).is_none()
    }

    fn note_phase(&mut self, event: &Recorded) {
        let Event::Acted(fact) = &event.event else { return };
        let Some(node) = &fact.effects.enters else { return };
        let known = if fact.effects.is_evidence() { &mut self.shown } else { &mut self.entered };
        if !has(known, node.phase()) {
            known.push(Id::from(node.phase()));
        }
    }
}

fn has(phases: &[Id], phase: &str) -> bool {
    phases.iter().any(|known| known == phase)
}
