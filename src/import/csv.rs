//! Lines of CSV, as spreadsheets save it.
//!
//! The encoding is that of the byte order mark; without one UTF-16 where every other byte is zero, UTF-8
//! where all of the file is that, else GB18030, which Chinese spreadsheets write. What it can't read is
//! named cell by cell. Cells are parted by commas, semicolons or tabs, whichever the header has most of.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ReaderBuilder, StringRecord, StringRecordsIntoIter};
use encoding_rs::{Decoder, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::bad::BadLine;
use super::line::{Line, Source};
use super::table::{Cell, Table};
use crate::domain::ids::Text;
use crate::views::problem::Code;

/// The longest row, in bytes: a quotation mark that is never closed makes one row of all the rest.
const MAX_ROW_BYTES: u64 = 1 << 20;
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
        let (from, counts) = decoded(&self.path, encoding)?;
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(delimiter(&first));
        let rows = builder.from_reader(from).into_records();
        Ok(Box::new(Rows { rows, counts, table: None, ended: false }))
    }
}

fn delimiter(text: &[u8]) -> u8 {
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |of: u8| header.iter().filter(|byte| **byte == of).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|of| count(*of)).unwrap_or(b',')
}

fn encoding_of(path: &Path) -> io::Result<&'static Encoding> {
    let mut file = File::open(path)?;
    let (mut chunk, mut kept, mut is_first) = (vec![0; CHUNK], 0, true);
    loop {
        let read = file.read(&mut chunk[kept..])?;
        let seen = &chunk[..kept + read];
        if is_first {
            if let Some((encoding, _)) = Encoding::for_bom(seen) {
                return Ok(encoding);
            }
            let zeros = |at: usize| seen.iter().skip(at).step_by(2).filter(|b| **b == 0).count();
            let half = seen.len() / 4;
            if half > 0 && zeros(1) >= half {
                return Ok(UTF_16LE);
            }
            if half > 0 && zeros(0) >= half {
                return Ok(UTF_16BE);
            }
            is_first = false;
        }
        let valid = Encoding::utf8_valid_up_to(seen);
        let rest = seen.len() - valid;
        // A character may be cut by the end of the chunk, and by nothing else.
        if rest > 3 || read == 0 && rest > 0 {
            return Ok(GB18030);
        }
        if read == 0 {
            return Ok(UTF_8);
        }
        chunk.copy_within(valid..valid + rest, 0);
        kept = rest;
    }
}

/// What was read, for progress and against rows without an end.
#[derive(Default)]
struct Counts {
    read: AtomicU64,
    since_row: AtomicU64,
}

fn decoded(path: &Path, encoding: &'static Encoding) -> io::Result<(Decoded, Arc<Counts>)> {
    let counts = Arc::<Counts>::default();
    let decoded = Decoded {
        from: File::open(path)?,
        decoder: encoding.new_decoder_with_bom_removal(),
        taken: vec![0; CHUNK],
        filled: 0..0,
        text: Vec::new(),
        at: 0,
        ended: false,
        counts: Arc::clone(&counts),
    };
    Ok((decoded, counts))
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
    counts: Arc<Counts>,
}

impl Decoded {
    fn fill(&mut self) -> io::Result<()> {
        let mut is_last = false;
        if self.filled.is_empty() {
            let read = self.from.read(&mut self.taken)?;
            self.filled = 0..read;
            is_last = read == 0;
            self.counts.read.fetch_add(read as u64, Ordering::Relaxed);
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
        let since = self.counts.since_row.fetch_add(length as u64, Ordering::Relaxed);
        if since > MAX_ROW_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the row has no end"));
        }
        Ok(length)
    }
}

struct Rows {
    rows: StringRecordsIntoIter<Decoded>,
    counts: Arc<Counts>,
    table: Option<Table>,
    ended: bool,
}

impl Rows {
    fn line(&mut self, row: StringRecord) -> Option<Line> {
        let number = row.position().map_or(0, csv::Position::line);
        let read = self.counts.read.load(Ordering::Relaxed);
        let Some(table) = &self.table else {
            let header: Vec<String> = row.iter().map(str::to_owned).collect();
            return match Table::of(number, &header) {
                Ok(table) => {
                    self.table = Some(table);
                    None
                }
                Err(bad) => {
                    self.ended = true;
                    Some(Line { number, json: Err(bad), read, file: None })
                }
            };
        };
        let cells = row.iter().map(|cell| Cell::Text(cell.to_owned())).collect();
        let json = table.line(number, cells)?;
        Some(Line { number, json, read, file: None })
    }
}

impl Iterator for Rows {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let number = self.rows.reader().position().line();
            self.counts.since_row.store(0, Ordering::Relaxed);
            match self.rows.next()? {
                Ok(row) => {
                    if let Some(line) = self.line(row) {
                        return Some(Ok(line));
                    }
                }
                Err(error) => {
                    self.ended = true;
                    return Some(match error.into_kind() {
                        csv::ErrorKind::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
                            Err(error)
                        }
                        _ => Ok(endless(number, self.counts.read.load(Ordering::Relaxed))),
                    });
                }
            }
        }
        None
    }
}

fn endless(number: u64, read: u64) -> Line {
    let text = Text {
        en: format!(
            "the row is longer than {MAX_ROW_BYTES} bytes: is a quotation mark not closed? What follows was not read"
        ),
        zh: format!("该行超过 {MAX_ROW_BYTES} 字节，引号可能未闭合；其后的内容未读取"),
    };
    let json = Err(vec![BadLine::new(number, None, Code::PayloadTooLarge, text)]);
    Line { number, json, read, file: None }
}
