//! Whether a folder is still the one that was opened. An unmounted folder leaves its mount point, an
//! empty folder of the same name; what was kept is not gone then, it is only not to be seen.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Device and inode of the folder.
pub(super) struct Place(Mutex<(u64, u64)>);

impl Place {
    /// The place of this folder.
    pub fn of(root: &Path) -> io::Result<Place> {
        Ok(Place(Mutex::new(identity(root)?)))
    }

    /// Whether the folder is the one it was. Another one that holds documents is taken for it: it was
    /// mounted anew, and a device may get another number then.
    pub fn check(&self, root: &Path) -> io::Result<bool> {
        let now = match identity(root) {
            Ok(now) => now,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(e),
        };
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *place == now {
            return Ok(true);
        }
        let holds_documents = holds_documents(root)?;
        if holds_documents {
            *place = now;
        }
        Ok(holds_documents)
    }
}

fn identity(root: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(root)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Whether there is a folder with two hex digits for a name.
fn holds_documents(root: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(true);
        }
    }
    Ok(false)
}
