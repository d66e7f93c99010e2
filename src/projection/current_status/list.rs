//! The list of enrollments on a day.

use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use super::Waiting;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Node, ProgramId, Provenance, SubjectId, Text};
use crate::projection::read::Tables;
use crate::projection::row::{named, number, parsed, parsed_if, provenance};
use crate::projection::value::DayText;

/// Which enrollments are asked for. Real ones and exercises never stand in one list (G16).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnrollmentFilter {
    /// Exercises instead of the real ones.
    pub exercise: bool,
    /// Of one program.
    pub program: Option<ProgramId>,
    /// In this phase on the day.
    pub phase: Option<Id>,
    /// In this category on the day.
    pub category: Option<Id>,
    /// Whose subject lies in this province, or is it.
    pub province: Option<SubjectId>,
    /// Whose subject is of this kind.
    pub kind: Option<Id>,
    /// Whose standing got into the record this way.
    pub provenance: Option<Provenance>,
    /// Whether something awaits a decision on the day.
    pub waiting: Option<bool>,
}

/// The last row of a page: the next one begins after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrollmentCursor {
    /// The program.
    pub program: String,
    /// What its subject is listed by.
    pub order_key: String,
    /// The subject.
    pub subject: String,
}

/// Where an enrollment stands on the day asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnrollmentRow {
    /// The program.
    pub program: ProgramId,
    /// The subject.
    pub subject: SubjectId,
    /// The subject's name on the day.
    pub name: Text,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// From which day this holds.
    pub valid_from: Day,
    /// From which day it no longer holds.
    pub valid_to: Option<Day>,
    /// Where it stands; absent: nowhere yet.
    pub stands_at: Option<Node>,
    /// Since when it is in its phase.
    pub phase_since: Option<CivilDate>,
    /// Since when it stands in this node.
    pub node_since: Option<CivilDate>,
    /// The category.
    pub category: Option<Id>,
    /// The title held.
    pub title: Option<Id>,
    /// From when it is held.
    pub title_from: Option<CivilDate>,
    /// Its last day.
    pub title_until: Option<CivilDate>,
    /// The first day of the term.
    pub term_from: Option<CivilDate>,
    /// The last day of the term.
    pub term_until: Option<CivilDate>,
    /// The category in which it holds a place.
    pub place_category: Option<Id>,
    /// From which day it holds it.
    pub place_from: Option<Day>,
    /// Whether that is known from evidence only.
    pub place_attested: Option<bool>,
    /// How the standing got into the record.
    pub provenance: Provenance,
    /// The attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// The latest day on which an event shows the standing.
    pub last_evidenced_on: Option<CivilDate>,
    /// From which day its record is complete.
    pub kept_since: Option<Day>,
    /// What awaits a decision.
    pub waiting: Vec<Waiting>,
    /// How many events lost their ground.
    pub unsupported: u32,
    /// The newest event's revision, whatever day it counts from: what `If-Match` names.
    pub revision: u64,
    /// The newest event's sequence.
    pub sequence: u64,
    /// When the newest event was recorded, in microseconds UTC.
    pub recorded_at_us: i64,
    /// What its subject is listed by.
    pub order_key: String,
}

impl EnrollmentRow {
    /// The cursor with which the next page begins after this row.
    pub fn cursor(&self) -> EnrollmentCursor {
        EnrollmentCursor {
            program: self.program.to_string(),
            order_key: self.order_key.clone(),
            subject: self.subject.to_string(),
        }
    }
}

/// The name on a day is the newest that holds on it, before the first the first.
const SELECT: &str = "SELECT s.*, b.order_key, e.revision, e.sequence, e.recorded_at,
    coalesce(
        (SELECT n.name_en || char(31) || n.name_zh FROM subject_name n
         WHERE n.subject = s.subject AND n.from_day <= :day
         ORDER BY n.from_day DESC, n.revision DESC LIMIT 1),
        (SELECT n.name_en || char(31) || n.name_zh FROM subject_name n
         WHERE n.subject = s.subject ORDER BY n.from_day, n.revision LIMIT 1)) AS name
 FROM subject b CROSS JOIN current_status s ON s.subject = b.subject
 JOIN enrollment e ON e.program = s.program AND e.subject = s.subject
 WHERE s.program = :program AND s.exercise = :exercise
   AND s.valid_from <= :day AND (s.valid_to IS NULL OR s.valid_to > :day)
   AND (b.order_key, b.subject) > (:after_key, :after_subject)
   AND (:phase IS NULL OR s.phase = :phase)
   AND (:category IS NULL OR s.category = :category)
   AND (:province IS NULL OR b.province = :province OR b.subject = :province)
   AND (:kind IS NULL OR b.kind = :kind)
   AND (:provenance IS NULL OR s.provenance = :provenance)
   AND (:waiting IS NULL OR (s.waiting <> '[]') = :waiting)
 ORDER BY b.order_key, b.subject LIMIT :limit";

