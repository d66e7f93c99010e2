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
        DueIn::of(item).year()
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

/// A month, or the months from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Months {
    first: Day,
    last: Day,
}

impl Months {
    pub fn asked(call: &Call) -> Result<Option<Self>, Problem> {
        call.parsed("due_month", |text| {
            let (first, last) = text.split_once('/').unwrap_or((text, text));
            let months = month(first).zip(month(last)).filter(|(first, last)| first <= last);
            months.map(|(first, last)| Self { first, last }).ok_or_else(|| {
                said!(
                    "“{given}” is no month, as 2026-11, nor months from one to a later one, as 2026-11/2027-10",
                    "“{given}”既不是月份（如 2026-11），也不是起止月份（如 2026-11/2027-10）",
                    given = Given(text)
                )
            })
        })
    }

    /// The last day before them.
    pub fn begin(self) -> Day {
        self.first.prev()
    }

    /// The first day after them.
    pub fn end(self) -> Day {
        Day::last_of_month(self.last.year(), self.last.month()).map_or(Day::MAX, Day::next)
    }

    /// Whether a date's latest day lies in one of them.
    pub fn has(self, due: DueIn) -> bool {
        match due {
            DueIn::Month(year, month) => {
                let of = |day: Day| (day.year(), day.month());
                (of(self.first)..=of(self.last)).contains(&(year, month))
            }
            DueIn::Undated => false,
        }
    }
}

/// The first day of a month that is written `2026-11`.
fn month(text: &str) -> Option<Day> {
    let (year, month) = text.split_once('-')?;
    if (year.len(), month.len()) != (4, 2) {
        return None;
    }
    let (year, month) = (i32::try_from(digits(year)?).ok()?, u32::try_from(digits(month)?).ok()?);
    Day::from_ymd(year, month, 1)
}

/// The month of a due date: that of its latest day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DueIn {
    /// This year, this month.
    Month(i32, u32),
    /// None: it has no date.
    Undated,
}

impl DueIn {
    pub fn of(item: &DueItem<'_>) -> Self {
        let due = item.due.map(|due| due.as_rule_gives.latest());
        due.map_or(Self::Undated, |day| Self::Month(day.year(), day.month()))
    }

    pub fn year(self) -> DueYear {
        match self {
            Self::Month(year, _) => DueYear::In(year),
            Self::Undated => DueYear::Undated,
        }
    }

    pub fn written(self) -> String {
        match self {
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::Undated => UNDATED.to_owned(),
        }
    }
}

/// What is picked out of the judged ones.
#[derive(Clone)]
pub(super) struct Pick {
    pub day: Day,
    pub statuses: Vec<DutyStatus>,
    pub due_before: Option<Day>,
    pub due_after: Option<Day>,
    pub due_year: Option<DueYear>,
    pub due_months: Option<Months>,
    /// Only what somebody is waited for on the day: what ended overdue stays on record, and nobody can
    /// meet it any more.
    pub moves: bool,
    pub calendars: Arc<Calendars>,
}

/// The question, without the calendars.
impl fmt::Debug for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, statuses, due_before, due_after, due_year, due_months, moves, .. } = self;
        let asked = (day, statuses, due_before, due_after, due_year, due_months, moves);
        asked.fmt(f)
    }
}

impl Pick {
    /// All, as judged on a day.
    pub fn all(day: Day, calendars: Arc<Calendars>) -> Self {
        let (statuses, due_before, due_after) = (Vec::new(), None, None);
        let (due_year, due_months, moves) = (None, None, false);
        Self { day, statuses, due_before, due_after, due_year, due_months, moves, calendars }
    }

    fn takes(&self, item: &DueItem<'_>) -> bool {
        let due = item.due.map(|due| due.as_rule_gives);
        let before = self.due_before.is_none_or(|day| due.is_some_and(|due| due.latest() < day));
        let after = self
            .due_after
            .is_none_or(|day| due.is_some_and(|due| due.earliest().is_some_and(|e| e > day)));
        let status = self.statuses.is_empty() || self.statuses.contains(&item.status);
        let year = self.due_year.is_none_or(|year| year == DueYear::of(item));
        let months = self.due_months.is_none_or(|months| months.has(DueIn::of(item)));
        let moves = !self.moves
            || (item.status.is_unmet()
                && item.duty.ended.is_none()
                && item.open_from.latest() <= self.day);
        status && before && after && year && months && moves
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
