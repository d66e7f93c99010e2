//! Archives brought in: files of acts, notes, attestations and subjects, tried as a whole before any of it
//! is recorded.
//!
//! A file is tried on an application over the log and what was tried before ([`trial_log`]), by the same
//! checks as any act over REST. What was tried is then appended as it stands: the same events under the
//! same ids. So nothing is half done by a bad line, and the same file again changes nothing.
//!
//! The parts: `line` (what a line says), `ndjson` and others (lines out of files), `bad` (what is wrong with
//! one), `trial` (trying and recording). Deliberately not here: who may import, and how the result is shown.

mod bad;
mod line;
mod ndjson;
mod trial;
mod trial_log;

pub use bad::BadLine;
pub use line::{Line, Source};
pub use ndjson::Ndjson;
pub use trial::{Import, ImportError, Outcome, Watch};

use std::io;
use std::path::Path;
use std::sync::Arc;

/// An example of each kind of line.
pub const TEMPLATE: &str = include_str!("template.ndjson");

/// Opens a file, by the ending of its name.
///
/// # Errors
/// A file that is not there, or of a form that is none.
pub fn open(path: &Path) -> io::Result<Arc<dyn Source>> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "ndjson" | "jsonl" => Ok(Arc::new(Ndjson::open(path)?)),
        _ => {
            std::fs::metadata(path)?;
            let text = "its name ends in none of the forms that can be imported: .ndjson";
            Err(io::Error::new(io::ErrorKind::InvalidInput, text))
        }
    }
}
