//! Filling a copy that nobody reads yet: what is left out until the end, and whole tables at once.

use super::connect::{Link, STATEMENT};
use super::sql::definitions;
use crate::projection::error::DatabaseError;
use crate::projection::models::Models;
use crate::projection::store::CopyId;
use crate::projection::table::Table;

/// The statement that gives a table its key.
pub(super) fn add_key(table: &Table) -> String {
    format!("ALTER TABLE {} ADD PRIMARY KEY ({})", table.name, table.key.join(", "))
}

/// Makes the indexes and views of a copy, and what is left to do for one that was filled: keys,
/// what the planner knows, and tables that outlast a crash.
///
/// # Errors
/// Those of the database.
pub(super) async fn finish(
    link: &Link,
    models: &Models,
    keyless: &[&'static Table],
    filling: bool,
) -> Result<(), DatabaseError> {
    link.batch_execute("SET statement_timeout = 0; SET maintenance_work_mem = '256MB'").await?;
    for table in keyless {
        link.batch_execute(&add_key(table)).await?;
    }
    for model in models.iter() {
        link.batch_execute(&definitions(model.indexes_sql(), false)).await?;
    }
    if filling {
        let own = ["checkpoint", "read_model", "table_checksum"];
        for table in models.tables().map(|table| table.name).chain(own) {
            link.batch_execute(&format!("ALTER TABLE {table} SET LOGGED; ANALYZE {table}")).await?;
        }
    }
    // A copy that was filled is compared next, table by table; who follows it opens it anew.
    let limit = if filling { "SET statement_timeout = 0" } else { STATEMENT };
    link.batch_execute(&format!("{limit}; RESET maintenance_work_mem")).await?;
    Ok(())
}

/// Copies the rows of tables from another copy, as of one instant; the position of that one.
///
/// # Errors
/// Those of the database.
pub(super) async fn copy_tables(
    link: &Link,
    from: &CopyId,
    tables: &[&'static Table],
) -> Result<Option<u64>, DatabaseError> {
    link.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = 0")
        .await?;
    let sql = format!("SELECT position FROM {from}.checkpoint");
    let position: Option<i64> = link.query_one(&sql, &[]).await?.try_get(0)?;
    for table in tables {
        let (name, columns) = (table.name, table.names());
        let sql = format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {from}.{name}");
        link.batch_execute(&sql).await?;
        let sql = format!(
            "UPDATE table_checksum t SET checksum = s.checksum
             FROM {from}.table_checksum s WHERE t.name = $1 AND s.name = t.name"
        );
        link.execute(&sql, &[&name]).await?;
    }
    link.batch_execute("COMMIT").await?;
    Ok(position.and_then(|position| u64::try_from(position).ok()))
}
