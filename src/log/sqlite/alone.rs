//! Reading an SQLite file where nothing can be written: on a medium that is read-only, or in somebody
//! else's folder. SQLite keeps `-shm` and `-wal` beside a file in WAL mode, also for reading, and
//! refuses to open the file where it can't make them.
//!
//! What must hold: without them a file is read only while nobody writes it. Whoever has it open keeps
//! a `-shm` beside it, and then SQLite shares that one, which takes no more than the right to read. So
//! where there is none, nobody writes; and should somebody begin meanwhile, the files are not what
//! they were ([`Seal`]), and what was read counts for nothing. Events in a `-wal` that a crash left
//! are read, by an index in memory; they are not moved into the file.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::file::beside;

/// How long a connection waits for another's lock. Docket's own hold none for long; an auditor's
/// tool may.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const READING: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens an SQLite file for reading, whether or not anything can be written beside it.
///
/// # Errors
/// Those of SQLite.
pub fn open_sqlite_file(path: &Path) -> rusqlite::Result<Connection> {
    let connection = ready(Connection::open_with_flags(path, READING)?)?;
    match look(&connection) {
        Err(error) if cannot_share(&error) && !beside(path, "-shm").exists() => {}
        looked => return looked.map(|()| connection),
    }
    drop(connection);
    let alone = open_alone(path)?;
    look(&alone)?;
    Ok(alone)
}

fn ready(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// The first question opens what is beside the file.
fn look(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn cannot_share(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied))
}

fn open_alone(path: &Path) -> rusqlite::Result<Connection> {
    if length(&beside(path, "-wal")) == 0 {
        let uri = format!("file:{}?immutable=1", escaped(path));
        return Connection::open_with_flags(uri, READING | OpenFlags::SQLITE_OPEN_URI);
    }
    // With locks that are none, since nobody is there to lock out, the index of the WAL is kept in
    // memory and not in a `-shm`.
    let connection = Connection::open_with_flags_and_vfs(path, READING, c"unix-none")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE;")?;
    Ok(connection)
}

/// A path as a part of a URI.
fn escaped(path: &Path) -> String {
    let byte = |byte: &u8| match byte {
        b'/' | b'.' | b'_' | b'-' | b'~' => char::from(*byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    path.as_os_str().as_bytes().iter().map(byte).collect()
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// What shows that nobody has written a file that is read alone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seal([Option<(u64, u64, i64, i64)>; 3]);

impl Seal {
    /// The seal of a file that was just opened; nothing where its readers and writers share a `-shm`.
    pub fn of_alone(path: &Path) -> Option<Seal> {
        let seal = Seal::of(path);
        seal.0[2].is_none().then_some(seal)
    }

    fn of(path: &Path) -> Seal {
        let shown = |suffix| {
            let data = fs::metadata(beside(path, suffix)).ok()?;
            Some((data.ino(), data.len(), data.mtime(), data.mtime_nsec()))
        };
        Seal(["", "-wal", "-shm"].map(shown))
    }

    /// Whether the file is what it was.
    pub fn holds(&self, path: &Path) -> bool {
        *self == Seal::of(path)
    }
}
