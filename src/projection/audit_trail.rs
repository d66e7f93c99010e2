//! `audit_trail`: what became of each event of the log; its view shows that with what the event says.
//!
//! The only read model that renders events; its sentences are made at read time, in both languages
//! ([`sentence`]).

#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::HashMap;

use super::change::ModelChanges;
use super::fate::Placed;
pub use super::fate::Standing;
use super::rows::Rows;
use super::step::{Envelope, Input, Projection};
use super::table::Table;
use super::turn::{Path, Turn};
use crate::domain::date::Day;
use crate::domain::duty::lapse_has_ground;
use crate::domain::event::{Event, EventMeta, Recorded};
use crate::domain::history::{Effective, Fate, History, corrected_revision};
use crate::domain::state::State;
use crate::domain::subject::SubjectHistory;

pub mod entry;
mod known;
pub mod sentence;
mod tables;

pub use entry::{Entry, entries};
pub use sentence::{
    Around, Named, Receipt, bounded, figure_said, own_sentence, sentence as sentence_of,
};

pub(super) use tables::FateRow;
use tables::{BEFORE, BeforeRow, FATES};

/// Fills `event_fate` and `audit_trail_before`.
#[derive(Default)]
pub struct AuditTrail;

/// What became of an event of a history, and the revision of the correction in force; `state` is
/// the history's. A correction stands until another one takes its place.
pub fn standing_of(history: &History, state: &State, event: &Recorded) -> (Standing, Option<u64>) {
    stands(history, state, event, history.fate(event.revision))
}

fn stands(
    history: &History,
    state: &State,
    event: &Recorded,
    fate: Fate,
) -> (Standing, Option<u64>) {
    let revision = event.revision;
    if corrected_revision(event).is_some() {
        return match history.version_in_force(revision) {
            Some(in_force) if in_force != revision => (Standing::Corrected, Some(in_force)),
            _ => (Standing::Stands, None),
        };
    }
    match fate {
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
        6
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/audit_trail/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&FateRow::TABLE, &BeforeRow::TABLE]
    }

    fn turn(&mut self, turn: &Turn<'_>, rows: &mut Rows, changes: &mut ModelChanges<'_>) {
        let event = turn.event;
        let (history, days) = match turn.path {
            Path::Anew { history, effective } => (history, fold_days(effective)),
            Path::Aside => {
                note(rows, (event, turn.sequence), (None, Standing::Stands, None), changes);
                return;
            }
            Path::Appended { .. } => {
                let lost = turn.state().and_then(|state| state.unsupported.last());
                let standing = match lost == Some(&event.revision) {
                    true => Standing::Unsupported,
                    false => Standing::Stands,
                };
                let day = event.event.fact().map(|_| turn.from);
                note(rows, (event, turn.sequence), (day, standing, None), changes);
                return;
            }
        };
        let nothing = State::default();
        let state = turn.state().unwrap_or(&nothing);
        let fates = history.fates();
        for (event, fate) in history.events().iter().zip(fates) {
            let Some(sequence) = event.sequence else { continue };
            let (standing, by) = stands(history, state, event, fate);
            let placed = (days.get(&event.revision).copied(), standing, by);
            let was = rows.fates.get(&event.revision).copied().unwrap_or_else(|| plain(event));
            if event.revision == turn.event.revision {
                note(rows, (event, sequence), placed, changes);
            } else if was != placed {
                write_before(sequence, turn.sequence, was, changes);
                write_fate(sequence, placed, changes);
                rows.fates.insert(event.revision, placed);
            }
        }
    }

    fn take_in(
        &mut self,
        _envelope: &Envelope,
        _meta: &EventMeta,
        input: &Input<'_>,
        changes: &mut ModelChanges<'_>,
    ) {
        if let Input::Subject(_, Some(history)) = input {
            restate_subject(history, changes);
        }
    }
}

/// What the view says where there is no row: most acts stand, at the last day from which they count.
fn plain(event: &Recorded) -> Placed {
    let day = event.event.fact().map(|_| event.meta.effective_on.latest());
    (day, Standing::Stands, None)
}

/// What became of an event as it went in.
fn note(
    rows: &mut Rows,
    (event, sequence): (&Recorded, u64),
    placed: Placed,
    changes: &mut ModelChanges<'_>,
) {
    if placed != plain(event) {
        write_fate(sequence, placed, changes);
        rows.fates.insert(event.revision, placed);
    }
}

fn write_fate(sequence: u64, placed: Placed, changes: &mut ModelChanges<'_>) {
    FateRow::write(&(sequence, placed), &mut changes.put(FATES));
}

/// What was said of an event up to another one.
fn write_before(sequence: u64, known_to: u64, placed: Placed, changes: &mut ModelChanges<'_>) {
    BeforeRow::write(&(sequence, known_to, placed), &mut changes.insert(BEFORE));
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
fn fold_days(effective: &Effective<'_>) -> HashMap<u64, Day> {
    let acts = effective.entries().iter().filter(|entry| !entry.event.event.is_own());
    acts.map(|entry| (entry.revision(), entry.fold_day())).collect()
}
