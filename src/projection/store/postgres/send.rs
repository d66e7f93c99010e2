//! The statements of a batch on their way to PostgreSQL: rows as arrays or by a binary COPY.

use std::borrow::Cow;
use std::pin::pin;

use bytes::{Bytes, BytesMut};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::batch::{Row, Statement};
use super::connect::Link;
use super::sql::{array_name, column_type, marked, storable, type_of};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::table::{Change, Storage, Table};

/// From how many rows on a COPY is quicker than arrays.
const COPY_ROWS: usize = 512;

type Failed = Box<dyn std::error::Error + Sync + Send>;

/// Makes a statement.
///
/// # Errors
/// Those of the database.
pub(super) async fn send(
    link: &Link,
    table: &'static Table,
    statement: &Statement<'_>,
) -> Result<(), DatabaseError> {
    match statement {
        Statement::Insert(rows) if rows.len() >= COPY_ROWS => copy(link, table, rows).await,
        Statement::Insert(rows) => {
            let (arrays, columns) = (arrays(table), table.names());
            let name = table.name;
            let sql = format!("INSERT INTO {name} ({columns}) SELECT * FROM unnest({arrays})");
            with_rows(link, &sql, &kinds(table), rows).await
        }
        Statement::Put(rows) => with_rows(link, &put_sql(table), &kinds(table), rows).await,
        Statement::Update(columns, rows) => update(link, table, columns, rows).await,
        Statement::Change(change, values) => one_change(link, table, change, values).await,
    }
}

fn kinds(table: &Table) -> Vec<Storage> {
    table.columns.iter().map(|column| column.kind.storage()).collect()
}

fn arrays(table: &Table) -> String {
    arrays_of(&kinds(table))
}

pub(super) fn arrays_of(kinds: &[Storage]) -> String {
    let arrays = kinds.iter().enumerate();
    let arrays = arrays.map(|(index, kind)| format!("${}::{}", index + 1, array_name(*kind)));
    arrays.collect::<Vec<_>>().join(", ")
}

fn put_sql(table: &Table) -> String {
    let others = table.columns.iter().map(|column| column.name);
    let others = others.filter(|name| !table.key.contains(name));
    let set = others.map(|name| format!("{name} = excluded.{name}"));
    let set = set.collect::<Vec<_>>().join(", ");
    let then = if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {set}") };
    format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT ({}) DO {then}",
        table.name,
        table.names(),
        arrays(table),
        table.key.join(", ")
    )
}

async fn update(
    link: &Link,
    table: &'static Table,
    columns: &[usize],
    rows: &[Row<'_>],
) -> Result<(), DatabaseError> {
    let (key, key_kind) = key(table)?;
    let set: Vec<_> = columns.iter().filter_map(|column| table.columns.get(*column)).collect();
    let mut kinds = vec![key_kind];
    kinds.extend(set.iter().map(|column| column.kind.storage()));
    let names: Vec<_> = set.iter().map(|column| column.name).collect();
    let assigned: Vec<_> = names.iter().map(|name| format!("{name} = u.{name}")).collect();
    let sql = format!(
        "UPDATE {} t SET {} FROM unnest({}) AS u (the_key, {}) WHERE t.{key} = u.the_key",
        table.name,
        assigned.join(", "),
        arrays_of(&kinds),
        names.join(", ")
    );
    with_rows(link, &sql, &kinds, rows).await
}

fn key(table: &Table) -> Result<(&'static str, Storage), DatabaseError> {
    let key = table.key.first().and_then(|key| table.storage(key).map(|kind| (*key, kind)));
    key.ok_or_else(|| DatabaseError::new(format!("{} has no key", table.name)))
}

/// Makes a statement whose parameters are the columns of rows, each as an array.
async fn with_rows(
    link: &Link,
    sql: &str,
    kinds: &[Storage],
    rows: &[Row<'_>],
) -> Result<(), DatabaseError> {
    let statement = link.prepare_cached(sql).await?;
    let arrays = columns(kinds, rows)?;
    let parameters: Vec<&(dyn ToSql + Sync)> =
        arrays.iter().map(|array| &**array as &(dyn ToSql + Sync)).collect();
    link.execute(&statement, &parameters).await?;
    Ok(())
}

/// The columns of rows, each as an array.
pub(super) fn columns<'a>(
    kinds: &[Storage],
    rows: &'a [Row<'_>],
) -> Result<Vec<Box<dyn ToSql + Sync + Send + 'a>>, DatabaseError> {
    let mut arrays: Vec<Box<dyn ToSql + Sync + Send + 'a>> = Vec::with_capacity(kinds.len());
    for (column, kind) in kinds.iter().enumerate() {
        let values = rows.iter().map(|row| row.get(column).copied().unwrap_or(Cell::Null));
        arrays.push(match kind {
            Storage::Int => Box::new(values.map(int).collect::<Result<Vec<_>, _>>()?),
            Storage::Text => Box::new(values.map(text).collect::<Result<Vec<_>, _>>()?),
            Storage::Bytes => Box::new(values.map(bytes).collect::<Result<Vec<_>, _>>()?),
        });
    }
    Ok(arrays)
}

