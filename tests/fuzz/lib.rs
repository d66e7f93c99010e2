//! The verifier alone, as it stands in the program: nothing else of that is compiled here, which it could
//! not be if the verifier used any of it.

#[path = "../../src/verify/mod.rs"]
pub mod verify;

use std::io::Write as _;

use tempfile::NamedTempFile;
use verify::bundle::Files;
use verify::{Checkpoint, Held, Key, Report};

/// A file of these bytes.
pub fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for it");
    file
}

/// What says something is no finding without a text, and what is sound has none.
pub fn is_plain(report: &Report) {
    assert!(report.findings.iter().all(|finding| !finding.text.trim().is_empty()));
}

/// Judges files with nothing held, and with what they bring along as if it were held elsewhere.
pub fn judge(files: &Files) {
    is_plain(&verify::bundle::judge(files, &Held::default()));
    let text = |path: &str| files.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let outside = text("data/checkpoint").and_then(Checkpoint::parse).into_iter().collect();
    let keys = text("data/keys.txt").into_iter().flat_map(str::lines).filter_map(Key::parse);
    is_plain(&verify::bundle::judge(files, &Held { outside, keys: keys.collect(), ..Held::default() }));
}
