//! Places of a quota (P4): which enrollment holds one, from which day to which.
//!
//! A quota has a stream of its own. An approval that takes a place reserves it there first; what
//! frees, takes or moves a place otherwise is appended to the enrollment first and then restated
//! here, citing it. Places are counted on the act's day and every later day, across enrollments.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::date::Day;
use super::history::History;
use super::ids::{EventRef, Id};

#[cfg(test)]
mod tests;

/// A span of days on which a place is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first day.
    #[schemars(with = "String")]
    pub from: Day,
    /// The day from which it is free again; absent: held still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub until: Option<Day>,
    /// Whether it is known only from evidence.
    #[serde(default)]
    pub attested: bool,
}

/// A place is reserved for one append of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceReserved {
    /// The enrollment's stream.
    pub enrollment: String,
    /// The revision at which its approval will be appended.
    pub revision: u64,
    /// The act's key.
    pub key: String,
    /// From which day the place is held.
    #[schemars(with = "String")]
    pub from: Day,
    /// Whether it goes over the limit by an override.
    #[serde(default)]
    pub over_limit: bool,
}

/// A reservation is released: its approval was not and cannot be appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReservationReleased {
    /// The reservation's revision in this stream.
    pub reservation: u64,
    /// Why.
    pub reason: String,
}

/// The places of one enrollment as its own events now have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacesRestated {
    /// The enrollment's stream.
    pub enrollment: String,
    /// The enrollment's event up to which this holds.
    #[schemars(with = "String")]
    pub cites: EventRef,
    /// The spans; empty: it holds none.
    pub spans: Vec<Span>,
}

/// An event of a quota's stream `quota-<program>.<category>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuotaEvent {
    /// See [`PlaceReserved`].
    PlaceReserved(PlaceReserved),
    /// See [`ReservationReleased`].
    ReservationReleased(ReservationReleased),
    /// See [`PlacesRestated`].
    PlacesRestated(PlacesRestated),
}

/// A reservation that was not released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// What was reserved.
    pub reserved: PlaceReserved,
    /// The event.
    pub reference: EventRef,
}

/// The fold of a quota's stream.
#[derive(Debug, Clone, Default)]
pub struct Quota {
    reservations: BTreeMap<u64, Reservation>,
    restated: BTreeMap<String, PlacesRestated>,
    next_revision: u64,
}

/// A run of days on which more places are taken than the limit allows, or as many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The first day of the run.
    pub from: Day,
    /// The day from which the number is another; absent: still so.
    pub until: Option<Day>,
    /// How many places are taken.
    pub taken: u32,
}

impl Quota {
    /// The revision of the stream's newest event.
    pub fn revision(&self) -> Option<u64> {
        self.next_revision.checked_sub(1)
    }

    /// Folds the next event.
    pub fn evolve(&mut self, event: QuotaEvent, reference: EventRef) {
        self.next_revision = reference.revision + 1;
        match event {
            QuotaEvent::PlaceReserved(reserved) => {
                self.reservations.insert(reference.revision, Reservation { reserved, reference });
            }
            QuotaEvent::ReservationReleased(released) => {
                self.reservations.remove(&released.reservation);
            }
            QuotaEvent::PlacesRestated(restated) => {
                self.reservations.retain(|_, reservation| {
                    reservation.reserved.enrollment != restated.enrollment
                        || reservation.reserved.revision > restated.cites.revision
                });
                self.restated.insert(restated.enrollment.clone(), restated);
            }
        }
    }

