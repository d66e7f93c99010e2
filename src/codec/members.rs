//! The members of a JSON object that was sent: read so that what is wrong is named at once, each by
//! its JSON Pointer. Deliberately not here: the form of the whole (`form.rs`), and what an act makes of
//! the members.
//!
//! What must hold: what is said of a body is bounded, however much of it is wrong.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment, Track};

use super::RequestError;
use crate::domain::act::{Act, ActKind};
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::Text;
use crate::domain::refusal::{FieldError, form_error};

/// How many wrong members are named; what is wrong beyond them is not looked for.
pub const MAX_ERRORS: usize = 50;
/// How much of a name or a value is repeated in an answer, in characters.
const MAX_SHOWN: usize = 200;

/// What is read from members: a value, or where the first wrong one stands and what is wrong.
type Read<T> = Result<T, (String, String)>;

/// The wrong members found; no more than [`MAX_ERRORS`].
#[derive(Debug, Clone, Default)]
pub struct Errors(Vec<FieldError>);

impl Errors {
    /// Adds one, as long as there is room, and nothing was said of the same member.
    pub fn push(&mut self, error: FieldError) {
        let is_said = self.0.iter().any(|said| said.pointer == error.pointer);
        if !self.is_full() && !is_said {
            self.0.push(error);
        }
    }

    /// Whether nothing more is looked for.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MAX_ERRORS
    }

    /// What was read, if nothing was wrong.
    ///
    /// # Errors
    /// [`RequestError::Invalid`].
    pub fn or<T>(self, read: Option<T>) -> Result<T, RequestError> {
        read.filter(|_| self.0.is_empty()).ok_or(RequestError::Invalid(self.0))
    }
}

/// Reads the members of a type.
pub fn read_type<T: DeserializeOwned + JsonSchema>(
    members: Map<String, Value>,
    errors: &mut Errors,
) -> Option<T> {
    let read = |value: &Value| {
        serde_path_to_error::deserialize(value)
            .map_err(|error| located(error.path(), error.inner()))
    };
    let schema = || schemars::SchemaGenerator::default().into_root_schema_for::<T>().to_value();
    read_members(members, read, schema, errors)
}

/// Reads the members of an act's content.
pub fn read_content(
    kind: ActKind,
    members: Map<String, Value>,
    errors: &mut Errors,
) -> Option<Act> {
    let read = |value: &Value| {
        let mut track = Track::new();
        let from = serde_path_to_error::Deserializer::new(value, &mut track);
        let content: Result<Act, serde_json::Error> = kind.read_content(from);
        content.map_err(|error| located(&track.path(), &error))
    };
    let schema = || {
        let mut generator = schemars::SchemaGenerator::default();
        let schema = kind.content_schema(&mut generator).to_value();
        let name = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next());
        name.and_then(|name| generator.definitions().get(name)).cloned().unwrap_or(schema)
    };
    read_members(members, read, schema, errors)
}

/// Reads members, sets the first wrong one aside, and reads the others again.
fn read_members<T>(
    members: Map<String, Value>,
    read: impl Fn(&Value) -> Read<T>,
    schema: impl Fn() -> Value,
    errors: &mut Errors,
) -> Option<T> {
    let mut aside = BTreeSet::new();
    let mut members = Value::Object(members);
    while !errors.is_full() {
        let (pointer, message) = match read(&members) {
            Ok(value) => return aside.is_empty().then_some(value),
            Err(wrong) => wrong,
        };
        let given = members.pointer(&pointer).and_then(Value::as_str).map(str::to_owned);
        let wrong = |pointer| wrong(pointer, &message, given.as_deref());
        let member = unescape(pointer.split('/').nth(1).unwrap_or_default());
        let Value::Object(left) = &mut members else { return None };
        if left.remove(&member).is_some() {
            errors.push(wrong(pointer));
            aside.insert(member);
            continue;
        }
        let missing = missing(&schema(), |name| left.contains_key(name) || aside.contains(name));
        if missing.is_empty() && aside.is_empty() {
            errors.push(wrong(pointer));
        }
        missing.into_iter().for_each(|error| errors.push(error));
        break;
    }
    None
}

fn missing(schema: &Value, is_there: impl Fn(&str) -> bool) -> Vec<FieldError> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.filter(|name| !is_there(name));
    let wrong = |name| wrong(format!("/{name}"), &format!("missing field `{name}`"), None);
    missing.map(wrong).collect()
}

fn wrong(pointer: String, message: &str, given: Option<&str>) -> FieldError {
    let date = given.and_then(|given| of_date(given, message));
    let message = shown(message);
    let zh = date.unwrap_or_else(|| in_chinese(&message));
    form_error(shown(&pointer), message, zh)
}

/// Why a date is none, in Chinese, where that is what the reader says.
fn of_date(given: &str, message: &str) -> Option<String> {
    let errors = [CivilDate::parse(given).err(), Day::parse(given).err()];
    let found = errors.into_iter().flatten().find(|error| message == error.to_string());
    found.map(|error| shown(&Text::from(error).zh))
}

/// What the reader says, as far as Chinese needs it: where it is stands before it.
fn in_chinese(message: &str) -> String {
    let named = message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("unknown field") {
        format!("此处没有“{named}”这一成员")
    } else if message.starts_with("missing field") {
        "未填写".to_owned()
    } else if message.starts_with("invalid type") {
        "数据类型不符".to_owned()
    } else {
        "格式或取值不符".to_owned()
    }
}

/// A text that was sent, or that repeats one, as an answer says it.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Where a value is wrong, as a pointer, and what is wrong with it.
fn located(path: &Path, error: &serde_json::Error) -> (String, String) {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let message = error.to_string();
    let absent = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    if let Some(absent) = absent {
        pointer.push_str(&format!("/{absent}"));
    }
    (pointer, message)
}

/// A name as a part of a JSON Pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescape(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}
