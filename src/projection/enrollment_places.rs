//! `enrollment_places`: which enrollment holds a place of a quota, from which day to which.
//!
//! The rows say what the fold of the quota's stream says (`domain::quota`): a restatement replaces
//! what was known of an enrollment, and takes up the reservations made up to it.

use super::change::ModelChanges;
use super::step::{Envelope, Input, Projection};
use super::table::Kind::{Int, Text};
use super::table::{Change, Table};
use crate::codec::{StreamKind, kind_of_stream};
use crate::domain::event::EventMeta;
use crate::domain::quota::{PlacesRestated, QuotaEvent};

mod list;

pub use list::PlaceRow;

/// Fills `enrollment_place`.
#[derive(Default)]
pub struct EnrollmentPlaces;

const TABLE: Table = Table {
    name: "enrollment_place",
    columns: &[
        ("program", Text),
        ("category", Text),
        ("enrollment", Text),
        ("revision", Int),
        ("from_day", Text),
        ("exercise", Int),
        ("until_day", Text),
        ("attested", Int),
        ("reserved_at", Int),
        ("over_limit", Int),
        ("known_from", Int),
        ("known_to", Int),
    ],
    key: &["program", "category", "enrollment", "revision", "from_day"],
    changes: &[
        Change {
            set: &["known_to"],
            filter: "program = ? AND category = ? AND revision = ? AND reserved_at IS NOT NULL
                AND known_to IS NULL",
        },
        Change {
            set: &["known_to"],
            filter: "program = ? AND category = ? AND enrollment = ? AND known_to IS NULL
                AND (reserved_at IS NULL OR reserved_at <= ?)",
        },
    ],
};

/// The change that takes back a reservation.
const RELEASE: usize = 0;
/// The change that takes back what was known of an enrollment.
const RESTATE: usize = 1;

impl Projection for EnrollmentPlaces {
    fn name(&self) -> &'static str {
        "enrollment_places"
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/enrollment_places/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/enrollment_places/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&TABLE]
    }

    fn take_in(
        &mut self,
        envelope: &Envelope,
        meta: &EventMeta,
        input: &Input<'_>,
        changes: &mut ModelChanges<'_>,
    ) {
        let (Input::Quota(event), StreamKind::Quota { program, category }) =
            (input, kind_of_stream(envelope.stream.as_str()))
        else {
            return;
        };
        match event {
            QuotaEvent::PlaceReserved(reserved) => {
                let mut row = changes.insert(0);
                row.text(program).text(category).text(&reserved.enrollment);
                row.number(envelope.revision).day(reserved.from).flag(meta.exercise).null();
                row.flag(false).number(reserved.revision).flag(reserved.over_limit);
                row.number(envelope.sequence).null();
            }
            QuotaEvent::ReservationReleased(released) => {
                let mut row = changes.change(0, RELEASE);
                row.number(envelope.sequence).text(program).text(category);
                row.number(released.reservation);
            }
            QuotaEvent::PlacesRestated(restated) => {
                restate(envelope, meta, (program, category), restated, changes);
            }
        }
    }
}

fn restate(
    envelope: &Envelope,
    meta: &EventMeta,
    (program, category): (&str, &str),
    restated: &PlacesRestated,
    changes: &mut ModelChanges<'_>,
) {
    let mut known = changes.change(0, RESTATE);
    known.number(envelope.sequence).text(program).text(category).text(&restated.enrollment);
    known.number(restated.cites.revision);
    for span in &restated.spans {
        let mut row = changes.insert(0);
        row.text(program).text(category).text(&restated.enrollment).number(envelope.revision);
        row.day(span.from).flag(meta.exercise).day_if(span.until).flag(span.attested);
        row.null().flag(false).number(envelope.sequence).null();
    }
}
