//! Copies as schemas of a PostgreSQL database.
//!
//! A copy is a schema `docket_copy_<n>` whose number never comes again; the one row of
//! `docket.serving` names the one that serves. It changes in one transaction with the views of
//! `docket_report`, which readers outside see. The right to rebuild is an advisory lock of a session
//! of its own, and copies are made and switched in that session: a process that lost it can do
//! neither. What a process leaves behind that hangs in the middle of a transaction is ended by the
//! server after seconds (`connect`).
//!
//! A server that hangs is waited for as long as `wait` says.
//!
//! Calls block and must not come from a thread that drives asynchronous work; connections live on a
//! runtime of the store's own.

mod address;
mod batch;
mod commit;
mod connect;
mod copies;
mod damage;
mod database;
mod fill;
mod pooled;
mod read;
mod report;
mod send;
mod sql;
mod sums;
mod values;
mod wait;
mod write;

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use deadpool_postgres::{ClientWrapper, Hook, HookError, Manager, Pool, Runtime as PoolRuntime};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;

use super::{Copies, CopyId, CopyReader, CopyWriter, Mode, RebuildLock};
use crate::projection::StoreError;
use crate::projection::error::DatabaseError;
use crate::projection::models::Models;
use address::Address;
use connect::{Link, connect, is_gone};
pub use database::PostgresDatabase;
use read::PostgresReader;
use wait::{Ending, Limit, QUICK, SILENCE};
use write::PostgresWriter;

/// The advisory lock of rebuilds: `docket` in ASCII.
const REBUILD: i64 = 0x646f_636b_6574;
/// Questions answered at once by one process; more wait.
const MAX_READERS: usize = 8;
/// How a server ends a question whose process hangs: what it sees would be kept for it for ever.
const READING: &str = "SET idle_in_transaction_session_timeout = '60s';
 SET tcp_keepalives_idle = 10; SET client_min_messages = warning;";
const OWN: &str = "CREATE SCHEMA IF NOT EXISTS docket;
 CREATE SEQUENCE IF NOT EXISTS docket.copy;
 CREATE TABLE IF NOT EXISTS docket.serving (
    one   boolean     PRIMARY KEY DEFAULT true CHECK (one),
    copy  text        NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
 );";

/// The copies in a database.
#[derive(Clone)]
pub struct PostgresCopies {
    inner: Arc<Inner>,
}

/// What a store of copies is told besides its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostgresOptions {
    /// A role that may read `docket_report` and nothing else.
    pub reader_role: Option<String>,
}

struct Inner {
    address: Address,
    options: PostgresOptions,
    pool: Pool,
    /// The session that holds the right to rebuild, while this process has it.
    rebuild: Mutex<Option<Link>>,
    /// Whether `docket.serving` is known to be there.
    prepared: AtomicBool,
    ending: Ending,
    runtime: Option<Runtime>,
}

