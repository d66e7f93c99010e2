//! The reporting tables as files that others read: CSV and Parquet.
//!
//! What must hold: the bytes of a table as of a sequence are the same whenever and wherever they are
//! written by one version of the program, so they hold no time of writing, no name of a machine and
//! nothing in an order that isn't fixed; a file is written row by row, in memory that doesn't grow
//! with it. Which rows there are is not here (`projection::export`).

mod csv;
mod labels;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
mod value;

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use crate::projection::{ExportError, Report, Snapshot};

pub use labels::{COLUMNS as LABEL_COLUMNS, LABEL, write_labels};
pub use lines::{Head, Lines};
pub use value::Value;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// RFC 4180, UTF-8, with a header line.
    Csv {
        /// Whether it begins with a byte order mark, which Excel wants.
        bom: bool,
    },
    /// Apache Parquet, compressed by Zstandard.
    Parquet,
}

impl Form {
    /// The media type.
    pub fn media(self) -> &'static str {
        match self {
            Self::Csv { .. } => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The end of a file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// Whether this build can write it.
    pub const fn is_built(self) -> bool {
        match self {
            Self::Csv { .. } => true,
            Self::Parquet => cfg!(feature = "parquet"),
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Rows, without the header.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// The SHA-256 of the bytes, in lower-case hexadecimal.
    pub sha256: String,
}

/// Writes a table.
///
/// # Errors
/// Those of the read models and of `out`; [`ExportError::Form`] where the build has no Parquet.
pub fn write(
    snapshot: &mut Snapshot<'_>,
    table: &Report,
    form: Form,
    out: &mut (dyn Write + Send),
) -> Result<Written, ExportError> {
    let mut out = Digesting::new(out);
    let rows = match form {
        Form::Csv { bom } => csv::write(snapshot, table, bom, &mut out)?,
        #[cfg(feature = "parquet")]
        Form::Parquet => parquet::write(snapshot, table, &mut out)?,
        #[cfg(not(feature = "parquet"))]
        Form::Parquet => return Err(ExportError::Form("parquet")),
    };
    out.written(rows)
}

/// Counts and digests what goes through.
struct Digesting<'a> {
    out: &'a mut (dyn Write + Send),
    hasher: Sha256,
    bytes: u64,
}

impl<'a> Digesting<'a> {
    fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, hasher: Sha256::new(), bytes: 0 }
    }

    fn written(mut self, rows: u64) -> Result<Written, ExportError> {
        self.flush()?;
        let sha256 = self.hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Written { rows, bytes: self.bytes, sha256 })
    }
}

impl Write for Digesting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
