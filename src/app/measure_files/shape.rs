//! The shape of a file: its text held to the JSON Schema that is made from its type, and what the
//! schema finds said with the line and with what is allowed there.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde_json::{Value, json};

use crate::domain::measure_file::{FileError, Lines};

/// The schema of a kind of file, as committed under `schemas`.
pub fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    RecursiveTransform(|schema: &mut schemars::Schema| {
        if let Some(members) = schema.as_object_mut() {
            as_toml(members);
        }
    })
    .transform(&mut schema);
    schema.to_value()
}

/// TOML has no null, so what may be absent is never null; a list says nothing twice; a text says
/// something.
fn as_toml(schema: &mut serde_json::Map<String, Value>) {
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(mut choices)) = schema.remove("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        match (&choices[..], choices.len()) {
            ([Value::Object(only)], 1) => {
                for (name, value) in only.clone() {
                    schema.entry(name).or_insert(value);
                }
            }
            _ => {
                schema.insert("anyOf".to_owned(), Value::Array(choices));
            }
        }
    }
    let is_free =
        ["pattern", "enum", "const", "format"].iter().all(|key| !schema.contains_key(*key));
    match schema.get("type").and_then(Value::as_str) {
        Some("string") if is_free => {
            schema.entry("minLength").or_insert(json!(1));
        }
        Some("array") => {
            schema.insert("uniqueItems".to_owned(), json!(true));
        }
        _ => {}
    }
}

/// A schema, ready to hold texts to it.
struct Made {
    schema: Value,
    validator: Validator,
}

/// The schema of a type, made once: there are many files of few types.
fn made<T: JsonSchema + 'static>() -> Result<Arc<Made>, String> {
    static MADE: LazyLock<Mutex<HashMap<TypeId, Arc<Made>>>> = LazyLock::new(Mutex::default);
    let mut known = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = known.get(&TypeId::of::<T>()) {
        return Ok(made.clone());
    }
    let schema = schema_of::<T>();
    let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
    let made = Arc::new(Made { schema, validator });
    known.insert(TypeId::of::<T>(), made.clone());
    Ok(made)
}

/// Holds a text to the schema of its type.
///
/// # Errors
/// Everything in which it differs, in the order of the lines.
pub fn hold<T: JsonSchema + 'static>(text: &str) -> Result<Lines, Vec<FileError>> {
    let own = |error: String| vec![FileError { line: 1, message: format!("the schema: {error}") }];
    let lines = Lines::of(text).map_err(|error| vec![error])?;
    let made = made::<T>().map_err(own)?;
    let Made { schema, validator } = &*made;
    let table: toml::Table = toml::from_str(text)
        .map_err(|error| vec![FileError { line: 1, message: error.message().to_owned() }])?;
    let instance = to_json(toml::Value::Table(table));
    let explained = Explained { schema, lines: &lines };
    let errors = validator.iter_errors(&instance).flat_map(|error| explained.explain(&error));
    all_right(errors.collect())?;
    Ok(lines)
}

/// Errors in the order of the lines, if there are any.
///
/// # Errors
/// Those.
pub fn all_right(mut errors: Vec<FileError>) -> Result<(), Vec<FileError>> {
    if errors.is_empty() {
        return Ok(());
    }
    errors.sort_by_key(|error| error.line);
    Err(errors)
}

fn to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        // Not a string, so that the schema says that a date is to be quoted.
        toml::Value::Datetime(date) => json!({ "unquoted": date.to_string() }),
        toml::Value::Array(items) => items.into_iter().map(to_json).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(key, value)| (key, to_json(value))).collect()
        }
    }
}

struct Explained<'s> {
    schema: &'s Value,
    lines: &'s Lines,
}

