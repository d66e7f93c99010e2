//! The enrollments of a subject or of a province. Kept, and looked for again where one was opened since, or
//! something was recorded of a subject.

use crate::api::asking::counted::{Count, MOST_CHANGED};
use crate::projection::event_facts::ExceptionFilter;
use crate::projection::{DatabaseError, Tables};

/// The question.
pub(super) struct EnrollmentsOf<'a> {
    pub filter: &'a ExceptionFilter,
    pub known: Option<u64>,
}

impl EnrollmentsOf<'_> {
    /// Whether they matter.
    pub fn is_asked(&self) -> bool {
        self.filter.subject.is_some() || self.filter.province.is_some()
    }
}

impl Count for EnrollmentsOf<'_> {
    type Value = Vec<u64>;

    fn key(&self) -> String {
        let ExceptionFilter { exercise, subject, province, .. } = self.filter;
        format!("enrollments of {exercise} {subject:?} {province:?} {:?}", self.known)
    }

    fn count(&self, tables: &Tables<'_>) -> Result<Vec<u64>, DatabaseError> {
        tables.enrollments_picked(self.filter, self.known)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        _: &mut Vec<u64>,
        since: u64,
    ) -> Result<bool, DatabaseError> {
        let changed = tables.changed_since(since, MOST_CHANGED)?;
        // An enrollment's number is the sequence of its first event.
        Ok(changed.is_some_and(|changed| {
            !changed.of_subjects && changed.enrollments.iter().all(|opened| *opened <= since)
        }))
    }

    fn bytes(enrollments: &Vec<u64>) -> usize {
        8 * (enrollments.capacity() + 1)
    }
}
