//! The list of enrollments on a day, as known up to an event.

use serde::{Deserialize, Serialize};

use super::Waiting;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Node, ProgramId, Provenance, SubjectId, Text};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::{At, Tables};
use crate::projection::sql::question::{add_asked, both, said_by, said_on, small, text_if, valid};
use crate::projection::sql::{Record, provenance};

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
    /// Whose attempt of the day was last decided in this annual round.
    pub round: Option<Id>,
    /// Whose attempt of the day was last decided in this batch.
    pub batch: Option<Id>,
    /// Whose subject lies in this province, or is it.
    pub province: Option<SubjectId>,
    /// Whose subject lies in no province.
    pub no_province: bool,
    /// Of one subject.
    pub subject: Option<SubjectId>,
    /// Whose subject is of this kind.
    pub kind: Option<Id>,
    /// Whose standing got into the record this way.
    pub provenance: Option<Provenance>,
    /// Whether something awaits a decision on the day.
    pub waiting: Option<bool>,
    /// Who stands at this node on the day.
    pub stands_at: Option<StandsAsked>,
    /// Whose subject belongs to this zone.
    pub zone: Option<ZoneAsked>,
    /// Who was decided in this annual round by the day, whatever was decided later.
    pub decided_in_round: Option<Id>,
    /// Who was decided in this batch by the day, whatever was decided later.
    pub decided_in_batch: Option<Id>,
    /// Of those, who was last decided in another round or batch.
    pub decided_again: bool,
}

/// A node, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandsAsked {
    /// At this one.
    At(Id),
    /// At none.
    Nowhere,
}

impl StandsAsked {
    pub(super) fn sql(&self) -> &'static str {
        match self {
            Self::At(_) => " AND s.stands_at = :stands_at",
            Self::Nowhere => " AND s.stands_at IS NULL",
        }
    }

    fn node(&self) -> Option<&str> {
        match self {
            Self::At(node) => Some(node),
            Self::Nowhere => None,
        }
    }
}

/// A zone, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneAsked {
    /// This one, as a registration says.
    In(Id),
    /// None is on record.
    Unassigned,
}

impl ZoneAsked {
    /// The condition on an enrollment `e`.
    pub(super) fn sql(&self) -> &'static str {
        match self {
            Self::In(_) => {
                " AND EXISTS (SELECT 1 FROM subject_zone z WHERE z.subject = e.subject
        AND z.zone = :zone AND z.known_from <= :known AND (z.known_to IS NULL OR z.known_to > :known))"
            }
            Self::Unassigned => {
                " AND NOT EXISTS (SELECT 1 FROM subject_zone z WHERE z.subject = e.subject
        AND z.known_from <= :known AND (z.known_to IS NULL OR z.known_to > :known))"
            }
        }
    }

    pub(super) fn zone(&self) -> Option<&str> {
        match self {
            Self::In(zone) => Some(zone),
            Self::Unassigned => None,
        }
    }
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
    /// From which day it no longer holds, as far as that was known.
    pub valid_to: Option<Day>,
    /// Where it stands; absent: nowhere yet.
    pub stands_at: Option<Node>,
    /// Since when it is in its phase.
    pub phase_since: Option<CivilDate>,
    /// Since when it stands in this node.
    pub node_since: Option<CivilDate>,
    /// The category.
    pub category: Option<Id>,
    /// The annual round in which the attempt was last decided.
    pub round: Option<Id>,
    /// The batch in which it was.
    pub batch: Option<Id>,
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
    /// The revision of the newest event that is known, whatever day it counts from; where all is
    /// known, what `If-Match` names.
    pub revision: u64,
    /// That event's sequence.
    pub sequence: u64,
    /// When that event was recorded, in microseconds UTC.
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

