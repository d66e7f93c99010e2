//! The JSON Schema of values that are written as texts: the form, and texts of that form. Whether a
//! text of the form is right (a day that the calendar has) is for the value's own `parse`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::date::{CivilDate, Day};
use super::ids::{Digest, EventRef, Node, ProgramId, SubjectId};
use super::period::{Period, Yearly};

/// The form of an id that a measure declares.
pub const ID_FORM: &str = "^[a-z][a-z0-9_]{0,63}$";

macro_rules! text_schema {
    ($($type:ty => $name:literal, $pattern:expr, [$($example:literal),*];)*) => { $(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "examples": [$($example),*] })
            }
        }
    )* };
}

text_schema!(
    ProgramId => "program", ID_FORM, ["a_program"];
    SubjectId => "subject", "^[A-Za-z0-9_.-]{1,64}$", ["440000", "futian"];
    Digest => "digest", "^[0-9a-f]{64}$", [];
    Node => "node", "^[a-z][a-z0-9_]{0,63}(\\.[a-z][a-z0-9_]{0,63})?$", ["phase", "phase.step"];
    EventRef => "event", "^[^@]+@[0-9]+#[0-9a-f-]{36}$", [];
    Day => "day", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", ["2014-09-29"];
    CivilDate => "civil_date",
        "^(\\.\\./)?[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?(/[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?$",
        ["2014-09-29", "2014-09", "2012", "2013/2016", "../2018-11-15"];
    Period => "period", "^P([0-9]+Y)?([0-9]+M)?([0-9]+D)?$", ["P3Y", "P3M", "P1Y6M", "P30D"];
    Yearly => "yearly", "^--[0-9]{2}-[0-9]{2}$", ["--01-31"];
);
