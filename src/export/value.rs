//! A cell as a value of its column's kind.

use std::borrow::Cow;

use uuid::Uuid;

use crate::domain::date::Timestamp;
use crate::projection::{Cell, Column, DatabaseError, ExportError, Kind, Record};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Flag(bool),
    /// A day, as `YYYY-MM-DD`.
    Day(Cow<'a, str>),
    /// Microseconds UTC since 1970.
    Instant(i64),
    /// An id.
    Id(Uuid),
}

/// The value of a column.
///
/// # Errors
/// When the column holds something else than its kind says.
pub fn value<'a>(
    row: &'a dyn Record,
    index: usize,
    column: &Column,
) -> Result<Value<'a>, ExportError> {
    let Column { name, kind, .. } = *column;
    let wrong = || DatabaseError::new(format!("column {name}: it is no {kind:?}"));
    Ok(match (row.at(index)?, kind) {
        (Cell::Null, _) => Value::Null,
        // Not every engine takes U+0000, so none gives it.
        (Cell::Text(text), Kind::Text | Kind::Date | Kind::Json) if text.contains('\0') => {
            Value::Text(Cow::Owned(text.replace('\0', "\u{2400}")))
        }
        (Cell::Text(text), Kind::Text | Kind::Date | Kind::Json) => {
            Value::Text(Cow::Borrowed(text))
        }
        (Cell::Text(day), Kind::Day) => Value::Day(Cow::Borrowed(day)),
        (Cell::Int(number), Kind::Int) => Value::Int(number),
        (Cell::Int(number), Kind::Flag) => Value::Flag(number != 0),
        (Cell::Int(micros), Kind::Instant) => Value::Instant(micros),
        (Cell::Bytes(bytes), Kind::Id) => Value::Id(Uuid::from_slice(bytes).map_err(|_| wrong())?),
        _ => return Err(wrong().into()),
    })
}

impl Value<'_> {
    /// As text: nothing as an empty one, an instant in RFC 3339 with microseconds.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Day(day) => Cow::Borrowed(day),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            Self::Instant(micros) => Cow::Owned(Timestamp::from_micros(*micros).to_rfc3339()),
            Self::Id(id) => Cow::Owned(id.hyphenated().to_string()),
        }
    }
}
