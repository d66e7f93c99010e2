//! `enrollment_places`: which enrollment holds a place of a quota, from which day to which.
//!
//! The rows say what the fold of the quota's stream says (`domain::quota`): a restatement replaces
//! what was known of an enrollment, and takes up the reservations made up to it.

use rusqlite::{Connection, params};

use super::ProjectionError;
use super::step::{Envelope, Input, Projection};
use super::store::signed;
use super::value::DayText;
use crate::codec::{StreamKind, kind_of_stream};
use crate::domain::event::EventMeta;
use crate::domain::quota::{PlacesRestated, QuotaEvent};

mod list;

pub use list::PlaceRow;

/// Fills `enrollment_place`.
#[derive(Default)]
pub struct EnrollmentPlaces;

impl Projection for EnrollmentPlaces {
    fn name(&self) -> &'static str {
        "enrollment_places"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/enrollment_places/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/enrollment_places/indexes.sql")
    }

    fn tables(&self) -> &'static [(&'static str, &'static str)] {
        &[("enrollment_place", "program, category, enrollment, revision, from_day")]
    }

    fn project(
        &mut self,
        envelope: &Envelope,
        meta: &EventMeta,
        input: &Input<'_>,
        tx: &Connection,
    ) -> Result<(), ProjectionError> {
        let (Input::Quota(event), StreamKind::Quota { program, category }) =
            (input, kind_of_stream(envelope.stream.as_str()))
        else {
            return Ok(());
        };
        let revision = signed(envelope.revision);
        match event {
            QuotaEvent::PlaceReserved(reserved) => {
                tx.prepare_cached(INSERT)?.execute(params![
                    program,
                    category,
                    reserved.enrollment,
                    revision,
                    DayText::from(reserved.from),
                    meta.exercise,
                    None::<&str>,
                    false,
                    signed(reserved.revision),
                    reserved.over_limit,
                ])?;
            }
            QuotaEvent::ReservationReleased(released) => {
                tx.prepare_cached(
                    "DELETE FROM enrollment_place WHERE program = ?1 AND category = ?2
                     AND revision = ?3 AND reserved_at IS NOT NULL",
                )?
                .execute(params![
                    program,
                    category,
                    signed(released.reservation)
                ])?;
            }
            QuotaEvent::PlacesRestated(restated) => {
                restate(envelope, meta, (&program, &category), restated, tx)?;
            }
        }
        Ok(())
    }

    fn flush(&mut self, _tx: &Connection) -> Result<(), ProjectionError> {
        Ok(())
    }
}

const INSERT: &str = "INSERT INTO enrollment_place (program, category, enrollment, revision,
    from_day, exercise, until_day, attested, reserved_at, over_limit)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

fn restate(
    envelope: &Envelope,
    meta: &EventMeta,
    (program, category): (&str, &str),
    restated: &PlacesRestated,
    tx: &Connection,
) -> Result<(), ProjectionError> {
    let up_to = signed(restated.cites.revision);
    tx.prepare_cached(
        "DELETE FROM enrollment_place WHERE program = ?1 AND category = ?2 AND enrollment = ?3
         AND (reserved_at IS NULL OR reserved_at <= ?4)",
    )?
    .execute(params![program, category, restated.enrollment, up_to])?;
    let mut insert = tx.prepare_cached(INSERT)?;
    for span in &restated.spans {
        insert.execute(params![
            program,
            category,
            restated.enrollment,
            signed(envelope.revision),
            DayText::from(span.from),
            meta.exercise,
            span.until.map(DayText::from),
            span.attested,
            None::<i64>,
            false,
        ])?;
    }
    Ok(())
}
