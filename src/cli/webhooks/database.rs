//! How webhooks reach the database of the read models: they know no read models, and those no webhooks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio_postgres::Error;

use super::super::exit::{Exit, failure};
use super::super::token::new_id;
use crate::app::clock::boot_us;
use crate::projection::DatabaseError;
use crate::projection::store::PostgresDatabase;
use crate::webhooks::{Database, PostgresParts, Settings, WebhookError, endpoints_in};

struct ReadModels(PostgresDatabase);

/// Endpoints at the address of the read models; a server says how deliveries are made.
///
/// # Errors
/// What is wrong with the address, without its password.
pub fn parts(address: &str, says: Option<Settings>) -> anyhow::Result<PostgresParts> {
    let database = PostgresDatabase::new(address).map_err(|error| {
        failure(Exit::Usage, format!("store.read_model can't be used: {error}"))
    })?;
    Ok(PostgresParts {
        database: Arc::new(ReadModels(database)),
        holder: format!("process {} {}", std::process::id(), new_id()),
        settings: says,
        // One that slept must not count on a right that lapsed meanwhile.
        steady: Arc::new(|| Duration::from_micros(boot_us().unsigned_abs())),
    })
}

/// Says that endpoints of this node alone, from before, are not delivered.
pub fn warn_of_file(path: &Path) {
    if let Some(endpoints) = endpoints_in(path).filter(|endpoints| *endpoints > 0) {
        tracing::warn!(
            file = %path.display(),
            endpoints,
            "webhook endpoints in this file are not delivered: those of all nodes stand beside the \
             read models; `docket webhooks import` takes them there, then move the file away"
        );
    }
}

impl ReadModels {
    fn said(&self, error: DatabaseError) -> WebhookError {
        if error.is_passing() {
            let (place, reason) = (self.place(), error.to_string());
            return WebhookError::Unavailable { place, reason };
        }
        WebhookError::Database(error.to_string())
    }
}

impl Database for ReadModels {
    fn place(&self) -> String {
        self.0.place().to_owned()
    }

    fn connect(&self) -> BoxFuture<'_, Result<ClientWrapper, WebhookError>> {
        async { self.0.connect().await.map_err(|error| self.said(error)) }.boxed()
    }

    fn explain(&self, error: &Error) -> WebhookError {
        self.said(self.0.explain(error))
    }
}