impl Inner {
    /// Waits for what the database answers, as long as the limit allows.
    fn wait<T, E: From<DatabaseError>>(
        &self,
        limit: Limit<'_>,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match &self.runtime {
            Some(runtime) => runtime.handle().block_on(self.ending.wait(limit, future)),
            // It is taken out only when nobody can ask any more.
            None => unreachable!("the store was dropped"),
        }
    }

    fn rebuilding(&self) -> MutexGuard<'_, Option<Link>> {
        self.rebuild.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Also where blocking is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl PostgresCopies {
    /// The copies at an address; nothing is asked of the database yet.
    ///
    /// # Errors
    /// What is wrong with the address, without its password.
    pub fn new(address: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let address = Address::parse(address)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| failed(&format!("no thread for PostgreSQL: {error}")))?;
        let manager = Manager::new(address.config.clone(), address.tls.clone());
        let pool = Pool::builder(manager)
            .max_size(MAX_READERS)
            .post_create(Hook::async_fn(|client: &mut ClientWrapper, _| {
                Box::pin(async { client.batch_execute(READING).await.map_err(HookError::Backend) })
            }))
            .runtime(PoolRuntime::Tokio1)
            .wait_timeout(Some(QUICK))
            .create_timeout(Some(QUICK))
            .build()
            .map_err(|error| failed(&error.to_string()))?;
        let inner = Inner {
            address,
            options,
            pool,
            rebuild: Mutex::default(),
            prepared: AtomicBool::new(false),
            ending: Ending::new(),
            runtime: Some(runtime),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Looks whether the database can be used, and makes the schema `docket` where it is missing.
    ///
    /// # Errors
    /// Why it can't be used, in words an operator can use; passing ones while it is away.
    pub fn prepare(&self) -> Result<(), StoreError> {
        if self.inner.prepared.load(Ordering::Acquire) {
            return Ok(());
        }
        self.inner.wait(Limit::After(SILENCE), async {
            pooled::refuse(&self.inner.address).await?;
            let link = connect(&self.inner.address).await?;
            let known = link.query_one("SELECT to_regclass('docket.serving') IS NOT NULL", &[]);
            if !known.await?.try_get::<_, bool>(0)? {
                // Two processes that start at once must not make it twice.
                let sql =
                    format!("BEGIN; SELECT pg_advisory_xact_lock({REBUILD} + 1); {OWN} COMMIT");
                link.batch_execute(&sql).await.map_err(|error| self.no_right(&error))?;
            }
            Ok::<_, DatabaseError>(())
        })?;
        self.inner.prepared.store(true, Ordering::Release);
        Ok(())
    }

    fn no_right(&self, error: &tokio_postgres::Error) -> DatabaseError {
        let config = &self.inner.address.config;
        if error.code() != Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
            return connect::database(error);
        }
        DatabaseError::refused(format!(
            "{}: this user may not make schemas; GRANT CREATE ON DATABASE \"{}\" TO \"{}\"",
            self.inner.address.place,
            config.get_dbname().unwrap_or_default(),
            config.get_user().unwrap_or_default(),
        ))
    }

    /// Does something in the session that holds the right to rebuild.
    fn locked<T>(
        &self,
        work: impl AsyncFnOnce(&Link) -> Result<T, DatabaseError>,
    ) -> Result<T, StoreError> {
        let rebuilding = self.inner.rebuilding();
        let lost = || {
            DatabaseError::passing(
                "the connection that held the right to rebuild was lost; begin anew",
            )
        };
        let link = rebuilding.as_ref().filter(|link| !link.is_closed()).ok_or_else(lost)?;
        Ok(self.inner.wait(Limit::End, async {
            link.batch_execute("BEGIN; SET LOCAL statement_timeout = 0").await?;
            match work(link).await {
                Ok(value) => {
                    link.batch_execute("COMMIT").await?;
                    Ok(value)
                }
                Err(error) => {
                    // A connection that is lost has rolled back.
                    let _ = link.batch_execute("ROLLBACK").await;
                    Err(error)
                }
            }
        })?)
    }
}

fn failed(why: &str) -> StoreError {
    StoreError::Database(DatabaseError::new(why))
}

/// Refuses what is no name of a copy: it goes into SQL as it is.
fn checked(copy: &CopyId) -> Result<&str, StoreError> {
    let number = copy.0.strip_prefix("docket_copy_").unwrap_or_default();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(failed(&format!(
            "there is no copy {copy}: a copy is called docket_copy_<number>"
        )));
    }
    Ok(&copy.0)
}

/// The right to rebuild: its session ends with it.
struct Held {
    inner: Arc<Inner>,
}

impl RebuildLock for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        let link = self.inner.rebuilding().take();
        let Some(link) = link.filter(|link| !link.is_closed()) else { return };
        let inner = &self.inner;
        let unlock = format!("SELECT pg_advisory_unlock({REBUILD})");
        // On a thread where waiting is allowed, so that the next one can have it at once.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // The lock goes with the session in any case.
                let _ = inner.wait(Limit::After(QUICK), async {
                    link.batch_execute(&unlock).await.map_err(DatabaseError::from)
                });
            });
        });
    }
}

impl Copies for PostgresCopies {
    fn place(&self) -> String {
        self.inner.address.place.clone()
    }

    fn serving(&self) -> Result<Option<CopyId>, StoreError> {
        self.prepare()?;
        let inner = &*self.inner;
        let serving = inner.wait(Limit::After(2 * QUICK), async {
            let client = read::lend(inner).await?;
            let row = match client.query_opt("SELECT copy FROM docket.serving", &[]).await {
                Err(error) if is_gone(&error) => {
                    // Made again when it is asked for next.
                    inner.prepared.store(false, Ordering::Release);
                    None
                }
                row => row?,
            };
            Ok::<_, DatabaseError>(row.map(|row| row.try_get(0)).transpose()?)
        })?;
        Ok(serving.map(CopyId))
    }

    fn kept(&self) -> Result<Option<CopyId>, StoreError> {
        self.prepare()?;
        let inner = &*self.inner;
        let kept = inner.wait(Limit::After(2 * QUICK), copies::kept(inner))?;
        Ok(kept.map(CopyId))
    }

