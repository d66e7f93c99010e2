//! What was received after its due date, found by an index of its own.

use serde::{Deserialize, Serialize};

use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Office, ProgramId, SubjectId};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::event_facts::ExceptionFilter;
use crate::projection::read::{At, Tables};
use crate::projection::sql::question::{OF_PROVINCE, add_asked, text_if, valid};

/// Something that was received after its due date, rest days not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateRow {
    /// The row.
    pub id: u64,
    /// The enrollment.
    pub enrollment: u64,
    /// The program.
    pub program: ProgramId,
    /// The subject; absent: the program as a whole.
    pub subject: Option<SubjectId>,
    /// The stream.
    pub stream: String,
    /// The obligation.
    pub obligation: Id,
    /// Who owed it.
    pub owes: Office,
    /// The article.
    pub article: String,
    /// When it was due.
    pub due_on: CivilDate,
    /// When it was received.
    pub received_on: Day,
    /// The revision of the event that met it.
    pub met_by: u64,
}

/// A lapse on record says of the same due date that nothing was received: it is listed as that.
const FROM: &str =
    "SELECT m.id, m.enrollment, e.program, e.subject, e.stream, m.obligation, d.owes, d.article, m.due_on,
        m.received_on, m.met_by
 FROM obligation_met m
 JOIN enrollment e ON e.id = m.enrollment
 JOIN obligation d ON d.enrollment = m.enrollment AND d.opened_by = m.opened_by
      AND d.obligation = m.obligation
 WHERE m.days_after IS NOT NULL AND e.exercise = :exercise
   AND NOT EXISTS (SELECT 1 FROM obligation_lapse l WHERE l.enrollment = m.enrollment
      AND l.opened_by = m.opened_by AND l.obligation = m.obligation AND l.due_on = m.due_on
      AND l.known_from <= :known)";
impl Tables<'_> {
    /// What was received after its due date, as known up to an event, in the order of the rows; of a filter's
    /// office as the one that owed it, of its days as those on which it was due; of the enrollments named, or
    /// of all.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_late(
        &self,
        filter: &ExceptionFilter,
        at: At,
        only: Option<&[u64]>,
    ) -> Result<Vec<LateRow>, DatabaseError> {
        let mut sql = format!("{FROM} AND {} AND {}", valid("m"), valid("d"));
        let numbers = only.unwrap_or_default().iter().map(u64::to_string).collect::<Vec<_>>();
        let of_some = format!(" AND m.enrollment IN ({})", numbers.join(", "));
        let parts = [
            (only.is_some(), of_some.as_str()),
            (filter.program.is_some(), " AND e.program = :program"),
            (filter.subject.is_some(), " AND e.subject = :subject"),
            (filter.province.is_some(), OF_PROVINCE),
            (filter.office.is_some(), " AND d.owes = :office"),
            (filter.from.is_some(), " AND m.due_on >= :from"),
            (filter.until.is_some(), " AND m.due_on <= :until"),
            (true, " ORDER BY m.id"),
        ];
        add_asked(&mut sql, &parts);
        let day = |day: Option<Day>| day.map(|day| day.to_string());
        let (on, from, until) = (at.day.to_string(), day(filter.from), day(filter.until));
        let given = [
            (":exercise", Cell::Int(filter.exercise.into())),
            (":day", Cell::Text(&on)),
            (":known", Cell::Int(at.known())),
            (":program", text_if(filter.program.as_ref().map(ProgramId::as_str))),
            (":subject", text_if(filter.subject.as_ref().map(SubjectId::as_str))),
            (":province", text_if(filter.province.as_ref().map(SubjectId::as_str))),
            (":office", text_if(filter.office.map(Office::as_str))),
            (":from", text_if(from.as_deref())),
            (":until", text_if(until.as_deref())),
        ];
        self.rows(&sql, &given, |row| {
            Ok(LateRow {
                id: row.number("id")?,
                enrollment: row.number("enrollment")?,
                program: row.parsed("program", ProgramId::parse)?,
                subject: row.parsed_if("subject", SubjectId::parse)?,
                stream: row.text("stream")?.to_owned(),
                obligation: Id::from(row.text("obligation")?),
                owes: row.parsed("owes", |owes| Office::parse(owes).ok_or("unknown"))?,
                article: row.text("article")?.to_owned(),
                due_on: row.parsed("due_on", CivilDate::parse)?,
                received_on: row.parsed("received_on", Day::parse)?,
                met_by: row.number("met_by")?,
            })
        })
    }
}
