//! `subjects`: who takes part, as registered, with names and responsible offices by day, and
//! what was known of all that up to which event.

use super::change::ModelChanges;
use super::step::{Envelope, Input, Projection};
use super::table::Table;
use crate::domain::event::EventMeta;
use crate::domain::ids::SubjectId;
use crate::domain::subject::{Registration, SubjectContent, SubjectEvent, SubjectHistory};

mod list;
mod tables;

pub use list::{SubjectCursor, SubjectFilter, SubjectRow, UnlistedFilter, UnlistedRow};

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

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/subjects/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/subjects/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&tables::SUBJECT, &tables::NAME, &tables::OFFICE, &tables::ZONE]
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
            Input::Subject(SubjectEvent::Corrected(_), None) | Input::Quota(_) | Input::Own => {}
        }
    }
}

/// What subjects are listed by: the GB/T 2260 code, else the province's, else the id.
fn order_key(registration: &Registration) -> &str {
    let province = registration.province.as_ref().map(SubjectId::as_str);
    registration.code.as_deref().or(province).unwrap_or(registration.id.as_str())
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
    let (id, known_from) = (subject(envelope), envelope.sequence);
    if let SubjectContent::Registration(registration) = said {
        let mut row = changes.insert(tables::SUBJECTS);
        row.text(id).text(registration.kind.as_str()).text_if(registration.code.as_deref());
        row.text_if(registration.code_revision.as_deref());
        row.text_if(registration.province.as_ref().map(SubjectId::as_str));
        row.flag(registration.invented).text(order_key(registration)).text(&registration.source);
        row.date(&registration.effective_on).number(envelope.revision).number(known_from);
        row.number(known_from).null();
        for zone in &registration.zones {
            let mut row = changes.put(tables::ZONES);
            row.text(id).text(zone.zone.as_str()).text(&zone.source).number(known_from).null();
        }
    }
    let (name, source) = said.name();
    let mut row = changes.insert(tables::NAMES);
    row.text(id).day(said.from()).number(revision).text(&name.en).text(&name.zh);
    row.text(source).number(known_from).null();
    if let Some(office) = said.office() {
        let mut row = changes.insert(tables::OFFICES);
        row.text(id).day(said.from()).number(revision).text(&office.en).text(&office.zh);
        row.number(known_from).null();
    }
}
