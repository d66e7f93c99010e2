//! The effective history of an enrollment and its fold (rule G3).
//!
//! Each corrected event is replaced by its latest correction, annulled ones are left out, and what
//! remains is ordered by (place, revision). An event's place is the latest day of its
//! `effective_on`, but never before the place of an event of the same stream that it rests on,
//! where the two intervals overlap. A corrected event keeps the revision of the original in this
//! order: mending a detail must not move it behind what was decided on the same day.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::act::{Act, KeptSince};
use super::date::{CivilDate, Day};
use super::event::{Event, Recorded};
use super::evolve::evolve;
use super::ids::{Office, Provenance, digits};
use super::state::State;
use crate::domain::text::Said;

/// The events of one enrollment, by revision.
#[derive(Debug, Clone, Default)]
pub struct History {
    stream: String,
    events: Vec<Recorded>,
}

/// An event of the effective history with its place.
#[derive(Debug, Clone)]
pub struct Placed<'a> {
    /// The day from which it counts in the order of the fold.
    pub place: Day,
    /// The event; for a corrected one what now stands in its place, under the original's revision.
    pub event: Cow<'a, Recorded>,
    /// The revision of the correction in force, if it was corrected.
    pub corrected_by: Option<u64>,
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

    /// The effective history, ordered by (place, revision).
    pub fn effective(&self) -> Vec<Placed<'_>> {
        let corrections = self.corrections();
        let mut standing: BTreeMap<u64, Version<'_>> = BTreeMap::new();
        for event in &self.events {
            if is_correction(event) {
                continue;
            }
            match corrections.get(&event.revision) {
                None => {
                    standing.insert(event.revision, (Cow::Borrowed(event), None));
                }
                Some(&by) => {
                    if let Some(mended) = self.at(by).and_then(|correction| mend(event, correction))
                    {
                        standing.insert(event.revision, (Cow::Owned(mended), Some(by)));
                    }
                }
            }
        }
        open_record(&mut standing);
        let places = places_of(&self.stream, &standing);
        let mut placed: Vec<Placed<'_>> = standing
            .into_iter()
            .map(|(revision, (event, corrected_by))| Placed {
                place: places[&revision],
                event,
                corrected_by,
            })
            .collect();
        placed.sort_by_key(|entry| (entry.place, entry.event.revision));
        placed
    }

    /// The state after every event.
    pub fn state(&self) -> State {
        fold(&self.effective(), |_| true)
    }

    /// The state as of a day: events placed later are cut.
    pub fn state_at(&self, day: Day) -> State {
        fold(&self.effective(), |entry| entry.place <= day)
    }

    /// The state as of a day with the events that are possible on it counted as done.
    pub fn state_at_with_possible(&self, day: Day) -> State {
        fold(&self.effective(), |entry| entry.place <= day || is_possible(entry, day))
    }

    /// The revisions of events that may have happened by a day but need not have: their interval
    /// contains it and their place lies after it.
    pub fn possible(&self, day: Day) -> Vec<u64> {
        let effective = self.effective();
        effective.iter().filter(|e| is_possible(e, day)).map(|e| e.event.revision).collect()
    }

    /// The state at the end of each day on which it changed, in order of days.
    pub fn segments(&self) -> Vec<(Day, State)> {
        let mut segments: Vec<(Day, State)> = Vec::new();
        let mut state = State::default();
        for entry in self.effective() {
            evolve(&mut state, &entry.event, entry.place);
            match segments.last_mut() {
                Some((day, last)) if *day == entry.place => *last = state.clone(),
                _ => segments.push((entry.place, state.clone())),
            }
        }
        segments
    }

    /// The last place of an act in the effective history: an event placed on that day or later is
    /// folded on top of the present state. Docket's own events have none: no act depends on them.
    pub fn last_place(&self) -> Option<Day> {
        let effective = self.effective();
        let mut acts = effective.iter().filter(|entry| !entry.event.event.is_own());
        acts.next_back().map(|entry| entry.place)
    }
}

/// The version in force of an event, and the revision of the correction that made it so.
type Version<'a> = (Cow<'a, Recorded>, Option<u64>);

/// Folds the entries that are picked.
pub fn fold(effective: &[Placed<'_>], pick: impl Fn(&Placed<'_>) -> bool) -> State {
    let mut state = State::default();
    for entry in effective.iter().filter(|entry| pick(entry)) {
        evolve(&mut state, &entry.event, entry.place);
    }
    state
}

