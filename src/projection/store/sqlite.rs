//! Copies as SQLite files in a folder.
//!
//! The file `serving` names the copy that serves; it is replaced by a rename. WAL with
//! `synchronous=NORMAL`: after a power loss the last batches may be missing, rows and checkpoint
//! together, and are made again from the log.

mod background;
mod read;
mod rows;
mod write;

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use super::{Checkpoint, Copies, CopyId, CopyReader, CopyWriter, Mode, RebuildLock, unsigned};
use crate::projection::models::Models;
use crate::projection::{DatabaseError, StoreError};
use read::{SqliteReader, connect_reading};
use write::SqliteWriter;

const SERVING: &str = "serving";
/// Names the copy that a rebuild differed from.
const KEPT: &str = "kept";
/// What the name of a copy ends with where its damage is reported.
const DAMAGED: &str = ".damaged";
const LOCK: &str = "lock";
/// The checksum of a table without rows.
const NO_ROWS: &str = "INSERT INTO table_checksum (name, checksum) VALUES (?1, '0')";
const SCHEMA: &str = include_str!("../../../projections/checkpoint/tables.sql");

/// The folder of the copies.
#[derive(Debug, Clone)]
pub struct SqliteCopies {
    folder: PathBuf,
    /// The copy looked at last, and how long its file was: it never gets shorter. Only looked at from
    /// outside, since closing a descriptor of it would drop SQLite's locks.
    longest: Arc<Mutex<Option<(CopyId, u64)>>>,
}

/// How long a process that makes a copy may give no sign of life before another one may.
const STUCK: Duration = Duration::from_secs(10);
/// How often it gives one.
const BEAT: Duration = Duration::from_secs(1);

/// A lock on a file of the folder: gone with the process that has it. A process that was stopped
/// still has it, so a thread gives signs of life: the file's time.
struct FolderLock {
    file: File,
    _stop: Sender<()>,
}

impl RebuildLock for FolderLock {}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // The thread's handle is of the same lock, and is closed a little later.
        let _ = self.file.unlock();
    }
}

impl FolderLock {
    fn new(file: File) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        beat(&file);
        let beating = file.try_clone()?;
        // Without the thread another process may begin anew after a while; nothing is lost.
        let _ = std::thread::Builder::new().name("rebuild-beat".to_owned()).spawn(move || {
            while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                beat(&beating);
            }
        });
        Ok(Self { file, _stop: stop })
    }
}

#[expect(clippy::disallowed_methods, reason = "the time of a file, compared with itself")]
fn beat(file: &File) {
    let _ = file.set_modified(SystemTime::now());
}

impl SqliteCopies {
    /// The copies in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), longest: Arc::default() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a copy.
    pub fn path(&self, copy: &CopyId) -> PathBuf {
        self.folder.join(&copy.0)
    }

    /// The copy that a file names; nothing where the file is missing, or was damaged: what is derived
    /// is made anew.
    fn named(&self, pointer: &str) -> Result<Option<CopyId>, StoreError> {
        let pointer = self.folder.join(pointer);
        let name = match fs::read(&pointer) {
            Ok(name) => CopyId(String::from_utf8_lossy(&name).trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(&pointer)(error)),
        };
        let is_name = name.0.starts_with("copy-") && !name.0.contains(['/', '\0']);
        Ok((is_name && self.path(&name).is_file()).then_some(name))
    }

    /// Whether the file of a copy is shorter than it was.
    fn is_cut(&self, copy: &CopyId) -> Result<bool, StoreError> {
        let path = self.path(copy);
        let length = fs::metadata(&path).map_err(StoreError::io(&path))?.len();
        let mut longest = self.longest.lock().unwrap_or_else(PoisonError::into_inner);
        let before = longest.as_ref().filter(|(of, _)| of == copy).map_or(0, |(_, length)| *length);
        if length >= before {
            *longest = Some((copy.clone(), length));
        }
        Ok(length < before || length == 0)
    }