/// The newest event of an enrollment, and where to find the newest that was known.
const HEAD_NOW: &str = "e.revision, e.sequence, e.recorded_at";
const HEAD_THEN: &str = "a.revision, a.sequence, a.recorded_at";
const JOIN_HEAD_THEN: &str = "
 JOIN event_fact a ON a.sequence = (SELECT max(x.sequence) FROM event_fact x
    WHERE x.enrollment = e.id AND x.sequence <= :known)";

/// So many subjects looked at for each enrollment take as long as putting those in order.
const SUBJECTS_EACH: i64 = 8;

const AGAIN_ROUND: &str = " AND (s.round IS NULL OR s.round <> :decided_in_round)";
const AGAIN_BATCH: &str = " AND (s.batch IS NULL OR s.batch <> :decided_in_batch)";

/// The question for one program; it has only what the filter asks for.
fn question(filter: &EnrollmentFilter, at: At, few: bool) -> String {
    let (head, join_head) = match at.known {
        None => (HEAD_NOW, ""),
        Some(_) => (HEAD_THEN, JOIN_HEAD_THEN),
    };
    let (name, valid) = (said_on("subject_name", "name", "b.subject"), valid("h"));
    let from =
        if few { "enrollment e CROSS JOIN subject b" } else { "subject b CROSS JOIN enrollment e" };
    let mut sql = format!(
        "SELECT e.program, e.subject, e.exercise, s.*, b.order_key, {head}, {name} AS name
 FROM {from}
 JOIN status_history s ON s.id = (SELECT h.id FROM status_history h
    WHERE h.enrollment = e.id AND {valid} ORDER BY h.valid_from DESC LIMIT 1){join_head}
 WHERE e.program = :program AND e.subject = b.subject AND e.exercise = :exercise
   AND {} AND (b.order_key, b.subject) > (:after_key, :after_subject)",
        said_by("b")
    );
    let decided = |column: &str| {
        format!(
            " AND EXISTS (SELECT 1 FROM status_history c WHERE c.enrollment = e.id
        AND c.{column} = :decided_in_{column} AND c.valid_from <= :day AND {})",
            said_by("c")
        )
    };
    let (in_round, in_batch) = (decided("round"), decided("batch"));
    let parts = [
        // One whose first event came later needs no look at its rows.
        (at.known.is_some(), " AND e.id <= :known"),
        (filter.phase.is_some(), " AND s.phase = :phase"),
        (filter.category.is_some(), " AND s.category = :category"),
        (filter.round.is_some(), " AND s.round = :round"),
        (filter.batch.is_some(), " AND s.batch = :batch"),
        (filter.province.is_some(), " AND (b.province = :province OR b.subject = :province)"),
        (filter.kind.is_some(), " AND b.kind = :kind"),
        (filter.provenance.is_some(), " AND s.provenance = :provenance"),
        (filter.waiting == Some(true), " AND s.waiting <> '[]'"),
        (filter.waiting == Some(false), " AND s.waiting = '[]'"),
        (filter.stands_at.is_some(), filter.stands_at.as_ref().map_or("", StandsAsked::sql)),
        (filter.zone.is_some(), filter.zone.as_ref().map_or("", ZoneAsked::sql)),
        (filter.decided_in_round.is_some(), in_round.as_str()),
        (filter.decided_in_batch.is_some(), in_batch.as_str()),
        (filter.decided_again && filter.decided_in_round.is_some(), AGAIN_ROUND),
        (filter.decided_again && filter.decided_in_batch.is_some(), AGAIN_BATCH),
        (filter.subject.is_some(), " AND b.subject = :subject"),
        (filter.no_province, " AND b.province IS NULL"),
    ];
    add_asked(&mut sql, &parts);
    sql.push_str(" ORDER BY b.order_key, b.subject LIMIT :limit");
    sql
}

