//! The lines that events have of themselves, all of them at hand, few bytes each: a page and the totals of
//! any filter are one look through them.
//!
//! What must hold: they are in the order of the log and never change, so what was known up to an event is
//! how they begin.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::api::asking::counted::Count;
use crate::domain::date::Day;
use crate::domain::exceptions::ExceptionKind;
use crate::domain::ids::{Office, ProgramId};
use crate::projection::event_facts::{ExceptionFilter, ExceptionLine};
use crate::projection::{DatabaseError, Tables};

/// A line of an event: the next page begins after the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct LineAt {
    /// The event.
    pub sequence: u64,
    /// Which of its exceptions.
    pub number: u64,
}

/// What a filter asks of a line.
#[derive(Debug, Clone, Copy)]
struct Line {
    sequence: u64,
    enrollment: Option<NonZeroU64>,
    day: Day,
    number: u16,
    program: u16,
    kind: ExceptionKind,
    office: Office,
}

/// Programs by a number; the same one each time.
#[derive(Debug, Clone, Default)]
pub(super) struct ProgramNumbers(Vec<String>);

impl ProgramNumbers {
    /// The number of a program; of none, one that no program has.
    pub fn of(&mut self, program: Option<&str>) -> u16 {
        let Some(program) = program else { return u16::MAX };
        let known = self.0.iter().position(|known| known == program);
        let at = known.unwrap_or_else(|| {
            self.0.push(program.to_owned());
            self.0.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// The number of the program that is asked for; one that no line has where it has no lines.
    fn asked(&self, program: &ProgramId) -> Option<u16> {
        let at = self.0.iter().position(|known| *known == *program.as_str())?;
        u16::try_from(at).ok()
    }
}

/// A filter with what it means for the lines.
pub(super) struct Picked<'a> {
    pub filter: &'a ExceptionFilter,
    /// The enrollments of its subject and province, in order; absent: any.
    pub only: Option<Vec<u64>>,
}

impl Picked<'_> {
    /// What is asked of every line but its kind.
    pub fn takes(
        &self,
        programs: &ProgramNumbers,
    ) -> impl Fn(Option<u64>, u16, Office, Day) -> bool + use<'_> {
        let Self { filter, only } = self;
        let program = filter.program.as_ref().map(|program| programs.asked(program));
        move |enrollment, of, office, day| {
            program.is_none_or(|asked| asked == Some(of))
                && filter.office.is_none_or(|asked| asked == office)
                && filter.from.is_none_or(|from| day >= from)
                && filter.until.is_none_or(|until| day <= until)
                && only.as_ref().is_none_or(|only| {
                    enrollment.is_some_and(|enrollment| only.binary_search(&enrollment).is_ok())
                })
        }
    }
}

/// All lines of events.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    programs: ProgramNumbers,
}

/// A page of lines, and how many there are of each kind.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub lines: Vec<LineAt>,
    pub totals: BTreeMap<ExceptionKind, u64>,
}

impl Lines {
    fn add(&mut self, line: ExceptionLine<'_>) {
        let program = self.programs.of(line.program);
        self.lines.push(Line {
            sequence: line.sequence,
            enrollment: line.enrollment.and_then(NonZeroU64::new),
            day: line.day,
            number: u16::try_from(line.number).unwrap_or(u16::MAX),
            program,
            kind: line.kind,
            office: line.office,
        });
    }

    /// What is picked of what is known up to an event: the totals of all, and at most `limit` lines after
    /// one.
    pub fn page(
        &self,
        picked: &Picked<'_>,
        known: Option<u64>,
        after: Option<LineAt>,
        limit: usize,
    ) -> Page {
        let is_known = |line: &Line| known.is_some_and(|known| line.sequence <= known);
        let known = &self.lines[..self.lines.partition_point(is_known)];
        let takes = picked.takes(&self.programs);
        let mut kinds = [0_u64; ExceptionKind::ALL.len()];
        let mut lines = Vec::new();
        for line in known {
            let enrollment = line.enrollment.map(NonZeroU64::get);
            if !picked.filter.takes(line.kind)
                || !takes(enrollment, line.program, line.office, line.day)
            {
                continue;
            }
            kinds[line.kind as usize] += 1;
            let at = LineAt { sequence: line.sequence, number: line.number.into() };
            if lines.len() < limit && after.is_none_or(|after| at > after) {
                lines.push(at);
            }
        }
        let totals = ExceptionKind::ALL.iter().zip(kinds).filter(|(_, count)| *count > 0);
        Page { lines, totals: totals.map(|(kind, count)| (*kind, count)).collect() }
    }
}

/// The question: of the real ones or of the exercises.
pub(super) struct AllLines {
    pub exercise: bool,
}

impl Count for AllLines {
    type Value = Lines;

    fn key(&self) -> String {
        format!("exceptions {}", self.exercise)
    }

    fn count(&self, tables: &Tables<'_>) -> Result<Lines, DatabaseError> {
        let mut lines = Lines::default();
        tables.exception_lines(self.exercise, None, |line| lines.add(line))?;
        Ok(lines)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        lines: &mut Lines,
        since: u64,
    ) -> Result<bool, DatabaseError> {
        tables.exception_lines(self.exercise, Some(since), |line| lines.add(line))?;
        Ok(true)
    }

    fn bytes(lines: &Lines) -> usize {
        size_of::<Line>() * lines.lines.capacity()
    }
}
