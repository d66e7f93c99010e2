//! Keys in a file of one node. What is destroyed is overwritten: pages that are freed are filled with zeros
//! (`secure_delete`), and there is no write-ahead log in which a key could stay; the rollback journal is cut to
//! nothing with each commit. What a file system or a disk keeps of what was cut is beyond any program's reach
//! (docs/personal-data.md).

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use uuid::Uuid;

use super::{Found, KeyStoreError, PersonKey, PersonKeys};
use crate::domain::person::DataSubject;

const TABLE: &str = "
PRAGMA journal_mode = TRUNCATE; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS person_key (
    log_id BLOB NOT NULL,
    data_subject TEXT NOT NULL,
    -- Gone once it is destroyed; the row stays, so that there is no other.
    key BLOB CHECK (length(key) = 32),
    PRIMARY KEY (log_id, data_subject)
) STRICT;";

/// A file of keys, made when the first key is kept. It is opened for each question: one that was put back
/// meanwhile is the one that counts.
#[derive(Clone)]
pub struct FileKeys {
    path: PathBuf,
}

type Work<T> = dyn FnOnce(&mut Connection) -> rusqlite::Result<T> + Send;

impl FileKeys {
    /// The file at a path; nothing is asked of it yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Works on the file; `otherwise` where there is none yet and none is to be made.
    async fn run<T: Send + 'static>(
        &self,
        otherwise: Option<T>,
        work: Box<Work<T>>,
    ) -> Result<T, KeyStoreError> {
        let keys = self.clone();
        let working = tokio::task::spawn_blocking(move || keys.blocking(otherwise, work));
        working.await.unwrap_or_else(|error| Err(self.away(&error)))
    }

    fn blocking<T>(&self, otherwise: Option<T>, work: Box<Work<T>>) -> Result<T, KeyStoreError> {
        match otherwise {
            Some(otherwise) if !self.path.exists() => Ok(otherwise),
            _ => {
                let mut connection = self.open().map_err(|error| self.away(&*error))?;
                work(&mut connection).map_err(|error| self.away(&error))
            }
        }
    }

    fn open(&self) -> Result<Connection, Box<dyn std::error::Error>> {
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        // Before SQLite makes it: for its owner alone from the first byte.
        OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(TABLE)?;
        Ok(connection)
    }

    fn away(&self, reason: &(impl ToString + ?Sized)) -> KeyStoreError {
        let place = format!("sqlite:{}", self.path.display());
        KeyStoreError::Away { place, reason: reason.to_string() }
    }
}

impl PersonKeys for FileKeys {
    fn find<'a>(
        &'a self,
        log: Uuid,
        of: &'a DataSubject,
    ) -> BoxFuture<'a, Result<Found, KeyStoreError>> {
        let of = of.to_string();
        let work = Box::new(move |connection: &mut Connection| find(connection, log, &of));
        self.run(Some(Found::Nothing), work).boxed()
    }

    fn find_or_keep<'a>(
        &'a self,
        log: Uuid,
        of: &'a DataSubject,
        fresh: PersonKey,
    ) -> BoxFuture<'a, Result<Found, KeyStoreError>> {
        let of = of.to_string();
        let work = move |connection: &mut Connection| keep(connection, log, &of, &fresh);
        self.run(None, Box::new(work)).boxed()
    }

    fn destroy<'a>(
        &'a self,
        log: Uuid,
        of: &'a DataSubject,
    ) -> BoxFuture<'a, Result<(), KeyStoreError>> {
        let of = of.to_string();
        let work = move |connection: &mut Connection| destroy(connection, log, &of);
        self.run(None, Box::new(work)).boxed()
    }

    fn all(&self, log: Uuid) -> BoxFuture<'_, Result<Vec<DataSubject>, KeyStoreError>> {
        let work = move |connection: &mut Connection| {
            let sql = "SELECT data_subject FROM person_key WHERE log_id = ?1 AND key IS NOT NULL";
            let mut statement = connection.prepare_cached(sql)?;
            let read = statement.query_map([log.as_bytes()], |row| row.get::<_, String>(0))?;
            let read = read.collect::<Result<Vec<_>, _>>()?;
            Ok(read.iter().filter_map(|of| DataSubject::parse(of).ok()).collect())
        };
        self.run(Some(Vec::new()), Box::new(work)).boxed()
    }
}

fn find(connection: &Connection, log: Uuid, of: &str) -> rusqlite::Result<Found> {
    let sql = "SELECT key FROM person_key WHERE log_id = ?1 AND data_subject = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let row = statement.query_row((log.as_bytes(), of), |row| row.get::<_, Option<[u8; 32]>>(0));
    Ok(match row.optional()? {
        None => Found::Nothing,
        Some(None) => Found::Destroyed,
        Some(Some(key)) => Found::Key(PersonKey::new(key)),
    })
}

fn keep(
    connection: &mut Connection,
    log: Uuid,
    of: &str,
    fresh: &PersonKey,
) -> rusqlite::Result<Found> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO person_key VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        (log.as_bytes(), of, fresh.as_bytes()),
    )?;
    let found = find(&transaction, log, of)?;
    transaction.commit()?;
    Ok(found)
}

fn destroy(connection: &Connection, log: Uuid, of: &str) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO person_key VALUES (?1, ?2, NULL)
         ON CONFLICT DO UPDATE SET key = NULL WHERE key IS NOT NULL",
        (log.as_bytes(), of),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where pages were split and merged, copies of what stood in them may be left beside what stands there now.
    #[tokio::test]
    async fn what_is_destroyed_is_nowhere_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("persons.sqlite");
        let (keys, log) = (FileKeys::new(path.clone()), Uuid::from_u128(7));
        let of = |at: u32| DataSubject::parse(&format!("p-{:03}-{at}", at * 7919 % 1000)).unwrap();
        let key = |at: u32| {
            let (one, two) = (Uuid::new_v5(&log, &at.to_be_bytes()), Uuid::new_v5(&log, b"key"));
            let mut bytes = [0; 32];
            bytes[..16].copy_from_slice(one.as_bytes());
            bytes[16..].copy_from_slice(Uuid::new_v5(&two, &at.to_be_bytes()).as_bytes());
            PersonKey::new(bytes)
        };
        {
            let mut connection = keys.open().unwrap();
            // Of so many transactions none need outlive a crash.
            connection.pragma_update(None, "synchronous", "OFF").unwrap();
            for at in 0..600 {
                let kept = keep(&mut connection, log, of(at).as_str(), &key(at)).unwrap();
                assert_eq!(kept, Found::Key(key(at)));
            }
            for at in (0..600).step_by(3) {
                destroy(&connection, log, of(at).as_str()).unwrap();
            }
        }
        let file = std::fs::read(&path).unwrap();
        let stands = |at: &u32| {
            let key = key(*at);
            file.windows(16).any(|part| *part == key.as_bytes()[..16])
        };
        let left: Vec<u32> = (0..600).filter(stands).collect();
        let expected: Vec<u32> = (0..600).filter(|at| at % 3 != 0).collect();
        assert_eq!(left, expected);
        for at in 0..600 {
            let found = keys.find(log, &of(at)).await.unwrap();
            let expected = if at % 3 == 0 { Found::Destroyed } else { Found::Key(key(at)) };
            assert_eq!(found, expected);
        }
        assert_eq!(keys.all(log).await.unwrap().len(), 400);
        let other = keys.find_or_keep(log, &of(0), key(1)).await.unwrap();
        assert_eq!(other, Found::Destroyed);
        assert_eq!(keys.find(Uuid::nil(), &of(1)).await.unwrap(), Found::Nothing);
    }
}
