//! The record of a program as a whole, as far as what is owed for it is told by it.

use std::sync::Arc;

use super::list::{ObligationFilter, Of};
use crate::domain::date::Day;
use crate::domain::ids::ProgramId;
use crate::domain::state::{Kept, State};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::{At, Tables};
use crate::projection::sql::question::valid;
use crate::projection::status_history::MetOutside;

impl Tables<'_> {
    /// What the record of a program as a whole says on a day, as known up to an event: since when it is
    /// complete, what was met and what is owed by it. The empty state where it has none.
    ///
    /// # Errors
    /// Those of the database.
    pub fn whole(
        &self,
        program: &ProgramId,
        exercise: bool,
        at: At,
    ) -> Result<State, DatabaseError> {
        let sql = format!(
            "SELECT h.kept_since, h.met_outside FROM enrollment e
 JOIN status_history h ON h.enrollment = e.id
 WHERE e.program = :program AND e.subject IS NULL AND e.exercise = :exercise AND {}
 ORDER BY h.valid_from DESC LIMIT 1",
            valid("h")
        );
        let day = at.day.to_string();
        let parameters = [
            (":program", Cell::Text(program.as_str())),
            (":exercise", Cell::Int(exercise.into())),
            (":day", Cell::Text(&day)),
            (":known", Cell::Int(at.known())),
        ];
        let said = self.row(&sql, &parameters, |row| {
            let met: Vec<MetOutside> =
                row.parsed("met_outside", |text| serde_json::from_str(text))?;
            Ok((row.parsed_if("kept_since", Day::parse)?, MetOutside::of_rows(Some(met))))
        })?;
        let Some((kept_since, met)) = said else { return Ok(State::default()) };
        let filter = ObligationFilter { exercise, ..ObligationFilter::default() };
        let mut owed = Vec::new();
        let all = (None, usize::MAX);
        self.obligations_of((Of::Whole, program.as_str(), &filter), at, all, &mut owed)?;
        let duties = owed.into_iter().map(|row| Arc::new(row.duty)).collect();
        let kept = Kept { met_outside: Arc::new(met), ..Kept::default() };
        let (duties, kept) = (Arc::new(duties), Arc::new(kept));
        Ok(State { kept_since, duties, kept, ..State::default() })
    }
}
