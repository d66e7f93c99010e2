//! `audit_trail`: what became of each event of the log; its view shows that with what the event says.
//!
//! The only read model that renders events; its sentences are made at read time, in both languages
//! ([`sentence`]).

#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::HashMap;

use super::ProjectionError;
use super::change::ModelChanges;
use super::memory::Memory;
use super::step::{Envelope, Input, Path, Projection, Step};
use super::table::Table;
use crate::domain::date::Day;
use crate::domain::duty::lapse_has_ground;
use crate::domain::event::{Event, EventMeta, Recorded};
use crate::domain::history::{Fate, History, corrected_revision};
use crate::domain::state::State;
use crate::domain::subject::SubjectHistory;

pub mod entry;
mod known;
pub mod sentence;
mod tables;

pub use entry::{Entry, entries};
pub use sentence::{Around, Receipt, own_sentence, sentence as sentence_of};

use tables::{BEFORE, FATES};

/// Fills `event_fate` and `audit_trail_before`.
#[derive(Default)]
pub struct AuditTrail;

/// Where an event stands in the fold, what became of it, and by what.
type Placed = (Option<Day>, Standing, Option<u64>);

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It stands as recorded.
    Stands,
    /// Another version stands in its place.
    Corrected,
    /// It was annulled.
    Annulled,
    /// Its ground is gone: it changes nothing. A lapse changes nothing anyway; it says what was known.
    Unsupported,
}

impl Standing {
    /// The name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stands => "stands",
            Self::Corrected => "corrected",
            Self::Annulled => "annulled",
            Self::Unsupported => "unsupported",
        }
    }
}

/// What became of an event of a history, and the revision of the correction in force; `state` is
/// the history's. A correction stands until another one takes its place.
pub fn standing_of(history: &History, state: &State, event: &Recorded) -> (Standing, Option<u64>) {
    let revision = event.revision;
    if corrected_revision(event).is_some() {
        return match history.version_in_force(revision) {
            Some(in_force) if in_force != revision => (Standing::Corrected, Some(in_force)),
            _ => (Standing::Stands, None),
        };
    }
    match history.fate(revision) {
        Fate::Annulled { by } => (Standing::Annulled, Some(by)),
        Fate::Corrected { by } => (Standing::Corrected, Some(by)),
        Fate::Stands if state.unsupported.contains(&revision) => (Standing::Unsupported, None),
        Fate::Stands if is_groundless_lapse(state, event) => (Standing::Unsupported, None),
        Fate::Stands => (Standing::Stands, None),
    }
}

/// Whether it is a lapse whose due date was corrected away, or met in time after all.
fn is_groundless_lapse(state: &State, event: &Recorded) -> bool {
    match &event.event {
        Event::ObligationLapsed(lapse) => !lapse_has_ground(state, lapse),
        Event::Acted(_) | Event::ApprovalAbandoned(_) | Event::MeasureSucceeded(_) => false,
    }
}

impl Projection for AuditTrail {
    fn name(&self) -> &'static str {
        "audit_trail"
    }

    fn version(&self) -> u32 {
        5
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/audit_trail/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/audit_trail/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&tables::FATE_TABLE, &tables::BEFORE_TABLE]
    }

    fn step(
        &mut self,
        step: &Step<'_>,
        _memory: &mut Memory,
        changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        let Path::Refolded { history, before, .. } = step.path else {
            write_unless_plain(step.event, step.sequence, placed(step, &HashMap::new()), changes);
            return Ok(());
        };
        let fold_days = fold_days(history);
        write_unless_plain(step.event, step.sequence, placed(step, &fold_days), changes);
        let before = before.last().map(|(_, state)| state);
        restate(step.sequence, (history, &fold_days), before, step.after, changes);
        Ok(())
    }

    fn take_in(
        &mut self,
        _envelope: &Envelope,
        _meta: &EventMeta,
        input: &Input<'_>,
        changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        if let Input::Subject(_, Some(history)) = input {
            restate_subject(history, changes);
        }
        Ok(())
    }
}

