//! One node put together: log, documents, keys, application. What `serve` and `demo` start and what
//! `rebuild` opens.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use tokio::task::JoinHandle;

use super::clock_file::{self, ClockFile};
use super::config::Config;
use super::exit::{Exit, exit_of, failure};
use super::known;
use super::log_key;
use super::masked::masked;
use super::patience::Patience;
use super::person_keys;
use super::stores::{Access, is_on_a_server, open_documents, open_log, path_of};
use super::token::{key_for, new_id};
use crate::api::auth::KeyUse;
use crate::app::clock::{Clock, SystemClock};
use crate::app::decisions::{Identity, LogBook};
use crate::app::{App, Parts, book_of, start_from};
use crate::domain::date::Timestamp;
use crate::domain::measure_file::FILES;
use crate::ledger::{self, Epoch};
use crate::log::EventLog;
#[cfg(feature = "postgres")]
use crate::projection::store::{PostgresCopies, PostgresOptions};
use crate::projection::{Copies, Options, SqliteCopies, StoreError};

/// A node's log and what is over it.
pub struct Node {
    /// The application.
    pub app: Arc<App>,
    /// The log, for closing.
    pub log: Arc<dyn EventLog>,
    /// What looks at the clock.
    pub clock: JoinHandle<()>,
    /// The ledger, to be kept.
    pub ledger: ledger::Opened,
}

/// The path of a `sqlite:` address.
///
/// # Errors
/// Another engine than SQLite.
pub fn sqlite_path(address: &str, what: &str) -> anyhow::Result<PathBuf> {
    match path_of(address, "sqlite:") {
        Some(path) => Ok(path),
        None => Err(failure(
            Exit::Usage,
            format!(
                "{what} {:?} is not an address of this build: sqlite:<path> is",
                masked(address)
            ),
        )),
    }
}

/// Whether read models at this address are in PostgreSQL, where all nodes have them.
pub fn is_postgres(address: &str) -> bool {
    address.starts_with("postgres://") || address.starts_with("postgresql://")
}

/// The store of the read models; nothing is asked of it yet.
///
/// # Errors
/// An address that is none of this build, or a setting that is of no use with it.
pub fn read_models(config: &Config) -> anyhow::Result<Arc<dyn Copies>> {
    let address = &config.store.read_model;
    if is_postgres(address) {
        return postgres(config);
    }
    if let Some(role) = &config.reporting.reader_role {
        let reason = format!(
            "reporting.reader_role is {role:?}, but store.read_model is no PostgreSQL: a role is \
             granted the schema docket_report of a postgres:// database"
        );
        return Err(failure(Exit::Usage, reason));
    }
    let path = sqlite_path(address, "store.read_model")?;
    Ok(Arc::new(SqliteCopies::new(path)))
}

