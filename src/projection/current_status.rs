//! `current_status`: the newest event of every enrollment; its view shows where each stands by spans
//! of days, as known now.

use std::collections::BTreeMap;

use super::ProjectionError;
use super::change::ModelChanges;
use super::memory::Memory;
use super::step::{Projection, Step};
use super::table::Kind::{Int, Text};
use super::table::Table;
use crate::domain::date::Timestamp;
use crate::log::StreamName;

mod list;

pub use super::status_history::Waiting;
pub use list::{EnrollmentCursor, EnrollmentFilter, EnrollmentRow};

/// Fills `enrollment`.
#[derive(Default)]
pub struct CurrentStatus {
    heads: BTreeMap<u64, Head>,
}

struct Head {
    stream: StreamName,
    program: String,
    subject: Option<String>,
    exercise: bool,
    revision: u64,
    sequence: u64,
    recorded_at: Timestamp,
}

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

    fn step(
        &mut self,
        step: &Step<'_>,
        _memory: &mut Memory,
        _changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        self.heads
            .entry(step.enrollment)
            .and_modify(|head| {
                head.revision = step.event.revision;
                head.sequence = step.sequence;
                head.recorded_at = step.event.meta.recorded_at;
            })
            .or_insert_with(|| head(step));
        Ok(())
    }

    fn flush(&mut self, changes: &mut ModelChanges<'_>) {
        for (id, head) in std::mem::take(&mut self.heads) {
            let mut row = changes.put(0);
            row.number(id)
                .text(&head.program)
                .text_if(head.subject.as_deref())
                .text(head.stream.as_str());
            row.flag(head.exercise).number(head.revision).number(head.sequence);
            row.int(head.recorded_at.micros());
        }
    }
}

fn head(step: &Step<'_>) -> Head {
    Head {
        stream: step.stream.clone(),
        program: step.program.to_string(),
        subject: step.subject.map(ToString::to_string),
        exercise: step.event.meta.exercise,
        revision: step.event.revision,
        sequence: step.sequence,
        recorded_at: step.event.meta.recorded_at,
    }
}
