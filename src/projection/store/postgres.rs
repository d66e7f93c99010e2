//! Copies as schemas of a PostgreSQL database.
//!
//! A copy is a schema `docket_copy_<n>` whose number never comes again; the one row of
//! `docket.serving` names the one that serves. It changes in one transaction with the views of
//! `docket_report`, which readers outside see. The right to rebuild is an advisory lock of a session
//! of its own, and copies are made and switched in that session: a process that lost it can do
//! neither. What a process leaves behind that hangs in the middle of a transaction is ended by the
//! server after seconds (`connect`).
//!
//! Calls block and must not come from a thread that drives asynchronous work; connections live on a
//! runtime of the store's own.

mod address;
mod batch;
mod connect;
mod database;
mod fill;
mod read;
mod report;
mod send;
mod sql;
mod write;

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Hook, HookError, Manager, Pool, Runtime as PoolRuntime};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;

use super::{Copies, CopyId, CopyReader, CopyWriter, Mode, RebuildLock};
use crate::projection::StoreError;
use crate::projection::error::DatabaseError;
use crate::projection::models::Models;
use address::Address;
use connect::{Link, connect};
pub use database::PostgresDatabase;
use read::PostgresReader;
use sql::definitions;
use write::PostgresWriter;

const CHECKPOINT_SQL: &str = include_str!("../../../projections/checkpoint/tables.sql");
/// The advisory lock of rebuilds: `docket` in ASCII.
const REBUILD: i64 = 0x646f_636b_6574;
/// Questions answered at once by one process; more wait.
const MAX_READERS: usize = 8;
/// How a server ends a question whose process hangs: what it sees would be kept for it for ever.
const READING: &str = "SET idle_in_transaction_session_timeout = '60s';
 SET tcp_keepalives_idle = 10; SET client_min_messages = warning;";
/// How long a question waits for its turn.
const WAIT: Duration = Duration::from_secs(10);
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
    runtime: Option<Runtime>,
}

impl Inner {
    /// Waits for what the database answers.
    fn wait<F: Future>(&self, future: F) -> F::Output {
        match &self.runtime {
            Some(runtime) => runtime.handle().block_on(future),
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
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .build()
            .map_err(|error| failed(&error.to_string()))?;
        let inner = Inner {
            address,
            options,
            pool,
            rebuild: Mutex::default(),
            prepared: AtomicBool::new(false),
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
        self.inner.wait(async {
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
        DatabaseError::new(format!(
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
        Ok(self.inner.wait(async {
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
                let _ = inner
                    .wait(async { tokio::time::timeout(WAIT, link.batch_execute(&unlock)).await });
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
        let serving = inner.wait(async {
            let client = read::lend(inner).await?;
            let statement = client.prepare_cached("SELECT copy FROM docket.serving").await?;
            let row = client.query_opt(&statement, &[]).await?;
            Ok::<_, DatabaseError>(row.map(|row| row.try_get(0)).transpose()?)
        })?;
        Ok(serving.map(CopyId))
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
        let locked = inner.wait(async {
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
        let copy = self.locked(async |link| create(link, mode, models).await)?;
        let inner = Arc::clone(&self.inner);
        Ok(Box::new(PostgresWriter::open(inner, copy, mode)?))
    }

    fn serve(&self, _lock: &dyn RebuildLock, copy: &CopyId) -> Result<(), StoreError> {
        checked(copy)?;
        let role = self.inner.options.reader_role.as_deref();
        self.locked(async |link| serve(link, copy, role).await)
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
        inner.wait(async {
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

/// Makes the schema and tables of a new copy, and removes what doesn't serve.
async fn create(link: &Link, mode: Mode, models: &Models) -> Result<CopyId, DatabaseError> {
    let unserved = "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^docket_copy_[0-9]+$'
        AND nspname::text NOT IN (SELECT copy FROM docket.serving)";
    for row in link.query(unserved, &[]).await? {
        let copy: &str = row.try_get(0)?;
        link.batch_execute(&format!("DROP SCHEMA {copy} CASCADE")).await?;
    }
    let number = link.query_one("SELECT nextval('docket.copy')", &[]).await?;
    let copy = CopyId(format!("docket_copy_{}", number.try_get::<_, i64>(0)?));
    let unlogged = mode == Mode::Filling;
    let sql = format!("CREATE SCHEMA {copy}; SET LOCAL search_path TO {copy};");
    link.batch_execute(&sql).await?;
    link.batch_execute(&definitions(CHECKPOINT_SQL, unlogged)).await?;
    for model in models.iter() {
        link.batch_execute(&definitions(model.tables_sql(), unlogged)).await?;
        let (name, version) = (model.name(), i64::from(model.version()));
        let sql = "INSERT INTO read_model (name, version) VALUES ($1, $2)";
        link.execute(sql, &[&name, &version]).await?;
    }
    match mode {
        Mode::Following => {
            for model in models.iter() {
                link.batch_execute(&definitions(model.indexes_sql(), false)).await?;
            }
        }
        // A key is made when a change needs it, else when the copy is finished.
        Mode::Filling => {
            for table in models.tables() {
                let name = table.name;
                link.batch_execute(&format!("ALTER TABLE {name} DROP CONSTRAINT {name}_pkey"))
                    .await?;
            }
        }
    }
    Ok(copy)
}

/// Lets a copy serve, and shows it in the views for reporting.
async fn serve(link: &Link, copy: &CopyId, role: Option<&str>) -> Result<(), DatabaseError> {
    let half = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relpersistence = 'u'";
    let half: i64 = link.query_one(half, &[&copy.0]).await?.try_get(0)?;
    if half > 0 {
        return Err(DatabaseError::new(format!("{copy} was not finished: it can't serve")));
    }
    link.batch_execute("SET LOCAL synchronous_commit = on").await?;
    let sql = "INSERT INTO docket.serving (copy) VALUES ($1)
        ON CONFLICT (one) DO UPDATE SET copy = excluded.copy, since = now()";
    link.execute(sql, &[&copy.0]).await?;
    report::publish(link, copy, role).await
}
