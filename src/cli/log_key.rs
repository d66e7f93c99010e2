//! Where a data folder has the key that signs checkpoints, and those of a change of keys: the next one until
//! it is recorded, the former until both have signed.

use std::path::PathBuf;

use anyhow::Context as _;
use ed25519_dalek::SigningKey;

use super::config::Config;
use super::token::key_for;
use crate::api::auth::{KeyUse, TokenKey};

fn named(config: &Config, name: &str) -> PathBuf {
    config.store.data_dir.join("keys").join(name)
}

/// The key.
pub fn path(config: &Config) -> PathBuf {
    named(config, "log.pem")
}

/// The key that is to be recorded.
pub fn next(config: &Config) -> PathBuf {
    named(config, "log-next.pem")
}

/// The key before.
pub fn former(config: &Config) -> PathBuf {
    named(config, "log-former.pem")
}

/// Every key that may have to sign: a change of keys may have been cut off anywhere.
///
/// # Errors
/// A file that is there and holds no key.
pub fn pairs(config: &Config, key: &TokenKey) -> anyhow::Result<Vec<SigningKey>> {
    let mut pairs = vec![key.pair().clone()];
    for path in [next(config), former(config)] {
        if path.exists() {
            pairs.push(key_for(KeyUse::Log, &path)?.pair().clone());
        }
    }
    Ok(pairs)
}

/// Puts the next key in the place of the key, which stays as the former: there is a key at any moment.
///
/// # Errors
/// Those of the files.
pub fn change(config: &Config) -> anyhow::Result<()> {
    let (key, next, former) = (path(config), next(config), former(config));
    if former.exists() {
        std::fs::remove_file(&former).with_context(|| former.display().to_string())?;
    }
    std::fs::hard_link(&key, &former).with_context(|| former.display().to_string())?;
    std::fs::rename(&next, &key).with_context(|| key.display().to_string())?;
    let folder = std::fs::File::open(config.store.data_dir.join("keys"));
    folder.and_then(|folder| folder.sync_all()).context("keys")
}
