//! An event in the effective history, and the days that are left of its interval.

use std::borrow::Cow;

use crate::domain::date::{CivilDate, Day};
use crate::domain::event::Recorded;
use crate::domain::evolve::Part;

/// The days among which something lies; without an earliest, by the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first on which it can have been.
    pub earliest: Option<Day>,
    /// The last on which it can have been.
    pub latest: Day,
}

impl Days {
    /// Those on which an event counts: a receipt on the day that it acknowledges, whenever it says so.
    pub fn of(event: &Recorded) -> Self {
        let receipt = event.event.fact().and_then(|fact| fact.effects.receipt);
        receipt.map_or(event.meta.effective_on, |(_, on)| CivilDate::from(on)).into()
    }

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
