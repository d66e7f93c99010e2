//! The register of exceptions: which events are in it, and how many of each kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::date::{Day, Timestamp};
use crate::domain::exceptions::ExceptionKind;
use crate::domain::ids::{Office, ProgramId, SubjectId};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::Tables;
use crate::projection::sql::question::{OF_PROVINCE, add_asked, number, text_if};

/// Which exceptions are asked for. Real ones and invented ones never stand in one list (G16).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExceptionFilter {
    /// Those of the exercises.
    pub exercise: bool,
    /// Of these kinds; empty: any.
    pub kinds: Vec<ExceptionKind>,
    /// In this program.
    pub program: Option<ProgramId>,
    /// Of this subject.
    pub subject: Option<SubjectId>,
    /// Of subjects in this province, or it itself.
    pub province: Option<SubjectId>,
    /// Of acts of this kind of office.
    pub office: Option<Office>,
    /// Counting from this day or later.
    pub from: Option<Day>,
    /// Counting from this day or earlier.
    pub until: Option<Day>,
}

/// The last row of a page: the next one begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionCursor {
    /// The event.
    pub sequence: u64,
    /// Which of its exceptions.
    pub number: u64,
}

/// An exception, by its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionFound {
    /// Where it is.
    pub at: ExceptionCursor,
    /// Its kind.
    pub kind: ExceptionKind,
    /// What became of the event: `stands`, `corrected`, `annulled` or `unsupported`.
    pub fate: Option<String>,
}

/// What became of the events.
const FATE: &str = "
 LEFT JOIN event_fate t ON t.sequence = x.sequence
 LEFT JOIN audit_trail_before b ON b.sequence = x.sequence AND b.known_to > :known
   AND NOT EXISTS (SELECT 1 FROM audit_trail_before c
      WHERE c.sequence = b.sequence AND c.known_to > :known AND c.known_to < b.known_to)";

