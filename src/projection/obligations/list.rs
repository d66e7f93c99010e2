//! The list of obligations, as duties to be judged on a day, as known up to an event.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{Due, Series};
use crate::domain::ids::{Id, Office, ProgramId, SubjectId};
use crate::domain::period::Yearly;
use crate::domain::state::{Duty, Ended, LapseOnRecord, Met, State};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::{At, Tables};
use crate::projection::sql::Record;
use crate::projection::sql::question::{add_asked, number, said_by, text_if, valid};

/// Which obligations are asked for. Real ones and exercises never stand in one list (G16).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObligationFilter {
    /// Exercises instead of the real ones.
    pub exercise: bool,
    /// Of one program.
    pub program: Option<ProgramId>,
    /// Of one subject.
    pub subject: Option<SubjectId>,
    /// Of subjects in this province, or it itself.
    pub province: Option<SubjectId>,
    /// Of subjects without a province, and of programs as a whole.
    pub no_province: bool,
    /// Which obligation.
    pub obligation: Option<Id>,
    /// Who owes.
    pub owes: Option<Office>,
    /// That may be due before this day; a recurring one, whose first due date is before it.
    pub due_before: Option<Day>,
    /// That may be due after this day; a recurring one may always be, or have been waived for then.
    pub due_after: Option<Day>,
    /// Leaves out what was met, unless it recurs, and what ended.
    pub only_binding: bool,
    /// Leaves out what was met, unless it recurs.
    pub only_unmet: bool,
    /// Of these enrollments alone.
    pub enrollments: Option<Vec<u64>>,
}

/// The last row of a page: the next one begins after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObligationCursor {
    /// The program.
    pub program: String,
    /// What its subject is listed by.
    pub order_key: String,
    /// The subject; empty: the program as a whole, which comes before its subjects.
    pub subject: String,
    /// The revision of the event that opened it.
    pub opened_by: u64,
    /// The obligation.
    pub obligation: String,
}

/// A duty of an enrollment, or for a program as a whole, with what is needed to judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObligationRow {
    /// The program.
    pub program: ProgramId,
    /// The subject; absent: the program as a whole.
    pub subject: Option<SubjectId>,
    /// The province in which the subject lies, as registered.
    pub province: Option<SubjectId>,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// The enrollment.
    pub enrollment: u64,
    /// From which day the enrollment's record is complete.
    pub kept_since: Option<Day>,
    /// The duty, as the fold up to the day has it.
    pub duty: Duty,
    /// Those of its lapses that are on record.
    pub lapses: Vec<LapseOnRecord>,
    /// What its subject is listed by.
    pub order_key: String,
}

impl ObligationRow {
    /// The cursor with which the next page begins after this row.
    pub fn cursor(&self) -> ObligationCursor {
        ObligationCursor {
            program: self.program.to_string(),
            order_key: self.order_key.clone(),
            subject: self.subject.as_ref().map(ToString::to_string).unwrap_or_default(),
            opened_by: self.duty.opened_by,
            obligation: self.duty.obligation.to_string(),
        }
    }

    /// A state with this duty alone: enough to judge it on a day.
    pub fn into_state(self) -> State {
        let (kept_since, duties) = (self.kept_since, Arc::new(vec![Arc::new(self.duty)]));
        let mut state = State { kept_since, duties, ..State::default() };
        if !self.lapses.is_empty() {
            state.kept_mut().lapses = Some(Arc::new(self.lapses));
        }
        state
    }
}

/// Of whom the duties of a program are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The program as a whole.
    Whole,
    /// Its subjects.
    Subjects,
}

impl Of {
    /// Those of whom, and what names them.
    fn sql(self) -> (&'static str, String) {
        match self {
            Self::Whole => (
                "(SELECT '' AS subject, '' AS order_key, NULL AS province)",
                "e.subject IS NULL".to_owned(),
            ),
            Self::Subjects => ("subject", format!("e.subject = b.subject AND {}", said_by("b"))),
        }
    }
}

/// So many subjects looked at for each enrollment take as long as putting its duties in order.
const SUBJECTS_EACH: i64 = 64;

