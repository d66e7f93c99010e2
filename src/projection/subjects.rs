//! `subjects`: who takes part, as registered, with names and responsible offices by day, and
//! what was known of all that up to which event.

use super::change::ModelChanges;
use super::step::{Envelope, Input, Projection};
use super::table::Table;
use crate::domain::event::EventMeta;
use crate::domain::subject::{SubjectContent, SubjectEvent, SubjectHistory};

mod list;
mod tables;

pub use list::{SubjectCursor, SubjectFilter, SubjectRow, UnlistedFilter, UnlistedRow};

pub(super) use tables::RegisteredRow;
use tables::{NameRow, OfficeRow, ZoneRow};

/// Fills `subject`, `subject_name`, `subject_office` and `subject_zone`.
#[derive(Default)]
pub struct Subjects;

impl Projection for Subjects {
    fn name(&self) -> &'static str {
        "subjects"
    }

    fn version(&self) -> u32 {
        3
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/subjects/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&RegisteredRow::TABLE, &NameRow::TABLE, &OfficeRow::TABLE, &ZoneRow::TABLE]
    }

    fn take_in(
        &mut self,
        envelope: &Envelope,
        _meta: &EventMeta,
        input: &Input<'_>,
        changes: &mut ModelChanges<'_>,
    ) {
        match input {
            Input::Subject(_, Some(history)) => restate(envelope, history, changes),
            Input::Subject(SubjectEvent::Registered(registration), None) => {
                insert(
                    envelope,
                    envelope.revision,
                    SubjectContent::Registration(registration),
                    changes,
                );
            }
            Input::Subject(SubjectEvent::Renamed(renaming), None) => {
                insert(envelope, envelope.revision, SubjectContent::Renaming(renaming), changes);
                let mut newest = changes.change(tables::SUBJECTS, tables::NEWEST);
                newest.number(envelope.revision).number(envelope.sequence).text(subject(envelope));
            }
            Input::Subject(SubjectEvent::Corrected(_), None)
            | Input::Indicator(..)
            | Input::Quota(_)
            | Input::Own => {}
        }
    }
}

/// The subject whose stream an event stands in.
fn subject(envelope: &Envelope) -> &str {
    let stream = envelope.stream.as_str();
    stream.strip_prefix(crate::codec::SUBJECT).unwrap_or(stream)
}

/// After a correction everything is said anew; what was said before is known up to it.
fn restate(envelope: &Envelope, history: &SubjectHistory, changes: &mut ModelChanges<'_>) {
    for table in tables::ALL {
        changes.change(table, tables::SAID_ANEW).number(envelope.sequence).text(subject(envelope));
    }
    for (revision, said) in history.stands() {
        insert(envelope, revision, said, changes);
    }
}

/// The rows of what a registration or renaming says, `revision` being its own.
fn insert(
    envelope: &Envelope,
    revision: u64,
    said: SubjectContent<'_>,
    changes: &mut ModelChanges<'_>,
) {
    if let SubjectContent::Registration(registration) = said {
        RegisteredRow::write(&(envelope, registration), &mut changes.insert(tables::SUBJECTS));
        for zone in &registration.zones {
            ZoneRow::write(&(envelope, zone), &mut changes.put(tables::ZONES));
        }
    }
    NameRow::write(&(envelope, revision, &said), &mut changes.insert(tables::NAMES));
    if let Some(office) = said.office() {
        let of = (envelope, revision, (said.from(), office));
        OfficeRow::write(&of, &mut changes.insert(tables::OFFICES));
    }
}
