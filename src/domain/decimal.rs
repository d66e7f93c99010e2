//! A number as a source prints it: digits, kept as they are written.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The form of a number.
const FORM: &str = "^-?[0-9]{1,18}(\\.[0-9]{1,9})?$";

/// A decimal number: `12.60` stays `12.60`, and is as much as `12.6`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Decimal(SmolStr);

/// That a text is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no number in digits, such as 1103226 or 12.60, of at most 18 digits before the point and 9 after it"
)]
pub struct DecimalError(String);

impl Decimal {
    /// Reads a number.
    ///
    /// # Errors
    /// A text of another form.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
        let are = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if are(whole, 18) && are(rest, 9) {
            return Ok(Self(SmolStr::from(text)));
        }
        Err(DecimalError(text.chars().take(80).collect()))
    }

    /// The number as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two are as much.
    pub fn is_as_much_as(&self, other: &Self) -> bool {
        self.billionths() == other.billionths()
    }

    /// What it is in units of the ninth place after the point.
    fn billionths(&self) -> i128 {
        let (negative, digits) = match self.0.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, &*self.0),
        };
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
        let padded = format!("{whole}{rest:0<9}");
        let sum = padded.bytes().fold(0i128, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        if negative { -sum } else { sum }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": FORM, "examples": ["1103226", "12.60"] })
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number in digits, such as \"12.60\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
                Decimal::parse(text).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Decimal, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Decimal, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Decimal, E> {
                self.visit_str(&number.to_string())
            }
        }
        from.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn numbers_are_kept_as_printed_and_compared_by_what_they_are() {
        let read = |text: &str| Decimal::parse(text).unwrap();
        for text in ["0", "12.60", "-3.5", "999999999999999999.999999999"] {
            assert_eq!(read(text).to_string(), text);
        }
        assert!(read("12.60").is_as_much_as(&read("12.6")));
        assert!(!read("12.61").is_as_much_as(&read("12.6")));
        assert!(!read("-1").is_as_much_as(&read("1")));
        for wrong in ["", "-", ".5", "5.", "1e3", "1,000", "一", "1.0000000001", "12 "] {
            assert!(Decimal::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::from_str::<Decimal>("12.6").unwrap(), read("12.6"));
        assert_eq!(serde_json::from_str::<Decimal>("\"12.60\"").unwrap(), read("12.60"));
    }
}
