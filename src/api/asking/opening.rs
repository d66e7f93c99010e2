//! Addresses that open a figure: the list of exactly what it counts, on the same day, by the same part of
//! the record.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::page::EXERCISE;
use super::times::{AS_OF, AT_SEQUENCE, KNOWN_AT};
use crate::domain::date::Day;
use crate::views::parameter::Parameter;

/// What stands in an address as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.').remove(b',').remove(b':');

/// A number, and the address of what it counts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Figure {
    /// How many.
    pub count: u64,
    /// The address of the list of exactly these.
    pub opens: String,
}

/// Writes the addresses of an answer.
pub struct Opening {
    times: String,
}

impl Opening {
    /// Those of an answer about a day, by as much of the record as its request asks about.
    pub fn of(call: &Call, day: Day) -> Self {
        let of_record = Self::of_record(call).times;
        Self { times: format!("{}={day}{of_record}", AS_OF.name) }
    }

    /// Those of an answer about the log, which no day changes.
    pub fn of_record(call: &Call) -> Self {
        let mut times = String::new();
        for name in [KNOWN_AT.name, AT_SEQUENCE.name] {
            if let Some(value) = call.parameter(name) {
                times.push_str(&format!("&{name}={}", utf8_percent_encode(value, PLAIN)));
            }
        }
        Self { times }
    }

    /// A list under filters; those without a value are left out.
    pub fn list(&self, path: &str, filters: &[(&str, Option<&str>)]) -> String {
        let mut address = format!("{path}?");
        for (name, value) in filters {
            if let Some(value) = value {
                address.push_str(&format!("{name}={}&", utf8_percent_encode(value, PLAIN)));
            }
        }
        address.push_str(self.times.trim_start_matches('&'));
        address.trim_end_matches(['&', '?']).to_owned()
    }

    /// A figure with the list under these filters.
    pub fn figure(&self, count: u64, path: &str, filters: &[(&str, Option<&str>)]) -> Figure {
        Figure { count, opens: self.list(path, filters) }
    }
}

/// The address of the list that is asked for, with other values of some parameters and without some.
pub fn same_list(call: &Call, with: &[(&str, &str)], without: &[Parameter]) -> String {
    let is_other = |name: &str| {
        with.iter().any(|(other, _)| *other == name)
            || without.iter().any(|other| other.name == name)
    };
    let asked = call.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let asked = asked.filter(|(name, _)| !is_other(name)).chain(with.iter().copied());
    let pairs = asked.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)));
    format!("{}?{}", call.http.path(), pairs.collect::<Vec<_>>().join("&"))
}

/// The filter of lists across programs that has them show exercises.
pub fn exercises(exercise: bool) -> (&'static str, Option<&'static str>) {
    (EXERCISE.name, exercise.then_some("true"))
}
