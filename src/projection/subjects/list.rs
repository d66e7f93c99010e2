//! The list of subjects, and those of a program that do not take part.

use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use crate::domain::act::ActKind;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, ProgramId, SubjectId, Text};
use crate::projection::current_status::names;
use crate::projection::read::Tables;
use crate::projection::row::{number, parsed, parsed_if};
use crate::projection::store::unsigned;
use crate::projection::value::DayText;

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
    /// The act that meets what the others owe.
    pub met_by: ActKind,
    /// This subject only.
    pub subject: Option<SubjectId>,
}

/// A subject that does not take part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnlistedRow {
    /// The subject.
    pub subject: SubjectRow,
    /// The sequence of the newest act that meets what it owes, if there is one by the day.
    pub met_by: Option<u64>,
}

const SELECT: &str = "SELECT b.*, (SELECT max(a.sequence) FROM audit_trail a
        WHERE a.stream = :program || '-' || b.subject AND a.act = :met_by
        AND a.fate IN ('stands', 'corrected') AND a.place <= :day) AS met_by,
    coalesce(
        (SELECT n.name_en || char(31) || n.name_zh FROM subject_name n
         WHERE n.subject = b.subject AND n.from_day <= :day
         ORDER BY n.from_day DESC, n.revision DESC LIMIT 1),
        (SELECT n.name_en || char(31) || n.name_zh FROM subject_name n
         WHERE n.subject = b.subject ORDER BY n.from_day, n.revision LIMIT 1)) AS name,
    coalesce(
        (SELECT o.office_en || char(31) || o.office_zh FROM subject_office o
         WHERE o.subject = b.subject AND o.from_day <= :day
         ORDER BY o.from_day DESC, o.revision DESC LIMIT 1),
        (SELECT o.office_en || char(31) || o.office_zh FROM subject_office o
         WHERE o.subject = b.subject ORDER BY o.from_day, o.revision LIMIT 1)) AS office
 FROM subject b
 WHERE b.invented = :invented
   AND (b.order_key, b.subject) > (:after_key, :after_subject)
   AND (:kinds = '' OR instr(:kinds, ' ' || b.kind || ' ') > 0)
   AND (:province IS NULL OR b.province = :province OR b.subject = :province)";

const UNLISTED: &str = "
   AND (:subject IS NULL OR b.subject = :subject)
   AND NOT EXISTS (SELECT 1 FROM current_status s
        WHERE s.program = :program AND s.subject = b.subject
        AND s.valid_from <= :day AND (s.valid_to IS NULL OR s.valid_to > :day)
        AND instr(:standing, ' ' || s.phase || ' ') > 0)";

const ORDER: &str = " ORDER BY b.order_key, b.subject LIMIT :limit";

/// A list in one parameter, each word between spaces.
fn words(ids: &[Id]) -> String {
    if ids.is_empty() { String::new() } else { format!(" {} ", ids.join(" ")) }
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
    ) -> rusqlite::Result<Vec<SubjectRow>> {
        let mut select = self.connection().prepare_cached(&format!("{SELECT}{ORDER}"))?;
        let rows = select.query_map(
            named_params! {
                ":day": DayText::from(day),
                ":invented": filter.invented,
                ":after_key": after.map_or("", |after| &after.order_key),
                ":after_subject": after.map_or("", |after| &after.subject),
                ":kinds": words(&filter.kinds),
                ":province": filter.province.as_ref().map(SubjectId::as_str),
                ":program": "",
                ":met_by": "",
                ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
            },
            read,
        )?;
        rows.collect()
    }

    /// The subjects of a program's kinds that do not stand in it on a day, in the order of GB/T 2260;
    /// at most `limit`, after `after`. Each has an open, undated duty that stands in no stream until
    /// it is met (P12).
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_unlisted(
        &self,
        filter: &UnlistedFilter,
        day: Day,
        after: Option<&SubjectCursor>,
        limit: usize,
    ) -> rusqlite::Result<Vec<UnlistedRow>> {
        let sql = format!("{SELECT}{UNLISTED}{ORDER}");
        let mut select = self.connection().prepare_cached(&sql)?;
        let rows = select.query_map(
            named_params! {
                ":day": DayText::from(day),
                ":invented": filter.exercise,
                ":after_key": after.map_or("", |after| &after.order_key),
                ":after_subject": after.map_or("", |after| &after.subject),
                ":subject": filter.subject.as_ref().map(SubjectId::as_str),
                ":kinds": words(&filter.kinds),
                ":province": None::<&str>,
                ":program": filter.program.as_str(),
                ":standing": words(&filter.standing),
                ":met_by": filter.met_by.as_str(),
                ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
            },
            |row| {
                let met_by = row.get::<_, Option<i64>>("met_by")?.map(unsigned);
                Ok(UnlistedRow { subject: read(row)?, met_by })
            },
        )?;
        rows.collect()
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<SubjectRow> {
    let id = |column: &str| row.get::<_, Option<String>>(column).map(|text| text.map(Id::from));
    let office: Option<String> = row.get("office")?;
    Ok(SubjectRow {
        subject: parsed(row, "subject", SubjectId::parse)?,
        kind: Id::from(row.get::<_, String>("kind")?),
        name: names(row, "name")?,
        code: id("code")?,
        code_revision: id("code_revision")?,
        province: parsed_if(row, "province", SubjectId::parse)?,
        responsible_office: office.map(|_| names(row, "office")).transpose()?,
        invented: row.get("invented")?,
        source: row.get("source")?,
        effective_on: parsed(row, "effective_on", CivilDate::parse)?,
        revision: number(row, "revision")?,
        sequence: number(row, "sequence")?,
        order_key: row.get("order_key")?,
    })
}
