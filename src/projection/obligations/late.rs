//! What was received after its due date, found by an index of its own.

use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Office, ProgramId, SubjectId};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::{At, Tables};
use crate::projection::sql::question::{add_asked, valid};

/// Something that was received after its due date, rest days not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// What was received after its due date, as known up to an event, in the order of the rows: of the real
    /// or the invented, of the enrollments named or of all.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_late(
        &self,
        exercise: bool,
        at: At,
        only: Option<&[u64]>,
    ) -> Result<Vec<LateRow>, DatabaseError> {
        let mut sql = format!("{FROM} AND {} AND {}", valid("m"), valid("d"));
        let numbers = only.unwrap_or_default().iter().map(u64::to_string).collect::<Vec<_>>();
        let of_some = format!(" AND m.enrollment IN ({})", numbers.join(", "));
        add_asked(&mut sql, &[(only.is_some(), of_some.as_str()), (true, " ORDER BY m.id")]);
        let on = at.day.to_string();
        let given = [
            (":exercise", Cell::Int(exercise.into())),
            (":day", Cell::Text(&on)),
            (":known", Cell::Int(at.known())),
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
