//! The stores that a configuration names by address: the log and the documents, opened as the engine
//! that the address says. What several commands share; read models are in `node`.

#[cfg(feature = "s3")]
mod s3;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::config::Config;
use super::exit::{Exit, failure};
use super::masked::{has_account, masked};
use super::provider;
use crate::app::documents::{DocumentStore, FolderStore};
use crate::ledger::{Witness, folder_of};
use crate::log::{EventLog, SqliteLog};

/// Where documents are, read.
enum DocumentsAddress {
    Folder(PathBuf),
    #[cfg(feature = "s3")]
    S3(crate::app::documents::s3::S3Address),
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To append; makes what is not there yet.
    Write,
    /// To read only, also beside a server.
    Read,
}

/// A log's address, read.
enum LogAddress {
    Sqlite(PathBuf),
    #[cfg(feature = "kurrentdb")]
    Kurrent(crate::log::kurrentdb::Address),
}

/// The path of an address that begins like this. One in which another address or an account stands is
/// none: a path is shown, with a password that is in it.
pub(super) fn path_of(address: &str, scheme: &str) -> Option<PathBuf> {
    let path = address.strip_prefix(scheme)?;
    let is_other =
        path.contains("://") || path.to_lowercase().contains("password=") || has_account(path);
    (!path.is_empty() && !is_other).then(|| PathBuf::from(path))
}

/// Checks that the configuration's addresses are of this build; nothing is opened.
///
/// # Errors
/// An address that is none of this build, and what would be one.
pub fn check_addresses(config: &Config) -> anyhow::Result<()> {
    match log_address(&config.store.log, "store.log")? {
        LogAddress::Sqlite(_) => {}
        #[cfg(feature = "kurrentdb")]
        LogAddress::Kurrent(address) => drop(with_account(address, config)?),
    }
    witnesses(config)?;
    provider::configured(config)?;
    documents_address(config).map(|_| ())
}

/// The witnesses of the configuration, and the authority that stamps the time.
///
/// # Errors
/// One that is none, and what would be one.
pub fn witnesses(config: &Config) -> anyhow::Result<Vec<Witness>> {
    let named = config.log.witnesses.iter().flat_map(|named| named.split(','));
    let named = named.filter(|one| !one.trim().is_empty()).map(Witness::parse);
    let all: Result<Vec<_>, String> = named.collect();
    let mut all = all.map_err(|why| failure(Exit::Usage, format!("log.witnesses: {why}")))?;
    if let Some(authority) = &config.log.timestamps {
        let wrong = |why: String| failure(Exit::Usage, format!("log.timestamps: {why}"));
        all.push(Witness::authority(authority).map_err(wrong)?);
    }
    Ok(all)
}

/// Whether a log is on a server, which may be away for a while, and not in a file.
pub fn is_on_a_server(address: &str) -> bool {
    !address.starts_with("sqlite:")
}

/// Opens the configuration's log.
///
/// # Errors
/// An address that is none of this build; what stands in the way of opening it.
pub async fn open_log(config: &Config, access: Access) -> anyhow::Result<Arc<dyn EventLog>> {
    open_log_at(&config.store.log, "store.log", config, access).await
}

/// Opens the log at an address; `what` names where the address comes from.
///
/// # Errors
/// As [`open_log`].
pub async fn open_log_at(
    address: &str,
    what: &str,
    config: &Config,
    access: Access,
) -> anyhow::Result<Arc<dyn EventLog>> {
    // Engines beside SQLite have settings of their own.
    #[cfg(not(feature = "kurrentdb"))]
    let _ = config;
    match log_address(address, what)? {
        LogAddress::Sqlite(path) => {
            if access == Access::Read {
                return Ok(Arc::new(SqliteLog::open_reader(&path)?));
            }
            make_folder(path.parent())?;
            Ok(Arc::new(SqliteLog::open_writer(&path)?))
        }
        #[cfg(feature = "kurrentdb")]
        LogAddress::Kurrent(kurrent_address) => {
            // The count in the data folder is that of the configuration's log.
            let counted = address == config.store.log;
            kurrent(kurrent_address, config, access, counted).await
        }
    }
}

fn log_address(address: &str, what: &str) -> anyhow::Result<LogAddress> {
    if let Some(path) = path_of(address, "sqlite:") {
        return Ok(LogAddress::Sqlite(path));
    }
    #[cfg(feature = "kurrentdb")]
    if crate::log::kurrentdb::Address::is_one(address) {
        let address = crate::log::kurrentdb::Address::parse(address)
            .map_err(|error| failure(Exit::Usage, format!("{what}: {error}")))?;
        return Ok(LogAddress::Kurrent(address));
    }
    let shown = masked(address);
    let known = if cfg!(feature = "kurrentdb") {
        "sqlite:<path> and kurrentdb://<host>:<port> are"
    } else {
        "sqlite:<path> is; kurrentdb:// needs one made with `cargo build --features kurrentdb`"
    };
    let text = format!("{what} {shown:?} is not an address of this build: {known}");
    Err(failure(Exit::Usage, text))
}

