//! An instant, and the civil day on which it falls in China.
//!
//! What must hold: no instant without an offset; the civil day never depends on the zone of the
//! machine. Deliberately not here: reading the clock.
//!
//! Asia/Shanghai is a fixed UTC+8 here, without a table of zones. The zone has been that since
//! September 1991, when summer time ended; the programs run from 2012, and their last known terms
//! end by 2030. Earlier years appear only as civil days out of documents, never as instants.

#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, NaiveDate, Timelike};

use super::{DateError, Day, shown, written_as_text};

const MICROS_PER_DAY: i64 = 86_400_000_000;
const SHANGHAI_OFFSET_MICROS: i64 = 8 * 3_600_000_000;
const EPOCH: Day = Day(NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day"));

/// An instant, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1900-01-01T00:00:00.000000Z.
    pub const MIN: Timestamp = Timestamp(-2_208_988_800_000_000);
    /// 2200-12-31T15:59:59.999999Z, the end of the last civil day in China.
    pub const MAX: Timestamp = Timestamp(7_289_625_599_999_999);

    /// The instant so many microseconds after 1970-01-01T00:00:00Z, stopping at `MIN` and `MAX`.
    #[must_use]
    pub fn from_micros(micros: i64) -> Timestamp {
        Timestamp(micros).clamp(Timestamp::MIN, Timestamp::MAX)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Reads an instant written as in RFC 3339, with any offset.
    ///
    /// # Errors
    /// The text has another form or no offset, is finer than a microsecond, names a day that the
    /// calendar has not, or is a leap second.
    pub fn parse_rfc3339(text: &str) -> Result<Timestamp, DateError> {
        let Ok(instant) = DateTime::parse_from_rfc3339(text) else {
            return Err(why_not(text));
        };
        // chrono counts a leap second as the nanoseconds after the first thousand million.
        if instant.nanosecond() >= 1_000_000_000 {
            return Err(DateError::LeapSecond(shown(text)));
        }
        if has_finer_digits(text) {
            return Err(DateError::FinerThanMicroseconds(shown(text)));
        }
        let micros = instant.timestamp_micros();
        if !(Timestamp::MIN.0..=Timestamp::MAX.0).contains(&micros) {
            return Err(DateError::OutsideYears { text: shown(text) });
        }
        Ok(Timestamp(micros))
    }

    /// The instant in UTC, with six digits after the second: `2026-01-31T15:59:59.000000Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        self.to_string()
    }

    /// The day of the calendar in China (Asia/Shanghai) on which this instant falls.
    #[must_use]
    pub fn civil_day(self) -> Day {
        EPOCH.plus_days((self.0 + SHANGHAI_OFFSET_MICROS).div_euclid(MICROS_PER_DAY))
    }

    /// 00:00 in China (Asia/Shanghai) of a day.
    #[must_use]
    pub fn start_of_civil_day(day: Day) -> Timestamp {
        Timestamp::from_micros(EPOCH.days_until(day) * MICROS_PER_DAY - SHANGHAI_OFFSET_MICROS)
    }

    fn parse(text: &str) -> Result<Timestamp, DateError> {
        Timestamp::parse_rfc3339(text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = EPOCH.plus_days(self.0.div_euclid(MICROS_PER_DAY));
        let of_day = self.0.rem_euclid(MICROS_PER_DAY);
        let (seconds, micros) = (of_day / 1_000_000, of_day % 1_000_000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{day}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

written_as_text!(Timestamp);

/// What keeps a text from being an instant, as precisely as can be said.
fn why_not(text: &str) -> DateError {
    if DateTime::parse_from_rfc3339(&format!("{text}Z")).is_ok() {
        return DateError::NoOffset(shown(text));
    }
    match text.get(..10).map(Day::parse) {
        None | Some(Ok(_) | Err(DateError::NotADay(_))) => DateError::NotAnInstant(shown(text)),
        Some(Err(reason)) => reason,
    }
}

/// Whether digits other than 0 stand after the sixth behind the point.
fn has_finer_digits(text: &str) -> bool {
    let Some((_, fraction)) = text.split_once('.') else {
        return false;
    };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit);
    digits.skip(6).any(|digit| digit != b'0')
}