impl Tables<'_> {
    /// The enrollments that a filter picks, as they stand on a day, as known up to an event: by
    /// program, then by subject in the order of GB/T 2260; at most `limit`, after `after`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_enrollments(
        &self,
        filter: &EnrollmentFilter,
        at: At,
        after: Option<&EnrollmentCursor>,
        limit: usize,
    ) -> Result<Vec<EnrollmentRow>, DatabaseError> {
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
            found.extend(self.enrollments_of((&program, filter), at, begin, room)?);
        }
        Ok(found)
    }

    fn enrollments_of(
        &self,
        (program, filter): (&str, &EnrollmentFilter),
        at: At,
        (after_key, after_subject): (&str, &str),
        limit: usize,
    ) -> Result<Vec<EnrollmentRow>, DatabaseError> {
        let day = at.day.to_string();
        let given = [
            (":program", Cell::Text(program)),
            (":exercise", Cell::Int(filter.exercise.into())),
            (":day", Cell::Text(&day)),
            (":known", Cell::Int(at.known())),
            (":after_key", Cell::Text(after_key)),
            (":after_subject", Cell::Text(after_subject)),
            (":phase", text_if(filter.phase.as_deref())),
            (":category", text_if(filter.category.as_deref())),
            (":round", text_if(filter.round.as_deref())),
            (":batch", text_if(filter.batch.as_deref())),
            (":province", text_if(filter.province.as_ref().map(SubjectId::as_str))),
            (":subject", text_if(filter.subject.as_ref().map(SubjectId::as_str))),
            (":kind", text_if(filter.kind.as_deref())),
            (":provenance", text_if(filter.provenance.map(Provenance::as_str))),
            (":stands_at", text_if(filter.stands_at.as_ref().and_then(StandsAsked::node))),
            (":zone", text_if(filter.zone.as_ref().and_then(ZoneAsked::zone))),
            (":decided_in_round", text_if(filter.decided_in_round.as_deref())),
            (":decided_in_batch", text_if(filter.decided_in_batch.as_deref())),
            (":limit", Cell::Int(i64::try_from(limit).unwrap_or(i64::MAX))),
        ];
        let sql = question(filter, at, self.has_few(program, SUBJECTS_EACH)?);
        self.rows(&sql, &given, |row| read(row, at))
    }
}

fn read(row: &dyn Record, at: At) -> Result<EnrollmentRow, DatabaseError> {
    let id = |column| Ok::<_, DatabaseError>(row.text_if(column)?.map(Id::from));
    let date = |column| row.parsed_if(column, CivilDate::parse);
    let day = |column| row.parsed_if(column, Day::parse);
    let has_ended = row.int_if("valid_to_known")?.is_some_and(|known| known <= at.known());
    let subject = row.parsed("subject", SubjectId::parse)?;
    let unnamed = || Text { en: subject.to_string(), zh: subject.to_string() };
    Ok(EnrollmentRow {
        program: row.parsed("program", ProgramId::parse)?,
        name: both(row, "name")?.unwrap_or_else(unnamed),
        exercise: row.flag("exercise")?,
        valid_from: row.parsed("valid_from", Day::parse)?,
        valid_to: day("valid_to")?.filter(|_| has_ended),
        stands_at: row.parsed_if("stands_at", Node::parse)?,
        phase_since: date("phase_since")?,
        node_since: date("node_since")?,
        category: id("category")?,
        round: id("round")?,
        batch: id("batch")?,
        title: id("title")?,
        title_from: date("title_from")?,
        title_until: date("title_until")?,
        term_from: date("term_from")?,
        term_until: date("term_until")?,
        place_category: id("place_category")?,
        place_from: day("place_from")?,
        place_attested: row.int_if("place_attested")?.map(|attested| attested != 0),
        provenance: row.named("provenance", provenance)?,
        attempt: small(row, "attempt")?,
        last_evidenced_on: date("last_evidenced_on")?,
        kept_since: day("kept_since")?,
        waiting: row.parsed("waiting", |text| serde_json::from_str(text))?,
        unsupported: small(row, "unsupported")?,
        revision: row.number("revision")?,
        sequence: row.number("sequence")?,
        recorded_at_us: row.int("recorded_at")?,
        order_key: row.text("order_key")?.to_owned(),
        subject,
    })
}
