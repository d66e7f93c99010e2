//! What is kept beside a log: its checkpoints, and the hashes of its leaves.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read as _};
use std::path::Path;

use super::OpenError;
use super::notes::checkpoints;
use crate::verify::note::Checkpoint;
use crate::verify::tree::Hash;

/// The checkpoints of a ledger's folder, those with the signatures of witnesses too; none where it has none.
///
/// # Errors
/// [`OpenError`]: a file that can't be read, or in which something else stands.
pub fn kept_checkpoints(folder: &Path) -> Result<Vec<Checkpoint>, OpenError> {
    let mut kept = Vec::new();
    for path in ["checkpoints", "cosigned"].map(|name| folder.join(name)) {
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                let text = format!("{} can't be read: {error}", path.display());
                return Err(OpenError::Unavailable(text));
            }
        };
        let no_text = |_| OpenError::NotOne(format!("{} is no text", path.display()));
        kept.extend(checkpoints(&text.map_err(no_text)?).map_err(|number| {
            OpenError::NotOne(format!("number {number} of {} is no checkpoint", path.display()))
        })?);
    }
    Ok(kept)
}

/// The hashes of leaves that are kept, one after the other.
#[derive(Debug, Default)]
pub struct Leaves {
    file: Option<BufReader<File>>,
}

impl Leaves {
    /// Those of a ledger's folder; none where it has none.
    pub fn of(folder: &Path) -> Self {
        Self { file: File::open(folder.join("tree-0")).ok().map(BufReader::new) }
    }
}

impl Iterator for Leaves {
    type Item = Hash;

    fn next(&mut self) -> Option<Hash> {
        let mut hash = [0; 32];
        let read: io::Result<()> = self.file.as_mut()?.read_exact(&mut hash);
        // Ended, or not to be read: what is kept only helps to name the place.
        if read.is_err() {
            self.file = None;
        }
        read.ok().map(|()| hash)
    }
}
