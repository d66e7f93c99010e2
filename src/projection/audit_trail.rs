//! `audit_trail`: every event of the log as a row, and what became of it.
//!
//! The only read model that renders events; its sentences are made at read time, in both languages
//! ([`sentence`]).

#![deny(clippy::wildcard_enum_match_arm)]

use rusqlite::{Connection, params};

use super::ProjectionError;
use super::step::{Envelope, Input, Path, Projection, Step};
use super::store::signed;
use super::value::{DateText, DayText, IdText};
use crate::domain::date::Day;
use crate::domain::duty::lapse_has_ground;
use crate::domain::event::{Event, EventMeta, Recorded};
use crate::domain::history::{Fate, History, corrected_revision};
use crate::domain::state::State;

pub mod dates;
pub mod entry;
mod known;
pub mod sentence;

pub use entry::{Entry, entries};
pub use sentence::{own_sentence, sentence as sentence_of};

/// Fills `audit_trail`.
#[derive(Default)]
pub struct AuditTrail {
    /// The running maximum of `recorded_at`; absent until it is read from the table.
    known_at_us: Option<i64>,
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
        Event::Acted(_) | Event::ApprovalAbandoned(_) => false,
    }
}

impl Projection for AuditTrail {
    fn name(&self) -> &'static str {
        "audit_trail"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/audit_trail/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/audit_trail/indexes.sql")
    }

    fn tables(&self) -> &'static [(&'static str, &'static str)] {
        &[("audit_trail", "sequence")]
    }

    fn project(
        &mut self,
        envelope: &Envelope,
        meta: &EventMeta,
        input: &Input<'_>,
        tx: &Connection,
    ) -> Result<(), ProjectionError> {
        let known_at_us = self.known_at(envelope, tx)?;
        let step = match input {
            Input::Step(step) => Some(*step),
            Input::Subject(_) | Input::Quota(_) | Input::Own => None,
        };
        insert(envelope, meta, step, known_at_us, tx)?;
        if let Some(Step { path: Path::Refolded { history, .. }, after, .. }) = step {
            restate(history, after, tx)?;
        }
        Ok(())
    }

    fn flush(&mut self, _tx: &Connection) -> Result<(), ProjectionError> {
        Ok(())
    }
}

impl AuditTrail {
    fn known_at(&mut self, envelope: &Envelope, tx: &Connection) -> Result<i64, ProjectionError> {
        let before = match self.known_at_us {
            Some(known_at_us) => known_at_us,
            None => tx.query_row(
                "SELECT coalesce((SELECT known_at FROM audit_trail ORDER BY sequence DESC LIMIT 1), ?1)",
                [i64::MIN],
                |row| row.get(0),
            )?,
        };
        let known_at_us = before.max(envelope.recorded_at_us);
        self.known_at_us = Some(known_at_us);
        Ok(known_at_us)
    }
}

/// Where an event stands in the fold as it goes in, and whether it has its ground.
fn placed(step: &Step<'_>) -> (Option<Day>, Standing) {
    match step.path {
        Path::Appended { place, .. } => {
            let lost = step.after.unsupported.last() == Some(&step.event.revision);
            (Some(place), if lost { Standing::Unsupported } else { Standing::Stands })
        }
        Path::Refolded { .. } | Path::Unmoved => (None, Standing::Stands),
    }
}

const INSERT: &str = "INSERT INTO audit_trail (sequence, stream, revision, event_id, program,
    subject, exercise, act, event_type, article, measure, edition, office, office_id,
    office_name_en, office_name_zh, principal, role, effective_on, effective_earliest,
    effective_latest, place, decided_on, received_on, recorded_at, known_at, provenance, archive,
    corrects, rests_on, document_number, document_title, fate)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)";

fn insert(
    envelope: &Envelope,
    meta: &EventMeta,
    step: Option<&Step<'_>>,
    known_at_us: i64,
    tx: &Connection,
) -> Result<(), ProjectionError> {
    let fact = step.and_then(|step| step.event.event.fact());
    let document = fact.and_then(|fact| fact.document.as_ref());
    let (place, standing) = step.map_or((None, Standing::Stands), placed);

    tx.prepare_cached(INSERT)?.execute(params![
        signed(envelope.sequence),
        envelope.stream.as_str(),
        signed(envelope.revision),
        IdText::from(envelope.event_id),
        step.map(|step| step.program.as_str()),
        step.map(|step| step.subject.as_str()),
        meta.exercise,
        fact.map(|fact| fact.act.kind().as_str()),
        envelope.event_type,
        meta.article,
        meta.measure.as_deref(),
        meta.edition.as_deref(),
        meta.office.as_str(),
        meta.office_id,
        meta.office_name.en,
        meta.office_name.zh,
        meta.principal,
        meta.role,
        DateText(meta.effective_on),
        meta.effective_on.earliest().map(DayText::from),
        DayText::from(meta.effective_on.latest()),
        place.map(DayText::from),
        meta.decided_on.map(DateText),
        meta.received_on.map(DayText::from),
        envelope.recorded_at_us,
        known_at_us,
        meta.provenance.as_str(),
        meta.archive,
        filled(&meta.corrects),
        filled(&meta.rests_on),
        document.and_then(|document| document.number.as_deref()),
        document.map(|document| document.title.as_str()),
        standing.as_str(),
    ])?;
    Ok(())
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Says anew where each event of a refolded history stands and what became of it.
fn restate(history: &History, state: &State, tx: &Connection) -> Result<(), ProjectionError> {
    let places: std::collections::HashMap<u64, Day> = history
        .effective()
        .into_iter()
        .filter(|placed| !placed.event.event.is_own())
        .map(|placed| (placed.event.revision, placed.place))
        .collect();
    let mut update = tx.prepare_cached(
        "UPDATE audit_trail SET place = ?2, fate = ?3, corrected_by = ?4
         WHERE sequence = ?1 AND (place IS NOT ?2 OR fate IS NOT ?3 OR corrected_by IS NOT ?4)",
    )?;
    for event in history.events() {
        let Some(sequence) = event.sequence else { continue };
        let (standing, by) = standing_of(history, state, event);
        let place = places.get(&event.revision).copied().map(DayText::from);
        update.execute(params![signed(sequence), place, standing.as_str(), by.map(signed)])?;
    }
    Ok(())
}
