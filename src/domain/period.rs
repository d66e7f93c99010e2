//! Periods of years, months and days, and days that recur every year (rule G13; Civil Code
//! Art. 200-204).
//!
//! What must hold: a period of months or years ends on the corresponding day, or on the month's
//! last where there is none; days are added after months. The first day does not count, so the
//! result is the last day of the period. Deliberately not here: rest days (`calendar`), and
//! periods in weeks, hours or working days, which no program document uses.

#[cfg(test)]
mod tests;

use std::fmt;

use super::date::{CivilDate, DateError, Day, month_name, shown, written_as_text};

const LONGEST_YEARS: u32 = 100;
const LONGEST_MONTHS: u32 = 1_200;
const LONGEST_DAYS: u32 = 36_525;

/// A length of time in ISO 8601: `P3Y`, `P3M`, `P1Y6M`, `P30D`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    years: u32,
    months: u32,
    days: u32,
}

impl Period {
    /// Reads years, months and days, in this order; at least one of them is more than 0.
    ///
    /// # Errors
    /// The text has another form, is of no length, or is longer than any program could be.
    pub fn parse(text: &str) -> Result<Period, DateError> {
        let refused = || DateError::NotAPeriod(shown(text));
        let mut rest =
            text.strip_prefix('P').filter(|rest| !rest.is_empty()).ok_or_else(refused)?;
        let mut found = [0; 3];
        for (number, unit) in found.iter_mut().zip(['Y', 'M', 'D']) {
            let Some((digits, after)) = rest.split_once(unit) else {
                continue;
            };
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(refused());
            }
            *number = digits.parse().map_err(|_| DateError::PeriodTooLong(shown(text)))?;
            rest = after;
        }
        if !rest.is_empty() {
            return Err(refused());
        }
        let [years, months, days] = found;
        if found == [0; 3] {
            return Err(DateError::EmptyPeriod(shown(text)));
        }
        if years > LONGEST_YEARS || months > LONGEST_MONTHS || days > LONGEST_DAYS {
            return Err(DateError::PeriodTooLong(shown(text)));
        }
        Ok(Period { years, months, days })
    }

    #[must_use]
    pub fn years(self) -> u32 {
        self.years
    }

    #[must_use]
    pub fn months(self) -> u32 {
        self.months
    }

    #[must_use]
    pub fn days(self) -> u32 {
        self.days
    }

    /// The day on which a period that runs from `day` ends; never after `Day::MAX`.
    #[must_use]
    pub fn add_to_day(self, day: Day) -> Day {
        self.after_months(day).0.plus_days(i64::from(self.days))
    }

    /// The date on which a period that runs from `date` ends: a day gives a day, an interval an
    /// interval (a day where both its ends meet at a month's end), an open start stays open.
    #[must_use]
    pub fn add_to(self, date: &CivilDate) -> CivilDate {
        let latest = self.add_to_day(date.latest());
        match date.earliest() {
            Some(earliest) => CivilDate::interval(self.add_to_day(earliest), latest),
            None => CivilDate::by(latest),
        }
    }

    /// The sum as a reader can check it:
    /// `2014-11-30 + P3M = 2015-02-28 (no corresponding day: last of the month)`.
    #[must_use]
    pub fn arithmetic(self, date: &CivilDate) -> String {
        let end = self.add_to(date);
        let sum = format!("{date} + {self} = {end}");
        if end.latest() == Day::MAX {
            return format!("{sum} (the last day that the record can hold)");
        }
        let first = date.earliest().filter(|_| !date.is_day());
        let without: Vec<String> = first
            .into_iter()
            .chain([date.latest()])
            .filter(|day| !self.after_months(*day).1)
            .map(|day| day.to_string())
            .collect();
        if without.is_empty() {
            return sum;
        }
        let whose =
            if date.is_day() { String::new() } else { format!(" for {}", without.join(" and ")) };
        let then = match self.days {
            0 => String::new(),
            1 => ", then 1 day".to_owned(),
            days => format!(", then {days} days"),
        };
        format!("{sum} (no corresponding day{whose}: last of the month{then})")
    }

    /// The day after the years and months, and whether it is the corresponding day.
    fn after_months(self, day: Day) -> (Day, bool) {
        let months = i64::from(self.years) * 12 + i64::from(self.months);
        let since_year_0 = i64::from(day.year()) * 12 + i64::from(day.month()) - 1 + months;
        let year = i32::try_from(since_year_0.div_euclid(12)).unwrap_or(i32::MAX);
        let month = u32::try_from(since_year_0.rem_euclid(12) + 1).unwrap_or(12);
        match Day::from_ymd(year, month, day.day()) {
            Some(corresponding) => (corresponding, true),
            None => (Day::last_of_month(year, month).unwrap_or(Day::MAX), false),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        for (number, unit) in [(self.years, 'Y'), (self.months, 'M'), (self.days, 'D')] {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

written_as_text!(Period);

/// A day of every year, such as 31 January: `--01-31`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Yearly {
    month: u32,
    day: u32,
}

impl Yearly {
    /// Reads `--MM-DD`; 29 February is a day of every year, as in `in_year`.
    ///
    /// # Errors
    /// The text has another form, or names a day that no year has.
    pub fn parse(text: &str) -> Result<Yearly, DateError> {
        // A leap year, so that what no year has is what this year has not.
        const LEAP_YEAR: i32 = 2000;
        let refused = || DateError::NotYearly(shown(text));
        let (month, day) =
            text.strip_prefix("--").and_then(|rest| rest.split_once('-')).ok_or_else(refused)?;
        let (month, day) = two_digits(month).zip(two_digits(day)).ok_or_else(refused)?;
        let Some((name, last)) = month_name(month).zip(Day::last_of_month(LEAP_YEAR, month)) else {
            return Err(DateError::NoSuchMonth { text: shown(text) });
        };
        if Day::from_ymd(LEAP_YEAR, month, day).is_none() {
            return Err(DateError::NoSuchYearly {
                text: shown(text),
                month: name,
                days: last.day(),
            });
        }
        Ok(Yearly { month, day })
    }

    #[must_use]
    pub fn month(self) -> u32 {
        self.month
    }

    #[must_use]
    pub fn day(self) -> u32 {
        self.day
    }

    /// Its day in a year: 29 February is the 28th in a common year. Stops at `Day::MIN` and
    /// `Day::MAX`.
    #[must_use]
    pub fn in_year(self, year: i32) -> Day {
        Day::from_ymd(year, self.month, self.day)
            .or_else(|| Day::last_of_month(year, self.month))
            .unwrap_or(if year < Day::MIN.year() { Day::MIN } else { Day::MAX })
    }

    /// The first of its days that comes after `day`; never `day` itself, save at `Day::MAX`.
    #[must_use]
    pub fn first_after(self, day: Day) -> Day {
        let this_year = self.in_year(day.year());
        if this_year > day { this_year } else { self.in_year(day.year() + 1) }
    }
}

fn two_digits(text: &str) -> Option<u32> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Yearly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{:02}-{:02}", self.month, self.day)
    }
}

impl fmt::Debug for Yearly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

written_as_text!(Yearly);