#[cfg(feature = "kurrentdb")]
async fn kurrent(
    address: crate::log::kurrentdb::Address,
    config: &Config,
    access: Access,
    counted: bool,
) -> anyhow::Result<Arc<dyn EventLog>> {
    use crate::log::kurrentdb::{KurrentLog, KurrentOptions};
    if access == Access::Write {
        make_folder(Some(&config.store.data_dir))?;
    }
    let address = with_account(address, config)?;
    let cache = config.store.data_dir.join("kurrentdb-count.sqlite");
    let options = KurrentOptions {
        prefix: config.store.kurrentdb.prefix.clone(),
        cache: counted.then_some(cache),
        writes: access == Access::Write,
        ..KurrentOptions::new(address)
    };
    Ok(Arc::new(KurrentLog::open(options).await?))
}

/// The account of the configuration, which wins over the address's.
#[cfg(feature = "kurrentdb")]
fn with_account(
    address: crate::log::kurrentdb::Address,
    config: &Config,
) -> anyhow::Result<crate::log::kurrentdb::Address> {
    use crate::log::kurrentdb::Account;
    match (&config.store.kurrentdb.user, &config.store.kurrentdb.password) {
        (Some(user), Some(password)) => {
            let (user, password) = (user.clone(), password.clone());
            Ok(address.with_account(Account { user, password }))
        }
        (None, None) => Ok(address),
        _ => Err(failure(
            Exit::Usage,
            "store.kurrentdb.user and store.kurrentdb.password are needed together",
        )),
    }
}

fn documents_address(config: &Config) -> anyhow::Result<DocumentsAddress> {
    let address = &config.store.documents;
    if address.starts_with("s3:") {
        return s3_address(config);
    }
    if config.store.s3 != Default::default() {
        return Err(failure(
            Exit::Usage,
            "store.s3.access_key_id and store.s3.secret_access_key are given, but store.documents \
             is no S3 store: s3://bucket/prefix is",
        ));
    }
    match path_of(address, "file:") {
        Some(path) => Ok(DocumentsAddress::Folder(path)),
        None => Err(failure(
            Exit::Usage,
            format!(
                "store.documents {:?} is not an address of this build: {} is",
                masked(address),
                if cfg!(feature = "s3") {
                    "file:<folder> or s3://bucket/prefix"
                } else {
                    "file:<folder>"
                },
            ),
        )),
    }
}

#[cfg(feature = "s3")]
fn s3_address(config: &Config) -> anyhow::Result<DocumentsAddress> {
    s3::address(config).map(DocumentsAddress::S3)
}

#[cfg(not(feature = "s3"))]
fn s3_address(_config: &Config) -> anyhow::Result<DocumentsAddress> {
    Err(failure(
        Exit::Usage,
        "store.documents is an S3 store, which this build can't use: it needs one made with \
         `cargo build --features s3`; file:<folder> is what every build has",
    ))
}

/// Opens the configuration's documents. A store that is away for now is tried again when a document
/// is needed; until then acts that cite none go on.
///
/// # Errors
/// An address that is none of this build; what stands in the way of opening it.
pub async fn open_documents(
    config: &Config,
    access: Access,
) -> anyhow::Result<Arc<dyn DocumentStore>> {
    match documents_address(config)? {
        #[cfg(feature = "s3")]
        DocumentsAddress::S3(address) => s3::open(config, address, access).await,
        DocumentsAddress::Folder(folder) if access == Access::Read => {
            Ok(Arc::new(FolderStore::reading(&folder)))
        }
        DocumentsAddress::Folder(folder) => {
            make_folder(Some(&folder))?;
            Ok(Arc::new(FolderStore::open(&folder)?))
        }
    }
}

/// Where the ledger of a log is: beside its file where that is another than the data folder's, else in
/// the data folder.
pub fn ledger_folder(address: &str, config: &Config) -> PathBuf {
    let file = path_of(address, "sqlite:").filter(|_| address != config.store.log);
    let beside = file.and_then(|file| file.parent().map(Path::to_owned));
    folder_of(&beside.unwrap_or_else(|| config.store.data_dir.clone()))
}

fn make_folder(folder: Option<&Path>) -> anyhow::Result<()> {
    match folder {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .with_context(|| format!("can't make the folder {}", folder.display())),
        _ => Ok(()),
    }
}
