//! A folder that is removed with its value, readable by nobody else.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::token::new_id;

/// Memory that looks like a folder, where the system has it.
const MEMORY: &str = "/dev/shm";

/// A temporary folder.
#[derive(Debug)]
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// A new one, in the system's folder for such, or where there is none, as in a container, in `data`,
    /// or where that can't be written either, in memory.
    ///
    /// # Errors
    /// When it can be made in none of them.
    pub fn new(data: &Path) -> anyhow::Result<Self> {
        let usual = std::env::temp_dir();
        let name = format!("docket-{}", new_id());
        let make = |folder: &Path| {
            let path = folder.join(&name);
            fs::DirBuilder::new().mode(0o700).create(&path).map(|()| Self(path))
        };
        let tried = [usual.as_path(), data, Path::new(MEMORY)];
        let mut made = tried.iter().map(|folder| make(folder));
        let first = made.next().unwrap_or_else(|| make(data));
        first.or_else(|error| made.find_map(Result::ok).ok_or(error)).with_context(|| {
            let tried = tried.map(|folder| folder.display().to_string()).join(", ");
            format!("can't make a temporary folder in any of {tried}; set TMPDIR to one that can be written")
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "a temporary folder stays");
        }
    }
}
