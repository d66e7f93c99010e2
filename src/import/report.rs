//! The report of an import: what became of every line, in their order, one JSON object a line.
//!
//! What became of a good line is known only at the end, when it is known whether anything is recorded; and
//! a line that is bad in one pass is left out in those after it. So each pass is written to a file beside,
//! a row for each line, and taken together with the earlier ones. Memory does not grow with the file.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::bad::BadLine;
use super::line::Line;
use super::trial::Became;

/// What a row says first: what the line is.
const BAD: char = 'B';
const RECORDED: char = 'R';
const ON_RECORD: char = 'O';
const LEFT_OUT: char = 'L';

/// A report that is being made.
pub struct Report {
    folder: PathBuf,
    pass: Option<BufWriter<File>>,
    passes: u32,
    /// How many lines this pass has told of, and the place of the last.
    told: u64,
    last: Option<(u64, Option<String>)>,
    failed: Option<io::Error>,
}

impl Report {
    /// A report whose parts lie in a folder until it is done.
    pub fn in_folder(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder, pass: None, passes: 0, told: 0, last: None, failed: None }
    }

    /// The lines are told of from the first on, as [`super::Watch::begins_pass`] says.
    pub fn begin_pass(&mut self) {
        let begun = self.end_pass().and_then(|()| File::create(self.part("pass")));
        (self.told, self.last) = (0, None);
        self.passes += 1;
        match begun {
            Ok(file) => self.pass = Some(BufWriter::new(file)),
            Err(error) => drop(self.failed.get_or_insert(error)),
        }
    }

    /// What becomes of a line.
    pub fn becomes(&mut self, line: &Line, became: &Became<'_>) {
        let (number, file) = (line.number, line.file.as_deref());
        let place = match file {
            Some(file) => json!({"line": number, "file": file}),
            None => json!({"line": number}),
        };
        let (mark, event) = match became {
            Became::Recorded(event) => (RECORDED, event.to_string()),
            Became::OnRecord(event) => (ON_RECORD, event.to_string()),
            Became::LeftOut => (LEFT_OUT, String::new()),
        };
        self.row(number, file, mark, &format!("{place}\t{event}"));
    }

    /// What is wrong with a line.
    pub fn is_bad(&mut self, bad: &BadLine) {
        match serde_json::to_string(bad) {
            Ok(said) => self.row(bad.line, bad.file.as_deref(), BAD, &format!("{said}\t")),
            Err(error) => drop(self.failed.get_or_insert(error.into())),
        }
    }

    fn row(&mut self, number: u64, file: Option<&str>, mark: char, says: &str) {
        let place = Some((number, file.map(str::to_owned)));
        if self.last != place {
            (self.told, self.last) = (self.told + 1, place);
        }
        let Some(pass) = &mut self.pass else { return };
        if let Err(error) = writeln!(pass, "{}\t{mark}\t{says}", self.told) {
            self.failed.get_or_insert(error);
        }
    }

    fn part(&self, name: &str) -> PathBuf {
        self.folder.join(format!("report.{name}"))
    }

    fn end_pass(&mut self) -> io::Result<()> {
        let Some(mut pass) = self.pass.take() else { return Ok(()) };
        pass.flush()?;
        let (pass, found) = (self.part("pass"), self.part("found"));
        if self.passes == 1 {
            return fs::rename(pass, found);
        }
        let both = self.part("both");
        let mut to = BufWriter::new(File::create(&both)?);
        // The same lines stand in both.
        for (earlier, later) in Rows::of(&found)?.zip(Rows::of(&pass)?) {
            let (earlier, later) = (earlier?, later?);
            let was_bad = earlier.iter().any(|row| row.mark == BAD);
            for row in if was_bad { earlier } else { later } {
                writeln!(to, "{}\t{}\t{}\t{}", row.line, row.mark, row.says, row.event)?;
            }
        }
        to.flush()?;
        fs::rename(both, found)?;
        fs::remove_file(pass)
    }

    /// Writes the whole to a file, which is flushed; of the parts nothing stays.
    ///
    /// # Errors
    /// Whatever failed first.
    pub fn finish(mut self, to: &Path, is_recorded: bool) -> io::Result<()> {
        self.end_pass()?;
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let found = self.part("found");
        let mut into = BufWriter::new(File::create(to)?);
        for rows in Rows::of(&found)? {
            for row in rows? {
                row.write(&mut into, is_recorded)?;
            }
        }
        into.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::remove_file(found)
    }
}

/// A row of a part.
struct Row {
    /// The how manieth line of all it is about.
    line: u64,
    mark: char,
    /// A JSON object.
    says: String,
    event: String,
}

impl Row {
    fn read(text: &str) -> Option<Self> {
        let mut cells = text.splitn(4, '\t');
        let line = cells.next()?.parse().ok()?;
        let mark = cells.next()?.chars().next()?;
        let (says, event) = (cells.next()?.to_owned(), cells.next()?.to_owned());
        Some(Self { line, mark, says, event })
    }

    fn write(&self, to: &mut impl Write, is_recorded: bool) -> io::Result<()> {
        let became = match self.mark {
            BAD => "BAD",
            RECORDED if is_recorded => "RECORDED",
            RECORDED => "NOT_RECORDED",
            ON_RECORD => "ON_RECORD",
            _ => "LEFT_OUT",
        };
        let members = self.says.strip_suffix('}').unwrap_or(&self.says);
        write!(to, "{members},\"became\":\"{became}\"")?;
        if self.mark == ON_RECORD || self.mark == RECORDED && is_recorded {
            write!(to, ",\"event\":\"{}\"", self.event)?;
        }
        writeln!(to, "}}")
    }
}

/// The rows of a part, those of one line together.
struct Rows(Peekable<Box<dyn Iterator<Item = io::Result<Row>>>>);

impl Rows {
    fn of(path: &Path) -> io::Result<Self> {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "a part of a report is broken");
        let read = move |text: io::Result<String>| Row::read(&text?).ok_or_else(broken);
        let rows = BufReader::new(File::open(path)?).lines().map(read);
        let rows: Box<dyn Iterator<Item = io::Result<Row>>> = Box::new(rows);
        Ok(Self(rows.peekable()))
    }
}

impl Iterator for Rows {
    type Item = io::Result<Vec<Row>>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = match self.0.next()? {
            Ok(first) => first,
            Err(error) => return Some(Err(error)),
        };
        let line = first.line;
        let mut rows = vec![first];
        while let Some(row) = self.0.next_if(|row| row.as_ref().is_ok_and(|row| row.line == line)) {
            match row {
                Ok(row) => rows.push(row),
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(rows))
    }
}
