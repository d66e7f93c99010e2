//! Archives brought in: files of acts, notes, attestations, subjects and figures, tried as a whole before any
//! of it is recorded.
//!
//! A file is tried on an application over the log and what was tried before ([`trial_log`]), by the same
//! checks as any act over REST. What was tried is then appended as it stands: the same events under the
//! same ids. So nothing is half done by a bad line, and the same file again changes nothing.
//!
//! The parts: `line` (what a line says), `ndjson`, `csv` and `xlsx` with `table` (lines out of files),
//! `folder`, `archive` and `documents` (several files, with what they cite), `bad` (what is wrong with
//! one), `trial` (trying and recording), `report` (what became of each), `operations` (imports that clients ask
//! a server for). Deliberately not here: who may import, and how the result is shown.

mod archive;
mod bad;
mod csv;
mod documents;
mod folder;
mod line;
mod ndjson;
pub mod operations;
mod report;
mod table;
mod template;
mod trial;
mod trial_log;
mod xlsx;

pub use archive::{Archive, pack};
pub use bad::BadLine;
pub use csv::Csv;
pub use documents::Documents;
pub use folder::Folder;
pub use line::{Line, Source};
pub use ndjson::Ndjson;
pub use report::Report;
pub use template::{TEMPLATE, template_csv};
pub use trial::{Became, Import, ImportError, Outcome, Step, Watch};
pub use xlsx::Xlsx;

use std::io;
use std::path::Path;
use std::sync::Arc;

/// Opens a file by the ending of its name, or a folder.
///
/// # Errors
/// What is not there, or of a form that is none.
pub fn open(path: &Path) -> io::Result<Arc<dyn Source>> {
    if std::fs::metadata(path)?.is_dir() {
        return Ok(Arc::new(Folder::open(path, open_file)?));
    }
    open_file(path)?.ok_or_else(|| {
        let text = "its name ends in none of the forms that can be imported: .ndjson, .csv, .xlsx";
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

/// A file of lines; nothing for one of another form.
fn open_file(path: &Path) -> io::Result<Option<Arc<dyn Source>>> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    Ok(match ending.to_ascii_lowercase().as_str() {
        "ndjson" | "jsonl" => Some(Arc::new(Ndjson::open(path)?)),
        "csv" | "tsv" => Some(Arc::new(Csv::open(path)?)),
        "xlsx" => Some(Arc::new(Xlsx::open(path)?)),
        _ => None,
    })
}
