//! What goes to the terminal: JSON for machines, lines and tables for people.
//!
//! What must hold: nothing that was recorded, or came from a server or a file, acts on the terminal.
//! People are shown a [`Page`], which is made of lines, and only this module ends a line; whatever a
//! line is made of, what can't be seen in it is written out (`\n`, `\u{202e}`). In JSON it is escaped
//! as JSON has it, so the value stays the same. The lint against `println!` keeps commands from going
//! another way. A reader that stops reading (`docket audit … | head`) ends the command quietly;
//! columns line up where Chinese characters take two cells.

mod page;

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};

use clap::ValueEnum;
use serde_json::Value;

pub use page::{Page, Table};

use crate::domain::date::Timestamp;
use crate::domain::text::is_hidden;

/// The form of what a command shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// The answer of the REST interface, for machines.
    Json,
}

/// Standard output as a file: what is written there is data, such as CSV or a picture, and goes as it
/// is. Once its reader is gone, nothing more is written and nothing is wrong.
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

/// An instant as people read it: `2026-11-30 02:00:00.5 UTC`. In JSON it stays as RFC 3339 has it.
pub fn instant(at: Timestamp) -> String {
    let text = at.to_rfc3339().replace('T', " ");
    let text = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    format!("{text} UTC")
}

/// The same of an instant in an answer or a file; what is none stays as it is.
pub fn said_instant(text: &str) -> String {
    Timestamp::parse_rfc3339(text).map_or_else(|_| text.to_owned(), instant)
}

/// Shows a page on standard output.
///
/// # Errors
/// When it can't be written, as on a full disk.
pub fn print(page: &Page) -> io::Result<()> {
    print_text(&page.text(io::stdout().is_terminal() && !refuses_colour()))
}

/// Shows one line on standard output.
///
/// # Errors
/// As [`print`].
pub fn print_line(line: &str) -> io::Result<()> {
    print_text(&format!("{}\n", plain(line)))
}

/// Writes a value as indented JSON.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &Value) -> io::Result<()> {
    print_text(&format!("{}\n", json(&format!("{value:#}"))))
}

/// Tells the user one line, on standard error.
pub fn tell(line: &str) {
    // Whoever closed standard error doesn't want to be told.
    let _ = writeln!(io::stderr().lock(), "{}", plain(line));
}

pub fn print_text(text: &str) -> io::Result<()> {
    let mut out = Out::default();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Whether the user wants no colours (`NO_COLOR`).
fn refuses_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// A text as a part of one line, with what can't be seen in it written out.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            c if is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// JSON with what can't be seen escaped. All of it stands in strings, but for the line breaks between
/// tokens.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_hidden(c) {
            shown.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // A String takes whatever it is given.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORGED: &str = "a\n2024-03-01  listed\r\u{1b}[2K\u{202e}\u{200b}\u{9b}b";

    #[test]
    fn a_text_neither_acts_nor_starts_a_line() {
        let shown = plain(FORGED);
        assert_eq!(shown, r"a\n2024-03-01  listed\r\u{1b}[2K\u{202e}\u{200b}\u{9b}b");
        assert_eq!(plain("广东省　〔2015〕59号 é"), "广东省　〔2015〕59号 é");
    }

    #[test]
    fn an_instant_is_said_one_way() {
        assert_eq!(said_instant("2026-11-30T10:00:00+08:00"), "2026-11-30 02:00:00 UTC");
        assert_eq!(said_instant("2026-11-30T02:00:00.500000Z"), "2026-11-30 02:00:00.5 UTC");
        assert_eq!((said_instant(""), said_instant("T or Z")), (String::new(), "T or Z".into()));
    }

    #[test]
    fn json_is_escaped_and_stays_the_same_value() {
        let value = serde_json::json!({ "text": FORGED, "filler": "\u{1d159}\u{3164}" });
        let shown = json(&format!("{value:#}"));
        assert!(!shown.chars().any(|c| c != '\n' && is_hidden(c)), "{shown}");
        assert!(shown.contains(r"\u202e") && shown.contains(r"\ud834\udd59"), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }
}
