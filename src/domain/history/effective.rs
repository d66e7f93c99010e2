//! The effective history (rule G3): what stands, each event with the days that are left of its
//! interval and its fold day, in the order of the fold.
//!
//! The order is (fold day, what is rested on before what rests on it, revision). A corrected event
//! keeps the revision of the original: mending a detail must not move it behind what was decided on
//! the same day.

use super::History;
use super::entry::{Days, Entry};
use super::narrow::arrange;
use super::standing::standing;
use crate::domain::date::Day;
use crate::domain::event::Recorded;
use crate::domain::evolve::{Part, evolve};
use crate::domain::state::State;

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
                let days = Days::of(&event);
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