impl Tables<'_> {
    /// The enrollments that a filter picks, as they stand on a day: by program, then by subject in
    /// the order of GB/T 2260; at most `limit`, after `after`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_enrollments(
        &self,
        filter: &EnrollmentFilter,
        day: Day,
        after: Option<&EnrollmentCursor>,
        limit: usize,
    ) -> rusqlite::Result<Vec<EnrollmentRow>> {
        let programs = match &filter.program {
            Some(program) => vec![program.to_string()],
            None => self.programs(filter.exercise)?,
        };
        let mut found = Vec::new();
        for program in programs {
            let begin = match after {
                Some(after) if program < after.program => continue,
                Some(after) if program == after.program => {
                    (after.order_key.as_str(), after.subject.as_str())
                }
                _ => ("", ""),
            };
            let room = limit.saturating_sub(found.len());
            if room == 0 {
                break;
            }
            self.enrollments_of(&program, filter, day, begin, room, &mut found)?;
        }
        Ok(found)
    }

    fn enrollments_of(
        &self,
        program: &str,
        filter: &EnrollmentFilter,
        day: Day,
        (after_key, after_subject): (&str, &str),
        limit: usize,
        found: &mut Vec<EnrollmentRow>,
    ) -> rusqlite::Result<()> {
        let mut select = self.connection().prepare_cached(SELECT)?;
        let mut rows = select.query(named_params! {
            ":program": program,
            ":exercise": filter.exercise,
            ":day": DayText::from(day),
            ":after_key": after_key,
            ":after_subject": after_subject,
            ":phase": filter.phase.as_deref(),
            ":category": filter.category.as_deref(),
            ":province": filter.province.as_ref().map(SubjectId::as_str),
            ":kind": filter.kind.as_deref(),
            ":provenance": filter.provenance.map(Provenance::as_str),
            ":waiting": filter.waiting,
            ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
        })?;
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(())
    }
}

/// The two names in one column, the unit separator between them.
pub(in crate::projection) fn names(row: &Row<'_>, column: &str) -> rusqlite::Result<Text> {
    let both: Option<String> = row.get(column)?;
    let both = both.unwrap_or_default();
    let (en, zh) = both.split_once('\u{1f}').unwrap_or((&both, &both));
    Ok(Text { en: en.to_owned(), zh: zh.to_owned() })
}

fn read(row: &Row<'_>) -> rusqlite::Result<EnrollmentRow> {
    let id = |column: &str| row.get::<_, Option<String>>(column).map(|text| text.map(Id::from));
    let date = |column| parsed_if(row, column, CivilDate::parse);
    let day = |column| parsed_if(row, column, Day::parse);
    Ok(EnrollmentRow {
        program: parsed(row, "program", ProgramId::parse)?,
        subject: parsed(row, "subject", SubjectId::parse)?,
        name: names(row, "name")?,
        exercise: row.get("exercise")?,
        valid_from: parsed(row, "valid_from", Day::parse)?,
        valid_to: day("valid_to")?,
        stands_at: parsed_if(row, "stands_at", Node::parse)?,
        phase_since: date("phase_since")?,
        node_since: date("node_since")?,
        category: id("category")?,
        title: id("title")?,
        title_from: date("title_from")?,
        title_until: date("title_until")?,
        term_from: date("term_from")?,
        term_until: date("term_until")?,
        place_category: id("place_category")?,
        place_from: day("place_from")?,
        place_attested: row.get("place_attested")?,
        provenance: named(row, "provenance", provenance)?,
        attempt: row.get("attempt")?,
        last_evidenced_on: date("last_evidenced_on")?,
        kept_since: day("kept_since")?,
        waiting: parsed(row, "waiting", |text| serde_json::from_str(text))?,
        unsupported: row.get("unsupported")?,
        revision: number(row, "revision")?,
        sequence: number(row, "sequence")?,
        recorded_at_us: row.get("recorded_at")?,
        order_key: row.get("order_key")?,
    })
}
