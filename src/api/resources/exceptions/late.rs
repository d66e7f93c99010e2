//! What was received late, and what is overdue in silence of which no lapse is recorded yet. Where each line
//! stands and what filters ask of it is kept, few bytes each; what is said of the lines of a page is read
//! again.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::register::{Picked, ProgramNumbers};
use crate::api::asking::counted::{Count, changed};
use crate::domain::calendar::Calendars;
use crate::domain::date::Day;
use crate::domain::duty::unrecorded;
use crate::domain::event::ObligationLapsed;
use crate::domain::ids::{Office, ProgramId, SubjectId};
use crate::projection::obligations::{LateRow, ObligationFilter};
use crate::projection::{At, DatabaseError, Tables};

/// Duties judged in one go.
const CHUNK: usize = 1000;
/// What an enrollment with late lines takes besides these, about.
const ENTRY_BYTES: usize = 64;

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

/// What filters ask of a line: who owed it, and the last day on which it was due.
#[derive(Debug, Clone, Copy)]
struct Line {
    number: u64,
    due: Day,
    program: u16,
    kind: u8,
    owes: Office,
}

/// Where all that was late stands, by enrollment.
#[derive(Debug, Default)]
pub(super) struct LateLines {
    lines: BTreeMap<u64, Vec<Line>>,
    programs: ProgramNumbers,
    count: usize,
}

impl LateLines {
    fn add(&mut self, (enrollment, kind, number): LateAt, late: &Late) {
        let (program, owes, due) = match late {
            Late::Received(row, _) => (&row.program, row.owes, row.due_on),
            Late::Silent(one) => (&one.program, one.lapse.owes, one.lapse.due),
        };
        let program = self.programs.of(Some(program.as_str()));
        let lines = self.lines.entry(enrollment).or_default();
        lines.push(Line { number, due: due.latest(), program, kind, owes });
        self.count += 1;
    }

    fn forget(&mut self, enrollment: u64) {
        let gone = self.lines.remove(&enrollment);
        self.count -= gone.map_or(0, |lines| lines.len());
    }

    /// How many are picked, and where at most `limit` of them stand after one.
    pub fn page(
        &self,
        picked: &Picked<'_>,
        after: Option<LateAt>,
        limit: usize,
    ) -> (u64, Vec<LateAt>) {
        let filter = picked.filter;
        let is_any = filter.program.is_none() && filter.office.is_none() && picked.only.is_none();
        let is_any = is_any && filter.from.is_none() && filter.until.is_none();
        let takes = picked.takes(&self.programs);
        let lines_of = |(enrollment, lines): (&u64, &Vec<Line>)| {
            let (enrollment, takes) = (*enrollment, &takes);
            let lines = lines.iter();
            let taken = lines.filter(move |one| {
                is_any || takes(Some(enrollment), one.program, one.owes, one.due)
            });
            taken.map(move |line| (enrollment, line.kind, line.number)).collect::<Vec<_>>()
        };
        let begin = after.map_or(Bound::Unbounded, |(enrollment, ..)| Bound::Included(enrollment));
        let next = self.lines.range((begin, Bound::Unbounded)).flat_map(lines_of);
        let next = next.filter(|at| after.is_none_or(|after| *at > after)).take(limit).collect();
        let count = match (is_any, &picked.only) {
            (true, _) => self.count,
            (false, Some(only)) => {
                let of_some = only.iter().filter_map(|one| self.lines.get_key_value(one));
                of_some.map(|one| lines_of(one).len()).sum()
            }
            (false, None) => self.lines.iter().map(|one| lines_of(one).len()).sum(),
        };
        (count as u64, next)
    }
}

/// What was late: one question for all filters.
pub(super) struct WasLate<'a> {
    pub exercise: bool,
    pub at: At,
    pub calendars: &'a Calendars,
    /// How many calendars are on record: with another one, due dates can be judged otherwise.
    pub adopted: usize,
}

impl WasLate<'_> {
    /// What is said of lines.
    ///
    /// # Errors
    /// Those of the database.
    pub fn said(
        &self,
        tables: &Tables<'_>,
        lines: &[LateAt],
    ) -> Result<Vec<(LateAt, Late)>, DatabaseError> {
        let mut only: Vec<u64> = lines.iter().map(|(enrollment, ..)| *enrollment).collect();
        only.dedup();
        let mut found = Vec::new();
        self.late(tables, Some(&only), &mut |at, late| {
            if lines.contains(&at) {
                found.push((at, late));
            }
        })?;
        found.sort_by_key(|(at, _)| *at);
        Ok(found)
    }

    fn late(
        &self,
        tables: &Tables<'_>,
        only: Option<&[u64]>,
        each: &mut dyn FnMut(LateAt, Late),
    ) -> Result<(), DatabaseError> {
        if only.is_some_and(<[u64]>::is_empty) {
            return Ok(());
        }
        for row in tables.list_late(self.exercise, self.at, only)? {
            let due = self.calendars.adjust(&row.due_on);
            let days = due.not_late_before.days_until(row.received_on);
            if days > 0 {
                each((row.enrollment, 0, row.id), Late::Received(Box::new(row), days));
            }
        }
        self.silent(tables, only, each)
    }

    /// What is overdue on the day, or was when what is known was recorded, without a lapse on record.
    fn silent(
        &self,
        tables: &Tables<'_>,
        only: Option<&[u64]>,
        each: &mut dyn FnMut(LateAt, Late),
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
                    each((enrollment, 1, *number), Late::Silent(Box::new(silent)));
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
    type Value = LateLines;

    fn key(&self) -> String {
        let Self { exercise, at, adopted, .. } = self;
        format!("late {exercise} {at:?} {adopted}")
    }

    fn count(&self, tables: &Tables<'_>) -> Result<LateLines, DatabaseError> {
        let mut late = LateLines::default();
        self.late(tables, None, &mut |at, line| late.add(at, &line))?;
        late.lines.values_mut().for_each(Vec::shrink_to_fit);
        Ok(late)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        late: &mut LateLines,
        since: u64,
    ) -> Result<bool, DatabaseError> {
        let Some(changed) = changed(tables, since)? else { return Ok(false) };
        changed.iter().for_each(|enrollment| late.forget(*enrollment));
        self.late(tables, Some(&changed), &mut |at, line| late.add(at, &line))?;
        Ok(true)
    }

    fn bytes(late: &LateLines) -> usize {
        size_of::<Line>() * late.count + ENTRY_BYTES * (late.lines.len() + 1)
    }
}
