//! `enrollment_places`: which enrollment holds a place of a quota, from which day to which.
//!
//! The rows say what the fold of the quota's stream says (`domain::quota`): a restatement replaces
//! what was known of an enrollment, and takes up the reservations made up to it.

use super::change::ModelChanges;
use super::declare::table;
use super::step::{Envelope, Input, Projection};
use super::table::{Change, Table};
use crate::codec::{StreamKind, kind_of_stream};
use crate::domain::date::Day;
use crate::domain::event::EventMeta;
use crate::domain::quota::{PlacesRestated, QuotaEvent};

mod list;

pub use list::PlaceRow;

/// Fills `enrollment_place`.
#[derive(Default)]
pub struct EnrollmentPlaces;

/// A span of days on which an enrollment holds a place, or the reservation of one.
pub(super) struct Place<'a> {
    envelope: &'a Envelope,
    quota: (&'a str, &'a str),
    enrollment: &'a str,
    exercise: bool,
    from: Day,
    until: Option<Day>,
    attested: bool,
    reserved_at: Option<u64>,
    over_limit: bool,
}

table! {
    /// Which enrollment holds a place of which quota, from which day to which.
    PlaceHeldRow(
        "enrollment_place",
        key ["program", "category", "enrollment", "revision", "from_day"],
        changes [
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
        ]
    ),
    |place: Place<'_>|
    /// the quota's program
    program: &str = place.quota.0,
    /// the quota's category
    category: &str = place.quota.1,
    /// the enrollment's stream
    enrollment: &str = place.enrollment,
    /// the revision, in the quota's stream, of the event that says so
    revision: u64 = place.envelope.revision,
    /// the first
    from_day: Day = place.from,
    /// it is of an exercise
    exercise: bool = place.exercise,
    /// from which it is free again; null: held still
    until_day: Option<Day> = place.until,
    /// known from evidence only
    attested: bool = place.attested,
    /// while it is reserved only: the revision at which the approval will be appended
    reserved_at: Option<u64> = place.reserved_at,
    /// a reservation over the limit, by an override
    over_limit: bool = place.over_limit,
    /// the sequence of the event that says so
    known_from: u64 = place.envelope.sequence,
    /// the sequence of the event that takes it back; null: none
    known_to: Option<u64> = None,
}

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

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/enrollment_places/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&PlaceHeldRow::TABLE]
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
                let place = Place {
                    envelope,
                    quota: (program, category),
                    enrollment: &reserved.enrollment,
                    exercise: meta.exercise,
                    from: reserved.from,
                    until: None,
                    attested: false,
                    reserved_at: Some(reserved.revision),
                    over_limit: reserved.over_limit,
                };
                PlaceHeldRow::write(&place, &mut changes.insert(0));
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
        let place = Place {
            envelope,
            quota: (program, category),
            enrollment: &restated.enrollment,
            exercise: meta.exercise,
            from: span.from,
            until: span.until,
            attested: span.attested,
            reserved_at: None,
            over_limit: false,
        };
        PlaceHeldRow::write(&place, &mut changes.insert(0));
    }
}
