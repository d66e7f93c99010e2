//! A folder that is removed with its value, readable by nobody else.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::token::new_id;

/// A temporary folder.
#[derive(Debug)]
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// A new one, in the system's folder for such, or where there is none, as in a container, in `data`.
    ///
    /// # Errors
    /// When it can be made in neither.
    pub fn new(data: &Path) -> anyhow::Result<Self> {
        let usual = std::env::temp_dir();
        let name = format!("docket-{}", new_id());
        let make = |folder: &Path| {
            let path = folder.join(&name);
            fs::DirBuilder::new().mode(0o700).create(&path).map(|()| Self(path))
        };
        make(&usual).or_else(|error| make(data).map_err(|_| error)).with_context(|| {
            let (usual, data) = (usual.display(), data.display());
            format!("can't make a temporary folder in {usual} nor in {data}; TMPDIR names another")
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
