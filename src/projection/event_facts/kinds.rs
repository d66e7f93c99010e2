//! Which kinds of events the log has: what each event says that lists are filtered by.

use std::ops::Range;

use crate::domain::ids::Office;
use crate::projection::error::DatabaseError;
use crate::projection::read::Tables;
use crate::projection::sql::question::number;

/// What an event says that lists of events are filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKind<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The stored type.
    pub event_type: &'a str,
    /// The kind of office that acted.
    pub office: Office,
    /// Whether it is of an exercise.
    pub exercise: bool,
    /// The measure's version under which it was done, if one is cited.
    pub measure: Option<&'a str>,
    /// The article cited.
    pub article: Option<&'a str>,
}

const KINDS: &str = "SELECT f.stream, f.event_type, f.exercise, r.office, l.measure, l.article
 FROM event_fact f
 JOIN recorded_by r ON r.id = f.recorded_by
 LEFT JOIN law l ON l.id = f.law
 WHERE f.sequence >= :from AND f.sequence < :end ORDER BY f.sequence";

impl Tables<'_> {
    /// Hands over the kind of each event of a part of the log, in its order.
    ///
    /// # Errors
    /// Those of the database.
    pub fn event_kinds(
        &self,
        part: Range<u64>,
        mut each: impl FnMut(EventKind<'_>),
    ) -> Result<(), DatabaseError> {
        let given = [(":from", number(part.start)), (":end", number(part.end))];
        self.rows(KINDS, &given, |row| {
            each(EventKind {
                stream: row.text("stream")?,
                event_type: row.text("event_type")?,
                office: row.named("office", Office::parse)?,
                exercise: row.flag("exercise")?,
                measure: row.text_if("measure")?,
                article: row.text_if("article")?,
            });
            Ok(())
        })?;
        Ok(())
    }
}
