//! The file: opened for its owner alone, locked while it is delivered from, copied whole while it
//! is in use, and put back.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use uuid::Uuid;

use super::WebhookError;
use crate::log::open_sqlite_file;

/// The name of the file, beside the log.
pub const FILE_NAME: &str = "webhooks.sqlite";

/// `DkWh`: what the file says of itself in its head.
const APPLICATION_ID: i64 = 0x446b_5768;
pub const VERSION: i64 = 1;
const EMPTY: &str = "it was emptied (0 bytes; docket leaves no empty file): put a copy back with \
                     `docket webhooks import`, or remove it to begin without endpoints";
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub const SCHEMA: &str = "
CREATE TABLE meta (log_id TEXT NOT NULL) STRICT;
CREATE TABLE endpoint (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    programs TEXT NOT NULL,           -- a JSON list; empty: all
    types TEXT NOT NULL,              -- a JSON list; empty: all
    created_at_us INTEGER NOT NULL,
    disabled_reason TEXT CHECK (disabled_reason IN ('operator', 'gone', 'exhausted')),
    disabled_at_us INTEGER,
    disabled_sequence INTEGER,        -- the delivery that did it
    next_sequence INTEGER NOT NULL,   -- the event to be looked at next
    paused_until_us INTEGER,          -- as the receiver asked with Retry-After
    replays INTEGER NOT NULL,         -- what was sent before the last replay counts no more
    secret BLOB NOT NULL,
    seed BLOB NOT NULL,
    previous_secret BLOB,
    previous_seed BLOB,
    previous_until_us INTEGER
) STRICT;
CREATE TABLE delivery (
    endpoint TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    lane TEXT NOT NULL,               -- deliveries of one lane wait for each other
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL,
    next_attempt_us INTEGER,
    last_attempt_us INTEGER,
    last_status INTEGER,
    last_error TEXT,
    PRIMARY KEY (endpoint, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_lane ON delivery (endpoint, lane, sequence) WHERE state = 'pending';
CREATE INDEX delivery_state ON delivery (endpoint, state, sequence);
";

fn failed(path: &Path) -> impl Fn(&dyn std::fmt::Display) -> WebhookError + '_ {
    |reason| WebhookError::File { path: path.to_owned(), reason: reason.to_string() }
}

/// Opens the file of a log, and makes it where there is none.
pub fn open(path: &Path, log_id: Uuid) -> Result<Connection, WebhookError> {
    let wrong = failed(path);
    match fs::metadata(path) {
        Ok(_) => {
            check_not_emptied(path)?;
            make_private(path).map_err(|error| wrong(&error))?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => create(path, log_id)?,
        Err(error) => return Err(wrong(&error)),
    }
    let connection = connect(path).map_err(|error| wrong(&error))?;
    let found = check(&connection, path)?;
    if found != log_id.to_string() {
        let (place, remedy) = (path.display().to_string(), "move the file away");
        return Err(WebhookError::OtherLog { place, found, expected: log_id, remedy });
    }
    Ok(connection)
}

/// Refuses a file that is there and empty, before anything is opened.
///
/// # Errors
/// [`WebhookError::File`].
pub fn check_not_emptied(path: &Path) -> Result<(), WebhookError> {
    match fs::metadata(path).is_ok_and(|data| data.len() == 0) {
        true => Err(failed(path)(&EMPTY)),
        false => Ok(()),
    }
}

/// Makes a file one that only its owner can read; what SQLite puts beside it gets the same rights.
fn make_private(path: &Path) -> std::io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o600))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// Makes the file under another name and gives it its own once it is whole, so that one that is empty
/// was emptied. Where two processes do so at once, the first one's counts.
fn create(path: &Path, log_id: Uuid) -> Result<(), WebhookError> {
    let wrong = failed(path);
    let next = beside(path, &format!(".{}.new", std::process::id()));
    let fill = || -> rusqlite::Result<()> {
        let mut connection = Connection::open(&next)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction()?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.execute_batch(SCHEMA)?;
        transaction.execute("INSERT INTO meta (log_id) VALUES (?1)", [log_id.to_string()])?;
        transaction.commit()?;
        connection.close().map_err(|(_, error)| error)
    };
    let place = || match fs::hard_link(&next, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    let _ = fs::remove_file(&next);
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next);
    made.map_err(|error| wrong(&error))?;
    let filled = fill().map_err(|error| wrong(&error));
    let placed = filled.and_then(|()| place().map_err(|error| wrong(&error)));
    let removed = fs::remove_file(&next).and_then(|()| sync_folder(path));
    placed.and(removed.map_err(|error| wrong(&error)))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Checks that it is a file of ours and of this version; the log that it belongs to.
fn check(connection: &Connection, path: &Path) -> Result<String, WebhookError> {
    let wrong = failed(path);
    let number = |name: &str| -> Result<i64, WebhookError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|error| wrong(&error))
    };
    if number("application_id")? != APPLICATION_ID {
        return Err(wrong(&"it is no file of webhooks"));
    }
    match number("user_version")? {
        VERSION => {}
        newer => {
            return Err(wrong(&format!(
                "it has version {newer}; this version of docket knows {VERSION}"
            )));
        }
    }
    connection
        .query_row("SELECT log_id FROM meta", (), |row| row.get(0))
        .map_err(|error| wrong(&error))
}

