//! Days and ids as columns hold them, without a detour over the heap.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use uuid::Uuid;

use crate::domain::date::{CivilDate, Day};

/// `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct DayText([u8; 10]);

impl From<Day> for DayText {
    fn from(day: Day) -> Self {
        let digit = |number: u32| b'0' + u8::try_from(number % 10).unwrap_or(0);
        // Days lie in the years 1900 to 2200.
        let year = day.year().unsigned_abs();
        let (month, day) = (day.month(), day.day());
        Self([
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ])
    }
}

impl ToSql for DayText {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

/// The written form of a date.
pub(super) struct DateText(pub CivilDate);

impl ToSql for DateText {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_str().as_bytes())))
    }
}

/// An id as text.
pub(super) struct IdText([u8; uuid::fmt::Hyphenated::LENGTH]);

impl From<Uuid> for IdText {
    fn from(id: Uuid) -> Self {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        id.hyphenated().encode_lower(&mut text);
        Self(text)
    }
}

impl ToSql for IdText {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

/// An optional text.
pub(super) fn text(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, |value| Value::Text(value.to_string()))
}
