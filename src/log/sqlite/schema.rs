//! The stored format: creating a log file, opening connections to it, and refusing what is not a
//! log of a format known here. The tables are in `schema.sql`.
//!
//! `application_id` says that the file is a Docket log, `user_version` its format. A file is created
//! under another name and given its own once complete, so no crash leaves half a log.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::fs;
use std::io;
use std::path::Path;

use super::alone::{BUSY_TIMEOUT, open_sqlite_file};
use super::file::{OpenError, WRITE_FOLDER, beside, sync_folder};
use super::lock::{file_id, holders};

const SCHEMA: &str = include_str!("schema.sql");
/// `DOCK` in ASCII.
const APPLICATION_ID: i32 = 0x444F_434B;
/// The newest format this program reads, and the one it writes.
const FORMAT: i32 = 1;

/// Measured with events of 600 bytes: reading is a third faster than with SQLite's 4,096 and not much
/// slower than with 16,384, where 64 appenders at once lose a third of their rate.
const PAGE_BYTES: u32 = 8192;

/// What SQLite found wrong, in our words.
pub(super) fn explain(path: &Path, error: &rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            OpenError::NotALog { path, reason: "it is not an SQLite file".to_owned() }
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            let length = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            OpenError::Damaged {
                reason: format!("it is cut short or overwritten ({reason}; {length} bytes)"),
                path,
            }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            OpenError::ReadOnly {
                path: path.parent().unwrap_or(&path).to_owned(),
                help: WRITE_FOLDER,
            }
        }
        // The last: its index can't be made anew, since another program holds the lock for that.
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => {
            let files = [&path, &beside(&path, "-shm")]
                .map(|path| fs::metadata(path).map_or((0, 0), |metadata| file_id(&metadata)));
            let others = holders(&files).map(|named| format!(": {named}")).unwrap_or_default();
            let holder = format!("another program holds SQLite's lock on it{others}");
            OpenError::InUse { path, holder }
        }
        _ => OpenError::Sqlite { path, reason },
    }
}

/// Creates an empty log at `path`, complete or not at all. The caller holds the note.
pub(super) fn create(path: &Path) -> Result<(), OpenError> {
    let io_error = |source: io::Error| OpenError::Io { path: path.to_owned(), source };
    let wal = beside(path, "-wal");
    if fs::metadata(&wal).is_ok_and(|metadata| metadata.len() > 0) {
        return Err(OpenError::Damaged {
            path: path.to_owned(),
            reason: format!(
                "the file is missing, but {} with its newest events is there",
                wal.display()
            ),
        });
    }
    let unfinished = beside(path, ".new");
    for suffix in ["", "-journal", "-wal", "-shm"] {
        match fs::remove_file(beside(&unfinished, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
            Ok(()) | Err(_) => {}
        }
    }
    let fill = || -> rusqlite::Result<()> {
        let connection = Connection::open(&unfinished)?;
        connection.execute_batch(&format!(
            "PRAGMA page_size = {PAGE_BYTES};
             PRAGMA synchronous = FULL;
             BEGIN;
             {SCHEMA}
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {FORMAT};
             COMMIT;
             PRAGMA journal_mode = WAL;"
        ))?;
        connection.close().map_err(|(_, error)| error)
    };
    fill().map_err(|error| explain(path, &error))?;
    // Unlike a rename it never takes the place of a log that another process has made meanwhile.
    match fs::hard_link(&unfinished, path) {
        Ok(()) => fs::remove_file(&unfinished).map_err(io_error)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(io_error(error)),
        // Not every file system has hard links.
        Err(_) => fs::rename(&unfinished, path).map_err(io_error)?,
    }
    sync_folder(path).map_err(io_error)
}

/// Opens the one connection that writes.
pub(super) fn open_writing(path: &Path) -> rusqlite::Result<Connection> {
    let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = configured(Connection::open_with_flags(path, access)?)?;
    // Another program's database is refused by `verify`, and must not be put into WAL mode before.
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        // Unless it is damaged, which this finds.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        return Ok(connection);
    }
    // SQLite's own checkpoints swallow their errors: ours are made where they are seen (`background`).
    // Recursive triggers let the DELETE trigger see the rows that REPLACE would remove, a second guard.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA recursive_triggers = ON;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -16384;",
    )?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn open_reading(path: &Path) -> rusqlite::Result<Connection> {
    let connection = configured(open_sqlite_file(path)?)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4096;")?;
    Ok(connection)
}