    fn keep(&self, _lock: &dyn RebuildLock, copy: Option<&CopyId>) -> Result<(), StoreError> {
        let name = copy.map(checked).transpose()?;
        self.locked(async |link| copies::keep(link, name).await)
    }

    fn damage(&self, copy: &CopyId) -> Result<Option<String>, StoreError> {
        if self.serving()?.as_ref() != Some(copy) {
            return Ok(None);
        }
        damage::look(&self.inner, copy)
    }

    fn report_damage(&self, copy: &CopyId, what: &str) -> Result<(), StoreError> {
        damage::report(&self.inner, checked(copy)?, what)
    }

    fn writable(&self, copy: &CopyId) -> Result<(), StoreError> {
        damage::writable(&self.inner, checked(copy)?)
    }

    fn end_by(&self, instant: Instant) {
        self.inner.ending.by(instant);
    }

    fn open(&self, copy: &CopyId) -> Result<Box<dyn CopyWriter>, StoreError> {
        self.prepare()?;
        checked(copy)?;
        let inner = Arc::clone(&self.inner);
        Ok(Box::new(PostgresWriter::open(inner, copy.clone(), Mode::Following)?))
    }

    fn reader(&self, copy: &CopyId) -> Result<Box<dyn CopyReader>, StoreError> {
        checked(copy)?;
        Ok(Box::new(PostgresReader { inner: Arc::clone(&self.inner), copy: copy.clone() }))
    }

    fn lock_rebuild(&self) -> Result<Box<dyn RebuildLock>, StoreError> {
        self.prepare()?;
        let inner = &self.inner;
        let mut rebuilding = inner.rebuilding();
        if rebuilding.as_ref().is_some_and(|link| !link.is_closed()) {
            return Err(StoreError::InUse(self.place()));
        }
        let locked = inner.wait(Limit::After(SILENCE), async {
            let link = connect(&inner.address).await?;
            let row = link.query_one("SELECT pg_try_advisory_lock($1)", &[&REBUILD]).await?;
            Ok::<_, DatabaseError>(row.try_get::<_, bool>(0)?.then_some(link))
        })?;
        match locked {
            Some(link) => *rebuilding = Some(link),
            None => return Err(StoreError::InUse(self.place())),
        }
        drop(rebuilding);
        Ok(Box::new(Held { inner: Arc::clone(inner) }))
    }

    fn create(
        &self,
        _lock: &dyn RebuildLock,
        mode: Mode,
        models: &Models,
    ) -> Result<Box<dyn CopyWriter>, StoreError> {
        let copy = self.locked(async |link| copies::create(link, mode, models).await)?;
        let inner = Arc::clone(&self.inner);
        Ok(Box::new(PostgresWriter::open(inner, copy, mode)?))
    }

    fn serve(&self, _lock: &dyn RebuildLock, copy: &CopyId) -> Result<(), StoreError> {
        checked(copy)?;
        let role = self.inner.options.reader_role.as_deref();
        self.locked(async |link| copies::serve(link, copy, role).await)
    }

    fn remove(&self, _lock: &dyn RebuildLock, copy: &CopyId) -> Result<(), StoreError> {
        checked(copy)?;
        self.locked(async |link| {
            let serving = link.query_opt("SELECT copy FROM docket.serving", &[]).await?;
            let serving: Option<String> = serving.map(|row| row.try_get(0)).transpose()?;
            if serving.as_deref() == Some(copy.0.as_str()) {
                return Err(DatabaseError::new(format!("{copy} serves and can't be removed")));
            }
            Ok(link.batch_execute(&format!("DROP SCHEMA IF EXISTS {copy} CASCADE")).await?)
        })
    }

    fn replace_stuck(&self, copy: &CopyId) -> Result<Option<CopyId>, StoreError> {
        let checkpoint = format!("{}.checkpoint", checked(copy)?);
        let inner = &self.inner;
        inner.wait(Limit::After(SILENCE), async {
            let link = connect(&inner.address).await?;
            Ok::<_, DatabaseError>(link.execute(END_STUCK, &[&checkpoint]).await?)
        })?;
        Ok(None)
    }
}

/// Ends the sessions in the middle of a batch. Those that wait for others are no holders. The time
/// limits do not reach a process that was stopped while it sent rows: the server waits for them.
const END_STUCK: &str = "SELECT pg_terminate_backend(held.pid) FROM pg_locks held
    WHERE held.relation = to_regclass($1::text)::oid AND held.mode = 'RowExclusiveLock'
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND held.granted AND held.pid <> pg_backend_pid()
        AND NOT EXISTS (SELECT 1 FROM pg_locks waits WHERE waits.pid = held.pid AND NOT waits.granted)";
