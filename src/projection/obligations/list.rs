//! The list of obligations, as duties to be judged on a day.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{Due, Series};
use crate::domain::ids::{Id, Office, ProgramId, SubjectId};
use crate::domain::period::Yearly;
use crate::domain::state::{Duty, Ended, Met};
use crate::projection::read::Tables;
use crate::projection::row::{named, number, parsed, parsed_if};
use crate::projection::store::signed;
use crate::projection::value::DayText;

/// Which obligations are asked for. Real ones and exercises never stand in one list (G16).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObligationFilter {
    /// Exercises instead of the real ones.
    pub exercise: bool,
    /// Of one program.
    pub program: Option<ProgramId>,
    /// Of one subject.
    pub subject: Option<SubjectId>,
    /// Which obligation.
    pub obligation: Option<Id>,
    /// Who owes.
    pub owes: Option<Office>,
    /// That may be due before this day; a recurring one, whose first due date is before it.
    pub due_before: Option<Day>,
    /// That may be due after this day; a recurring one, unless it ended by then.
    pub due_after: Option<Day>,
    /// Leaves out what was met, unless it recurs, and what ended.
    pub only_binding: bool,
}

/// The last row of a page: the next one begins after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObligationCursor {
    /// The program.
    pub program: String,
    /// What its subject is listed by.
    pub order_key: String,
    /// The subject.
    pub subject: String,
    /// The revision of the event that opened it.
    pub opened_by: u64,
    /// The obligation.
    pub obligation: String,
}

/// A duty of an enrollment, with what is needed to judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObligationRow {
    /// The program.
    pub program: ProgramId,
    /// The subject.
    pub subject: SubjectId,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// From which day the enrollment's record is complete.
    pub kept_since: Option<Day>,
    /// The duty, as the fold has it.
    pub duty: Duty,
    /// What its subject is listed by.
    pub order_key: String,
}

impl ObligationRow {
    /// The cursor with which the next page begins after this row.
    pub fn cursor(&self) -> ObligationCursor {
        ObligationCursor {
            program: self.program.to_string(),
            order_key: self.order_key.clone(),
            subject: self.subject.to_string(),
            opened_by: self.duty.opened_by,
            obligation: self.duty.obligation.to_string(),
        }
    }
}

const SELECT: &str = "SELECT o.*, b.order_key
 FROM subject b CROSS JOIN obligation o ON o.subject = b.subject
 WHERE o.program = :program AND o.exercise = :exercise
   AND (:subject IS NULL OR b.subject = :subject)
   AND (b.order_key, b.subject) >= (:after_key, :after_subject)
   AND (b.order_key, b.subject, o.opened_by, o.obligation)
       > (:after_key, :after_subject, :after_opened, :after_obligation)
   AND (:obligation IS NULL OR o.obligation = :obligation)
   AND (:owes IS NULL OR o.owes = :owes)
   AND (:before IS NULL OR coalesce(o.first_due, o.due_earliest, o.due_latest) < :before)
   AND (:after IS NULL OR o.due_latest > :after
        OR (o.first_due IS NOT NULL AND (o.ended_from IS NULL OR o.ended_from > :after)))
   AND (NOT :binding OR (o.ended_by IS NULL AND (o.first_due IS NOT NULL OR NOT EXISTS
        (SELECT 1 FROM obligation_met m WHERE m.program = o.program AND m.subject = o.subject
         AND m.opened_by = o.opened_by AND m.obligation = o.obligation))))
 ORDER BY b.order_key, b.subject, o.opened_by, o.obligation LIMIT :limit";

