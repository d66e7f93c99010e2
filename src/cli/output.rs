//! What goes to standard output: JSON for machines, tables for people.
//!
//! What must hold: a reader that stops reading (`docket audit … | head`) ends the command quietly;
//! columns line up where Chinese characters take two cells.

use std::io::{self, IsTerminal as _, Write};

use clap::ValueEnum;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// The form of what a command shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// The answer of the REST interface, for machines.
    Json,
}

/// Standard output; once its reader is gone, nothing more is written and nothing is wrong.
#[derive(Debug, Default)]
pub struct Out {
    is_gone: bool,
}

impl Out {
    fn with(
        &mut self,
        write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.is_gone {
            return Ok(());
        }
        match write(&mut io::stdout().lock()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_gone = true;
                Ok(())
            }
            result => result,
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|out| out.write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(|out| out.flush())
    }
}

/// Writes a text to standard output.
///
/// # Errors
/// When it can't be written, as on a full disk.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = Out::default();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a value as indented JSON.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &Value) -> io::Result<()> {
    print(&format!("{value:#}\n"))
}

/// Whether the user wants no colours (`NO_COLOR`).
pub fn refuses_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// A text that stands out, on a terminal that takes colours.
pub fn strong(text: &str) -> String {
    if io::stdout().is_terminal() && !refuses_colour() {
        format!("\u{1b}[1m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// A table whose columns line up.
#[derive(Debug, Default)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|text| (*text).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each heading.
    pub fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.head.len());
        self.rows.push(cells);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text; the last column is not padded.
    pub fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| row[column].width());
                cells.chain([self.head[column].width()]).max().unwrap_or_default()
            })
            .collect();
        let mut text = strong(&line(&self.head, &widths));
        text.push('\n');
        for row in &self.rows {
            text.push_str(&line(row, &widths));
            text.push('\n');
        }
        if self.rows.is_empty() {
            text.push_str("–\n");
        }
        text
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        text.push_str(cell);
        text.push_str(&" ".repeat(width - cell.width() + 2));
    }
    text.trim_end().to_owned()
}

/// Labels with their values below each other, the labels padded alike; empty values are left out.
pub fn fields(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(label, _)| label.width()).max().unwrap_or_default();
    let shown = pairs.iter().filter(|(_, value)| !value.is_empty());
    shown
        .map(|(label, value)| format!("{label}{}  {value}\n", " ".repeat(width - label.width())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_where_characters_are_wide() {
        let mut table = Table::new(&["subject", "name", "phase"]);
        table.row(vec!["440000".into(), "广东省".into(), "pilot".into()]);
        table.row(vec!["x01".into(), "A".into(), "demonstration".into()]);
        let text = table.render();
        assert_eq!(
            text,
            "subject  name    phase\n440000   广东省  pilot\nx01      A       demonstration\n"
        );
    }

    #[test]
    fn a_field_without_a_value_is_left_out() {
        let text =
            fields(&[("名称", "广东省".into()), ("title", String::new()), ("at", "x".into())]);
        assert_eq!(text, "名称   广东省\nat     x\n");
    }
}
