//! Operations as they lie in a folder, each in a folder of its own by its id: what it says of itself, what
//! was sent until it is done, its report or the bundle that was made.
//!
//! What must hold: what is answered 202 is flushed; a state is replaced as a whole, never half written.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::operation::Operation;

const SAYS: &str = "operation.json";
const SENT: &str = "sent";
const REPORT: &str = "report.ndjson";
const RESULT: &str = "result.zip";
const SCRATCH: &str = "scratch";
const INCOMING: &str = ".incoming-";

/// The folder of operations.
pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// Opens the folder, makes it if need be, and removes what never became an operation.
    ///
    /// # Errors
    /// Those of the system.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(INCOMING) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(Self { folder: folder.to_owned() })
    }

    fn of(&self, id: Uuid) -> PathBuf {
        self.folder.join(id.to_string())
    }

    /// Where what was sent lies.
    pub fn sent(&self, id: Uuid) -> PathBuf {
        self.of(id).join(SENT)
    }

    /// Where the report lies.
    pub fn report(&self, id: Uuid) -> PathBuf {
        self.of(id).join(REPORT)
    }

    /// Where the bundle lies that was made.
    pub fn result(&self, id: Uuid) -> PathBuf {
        self.of(id).join(RESULT)
    }

    /// Keeps the bundle that was made.
    ///
    /// # Errors
    /// Those of the system.
    pub fn keep_result(&self, id: Uuid, bytes: &[u8]) -> io::Result<()> {
        write(&self.result(id), bytes)
    }

    /// An empty folder for the work on one.
    ///
    /// # Errors
    /// Those of the system.
    pub fn scratch(&self, id: Uuid) -> io::Result<PathBuf> {
        let scratch = self.of(id).join(SCRATCH);
        match fs::remove_dir_all(&scratch) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir(&scratch)?,
        }
        Ok(scratch)
    }

    /// A folder for what is being sent, and the file for it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn incoming(&self, number: u64) -> io::Result<(PathBuf, File)> {
        let folder = self.folder.join(format!("{INCOMING}{number}"));
        fs::create_dir(&folder)?;
        let file = File::create(folder.join(SENT))?;
        Ok((folder, file))
    }

    /// Where what is being sent lies in its folder.
    pub fn sent_in(folder: &Path) -> PathBuf {
        folder.join(SENT)
    }

    /// Makes what was sent an operation; that of an earlier one with the same id goes.
    ///
    /// # Errors
    /// Those of the system.
    pub fn place(&self, incoming: &Path, operation: &Operation) -> io::Result<()> {
        write(&incoming.join(SAYS), &serde_json::to_vec(operation)?)?;
        File::open(incoming)?.sync_all()?;
        let folder = self.of(operation.id);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::rename(incoming, &folder)?,
        }
        File::open(&self.folder)?.sync_all()
    }

    /// What one says of itself, if there is one.
    ///
    /// # Errors
    /// Those of the system; what is no operation of this version.
    pub fn read(&self, id: Uuid) -> io::Result<Option<Operation>> {
        match fs::read(self.of(id).join(SAYS)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Notes where one stands; what was sent, and what its work left, goes once it is done.
    ///
    /// # Errors
    /// Those of the system.
    pub fn note(&self, operation: &Operation) -> io::Result<()> {
        let folder = self.of(operation.id);
        write(&folder.join(SAYS), &serde_json::to_vec(operation)?)?;
        File::open(&folder)?.sync_all()?;
        if operation.state.is_done() {
            for leftover in fs::read_dir(&folder)? {
                let path = leftover?.path();
                if path.is_dir() {
                    fs::remove_dir_all(path)?;
                } else if path.file_name().is_some_and(|name| name == SENT) {
                    fs::remove_file(path)?;
                }
            }
        }
        Ok(())
    }

    /// All of them, the newest first.
    ///
    /// # Errors
    /// Those of the system.
    pub fn all(&self) -> io::Result<Vec<Operation>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(|name| Uuid::parse_str(name).ok()) else {
                continue;
            };
            // One that was removed meanwhile, or that another version made, is none of them.
            if let Ok(Some(operation)) = self.read(id) {
                all.push(operation);
            }
        }
        all.sort_by_key(|operation| (std::cmp::Reverse(operation.created_us), operation.id));
        Ok(all)
    }

    /// Removes one.
    ///
    /// # Errors
    /// Those of the system.
    pub fn remove(&self, id: Uuid) -> io::Result<()> {
        fs::remove_dir_all(self.of(id))
    }
}

/// Writes a file as a whole, flushed.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let next = path.with_extension("next");
    let mut file = File::create(&next)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(next, path)
}
