//! Lines of JSON.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use super::bad::BadLine;
use super::line::{Line, Source};
use crate::domain::ids::Text;
use crate::views::problem::Code;

/// The longest line, in bytes: as the body of a request.
const MAX_LINE_BYTES: usize = 1 << 20;

/// A file of which each line is a JSON object; empty lines are passed over.
pub struct Ndjson {
    path: PathBuf,
    bytes: u64,
}

impl Ndjson {
    /// A file at a path.
    ///
    /// # Errors
    /// A file that is not there.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self { path: path.to_owned(), bytes: std::fs::metadata(path)?.len() })
    }
}

impl Source for Ndjson {
    fn path(&self) -> &Path {
        &self.path
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn lines(&self) -> std::io::Result<Box<dyn Iterator<Item = std::io::Result<Line>> + Send>> {
        let from = BufReader::with_capacity(1 << 16, File::open(&self.path)?);
        Ok(Box::new(Lines { from, number: 0, read: 0 }))
    }
}

struct Lines {
    from: BufReader<File>,
    number: u64,
    read: u64,
}

impl Lines {
    /// The next line without its end; no more of it is kept than any line may have.
    fn next_line(&mut self) -> std::io::Result<Option<(Vec<u8>, bool)>> {
        let (mut line, mut is_long, mut ended) = (Vec::new(), false, false);
        while !ended {
            let part = self.from.fill_buf()?;
            if part.is_empty() {
                return Ok((!line.is_empty() || is_long).then_some((line, is_long)));
            }
            let end = part.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(part.len(), |end| end + 1);
            is_long |= line.len() + taken > MAX_LINE_BYTES;
            if !is_long {
                line.extend_from_slice(&part[..end.unwrap_or(taken)]);
            }
            ended = end.is_some();
            self.from.consume(taken);
            self.read += taken as u64;
        }
        Ok(Some((line, is_long)))
    }
}

impl Iterator for Lines {
    type Item = std::io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (mut line, is_long) = match self.next_line() {
                Ok(line) => line?,
                Err(error) => return Some(Err(error)),
            };
            self.number += 1;
            if self.number == 1 && line.starts_with(b"\xef\xbb\xbf") {
                line.drain(..3);
            }
            if line.iter().all(u8::is_ascii_whitespace) && !is_long {
                continue;
            }
            let (number, read) = (self.number, self.read);
            let json = match is_long {
                false => Ok(line),
                true => Err(vec![BadLine::new(number, None, Code::PayloadTooLarge, too_long())]),
            };
            return Some(Ok(Line { number, json, read, file: None }));
        }
    }
}

fn too_long() -> Text {
    Text {
        en: format!("the line is longer than {MAX_LINE_BYTES} bytes: long content is a document"),
        zh: format!("该行超过 {MAX_LINE_BYTES} 字节；长内容应作为文件"),
    }
}
