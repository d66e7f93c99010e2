//! The members of a JSON object that was sent: read so that what is wrong is named at once, each by
//! its JSON Pointer. Deliberately not here: the form of the whole text (`form.rs`), and what an act
//! makes of the members.
//!
//! What must hold: what is said of a body is bounded, however much of it is wrong.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment, Track};

use super::RequestError;
use super::whole::write_without_point;
use crate::domain::act::{Act, ActKind};
use crate::domain::refusal::{FieldError, field};
use crate::domain::text::says_something;

/// How long a text in a body may be, in bytes of UTF-8.
const MAX_TEXT_BYTES: usize = 32 * 1024;
/// How many wrong members are named; what is wrong beyond them is not looked for.
pub const MAX_ERRORS: usize = 50;
/// How much of a name or a value is repeated in an answer, in characters.
const MAX_SHOWN: usize = 200;

/// What is read from members: a value, or where the first wrong one stands and what is wrong.
type Read<T> = Result<T, (String, String)>;

/// The wrong members found; no more than [`MAX_ERRORS`].
#[derive(Debug, Default)]
pub struct Errors(Vec<FieldError>);

impl Errors {
    /// Adds one, as long as there is room.
    pub fn push(&mut self, error: FieldError) {
        if !self.is_full() {
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

/// Reads a body that is one JSON object, other than an act.
///
/// # Errors
/// [`RequestError`] with every member that is wrong, by JSON Pointer.
pub fn parse_object<T: DeserializeOwned + JsonSchema>(body: &[u8]) -> Result<T, RequestError> {
    let members = object(super::check_text(body)?)?;
    let mut errors = Errors::default();
    check_sizes(&members, "", &mut errors);
    let read = read_type::<T>(members, &mut errors);
    errors.or(read)
}

/// The members of a body that is one JSON object, whole numbers without a point.
///
/// # Errors
/// [`RequestError::Malformed`].
pub fn object(text: &str) -> Result<Map<String, Value>, RequestError> {
    match serde_json::from_str(text) {
        Ok(Value::Object(mut members)) => {
            members.values_mut().for_each(write_without_point);
            Ok(members)
        }
        Ok(_) => Err(RequestError::Malformed("the body is not a JSON object".to_owned())),
        Err(error) => Err(RequestError::Malformed(format!("the body is not JSON: {error}"))),
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
        let member = unescape(pointer.split('/').nth(1).unwrap_or_default());
        let Value::Object(left) = &mut members else { return None };
        if left.remove(&member).is_some() {
            errors.push(wrong(pointer, &message));
            aside.insert(member);
            continue;
        }
        let missing = missing(&schema(), |name| left.contains_key(name) || aside.contains(name));
        if missing.is_empty() && aside.is_empty() {
            errors.push(wrong(pointer, &message));
        }
        missing.into_iter().for_each(|error| errors.push(error));
        break;
    }
    None
}

fn missing(schema: &Value, is_there: impl Fn(&str) -> bool) -> Vec<FieldError> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.filter(|name| !is_there(name));
    missing.map(|name| wrong(format!("/{name}"), &format!("missing field `{name}`"))).collect()
}

fn wrong(pointer: String, message: &str) -> FieldError {
    let message = shown(message);
    field(shown(&pointer), message.clone(), format!("成员有误：{message}"))
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

/// Finds texts that say nothing (a reason, a source or an opinion that is empty is none), and texts
/// that are longer than any act needs: what is long is a document, cited by its digest.
pub fn check_sizes(members: &Map<String, Value>, at: &str, errors: &mut Errors) {
    for (name, value) in members {
        if errors.is_full() {
            return;
        }
        check_value(value, &|| format!("{at}/{}", escape(name)), errors);
    }
}

fn check_value(value: &Value, at: &dyn Fn() -> String, errors: &mut Errors) {
    match value {
        Value::String(text) if !says_something(text) => errors.push(field(
            shown(&at()),
            "the text is empty, or nobody can see it: state it, or leave the member out",
            "文本为空或不可见：请填写，或不写该成员",
        )),
        Value::String(text) if text.len() > MAX_TEXT_BYTES => {
            let sizes = format!("{} > {MAX_TEXT_BYTES}", text.len());
            errors.push(field(
                shown(&at()),
                format!("the text is too long ({sizes} bytes): upload it and cite its digest"),
                format!("文本过长（{sizes} 字节）：请作为文件上传并引用其摘要"),
            ));
        }
        Value::Array(items) => {
            let at = at();
            for (n, item) in items.iter().enumerate() {
                if errors.is_full() {
                    return;
                }
                check_value(item, &|| format!("{at}/{n}"), errors);
            }
        }
        Value::Object(members) => check_sizes(members, &at(), errors),
        _ => {}
    }
}

/// A name as a part of a JSON Pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescape(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}
