//! Read models to be compared with what the log says, in a folder where nothing can be written: what is
//! made for the comparison is made in a temporary folder.

use std::io::ErrorKind;
use std::sync::Arc;

use crate::cli::config::Config;
use crate::cli::temporary::TemporaryFolder;
use crate::projection::store::{CopyReader, CopyWriter, RebuildLock};
use crate::projection::{Copies, CopyId, Mode, Models, SqliteCopies, StoreError};

/// Copies that are read where they are, and made elsewhere.
struct Elsewhere {
    served: Arc<dyn Copies>,
    made: SqliteCopies,
    /// Removed when dropped.
    _folder: TemporaryFolder,
}

/// These copies, for commands that only read; where their folder can't be written, others are made
/// elsewhere.
///
/// # Errors
/// Where there is no room elsewhere either.
pub fn where_writable(copies: Arc<dyn Copies>, config: &Config) -> anyhow::Result<Arc<dyn Copies>> {
    if !config.store.read_model.starts_with("sqlite:") {
        return Ok(copies);
    }
    let unwritable = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem];
    match copies.lock_rebuild() {
        Err(StoreError::Io { source, .. }) if unwritable.contains(&source.kind()) => {}
        _ => return Ok(copies),
    }
    let folder = TemporaryFolder::new(&config.store.data_dir)?;
    let made = SqliteCopies::new(folder.path());
    Ok(Arc::new(Elsewhere { served: copies, made, _folder: folder }))
}

impl Copies for Elsewhere {
    fn place(&self) -> String {
        self.served.place()
    }

    fn serving(&self) -> Result<Option<CopyId>, StoreError> {
        self.served.serving()
    }

    fn kept(&self) -> Result<Option<CopyId>, StoreError> {
        self.served.kept()
    }

    fn keep(&self, lock: &dyn RebuildLock, copy: Option<&CopyId>) -> Result<(), StoreError> {
        self.served.keep(lock, copy)
    }

    fn damage(&self, copy: &CopyId) -> Result<Option<String>, StoreError> {
        self.served.damage(copy)
    }

    fn report_damage(&self, copy: &CopyId, what: &str) -> Result<(), StoreError> {
        self.served.report_damage(copy, what)
    }

    fn open(&self, copy: &CopyId) -> Result<Box<dyn CopyWriter>, StoreError> {
        self.made.open(copy)
    }

    fn reader(&self, copy: &CopyId) -> Result<Box<dyn CopyReader>, StoreError> {
        match self.made.path(copy).is_file() {
            true => self.made.reader(copy),
            false => self.served.reader(copy),
        }
    }

    fn lock_rebuild(&self) -> Result<Box<dyn RebuildLock>, StoreError> {
        self.made.lock_rebuild()
    }

    fn create(
        &self,
        lock: &dyn RebuildLock,
        mode: Mode,
        models: &Models,
    ) -> Result<Box<dyn CopyWriter>, StoreError> {
        self.made.create(lock, mode, models)
    }

    fn serve(&self, lock: &dyn RebuildLock, copy: &CopyId) -> Result<(), StoreError> {
        self.served.serve(lock, copy)
    }

    fn remove(&self, lock: &dyn RebuildLock, copy: &CopyId) -> Result<(), StoreError> {
        self.made.remove(lock, copy)
    }

    fn replace_stuck(&self, copy: &CopyId) -> Result<Option<CopyId>, StoreError> {
        self.served.replace_stuck(copy)
    }
}
