//! Copies that somebody damaged: a schema or a table that was dropped, rows that can't be read.

use super::connect::connect;
use super::read::{PostgresReader, lend};
use super::sql::storable;
use super::wait::{Limit, QUICK, SILENCE};
use super::{Arc, Inner};
use crate::projection::StoreError;
use crate::projection::error::DatabaseError;
use crate::projection::store::{CopyId, CopyReader as _};

/// What the comment on a damaged copy's schema begins with.
const DAMAGED: &str = "damaged: ";
/// A schema that may not be used looks as if its tables were gone.
const SCHEMA: &str =
    "SELECT obj_description(oid, 'pg_namespace'), has_schema_privilege(oid, 'USAGE')
    FROM pg_namespace WHERE nspname = $1";

/// What is damaged in the copy that serves.
pub(super) fn look(inner: &Arc<Inner>, copy: &CopyId) -> Result<Option<String>, StoreError> {
    let schema = inner.wait(Limit::After(2 * QUICK), async {
        let client = lend(inner).await?;
        Ok::<_, DatabaseError>(client.query_opt(SCHEMA, &[&copy.0]).await?)
    })?;
    let Some(schema) = schema else {
        return Ok(Some(format!("the schema {copy} is gone")));
    };
    if !schema.try_get::<_, bool>(1)? {
        let user = inner.address.config.get_user().unwrap_or_default();
        let grant = format!("GRANT USAGE ON SCHEMA {copy} TO \"{user}\"");
        let reason = format!("{}: this user may not use the schema; {grant}", inner.address.place);
        return Err(StoreError::Database(DatabaseError::refused(reason)));
    }
    let said: Option<&str> = schema.try_get(0)?;
    if let Some(what) = said.and_then(|said| said.strip_prefix(DAMAGED)) {
        return Ok(Some(what.to_owned()));
    }
    let mut reader = PostgresReader { inner: Arc::clone(inner), copy: copy.clone() };
    match reader.checkpoint() {
        Ok(_) => Ok(None),
        Err(error) if error.is_damage() => Ok(Some(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Looks whether this user may write a copy here and now.
pub(super) fn writable(inner: &Arc<Inner>, copy: &str) -> Result<(), StoreError> {
    let right = format!("has_table_privilege('{copy}.checkpoint', 'UPDATE')");
    let sql = format!("SELECT current_setting('transaction_read_only') = 'on', {right}");
    let found = inner.wait(Limit::After(QUICK), async {
        // A session of its own: those that are open keep what held when they began.
        let link = connect(&inner.address).await?;
        let row = link.query_one(&sql, &[]).await?;
        Ok::<_, DatabaseError>((row.try_get::<_, bool>(0)?, row.try_get::<_, bool>(1)?))
    })?;
    let reason = match found {
        (true, _) => {
            "it takes only reading transactions (default_transaction_read_only, or a standby)"
        }
        (_, false) => "this user may not change the tables of the copy that serves",
        (false, true) => return Ok(()),
    };
    let reason = format!("{}: {reason}", inner.address.place);
    Err(StoreError::Database(DatabaseError::refused(reason)))
}

/// Says what is damaged where every process sees it.
pub(super) fn report(inner: &Arc<Inner>, copy: &str, what: &str) -> Result<(), StoreError> {
    let what = storable(what).replace('\'', "''");
    let comment = format!("COMMENT ON SCHEMA {copy} IS '{DAMAGED}{what}'");
    Ok(inner.wait(Limit::After(SILENCE), async {
        let link = connect(&inner.address).await?;
        Ok::<_, DatabaseError>(link.batch_execute(&comment).await?)
    })?)
}