impl<'s> Explained<'s> {
    fn explain(&self, error: &jsonschema::ValidationError<'_>) -> Vec<FileError> {
        use jsonschema::error::ValidationErrorKind as Error;
        let path = error.instance_path().as_str().to_owned();
        let around = self.around(error.schema_path().as_str());
        let at = |path: &str, message: String| FileError { line: self.lines.line(path), message };
        let whose = if path.is_empty() { "the file" } else { path.as_str() };
        match error.kind() {
            Error::AdditionalProperties { unexpected } => {
                let known = around.and_then(|schema| schema["properties"].as_object());
                let known: Vec<&str> =
                    known.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
                let wrong = |name: &String| {
                    let message =
                        format!("{whose} has no member {name}: allowed are {}", known.join(", "));
                    at(&format!("{path}/{name}"), message)
                };
                unexpected.iter().map(wrong).collect()
            }
            Error::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let what = around.map(|around| self.described(&around["properties"][name]));
                let what = what.unwrap_or_default();
                vec![at(&path, format!("{whose} lacks {name}: add it. {what}"))]
            }
            Error::Enum { .. } | Error::OneOfNotValid { .. } => {
                if let Error::OneOfNotValid { context } = error.kind()
                    && let Some(inner) = self.meant(around, error.instance(), context)
                {
                    return inner.iter().flat_map(|error| self.explain(error)).collect();
                }
                let allowed = around.map(|schema| self.allowed(schema)).unwrap_or_default();
                let instance = error.instance();
                let message = format!("{whose}: {instance} is not one of {}", allowed.join(", "));
                vec![at(&path, message)]
            }
            _ => {
                let expected = around.map(|schema| self.described(schema)).unwrap_or_default();
                let message = format!("{whose}: {error}. {expected}");
                vec![at(&path, message.trim_end().to_owned())]
            }
        }
    }

    /// Of a choice that fits none: what is wrong with the one that the table names by its member.
    fn meant<'e>(
        &self,
        around: Option<&'s Value>,
        instance: &Value,
        context: &'e [Vec<jsonschema::ValidationError<'static>>],
    ) -> Option<&'e [jsonschema::ValidationError<'static>]> {
        let member = instance.as_object()?.keys().next()?;
        let choices = around?["oneOf"].as_array()?;
        let at = choices
            .iter()
            .position(|choice| !self.target(choice)["properties"][member].is_null())?;
        context.get(at).map(Vec::as_slice)
    }

    /// The words, and the members of tables, that a choice is made of.
    fn allowed(&self, schema: &'s Value) -> Vec<String> {
        let words = schema["enum"].as_array().into_iter().flatten();
        let mut allowed: Vec<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
        allowed.extend(schema["const"].as_str().map(str::to_owned));
        let members = schema["properties"].as_object().into_iter().flatten();
        allowed.extend(members.map(|(name, _)| format!("{{ {name} = … }}")));
        let choices = schema["oneOf"].as_array().into_iter().flatten();
        allowed.extend(choices.flat_map(|choice| self.allowed(self.target(choice))));
        allowed
    }

    /// What a part of the schema refers to, or itself.
    fn target(&self, part: &'s Value) -> &'s Value {
        let target =
            part["$ref"].as_str().and_then(|at| self.schema.pointer(at.strip_prefix('#')?));
        target.unwrap_or(part)
    }

    /// What a part of the schema says of itself, and texts of its form.
    fn described(&self, part: &'s Value) -> String {
        let said = part["description"].as_str();
        let said = said.or_else(|| self.target(part)["description"].as_str()).unwrap_or_default();
        let examples: Vec<String> =
            part["examples"].as_array().into_iter().flatten().map(Value::to_string).collect();
        let such_as = if examples.is_empty() { "" } else { " A string such as " };
        format!("{said}{such_as}{}", examples.join(", "))
    }

    /// The part of the schema that holds the keyword at `path`, references followed.
    fn around(&self, path: &str) -> Option<&'s Value> {
        let (holder, _keyword) = path.rsplit_once('/')?;
        let mut part = self.schema;
        for segment in holder.split('/').skip(1) {
            let name = segment.replace("~1", "/").replace("~0", "~");
            part = match (&name[..], part) {
                ("$ref", _) => self.target(part),
                (_, Value::Array(items)) => items.get(name.parse::<usize>().ok()?)?,
                _ => part.get(&name)?,
            };
        }
        Some(part)
    }
}
