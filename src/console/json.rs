//! Members of an answer. One that is not there is a mistake of the page, which is logged and which the tests
//! look for; one that is null says nothing.

use serde_json::Value;

static NULL: Value = Value::Null;

/// A member, by a path with slashes.
pub fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    let mut at = value;
    for name in path.split('/') {
        if at.is_null() {
            return &NULL;
        }
        at = at.get(name).unwrap_or_else(|| {
            tracing::error!(path, "a page shows a member that the answer does not have");
            &NULL
        });
    }
    at
}

/// A text of a member that is left out where there is none.
pub fn text_left_out<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    path.split('/').try_fold(value, |at, name| at.get(name))?.as_str()
}

/// A text; empty where there is none.
pub fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    at(value, path).as_str().unwrap_or_default()
}

/// A text, if there is one.
pub fn text_if<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    at(value, path).as_str()
}

/// The items of a list.
pub fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    at(value, path).as_array().map_or(&[], Vec::as_slice)
}

/// A number.
pub fn number(value: &Value, path: &str) -> i64 {
    at(value, path).as_i64().unwrap_or_default()
}

/// A number, if there is one.
pub fn number_if(value: &Value, path: &str) -> Option<i64> {
    at(value, path).as_i64()
}

/// Yes or no.
pub fn flag(value: &Value, path: &str) -> bool {
    at(value, path).as_bool().unwrap_or_default()
}

/// The texts of a list.
pub fn texts<'v>(value: &'v Value, path: &str) -> Vec<&'v str> {
    list(value, path).iter().filter_map(Value::as_str).collect()
}

/// The number of a sequence, without what orders it as a text.
pub fn sequence(text: &str) -> &str {
    match text.trim_start_matches('0') {
        "" if !text.is_empty() => "0",
        number => number,
    }
}
