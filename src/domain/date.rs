//! Days and dates as the record keeps them: a day of the calendar, a date as sharp as its source,
//! an instant.
//!
//! What must hold: a day or civil date prints as it was written; nothing is rounded; every
//! day lies in the years 1900 to 2200, and arithmetic that would leave them stops at their ends.
//! Deliberately not here: the clock (the present instant is always an argument), periods
//! (`period`), rest days (`calendar`).

mod civil_date;
#[cfg(test)]
pub(super) mod tests;
mod timestamp;

use std::fmt;

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

pub use civil_date::CivilDate;
pub use timestamp::Timestamp;

/// Why a text is not a date, an instant or a period that can be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    #[error("`{0}` is not a day: write YYYY-MM-DD, such as 2015-02-03")]
    NotADay(String),
    #[error("{text} is not a day of the calendar: {month} {year} has {days} days")]
    NoSuchDay { text: String, month: &'static str, year: i32, days: u32 },
    #[error("{text} names no month: months are 01 to 12")]
    NoSuchMonth { text: String },
    #[error("{text} lies outside the years 1900 to 2200, which the record can hold")]
    OutsideYears { text: String },
    #[error(
        "`{0}` is not a date that the record can keep: write a day (2016-06-13), a month (2013-09), \
         a year (2016), an interval of these (2013/2016-06-13), or a latest day (../2016-12-31); \
         for a date that is not certain, write the interval in which it lies"
    )]
    NotACivilDate(String),
    #[error("{0} ends before it begins: write the earlier date first")]
    EndsBeforeItBegins(String),
    #[error("`{0}` is not an instant: write it as in RFC 3339, such as 2026-01-31T23:59:59+08:00")]
    NotAnInstant(String),
    #[error(
        "{0} carries no offset from UTC, so it names no instant: add one, such as +08:00 for China or Z for UTC"
    )]
    NoOffset(String),
    #[error("{0} is finer than a microsecond: write at most six digits after the second")]
    FinerThanMicroseconds(String),
    #[error("{0} is a leap second, which the record cannot hold: write the second before or after")]
    LeapSecond(String),
    #[error("`{0}` is not a period: write years, months and days, such as P3Y, P3M, P1Y6M or P30D")]
    NotAPeriod(String),
    #[error(
        "{0} is a period of no length: at least one of years, months and days must be more than 0"
    )]
    EmptyPeriod(String),
    #[error(
        "{0} is too long a period: at most 100 years, 1200 months and 36525 days can be written"
    )]
    PeriodTooLong(String),
    #[error("`{0}` is not a day of every year: write --MM-DD, such as --01-31")]
    NotYearly(String),
    #[error("{text} is not a day of any year: {month} has at most {days} days")]
    NoSuchYearly { text: String, month: &'static str, days: u32 },
}

/// A text as an error repeats it: never longer than a line.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}

/// `FromStr` and serde for a type that is written as one text, by its `parse` and `Display`.
macro_rules! written_as_text {
    ($type:ty) => {
        impl std::str::FromStr for $type {
            type Err = $crate::domain::date::DateError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Written;

                impl serde::de::Visitor<'_> for Written {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        <$type>::parse(text).map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Written)
            }
        }
    };
}
pub(super) use written_as_text;

const FIRST_YEAR: i32 = 1900;
const LAST_YEAR: i32 = 2200;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The English name of a month from 1 to 12.
pub(super) fn month_name(month: u32) -> Option<&'static str> {
    MONTHS.get(usize::try_from(month.checked_sub(1)?).ok()?).copied()
}

