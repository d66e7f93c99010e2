//! The files of `schemas/measures`: TOML text to [`Measure`], [`ProgramFile`] and [`OfficesFile`], with
//! errors that carry line numbers.
//!
//! They are embedded, so that a binary brings its measures along. Pure: whoever reads a folder hands
//! the text in. Whether a measure makes sense is `measure_check`'s question; whether the text has the
//! published shape is the schema's.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::measure::Measure;
#[cfg(doc)]
use super::measure::{OfficesFile, ProgramFile};

/// A file with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// The path, from the repository's root for what the binary brings along.
    pub path: &'a str,
    /// The text.
    pub text: &'a str,
}

/// What a file holds; its name says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `offices.toml`: the names of the offices.
    Offices,
    /// `program.toml`: a program, whose measures stand beside it.
    Program,
    /// A measure, `<version>.toml`.
    Measure,
}

impl<'a> Source<'a> {
    /// What it holds.
    pub fn kind(&self) -> Kind {
        match self.folder_and_name().1 {
            "offices.toml" => Kind::Offices,
            "program.toml" => Kind::Program,
            _ => Kind::Measure,
        }
    }

    /// The path of its folder, and its name in there.
    pub fn folder_and_name(&self) -> (&'a str, &'a str) {
        self.path.rsplit_once('/').unwrap_or(("", self.path))
    }
}

/// Every file of `schemas/measures`, by path.
pub const FILES: &[Source<'static>] = include!(concat!(env!("OUT_DIR"), "/measures.rs"));

/// The measures among some files.
pub fn measures<'f>(files: &'f [Source<'f>]) -> impl Iterator<Item = &'f Source<'f>> {
    files.iter().filter(|file| file.kind() == Kind::Measure)
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct FileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what would be accepted.
    pub message: String,
}

/// Reads a measure.
///
/// # Errors
/// The text is no TOML, or has another form than a measure; names the line.
pub fn read(text: &str) -> Result<Measure, FileError> {
    read_as(text)
}

/// Reads a file of any kind.
///
/// # Errors
/// As [`read`].
pub fn read_as<T: DeserializeOwned>(text: &str) -> Result<T, FileError> {
    toml::from_str(text).map_err(|error| file_error(text, &error))
}

fn file_error(text: &str, error: &toml::de::Error) -> FileError {
    FileError {
        line: line_at(text, error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// The line on which each member of a file stands, by JSON Pointer (`/act/3/outcome/done/to`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// Reads them off the text.
    ///
    /// # Errors
    /// The text is no TOML.
    pub fn of(text: &str) -> Result<Self, FileError> {
        let table = DeTable::parse(text).map_err(|error| file_error(text, &error))?;
        let mut lines = BTreeMap::from([(String::new(), 1)]);
        walk(text, "", table.get_ref(), &mut lines);
        Ok(Self(lines))
    }

    /// The line of a member; where it is not in the file, that of the nearest one around it.
    pub fn line(&self, pointer: &str) -> usize {
        let mut pointer = pointer;
        loop {
            if let Some(line) = self.0.get(pointer) {
                return *line;
            }
            pointer = pointer.rfind('/').map_or("", |slash| &pointer[..slash]);
        }
    }
}

fn walk(text: &str, at: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let name = key.get_ref().replace('~', "~0").replace('/', "~1");
        let pointer = format!("{at}/{name}");
        note(text, &pointer, key.span(), value, lines);
    }
}

fn note(
    text: &str,
    pointer: &str,
    span: Range<usize>,
    value: &Spanned<DeValue<'_>>,
    lines: &mut BTreeMap<String, usize>,
) {
    lines.insert(pointer.to_owned(), line_at(text, span.start));
    match value.get_ref() {
        DeValue::Table(table) => walk(text, pointer, table, lines),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                note(text, &format!("{pointer}/{index}"), item.span(), item, lines);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_its_line() {
        let text = "a = 1\n\n[[act]]\nx = \"1\"\n\n[act.outcome.done]\nto = \"p\"\n\n[[act]]\ny = [\n  { en = \"1\" },\n  { en = \"2\" },\n]\n";
        let lines = Lines::of(text).unwrap();
        let found = [
            "/a",
            "/act",
            "/act/0",
            "/act/0/x",
            "/act/0/outcome/done/to",
            "/act/1",
            "/act/1/y/1",
            "/act/1/y/1/zh",
        ]
        .map(|pointer| lines.line(pointer));
        assert_eq!(found, [1, 3, 3, 4, 7, 9, 12, 12]);
    }
}