fn configured(connection: Connection) -> rusqlite::Result<Connection> {
    // After a failed write nobody may copy the WAL into the file and remove it, which else the last
    // connection does; the writer does so itself at a clean end.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Else SQLite plans the statement of a page anew whenever the page begins elsewhere.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // What a statement would undo goes into a temporary file once a batch is large: a folder for those
    // that is missing or full would stop the log.
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Refuses a file that is not a log, is of a newer format, or whose tables and triggers are not
/// those of its format.
pub(super) fn verify(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let ask = |question: &str| {
        connection
            .query_row(question, [], |row| row.get::<_, i32>(0))
            .map_err(|error| explain(path, &error))
    };
    if ask("PRAGMA application_id")? != APPLICATION_ID {
        return Err(OpenError::NotALog {
            path: path.to_owned(),
            reason: "it is an SQLite file of another program".to_owned(),
        });
    }
    let found = ask("PRAGMA user_version")?;
    if found > FORMAT {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: FORMAT });
    }
    let damaged = |reason: String| OpenError::Damaged { path: path.to_owned(), reason };
    if found != FORMAT {
        return Err(damaged(format!("there is no format {found}")));
    }
    check_length(path, connection)?;
    let stored = objects(connection).map_err(|error| explain(path, &error))?;
    let reference = Connection::open_in_memory()
        .and_then(|empty| empty.execute_batch(SCHEMA).and_then(|()| objects(&empty)))
        .map_err(|error| explain(path, &error))?;
    for wanted in &reference {
        if !stored.contains(wanted) {
            return Err(damaged(format!(
                "the {} {} is missing or was changed",
                wanted.0, wanted.1
            )));
        }
    }
    Ok(())
}

/// Refuses a file shorter than its own page count, where SQLite rounds up and would find out late.
/// With a WAL, whose newest pages need not be in the file yet, nothing can be said.
fn check_length(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let wanted: u64 = connection
        .query_row(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
            [],
            |row| row.get::<_, i64>(0),
        )
        .and_then(|bytes| unsigned(0, bytes))
        .map_err(|error| explain(path, &error))?;
    // In this order: a checkpoint between the two look-ups only lengthens the file.
    let wal = fs::metadata(beside(path, "-wal")).map_or(0, |metadata| metadata.len());
    let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
    if wal == 0 && length < wanted {
        return Err(OpenError::Damaged {
            path: path.to_owned(),
            reason: format!("it is cut short: {length} of {wanted} bytes"),
        });
    }
    Ok(())
}

/// Kind, name and text of every table, index, view and trigger.
fn objects(connection: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    connection
        .prepare("SELECT type, name, sql FROM sqlite_schema")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

/// The size of the file's pages.
pub(super) fn page_bytes(connection: &Connection) -> usize {
    let asked = connection.query_row("PRAGMA page_size", [], |row| row.get::<_, u32>(0));
    asked.unwrap_or(PAGE_BYTES) as usize
}

/// The sequence of the last event.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    connection
        .prepare_cached("SELECT max(sequence) FROM event")?
        .query_row([], |row| row.get::<_, Option<i64>>(0))?
        .map(|sequence| unsigned(0, sequence))
        .transpose()
}

/// The revision of a stream's last event, with the stream's key.
pub(super) fn tip(connection: &Connection, stream: &str) -> rusqlite::Result<Option<(i64, u64)>> {
    connection
        .prepare_cached(
            "SELECT key, (SELECT max(revision) FROM event WHERE stream = key)
             FROM stream WHERE name = ?1",
        )?
        .query_row([stream], |row| Ok((row.get(0)?, unsigned(1, row.get(1)?)?)))
        .optional()
}

/// A number of ours as SQLite keeps it. One past its range is past every event.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of SQLite's in `column` as ours.
pub(super) fn unsigned(column: usize, number: i64) -> rusqlite::Result<u64> {
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}