/// The question for one program; it has only what the filter asks for. The rows of a page are
/// picked first, then how each was met and when it lapsed: a duty has a row for each of these.
fn question(
    of: Of,
    filter: &ObligationFilter,
    after: Option<&ObligationCursor>,
    few: bool,
) -> String {
    let (subjects, whose) = of.sql();
    let from = match few {
        true => format!("enrollment e CROSS JOIN {subjects} b"),
        false => format!("{subjects} b CROSS JOIN enrollment e"),
    };
    let mut picked = format!(
        "SELECT o.*, e.program, e.subject, e.exercise, b.order_key, b.subject AS after_subject,
     b.province
    FROM {from} CROSS JOIN obligation o
    WHERE e.program = :program AND {whose} AND e.exercise = :exercise
     AND e.id <= :known AND o.enrollment = e.id AND {}",
        valid("o")
    );
    let unmet = format!(
        " AND (o.first_due IS NOT NULL OR NOT EXISTS
        (SELECT 1 FROM obligation_met m WHERE m.enrollment = o.enrollment
         AND m.opened_by = o.opened_by AND m.obligation = o.obligation AND {}))",
        valid("m")
    );
    let numbers = filter.enrollments.iter().flatten().map(u64::to_string).collect::<Vec<_>>();
    let of_some = format!(" AND e.id IN ({})", numbers.join(", "));
    let parts = [
        (filter.subject.is_some(), " AND b.subject = :subject"),
        (filter.province.is_some(), " AND (b.province = :province OR b.subject = :province)"),
        (filter.no_province, " AND b.province IS NULL"),
        (filter.obligation.is_some(), " AND o.obligation = :obligation"),
        (
            filter.owes.is_some(),
            " AND (o.owes = :owes OR ' ' || o.owed_with || ' ' LIKE '% ' || :owes || ' %')",
        ),
        (
            filter.due_before.is_some(),
            " AND coalesce(o.first_due, o.due_earliest, o.due_latest) < :before",
        ),
        (filter.due_after.is_some(), " AND (o.due_latest > :after OR o.first_due IS NOT NULL)"),
        (filter.only_binding, " AND o.ended_by IS NULL"),
        (filter.only_binding || filter.only_unmet, unmet.as_str()),
        (filter.enrollments.is_some(), of_some.as_str()),
        (
            after.is_some(),
            " AND (b.order_key, b.subject) >= (:after_key, :after_subject)
     AND (b.order_key, b.subject, o.opened_by, o.obligation)
        > (:after_key, :after_subject, :after_opened, :after_obligation)",
        ),
    ];
    add_asked(&mut picked, &parts);
    format!(
        "SELECT p.*, m.due_year, m.met_by, m.met_on, m.received_on, m.stated, m.receipts,
    l.lapsed_by, l.due_on AS lapsed_due, l.not_late_before
 FROM ({picked}
    ORDER BY b.order_key, b.subject, o.opened_by, o.obligation LIMIT :limit) p
 LEFT JOIN obligation_met m ON m.enrollment = p.enrollment AND m.opened_by = p.opened_by
    AND m.obligation = p.obligation AND {}
 LEFT JOIN obligation_lapse l ON l.enrollment = p.enrollment AND l.opened_by = p.opened_by
    AND l.obligation = p.obligation AND l.known_from <= :known
 ORDER BY p.order_key, p.after_subject, p.opened_by, p.obligation, m.due_year, l.lapsed_by",
        valid("m")
    )
}

impl Tables<'_> {
    /// The obligations that a filter picks, as they stand on a day, as known up to an event: by
    /// program, what is owed for it as a whole first, then by subject in the order of GB/T 2260, then in the order in which they arose; at
    /// most `limit`, after `after`. Undated ones are left out when a due date is asked for.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_obligations(
        &self,
        filter: &ObligationFilter,
        at: At,
        after: Option<&ObligationCursor>,
        limit: usize,
    ) -> Result<Vec<ObligationRow>, DatabaseError> {
        let programs = match &filter.program {
            Some(program) => vec![program.to_string()],
            None => self.programs(filter.exercise)?,
        };
        let mut found = Vec::new();
        for program in programs {
            let begin = after.filter(|after| program == after.program);
            let is_past = after.is_some_and(|after| program < after.program);
            for of in [Of::Whole, Of::Subjects] {
                let is_behind = begin.is_some_and(|begin| !begin.subject.is_empty());
                let of_some = filter.subject.is_some() || filter.province.is_some();
                let no_whole = of == Of::Whole && (is_behind || of_some);
                let room = limit.saturating_sub(found.len());
                if !(is_past || no_whole || room == 0) {
                    let whose = (of, program.as_str(), filter);
                    self.obligations_of(whose, at, (begin, room), &mut found)?;
                }
            }
        }
        Ok(found)
    }

    pub(super) fn obligations_of(
        &self,
        (of, program, filter): (Of, &str, &ObligationFilter),
        at: At,
        (after, limit): (Option<&ObligationCursor>, usize),
        found: &mut Vec<ObligationRow>,
    ) -> Result<(), DatabaseError> {
        let day = at.day.to_string();
        let before = filter.due_before.map(|day| day.to_string());
        let due_after = filter.due_after.map(|day| day.to_string());
        let parameters = [
            (":program", Cell::Text(program)),
            (":exercise", Cell::Int(filter.exercise.into())),
            (":day", Cell::Text(&day)),
            (":known", Cell::Int(at.known())),
            (":subject", text_if(filter.subject.as_ref().map(SubjectId::as_str))),
            (":province", text_if(filter.province.as_ref().map(SubjectId::as_str))),
            (":obligation", text_if(filter.obligation.as_deref())),
            (":owes", text_if(filter.owes.map(Office::as_str))),
            (":before", text_if(before.as_deref())),
            (":after", text_if(due_after.as_deref())),
            (":after_key", text_if(after.map(|after| after.order_key.as_str()))),
            (":after_subject", text_if(after.map(|after| after.subject.as_str()))),
            (":after_opened", after.map_or(Cell::Null, |after| number(after.opened_by))),
            (":after_obligation", text_if(after.map(|after| after.obligation.as_str()))),
            (":limit", Cell::Int(i64::try_from(limit).unwrap_or(i64::MAX))),
        ];
        let few = of == Of::Subjects
            && (filter.enrollments.is_some() || self.has_few(program, SUBJECTS_EACH)?);
        let sql = question(of, filter, after, few);
        let mut last = None;
        self.rows(&sql, &parameters, |row| {
            let id = row.number("id")?;
            if last.replace(id) != Some(id) {
                found.push(read(row)?);
            }
            let Some(last) = found.last_mut() else { return Ok(()) };
            if let Some((year, met)) = met(row)? {
                Arc::make_mut(&mut last.duty.met).note(year, met);
            }
            if let Some(lapse) = lapse(row, &last.duty)?
                && !last.lapses.contains(&lapse)
            {
                last.lapses.push(lapse);
            }
            Ok(())
        })?;
        Ok(())
    }
}

