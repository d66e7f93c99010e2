//! Keys in PostgreSQL. Setting a key to nothing leaves the old row in its page, so the table is written anew
//! (`VACUUM FULL`) before an erasure is answered. The server's WAL, its archive, replicas and backups hold copies
//! that only their keeper reaches (docs/personal-data.md).

use deadpool_postgres::ClientWrapper;
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::sync::Mutex;
use tokio_postgres::Error;
use uuid::Uuid;

use super::super::exit::{Exit, failure};
use crate::app::persons::{Found, KeyStoreError, PersonKey, PersonKeys};
use crate::domain::person::DataSubject;
use crate::projection::store::PostgresDatabase;

/// `Dkpk`: nodes that start at once make the table one after the other.
const TABLE: &str = "
BEGIN; SELECT pg_advisory_xact_lock(1147891819);
CREATE SCHEMA IF NOT EXISTS docket_persons;
CREATE TABLE IF NOT EXISTS docket_persons.person_key (
    log_id uuid NOT NULL,
    data_subject text NOT NULL,
    key bytea CHECK (octet_length(key) = 32),
    PRIMARY KEY (log_id, data_subject));
COMMENT ON COLUMN docket_persons.person_key.key IS 'Gone once it is destroyed; the row stays, so that there is no other.';
COMMIT; SET synchronous_commit = on;";
const FIND: &str =
    "SELECT key FROM docket_persons.person_key WHERE log_id = $1 AND data_subject = $2";
const KEEP: &str =
    "INSERT INTO docket_persons.person_key VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const DESTROY: &str = "INSERT INTO docket_persons.person_key VALUES ($1, $2, NULL)
 ON CONFLICT (log_id, data_subject) DO UPDATE SET key = NULL WHERE person_key.key IS NOT NULL";
const REWRITE: &str = "VACUUM (FULL) docket_persons.person_key";
const ALL: &str =
    "SELECT data_subject FROM docket_persons.person_key WHERE log_id = $1 AND key IS NOT NULL";

/// The table of keys of a database.
pub struct PostgresKeys {
    database: PostgresDatabase,
    link: Mutex<Option<ClientWrapper>>,
}

impl PostgresKeys {
    /// The keys in a database; nothing is asked of it yet.
    ///
    /// # Errors
    /// What is wrong with the address, without its password.
    pub fn new(address: &str) -> anyhow::Result<Self> {
        let database = PostgresDatabase::new(address).map_err(|error| {
            failure(Exit::Usage, format!("privacy.key_store can't be used: {error}"))
        })?;
        Ok(Self { database, link: Mutex::default() })
    }

    fn away(&self, reason: &dyn std::fmt::Display) -> KeyStoreError {
        let place = self.database.place().to_owned();
        KeyStoreError::Away { place, reason: reason.to_string() }
    }

    /// Works on a connection, a new one where the last has failed.
    async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&ClientWrapper) -> Result<T, Error>,
    ) -> Result<T, KeyStoreError> {
        let mut kept = self.link.lock().await;
        let link = match kept.take().filter(|link| !link.is_closed()) {
            Some(link) => link,
            None => {
                let link = self.database.connect().await.map_err(|error| self.away(&error))?;
                let made = link.batch_execute(TABLE).await;
                made.map_err(|error| self.away(&self.database.explain(&error)))?;
                link
            }
        };
        let worked = work(&link).await;
        // One whose work failed may be in the midst of something.
        let worked = worked.map_err(|error| self.away(&self.database.explain(&error)))?;
        *kept = Some(link);
        Ok(worked)
    }
}

async fn find(link: &ClientWrapper, log: Uuid, of: &str) -> Result<Found, Error> {
    let Some(row) = link.query_opt(FIND, &[&log, &of]).await? else { return Ok(Found::Nothing) };
    let key: Option<&[u8]> = row.try_get(0)?;
    // The table takes no other length.
    let key = key.and_then(|key| key.try_into().ok());
    Ok(key.map_or(Found::Destroyed, |key| Found::Key(PersonKey::new(key))))
}

impl PersonKeys for PostgresKeys {
    fn find<'a>(
        &'a self,
        log: Uuid,
        of: &'a DataSubject,
    ) -> BoxFuture<'a, Result<Found, KeyStoreError>> {
        self.run(async move |link| find(link, log, of.as_str()).await).boxed()
    }

    fn find_or_keep<'a>(
        &'a self,
        log: Uuid,
        of: &'a DataSubject,
        fresh: PersonKey,
    ) -> BoxFuture<'a, Result<Found, KeyStoreError>> {
        self.run(async move |link| {
            link.execute(KEEP, &[&log, &of.as_str(), &fresh.as_bytes().as_slice()]).await?;
            find(link, log, of.as_str()).await
        })
        .boxed()
    }

    fn destroy<'a>(
        &'a self,
        log: Uuid,
        of: &'a DataSubject,
    ) -> BoxFuture<'a, Result<(), KeyStoreError>> {
        self.run(async move |link| {
            link.execute(DESTROY, &[&log, &of.as_str()]).await?;
            link.batch_execute(REWRITE).await
        })
        .boxed()
    }

    fn all(&self, log: Uuid) -> BoxFuture<'_, Result<Vec<DataSubject>, KeyStoreError>> {
        self.run(async move |link| {
            let rows = link.query(ALL, &[&log]).await?;
            let of = |row: &tokio_postgres::Row| row.try_get::<_, &str>(0).ok().map(str::to_owned);
            Ok(rows.iter().filter_map(of).filter_map(|of| DataSubject::parse(&of).ok()).collect())
        })
        .boxed()
    }
}
