//! The list of subjects, and those of a program that do not take part.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Node, ProgramId, Provenance, SubjectId, Text};
use crate::domain::state::{Kept, State};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::{At, Tables};
use crate::projection::sql::question::{
    add_asked, both, parameters, said_by, said_on, text_if, valid,
};
use crate::projection::sql::{Record, provenance};
use crate::projection::status_history::MetOutside;

/// Which subjects are asked for. Real ones and invented ones never stand in one list (G16).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubjectFilter {
    /// Invented subjects instead of the real ones.
    pub invented: bool,
    /// Of one of these kinds; empty: any.
    pub kinds: Vec<Id>,
    /// In this province, or it itself.
    pub province: Option<SubjectId>,
}

/// The last row of a page: the next one begins after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectCursor {
    /// What the subject is listed by.
    pub order_key: String,
    /// The subject.
    pub subject: String,
}

/// A subject as registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectRow {
    /// The id.
    pub subject: SubjectId,
    /// The kind.
    pub kind: Id,
    /// The name on the day asked about.
    pub name: Text,
    /// The GB/T 2260 code.
    pub code: Option<Id>,
    /// The revision of GB/T 2260 that the code is from.
    pub code_revision: Option<Id>,
    /// The province.
    pub province: Option<SubjectId>,
    /// The responsible office on the day asked about.
    pub responsible_office: Option<Text>,
    /// Whether it is invented, for an exercise.
    pub invented: bool,
    /// Where the facts are from.
    pub source: String,
    /// From when they hold.
    pub effective_on: CivilDate,
    /// The newest event's revision.
    pub revision: u64,
    /// The newest event's sequence.
    pub sequence: u64,
    /// What it is listed by.
    pub order_key: String,
}

impl SubjectRow {
    /// The cursor with which the next page begins after this row.
    pub fn cursor(&self) -> SubjectCursor {
        SubjectCursor { order_key: self.order_key.clone(), subject: self.subject.to_string() }
    }
}

/// Which subjects of a program's kinds do not take part in it (P12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlistedFilter {
    /// The program.
    pub program: ProgramId,
    /// Whether it is an exercise: invented subjects then.
    pub exercise: bool,
    /// The kinds of subject that can enroll.
    pub kinds: Vec<Id>,
    /// The phases in which a subject stands in the program.
    pub standing: Vec<Id>,
    /// This subject only.
    pub subject: Option<SubjectId>,
    /// Those in this province, or it itself.
    pub province: Option<SubjectId>,
    /// Those without a province.
    pub no_province: bool,
}

/// A subject that does not take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlistedRow {
    /// The subject.
    pub subject: SubjectRow,
    /// What of its state in the program on the day says since when it takes no part, and what it has
    /// met outside of it; empty where it has no record in the program.
    pub state: State,
}

/// What is asked of where a subject stands.
const STATE: &str = ", s.stands_at, s.node_since, s.kept_since, s.provenance, s.met_outside";
const OF_PROVINCE: &str = " AND (b.province = :province OR b.subject = :province)";
const ORDER: &str = " ORDER BY b.order_key, b.subject LIMIT :limit";

/// The question that picks subjects; `of_kinds` are parameters. What else is selected and what joins
/// in comes before its conditions.
fn question(selected: &str, joined: &str, of_kinds: &[String]) -> String {
    let name = said_on("subject_name", "name", "b.subject");
    let office = said_on("subject_office", "office", "b.subject");
    let mut sql = format!(
        "SELECT b.*{selected}, {name} AS name, {office} AS office
 FROM subject b{joined}
 WHERE b.invented = :invented AND {}
   AND (b.order_key, b.subject) > (:after_key, :after_subject)",
        said_by("b")
    );
    let kinds = format!(" AND b.kind IN ({})", of_kinds.join(", "));
    add_asked(&mut sql, &[(!of_kinds.is_empty(), kinds.as_str())]);
    sql
}

fn named<'a>(names: &'a [String], ids: &'a [Id]) -> impl Iterator<Item = (&'a str, Cell<'a>)> {
    names.iter().map(String::as_str).zip(ids.iter().map(|id| Cell::Text(id)))
}

