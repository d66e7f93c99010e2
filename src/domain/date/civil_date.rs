//! A date as sharp as its source (rule G11): a subset of EDTF (ISO 8601-2).
//!
//! What must hold: the written form is kept; one date is before another only where that is
//! certain. Deliberately not here: the marks of EDTF for doubt (`~`, `?`, `X`), open ends
//! (`2016/..`) and times, which are refused: write the interval in which the date lies.

use std::fmt;
use std::str;

use super::{
    DateError, Day, checked_day, checked_month, checked_year, numbers, shown, written_as_text,
};

/// The longest written form is two days and the slash between them.
const LONGEST: usize = 21;

/// A day, or the days among which it lies: `2016-06-13`, `2013-09`, `2016`, `2013/2016-06-13`,
/// `../2016-12-31` (by that day).
///
/// Two are equal when they are written alike: `2016-02` and `2016-02-01/2016-02-29` are the same
/// days, but not the same statement.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CivilDate {
    /// The written form in ASCII, filled up with zeros; here so that the date stays `Copy`.
    text: [u8; LONGEST],
    length: u8,
    earliest: Option<Day>,
    latest: Day,
}

impl CivilDate {
    /// Reads a date in one of the accepted forms.
    ///
    /// # Errors
    /// The text has another form, names a day that the calendar has not, or is an interval whose
    /// end is before its beginning.
    pub fn parse(text: &str) -> Result<CivilDate, DateError> {
        let refused = || DateError::NotACivilDate(shown(text));
        let (earliest, latest) = match text.split_once('/') {
            None => {
                let (earliest, latest) = days_of(text).ok_or_else(refused)??;
                (Some(earliest), latest)
            }
            Some(("..", end)) => (None, days_of(end).ok_or_else(refused)??.1),
            Some((start, end)) => {
                let (earliest, _) = days_of(start).ok_or_else(refused)??;
                let (_, latest) = days_of(end).ok_or_else(refused)??;
                (Some(earliest), latest)
            }
        };
        if earliest.is_some_and(|earliest| earliest > latest) {
            return Err(DateError::EndsBeforeItBegins(shown(text)));
        }
        CivilDate::written(text, earliest, latest).ok_or_else(refused)
    }

    /// The days from one to the other, given in either order; a day where they are equal.
    #[must_use]
    pub fn interval(one: Day, other: Day) -> CivilDate {
        let (earliest, latest) = (one.min(other), one.max(other));
        if earliest == latest {
            return CivilDate::from(earliest);
        }
        let mut pen = Pen::default();
        pen.day(earliest);
        pen.push(b"/");
        pen.day(latest);
        pen.finish(Some(earliest), latest)
    }

    /// By this day, and nobody knows since when: `../2016-12-31`.
    #[must_use]
    pub fn by(latest: Day) -> CivilDate {
        let mut pen = Pen::default();
        pen.push(b"../");
        pen.day(latest);
        pen.finish(None, latest)
    }

    /// The written form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let written = self.text.get(..usize::from(self.length)).unwrap_or_default();
        // Never empty: only `Pen` and `written` fill it, with ASCII.
        str::from_utf8(written).unwrap_or_default()
    }

    /// The first day on which it can have been; none where the source only says "by".
    #[must_use]
    pub fn earliest(&self) -> Option<Day> {
        self.earliest
    }

    /// The last day on which it can have been.
    #[must_use]
    pub fn latest(&self) -> Day {
        self.latest
    }

    /// Whether it leaves one day only.
    #[must_use]
    pub fn is_day(&self) -> bool {
        self.earliest == Some(self.latest)
    }

    /// Whether it can have been on this day.
    #[must_use]
    pub fn contains(&self, day: Day) -> bool {
        day <= self.latest && self.earliest.is_none_or(|earliest| earliest <= day)
    }

    /// Whether it was before the other, whichever of their days they were.
    #[must_use]
    pub fn certainly_before(&self, other: &CivilDate) -> bool {
        other.earliest.is_some_and(|earliest| self.latest < earliest)
    }

    /// Whether it was after the other, whichever of their days they were.
    #[must_use]
    pub fn certainly_after(&self, other: &CivilDate) -> bool {
        other.certainly_before(self)
    }

    /// Whether both can have been on the same day.
    #[must_use]
    pub fn overlaps(&self, other: &CivilDate) -> bool {
        !self.certainly_before(other) && !self.certainly_after(other)
    }

    fn written(text: &str, earliest: Option<Day>, latest: Day) -> Option<CivilDate> {
        let mut buffer = [0; LONGEST];
        buffer.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(CivilDate { text: buffer, length: u8::try_from(text.len()).ok()?, earliest, latest })
    }
}

impl From<Day> for CivilDate {
    fn from(day: Day) -> CivilDate {
        let mut pen = Pen::default();
        pen.day(day);
        pen.finish(Some(day), day)
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

written_as_text!(CivilDate);

/// Writes a date whose length is known to fit.
#[derive(Default)]
struct Pen {
    text: [u8; LONGEST],
    length: u8,
}

impl Pen {
    fn push(&mut self, bytes: &[u8]) {
        let free = self.text.iter_mut().skip(usize::from(self.length));
        for (next, byte) in free.zip(bytes) {
            *next = *byte;
            self.length += 1;
        }
    }

    fn day(&mut self, day: Day) {
        self.push(&day.written());
    }

    fn finish(self, earliest: Option<Day>, latest: Day) -> CivilDate {
        CivilDate { text: self.text, length: self.length, earliest, latest }
    }
}

/// The first and last day of a written day, month or year; nothing where it is none of the three.
fn days_of(text: &str) -> Option<Result<(Day, Day), DateError>> {
    if let Some([year, month, day]) = numbers(text, [4, 2, 2]) {
        return Some(checked_day(text, year, month, day).map(|day| (day, day)));
    }
    if let Some([year, month]) = numbers(text, [4, 2]) {
        return Some(checked_month(text, year, month));
    }
    let [year] = numbers(text, [4])?;
    let whole = |year| Day::from_ymd(year, 1, 1).zip(Day::from_ymd(year, 12, 31));
    Some(
        checked_year(text, year).and_then(|year| {
            whole(year).ok_or_else(|| DateError::OutsideYears { text: shown(text) })
        }),
    )
}
