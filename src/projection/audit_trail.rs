//! `audit_trail`: every event of the log as a row, and what became of it.
//!
//! The only read model that renders events; its sentences are made at read time, in both languages
//! ([`sentence`]).

#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::HashMap;

use super::ProjectionError;
use super::change::{ModelChanges, RowWriter};
use super::error::DatabaseError;
use super::memory::Memory;
use super::sql::Reader;
use super::step::{Envelope, Input, Path, Projection, Step};
use super::table::Table;
use crate::domain::date::Day;
use crate::domain::duty::lapse_has_ground;
use crate::domain::event::{Event, EventMeta, Fact, Recorded};
use crate::domain::history::{Fate, History, corrected_revision};
use crate::domain::state::State;
use crate::domain::subject::SubjectHistory;

mod dictionary;
pub mod entry;
mod known;
pub mod sentence;
mod tables;

pub use entry::{Entry, entries};
pub use sentence::{Around, Receipt, own_sentence, sentence as sentence_of};

use dictionary::{Dictionary, law_key, office_key};
use tables::{BEFORE, EVENTS, LAWS, OFFICES, RESTATE};

/// Fills `audit_trail`, `audit_trail_before`, `recorded_by` and `law`.
#[derive(Default)]
pub struct AuditTrail {
    offices: Dictionary,
    laws: Dictionary,
}

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
        &[&tables::EVENT_TABLE, &tables::OFFICE_TABLE, &tables::LAW_TABLE, &tables::BEFORE_TABLE]
    }

    fn load(&mut self, reader: &mut dyn Reader) -> Result<(), DatabaseError> {
        self.offices = dictionary::load_offices(reader)?;
        self.laws = dictionary::load_laws(reader)?;
        Ok(())
    }

    fn project(
        &mut self,
        envelope: &Envelope,
        meta: &EventMeta,
        input: &Input<'_>,
        _memory: &mut Memory,
        changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        let step = match input {
            Input::Step(step) => Some(*step),
            Input::Subject(_, history) => {
                history.iter().for_each(|history| restate_subject(history, changes));
                None
            }
            Input::Quota(_) | Input::Own => None,
        };
        let Some(Step { path: Path::Refolded { history, before, .. }, after, .. }) = step else {
            self.insert(envelope, meta, step, &HashMap::new(), changes);
            return Ok(());
        };
        let fold_days = fold_days(history);
        self.insert(envelope, meta, step, &fold_days, changes);
        let before = before.last().map(|(_, state)| state);
        restate(envelope.sequence, (history, &fold_days), before, after, changes);
        Ok(())
    }
}

/// Where an event stands in the fold as it goes in, and whether it has its ground; `fold_days` are those
/// of a refolded history.
fn placed(step: &Step<'_>, fold_days: &HashMap<u64, Day>) -> (Option<Day>, Standing, Option<u64>) {
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

impl AuditTrail {
    fn insert(
        &mut self,
        envelope: &Envelope,
        meta: &EventMeta,
        step: Option<&Step<'_>>,
        fold_days: &HashMap<u64, Day>,
        changes: &mut ModelChanges<'_>,
    ) {
        let fact = step.and_then(|step| step.event.event.fact());
        let document = fact.and_then(|fact| fact.document.as_ref());
        let (fold_day, standing, by) =
            step.map_or((None, Standing::Stands, None), |step| placed(step, fold_days));
        let (office, is_new) = self.offices.number(office_key(meta), envelope.sequence);
        if is_new {
            dictionary::write_office(office, meta, &mut changes.insert(OFFICES));
        }
        let law = law_key(meta).map(|key| {
            let (law, is_new) = self.laws.number(key, envelope.sequence);
            if is_new {
                dictionary::write_law(law, meta, &mut changes.insert(LAWS));
            }
            law
        });
        let mut row = changes.insert(EVENTS);
        row.number(envelope.sequence).text(envelope.stream.as_str()).number(envelope.revision);
        row.id(envelope.event_id).number_if(step.map(|step| step.enrollment));
        row.flag(meta.exercise).text(&envelope.event_type);
        row.text_if(fact.map(|fact| fact.act.kind().as_str()));
        list(fact, &mut row);
        row.number(office).number_if(law);
        row.date(&meta.effective_on).day(meta.effective_on.latest()).day_if(fold_day);
        row.date_if(meta.decided_on.as_ref()).day_if(meta.received_on);
        row.int(envelope.recorded_at_us).int(envelope.known_at_us);
        row.text(meta.provenance.as_str()).flag(meta.archive);
        row.text_if(filled(&meta.corrects)).text_if(filled(&meta.rests_on));
        row.text_if(document.and_then(|document| document.number.as_deref()));
        row.text_if(document.map(|document| document.title.as_str()));
        row.text(standing.as_str()).number_if(by);
    }
}

/// The same of a subject's events, by their last, which is a correction.
fn restate_subject(history: &SubjectHistory, changes: &mut ModelChanges<'_>) {
    let Some((newest, earlier)) = history.records().split_last() else { return };
    let before = history.known_to(newest.sequence.saturating_sub(1));
    for record in earlier {
        let (was, now) = (before.fate(record.revision), history.fate(record.revision));
        if was != now {
            let (standing, by) = fate(was);
            let mut row = changes.insert(BEFORE);
            row.number(record.sequence).number(newest.sequence).null();
            row.text(standing.as_str()).number_if(by);
            let (standing, by) = fate(now);
            let mut row = changes.change(EVENTS, RESTATE);
            row.null().text(standing.as_str()).number_if(by).number(record.sequence);
        }
    }
}

fn fate(fate: Fate) -> (Standing, Option<u64>) {
    match fate {
        Fate::Stands => (Standing::Stands, None),
        Fate::Corrected { by } => (Standing::Corrected, Some(by)),
        Fate::Annulled { by } => (Standing::Annulled, Some(by)),
    }
}

/// Writes what an act is listed by; of a correction that of the act that it puts in place.
fn list(fact: Option<&Fact>, row: &mut RowWriter<'_>) {
    let standing = fact.map(|fact| fact.mended.as_ref().map_or(fact, |mended| &mended.fact));
    let effects = standing.map(|fact| &fact.effects);
    let result = effects.and_then(|effects| effects.result.as_ref());
    // A report is due in the year after the one that it is on.
    let reported = effects.and_then(|effects| effects.meets.iter().find_map(|met| met.due_year));
    let year = result.and_then(|result| result.year).or(reported.map(|due| due - 1));
    match year {
        Some(year) => row.int(i64::from(year)),
        None => row.null(),
    };
    row.text_if(result.map(|result| result.result.as_str()));
    row.text_if(effects.and_then(|effects| effects.round.as_deref()));
    row.text_if(effects.and_then(|effects| effects.batch.as_deref()));
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
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
        let was = (standing_of(&earlier, before, event), days_before.get(&event.revision));
        let now = (standing_of(history, after, event), days_after.get(&event.revision));
        if was != now {
            let ((standing, by), fold_day) = was;
            let mut row = changes.insert(BEFORE);
            row.number(sequence).number(known_to).day_if(fold_day.copied());
            row.text(standing.as_str()).number_if(by);
            let ((standing, by), fold_day) = now;
            let mut row = changes.change(EVENTS, RESTATE);
            row.day_if(fold_day.copied()).text(standing.as_str()).number_if(by).number(sequence);
        }
    }
}
