//! How many enrollments of a program stand where on a day, as known up to an event: by phase and category,
//! by zone, and of those who were decided in one round or batch.
//!
//! What must hold: each count is the number of rows that the list of enrollments has under the same
//! filter. Deliberately not here: any sum over phases, which nobody stands in at once.

use super::list::ZoneAsked;
use crate::domain::ids::{Id, Node, ProgramId};
use crate::domain::measure::Program;
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::{At, Tables};
use crate::projection::sql::Record;
use crate::projection::sql::question::{said_by, text_if, valid};

/// Which enrollments are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// In this program.
    pub program: ProgramId,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Whose subject belongs to this zone.
    pub zone: Option<ZoneAsked>,
    /// These alone.
    pub enrollments: Option<Vec<u64>>,
}

impl Counted {
    /// Every enrollment of a program.
    pub fn all(program: &Program) -> Self {
        let (id, exercise) = (program.id.clone(), program.is_exercise());
        Self { program: id, exercise, zone: None, enrollments: None }
    }

    /// The condition on an enrollment `e`.
    pub(super) fn only(&self) -> String {
        let Some(enrollments) = &self.enrollments else { return String::new() };
        let numbers: Vec<_> = enrollments.iter().map(u64::to_string).collect();
        match numbers.is_empty() {
            true => " AND e.id < 0".to_owned(),
            false => format!(" AND e.id IN ({})", numbers.join(", ")),
        }
    }
}

/// How many stand in a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseCount {
    /// The phase.
    pub phase: Id,
    /// The category; absent: of none.
    pub category: Option<Id>,
    /// How many.
    pub count: u64,
}

/// How many subjects of a zone stand in a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneCount {
    /// The zone; absent: of none on record.
    pub zone: Option<Id>,
    /// The phase.
    pub phase: Id,
    /// How many.
    pub count: u64,
}

/// What became of some of those who were decided together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortCount {
    /// The round or batch.
    pub of: Id,
    /// Where they stand; absent: nowhere.
    pub node: Option<Node>,
    /// How many.
    pub count: u64,
    /// How many of them have something that awaits a decision.
    pub waiting: u64,
    /// How many of them were decided again in a later one.
    pub decided_later: u64,
}

/// What makes a cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CohortOf {
    /// An annual round.
    Round,
    /// A batch.
    Batch,
}

impl CohortOf {
    fn column(self) -> &'static str {
        match self {
            Self::Round => "round",
            Self::Batch => "batch",
        }
    }
}

/// The enrollments of a program with what holds of each on the day.
fn standing() -> String {
    format!(
        "enrollment e
 JOIN status_history s ON s.id = (SELECT h.id FROM status_history h
    WHERE h.enrollment = e.id AND {} ORDER BY h.valid_from DESC LIMIT 1)",
        valid("h")
    )
}

const OF_PROGRAM: &str = " WHERE e.program = :program AND e.subject IS NOT NULL
   AND e.exercise = :exercise AND e.id <= :known";

impl Tables<'_> {
    /// How many stand in each phase, by category.
    ///
    /// # Errors
    /// Those of the database.
    pub fn count_phases(&self, of: &Counted, at: At) -> Result<Vec<PhaseCount>, DatabaseError> {
        let zone = of.zone.as_ref().map_or("", ZoneAsked::sql);
        let sql = format!(
            "SELECT s.phase, s.category, count(*) AS count FROM {}{OF_PROGRAM}
   AND s.phase IS NOT NULL{zone}{}
 GROUP BY s.phase, s.category ORDER BY s.phase, s.category",
            standing(),
            of.only()
        );
        self.counted(of, at, &sql, |row| {
            Ok(PhaseCount {
                phase: Id::from(row.text("phase")?),
                category: row.text_if("category")?.map(Id::from),
                count: row.number("count")?,
            })
        })
    }

    /// How many of each zone stand in each phase; who belongs to several is counted in each of them.
    ///
    /// # Errors
    /// Those of the database.
    pub fn count_zones(&self, of: &Counted, at: At) -> Result<Vec<ZoneCount>, DatabaseError> {
        let sql = format!(
            "SELECT z.zone, s.phase, count(*) AS count FROM {}
 LEFT JOIN subject_zone z ON z.subject = e.subject AND {}{OF_PROGRAM} AND s.phase IS NOT NULL{}
 GROUP BY z.zone, s.phase ORDER BY z.zone, s.phase",
            standing(),
            said_by("z"),
            of.only()
        );
        self.counted(of, at, &sql, |row| {
            Ok(ZoneCount {
                zone: row.text_if("zone")?.map(Id::from),
                phase: Id::from(row.text("phase")?),
                count: row.number("count")?,
            })
        })
    }

    /// Where those stand on the day who were decided in a round or batch by then, whatever was decided
    /// later; by round or batch.
    ///
    /// # Errors
    /// Those of the database.
    pub fn count_cohorts(
        &self,
        of: &Counted,
        by: CohortOf,
        at: At,
    ) -> Result<Vec<CohortCount>, DatabaseError> {
        let column = by.column();
        let decided = format!(
            "(SELECT DISTINCT c.enrollment, c.{column} AS decided_in FROM status_history c
    JOIN enrollment m ON m.id = c.enrollment
    WHERE m.program = :program AND c.{column} IS NOT NULL AND c.valid_from <= :day AND {}{})",
            said_by("c"),
            of.only().replace("e.id", "c.enrollment")
        );
        let sql = format!(
            "SELECT d.decided_in, s.stands_at, count(*) AS count,
    sum(CASE WHEN s.waiting <> '[]' THEN 1 ELSE 0 END) AS waiting,
    sum(CASE WHEN s.{column} = d.decided_in THEN 0 ELSE 1 END) AS later
 FROM {} JOIN {decided} d ON d.enrollment = e.id{OF_PROGRAM}{}
 GROUP BY d.decided_in, s.stands_at ORDER BY d.decided_in, s.stands_at",
            standing(),
            of.only()
        );
        self.counted(of, at, &sql, |row| {
            Ok(CohortCount {
                of: Id::from(row.text("decided_in")?),
                node: row.parsed_if("stands_at", Node::parse)?,
                count: row.number("count")?,
                waiting: row.number("waiting")?,
                decided_later: row.number("later")?,
            })
        })
    }

    fn counted<T>(
        &self,
        of: &Counted,
        at: At,
        sql: &str,
        read: impl FnMut(&dyn Record) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, DatabaseError> {
        let day = at.day.to_string();
        let given = [
            (":program", Cell::Text(of.program.as_str())),
            (":exercise", Cell::Int(of.exercise.into())),
            (":day", Cell::Text(&day)),
            (":known", Cell::Int(at.known())),
            (":zone", text_if(of.zone.as_ref().and_then(ZoneAsked::zone))),
        ];
        self.rows(sql, &given, read)
    }
}
