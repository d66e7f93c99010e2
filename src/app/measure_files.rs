//! A measure file from text to something to judge acts by: shape (JSON Schema), form, sense.
//!
//! What must hold: whoever adopts or checks a file goes through here, so that a file which the
//! check lets pass is one that the server can use. Every error names the line and what would
//! satisfy it. Deliberately not here: folders and adoption.

use serde_json::Value;

use crate::domain::measure::{Measure, Program, Programs};
use crate::domain::measure_check::{self, Problem};
use crate::domain::measure_file::{self, FileError, Lines};

const MEASURE_SCHEMA: &str = include_str!("../../schemas/measure.schema.json");
const PROGRAMS_SCHEMA: &str = include_str!("../../schemas/programs.schema.json");

/// Reads and checks a measure.
///
/// # Errors
/// Everything that is wrong with it, in the order of the lines.
pub fn check_measure(text: &str, programs: &[Program]) -> Result<Measure, Vec<FileError>> {
    let lines = shaped(text, MEASURE_SCHEMA)?;
    let measure = measure_file::read(text).map_err(|error| vec![error])?;
    located(&lines, measure_check::check(&measure, programs))?;
    Ok(measure)
}

/// Reads and checks the programs.
///
/// # Errors
/// As [`check_measure`].
pub fn check_programs(text: &str) -> Result<Programs, Vec<FileError>> {
    let lines = shaped(text, PROGRAMS_SCHEMA)?;
    let programs = measure_file::read_programs(text).map_err(|error| vec![error])?;
    located(&lines, measure_check::check_programs(&programs))?;
    Ok(programs)
}

fn located(lines: &Lines, problems: Vec<Problem>) -> Result<(), Vec<FileError>> {
    let at_line =
        |problem: Problem| FileError { line: lines.line(&problem.path), message: problem.message };
    all_right(problems.into_iter().map(at_line).collect())
}

fn all_right(mut errors: Vec<FileError>) -> Result<(), Vec<FileError>> {
    if errors.is_empty() {
        return Ok(());
    }
    errors.sort_by_key(|error| error.line);
    Err(errors)
}

/// Holds the text to a schema.
fn shaped(text: &str, schema: &str) -> Result<Lines, Vec<FileError>> {
    let own = |error: String| vec![FileError { line: 1, message: format!("the schema: {error}") }];
    let lines = Lines::of(text).map_err(|error| vec![error])?;
    let schema: Value = serde_json::from_str(schema).map_err(|error| own(error.to_string()))?;
    let validator = jsonschema::validator_for(&schema).map_err(|error| own(error.to_string()))?;
    let table: toml::Table = toml::from_str(text)
        .map_err(|error| vec![FileError { line: 1, message: error.message().to_owned() }])?;
    let instance = to_json(toml::Value::Table(table));
    let errors =
        validator.iter_errors(&instance).flat_map(|error| explain(&schema, &lines, &error));
    all_right(errors.collect())?;
    Ok(lines)
}

fn to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        // Not a string, so that the schema says that a date is to be quoted.
        toml::Value::Datetime(date) => serde_json::json!({ "unquoted": date.to_string() }),
        toml::Value::Array(items) => items.into_iter().map(to_json).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(key, value)| (key, to_json(value))).collect()
        }
    }
}

fn explain(
    schema: &Value,
    lines: &Lines,
    error: &jsonschema::ValidationError<'_>,
) -> Vec<FileError> {
    use jsonschema::error::ValidationErrorKind as Kind;
    let path = error.instance_path().as_str().to_owned();
    let around = schema_of(schema, error.schema_path().as_str());
    let expected = around.and_then(|schema| schema["description"].as_str()).unwrap_or_default();
    let at = |path: &str, message: String| FileError { line: lines.line(path), message };
    let place = if path.is_empty() { "the file" } else { path.as_str() };
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let known = around.and_then(|schema| schema["properties"].as_object());
            let known: Vec<&str> =
                known.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
            let wrong = |name: &String| {
                let message =
                    format!("{place} has no member {name}: allowed are {}", known.join(", "));
                at(&format!("{path}/{name}"), message)
            };
            unexpected.iter().map(wrong).collect()
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let what = around
                .and_then(|around| described(schema, &around["properties"][name]))
                .unwrap_or_default();
            vec![at(&path, format!("{place} lacks {name}: add it. {what}"))]
        }
        Kind::Enum { options } => {
            let options = options.as_array().into_iter().flatten().filter_map(Value::as_str);
            let options: Vec<&str> = options.collect();
            let message =
                format!("{place}: {} is not one of {}", error.instance(), options.join(", "));
            vec![at(&path, message)]
        }
        _ => {
            let message = format!("{place}: {error}. {expected}");
            vec![at(&path, message.trim_end().to_owned())]
        }
    }
}

fn described<'s>(schema: &'s Value, part: &'s Value) -> Option<&'s str> {
    part["description"].as_str().or_else(|| {
        let target = part["$ref"].as_str()?.strip_prefix('#')?;
        schema.pointer(target)?["description"].as_str()
    })
}

/// The part of the schema that holds the keyword at `path`, references followed.
fn schema_of<'s>(schema: &'s Value, path: &str) -> Option<&'s Value> {
    let (holder, _keyword) = path.rsplit_once('/')?;
    let mut part = schema;
    for segment in holder.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        part = match (&name[..], part) {
            ("$ref", _) => schema.pointer(part["$ref"].as_str()?.strip_prefix('#')?)?,
            (_, Value::Array(items)) => items.get(name.parse::<usize>().ok()?)?,
            _ => part.get(&name)?,
        };
    }
    Some(part)
}
