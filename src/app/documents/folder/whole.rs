//! Whether a document in the folder is whole, found out by reading it, and what tells that nobody has
//! written it since.

use super::super::known::KnownWhole;
use super::super::{Digest, DocumentError};
use super::{failure, sync_folders};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

const PART_BYTES: usize = 256 * 1024;

/// What another content of a file would show: device, number, length, times of change.
pub(super) type Shown = (u64, u64, u64, (i64, i64), (i64, i64));

/// Documents found whole and flushed.
pub(super) type Known = Arc<KnownWhole<Shown>>;

/// Flushes a document that is kept, reads it to its end and notes that it is whole.
pub(super) fn read_flushed(
    root: &Path,
    path: &Path,
    digest: Digest,
    known: &Known,
) -> Result<(), DocumentError> {
    let mut file = fs::File::open(path).map_err(|e| failure("open the document", path, e))?;
    file.sync_all().map_err(|e| failure("flush the document", path, e))?;
    sync_folders(root, digest)?;
    let look =
        |file: &fs::File| file.metadata().map_err(|e| failure("look at the document", path, e));
    let before = shown(&look(&file)?);
    let mut hash = Sha256::new();
    let mut part = vec![0; PART_BYTES];
    loop {
        match file.read(&mut part).map_err(|e| failure("read the document", path, e))? {
            0 => break,
            read => hash.update(&part[..read]),
        }
    }
    if Digest::from_bytes(hash.finalize().into()) != digest {
        return Err(DocumentError::Damaged(digest));
    }
    if shown(&look(&file)?) == before {
        known.note(digest, before);
    }
    Ok(())
}

/// What the file system shows of a file.
pub(super) fn shown(data: &fs::Metadata) -> Shown {
    let (modified, changed) =
        ((data.mtime(), data.mtime_nsec()), (data.ctime(), data.ctime_nsec()));
    (data.dev(), data.ino(), data.len(), modified, changed)
}
