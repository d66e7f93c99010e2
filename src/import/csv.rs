//! Lines of CSV, as spreadsheets save it.
//!
//! The encoding is that of the byte order mark; without one UTF-16 where every other byte is zero, UTF-8
//! where all of the file is that, or a line in Chinese surely is, else GB18030, which Chinese spreadsheets
//! write. What it can't read is named cell by cell. Cells are parted by commas, semicolons or tabs, whichever the header has most of.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::ReaderBuilder;
use encoding_rs::{Decoder, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::bad::BadLine;
use super::line::{Line, Source};
use super::table::{Cell, Table};
use crate::domain::ids::Text;
use crate::views::problem::Code;

/// The longest row, in bytes: a quotation mark that is never closed makes one row of all the rest.
const MAX_ROW_BYTES: usize = 1 << 20;
const CHUNK: usize = 64 << 10;

/// A file of which the first row names the columns.
pub struct Csv {
    path: PathBuf,
    bytes: u64,
}

impl Csv {
    /// A file at a path.
    ///
    /// # Errors
    /// A file that is not there.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), bytes: std::fs::metadata(path)?.len() })
    }
}

impl Source for Csv {
    fn path(&self) -> &Path {
        &self.path
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn lines(&self) -> io::Result<Box<dyn Iterator<Item = io::Result<Line>> + Send>> {
        let encoding = encoding_of(&self.path)?;
        let mut first = Vec::new();
        decoded(&self.path, encoding)?.0.take(CHUNK as u64).read_to_end(&mut first)?;
        let (from, taken) = decoded(&self.path, encoding)?;
        let (from, delimiter) = (BufReader::with_capacity(CHUNK, from), delimiter(&first));
        Ok(Box::new(Rows { from, taken, delimiter, number: 0, table: None, ended: false }))
    }
}

fn delimiter(text: &[u8]) -> u8 {
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |of: u8| header.iter().filter(|byte| **byte == of).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|of| count(*of)).unwrap_or(b',')
}

fn encoding_of(path: &Path) -> io::Result<&'static Encoding> {
    let mut seen = Vec::new();
    File::open(path)?.take(CHUNK as u64).read_to_end(&mut seen)?;
    if let Some((encoding, _)) = Encoding::for_bom(&seen) {
        return Ok(encoding);
    }
    let zeros = |at: usize| seen.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
    let half = seen.len() / 4;
    if half > 0 && zeros(1) >= half {
        return Ok(UTF_16LE);
    }
    if half > 0 && zeros(0) >= half {
        return Ok(UTF_16BE);
    }
    let mut from = BufReader::with_capacity(CHUNK, File::open(path)?);
    let (mut line, mut is_surely_utf_8, mut is_other) = (Vec::new(), false, false);
    loop {
        line.clear();
        if from.by_ref().take(MAX_ROW_BYTES as u64).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        match str::from_utf8(&line) {
            Ok(text) => is_surely_utf_8 |= text.chars().filter(is_chinese).nth(CHANCE).is_some(),
            // A character may be cut where a line is too long, and by nothing else.
            Err(error) => is_other |= error.error_len().is_some() || line.len() < MAX_ROW_BYTES,
        }
    }
    // Where some lines are in another encoding than the rest, their cells are named, not misread.
    Ok(if is_other && !is_surely_utf_8 { GB18030 } else { UTF_8 })
}

/// So many Chinese characters of a line in GB18030 can be valid UTF-8 by chance.
const CHANCE: usize = 3;

fn is_chinese(c: &char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(c)
}

/// The file from its beginning, and how much of it was taken.
fn decoded(path: &Path, encoding: &'static Encoding) -> io::Result<(Decoded, Arc<AtomicU64>)> {
    let count = Arc::<AtomicU64>::default();
    let decoded = Decoded {
        from: File::open(path)?,
        decoder: encoding.new_decoder_with_bom_removal(),
        taken: vec![0; CHUNK],
        filled: 0..0,
        text: Vec::new(),
        at: 0,
        ended: false,
        count: Arc::clone(&count),
    };
    Ok((decoded, count))
}

/// A file in UTF-8, whatever it was written in.
struct Decoded {
    from: File,
    decoder: Decoder,
    taken: Vec<u8>,
    filled: std::ops::Range<usize>,
    text: Vec<u8>,
    at: usize,
    ended: bool,
    count: Arc<AtomicU64>,
}