fn is_possible(entry: &Placed<'_>, day: Day) -> bool {
    entry.place > day && entry.event.meta.effective_on.contains(day)
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

/// What stands in an original's place by a correction; nothing if it annuls.
fn mend(original: &Recorded, correction: &Recorded) -> Option<Recorded> {
    let mended = correction.event.fact()?.mended.as_ref()?;
    let mut event = original.clone();
    event.event = Event::Acted(Box::new(mended.fact.clone()));
    event.meta.effective_on = mended.effective_on;
    event.meta.decided_on = mended.decided_on;
    if mended.received_on.is_some() {
        event.meta.received_on = mended.received_on;
    }
    // What took place only after the original was recorded cannot have been received with it.
    let recorded_on = original.meta.recorded_at.civil_day();
    let after = |on: CivilDate| on.earliest().is_some_and(|earliest| earliest > recorded_on);
    if after(event.meta.effective_on) && !after(original.meta.effective_on) {
        event.meta.recorded_at = correction.meta.recorded_at;
    }
    // A receipt of what was recorded wrongly says nothing of what took place only after it.
    let earliest = event.meta.effective_on.earliest();
    event.meta.received_on =
        event.meta.received_on.filter(|day| earliest.is_none_or(|earliest| earliest <= *day));
    event.meta.provenance = mended.fact.effects.stands_by.unwrap_or(Provenance::Recorded);
    event.meta.rests_on.clone_from(&correction.meta.rests_on);
    event.meta.measure.clone_from(&correction.meta.measure);
    event.meta.measure_also.clone_from(&correction.meta.measure_also);
    event.meta.edition.clone_from(&correction.meta.edition);
    event.meta.article.clone_from(&correction.meta.article);
    Some(event)
}

/// Where the event that opened the record was annulled, the first one that remains opens it, as it
/// would have done alone (G10).
fn open_record(standing: &mut BTreeMap<u64, (Cow<'_, Recorded>, Option<u64>)>) {
    let opens = |event: &Recorded| {
        event.event.fact().is_some_and(|fact| fact.effects.opens_record.is_some())
    };
    if standing.values().any(|(event, _)| opens(event)) {
        return;
    }
    let first = standing.values_mut().map(|(event, _)| event).find(|event| !event.event.is_own());
    let Some(first) = first.map(Cow::to_mut) else { return };
    let meta = &first.meta;
    let (day, reason) = if meta.archive || meta.office == Office::Registrar {
        (meta.recorded_at.civil_day(), "the day of recording")
    } else {
        (meta.effective_on.latest(), "the effective day of the opening act")
    };
    if let Event::Acted(fact) = &mut first.event {
        fact.effects.opens_record = Some(KeptSince { day, reason: Said::literal(reason) });
    }
}

/// The revisions of the same stream among what an event rests on.
pub fn rests_on_own<'a>(rests_on: &'a str, stream: &'a str) -> impl Iterator<Item = u64> + 'a {
    rests_on.split_ascii_whitespace().filter_map(move |reference| {
        let rest = reference.strip_prefix(stream)?.strip_prefix('@')?;
        digits(rest.split_once('#')?.0)
    })
}

/// The place of a single event that rests on events with these places.
pub fn place_on(effective_on: CivilDate, grounds: impl Iterator<Item = (Day, CivilDate)>) -> Day {
    grounds
        .filter(|(_, ground)| ground.overlaps(&effective_on))
        .map(|(place, _)| place)
        .fold(effective_on.latest(), Day::max)
}

/// The place of each standing event. A correction can rest on a later entry that rests on the
/// original, so places are raised until none moves; without such rings one round does it.
fn places_of(stream: &str, standing: &BTreeMap<u64, Version<'_>>) -> BTreeMap<u64, Day> {
    let grounds: Vec<(u64, Vec<u64>)> = standing
        .iter()
        .map(|(&revision, (event, _))| {
            let grounds = rests_on_own(&event.meta.rests_on, stream)
                .filter(|ground| *ground != revision && standing.contains_key(ground));
            (revision, grounds.collect())
        })
        .collect();
    let on = |revision: u64| standing[&revision].0.meta.effective_on;
    let mut places: BTreeMap<u64, Day> =
        standing.keys().map(|&revision| (revision, on(revision).latest())).collect();
    loop {
        let mut moved = false;
        for (revision, grounds) in &grounds {
            let held = grounds.iter().map(|ground| (places[ground], on(*ground)));
            let place = place_on(on(*revision), held);
            moved |= places.insert(*revision, place) != Some(place);
        }
        if !moved {
            return places;
        }
    }
}
