//! Whole numbers however they are written: in JSON Schema `2023.0` and `2.023e3` are integers as
//! `2023` is, and the published schemas say `integer`.

use serde_json::Value;

/// Up to here every whole number that is written with a point is read as itself (RFC 8259, 6).
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// Writes every whole number in a value without a point.
pub fn write_without_point(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= LARGEST);
            if let Some(whole) = whole {
                *value = Value::from(whole as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_without_point),
        Value::Object(members) => members.values_mut().for_each(write_without_point),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_whole_loses_its_point() {
        for (given, expected) in [
            ("[2023.0,{\"a\":2.023e3}]", "[2023,{\"a\":2023}]"),
            ("[-0.0,-31.0,9007199254740991.0]", "[0,-31,9007199254740991]"),
            ("[2023.5,1e300,9007199254740993.0]", "[2023.5,1e300,9007199254740992.0]"),
            ("[18446744073709551615,\"2023.0\"]", "[18446744073709551615,\"2023.0\"]"),
        ] {
            let mut value: Value = serde_json::from_str(given).unwrap();
            write_without_point(&mut value);
            assert_eq!(value, serde_json::from_str::<Value>(expected).unwrap(), "{given}");
        }
    }
}