/// A day of the Gregorian calendar, in the years 1900 to 2200.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// 1900-01-01.
    pub const MIN: Day = Day(NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).expect("a day"));
    /// 2200-12-31.
    pub const MAX: Day = Day(NaiveDate::from_ymd_opt(LAST_YEAR, 12, 31).expect("a day"));

    /// Reads `YYYY-MM-DD`, and nothing else.
    ///
    /// # Errors
    /// The text has another form, or names a day that the calendar has not.
    pub fn parse(text: &str) -> Result<Day, DateError> {
        let not_a_day = || DateError::NotADay(shown(text));
        let [year, month, day] = numbers(text, [4, 2, 2]).ok_or_else(not_a_day)?;
        checked_day(text, year, month, day)
    }

    /// The day of these numbers, or nothing where the calendar has none.
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Day> {
        if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
            return None;
        }
        NaiveDate::from_ymd_opt(year, month, day).map(Day)
    }

    /// The last day of a month, or nothing where there is no such month.
    #[must_use]
    pub fn last_of_month(year: i32, month: u32) -> Option<Day> {
        (28..=31).rev().find_map(|day| Day::from_ymd(year, month, day))
    }

    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    #[must_use]
    pub fn month(self) -> u32 {
        self.0.month()
    }

    #[must_use]
    pub fn day(self) -> u32 {
        self.0.day()
    }

    /// The day after; `MAX` is its own.
    #[must_use]
    pub fn next(self) -> Day {
        self.plus_days(1)
    }

    /// The day before; `MIN` is its own.
    #[must_use]
    pub fn prev(self) -> Day {
        self.plus_days(-1)
    }

    /// This day moved by so many days, stopping at `MIN` and `MAX`.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Day {
        let moved = TimeDelta::try_days(days).and_then(|delta| self.0.checked_add_signed(delta));
        match moved {
            Some(day) => Day(day).clamp(Day::MIN, Day::MAX),
            None if days < 0 => Day::MIN,
            None => Day::MAX,
        }
    }

    /// How many days later `other` is; negative where it is earlier.
    #[must_use]
    pub fn days_until(self, other: Day) -> i64 {
        other.0.signed_duration_since(self.0).num_days()
    }

    /// `YYYY-MM-DD` in ASCII; dates are written often, and the general way takes ten times as long.
    fn written(self) -> [u8; 10] {
        let mut text = *b"0000-00-00";
        let mut put = |at: std::ops::Range<usize>, mut number: u32| {
            for digit in text[at].iter_mut().rev() {
                *digit += (number % 10) as u8;
                number /= 10;
            }
        };
        put(0..4, self.year().unsigned_abs());
        put(5..7, self.month());
        put(8..10, self.day());
        text
    }

    /// Whether this is a Saturday or a Sunday.
    #[must_use]
    pub fn is_weekend(self) -> bool {
        matches!(self.0.weekday(), Weekday::Sat | Weekday::Sun)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.written()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

written_as_text!(Day);

/// The numbers of a text of exactly so many digits each, with `-` between them.
fn numbers<const N: usize>(text: &str, digits: [usize; N]) -> Option<[u32; N]> {
    let mut bytes = text.bytes();
    let mut found = [0; N];
    for (index, (number, width)) in found.iter_mut().zip(digits).enumerate() {
        if index > 0 && bytes.next()? != b'-' {
            return None;
        }
        for _ in 0..width {
            let digit = bytes.next().filter(u8::is_ascii_digit)?;
            *number = *number * 10 + u32::from(digit - b'0');
        }
    }
    bytes.next().is_none().then_some(found)
}

/// The year of a written date, where the record can hold it.
fn checked_year(text: &str, year: u32) -> Result<i32, DateError> {
    i32::try_from(year)
        .ok()
        .filter(|year| (FIRST_YEAR..=LAST_YEAR).contains(year))
        .ok_or_else(|| DateError::OutsideYears { text: shown(text) })
}

/// The first and last day of a written month.
fn checked_month(text: &str, year: u32, month: u32) -> Result<(Day, Day), DateError> {
    let year = checked_year(text, year)?;
    Day::from_ymd(year, month, 1)
        .zip(Day::last_of_month(year, month))
        .ok_or_else(|| DateError::NoSuchMonth { text: shown(text) })
}

fn checked_day(text: &str, year: u32, month: u32, day: u32) -> Result<Day, DateError> {
    if let Some(found) = i32::try_from(year).ok().and_then(|y| Day::from_ymd(y, month, day)) {
        return Ok(found);
    }
    let (first, last) = checked_month(text, year, month)?;
    Day::from_ymd(first.year(), month, day).ok_or_else(|| DateError::NoSuchDay {
        text: shown(text),
        month: month_name(month).unwrap_or_default(),
        year: first.year(),
        days: last.day(),
    })
}
