//! A log file that is not in use, for tests that look at it with other means.

use std::path::{Path, PathBuf};

use docket::log::{EventLog, Expected, SqliteLog};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::log_contract::{event, stream};

pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The file as any SQLite tool opens it.
pub fn raw(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// A closed log with two streams of 20 events each, taking turns, some of them larger than a page.
pub async fn closed_log(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("log.sqlite");
    let log = SqliteLog::open_writer(&path).unwrap();
    for n in 0..20_u64 {
        for name in ["a", "b"] {
            let mut new = event(n);
            if n == 7 {
                new.data = vec![b'x'; 30_000].into();
            }
            log.append(&stream(name), Expected::from(n.checked_sub(1)), vec![new]).await.unwrap();
        }
    }
    log.close().await;
    path
}