/// The store of the read models, waited for until it answers: what only an operator can mend is said
/// at once. One that is still away when the patience is over is tried again when it is needed: acts and
/// single enrollments go on without it.
///
/// # Errors
/// As [`read_models`]; what stands in the way of using it; a signal that ended the wait.
pub async fn open_read_models(
    config: &Config,
    patience: &mut Patience<'_>,
) -> anyhow::Result<Arc<dyn Copies>> {
    let copies = read_models(config)?;
    let what = format!("the read models' database, {}", copies.place());
    let looked = patience.wait_for(&what, async || {
        let looked_at = copies.clone();
        match tokio::task::spawn_blocking(move || looked_at.serving()).await? {
            // A folder has no database that could be away.
            Err(error @ StoreError::Database(_)) if error.is_passing() => Err(error.into()),
            Err(error) if !error.is_passing() => Err(unusable(&error)),
            Err(error) => {
                tracing::warn!(%error, "read models can't be reached");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    });
    match looked.await {
        Err(error) if exit_of(&error) == Exit::Unavailable => {
            tracing::warn!(%error, "read models can't be reached; going on without them for now");
        }
        looked => looked?,
    }
    Ok(copies)
}

fn unusable(error: &StoreError) -> anyhow::Error {
    failure(Exit::Usage, format!("store.read_model can't be used: {error}"))
}

#[cfg(feature = "postgres")]
fn postgres(config: &Config) -> anyhow::Result<Arc<dyn Copies>> {
    let options = PostgresOptions { reader_role: config.reporting.reader_role.clone() };
    let copies = PostgresCopies::new(&config.store.read_model, options);
    Ok(Arc::new(copies.map_err(|error| unusable(&error))?))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_config: &Config) -> anyhow::Result<Arc<dyn Copies>> {
    Err(failure(
        Exit::Usage,
        "store.read_model is a PostgreSQL database, which this build can't use: it needs one made \
         with `cargo build --features postgres`; sqlite:<folder> is what every build has"
            .to_owned(),
    ))
}

/// How this process fills read models.
pub fn runner_options(config: &Config) -> Options {
    let holder = format!("process {} {}", std::process::id(), new_id());
    Options {
        batch_events: config.projections.batch_size,
        lease: Duration::from_millis(config.projections.lease_ms),
        writes: config.projections.run,
        ..Options::new(holder)
    }
}

/// Now, in microseconds UTC since 1970.
pub fn now_us() -> i64 {
    SystemClock::default().now().micros()
}

/// Opens the configuration's log; one on a server that does not answer yet is waited for.
///
/// # Errors
/// As [`open_log`]; a signal that ended the wait.
pub async fn wait_for_log(
    config: &Config,
    access: Access,
    patience: &mut Patience<'_>,
) -> anyhow::Result<Arc<dyn EventLog>> {
    if !is_on_a_server(&config.store.log) {
        return open_log(config, access).await;
    }
    patience.wait_for(&log_name(config), async || open_log(config, access).await).await
}

fn log_name(config: &Config) -> String {
    format!("the log, {}", masked(&config.store.log))
}

/// Opens the node for writing; to a log in a file only one process at a time can. A log on a server is
/// waited for, also where it falls silent while it is read.
///
/// # Errors
/// What stands in the way, in words.
pub async fn open(config: &Config, patience: &mut Patience<'_>) -> anyhow::Result<Node> {
    // Opening the log writes to its file.
    let written_at = clock_file::written_at(&config.store.log);
    let log = wait_for_log(config, Access::Write, patience).await?;
    if !is_on_a_server(&config.store.log) {
        return begin(config, &log, written_at).await;
    }
    patience.wait_for(&log_name(config), async || begin(config, &log, written_at).await).await
}

/// Under which names and keys checkpoints of a log are signed.
pub fn epochs_of(book: &LogBook) -> Vec<Epoch> {
    let of = |identity: &Identity| Epoch {
        origin: identity.origin.clone(),
        public_key: identity.public_key.clone(),
        since: identity.since,
    };
    book.identities.iter().map(of).collect()
}

async fn begin(
    config: &Config,
    log: &Arc<dyn EventLog>,
    written_at: Option<Timestamp>,
) -> anyhow::Result<Node> {
    // Before anything is read: what comes after it is followed.
    let head = log.head().await?;
    let mut book = book_of(&**log).await?;
    let known = known::outside(config, book.as_mut()).await?;
    if let Some(stop) = known::shorter(&**log, &known).await? {
        log.recording().stop(stop);
    }
    let file = ClockFile::of(&config.store.data_dir);
    let clock = clock_file::knowing_clock(&**log, &file, written_at, book.as_ref()).await?;
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let watched = clock_file::keep(clock.clone(), file);
    let documents = open_documents(config, Access::Write).await?;
    let key = key_for(KeyUse::Log, &log_key::path(config))?;
    let pairs = log_key::pairs(config, &key)?;
    let public_key = base64::engine::general_purpose::STANDARD.encode(key.public().as_bytes());
    let folder = ledger::folder_of(&config.store.data_dir);
    let open_ledger = async |epochs| ledger::open(&folder, log, epochs, &pairs).await;
    // Before anything is recorded: it may have to be refused.
    let mut opened = match &book {
        Some(book) => Some(open_ledger(epochs_of(book)).await?),
        None => None,
    };
    let parts = Parts {
        log: log.clone(),
        documents,
        clock,
        files: FILES,
        new_log_id: new_id(),
        origin: config.log.origin.clone(),
        public_key: public_key.clone(),
        cache_bytes: config.cache.enrollment_bytes,
    };
    let keys = person_keys::open(config)?;
    let mut app = start_from(parts, head, book).await?;
    if let Some(keys) = keys {
        app = app.with_person_keys(keys, person_keys::fresh);
    }
    if opened.is_none() {
        let book = book_of(&**log).await?;
        opened = Some(open_ledger(book.as_ref().map(epochs_of).unwrap_or_default()).await?);
    }
    let ledger = opened.context("the ledger was not opened")?;
    let clock = tokio::spawn(watched);
    Ok(Node { app: Arc::new(app), log: log.clone(), clock, ledger })
}
