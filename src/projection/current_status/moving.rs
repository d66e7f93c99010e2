//! Of which enrollments somebody can be waited for on a day, as known up to an event.

use super::list::EnrollmentFilter;
use crate::domain::ids::{Id, ProgramId, SubjectId};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::{At, Tables};
use crate::projection::sql::question::{add_asked, parameters, said_by, text_if, valid};

/// An enrollment of which somebody can be waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovingRow {
    /// Its number.
    pub enrollment: u64,
    /// What its subject is listed by.
    pub order_key: String,
    /// The subject.
    pub subject: SubjectId,
}

impl Tables<'_> {
    /// The enrollments of a program of which something awaits a decision, or that stand at one of the nodes,
    /// in no order; those that are named, or all.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_moving(
        &self,
        program: &ProgramId,
        (filter, nodes): (&EnrollmentFilter, &[Id]),
        at: At,
        only: Option<&[u64]>,
    ) -> Result<Vec<MovingRow>, DatabaseError> {
        let names = parameters("node", nodes.len());
        let stands = match names.is_empty() {
            true => String::new(),
            false => format!(" OR s.stands_at IN ({})", names.join(", ")),
        };
        let mut sql = format!(
            "SELECT e.id, b.order_key, e.subject FROM enrollment e
 JOIN subject b ON b.subject = e.subject AND {}
 JOIN status_history s ON s.id = (SELECT h.id FROM status_history h
    WHERE h.enrollment = e.id AND {} ORDER BY h.valid_from DESC LIMIT 1)
 WHERE e.program = :program AND e.exercise = :exercise AND e.id <= :known
   AND (s.waiting <> '[]'{stands})",
            said_by("b"),
            valid("h")
        );
        let numbers = only.unwrap_or_default().iter().map(u64::to_string).collect::<Vec<_>>();
        let of_some = match numbers.is_empty() {
            true => " AND e.id < 0".to_owned(),
            false => format!(" AND e.id IN ({})", numbers.join(", ")),
        };
        let parts = [
            (only.is_some(), of_some.as_str()),
            (filter.subject.is_some(), " AND e.subject = :subject"),
            (filter.province.is_some(), " AND (b.province = :province OR b.subject = :province)"),
            (filter.no_province, " AND b.province IS NULL"),
        ];
        add_asked(&mut sql, &parts);
        let day = at.day.to_string();
        let mut given = vec![
            (":program", Cell::Text(program.as_str())),
            (":exercise", Cell::Int(filter.exercise.into())),
            (":day", Cell::Text(&day)),
            (":known", Cell::Int(at.known())),
            (":subject", text_if(filter.subject.as_ref().map(SubjectId::as_str))),
            (":province", text_if(filter.province.as_ref().map(SubjectId::as_str))),
        ];
        given.extend(names.iter().map(String::as_str).zip(nodes.iter().map(|id| Cell::Text(id))));
        self.rows(&sql, &given, |row| {
            Ok(MovingRow {
                enrollment: row.number("id")?,
                order_key: row.text("order_key")?.to_owned(),
                subject: row.parsed("subject", SubjectId::parse)?,
            })
        })
    }
}
