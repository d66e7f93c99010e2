//! Which enrollments something was recorded of since an event.

use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::Tables;
use crate::projection::sql::question::{number, parameters};

/// What was recorded of since an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// Enrollments that something was recorded of, or of whose subjects; in order, each once.
    pub enrollments: Vec<u64>,
    /// Whether something was recorded of a subject.
    pub of_subjects: bool,
}

/// In the log's order, so that no plan goes through more than what is new.
const SINCE: &str = "SELECT f.enrollment, f.stream FROM event_fact f WHERE f.sequence > :since
 ORDER BY f.sequence LIMIT :most";

impl Tables<'_> {
    /// What was recorded of after an event; none where that are more than `most` events.
    ///
    /// # Errors
    /// Those of the database.
    pub fn changed_since(&self, since: u64, most: usize) -> Result<Option<Changed>, DatabaseError> {
        let limit = number(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1));
        let (mut enrollments, mut subjects) = (Vec::new(), Vec::new());
        let given = [(":since", number(since)), (":most", limit)];
        let events = self.rows(SINCE, &given, |row| {
            let subject = row.text("stream")?.strip_prefix("subject-");
            match (row.number_if("enrollment")?, subject) {
                (Some(enrollment), _) => enrollments.push(enrollment),
                (None, Some(subject)) => subjects.push(subject.to_owned()),
                (None, None) => {}
            }
            Ok(())
        })?;
        if events.len() > most {
            return Ok(None);
        }
        let of_subjects = !subjects.is_empty();
        if of_subjects {
            let names = parameters("subject", subjects.len());
            let sql = format!("SELECT id FROM enrollment WHERE subject IN ({})", names.join(", "));
            let given = names.iter().zip(&subjects);
            let given: Vec<_> = given.map(|(name, id)| (name.as_str(), Cell::Text(id))).collect();
            enrollments.extend(self.rows(&sql, &given, |row| row.number("id"))?);
        }
        enrollments.sort_unstable();
        enrollments.dedup();
        Ok(Some(Changed { enrollments, of_subjects }))
    }
}