    /// The reservations that were not released and not yet taken up by a restatement.
    pub fn reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations.values()
    }

    /// The reservation made for one append of an enrollment.
    pub fn reservation_for(&self, enrollment: &str, revision: u64) -> Option<&Reservation> {
        self.reservations.values().find(|reservation| {
            reservation.reserved.enrollment == enrollment
                && reservation.reserved.revision == revision
        })
    }

    /// The reservation by which an enrollment holds a place on a day, if it is not restated.
    pub fn reservation_on(&self, enrollment: &str, day: Day) -> Option<&Reservation> {
        self.reservations.values().find(|reservation| {
            reservation.reserved.enrollment == enrollment && reservation.reserved.from <= day
        })
    }

    /// The enrollment's revision up to which its places are restated.
    pub fn restated_to(&self, enrollment: &str) -> Option<u64> {
        self.restated.get(enrollment).map(|restated| restated.cites.revision)
    }

    /// The spans on which an enrollment holds a place.
    pub fn spans_of(&self, enrollment: &str) -> Vec<Span> {
        let restated = self.restated.get(enrollment).map(|restated| restated.spans.clone());
        let reserved = self
            .reservations
            .values()
            .filter(|reservation| reservation.reserved.enrollment == enrollment)
            .map(|reservation| Span {
                from: reservation.reserved.from,
                until: None,
                attested: false,
            });
        restated.unwrap_or_default().into_iter().chain(reserved).collect()
    }

    /// Every enrollment that holds or held a place.
    pub fn enrollments(&self) -> BTreeSet<&str> {
        let reserved = self.reservations.values().map(|r| r.reserved.enrollment.as_str());
        self.restated.keys().map(String::as_str).chain(reserved).collect()
    }

    /// The enrollments that hold a place on a day, with whether it is attested.
    pub fn holders_on(&self, day: Day) -> Vec<(&str, bool)> {
        self.enrollments()
            .into_iter()
            .filter_map(|enrollment| {
                let spans = self.spans_of(enrollment);
                let held = spans.iter().find(|span| covers(span, day))?;
                Some((enrollment, held.attested))
            })
            .collect()
    }

    /// How many places are taken, run by run, from the first day on which one is held. One
    /// enrollment never counts twice.
    pub fn taken(&self, except: Option<&str>) -> Vec<Taken> {
        let mut reserved: BTreeMap<&str, Vec<Day>> = BTreeMap::new();
        for Reservation { reserved: one, .. } in self.reservations.values() {
            reserved.entry(&one.enrollment).or_default().push(one.from);
        }
        let (mut moves, mut own) = (Vec::new(), Vec::new());
        for (enrollment, restated) in &self.restated {
            let reserved = reserved.remove(enrollment.as_str()).unwrap_or_default();
            if Some(enrollment.as_str()) != except {
                restated.spans.iter().for_each(|span| add_span(span.from, span.until, &mut own));
                reserved.into_iter().for_each(|from| add_span(from, None, &mut own));
                add_holder(&mut own, &mut moves);
            }
        }
        for (_, reserved) in reserved.into_iter().filter(|(of, _)| Some(*of) != except) {
            reserved.into_iter().for_each(|from| add_span(from, None, &mut own));
            add_holder(&mut own, &mut moves);
        }
        let mut runs: Vec<Taken> = Vec::new();
        for (from, number) in running(&mut moves) {
            let taken = u32::try_from(number).unwrap_or_default();
            match runs.last_mut() {
                Some(last) if last.taken == taken => {}
                last => {
                    last.into_iter().for_each(|last| last.until = Some(from));
                    runs.push(Taken { from, until: None, taken });
                }
            }
        }
        runs
    }

    /// How many places are taken on a day.
    pub fn taken_on(&self, day: Day) -> u32 {
        u32::try_from(self.holders_on(day).len()).unwrap_or(u32::MAX)
    }

    /// The first day from `from` on, and the number taken there, on which no place is left for an
    /// enrollment.
    pub fn full_from(&self, limit: u32, from: Day, enrollment: &str) -> Option<(Day, u32)> {
        self.taken(Some(enrollment))
            .into_iter()
            .find(|run| run.taken >= limit && run.until.is_none_or(|until| until > from))
            .map(|run| (run.from.max(from), run.taken))
    }

    /// The runs of days on which more places are taken than the limit.
    pub fn days_over(&self, limit: u32) -> Vec<Taken> {
        self.taken(None).into_iter().filter(|run| run.taken > limit).collect()
    }
}

/// A day on which a number moves, and by how much.
type Move = (Day, i64);

/// Adds where a span begins and ends; one without a day moves nothing.
fn add_span(from: Day, until: Option<Day>, moves: &mut Vec<Move>) {
    let by = i64::from(until.is_none_or(|until| from < until));
    moves.push((from, by));
    moves.extend(until.map(|until| (until, -by)));
}

/// Adds when a holder of these spans begins to hold a place and ceases to, however many of them overlap.
fn add_holder(spans: &mut Vec<Move>, moves: &mut Vec<Move>) {
    let mut before = 0;
    for (day, depth) in running(spans) {
        let holds = depth.min(1);
        moves.push((day, holds - before));
        before = holds;
    }
    spans.clear();
}

/// The number from each day on which it moves, in order.
fn running(moves: &mut [Move]) -> impl Iterator<Item = Move> {
    moves.sort_unstable();
    let days = moves.chunk_by(|one, next| one.0 == next.0);
    days.scan(0, |number, day| {
        *number += day.iter().map(|(_, by)| by).sum::<i64>();
        Some((day.first()?.0, *number))
    })
}

fn covers(span: &Span, day: Day) -> bool {
    span.from <= day && span.until.is_none_or(|until| day < until)
}

/// The places that an enrollment's own events say it holds, by category.
pub fn places_of(history: &History) -> BTreeMap<Id, Vec<Span>> {
    let mut places: BTreeMap<Id, Vec<Span>> = BTreeMap::new();
    for (day, state) in history.effective().segments() {
        let held = state.place.as_ref();
        for (category, spans) in &mut places {
            if let Some(open) = spans.last_mut().filter(|span| span.until.is_none())
                && held.is_none_or(|held| held.category != *category)
            {
                open.until = Some(day);
            }
        }
        if let Some(held) = held {
            let spans = places.entry(held.category.clone()).or_default();
            match spans.last_mut() {
                Some(open) if open.until.is_none() => open.attested = held.attested,
                _ => spans.push(Span { from: day, until: None, attested: held.attested }),
            }
        }
    }
    for spans in places.values_mut() {
        spans.retain(|span| span.until != Some(span.from));
    }
    places
}
