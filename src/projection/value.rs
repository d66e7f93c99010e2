//! The types that columns have, and how their values are written.

use std::borrow::Cow;
use std::fmt::Display;

use uuid::Uuid;

use super::change::RowWriter;
use super::declare::Value;
use super::table::Kind;
use crate::domain::date::{CivilDate, Day, Timestamp};
use crate::domain::ids::{Id, Office};

impl<T: Value> Value for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;

    fn write(&self, row: &mut RowWriter<'_>) {
        match self {
            Some(value) => value.write(row),
            None => drop(row.null()),
        }
    }
}

macro_rules! value {
    ($($Type:ty: $kind:ident, |$value:ident, $row:ident| $write:expr;)+) => {
        $(impl Value for $Type {
            const KIND: Kind = Kind::$kind;

            fn write(&self, $row: &mut RowWriter<'_>) {
                let $value = self;
                $write;
            }
        })+
    };
}

value! {
    &str: Text, |text, row| row.text(text);
    u64: Int, |number, row| row.number(*number);
    u32: Int, |number, row| row.int(i64::from(*number));
    i32: Int, |number, row| row.int(i64::from(*number));
    bool: Flag, |flag, row| row.flag(*flag);
    Day: Day, |day, row| row.day(*day);
    CivilDate: Date, |date, row| row.date(date);
    Timestamp: Instant, |instant, row| row.int(instant.micros());
    Micros: Instant, |instant, row| row.int(instant.0);
    Uuid: Id, |id, row| row.id(*id);
    Offices<'_>: Text, |offices, row| row.text(&offices.joined());
    Phases<'_>: Text, |phases, row| row.text(&phases.0.join(" "));
}

/// An instant, in microseconds UTC since 1970.
#[derive(PartialEq, Eq)]
pub(super) struct Micros(pub i64);

/// Offices, their names separated by spaces.
#[derive(PartialEq, Eq)]
pub(super) struct Offices<'a>(pub &'a [Office]);

impl Offices<'_> {
    fn joined(&self) -> String {
        self.0.iter().map(|office| office.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// Phases, separated by spaces.
#[derive(PartialEq, Eq)]
pub(super) struct Phases<'a>(pub &'a [Id]);

/// What is shown as a text of its own.
#[derive(PartialEq, Eq)]
pub(super) struct Printed<T>(pub T);

impl<T: Display + PartialEq> Value for Printed<T> {
    const KIND: Kind = Kind::Text;

    fn write(&self, row: &mut RowWriter<'_>) {
        row.text(&self.0.to_string());
    }
}

/// What is kept as JSON, written only where two differ.
pub(super) trait AsJson: PartialEq {
    /// The text.
    fn json(&self) -> Cow<'static, str>;
}

/// It.
#[derive(PartialEq, Eq)]
pub(super) struct Json<T>(pub T);

impl<T: AsJson> Value for Json<T> {
    const KIND: Kind = Kind::Json;

    fn write(&self, row: &mut RowWriter<'_>) {
        row.text(&self.0.json());
    }
}

/// A JSON array of these.
pub(super) fn array<T: serde::Serialize>(
    items: impl ExactSizeIterator<Item = T>,
) -> Cow<'static, str> {
    if items.len() == 0 {
        return Cow::Borrowed("[]");
    }
    // Names and dates only: always JSON.
    serde_json::to_string(&items.collect::<Vec<_>>()).map_or(Cow::Borrowed("[]"), Cow::Owned)
}
