//! The places of a quota, with the days on which they are held.

use serde::Serialize;

use crate::domain::date::Day;
use crate::domain::ids::{Id, ProgramId};
use crate::projection::read::Tables;
use crate::projection::row::{parsed, parsed_if};
use crate::projection::store::unsigned;

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

impl Tables<'_> {
    /// The places of a program, by category, enrollment and day.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_places(&self, program: &ProgramId) -> rusqlite::Result<Vec<PlaceRow>> {
        let mut select = self.connection().prepare_cached(
            "SELECT * FROM enrollment_place WHERE program = ?1
             ORDER BY category, enrollment, from_day, revision",
        )?;
        let rows = select.query_map([program.as_str()], |row| {
            Ok(PlaceRow {
                program: parsed(row, "program", ProgramId::parse)?,
                category: Id::from(row.get::<_, String>("category")?),
                enrollment: row.get("enrollment")?,
                from: parsed(row, "from_day", Day::parse)?,
                until: parsed_if(row, "until_day", Day::parse)?,
                attested: row.get("attested")?,
                reserved_at: row.get::<_, Option<i64>>("reserved_at")?.map(unsigned),
            })
        })?;
        rows.collect()
    }
}
