//! Which enrollments something was recorded of since an event.

use crate::projection::error::DatabaseError;
use crate::projection::read::Tables;
use crate::projection::sql::question::number;

/// Events of their own, and those of their subjects.
const CHANGED: &str = "SELECT f.enrollment AS id FROM event_fact f
 WHERE f.sequence > :since AND f.enrollment IS NOT NULL
UNION SELECT e.id FROM event_fact f JOIN enrollment e ON e.subject = substr(f.stream, 9)
 WHERE f.sequence > :since AND f.enrollment IS NULL AND f.stream LIKE 'subject-%'
LIMIT :most";

impl Tables<'_> {
    /// The enrollments of which something was recorded after an event, or of whose subjects; none where they
    /// are more than `most`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn changed_since(
        &self,
        since: u64,
        most: usize,
    ) -> Result<Option<Vec<u64>>, DatabaseError> {
        let limit = number(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1));
        let given = [(":since", number(since)), (":most", limit)];
        let changed = self.rows(CHANGED, &given, |row| row.number("id"))?;
        Ok((changed.len() <= most).then_some(changed))
    }
}
