//! The register of exceptions: which events are in it, of whom, and what became of them.

use std::collections::HashMap;

use crate::domain::date::{Day, Timestamp};
use crate::domain::exceptions::ExceptionKind;
use crate::domain::ids::{Office, ProgramId, SubjectId};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::Tables;
use crate::projection::sql::question::{OF_PROVINCE, add_asked, number, text_if};

/// Which exceptions are asked for. Real ones and invented ones never stand in one list (G16).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExceptionFilter {
    /// Those of the exercises.
    pub exercise: bool,
    /// Of these kinds; empty: any.
    pub kinds: Vec<ExceptionKind>,
    /// In this program.
    pub program: Option<ProgramId>,
    /// Of this subject.
    pub subject: Option<SubjectId>,
    /// Of subjects in this province, or it itself.
    pub province: Option<SubjectId>,
    /// Of acts of this kind of office.
    pub office: Option<Office>,
    /// Counting from this day or later.
    pub from: Option<Day>,
    /// Counting from this day or earlier.
    pub until: Option<Day>,
}

/// A line of the register, by its event. Lines of events never change, and come in the log's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionLine<'a> {
    /// The event.
    pub sequence: u64,
    /// Which of its exceptions.
    pub number: u64,
    /// Its kind.
    pub kind: ExceptionKind,
    /// The enrollment; absent: it is of none.
    pub enrollment: Option<u64>,
    /// Its program.
    pub program: Option<&'a str>,
    /// The kind of office that acted.
    pub office: Office,
    /// The last day from which it can count.
    pub day: Day,
}

const LINES: &str =
    "SELECT x.sequence, x.number, x.kind, x.enrollment, e.program, r.office, f.effective_latest
 FROM exception x
 JOIN event_fact f ON f.sequence = x.sequence
 JOIN recorded_by r ON r.id = f.recorded_by
 LEFT JOIN enrollment e ON e.id = x.enrollment
 WHERE x.exercise = :exercise AND x.sequence > :since ORDER BY x.sequence, x.number";

/// What became of events that do not simply stand.
const FATES: &str = "SELECT x.sequence, coalesce(b.fate, t.fate) AS fate FROM event_fact x
 LEFT JOIN event_fate t ON t.sequence = x.sequence
 LEFT JOIN audit_trail_before b ON b.sequence = x.sequence AND b.known_to > :known
   AND NOT EXISTS (SELECT 1 FROM audit_trail_before c
      WHERE c.sequence = b.sequence AND c.known_to > :known AND c.known_to < b.known_to)
 WHERE coalesce(b.fate, t.fate) IS NOT NULL AND x.sequence IN (";

impl ExceptionFilter {
    /// Whether a kind is asked for.
    pub fn takes(&self, kind: ExceptionKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

impl Tables<'_> {
    /// Hands over the lines of the register, the real ones or those of the exercises, in the order of the
    /// log; of events after one, if one is named.
    ///
    /// # Errors
    /// Those of the database.
    pub fn exception_lines(
        &self,
        exercise: bool,
        since: Option<u64>,
        mut each: impl FnMut(ExceptionLine<'_>),
    ) -> Result<(), DatabaseError> {
        let since = since.map_or(Cell::Int(-1), number);
        let given = [(":exercise", Cell::Int(exercise.into())), (":since", since)];
        self.rows(LINES, &given, |row| {
            each(ExceptionLine {
                sequence: row.number("sequence")?,
                number: row.number("number")?,
                kind: row.parsed("kind", |kind| ExceptionKind::parse(kind).ok_or("unknown"))?,
                enrollment: row.number_if("enrollment")?,
                program: row.text_if("program")?,
                office: row.named("office", Office::parse)?,
                day: row.parsed("effective_latest", Day::parse)?,
            });
            Ok(())
        })?;
        Ok(())
    }

    /// What became of events, as known up to a sequence: `corrected`, `annulled` or `unsupported`; those
    /// that simply stand are left out.
    ///
    /// # Errors
    /// Those of the database.
    pub fn fates(
        &self,
        events: &[u64],
        known: Option<u64>,
    ) -> Result<HashMap<u64, String>, DatabaseError> {
        if events.is_empty() {
            return Ok(HashMap::new());
        }
        let numbers = events.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        let given = [(":known", number(known.unwrap_or(u64::MAX)))];
        let fates = self.rows(&format!("{FATES}{numbers})"), &given, |row| {
            Ok((row.number("sequence")?, row.text("fate")?.to_owned()))
        })?;
        Ok(fates.into_iter().collect())
    }

    /// The enrollments of a filter's subject and province, in order, as known up to a sequence.
    ///
    /// # Errors
    /// Those of the database.
    pub fn enrollments_picked(
        &self,
        filter: &ExceptionFilter,
        known: Option<u64>,
    ) -> Result<Vec<u64>, DatabaseError> {
        let (subject, province) = (filter.subject.as_ref(), filter.province.as_ref());
        let mut sql = "SELECT e.id FROM enrollment e WHERE e.exercise = :exercise".to_owned();
        let parts = [
            (subject.is_some(), " AND e.subject = :subject"),
            (province.is_some(), OF_PROVINCE),
            (true, " ORDER BY e.id"),
        ];
        add_asked(&mut sql, &parts);
        let given = [
            (":exercise", Cell::Int(filter.exercise.into())),
            (":known", number(known.unwrap_or(u64::MAX))),
            (":subject", text_if(subject.map(SubjectId::as_str))),
            (":province", text_if(province.map(SubjectId::as_str))),
        ];
        self.rows(&sql, &given, |row| row.number("id"))
    }

    /// The civil day by which an event was known.
    ///
    /// # Errors
    /// Those of the database.
    pub fn day_known(&self, sequence: u64) -> Result<Option<Day>, DatabaseError> {
        let sql = "SELECT known_at FROM event_fact WHERE sequence = :sequence";
        let micros =
            self.row(sql, &[(":sequence", number(sequence))], |row| row.int("known_at"))?;
        Ok(micros.map(|micros| Timestamp::from_micros(micros).civil_day()))
    }
}