impl Tables<'_> {
    /// The obligations that a filter picks: by program, then by subject in the order of GB/T 2260,
    /// then in the order in which they arose; at most `limit`, after `after`. Undated ones are left
    /// out when a day is asked for.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_obligations(
        &self,
        filter: &ObligationFilter,
        after: Option<&ObligationCursor>,
        limit: usize,
    ) -> rusqlite::Result<Vec<ObligationRow>> {
        let programs = match &filter.program {
            Some(program) => vec![program.to_string()],
            None => self.programs(filter.exercise)?,
        };
        let mut found = Vec::new();
        for program in programs {
            let begin = after.filter(|after| program == after.program);
            let is_past = after.is_some_and(|after| program < after.program);
            let room = limit.saturating_sub(found.len());
            if is_past || room == 0 {
                continue;
            }
            self.obligations_of(&program, filter, begin, room, &mut found)?;
        }
        for row in &mut found {
            row.duty.met = Arc::new(self.met(row)?);
        }
        Ok(found)
    }

    fn obligations_of(
        &self,
        program: &str,
        filter: &ObligationFilter,
        after: Option<&ObligationCursor>,
        limit: usize,
        found: &mut Vec<ObligationRow>,
    ) -> rusqlite::Result<()> {
        let mut select = self.connection().prepare_cached(SELECT)?;
        let mut rows = select.query(named_params! {
            ":program": program,
            ":exercise": filter.exercise,
            ":subject": filter.subject.as_ref().map(SubjectId::as_str),
            ":obligation": filter.obligation.as_deref(),
            ":owes": filter.owes.map(Office::as_str),
            ":before": filter.due_before.map(DayText::from),
            ":after": filter.due_after.map(DayText::from),
            ":binding": filter.only_binding,
            ":after_key": after.map_or("", |after| &after.order_key),
            ":after_subject": after.map_or("", |after| &after.subject),
            ":after_opened": after.map_or(-1, |after| signed(after.opened_by)),
            ":after_obligation": after.map_or("", |after| &after.obligation),
            ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
        })?;
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(())
    }

    fn met(&self, row: &ObligationRow) -> rusqlite::Result<BTreeMap<i32, Met>> {
        let mut select = self.connection().prepare_cached(
            "SELECT due_year, met_by, met_on, received_on, stated FROM obligation_met
             WHERE program = ?1 AND subject = ?2 AND opened_by = ?3 AND obligation = ?4",
        )?;
        let key = (
            row.program.as_str(),
            row.subject.as_str(),
            signed(row.duty.opened_by),
            row.duty.obligation.as_str(),
        );
        let rows = select.query_map(key, |row| {
            let met = Met {
                by: number(row, "met_by")?,
                on: parsed(row, "met_on", CivilDate::parse)?,
                received_on: parsed(row, "received_on", Day::parse)?,
                stated: row.get("stated")?,
            };
            Ok((row.get("due_year")?, met))
        })?;
        rows.collect()
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ObligationRow> {
    let text = |column: &str| row.get::<_, String>(column);
    Ok(ObligationRow {
        program: parsed(row, "program", ProgramId::parse)?,
        subject: parsed(row, "subject", SubjectId::parse)?,
        exercise: row.get("exercise")?,
        kept_since: parsed_if(row, "kept_since", Day::parse)?,
        duty: Duty {
            obligation: Id::from(text("obligation")?),
            owes: named(row, "owes", Office::parse)?,
            article: Arc::from(text("article")?),
            opened_by: number(row, "opened_by")?,
            opened_on: parsed(row, "opened_on", CivilDate::parse)?,
            open_from: parsed(row, "open_from", CivilDate::parse)?,
            due: due(row)?.map(Arc::new),
            after_end: row.get("after_end")?,
            series: series(row)?.map(Arc::new),
            met: Arc::default(),
            ended: ended(row)?,
        },
        order_key: text("order_key")?,
    })
}

fn due(row: &Row<'_>) -> rusqlite::Result<Option<Due>> {
    let Some(on) = parsed_if(row, "due_on", CivilDate::parse)? else { return Ok(None) };
    Ok(Some(Due {
        on,
        start_event: Id::from(row.get::<_, String>("start_event")?),
        start: parsed(row, "start_on", CivilDate::parse)?,
        rule: Id::from(row.get::<_, String>("rule")?),
        arithmetic: row.get("arithmetic")?,
    }))
}

fn series(row: &Row<'_>) -> rusqlite::Result<Option<Series>> {
    let Some(first_due) = parsed_if(row, "first_due", Day::parse)? else { return Ok(None) };
    let during: String = row.get("during")?;
    Ok(Some(Series {
        first_due,
        every: parsed(row, "every", Yearly::parse)?,
        during: during.split_ascii_whitespace().map(Id::from).collect(),
    }))
}

fn ended(row: &Row<'_>) -> rusqlite::Result<Option<Ended>> {
    let Some(from) = parsed_if(row, "ended_from", Day::parse)? else { return Ok(None) };
    Ok(Some(Ended { by: number(row, "ended_by")?, from, waived: row.get("ended_waived")? }))
}
