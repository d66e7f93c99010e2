//! The places of a quota, with the days on which they are held, as known up to an event.

use serde::Serialize;

use crate::domain::date::Day;
use crate::domain::ids::{Id, ProgramId};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::Tables;
use crate::projection::sql::question::number;

/// A span of days on which an enrollment holds a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceRow {
    /// The program.
    pub program: ProgramId,
    /// The category.
    pub category: Id,
    /// The enrollment's stream.
    pub enrollment: String,
    /// The first day.
    pub from: Day,
    /// The day from which it is free again; absent: held still.
    pub until: Option<Day>,
    /// Whether it is known only from evidence.
    pub attested: bool,
    /// Set while it is reserved only: the revision at which the approval will be appended.
    pub reserved_at: Option<u64>,
}

const SELECT: &str = "SELECT * FROM enrollment_place
 WHERE program = :program AND known_from <= :known AND (known_to IS NULL OR known_to > :known)
 ORDER BY category, enrollment, from_day, revision";

impl Tables<'_> {
    /// The places of a program as known up to an event, by category, enrollment and day; absent:
    /// as known now.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_places(
        &self,
        program: &ProgramId,
        known: Option<u64>,
    ) -> Result<Vec<PlaceRow>, DatabaseError> {
        let known = number(known.unwrap_or(u64::MAX));
        let parameters = [(":program", Cell::Text(program.as_str())), (":known", known)];
        self.rows(SELECT, &parameters, |row| {
            Ok(PlaceRow {
                program: row.parsed("program", ProgramId::parse)?,
                category: Id::from(row.text("category")?),
                enrollment: row.text("enrollment")?.to_owned(),
                from: row.parsed("from_day", Day::parse)?,
                until: row.parsed_if("until_day", Day::parse)?,
                attested: row.flag("attested")?,
                reserved_at: row.number_if("reserved_at")?,
            })
        })
    }
}
