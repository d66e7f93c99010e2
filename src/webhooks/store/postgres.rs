//! The engine of several nodes: the schema `docket_webhooks` of the database that has the read models.
//!
//! It is no copy of anything: no rebuild touches it, and no reader of reports is granted it, since it
//! holds secrets. Its one row `meta` says whose endpoints these are and who delivers. Whoever changes
//! something locks that row first, so changes come one after the other; what follows from delivering
//! also asks it for the epoch of its right, so a process that was stopped and wakes changes nothing.
//! A holder counts `beat` up; one whose beat another saw stand still for the length of a lease has
//! lost the right. Nobody compares the clocks of two machines.

mod rows;

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio_postgres::Error;
use uuid::Uuid;

use super::super::file::{SCHEMA, VERSION};
use super::super::{Settings, Steady, WebhookError};
use super::right::{LEASE, News, Right};
use super::rows::{Row, one, values, wrong};
use super::{Access, Engine, Work};
use rows::Open;

/// How long the database may take to answer one question: one that hangs must not keep what asks.
const PATIENCE: Duration = Duration::from_secs(6);
/// The advisory lock under which the schema is made: `dkhooks` in ASCII.
const MAKING: i64 = 0x0064_6b68_6f6f_6b73;
/// Names are those of the schema, for this transaction alone: a pooler may give the session to others.
const HERE: &str = "SET LOCAL search_path TO docket_webhooks";
const META: &str = "
CREATE TABLE meta (
    one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
    version BIGINT NOT NULL,
    log_id TEXT NOT NULL,
    settings TEXT,                    -- how deliveries are made: what the last server said, JSON
    changes BIGINT NOT NULL DEFAULT 0, -- counts what operators changed
    epoch BIGINT NOT NULL DEFAULT 0,  -- counts those who had the right to deliver
    beat BIGINT NOT NULL DEFAULT 0,   -- the one that has it counts on
    holder TEXT                       -- who that is; none: it was given back
);
";

/// A database and how it is reached. This module knows nothing else of it.
pub trait Database: Send + Sync {
    /// Where it is, without a password.
    fn place(&self) -> String;

    /// Makes a connection.
    fn connect(&self) -> BoxFuture<'_, Result<ClientWrapper, WebhookError>>;

    /// What an error means.
    fn explain(&self, error: &Error) -> WebhookError;
}

/// Whose endpoints are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Those of this log; they are made where there are none.
    Of(Uuid),
    /// Whatever is there.
    Any,
}

/// What an engine over PostgreSQL is told.
#[derive(Clone)]
pub struct PostgresParts {
    /// The database.
    pub database: Arc<dyn Database>,
    /// Who asks, for others to read.
    pub holder: String,
    /// How deliveries are made from now on, if this process says so.
    pub settings: Option<Settings>,
    /// A clock that no one sets.
    pub steady: Steady,
}

/// Endpoints and deliveries in a database.
pub struct PostgresEngine {
    parts: PostgresParts,
    expected: Expected,
    /// Where its connections live.
    runtime: Handle,
    idle: Mutex<Vec<ClientWrapper>>,
    /// Whether the schema was there when it was last looked at, and this log's.
    prepared: AtomicBool,
    /// Whether this process has said how deliveries are made: once, so that one which finds its
    /// database again does not take back what another said meanwhile.
    said: AtomicBool,
    /// The epoch and beat that were seen last, and since when they stand still.
    seen: Mutex<Option<(i64, i64, Duration)>>,
}

/// What `meta` says of the right.
struct Holding {
    epoch: i64,
    beat: i64,
    holder: Option<String>,
    news: News,
}

impl PostgresEngine {
    /// What is kept in a database; nothing is asked of it yet. Within a tokio runtime, in which its
    /// connections live.
    pub fn new(parts: PostgresParts, expected: Expected) -> Self {
        Self {
            parts,
            expected,
            runtime: Handle::current(),
            idle: Mutex::default(),
            prepared: AtomicBool::new(false),
            said: AtomicBool::new(false),
            seen: Mutex::default(),
        }
    }

    /// The log whose endpoints are kept here.
    ///
    /// # Errors
    /// As [`Engine::transaction`].
    pub fn log_id(&self) -> Result<Uuid, WebhookError> {
        let mut found = None;
        self.transaction(&Access::Read, &mut |db| {
            found = one(db, "SELECT log_id FROM meta", &[], |row| row.id("log_id"))?;
            Ok(())
        })?;
        found.ok_or_else(|| wrong("meta", "it has no row"))
    }

    /// The epoch and beat that were seen last.
    pub fn seen(&self) -> Option<(i64, i64)> {
        locked(&self.seen).map(|(epoch, beat, _)| (epoch, beat))
    }

    /// Waits for an answer of the database, and not for ever.
    fn wait<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, WebhookError> {
        match self.limited(answer)? {
            Ok(value) => Ok(value),
            Err(error) => Err(self.parts.database.explain(&error)),
        }
    }

