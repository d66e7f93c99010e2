//! Rest days and working days in China, by the yearly notice of the State Council (rule G13).
//!
//! What must hold: a year without a calendar knows its weekends only, and every answer that
//! touches such a year says so. Deliberately not here: the notices themselves (files that the
//! record adopts), and any choice of which calendar was adopted when.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::date::{CivilDate, Day};
use super::text::says_something;

/// Why days are not the calendar of a year.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("{0} is not a year for which a calendar can be kept: the years are 1900 to 2200")]
    Year(i32),
    #[error("the calendar of {year} names no source: cite the notice that sets its days")]
    NoSource { year: i32 },
    #[error("{day} is not in {year}: put it in the calendar of its own year")]
    OtherYear { day: Day, year: i32 },
    #[error(
        "{0} is called a working weekend, but it is a weekday: leave it out, weekdays are working days"
    )]
    NotAWeekend(Day),
    #[error(
        "{0} is called both a rest day and a working weekend: keep the one that the notice says"
    )]
    Both(Day),
}

/// One year's rest days, beside its weekends, and the weekends on which people work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Calendar {
    year: i32,
    rest_days: BTreeSet<Day>,
    working_weekends: BTreeSet<Day>,
    source: String,
}

/// A calendar as it is written, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    year: i32,
    rest_days: BTreeSet<Day>,
    working_weekends: BTreeSet<Day>,
    source: String,
}

impl TryFrom<Written> for Calendar {
    type Error = CalendarError;

    fn try_from(written: Written) -> Result<Calendar, CalendarError> {
        let Written { year, rest_days, working_weekends, source } = written;
        Calendar::of_year(year, rest_days, working_weekends, source)
    }
}

impl Calendar {
    /// The calendar of a year; `source` cites the notice that sets its days.
    ///
    /// # Errors
    /// A day lies in another year, is both a rest day and a working weekend, or is called a
    /// working weekend and is none; or no source is cited.
    pub fn of_year(
        year: i32,
        rest_days: BTreeSet<Day>,
        working_weekends: BTreeSet<Day>,
        source: String,
    ) -> Result<Calendar, CalendarError> {
        if Day::from_ymd(year, 1, 1).is_none() {
            return Err(CalendarError::Year(year));
        }
        if !says_something(&source) {
            return Err(CalendarError::NoSource { year });
        }
        if let Some(day) = rest_days.iter().chain(&working_weekends).find(|day| day.year() != year)
        {
            return Err(CalendarError::OtherYear { day: *day, year });
        }
        if let Some(day) = working_weekends.iter().find(|day| !day.is_weekend()) {
            return Err(CalendarError::NotAWeekend(*day));
        }
        if let Some(day) = rest_days.intersection(&working_weekends).next() {
            return Err(CalendarError::Both(*day));
        }
        Ok(Calendar { year, rest_days, working_weekends, source })
    }

    #[must_use]
    pub fn year(&self) -> i32 {
        self.year
    }

    #[must_use]
    pub fn rest_days(&self) -> &BTreeSet<Day> {
        &self.rest_days
    }

    #[must_use]
    pub fn working_weekends(&self) -> &BTreeSet<Day> {
        &self.working_weekends
    }

    /// The notice that sets its days.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// Whether a day is one of rest, and whether its year's calendar says so or only the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestDay {
    pub rest: bool,
    /// False where the year has no calendar, so that only weekends are known.
    pub known: bool,
}

/// A day moved to a working day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjusted {
    pub day: Day,
    /// False where a day that was looked at lies in a year without a calendar.
    pub holidays_known: bool,
}

/// A due date as the rule gives it, and the day that rest days make of its later end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdjustedDate {
    pub as_rule_gives: CivilDate,
    /// The last day in time: nothing is late before this day has passed.
    pub not_late_before: Day,
    /// False where a day that was looked at lies in a year without a calendar.
    pub holidays_known: bool,
}

/// The calendars adopted so far, one for a year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendars {
    by_year: BTreeMap<i32, Calendar>,
}

impl Calendars {
    /// Puts a calendar in force for its year; gives back the one that it replaces.
    pub fn adopt(&mut self, calendar: Calendar) -> Option<Calendar> {
        self.by_year.insert(calendar.year, calendar)
    }

    #[must_use]
    pub fn of_year(&self, year: i32) -> Option<&Calendar> {
        self.by_year.get(&year)
    }

    #[must_use]
    pub fn is_rest_day(&self, day: Day) -> RestDay {
        match self.by_year.get(&day.year()) {
            Some(calendar) => RestDay {
                rest: calendar.rest_days.contains(&day)
                    || (day.is_weekend() && !calendar.working_weekends.contains(&day)),
                known: true,
            },
            None => RestDay { rest: day.is_weekend(), known: false },
        }
    }

    /// The day itself where it is a working day, otherwise the first one after it.
    #[must_use]
    pub fn next_working_day(&self, day: Day) -> Adjusted {
        let mut day = day;
        let mut holidays_known = true;
        loop {
            let found = self.is_rest_day(day);
            holidays_known &= found.known;
            // `Day::MAX` has no day after it.
            if !found.rest || day == Day::MAX {
                return Adjusted { day, holidays_known };
            }
            day = day.next();
        }
    }

    /// A due date beside the working day on or after its later end.
    #[must_use]
    pub fn adjust(&self, date: &CivilDate) -> AdjustedDate {
        let Adjusted { day, holidays_known } = self.next_working_day(date.latest());
        AdjustedDate { as_rule_gives: *date, not_late_before: day, holidays_known }
    }
}