impl Tables<'_> {
    /// The subjects that a filter picks, named as on a day, in the order of GB/T 2260; at most
    /// `limit`, after `after`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_subjects(
        &self,
        filter: &SubjectFilter,
        day: Day,
        after: Option<&SubjectCursor>,
        limit: usize,
    ) -> Result<Vec<SubjectRow>, DatabaseError> {
        let kinds = parameters("kind", filter.kinds.len());
        let mut sql = question("", "", &kinds);
        add_asked(&mut sql, &[(filter.province.is_some(), OF_PROVINCE), (true, ORDER)]);
        let day = day.to_string();
        let mut given = vec![
            (":day", Cell::Text(&day)),
            (":known", Cell::Int(i64::MAX)),
            (":invented", Cell::Int(filter.invented.into())),
            (":after_key", Cell::Text(after.map_or("", |after| &after.order_key))),
            (":after_subject", Cell::Text(after.map_or("", |after| &after.subject))),
            (":province", text_if(filter.province.as_ref().map(SubjectId::as_str))),
            (":limit", Cell::Int(i64::try_from(limit).unwrap_or(i64::MAX))),
        ];
        given.extend(named(&kinds, &filter.kinds));
        self.rows(&sql, &given, read)
    }

    /// The subjects of a program's kinds that do not stand in it on a day, as known up to an event,
    /// in the order of GB/T 2260; at most `limit`, after `after`. Each has an open, undated duty that
    /// stands in no stream until it is met (P12).
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_unlisted(
        &self,
        filter: &UnlistedFilter,
        at: At,
        after: Option<&SubjectCursor>,
        limit: usize,
    ) -> Result<Vec<UnlistedRow>, DatabaseError> {
        let kinds = parameters("kind", filter.kinds.len());
        let standing = parameters("standing", filter.standing.len());
        let joined = format!(
            "
 LEFT JOIN enrollment e ON e.program = :program AND e.subject = b.subject
 LEFT JOIN status_history s ON s.id = (SELECT h.id FROM status_history h
    WHERE h.enrollment = e.id AND {} ORDER BY h.valid_from DESC LIMIT 1)",
            valid("h")
        );
        let mut sql = question(STATE, &joined, &kinds);
        let stands = format!(" AND (s.phase IS NULL OR s.phase NOT IN ({}))", standing.join(", "));
        let parts = [
            (filter.subject.is_some(), " AND b.subject = :subject"),
            (filter.province.is_some(), OF_PROVINCE),
            (filter.no_province, " AND b.province IS NULL"),
            (!standing.is_empty(), stands.as_str()),
            (true, ORDER),
        ];
        add_asked(&mut sql, &parts);
        let day = at.day.to_string();
        let mut given = vec![
            (":day", Cell::Text(&day)),
            (":known", Cell::Int(at.known())),
            (":invented", Cell::Int(filter.exercise.into())),
            (":after_key", Cell::Text(after.map_or("", |after| &after.order_key))),
            (":after_subject", Cell::Text(after.map_or("", |after| &after.subject))),
            (":subject", text_if(filter.subject.as_ref().map(SubjectId::as_str))),
            (":province", text_if(filter.province.as_ref().map(SubjectId::as_str))),
            (":program", Cell::Text(filter.program.as_str())),
            (":limit", Cell::Int(i64::try_from(limit).unwrap_or(i64::MAX))),
        ];
        given.extend(named(&kinds, &filter.kinds));
        given.extend(named(&standing, &filter.standing));
        self.rows(&sql, &given, |row| Ok(UnlistedRow { subject: read(row)?, state: state(row)? }))
    }
}

fn state(row: &dyn Record) -> Result<State, DatabaseError> {
    let node = row.parsed_if("stands_at", Node::parse)?;
    let met: Option<Vec<MetOutside>> =
        row.parsed_if("met_outside", |text| serde_json::from_str(text))?;
    let kept = Kept { met_outside: Arc::new(MetOutside::of_rows(met)), ..Kept::default() };
    Ok(State {
        provenance: match node {
            Some(_) => row.named("provenance", provenance)?,
            None => Provenance::default(),
        },
        node,
        node_since: row.parsed_if("node_since", CivilDate::parse)?,
        kept_since: row.parsed_if("kept_since", Day::parse)?,
        kept: Arc::new(kept),
        ..State::default()
    })
}

fn read(row: &dyn Record) -> Result<SubjectRow, DatabaseError> {
    let id = |column| Ok::<_, DatabaseError>(row.text_if(column)?.map(Id::from));
    let subject = row.parsed("subject", SubjectId::parse)?;
    let unnamed = || Text { en: subject.to_string(), zh: subject.to_string() };
    Ok(SubjectRow {
        kind: Id::from(row.text("kind")?),
        name: both(row, "name")?.unwrap_or_else(unnamed),
        code: id("code")?,
        code_revision: id("code_revision")?,
        province: row.parsed_if("province", SubjectId::parse)?,
        responsible_office: both(row, "office")?,
        invented: row.flag("invented")?,
        source: row.text("source")?.to_owned(),
        effective_on: row.parsed("effective_on", CivilDate::parse)?,
        revision: row.number("revision")?,
        sequence: row.number("sequence")?,
        order_key: row.text("order_key")?.to_owned(),
        subject,
    })
}
