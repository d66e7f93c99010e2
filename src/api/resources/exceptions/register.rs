//! What the register counts: its lines by kind, what was received late, and what is overdue in silence of
//! which no lapse is recorded yet. Kept, since each page shows the totals of all.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::asking::counted::Count;
use crate::domain::calendar::Calendars;
use crate::domain::date::Day;
use crate::domain::duty::unrecorded;
use crate::domain::event::ObligationLapsed;
use crate::domain::exceptions::ExceptionKind;
use crate::domain::ids::{ProgramId, SubjectId};
use crate::projection::event_facts::ExceptionFilter;
use crate::projection::obligations::{LateRow, ObligationFilter};
use crate::projection::{At, DatabaseError, Tables};

/// Duties judged in one go.
const CHUNK: usize = 1000;
/// What a late line takes, about.
const LATE_BYTES: usize = 512;

/// A line of what was late.
#[derive(Debug, Clone)]
pub(super) enum Late {
    /// Received so many days after the last in time.
    Received(Box<LateRow>, i64),
    /// Not received, and no lapse is recorded.
    Silent(Box<Silent>),
}

/// Something that is overdue, and of which no event says so.
#[derive(Debug, Clone)]
pub(super) struct Silent {
    /// The program.
    pub program: ProgramId,
    /// The subject; absent: the program as a whole.
    pub subject: Option<SubjectId>,
    /// What would be recorded of it.
    pub lapse: ObligationLapsed,
    /// The day by which it was not received.
    pub by: Day,
}

/// Where a line of what was late stands: its enrollment, its kind, its number.
pub(super) type LateAt = (u64, u8, u64);

/// All that was late.
pub(super) type AllLate = Arc<BTreeMap<LateAt, Late>>;

impl Late {
    /// Whether a filter picks it: by who owed it, and by the days on which it was due.
    pub fn is_picked(&self, filter: &ExceptionFilter) -> bool {
        let (program, subject, owes, due) = match self {
            Self::Received(row, _) => (&row.program, &row.subject, row.owes, row.due_on),
            Self::Silent(one) => (&one.program, &one.subject, one.lapse.owes, one.lapse.due),
        };
        let due = due.latest();
        filter.takes(ExceptionKind::LateFiling)
            && filter.program.as_ref().is_none_or(|asked| asked == program)
            && filter.subject.as_ref().is_none_or(|asked| Some(asked) == subject.as_ref())
            && filter.office.is_none_or(|asked| asked == owes)
            && filter.from.is_none_or(|from| due >= from)
            && filter.until.is_none_or(|until| due <= until)
    }
}

/// How many lines events have of themselves, by kind.
pub(super) struct Lines<'a> {
    pub filter: &'a ExceptionFilter,
    pub at: At,
}

impl Count for Lines<'_> {
    type Value = BTreeMap<ExceptionKind, u64>;

    fn key(&self) -> String {
        format!("exceptions {:?} {:?}", self.filter, self.at.known)
    }

    fn count(&self, tables: &Tables<'_>) -> Result<Self::Value, DatabaseError> {
        tables.count_exceptions(self.filter, self.at.known, None)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        mut value: Self::Value,
        since: u64,
        _: &[u64],
    ) -> Result<Option<Self::Value>, DatabaseError> {
        // A subject can be registered in another province since.
        if self.filter.province.is_some() {
            return Ok(None);
        }
        for (kind, count) in tables.count_exceptions(self.filter, self.at.known, Some(since))? {
            *value.entry(kind).or_default() += count;
        }
        Ok(Some(value))
    }

    fn bytes(value: &Self::Value) -> usize {
        64 * (value.len() + 1)
    }
}

/// What was late: one question for all filters but the province.
pub(super) struct WasLate<'a> {
    pub exercise: bool,
    pub province: Option<&'a SubjectId>,
    pub at: At,
    pub calendars: &'a Calendars,
    /// How many calendars are on record: with another one, due dates can be judged otherwise.
    pub adopted: usize,
}

impl WasLate<'_> {
    fn late(
        &self,
        tables: &Tables<'_>,
        only: Option<&[u64]>,
        late: &mut BTreeMap<LateAt, Late>,
    ) -> Result<(), DatabaseError> {
        if only.is_some_and(<[u64]>::is_empty) {
            return Ok(());
        }
        let (exercise, province) = (self.exercise, self.province.cloned());
        let filter = ExceptionFilter { exercise, province, ..ExceptionFilter::default() };
        for row in tables.list_late(&filter, self.at, only)? {
            let due = self.calendars.adjust(&row.due_on);
            let days = due.not_late_before.days_until(row.received_on);
            if days > 0 {
                late.insert((row.enrollment, 0, row.id), Late::Received(Box::new(row), days));
            }
        }
        self.silent(tables, only, late)
    }

    /// What is overdue on the day, or was when what is known was recorded, without a lapse on record.
    fn silent(
        &self,
        tables: &Tables<'_>,
        only: Option<&[u64]>,
        late: &mut BTreeMap<LateAt, Late>,
    ) -> Result<(), DatabaseError> {
        let day = match self.at.known {
            Some(known) => match tables.day_known(known)? {
                Some(day) => day.min(self.at.day),
                None => return Ok(()),
            },
            None => self.at.day,
        };
        let filter = ObligationFilter {
            exercise: self.exercise,
            province: self.province.cloned(),
            due_before: Some(day),
            only_unmet: true,
            enrollments: only.map(<[u64]>::to_vec),
            ..ObligationFilter::default()
        };
        let (at, mut after) = (At { day, ..self.at }, None);
        let mut numbers: BTreeMap<u64, u64> = BTreeMap::new();
        loop {
            let rows = tables.list_obligations(&filter, at, after.as_ref(), CHUNK)?;
            let end = rows.len() < CHUNK;
            after = rows.last().map(|row| row.cursor());
            for row in rows {
                let (program, subject, enrollment) =
                    (row.program.clone(), row.subject.clone(), row.enrollment);
                let state = row.into_state();
                for lapse in unrecorded(&state, self.calendars, day) {
                    let number = numbers.entry(enrollment).or_default();
                    let (program, subject) = (program.clone(), subject.clone());
                    let silent = Silent { program, subject, lapse, by: day };
                    late.insert((enrollment, 1, *number), Late::Silent(Box::new(silent)));
                    *number += 1;
                }
            }
            if end {
                return Ok(());
            }
        }
    }
}

impl Count for WasLate<'_> {
    type Value = AllLate;

    fn key(&self) -> String {
        let Self { exercise, province, at, adopted, .. } = self;
        format!("late {exercise} {province:?} {at:?} {adopted}")
    }

    fn count(&self, tables: &Tables<'_>) -> Result<AllLate, DatabaseError> {
        let mut late = BTreeMap::new();
        self.late(tables, None, &mut late)?;
        Ok(Arc::new(late))
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        mut value: AllLate,
        _: u64,
        changed: &[u64],
    ) -> Result<Option<AllLate>, DatabaseError> {
        if !changed.is_empty() {
            let late = Arc::make_mut(&mut value);
            late.retain(|(enrollment, ..), _| !changed.contains(enrollment));
            self.late(tables, Some(changed), late)?;
        }
        Ok(Some(value))
    }

    fn bytes(value: &AllLate) -> usize {
        LATE_BYTES * (value.len() + 1)
    }
}