/// Where an event stands in the fold as it goes in, and whether it has its ground; `fold_days` are those
/// of a refolded history.
fn placed(step: &Step<'_>, fold_days: &HashMap<u64, Day>) -> Placed {
    match step.path {
        Path::Appended { fold_day } => {
            let lost = step.after.unsupported.last() == Some(&step.event.revision);
            (Some(fold_day), if lost { Standing::Unsupported } else { Standing::Stands }, None)
        }
        Path::Refolded { history, after, .. } => {
            let state = after.last().map(|(_, state)| state).unwrap_or(step.before);
            let (standing, by) = standing_of(history, state, step.event);
            (fold_days.get(&step.event.revision).copied(), standing, by)
        }
        Path::Unmoved => (None, Standing::Stands, None),
    }
}

/// Most acts stand at the last day from which they count: those have no row, and the view says so.
fn write_unless_plain(
    event: &Recorded,
    sequence: u64,
    placed: Placed,
    changes: &mut ModelChanges<'_>,
) {
    let plain_day = event.event.fact().map(|_| event.meta.effective_on.latest());
    if placed != (plain_day, Standing::Stands, None) {
        write_fate(sequence, placed, changes);
    }
}

fn write_fate(sequence: u64, placed: Placed, changes: &mut ModelChanges<'_>) {
    let (fold_day, standing, by) = placed;
    let mut row = changes.put(FATES);
    row.number(sequence).day_if(fold_day).text(standing.as_str()).number_if(by);
}

/// What was said of an event up to another one.
fn write_before(sequence: u64, known_to: u64, placed: Placed, changes: &mut ModelChanges<'_>) {
    let (fold_day, standing, by) = placed;
    let mut row = changes.insert(BEFORE);
    row.number(sequence).number(known_to).day_if(fold_day);
    row.text(standing.as_str()).number_if(by);
}

/// The same of a subject's events, by their last, which is a correction.
fn restate_subject(history: &SubjectHistory, changes: &mut ModelChanges<'_>) {
    let Some((newest, earlier)) = history.records().split_last() else { return };
    let before = history.known_to(newest.sequence.saturating_sub(1));
    for record in earlier {
        let (was, now) = (before.fate(record.revision), history.fate(record.revision));
        if was != now {
            write_before(record.sequence, newest.sequence, fate(was), changes);
            write_fate(record.sequence, fate(now), changes);
        }
    }
}

fn fate(fate: Fate) -> Placed {
    match fate {
        Fate::Stands => (None, Standing::Stands, None),
        Fate::Corrected { by } => (None, Standing::Corrected, Some(by)),
        Fate::Annulled { by } => (None, Standing::Annulled, Some(by)),
    }
}

/// The fold day of each act that stands; of a decision whose effect lies ahead, that of its effect.
fn fold_days(history: &History) -> HashMap<u64, Day> {
    let effective = history.effective();
    let acts = effective.entries().iter().filter(|entry| !entry.event.event.is_own());
    acts.map(|entry| (entry.revision(), entry.fold_day())).collect()
}

/// Says anew where each earlier event of a refolded history stands and what became of it, where
/// that is not what it was.
fn restate(
    known_to: u64,
    (history, days_after): (&History, &HashMap<u64, Day>),
    before: Option<&State>,
    after: &State,
    changes: &mut ModelChanges<'_>,
) {
    let earlier = history.known_to(history.events().len().saturating_sub(1));
    let days_before = fold_days(&earlier);
    let nothing = State::default();
    let before = before.unwrap_or(&nothing);
    for event in earlier.events() {
        let Some(sequence) = event.sequence else { continue };
        let place = |(standing, by), days: &HashMap<u64, Day>| -> Placed {
            (days.get(&event.revision).copied(), standing, by)
        };
        let was = place(standing_of(&earlier, before, event), &days_before);
        let now = place(standing_of(history, after, event), days_after);
        if was != now {
            write_before(sequence, known_to, was, changes);
            write_fate(sequence, now, changes);
        }
    }
}
