//! Since when and until when those of a program stood where, as known up to an event: how many of them alike.

use super::counts::Counted;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::Id;
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::Tables;
use crate::projection::sql::question::{number, said_by};

/// Some who stood alike for the same days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanCount {
    /// The first day.
    pub from: Day,
    /// The first day on which they no longer did; absent: they do.
    pub to: Option<Day>,
    /// The phase.
    pub phase: Id,
    /// The category; absent: of none.
    pub category: Option<Id>,
    /// By when an event last shows the standing, of those who still have it.
    pub last_evidenced_on: Option<CivilDate>,
    /// How many.
    pub count: u64,
}

impl Tables<'_> {
    /// How many of a program stood where from when until when, by what is known up to an event.
    ///
    /// # Errors
    /// Those of the database.
    pub fn count_spans(
        &self,
        of: &Counted,
        known: Option<u64>,
    ) -> Result<Vec<SpanCount>, DatabaseError> {
        let end = "CASE WHEN s.valid_to_known <= :known THEN s.valid_to END";
        let shown = format!("CASE WHEN {end} IS NULL THEN s.last_evidenced_on END");
        let sql = format!(
            "SELECT s.valid_from, {end} AS valid_to, s.phase, s.category, {shown} AS shown, count(*) AS count
 FROM enrollment e JOIN status_history s ON s.enrollment = e.id
 WHERE e.program = :program AND e.subject IS NOT NULL AND e.exercise = :exercise AND s.phase IS NOT NULL
   AND {}{}
 GROUP BY s.valid_from, {end}, s.phase, s.category, {shown}",
            said_by("s"),
            of.only()
        );
        let given = [
            (":program", Cell::Text(of.program.as_str())),
            (":exercise", Cell::Int(of.exercise.into())),
            (":known", number(known.unwrap_or(u64::MAX))),
        ];
        self.rows(&sql, &given, |row| {
            Ok(SpanCount {
                from: row.parsed("valid_from", Day::parse)?,
                to: row.parsed_if("valid_to", Day::parse)?,
                phase: Id::from(row.text("phase")?),
                category: row.text_if("category")?.map(Id::from),
                last_evidenced_on: row.parsed_if("shown", CivilDate::parse)?,
                count: row.number("count")?,
            })
        })
    }
}