fn met(row: &dyn Record) -> Result<Option<(i32, Met)>, DatabaseError> {
    let Some(year) = row.int_if("due_year")? else { return Ok(None) };
    let year = i32::try_from(year).map_err(|error| DatabaseError::new(error.to_string()))?;
    let met = Met {
        by: row.number("met_by")?,
        on: row.parsed("met_on", CivilDate::parse)?,
        received_on: row.parsed("received_on", Day::parse)?,
        stated: row.flag("stated")?,
        receipts: from_json(row.text("receipts")?)?,
    };
    Ok(Some((year, met)))
}

fn lapse(row: &dyn Record, duty: &Duty) -> Result<Option<LapseOnRecord>, DatabaseError> {
    if row.int_if("lapsed_by")?.is_none() {
        return Ok(None);
    }
    Ok(Some(LapseOnRecord {
        by: row.number("lapsed_by")?,
        obligation: duty.obligation.clone(),
        opened_by: duty.opened_by,
        due: row.parsed("lapsed_due", CivilDate::parse)?,
        not_late_before: row.parsed("not_late_before", Day::parse)?,
    }))
}

fn read(row: &dyn Record) -> Result<ObligationRow, DatabaseError> {
    Ok(ObligationRow {
        program: row.parsed("program", ProgramId::parse)?,
        subject: row.parsed_if("subject", SubjectId::parse)?,
        province: row.parsed_if("province", SubjectId::parse)?,
        exercise: row.flag("exercise")?,
        enrollment: row.number("enrollment")?,
        kept_since: row.parsed_if("kept_since", Day::parse)?,
        duty: Duty {
            obligation: Id::from(row.text("obligation")?),
            owes: row.named("owes", Office::parse)?,
            with: offices(row.text("owed_with")?)?,
            receivers: offices(row.text("receivers")?)?,
            uncertain: row.flag("uncertain")?,
            article: Id::from(row.text("article")?),
            opened_by: row.number("opened_by")?,
            opened_on: row.parsed("opened_on", CivilDate::parse)?,
            open_from: row.parsed("open_from", CivilDate::parse)?,
            due: due(row)?.map(Arc::new),
            after_end: row.flag("after_end")?,
            series: series(row)?.map(Arc::new),
            met: Arc::default(),
            ended: ended(row)?,
        },
        lapses: Vec::new(),
        order_key: row.text("order_key")?.to_owned(),
    })
}

/// Offices as they are kept: their names, separated by spaces.
fn offices(text: &str) -> Result<Vec<Office>, DatabaseError> {
    let names = text.split_ascii_whitespace().map(|name| {
        Office::parse(name).ok_or_else(|| DatabaseError::new(format!("{name} is no office")))
    });
    names.collect()
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DatabaseError> {
    serde_json::from_str(text).map_err(|error| DatabaseError::new(error.to_string()))
}

fn due(row: &dyn Record) -> Result<Option<Due>, DatabaseError> {
    let Some(on) = row.parsed_if("due_on", CivilDate::parse)? else { return Ok(None) };
    Ok(Some(Due {
        on,
        start_event: Id::from(row.text("start_event")?),
        start: row.parsed("start_on", CivilDate::parse)?,
        rule: Id::from(row.text("rule")?),
        arithmetic: row.text("arithmetic")?.to_owned(),
    }))
}

fn series(row: &dyn Record) -> Result<Option<Series>, DatabaseError> {
    let Some(first_due) = row.parsed_if("first_due", Day::parse)? else { return Ok(None) };
    Ok(Some(Series {
        first_due,
        certain_from: row.parsed_if("certain_from", Day::parse)?,
        every: row.parsed("every", Yearly::parse)?,
        during: row.text("during")?.split_ascii_whitespace().map(Id::from).collect(),
    }))
}

fn ended(row: &dyn Record) -> Result<Option<Ended>, DatabaseError> {
    let Some(from) = row.parsed_if("ended_from", Day::parse)? else { return Ok(None) };
    Ok(Some(Ended { by: row.number("ended_by")?, from, waived: row.flag("ended_waived")? }))
}
