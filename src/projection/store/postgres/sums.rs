//! What statements do to the checksum of their table. Called before they are made: what they replace is
//! read first.

use tokio_postgres::Row as Answer;
use tokio_postgres::types::ToSql;

use super::batch::{Row, Statement};
use super::connect::Link;
use super::send::{Sent, arrays_of, columns};
use super::sql::{marked, type_of};
use super::values::{Held, held};
use crate::projection::change::Cell;
use crate::projection::checksum::Summing;
use crate::projection::error::DatabaseError;
use crate::projection::table::{Change, Table};

/// Adds what a statement will do.
///
/// # Errors
/// Those of the database.
pub(super) async fn sum(
    link: &Link,
    table: &'static Table,
    statement: &Statement<'_>,
    summing: &mut Summing,
) -> Result<(), DatabaseError> {
    match statement {
        Statement::Insert(rows) => add(rows, summing),
        Statement::Put(rows) => {
            for replaced in replaced(link, table, rows).await? {
                let before = cells(&replaced)?;
                summing.remove(|column| cell(&before, column));
            }
            add(rows, summing);
        }
        // Such columns held nothing.
        Statement::Update(set, rows) => {
            for row in rows {
                for (index, column) in set.iter().enumerate() {
                    let filled = (Cell::Null, value(row, index + 1));
                    summing.set(*column, |_| value(row, 0), filled);
                }
            }
        }
        Statement::Change(change, values) => {
            let set = change.set.len();
            for changed in changed(link, table, change, values).await? {
                let before = cells(&changed)?;
                for (index, name) in change.set.iter().enumerate() {
                    let Some(column) = table.column(name) else { continue };
                    let values = (cell(&before, index), value(values, index));
                    summing.set(column, |of| cell(&before, set + of), values);
                }
            }
        }
    }
    Ok(())
}

fn add(rows: &[Row<'_>], summing: &mut Summing) {
    for row in rows {
        summing.add(|column| value(row, column));
    }
}

fn value<'a>(row: &Row<'a>, column: usize) -> Cell<'a> {
    row.get(column).copied().unwrap_or(Cell::Null)
}

fn cells(row: &Answer) -> Result<Vec<Held<'_>>, DatabaseError> {
    (0..row.len()).map(|column| held(row, column)).collect()
}

fn cell<'a>(row: &'a [Held<'_>], column: usize) -> Cell<'a> {
    match row.get(column) {
        Some(Held::In(cell)) => *cell,
        Some(Held::Made(text)) => Cell::Text(text),
        None => Cell::Null,
    }
}

/// The rows whose place others take.
async fn replaced(
    link: &Link,
    table: &'static Table,
    rows: &[Row<'_>],
) -> Result<Vec<Answer>, DatabaseError> {
    let key: Vec<_> = table.key.iter().filter_map(|name| table.column(name)).collect();
    let kinds: Vec<_> = key.iter().map(|of| table.columns[*of].kind.storage()).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE ({}) IN (SELECT * FROM unnest({}))",
        table.names(),
        table.name,
        table.key.join(", "),
        arrays_of(&kinds)
    );
    let keys: Vec<Row<'_>> =
        rows.iter().map(|row| key.iter().map(|of| value(row, *of)).collect()).collect();
    let statement = link.prepare_cached(&sql).await?;
    let arrays = columns(&kinds, &keys)?;
    let parameters: Vec<&(dyn ToSql + Sync)> =
        arrays.iter().map(|array| &**array as &(dyn ToSql + Sync)).collect();
    Ok(link.query(&statement, &parameters).await?)
}

/// The rows that a change picks: the columns that it sets, then the key.
async fn changed(
    link: &Link,
    table: &'static Table,
    change: &Change,
    values: &Row<'_>,
) -> Result<Vec<Answer>, DatabaseError> {
    let columns = [change.set, table.key].concat().join(", ");
    let filter = marked(change.filter, 1);
    let sql = format!("SELECT {columns} FROM {} WHERE {filter}", table.name);
    let values: Vec<_> = values.iter().skip(change.set.len()).map(|value| Sent(*value)).collect();
    let types: Vec<_> = values.iter().map(|value| type_of(value.0)).collect();
    let statement = link.prepare_typed_cached(&sql, &types).await?;
    let parameters: Vec<&(dyn ToSql + Sync)> =
        values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
    Ok(link.query(&statement, &parameters).await?)
}