async fn one_change(
    link: &Link,
    table: &'static Table,
    change: &Change,
    values: &Row<'_>,
) -> Result<(), DatabaseError> {
    let name = table.name;
    let filter = marked(change.filter, change.set.len() + 1);
    let set = change.set.iter().enumerate();
    let set: Vec<_> = set.map(|(index, name)| format!("{name} = ${}", index + 1)).collect();
    let sql = format!("UPDATE {name} SET {} WHERE {filter}", set.join(", "));
    let types = values.iter().enumerate().map(|(index, value)| {
        let set = change.set.get(index).and_then(|column| table.storage(column));
        set.map_or_else(|| type_of(*value), column_type)
    });
    let types: Vec<_> = types.collect();
    let statement = link.prepare_typed_cached(&sql, &types).await?;
    let values: Vec<_> = values.iter().map(|value| Sent(*value)).collect();
    let parameters: Vec<&(dyn ToSql + Sync)> =
        values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
    link.execute(&statement, &parameters).await?;
    Ok(())
}

async fn copy(link: &Link, table: &'static Table, rows: &[Row<'_>]) -> Result<(), DatabaseError> {
    let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.names());
    let types: Vec<_> = kinds(table).into_iter().map(column_type).collect();
    let sink = link.copy_in::<_, Bytes>(&sql).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for row in rows {
        if row.len() != types.len() {
            return Err(DatabaseError::new(format!("a row of {} has not its columns", table.name)));
        }
        writer.as_mut().write_raw(row.iter().map(|value| Sent(*value))).await?;
    }
    writer.as_mut().finish().await?;
    Ok(())
}

fn int(value: Cell<'_>) -> Result<Option<i64>, DatabaseError> {
    match value {
        Cell::Null => Ok(None),
        Cell::Int(value) => Ok(Some(value)),
        Cell::Text(_) | Cell::Bytes(_) => {
            Err(DatabaseError::new("no number for a number's column"))
        }
    }
}

fn text(value: Cell<'_>) -> Result<Option<Cow<'_, str>>, DatabaseError> {
    match value {
        Cell::Null => Ok(None),
        Cell::Text(value) => Ok(Some(storable(value))),
        Cell::Int(_) | Cell::Bytes(_) => Err(DatabaseError::new("no text for a text's column")),
    }
}

fn bytes(value: Cell<'_>) -> Result<Option<&[u8]>, DatabaseError> {
    match value {
        Cell::Null => Ok(None),
        Cell::Bytes(value) => Ok(Some(value)),
        Cell::Int(_) | Cell::Text(_) => Err(DatabaseError::new("no bytes for a column of bytes")),
    }
}

/// A value on its way into a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a>(pub Cell<'a>);

impl ToSql for Sent<'_> {
    fn to_sql(&self, given: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        let is_fit = match self.0 {
            Cell::Null => return Ok(IsNull::Yes),
            Cell::Int(_) => *given == Type::INT8,
            Cell::Text(_) => *given == Type::TEXT,
            Cell::Bytes(_) => *given == Type::BYTEA,
        };
        if !is_fit {
            return Err(format!("{:?} is no {given}", self.0).into());
        }
        match self.0 {
            Cell::Null => {}
            Cell::Int(value) => out.extend_from_slice(&value.to_be_bytes()),
            Cell::Text(value) => out.extend_from_slice(storable(value).as_bytes()),
            Cell::Bytes(value) => out.extend_from_slice(value),
        }
        Ok(IsNull::No)
    }

    fn accepts(_given: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
