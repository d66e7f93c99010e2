//! `subjects`: who takes part, as registered, with names and responsible offices by day.

use rusqlite::{Connection, params};

use super::ProjectionError;
use super::step::{Envelope, Input, Projection};
use super::store::signed;
use super::value::{DateText, DayText};
use crate::domain::date::Day;
use crate::domain::event::EventMeta;
use crate::domain::ids::{SubjectId, Text};
use crate::domain::subject::{Registration, Renaming, SubjectEvent};

mod list;

pub use list::{SubjectCursor, SubjectFilter, SubjectRow, UnlistedFilter, UnlistedRow};

/// Fills `subject`, `subject_name`, `subject_office` and `subject_zone`.
#[derive(Default)]
pub struct Subjects;

impl Projection for Subjects {
    fn name(&self) -> &'static str {
        "subjects"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/subjects/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/subjects/indexes.sql")
    }

    fn tables(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("subject", "subject"),
            ("subject_name", "subject, from_day, revision"),
            ("subject_office", "subject, from_day, revision"),
            ("subject_zone", "subject, zone"),
        ]
    }

    fn project(
        &mut self,
        envelope: &Envelope,
        _meta: &EventMeta,
        input: &Input<'_>,
        tx: &Connection,
    ) -> Result<(), ProjectionError> {
        match input {
            Input::Subject(SubjectEvent::Registered(registration)) => {
                register(envelope, registration, tx)
            }
            Input::Subject(SubjectEvent::Renamed(renaming)) => rename(envelope, renaming, tx),
            Input::Step(_) | Input::Quota(_) | Input::Own => Ok(()),
        }
    }

    fn flush(&mut self, _tx: &Connection) -> Result<(), ProjectionError> {
        Ok(())
    }
}

/// What subjects are listed by: the GB/T 2260 code, else the province's, else the id.
fn order_key(registration: &Registration) -> &str {
    let province = registration.province.as_ref().map(SubjectId::as_str);
    registration.code.as_deref().or(province).unwrap_or(registration.id.as_str())
}

/// A registration says everything anew.
fn register(
    envelope: &Envelope,
    registration: &Registration,
    tx: &Connection,
) -> Result<(), ProjectionError> {
    let id = registration.id.as_str();
    for table in ["subject", "subject_name", "subject_office", "subject_zone"] {
        tx.prepare_cached(&format!("DELETE FROM {table} WHERE subject = ?1"))?.execute([id])?;
    }
    tx.prepare_cached(
        "INSERT INTO subject (subject, kind, code, code_revision, province, invented, order_key,
            source, effective_on, revision, sequence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        id,
        registration.kind.as_str(),
        registration.code.as_deref(),
        registration.code_revision.as_deref(),
        registration.province.as_ref().map(SubjectId::as_str),
        registration.invented,
        order_key(registration),
        registration.source,
        DateText(registration.effective_on),
        signed(envelope.revision),
        signed(envelope.sequence),
    ])?;
    let from = registration.effective_on.earliest().unwrap_or(Day::MIN);
    name(envelope, id, from, &registration.name, &registration.source, tx)?;
    office(envelope, id, from, registration.responsible_office.as_ref(), tx)?;
    for zone in &registration.zones {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO subject_zone (subject, zone, source) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![id, zone.zone.as_str(), zone.source])?;
    }
    Ok(())
}

fn rename(
    envelope: &Envelope,
    renaming: &Renaming,
    tx: &Connection,
) -> Result<(), ProjectionError> {
    let stream = envelope.stream.as_str();
    let id = stream.strip_prefix(crate::codec::SUBJECT).unwrap_or(stream);
    let from = renaming.effective_on.latest();
    name(envelope, id, from, &renaming.name, &renaming.source, tx)?;
    office(envelope, id, from, renaming.responsible_office.as_ref(), tx)?;
    tx.prepare_cached("UPDATE subject SET revision = ?2, sequence = ?3 WHERE subject = ?1")?
        .execute(params![id, signed(envelope.revision), signed(envelope.sequence)])?;
    Ok(())
}

fn name(
    envelope: &Envelope,
    subject: &str,
    from: Day,
    name: &Text,
    source: &str,
    tx: &Connection,
) -> Result<(), ProjectionError> {
    tx.prepare_cached(
        "INSERT INTO subject_name (subject, from_day, revision, name_en, name_zh, source)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        subject,
        DayText::from(from),
        signed(envelope.revision),
        name.en,
        name.zh,
        source
    ])?;
    Ok(())
}

fn office(
    envelope: &Envelope,
    subject: &str,
    from: Day,
    office: Option<&Text>,
    tx: &Connection,
) -> Result<(), ProjectionError> {
    let Some(office) = office else { return Ok(()) };
    tx.prepare_cached(
        "INSERT INTO subject_office (subject, from_day, revision, office_en, office_zh)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        subject,
        DayText::from(from),
        signed(envelope.revision),
        office.en,
        office.zh
    ])?;
    Ok(())
}