    fn limited<F: Future>(&self, answer: F) -> Result<F::Output, WebhookError> {
        let limited = async { tokio::time::timeout(PATIENCE, answer).await };
        self.runtime.block_on(limited).map_err(|_| {
            let place = self.parts.database.place();
            let reason = format!("it did not answer within {} s", PATIENCE.as_secs());
            WebhookError::Unavailable { place, reason }
        })
    }

    /// A connection that nobody else uses.
    fn connection(&self) -> Result<ClientWrapper, WebhookError> {
        let idle = || locked(&self.idle).pop();
        let open = std::iter::from_fn(idle).find(|connection| !connection.is_closed());
        let connection = match open {
            Some(connection) => connection,
            None => self.limited(self.parts.database.connect())??,
        };
        if !self.prepared.load(Ordering::Acquire) {
            self.prepare(&connection)?;
            self.prepared.store(true, Ordering::Release);
        }
        Ok(connection)
    }

    /// Makes the schema where it is missing, looks whose it is, and says how deliveries are made.
    fn prepare(&self, connection: &ClientWrapper) -> Result<(), WebhookError> {
        let there = "SELECT to_regclass('docket_webhooks.meta') IS NOT NULL";
        let there: bool =
            self.wait(async { connection.query_one(there, &[]).await?.try_get(0) })?;
        if !there {
            let Expected::Of(log_id) = self.expected else {
                return Err(WebhookError::Missing(self.place()));
            };
            self.wait(connection.batch_execute(&making(log_id)))?;
        }
        self.try_in(connection, "BEGIN", &mut |db| {
            let sql = "SELECT version, log_id FROM meta FOR UPDATE";
            let read = |row: &dyn Row| Ok((row.number("version")?, row.string("log_id")?));
            let (version, found) =
                one(db, sql, &[], read)?.ok_or_else(|| wrong("meta", "it has no row"))?;
            self.check(version, found)?;
            let Some(settings) = &self.parts.settings else { return Ok(()) };
            // The same words for the same settings, so that a restart changes nothing.
            let text = serde_json::to_string(settings).map_err(|e| wrong("settings", e))?;
            let sql = if self.said.load(Ordering::Acquire) {
                "UPDATE meta SET settings = ?1 WHERE settings IS NULL"
            } else {
                "UPDATE meta SET settings = ?1 WHERE settings IS DISTINCT FROM ?1"
            };
            db.execute(sql, values![text.as_str()]).map(drop)
        })?;
        self.said.store(true, Ordering::Release);
        Ok(())
    }

    fn check(&self, version: i64, found: String) -> Result<(), WebhookError> {
        if version != VERSION {
            let reason =
                format!("they have version {version}; this version of docket knows {VERSION}");
            return Err(WebhookError::Unusable { place: self.place(), reason });
        }
        match self.expected {
            Expected::Of(expected) if found != expected.to_string() => {
                let place = format!("{} (schema docket_webhooks)", self.parts.database.place());
                let remedy = "DROP SCHEMA docket_webhooks CASCADE";
                Err(WebhookError::OtherLog { place, found, expected, remedy })
            }
            Expected::Of(_) | Expected::Any => Ok(()),
        }
    }

    fn place(&self) -> String {
        self.parts.database.place()
    }

    /// Runs a transaction on a connection, which is as before afterwards, or closed.
    fn try_in(
        &self,
        connection: &ClientWrapper,
        begin: &str,
        work: &mut Work<'_>,
    ) -> Result<(), WebhookError> {
        self.wait(connection.batch_execute(&format!("{begin}; {HERE}")))?;
        let done = work(&mut Open { engine: self, connection });
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.wait(connection.batch_execute(end));
        done.and(ended)
    }

    /// Runs a transaction on a connection of the pool.
    fn with_connection(&self, begin: &str, work: &mut Work<'_>) -> Result<(), WebhookError> {
        let connection = self.connection()?;
        let done = self.try_in(&connection, begin, work);
        match &done {
            // Also the schema may be gone: the next one looks again, on a connection of its own.
            Err(WebhookError::Unavailable { .. } | WebhookError::Database(_)) => {
                self.prepared.store(false, Ordering::Release);
            }
            _ => locked(&self.idle).push(connection),
        }
        done
    }

    fn holding(&self) -> Result<Holding, WebhookError> {
        let mut found = None;
        self.with_connection("BEGIN READ ONLY", &mut |db| {
            let sql = "SELECT epoch, beat, holder, changes, settings FROM meta";
            found = one(db, sql, &[], holding)?;
            Ok(())
        })?;
        found.ok_or_else(|| wrong("meta", "it has no row"))
    }