    /// The name of the next copy. Those that neither serve nor are kept are removed.
    fn next(&self) -> Result<CopyId, StoreError> {
        /// The number of the newest copy of this process: if all are lost, no name comes back.
        static NEWEST: AtomicU64 = AtomicU64::new(0);
        let keep: Vec<_> = self.serving()?.into_iter().chain(self.kept()?).collect();
        let mut newest = NEWEST.load(Ordering::Relaxed);
        for entry in fs::read_dir(&self.folder).map_err(StoreError::io(&self.folder))? {
            let path = entry.map_err(StoreError::io(&self.folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(rest) = name.strip_prefix("copy-") else { continue };
            let number = rest.split(['.', '-']).next().and_then(|number| number.parse().ok());
            newest = newest.max(number.unwrap_or(0u64));
            if !keep.iter().any(|kept| name.starts_with(&kept.0)) {
                fs::remove_file(&path).map_err(StoreError::io(&path))?;
            }
        }
        NEWEST.fetch_max(newest + 1, Ordering::Relaxed);
        // With the process, so that no name comes back: who was stopped must not serve another's.
        Ok(CopyId(format!("copy-{:06}-{}.sqlite", newest + 1, std::process::id())))
    }

    /// Another lock in the place of one whose process gives no sign of life.
    fn replace_lock(&self, path: &Path) -> Result<File, StoreError> {
        let next = self.folder.join(format!("lock.{}", std::process::id()));
        let file = File::create(&next).map_err(StoreError::io(&next))?;
        file.try_lock().map_err(|_| StoreError::InUse(self.place()))?;
        fs::rename(&next, path).map_err(StoreError::io(path))?;
        Ok(file)
    }

    /// Names a copy in a file.
    fn point_to(&self, pointer: &str, copy: &CopyId) -> Result<(), StoreError> {
        let next = self.folder.join(format!("{pointer}.next"));
        let mut file = File::create(&next).map_err(StoreError::io(&next))?;
        writeln!(file, "{copy}").map_err(StoreError::io(&next))?;
        file.sync_all().map_err(StoreError::io(&next))?;
        fs::rename(&next, self.folder.join(pointer)).map_err(StoreError::io(&next))?;
        let folder = File::open(&self.folder).map_err(StoreError::io(&self.folder))?;
        folder.sync_all().map_err(StoreError::io(&self.folder))
    }
}

impl Copies for SqliteCopies {
    fn place(&self) -> String {
        self.folder.display().to_string()
    }

    fn serving(&self) -> Result<Option<CopyId>, StoreError> {
        self.named(SERVING)
    }

    fn kept(&self) -> Result<Option<CopyId>, StoreError> {
        self.named(KEPT)
    }

    fn keep(&self, lock: &dyn RebuildLock, copy: Option<&CopyId>) -> Result<(), StoreError> {
        let before = self.kept()?.filter(|before| Some(before) != copy);
        match copy {
            Some(copy) => self.point_to(KEPT, copy)?,
            None => removed(&self.folder.join(KEPT))?,
        }
        before.map_or(Ok(()), |before| self.remove(lock, &before))
    }

    fn damage(&self, copy: &CopyId) -> Result<Option<String>, StoreError> {
        if self.serving()?.as_ref() != Some(copy) {
            return Ok(None);
        }
        let path = self.folder.join(format!("{copy}{DAMAGED}"));
        match fs::read(&path) {
            Ok(what) => return Ok(Some(String::from_utf8_lossy(&what).trim().to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io(&path)(error)),
        }
        if self.is_cut(copy)? {
            return Ok(Some("its file is shorter than it was".to_owned()));
        }
        // Opened anew: what is open already may still show what was there before.
        let looked = SqliteReader::open(&self.path(copy)).map_err(DatabaseError::from);
        match looked.and_then(|mut reader| reader.checkpoint()) {
            Ok(_) => Ok(None),
            Err(error) if error.is_damage() => Ok(Some(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    fn report_damage(&self, copy: &CopyId, what: &str) -> Result<(), StoreError> {
        let path = self.folder.join(format!("{copy}{DAMAGED}"));
        fs::write(&path, what).map_err(StoreError::io(&path))
    }

    fn inspect(&self, copy: &CopyId, end: Arc<AtomicBool>) -> Result<Option<String>, StoreError> {
        match whole(&self.path(copy), end) {
            Ok(lines) if lines == ["ok"] => Ok(None),
            Ok(lines) => Ok(Some(lines.join("; "))),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
                Err(StoreError::Interrupted)
            }
            Err(error) => match DatabaseError::from(error) {
                error if error.is_damage() => Ok(Some(error.to_string())),
                error => Err(error.into()),
            },
        }
    }

    fn open(&self, copy: &CopyId) -> Result<Box<dyn CopyWriter>, StoreError> {
        Ok(Box::new(SqliteWriter::open(self.clone(), copy.clone())?))
    }

    fn reader(&self, copy: &CopyId) -> Result<Box<dyn CopyReader>, StoreError> {
        Ok(Box::new(SqliteReader::open(&self.path(copy))?))
    }

    fn lock_rebuild(&self) -> Result<Box<dyn RebuildLock>, StoreError> {
        fs::create_dir_all(&self.folder).map_err(StoreError::io(&self.folder))?;
        let path = self.folder.join(LOCK);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(StoreError::io(&path))?;
        let file = match file.try_lock() {
            Ok(()) => file,
            Err(TryLockError::WouldBlock) if is_stuck(&file) => self.replace_lock(&path)?,
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(self.place())),
            Err(TryLockError::Error(error)) => return Err(StoreError::io(&path)(error)),
        };
        Ok(Box::new(FolderLock::new(file).map_err(StoreError::io(&path))?))
    }

    fn create(
        &self,
        _lock: &dyn RebuildLock,
        mode: Mode,
        models: &Models,
    ) -> Result<Box<dyn CopyWriter>, StoreError> {
        let copy = self.next()?;
        let connection = connect(&self.path(&copy), mode)?;
        connection.execute_batch(SCHEMA)?;
        for model in models.iter() {
            for table in model.tables() {
                connection.execute_batch(&table.sqlite())?;
                connection.execute(NO_ROWS, [table.name])?;
            }
            connection.execute(
                "INSERT INTO read_model (name, version) VALUES (?1, ?2)",
                params![model.name(), model.version()],
            )?;
        }
        if mode == Mode::Following {
            for model in models.iter() {
                connection.execute_batch(model.indexes_sql())?;
            }
        }
        Ok(Box::new(SqliteWriter::new(self.clone(), copy, connection, mode)?))
    }

    fn serve(&self, _lock: &dyn RebuildLock, copy: &CopyId) -> Result<(), StoreError> {
        let path = self.path(copy);
        let data = File::open(&path).map_err(StoreError::io(&path))?;
        data.sync_all().map_err(StoreError::io(&path))?;
        self.point_to(SERVING, copy)
    }

    fn remove(&self, _lock: &dyn RebuildLock, copy: &CopyId) -> Result<(), StoreError> {
        ["", "-wal", "-shm", "-journal", DAMAGED]
            .iter()
            .try_for_each(|suffix| removed(&self.folder.join(format!("{copy}{suffix}"))))
    }

    /// A process that was stopped in the middle of a batch keeps SQLite's lock on the file. What it
    /// had committed can be read beside it, so it goes on in another file; what it writes when it
    /// wakes is in a file that nobody serves from.
    fn replace_stuck(&self, copy: &CopyId) -> Result<Option<CopyId>, StoreError> {
        let _lock = self.lock_rebuild()?;
        if self.serving()?.as_ref() != Some(copy) {
            return Ok(None);
        }
        let next = self.next()?;
        let path = self.path(&next);
        // Not `query_only`, which forbids to write another file too.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let from = Connection::open_with_flags(self.path(copy), flags)?;
        let to = path.to_string_lossy();
        from.execute("VACUUM INTO ?1", [to])?;
        drop(from);
        let connection = connect(&path, Mode::Following)?;
        connection.execute("UPDATE checkpoint SET epoch = epoch + 1, holder = NULL", [])?;
        connection.close().map_err(|(_, error)| error)?;
        let data = File::open(&path).map_err(StoreError::io(&path))?;
        data.sync_all().map_err(StoreError::io(&path))?;
        self.point_to(SERVING, &next)?;
        Ok(Some(next))
    }
}

/// What SQLite's own check of a whole file says: of its pages, and of each index against its table.
fn whole(path: &Path, end: Arc<AtomicBool>) -> rusqlite::Result<Vec<String>> {
    let mut connection = connect_reading(path)?;
    connection.progress_handler(2_000, Some(move || end.load(Ordering::Relaxed)))?;
    let mut check = connection.prepare("PRAGMA integrity_check(10)")?;
    check.query_map([], |row| row.get(0))?.collect()
}

/// Removes a file that may be gone already.
fn removed(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io(path)(error))
        }
        _ => Ok(()),
    }
}

/// Whether the process that has a lock gives no sign of life: none for long, and none now.
fn is_stuck(lock: &File) -> bool {
    let modified = || lock.metadata().and_then(|data| data.modified()).ok();
    let Some(before) = modified() else { return false };
    if before.elapsed().is_ok_and(|since| since <= STUCK) {
        return false;
    }
    std::thread::sleep(BEAT * 3);
    modified() == Some(before)
}

/// Opens a copy for writing.
fn connect(path: &Path, mode: Mode) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    // Else SQLite plans a statement anew whenever a value that bounds a range is another: in a
    // rebuild, for almost every row.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    follow(&connection)?;
    if mode == Mode::Filling {
        // Flushed as a whole before it serves; see `Copies::serve`.
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             PRAGMA main.locking_mode = EXCLUSIVE; PRAGMA cache_size = -32768; PRAGMA temp_store = FILE;",
        )?;
    }
    Ok(connection)
}

/// How a copy is written while it is read.
fn follow(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    connection.execute_batch(
        "PRAGMA main.locking_mode = NORMAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 16000;",
    )?;
    Ok(())
}

/// How far a copy has read, and who writes it.
fn checkpoint(connection: &Connection) -> Result<Checkpoint, rusqlite::Error> {
    let mut select = connection.prepare_cached(
        "SELECT position, known_at, log, epoch, holder, lease, failed, failure FROM checkpoint",
    )?;
    select.query_row([], |row| {
        Ok(Checkpoint {
            position: row.get::<_, Option<i64>>(0)?.map(unsigned),
            known_at_us: row.get(1)?,
            log: row.get(2)?,
            epoch: unsigned(row.get(3)?),
            holder: row.get(4)?,
            beats: row.get(5)?,
            failed: row.get::<_, Option<i64>>(6)?.map(unsigned).zip(row.get(7)?),
        })
    })
}