/// What tells a file from another that takes its place: device and number.
pub fn identity(path: &Path) -> Result<(u64, u64), WebhookError> {
    let wrong = failed(path);
    let metadata = fs::metadata(path).map_err(|error| wrong(&error))?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Held by the one process that delivers.
#[derive(Debug)]
pub struct DeliveryLock {
    file: File,
}

impl DeliveryLock {
    /// Lets go of it.
    pub fn release(&self) -> std::io::Result<()> {
        self.file.unlock()
    }
}

/// Takes the lock.
///
/// # Errors
/// [`WebhookError::InUse`].
pub fn lock(path: &Path) -> Result<DeliveryLock, WebhookError> {
    let lock = beside(path, ".lock");
    let wrong = failed(&lock);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock);
    let file = file.map_err(|error| wrong(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(DeliveryLock { file }),
        Err(TryLockError::WouldBlock) => Err(WebhookError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(wrong(&error)),
    }
}

/// Writes a copy of one instant, also while the file is delivered from. The copy holds secrets.
///
/// # Errors
/// [`WebhookError::File`]: no such file, or one at the target.
pub fn export(path: &Path, target: &Path) -> Result<(), WebhookError> {
    let wrong = failed(path);
    if !path.is_file() {
        return Err(wrong(&"there is none"));
    }
    check_not_emptied(path)?;
    let connection = open_sqlite_file(path).map_err(|error| wrong(&error))?;
    check(&connection, path)?;
    let at_target = failed(target);
    // SQLite fills an empty file and keeps its rights.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target);
    made.map_err(|error| at_target(&error))?;
    let name = target.to_str().ok_or_else(|| at_target(&"the path is not UTF-8"))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|error| at_target(&error))?;
    let written = File::open(target).and_then(|file| file.sync_all());
    written.map_err(|error| at_target(&error))
}

/// How many endpoints a file holds that is not used; none where it can't be read as one.
#[cfg(feature = "postgres")]
pub fn endpoints_in(path: &Path) -> Option<i64> {
    let (connection, _) = open_copy(path).ok()?;
    connection.query_row("SELECT COUNT(*) FROM endpoint", (), |row| row.get(0)).ok()
}

/// Makes a file for a copy of what is kept elsewhere; never over one that is there.
///
/// # Errors
/// [`WebhookError::File`].
#[cfg(feature = "postgres")]
pub fn make_copy(path: &Path, log_id: Uuid) -> Result<Connection, WebhookError> {
    if path.exists() {
        return Err(failed(path)(&"there is a file already"));
    }
    let connection = open(path, log_id)?;
    // One file, without a log beside it.
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(connection)
}

/// Opens a file that is there, and says whose it is.
///
/// # Errors
/// [`WebhookError::File`].
pub fn open_copy(path: &Path) -> Result<(Connection, Uuid), WebhookError> {
    let wrong = failed(path);
    if !path.is_file() {
        return Err(wrong(&"there is none"));
    }
    let connection = Connection::open(path).map_err(|error| wrong(&error))?;
    let log_id = check(&connection, path)?;
    let log_id = Uuid::parse_str(&log_id).map_err(|error| wrong(&error))?;
    Ok((connection, log_id))
}

/// Puts a copy in the place of the file; nothing may deliver from it meanwhile.
///
/// # Errors
/// [`WebhookError::InUse`], or [`WebhookError::File`] where the copy is none; the file is then as it
/// was.
pub fn import(copy: &Path, path: &Path) -> Result<(), WebhookError> {
    let _lock = lock(path)?;
    let at_copy = failed(copy);
    if !copy.is_file() {
        return Err(at_copy(&"there is none"));
    }
    let connection = Connection::open(copy).map_err(|error| at_copy(&error))?;
    check(&connection, copy)?;
    drop(connection);
    let wrong = failed(path);
    let replace = || {
        let next = path.with_extension("sqlite.import");
        let _ = fs::remove_file(&next);
        fs::copy(copy, &next)?;
        let file = File::open(&next)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.sync_all()?;
        // What SQLite kept beside the old file must not be applied to the new one.
        for suffix in ["-wal", "-shm"] {
            match fs::remove_file(beside(path, suffix)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&next, path)?;
        sync_folder(path)
    };
    replace().map_err(|error: std::io::Error| wrong(&error))
}
