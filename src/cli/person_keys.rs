//! Where the keys of persons are kept: a file of this node, or PostgreSQL, which all nodes reach.

use std::path::PathBuf;
use std::sync::Arc;

use super::config::Config;
use super::exit::{Exit, failure};
use super::masked::masked;
use super::node::is_postgres;
use super::stores::{is_on_a_server, path_of};
use super::token::random;
use crate::app::persons::{FileKeys, PersonKey, PersonKeys};

#[cfg(feature = "postgres")]
mod postgres;

/// The file of keys of a data folder.
pub fn file_of(config: &Config) -> PathBuf {
    config.store.data_dir.join("keys").join("persons.sqlite")
}

/// A random key.
pub fn fresh() -> PersonKey {
    let mut bytes = [0; 32];
    rand::Rng::fill_bytes(&mut random(), &mut bytes);
    PersonKey::new(bytes)
}

/// The key store of a configuration; nothing is asked of it yet. None where several nodes may write the log
/// and nothing says where they all find the keys: no act can name a person there.
///
/// # Errors
/// An address that is none of this build.
pub fn open(config: &Config) -> anyhow::Result<Option<Arc<dyn PersonKeys>>> {
    let stated = config.privacy.key_store.as_ref();
    if stated.is_none() && !is_on_a_server(&config.store.log) {
        return Ok(Some(Arc::new(FileKeys::new(file_of(config)))));
    }
    // Beside the read models, which all nodes reach there.
    let beside = Some(&config.store.read_model).filter(|address| is_postgres(address));
    let Some(address) = stated.or(beside) else { return Ok(None) };
    if let Some(path) = path_of(address, "sqlite:") {
        return Ok(Some(Arc::new(FileKeys::new(path))));
    }
    #[cfg(feature = "postgres")]
    if is_postgres(address) {
        return Ok(Some(Arc::new(postgres::PostgresKeys::new(address)?)));
    }
    let text = match is_postgres(address) {
        true => "privacy.key_store is a PostgreSQL database, which this build can't use: it needs one made \
                 with `cargo build --features postgres`"
            .to_owned(),
        false => format!(
            "privacy.key_store {:?} is not an address of this build: sqlite:<file> is, and \
             postgres://user@host/database",
            masked(address)
        ),
    };
    Err(failure(Exit::Usage, text))
}
