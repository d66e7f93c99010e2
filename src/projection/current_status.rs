//! `current_status`: the newest event of every enrollment; its view shows where each stands by spans
//! of days, as known now.

use super::change::ModelChanges;
use super::declare::table;
use super::step::Projection;
use super::table::Table;
use super::turn::Head;
use crate::domain::date::Timestamp;
use crate::domain::ids::SubjectId;

mod changed;
mod counts;
mod list;
mod moving;
mod spans;

pub use super::status_history::Waiting;
pub use changed::Changed;
pub use counts::{CohortCount, CohortOf, Counted, PhaseCount, ZoneCount};
pub use list::{EnrollmentCursor, EnrollmentFilter, EnrollmentRow, StandsAsked, ZoneAsked};
pub use moving::MovingRow;
pub use spans::SpanCount;

/// Fills `enrollment`.
#[derive(Default)]
pub struct CurrentStatus;

table! {
    /// The newest event of each enrollment, whatever day it counts from. A program as a whole is one
    /// without a subject.
    HeadRow("enrollment", key ["id"], changes []), |newest: Head|
    /// its number, by which other tables name it: the sequence of its first event
    id: u64 = newest.number,
    /// the program
    program: &str = newest.program.as_str(),
    /// the subject; null: the program as a whole
    subject: Option<&str> = newest.subject.as_ref().map(SubjectId::as_str),
    /// its stream
    stream: &str = newest.stream.as_str(),
    /// it is of an exercise
    exercise: bool = newest.exercise,
    /// the newest event's revision: what `If-Match` names
    revision: u64 = newest.revision,
    /// the newest event's sequence
    sequence: u64 = newest.sequence,
    /// at which that event was recorded
    recorded_at: Timestamp = newest.recorded_at,
}

impl Projection for CurrentStatus {
    fn name(&self) -> &'static str {
        "current_status"
    }

    fn version(&self) -> u32 {
        3
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/current_status/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&HeadRow::TABLE]
    }

    fn newest(&mut self, newest: &Head, changes: &mut ModelChanges<'_>) {
        HeadRow::write(newest, &mut changes.put(0));
    }
}
