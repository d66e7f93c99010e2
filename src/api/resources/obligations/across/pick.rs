//! What is picked out of the obligations across programs.

use std::fmt;
use std::sync::Arc;

use crate::api::asking::call::{Call, wrong_parameter};
use crate::domain::calendar::Calendars;
use crate::domain::date::Day;
use crate::domain::duty::{DueItem, DutyStatus, items};
use crate::domain::ids::digits;
use crate::domain::state::State;
use crate::domain::words::{Given, said};
use crate::views::problem::Problem;

/// What is due in no year: it has no date.
pub(super) const UNDATED: &str = "undated";

/// The year of a due date: that of its latest day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DueYear {
    /// This one.
    In(i32),
    /// None: it has no date.
    Undated,
}

impl DueYear {
    pub fn of(item: &DueItem<'_>) -> Self {
        let due = item.due.map(|due| due.as_rule_gives.latest().year());
        due.map_or(Self::Undated, Self::In)
    }

    pub fn written(self) -> String {
        match self {
            Self::In(year) => year.to_string(),
            Self::Undated => UNDATED.to_owned(),
        }
    }

    pub fn asked(call: &Call) -> Result<Option<Self>, Problem> {
        let Some(text) = call.parameter("due_year") else { return Ok(None) };
        if text == UNDATED {
            return Ok(Some(Self::Undated));
        }
        let year = digits(text).and_then(|year| i32::try_from(year).ok());
        match year.filter(|year| (1..=Day::MAX.year()).contains(year)) {
            Some(year) => Ok(Some(Self::In(year))),
            None => {
                let text = said!(
                    "“{given}” is no year, nor `undated`",
                    "“{given}”既不是年份，也不是 undated",
                    given = Given(text)
                );
                Err(wrong_parameter("due_year", text))
            }
        }
    }
}

/// What is picked out of the judged ones.
pub(super) struct Pick {
    pub day: Day,
    pub statuses: Vec<DutyStatus>,
    pub due_before: Option<Day>,
    pub due_after: Option<Day>,
    pub due_year: Option<DueYear>,
    /// Only what somebody is waited for on the day: what ended overdue stays on record, and nobody can
    /// meet it any more.
    pub moves: bool,
    pub calendars: Arc<Calendars>,
}

/// The question, without the calendars.
impl fmt::Debug for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, statuses, due_before, due_after, due_year, moves, calendars: _ } = self;
        let asked = (day, statuses, due_before, due_after, due_year, moves);
        asked.fmt(f)
    }
}

impl Pick {
    fn takes(&self, item: &DueItem<'_>) -> bool {
        let due = item.due.map(|due| due.as_rule_gives);
        let before = self.due_before.is_none_or(|day| due.is_some_and(|due| due.latest() < day));
        let after = self
            .due_after
            .is_none_or(|day| due.is_some_and(|due| due.earliest().is_some_and(|e| e > day)));
        let status = self.statuses.is_empty() || self.statuses.contains(&item.status);
        let year = self.due_year.is_none_or(|year| year == DueYear::of(item));
        let moves = !self.moves
            || (item.status.is_unmet()
                && item.duty.ended.is_none()
                && item.open_from.latest() <= self.day);
        status && before && after && year && moves
    }

    /// The occasions of a state's duties that are picked.
    pub fn of<'s>(&self, state: &'s State) -> Vec<DueItem<'s>> {
        let mut judged = items(state, self.day, &self.calendars);
        judged.retain(|item| self.takes(item));
        judged
    }
}

/// The first day after a year.
pub(super) fn year_ends(year: Option<DueYear>) -> Option<Day> {
    match year? {
        DueYear::In(year) => Day::from_ymd(year + 1, 1, 1),
        DueYear::Undated => None,
    }
}

/// The last day before a year.
pub(super) fn year_begins(year: Option<DueYear>) -> Option<Day> {
    match year? {
        DueYear::In(year) => Day::from_ymd(year - 1, 12, 31),
        DueYear::Undated => None,
    }
}
