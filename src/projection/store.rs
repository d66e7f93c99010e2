//! Where the read models are kept: a folder of copies, one of which serves.
//!
//! A copy is one SQLite file with every table and one checkpoint. The file `serving` names the copy
//! that serves; it is replaced by a rename, so that a rebuild that is killed leaves the old copy
//! serving and a half one that nobody reads. WAL with `synchronous=NORMAL`: after a power loss the
//! last batches may be missing, rows and checkpoint together, and are made again from the log.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params,
};
use uuid::Uuid;

use super::page::Decoded;
use super::value::IdText;
use super::{Projection, ProjectionError, StoreError};

const SERVING: &str = "serving";
const LOCK: &str = "lock";
const SCHEMA: &str = include_str!("../../projections/checkpoint/tables.sql");

/// The folder of the copies.
#[derive(Debug, Clone)]
pub struct Copies {
    folder: PathBuf,
}

/// A lock on the folder: one process at a time writes read models.
#[derive(Debug)]
pub struct WriteLock {
    _file: File,
}

/// Which copy serves, and how far it has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// The file.
    pub path: PathBuf,
}

impl Copies {
    /// The copies in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The copy that serves, if there is one.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn serving(&self) -> Result<Option<Serving>, StoreError> {
        let pointer = self.folder.join(SERVING);
        let name = match fs::read_to_string(&pointer) {
            Ok(name) => name,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(&pointer)(error)),
        };
        let path = self.folder.join(name.trim());
        Ok(path.is_file().then_some(Serving { path }))
    }

    /// Locks the folder for writing; creates it when there is none.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it.
    pub fn lock(&self) -> Result<WriteLock, StoreError> {
        fs::create_dir_all(&self.folder).map_err(StoreError::io(&self.folder))?;
        let path = self.folder.join(LOCK);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(StoreError::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(WriteLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(self.folder.clone())),
            Err(TryLockError::Error(error)) => Err(StoreError::io(&path)(error)),
        }
    }

    /// The path of a new copy. Copies that don't serve, left by a rebuild that was killed or
    /// replaced by one that was not, are removed.
    ///
    /// # Errors
    /// When the folder can't be changed.
    pub fn new_copy(&self, _lock: &WriteLock) -> Result<PathBuf, StoreError> {
        let serving = self.serving()?.map(|serving| serving.path);
        let mut newest = 0;
        for entry in fs::read_dir(&self.folder).map_err(StoreError::io(&self.folder))? {
            let path = entry.map_err(StoreError::io(&self.folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(rest) = name.strip_prefix("copy-") else { continue };
            let is_serving = serving.as_ref().is_some_and(|serving| {
                let serving = serving.file_name().and_then(|name| name.to_str());
                serving.is_some_and(|serving| name.starts_with(serving))
            });
            if is_serving {
                let number = rest.split('.').next().and_then(|number| number.parse().ok());
                newest = newest.max(number.unwrap_or(0u64));
            } else {
                fs::remove_file(&path).map_err(StoreError::io(&path))?;
            }
        }
        Ok(self.folder.join(format!("copy-{:06}.sqlite", newest + 1)))
    }

    /// Makes a finished copy the one that serves: in one rename, flushed.
    ///
    /// # Errors
    /// When the folder can't be changed; then the old copy serves on.
    pub fn serve(&self, copy: &Path, _lock: &WriteLock) -> Result<(), StoreError> {
        let data = File::open(copy).map_err(StoreError::io(copy))?;
        data.sync_all().map_err(StoreError::io(copy))?;
        let name = copy.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let next = self.folder.join("serving.next");
        let mut file = File::create(&next).map_err(StoreError::io(&next))?;
        writeln!(file, "{name}").map_err(StoreError::io(&next))?;
        file.sync_all().map_err(StoreError::io(&next))?;
        fs::rename(&next, self.folder.join(SERVING)).map_err(StoreError::io(&next))?;
        let folder = File::open(&self.folder).map_err(StoreError::io(&self.folder))?;
        folder.sync_all().map_err(StoreError::io(&self.folder))
    }
}

/// One copy, open for writing.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    position: Option<u64>,
    known_at_us: i64,
}

/// How a copy is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To follow the log, with readers beside.
    Following,
    /// To be filled from the log, without readers; a crash leaves nothing that can be used.
    Filling,
}

impl Store {
    /// Creates an empty copy with the tables of these read models.
    ///
    /// # Errors
    /// When the file can't be made.
    pub fn create(
        path: &Path,
        mode: Mode,
        projections: &[Box<dyn Projection>],
    ) -> Result<Self, StoreError> {
        let connection = connect(path, mode)?;
        connection.execute_batch(SCHEMA)?;
        for projection in projections {
            connection.execute_batch(projection.tables_sql())?;
            connection.execute(
                "INSERT INTO read_model (name, version) VALUES (?1, ?2)",
                params![projection.name(), projection.version()],
            )?;
        }
        if mode == Mode::Following {
            for projection in projections {
                connection.execute_batch(projection.indexes_sql())?;
            }
        }
        Ok(Self { connection, path: path.to_owned(), position: None, known_at_us: i64::MIN })
    }