impl Decoded {
    fn fill(&mut self) -> io::Result<()> {
        let mut is_last = false;
        if self.filled.is_empty() {
            let read = self.from.read(&mut self.taken)?;
            self.filled = 0..read;
            is_last = read == 0;
            self.count.fetch_add(read as u64, Ordering::Relaxed);
        }
        self.text.resize(CHUNK, 0);
        let taken = &self.taken[self.filled.clone()];
        let (_, read, written, _) = self.decoder.decode_to_utf8(taken, &mut self.text, is_last);
        self.filled.start += read;
        self.text.truncate(written);
        self.at = 0;
        // What a cut character is decoded to at the end fits into any buffer.
        self.ended = is_last;
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() {
            if self.ended {
                return Ok(0);
            }
            self.fill()?;
        }
        let length = into.len().min(self.text.len() - self.at);
        into[..length].copy_from_slice(&self.text[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

struct Rows {
    from: BufReader<Decoded>,
    taken: Arc<AtomicU64>,
    delimiter: u8,
    /// Lines of the file that were read.
    number: u64,
    table: Option<Table>,
    ended: bool,
}

/// A row as it stands in the file.
struct Row {
    /// The number of its first line.
    number: u64,
    text: Vec<u8>,
    /// Whether it ends: within the limit, and with all its quotation marks closed.
    is_whole: bool,
}

/// Where a place in a row is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Start,
    Cell,
    Quotes,
    /// After a quotation mark within quotes: their end, or the first half of one that is meant.
    Mark,
}

impl Within {
    fn after(self, byte: u8, delimiter: u8) -> Self {
        match (self, byte) {
            (Self::Quotes, b'"') => Self::Mark,
            (Self::Start | Self::Mark, b'"') | (Self::Quotes, _) => Self::Quotes,
            (_, byte) if byte == delimiter => Self::Start,
            _ => Self::Cell,
        }
    }
}

impl Rows {
    /// The next row that says anything.
    fn next_row(&mut self) -> io::Result<Option<Row>> {
        let mut row = Row { number: self.number + 1, text: Vec::new(), is_whole: true };
        let mut within = Within::Start;
        loop {
            let (before, room) = (row.text.len(), MAX_ROW_BYTES + 1 - row.text.len());
            let read = (&mut self.from).take(room as u64).read_until(b'\n', &mut row.text)?;
            if read == 0 {
                row.is_whole = within != Within::Quotes;
                return Ok((!row.text.is_empty()).then_some(row));
            }
            self.number += 1;
            let line = &row.text[before..];
            within = line.iter().fold(within, |within, byte| within.after(*byte, self.delimiter));
            if row.text.len() > MAX_ROW_BYTES {
                row.is_whole = false;
                return Ok(Some(row));
            }
            if within == Within::Quotes {
                continue;
            }
            if row.text.iter().any(|byte| !byte.is_ascii_whitespace()) {
                return Ok(Some(row));
            }
            row = Row { number: self.number + 1, text: Vec::new(), is_whole: true };
            within = Within::Start;
        }
    }

    fn cells(&self, text: &[u8]) -> Vec<String> {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(self.delimiter);
        let mut rows = builder.buffer_capacity(text.len().max(1)).from_reader(text).into_records();
        // The text is UTF-8, as decoding makes it, and in memory.
        let row = rows.next().and_then(Result::ok).unwrap_or_default();
        row.iter().map(str::to_owned).collect()
    }

    /// A row as a line; nothing for the header, and for a row without a cell.
    fn line(&mut self, row: &Row) -> Option<Line> {
        let (number, read) = (row.number, self.taken.load(Ordering::Relaxed));
        let line = |json| Line { number, json, read, file: None };
        if !row.is_whole {
            self.ended = true;
            let text = endless();
            return Some(line(Err(vec![BadLine::new(number, None, Code::PayloadTooLarge, text)])));
        }
        let cells = self.cells(&row.text);
        if let Some(table) = &self.table {
            let cells = cells.into_iter().map(Cell::Text).collect();
            return table.line(number, cells).map(line);
        }
        match Table::of(number, &cells) {
            Ok(table) => {
                self.table = Some(table);
                None
            }
            Err(bad) => {
                self.ended = true;
                Some(line(Err(bad)))
            }
        }
    }
}

impl Iterator for Rows {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let row = match self.next_row() {
                Ok(row) => row?,
                Err(error) => return Some(Err(error)),
            };
            if let Some(line) = self.line(&row) {
                return Some(Ok(line));
            }
        }
        None
    }
}

fn endless() -> Text {
    Text {
        en: format!(
            "the row does not end within {MAX_ROW_BYTES} bytes, or a quotation mark is not closed: what follows was not read"
        ),
        zh: format!("该行在 {MAX_ROW_BYTES} 字节内未结束，或引号未闭合；其后的内容未读取"),
    }
}
