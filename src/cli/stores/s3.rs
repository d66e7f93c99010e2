//! Documents in an S3 store, as the configuration has them. The process's environment is read here and
//! handed on; the store itself reads none.

use std::sync::Arc;

use super::Access;
use crate::app::documents::s3::{S3Address, S3Login, S3Settings, S3Store};
use crate::app::documents::{DocumentError, DocumentStore};
use crate::cli::config::Config;
use crate::cli::exit::{Exit, failure};
use crate::cli::token::new_id;

/// The configured address; nothing is asked of the store.
///
/// # Errors
/// What is wrong with it, or with the keys.
pub(super) fn address(config: &Config) -> anyhow::Result<S3Address> {
    let address = S3Address::parse(&config.store.documents)
        .map_err(|error| failure(Exit::Usage, format!("store.documents: {error}")))?;
    login(config)?;
    Ok(address)
}

/// Opens the store and, to write, looks at it: what only an operator can mend is said now.
///
/// # Errors
/// Another bucket or key than the store has; an address where no such store is.
pub(super) async fn open(
    config: &Config,
    address: S3Address,
    access: Access,
) -> anyhow::Result<Arc<dyn DocumentStore>> {
    let settings = S3Settings {
        login: login(config)?,
        environment: std::env::vars().collect(),
        ..S3Settings::new(address, new_id())
    };
    let store = S3Store::new(&settings).map_err(|error| unusable(&error))?;
    if access == Access::Write {
        match store.clean(now()).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "removed uploads that had broken off"),
            Err(DocumentError::Unreachable { obstacle, .. }) if obstacle.is_passing() => {
                let documents = &settings.address;
                tracing::warn!(%documents, ?obstacle, "the documents can't be reached; acts that cite any are refused");
            }
            Err(error) => return Err(unusable(&error)),
        }
    }
    Ok(Arc::new(store))
}

fn unusable(error: &DocumentError) -> anyhow::Error {
    failure(Exit::Usage, format!("store.documents can't be used: {error}"))
}

fn login(config: &Config) -> anyhow::Result<Option<S3Login>> {
    let keys = &config.store.s3;
    match (keys.access_key_id.clone(), keys.secret_access_key.clone()) {
        (Some(access_key_id), Some(secret_access_key)) => {
            Ok(Some(S3Login { access_key_id, secret_access_key }))
        }
        (None, None) => Ok(None),
        _ => Err(failure(
            Exit::Usage,
            "store.s3.access_key_id and store.s3.secret_access_key belong together; without both, \
             the variables of AWS say how to come in",
        )),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the edge: leftovers are judged by their age"
)]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