    /// Opens a copy to go on from its checkpoint.
    ///
    /// # Errors
    /// When it can't be opened or is no copy.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, StoreError> {
        let connection = connect(path, mode)?;
        let (position, known_at_us) = checkpoint(&connection)?;
        Ok(Self { connection, path: path.to_owned(), position, known_at_us })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The sequence of the last event whose rows are in; `None` before the first.
    pub fn position(&self) -> Option<u64> {
        self.position
    }

    /// The running maximum of `recorded_at` up to the position, in microseconds UTC.
    pub fn known_at_us(&self) -> i64 {
        self.known_at_us
    }

    /// The id of the first event of the log that it was made from.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn log(&self) -> Result<Option<String>, StoreError> {
        Ok(self.connection.query_row("SELECT log FROM checkpoint", [], |row| row.get(0))?)
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The read models whose tables are missing or of another version.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn stale(&self, projections: &[Box<dyn Projection>]) -> Result<Vec<String>, StoreError> {
        let mut stale = Vec::new();
        for projection in projections {
            let version: Option<u32> = self
                .connection
                .query_row(
                    "SELECT version FROM read_model WHERE name = ?1",
                    [projection.name()],
                    |row| row.get(0),
                )
                .optional()?;
            if version != Some(projection.version()) {
                stale.push(projection.name().to_owned());
            }
        }
        Ok(stale)
    }

    /// Writes rows and checkpoint in one transaction. The checkpoint moves only from the position
    /// that was read: if another writer moved it, everything is rolled back.
    ///
    /// # Errors
    /// Those of `write`; [`ProjectionError::Fenced`]. Nothing was kept then.
    pub fn commit<T>(
        &mut self,
        write: impl FnOnce(&Connection) -> Result<(T, Moved), ProjectionError>,
    ) -> Result<T, ProjectionError> {
        let tx = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        if checkpoint(&tx)?.0 != self.position {
            return Err(ProjectionError::Fenced { expected: self.position });
        }
        let (result, moved) = write(&tx)?;
        let known_at_us = self.known_at_us.max(moved.recorded_at_us);
        let from = self.position.map(signed);
        let rows = tx.execute(
            "UPDATE checkpoint SET position = ?1, known_at = ?2, log = coalesce(?4, log)
             WHERE position IS ?3",
            params![signed(moved.to), known_at_us, from, moved.log.map(IdText::from)],
        )?;
        if rows != 1 {
            return Err(ProjectionError::Fenced { expected: self.position });
        }
        tx.commit()?;
        self.position = Some(moved.to);
        self.known_at_us = known_at_us;
        Ok(result)
    }
}

/// How far a batch moves the checkpoint.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    /// The sequence of its last event.
    pub to: u64,
    /// The latest `recorded_at` in it.
    pub recorded_at_us: i64,
    /// The id of the log's first event, if it is in the batch.
    pub log: Option<Uuid>,
}

impl Moved {
    /// How far these events move it.
    ///
    /// # Errors
    /// When there are none.
    pub fn over(batch: &[Decoded]) -> Result<Self, ProjectionError> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return Err(ProjectionError::Inconsistent("a batch without events".to_owned()));
        };
        let recorded = batch.iter().map(|event| event.envelope.recorded_at_us);
        Ok(Self {
            to: last.sequence(),
            recorded_at_us: recorded.max().unwrap_or(i64::MIN),
            log: (first.sequence() == 0).then_some(first.envelope.event_id),
        })
    }

    /// How far it moves together with what came before.
    #[must_use]
    pub fn after(self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        let recorded_at_us = self.recorded_at_us.max(before.recorded_at_us);
        Self { to: self.to, recorded_at_us, log: before.log.or(self.log) }
    }
}

fn connect(path: &Path, mode: Mode) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let pragmas = match mode {
        Mode::Following => {
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;"
        }
        // Flushed as a whole before it serves; see `Copies::serve`.
        Mode::Filling => {
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA main.locking_mode = EXCLUSIVE;
             PRAGMA cache_size = -32768; PRAGMA temp_store = FILE;"
        }
    };
    connection.execute_batch(pragmas)?;
    Ok(connection)
}

/// Opens a copy for reading, also while it is written.
pub(super) fn connect_reading(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA cache_size = -4096; PRAGMA query_only = ON;")?;
    Ok(connection)
}

/// The position of a copy and the running maximum of `recorded_at` up to it.
pub(super) fn checkpoint(connection: &Connection) -> Result<(Option<u64>, i64), rusqlite::Error> {
    connection.query_row("SELECT position, known_at FROM checkpoint", [], |row| {
        let position: Option<i64> = row.get(0)?;
        Ok((position.map(unsigned), row.get(1)?))
    })
}

/// A number of the log as SQLite keeps it: it can't reach the sign.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The other way.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
