//! `current_status`: the newest event of every enrollment; its view shows where each stands by spans
//! of days, as known now.

use super::change::ModelChanges;
use super::step::Projection;
use super::table::Kind::{Int, Text};
use super::table::Table;
use super::turn::Life;
use crate::domain::ids::SubjectId;

mod list;

pub use super::status_history::Waiting;
pub use list::{EnrollmentCursor, EnrollmentFilter, EnrollmentRow};

/// Fills `enrollment`.
#[derive(Default)]
pub struct CurrentStatus;

const TABLE: Table = Table {
    name: "enrollment",
    columns: &[
        ("id", Int),
        ("program", Text),
        ("subject", Text),
        ("stream", Text),
        ("exercise", Int),
        ("revision", Int),
        ("sequence", Int),
        ("recorded_at", Int),
    ],
    key: &["id"],
    changes: &[],
};

impl Projection for CurrentStatus {
    fn name(&self) -> &'static str {
        "current_status"
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/current_status/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/current_status/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&TABLE]
    }

    fn newest(&mut self, life: &Life, changes: &mut ModelChanges<'_>) {
        let mut row = changes.put(0);
        row.number(life.number).text(life.program.as_str());
        row.text_if(life.subject.as_ref().map(SubjectId::as_str)).text(life.stream.as_str());
        row.flag(life.exercise).number(life.revision().unwrap_or_default()).number(life.sequence);
        row.int(life.recorded_at.micros());
    }
}
