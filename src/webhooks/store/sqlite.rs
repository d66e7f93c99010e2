//! The engine of one node: a file of its own.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use uuid::Uuid;

use super::super::{Settings, WebhookError, file};
use super::right::{News, Right};
use super::rows::{Each, Row, Rows, Value, wrong};
use super::{Access, Engine, Work};

/// The open file. Calls wait for each other; each is short.
pub struct SqliteEngine {
    path: PathBuf,
    identity: (u64, u64),
    settings: Settings,
    connection: Mutex<Connection>,
}

impl SqliteEngine {
    /// Opens the file of a log.
    ///
    /// # Errors
    /// [`WebhookError::File`], [`WebhookError::OtherLog`].
    pub fn open(path: &Path, log_id: Uuid, settings: Settings) -> Result<Self, WebhookError> {
        let connection = Mutex::new(file::open(path, log_id)?);
        let (path, identity) = (path.to_owned(), file::identity(path)?);
        Ok(Self { path, identity, settings, connection })
    }
}

impl Engine for SqliteEngine {
    fn transaction(&self, access: &Access, work: &mut Work<'_>) -> Result<(), WebhookError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let (behavior, flushes) = match access {
            Access::Read => (TransactionBehavior::Deferred, "FULL"),
            Access::Change | Access::Deliver(_) => (TransactionBehavior::Immediate, "FULL"),
            // In the order of the WAL: whatever is flushed later takes it along.
            Access::Noted(_) => (TransactionBehavior::Immediate, "NORMAL"),
        };
        if let Access::Deliver(right) | Access::Noted(right) = access
            && !right.is_sure()
        {
            return Err(WebhookError::Lost);
        }
        connection.pragma_update(None, "synchronous", flushes)?;
        run(&mut connection, behavior, work)
    }

    fn claim(&self) -> Result<Right, WebhookError> {
        let lock = file::lock(&self.path)?;
        // An import may have come between the opening and the lock.
        if file::identity(&self.path)? != self.identity {
            let reason = "it was replaced while it was open; restart to deliver".to_owned();
            return Err(WebhookError::File { path: self.path.clone(), reason });
        }
        Ok(Right::locked(lock, self.settings.clone()))
    }

    fn renew(&self, right: &Right) -> Result<News, WebhookError> {
        // What changes in the file, changes in this process.
        Ok(right.news.clone())
    }

    fn give_back(&self, right: &Right) -> Result<(), WebhookError> {
        // Under the lock of the connection: what is still under way ends before.
        let _alone = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path.clone();
        right.unlock().map_err(|error| WebhookError::File { path, reason: error.to_string() })
    }
}

/// Runs a transaction on a connection.
///
/// # Errors
/// Those of the work and of SQLite: nothing was kept then.
pub fn run(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: &mut Work<'_>,
) -> Result<(), WebhookError> {
    let mut open = Open(connection.transaction_with_behavior(behavior)?);
    work(&mut open)?;
    Ok(open.0.commit()?)
}

struct Open<'a>(Transaction<'a>);

impl Rows for Open<'_> {
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, WebhookError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let changed = statement.execute(rusqlite::params_from_iter(values))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn query(
        &mut self,
        sql: &str,
        values: &[Value],
        each: &mut Each<'_>,
    ) -> Result<(), WebhookError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(Some(number)) => ValueRef::Integer(*number),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
            Self::Int(None) | Self::Text(None) | Self::Bytes(None) => ValueRef::Null,
        }))
    }
}

impl Row for rusqlite::Row<'_> {
    fn int(&self, column: &str) -> Result<Option<i64>, WebhookError> {
        self.get(column).map_err(|error| wrong(column, error))
    }

    fn text(&self, column: &str) -> Result<Option<String>, WebhookError> {
        self.get(column).map_err(|error| wrong(column, error))
    }

    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, WebhookError> {
        self.get(column).map_err(|error| wrong(column, error))
    }
}