    /// Whether the holder may be taken for gone: what was seen of it stood still for a lease, which
    /// ends `before` it was asked.
    fn stands_still(&self, holding: &Holding, before: Duration) -> bool {
        let mut seen = locked(&self.seen);
        match *seen {
            Some((epoch, beat, since)) if (epoch, beat) == (holding.epoch, holding.beat) => {
                before.saturating_sub(since) >= LEASE
            }
            _ => {
                *seen = Some((holding.epoch, holding.beat, (self.parts.steady)()));
                false
            }
        }
    }
}

impl Engine for PostgresEngine {
    fn transaction(&self, access: &Access, work: &mut Work<'_>) -> Result<(), WebhookError> {
        let begin = match access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Change | Access::Deliver(_) => "BEGIN",
            Access::Noted(_) => "BEGIN; SET LOCAL synchronous_commit = off",
        };
        self.with_connection(begin, &mut |db| {
            let locked = match access {
                Access::Read => 1,
                Access::Change => db.execute("UPDATE meta SET changes = changes + 1", &[])?,
                Access::Deliver(right) | Access::Noted(right) => {
                    let sql = "SELECT epoch FROM meta WHERE epoch = ?1 FOR UPDATE";
                    let held = one(db, sql, values![right.epoch], |row| row.number("epoch"))?;
                    u64::from(held.is_some())
                }
            };
            if locked == 0 { Err(WebhookError::Lost) } else { work(db) }
        })
    }

    fn claim(&self) -> Result<Right, WebhookError> {
        let asked_at = (self.parts.steady)();
        let holding = self.holding()?;
        if let Some(holder) = &holding.holder
            // What this process itself lost sight of, it may have again.
            && *holder != self.parts.holder
            && !self.stands_still(&holding, asked_at)
        {
            return Err(WebhookError::InUse(format!("{} ({holder})", self.place())));
        }
        let asked_at = (self.parts.steady)();
        let mut taken = 0;
        self.with_connection("BEGIN", &mut |db| {
            let sql = "UPDATE meta SET epoch = epoch + 1, beat = beat + 1, holder = ?1
                WHERE epoch = ?2 AND beat = ?3";
            let holder = self.parts.holder.as_str();
            taken = db.execute(sql, values![holder, holding.epoch, holding.beat])?;
            Ok(())
        })?;
        if taken == 0 {
            return Err(WebhookError::InUse(self.place()));
        }
        let steady = self.parts.steady.clone();
        Ok(Right::leased(holding.epoch + 1, holding.news, steady, asked_at))
    }

    fn renew(&self, right: &Right) -> Result<News, WebhookError> {
        let asked_at = (self.parts.steady)();
        let mut found = None;
        self.with_connection("BEGIN; SET LOCAL synchronous_commit = off", &mut |db| {
            let sql = "UPDATE meta SET beat = beat + 1 WHERE epoch = ?1 AND holder IS NOT NULL
                RETURNING epoch, beat, holder, changes, settings";
            found = one(db, sql, values![right.epoch], holding)?;
            Ok(())
        })?;
        let Holding { news, .. } = found.ok_or(WebhookError::Lost)?;
        right.lasts_on(asked_at);
        Ok(news)
    }

    fn give_back(&self, right: &Right) -> Result<(), WebhookError> {
        self.with_connection("BEGIN", &mut |db| {
            let sql = "UPDATE meta SET holder = NULL WHERE epoch = ?1";
            db.execute(sql, values![right.epoch]).map(drop)
        })
    }
}

fn holding(row: &dyn Row) -> Result<Holding, WebhookError> {
    let settings = row.text("settings")?;
    let settings = settings.map(|text| serde_json::from_str(&text)).transpose();
    Ok(Holding {
        epoch: row.number("epoch")?,
        beat: row.number("beat")?,
        holder: row.text("holder")?,
        news: News {
            changes: row.number("changes")?,
            settings: settings.map_err(|error| wrong("settings", error))?,
        },
    })
}

/// Two processes that start at once must not make it twice.
fn making(log_id: Uuid) -> String {
    // What SQLite's file has, in PostgreSQL's words; its own `meta` says more.
    let (_, tables) = SCHEMA.split_once(';').unwrap_or_default();
    let tables = tables.replace(" STRICT, WITHOUT ROWID", "").replace(" STRICT", "");
    let tables = tables.replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA");
    let tables = format!("{META}{tables}").replace(" TEXT", " TEXT COLLATE \"C\"");
    let if_none = |sql: &str, what: &str| {
        sql.replace(&format!("CREATE {what} "), &format!("CREATE {what} IF NOT EXISTS "))
    };
    let tables = if_none(&if_none(&tables, "TABLE"), "INDEX");
    format!(
        "BEGIN; SELECT pg_advisory_xact_lock({MAKING}); CREATE SCHEMA IF NOT EXISTS docket_webhooks;
         REVOKE ALL ON SCHEMA docket_webhooks FROM PUBLIC; {HERE}; {tables}
         INSERT INTO meta (version, log_id) VALUES ({VERSION}, '{log_id}') ON CONFLICT DO NOTHING;
         COMMIT"
    )
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
