//! Copies as schemas: made, and put in the place of the one that served.

use super::connect::Link;
use super::read::lend;
use super::sql::definitions;
use super::{Inner, report};
use crate::projection::error::DatabaseError;
use crate::projection::models::Models;
use crate::projection::store::{CopyId, Mode};

const CHECKPOINT_SQL: &str = include_str!("../../../../projections/checkpoint/tables.sql");

/// The copy that is kept: its schema says so.
const KEPT: &str = "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^docket_copy_[0-9]+$'
    AND nspname::text NOT IN (SELECT copy FROM docket.serving)
    AND obj_description(oid, 'pg_namespace') = 'kept'";

/// The copy that is kept, if there is one.
pub(super) async fn kept(inner: &Inner) -> Result<Option<String>, DatabaseError> {
    let row = lend(inner).await?.query_opt(KEPT, &[]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Keeps this copy, and no other any longer.
pub(super) async fn keep(link: &Link, copy: Option<&str>) -> Result<(), DatabaseError> {
    for row in link.query(KEPT, &[]).await? {
        let before: &str = row.try_get(0)?;
        if Some(before) != copy {
            link.batch_execute(&format!("DROP SCHEMA {before} CASCADE")).await?;
        }
    }
    if let Some(copy) = copy {
        link.batch_execute(&format!("COMMENT ON SCHEMA {copy} IS 'kept'")).await?;
    }
    Ok(())
}

/// The greatest number of a copy; the sequence may have been lost, and begun anew.
const NEWEST: &str = "SELECT coalesce(max(substring(nspname from '[0-9]+$')::bigint), 0)
    FROM pg_namespace WHERE nspname ~ '^docket_copy_[0-9]{1,18}$'";
const NUMBER: &str =
    "SELECT setval('docket.copy', greatest(nextval('docket.copy'), $1::bigint + 1))";

/// Makes the schema and tables of a new copy, and removes what doesn't serve.
pub(super) async fn create(
    link: &Link,
    mode: Mode,
    models: &Models,
) -> Result<CopyId, DatabaseError> {
    let unserved = "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^docket_copy_[0-9]+$'
        AND nspname::text NOT IN (SELECT copy FROM docket.serving)
        AND obj_description(oid, 'pg_namespace') IS DISTINCT FROM 'kept'";
    // Looked at before any is removed: no name of one that was met comes back.
    let newest: i64 = link.query_one(NEWEST, &[]).await?.try_get(0)?;
    for row in link.query(unserved, &[]).await? {
        let copy: &str = row.try_get(0)?;
        link.batch_execute(&format!("DROP SCHEMA {copy} CASCADE")).await?;
    }
    let number = link.query_one(NUMBER, &[&newest]).await?;
    let copy = CopyId(format!("docket_copy_{}", number.try_get::<_, i64>(0)?));
    let filling = mode == Mode::Filling;
    let sql = format!("CREATE SCHEMA {copy}; SET LOCAL search_path TO {copy};");
    link.batch_execute(&sql).await?;
    link.batch_execute(&definitions(CHECKPOINT_SQL, filling)).await?;
    for model in models.iter() {
        for table in model.tables() {
            link.batch_execute(&table.postgres(filling)).await?;
            let sql = "INSERT INTO table_checksum (name, checksum) VALUES ($1, '0')";
            link.execute(sql, &[&table.name]).await?;
        }
        let (name, version) = (model.name(), i64::from(model.version()));
        let sql = "INSERT INTO read_model (name, version) VALUES ($1, $2)";
        link.execute(sql, &[&name, &version]).await?;
    }
    // One that is filled gets them when it is finished.
    if mode == Mode::Following {
        for model in models.iter() {
            link.batch_execute(&definitions(model.indexes_sql(), false)).await?;
        }
    }
    Ok(copy)
}

/// Lets a copy serve, and shows it in the views for reporting.
pub(super) async fn serve(
    link: &Link,
    copy: &CopyId,
    role: Option<&str>,
) -> Result<(), DatabaseError> {
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
