//! `subjects`: who takes part, as registered, with names and responsible offices by day.

use super::ProjectionError;
use super::change::ModelChanges;
use super::memory::Memory;
use super::step::{Envelope, Input, Projection};
use super::table::Table;
use crate::domain::date::Day;
use crate::domain::event::EventMeta;
use crate::domain::ids::{SubjectId, Text};
use crate::domain::subject::{Registration, Renaming, SubjectEvent};

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
        2
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

    fn project(
        &mut self,
        envelope: &Envelope,
        _meta: &EventMeta,
        input: &Input<'_>,
        _memory: &mut Memory,
        changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        match input {
            Input::Subject(SubjectEvent::Registered(registration)) => {
                register(envelope, registration, changes);
            }
            Input::Subject(SubjectEvent::Renamed(renaming)) => rename(envelope, renaming, changes),
            Input::Step(_) | Input::Quota(_) | Input::Own => {}
        }
        Ok(())
    }
}

/// What subjects are listed by: the GB/T 2260 code, else the province's, else the id.
fn order_key(registration: &Registration) -> &str {
    let province = registration.province.as_ref().map(SubjectId::as_str);
    registration.code.as_deref().or(province).unwrap_or(registration.id.as_str())
}

/// A registration says everything anew.
fn register(envelope: &Envelope, registration: &Registration, changes: &mut ModelChanges<'_>) {
    let id = registration.id.as_str();
    for table in tables::ALL {
        changes.change(table, tables::REMOVE).text(id);
    }
    let mut row = changes.insert(tables::SUBJECTS);
    row.text(id).text(registration.kind.as_str()).text_if(registration.code.as_deref());
    row.text_if(registration.code_revision.as_deref());
    row.text_if(registration.province.as_ref().map(SubjectId::as_str));
    row.flag(registration.invented).text(order_key(registration)).text(&registration.source);
    row.date(&registration.effective_on).number(envelope.revision).number(envelope.sequence);
    let from = registration.effective_on.earliest().unwrap_or(Day::MIN);
    name(envelope, id, from, &registration.name, &registration.source, changes);
    office(envelope, id, from, registration.responsible_office.as_ref(), changes);
    for zone in &registration.zones {
        changes.put(tables::ZONES).text(id).text(zone.zone.as_str()).text(&zone.source);
    }
}

fn rename(envelope: &Envelope, renaming: &Renaming, changes: &mut ModelChanges<'_>) {
    let stream = envelope.stream.as_str();
    let id = stream.strip_prefix(crate::codec::SUBJECT).unwrap_or(stream);
    let from = renaming.effective_on.latest();
    name(envelope, id, from, &renaming.name, &renaming.source, changes);
    office(envelope, id, from, renaming.responsible_office.as_ref(), changes);
    let mut newest = changes.change(tables::SUBJECTS, tables::NEWEST);
    newest.number(envelope.revision).number(envelope.sequence).text(id);
}

fn name(
    envelope: &Envelope,
    subject: &str,
    from: Day,
    name: &Text,
    source: &str,
    changes: &mut ModelChanges<'_>,
) {
    let mut row = changes.insert(tables::NAMES);
    row.text(subject).day(from).number(envelope.revision).text(&name.en).text(&name.zh);
    row.text(source).number(envelope.sequence);
}

fn office(
    envelope: &Envelope,
    subject: &str,
    from: Day,
    office: Option<&Text>,
    changes: &mut ModelChanges<'_>,
) {
    let Some(office) = office else { return };
    let mut row = changes.insert(tables::OFFICES);
    row.text(subject).day(from).number(envelope.revision).text(&office.en).text(&office.zh);
    row.number(envelope.sequence);
}
