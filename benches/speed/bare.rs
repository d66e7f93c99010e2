//! SQLite alone: the same table, rows of the same size, 64 a commit, with nothing around. What the
//! log, the acts and the server are compared with.

use std::path::Path;
use std::time::{Duration, Instant};

use docket::log::NewEvent;
use rusqlite::{Connection, params};

/// Rows in one commit.
pub const GROUP: u64 = 64;

/// Events per second, and commits per second.
pub fn group_commit(
    folder: &Path,
    events: &[NewEvent],
    time: Duration,
) -> anyhow::Result<(f64, f64)> {
    let path = folder.join("bare.sqlite");
    remove(&path)?;
    let connection = Connection::open(&path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8192;
         PRAGMA cache_size = -16384;",
    )?;
    connection.execute_batch(include_str!("../../src/log/sqlite/schema.sql"))?;
    for stream in 1..=GROUP {
        connection.execute("INSERT INTO stream VALUES (?1, 'bare-' || ?1)", [stream as i64])?;
    }
    let mut insert =
        connection.prepare("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    let (began, mut sequence) = (Instant::now(), 0u64);
    while began.elapsed() < time {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for stream in 1..=GROUP {
            let event = &events[sequence as usize % events.len()];
            insert.execute(params![
                sequence as i64,
                stream as i64,
                (sequence / GROUP) as i64,
                event.event_id.as_bytes(),
                event.event_type,
                event.recorded_at_us,
                std::str::from_utf8(&event.data)?,
                std::str::from_utf8(&event.metadata)?,
            ])?;
            sequence += 1;
        }
        connection.execute_batch("COMMIT")?;
    }
    let seconds = began.elapsed().as_secs_f64();
    drop(insert);
    drop(connection);
    remove(&path)?;
    Ok((sequence as f64 / seconds, sequence as f64 / GROUP as f64 / seconds))
}

/// Removes a database with its side files.
pub fn remove(path: &Path) -> std::io::Result<()> {
    for end in ["", "-wal", "-shm", ".lock"] {
        let mut file = path.as_os_str().to_owned();
        file.push(end);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
