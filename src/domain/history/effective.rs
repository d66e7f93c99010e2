//! The effective history (rule G3): what stands, each event with the days that are left of its
//! interval and its fold day, in the order of the fold.
//!
//! The order is (fold day, what is rested on before what rests on it, revision). A corrected event
//! keeps the revision of the original: mending a detail must not move it behind what was decided on
//! the same day.

use std::borrow::Cow;

use super::History;
use super::narrow::arrange;
use super::standing::standing;
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::Recorded;
use crate::domain::evolve::{Part, evolve};
use crate::domain::state::State;

/// The days among which something lies; without an earliest, by the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first on which it can have been.
    pub earliest: Option<Day>,
    /// The last on which it can have been.
    pub latest: Day,
}

impl Days {
    /// Whether it can have been on this day.
    pub fn contains(&self, day: Day) -> bool {
        day <= self.latest && self.earliest.is_none_or(|earliest| earliest <= day)
    }

    /// Whether it was before the other, whichever of their days they were.
    pub fn certainly_before(&self, other: &Days) -> bool {
        other.earliest.is_some_and(|earliest| self.latest < earliest)
    }
}

impl From<CivilDate> for Days {
    fn from(date: CivilDate) -> Self {
        Self { earliest: date.earliest(), latest: date.latest() }
    }
}

/// The days on which an event counts: a receipt on the day that it acknowledges, whenever that was said.
fn days_of(event: &Recorded) -> Days {
    let receipt = event.event.fact().and_then(|fact| fact.effects.receipt);
    receipt.map_or(event.meta.effective_on, |(_, on)| CivilDate::from(on)).into()
}

/// An event of the effective history, or a part of one.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// What is left of its interval.
    pub days: Days,
    /// Which part of the event it is.
    pub part: Part,
    /// The event; for a corrected one what now stands for it, under the original's revision.
    pub event: Cow<'a, Recorded>,
    /// The revision of the correction in force, if it was corrected.
    pub corrected_by: Option<u64>,
}

impl Entry<'_> {
    /// The day at which it stands in the fold: the last of what is left of its interval.
    pub fn fold_day(&self) -> Day {
        self.days.latest
    }

    /// The event's revision; for a corrected one the original's.
    pub fn revision(&self) -> u64 {
        self.event.revision
    }

    /// Whether it shows a standing without an act (G9).
    pub fn is_evidence(&self) -> bool {
        self.event.event.fact().is_some_and(|fact| fact.effects.is_evidence())
    }

    /// The phase that it enters.
    pub fn phase(&self) -> Option<&str> {
        self.event.event.fact()?.effects.enters.as_ref().map(|node| node.phase())
    }

    /// Whether it may have happened by a day on which it does not count yet.
    pub fn is_possible(&self, day: Day) -> bool {
        self.fold_day() > day && self.days.contains(day)
    }
}

/// The effective history of an enrollment, computed once for any number of questions.
#[derive(Debug, Clone)]
pub struct Effective<'a> {
    entries: Vec<Entry<'a>>,
    revision: Option<u64>,
}

impl<'a> Effective<'a> {
    pub(super) fn of(history: &'a History, without: Option<u64>) -> Self {
        let mut entries = Vec::with_capacity(history.events.len());
        for (event, corrected_by) in standing(history, without).into_values() {
            if let Some((decided, effect)) = event.decided_ahead() {
                for (part, date) in [(Part::Decided, decided), (Part::Effect, effect)] {
                    let event = event.clone();
                    entries.push(Entry { days: date.into(), part, event, corrected_by });
                }
            } else {
                let days = days_of(&event);
                entries.push(Entry { days, part: Part::Whole, event, corrected_by });
            }
        }
        arrange(&history.stream, &mut entries);
        Self { entries, revision: history.revision() }
    }

    /// The entries, in the order of the fold.
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// The newest revision of the history.
    pub fn revision(&self) -> Option<u64> {
        self.revision
    }

    /// The event of a revision that stands, if it does.
    pub fn standing(&self, revision: u64) -> Option<&Recorded> {
        self.entries.iter().find(|entry| entry.revision() == revision).map(|entry| &*entry.event)
    }

    /// The state after every event.
    pub fn state(&self) -> State {
        self.state_where(|_| true)
    }

    /// The state as of a day: what is folded on a later day is cut.
    pub fn state_at(&self, day: Day) -> State {
        self.state_where(|entry| entry.fold_day() <= day)
    }

    /// The state by the entries that are picked.
    pub fn state_where(&self, pick: impl Fn(&Entry<'_>) -> bool) -> State {
        let mut state = State::default();
        for entry in self.entries.iter().filter(|entry| pick(entry)) {
            evolve(&mut state, &entry.event, entry.fold_day(), entry.part);
        }
        state
    }

    /// The revisions of the events that are picked, each once, in the order of the fold.
    pub fn revisions_where(&self, pick: impl Fn(&Entry<'_>) -> bool) -> Vec<u64> {
        let mut revisions: Vec<u64> = Vec::new();
        for entry in self.entries.iter().filter(|entry| pick(entry)) {
            if !revisions.contains(&entry.revision()) {
                revisions.push(entry.revision());
            }
        }
        revisions
    }

    /// The events that may have happened by a day but need not have: what is left of their interval
    /// contains it, and they are folded after it.
    pub fn possible(&self, day: Day) -> Vec<u64> {
        self.revisions_where(|entry| entry.is_possible(day))
    }

    /// The state at the end of each day on which it changed, in order of days.
    pub fn segments(&self) -> Vec<(Day, State)> {
        let mut segments: Vec<(Day, State)> = Vec::new();
        let mut state = State::default();
        for entry in &self.entries {
            let day = entry.fold_day();
            evolve(&mut state, &entry.event, day, entry.part);
            match segments.last_mut() {
                Some((last, then)) if *last == day => *then = state.clone(),
                _ => segments.push((day, state.clone())),
            }
        }
        segments
    }

    /// The last fold day of an act: one that counts from that day or later is folded on top of the
    /// present state. What stands aside has none: no act depends on it.
    pub fn last_fold_day(&self) -> Option<Day> {
        let mut acts = self.entries.iter().filter(|entry| !entry.event.event.is_aside());
        acts.next_back().map(Entry::fold_day)
    }
}