impl ExceptionFilter {
    /// Whether a kind is asked for.
    pub fn takes(&self, kind: ExceptionKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// The exceptions that it picks, of one kind or of any, with what else is joined; it has only what
    /// is asked for, since a count goes through all of them.
    fn sql(&self, kind: Option<ExceptionKind>, joined: &str) -> String {
        let acts = self.office.is_some() || self.from.is_some() || self.until.is_some();
        let of = self.program.is_some() || self.subject.is_some() || self.province.is_some();
        let mut sql = " FROM exception x".to_owned();
        let parts = [
            (acts, " JOIN event_fact f ON f.sequence = x.sequence"),
            (self.office.is_some(), " JOIN recorded_by r ON r.id = f.recorded_by"),
            (of, " JOIN enrollment e ON e.id = x.enrollment"),
            (true, joined),
            (true, " WHERE x.exercise = :exercise AND x.sequence <= :known"),
            (kind.is_some(), " AND x.kind = :kind"),
            (self.program.is_some(), " AND e.program = :program"),
            (self.subject.is_some(), " AND e.subject = :subject"),
            (self.province.is_some(), OF_PROVINCE),
            (self.office.is_some(), " AND r.office = :office"),
            (self.from.is_some(), " AND f.effective_latest >= :from"),
            (self.until.is_some(), " AND f.effective_latest <= :until"),
        ];
        add_asked(&mut sql, &parts);
        sql
    }

    /// The kinds that are asked for, one by one where there are several: each stands in the log's order by
    /// an index.
    fn kinds_asked(&self) -> Vec<Option<ExceptionKind>> {
        match self.kinds.is_empty() {
            true => vec![None],
            false => self.kinds.iter().copied().map(Some).collect(),
        }
    }
}

impl Tables<'_> {
    /// The exceptions that a filter picks, in the order of the log, as known up to a sequence; at most
    /// `limit`, after `after`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_exceptions(
        &self,
        filter: &ExceptionFilter,
        known: Option<u64>,
        after: Option<ExceptionCursor>,
        limit: usize,
    ) -> Result<Vec<ExceptionFound>, DatabaseError> {
        let most = number(u64::try_from(limit).unwrap_or(u64::MAX));
        let after = after.map(|after| [number(after.sequence), number(after.number)]);
        let [sequence, of_event] = after.unwrap_or([Cell::Null, Cell::Null]);
        let more = [(":after", sequence), (":after_number", of_event), (":limit", most)];
        let mut found = Vec::new();
        for kind in filter.kinds_asked() {
            let mut sql = format!(
                "SELECT x.sequence, x.number, x.kind, coalesce(b.fate, t.fate) AS fate{}",
                filter.sql(kind, FATE)
            );
            let parts = [
                (after.is_some(), " AND (x.sequence, x.number) > (:after, :after_number)"),
                (true, " ORDER BY x.sequence, x.number LIMIT :limit"),
            ];
            add_asked(&mut sql, &parts);
            found.extend(self.ask_exceptions(filter, kind, known, &sql, &more, |row| {
                Ok(ExceptionFound {
                    at: ExceptionCursor {
                        sequence: row.number("sequence")?,
                        number: row.number("number")?,
                    },
                    kind: row.parsed("kind", |kind| ExceptionKind::parse(kind).ok_or("unknown"))?,
                    fate: row.text_if("fate")?.map(str::to_owned),
                })
            })?);
        }
        found.sort_by_key(|one| (one.at.sequence, one.at.number));
        found.truncate(limit);
        Ok(found)
    }

    /// How many exceptions of each kind a filter picks, of events after one, if one is named; kinds without
    /// any are left out.
    ///
    /// # Errors
    /// Those of the database.
    pub fn count_exceptions(
        &self,
        filter: &ExceptionFilter,
        known: Option<u64>,
        since: Option<u64>,
    ) -> Result<BTreeMap<ExceptionKind, u64>, DatabaseError> {
        let more = [(":since", since.map_or(Cell::Null, number))];
        let mut counted = BTreeMap::new();
        for kind in filter.kinds_asked() {
            let asked = filter.sql(kind, "");
            // Of a few events after one, not grouped by the index of kinds, which goes through all.
            let sql = match since {
                None => format!("SELECT x.kind, count(*) AS count{asked} GROUP BY x.kind"),
                Some(_) => format!(
                    "SELECT k.kind, count(*) AS count
 FROM (SELECT x.kind || '' AS kind{asked} AND x.sequence > :since) k GROUP BY k.kind"
                ),
            };
            counted.extend(self.ask_exceptions(filter, kind, known, &sql, &more, |row| {
                let kind =
                    row.parsed("kind", |kind| ExceptionKind::parse(kind).ok_or("unknown"))?;
                Ok((kind, row.number("count")?))
            })?);
        }
        Ok(counted)
    }

    /// The civil day by which an event was known.
    ///
    /// # Errors
    /// Those of the database.
    pub fn day_known(&self, sequence: u64) -> Result<Option<Day>, DatabaseError> {
        let sql = "SELECT known_at FROM event_fact WHERE sequence = :sequence";
        let micros =
            self.row(sql, &[(":sequence", number(sequence))], |row| row.int("known_at"))?;
        Ok(micros.map(|micros| Timestamp::from_micros(micros).civil_day()))
    }

    fn ask_exceptions<T>(
        &self,
        filter: &ExceptionFilter,
        kind: Option<ExceptionKind>,
        known: Option<u64>,
        sql: &str,
        more: &[(&'static str, Cell<'_>)],
        read: impl FnMut(&dyn crate::projection::sql::Record) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, DatabaseError> {
        let day = |day: Option<Day>| day.map(|day| day.to_string());
        let (from, until) = (day(filter.from), day(filter.until));
        let mut given = vec![
            (":exercise", Cell::Int(filter.exercise.into())),
            (":known", number(known.unwrap_or(u64::MAX))),
            (":program", text_if(filter.program.as_ref().map(ProgramId::as_str))),
            (":subject", text_if(filter.subject.as_ref().map(SubjectId::as_str))),
            (":province", text_if(filter.province.as_ref().map(SubjectId::as_str))),
            (":office", text_if(filter.office.map(Office::as_str))),
            (":from", text_if(from.as_deref())),
            (":until", text_if(until.as_deref())),
            (":kind", text_if(kind.map(ExceptionKind::as_str))),
        ];
        given.extend_from_slice(more);
        self.rows(sql, &given, read)
    }
}
