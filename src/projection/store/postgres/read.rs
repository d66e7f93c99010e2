//! Questions to a copy in PostgreSQL.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use deadpool_postgres::{ClientWrapper, Object, PoolError};
use futures_util::TryStreamExt as _;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use super::Inner;
use super::connect::{database, refused};
use super::sql::{numbered, storable, type_of};
use super::wait::{Limit, QUICK, ROW};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::sql::{Columns, Reader, Record};
use crate::projection::store::{Checkpoint, CopyId, CopyReader, Question, unsigned};

/// The checkpoint of a copy, whose schema is where names are looked for.
pub(super) const CHECKPOINT: &str =
    "SELECT position, known_at, log, epoch, holder, lease, failed, failure FROM checkpoint";

/// A copy, open for reading: connections come from the store's pool, one for each question.
pub(super) struct PostgresReader {
    pub inner: Arc<Inner>,
    pub copy: CopyId,
}

/// A connection that goes back to the pool only after its transaction ended.
struct Lent(Option<Object>);

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

impl CopyReader for PostgresReader {
    fn ask(&mut self, question: &mut Question<'_>) -> Result<Checkpoint, DatabaseError> {
        let inner = &*self.inner;
        let object = inner.wait(Limit::After(QUICK), lend(inner))?;
        let lent = Lent(Some(object));
        let Some(client) = lent.0.as_deref() else {
            return Err(DatabaseError::passing("no connection to PostgreSQL"));
        };
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path TO {};
             SET LOCAL idle_in_transaction_session_timeout = '1h'",
            self.copy
        );
        let checkpoint = inner.wait(Limit::After(QUICK), async {
            let sql = format!("/* {} */ {CHECKPOINT}", self.copy);
            client.batch_execute(&begin).await?;
            let statement = client.prepare_cached(&sql).await?;
            one(client.query_opt(&statement, &[]).await?.as_ref())
        })?;
        let mut asked = Asked { inner, client, copy: Some(&self.copy) };
        question(&mut asked)?;
        inner.wait(Limit::After(QUICK), async {
            client.batch_execute("COMMIT").await.map_err(DatabaseError::from)
        })?;
        lent.back();
        Ok(checkpoint)
    }
}

impl Lent {
    fn back(mut self) {
        drop(self.0.take());
    }
}

pub(super) async fn lend(inner: &Inner) -> Result<Object, DatabaseError> {
    inner.pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => refused(&error, &inner.address.place),
        PoolError::Timeout(_) => DatabaseError::passing(
            "no connection to PostgreSQL became free in time; all of them answer questions",
        ),
        other => DatabaseError::passing(other.to_string()),
    })
}

/// The checkpoint out of the one row that every copy has.
pub(super) fn one(row: Option<&Row>) -> Result<Checkpoint, DatabaseError> {
    checkpoint(row.ok_or_else(|| DatabaseError::damaged("the copy has no checkpoint"))?)
}

/// Reads the row of [`CHECKPOINT`].
pub(super) fn checkpoint(row: &Row) -> Result<Checkpoint, DatabaseError> {
    let failed: Option<i64> = row.try_get(6)?;
    Ok(Checkpoint {
        position: row.try_get::<_, Option<i64>>(0)?.map(unsigned),
        known_at_us: row.try_get(1)?,
        log: row.try_get(2)?,
        epoch: unsigned(row.try_get(3)?),
        holder: row.try_get(4)?,
        beats: row.try_get(5)?,
        failed: failed.map(unsigned).zip(row.try_get(7)?),
    })
}

/// Where questions are put: one connection.
pub(super) struct Asked<'a> {
    pub inner: &'a Inner,
    pub client: &'a ClientWrapper,
    /// Which copy is meant, where a connection reads one after another: a statement that was
    /// prepared for one must not be used for the next.
    pub copy: Option<&'a CopyId>,
}

impl Reader for Asked<'_> {
    fn query(
        &mut self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        each: &mut dyn FnMut(&dyn Record) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let given = |name: &str| {
            let given = parameters.iter().find(|(given, _)| given.trim_start_matches(':') == name);
            given.map(|(_, value)| *value)
        };
        let numbered = numbered(sql, |name| given(name) == Some(Cell::Null));
        let mut values = Vec::with_capacity(numbered.names.len());
        for name in &numbered.names {
            let value = given(name).ok_or_else(|| {
                DatabaseError::new(format!("the question gives no value for :{name}"))
            })?;
            values.push(Value(value));
        }
        let types: Vec<_> = values.iter().map(|value| type_of(value.0)).collect();
        let sql = match self.copy {
            Some(copy) => format!("/* {copy} */ {}", numbered.sql),
            None => numbered.sql,
        };
        let (client, ending) = (self.client, &self.inner.ending);
        // A writer's statements are ended by the server, or take as long as they take.
        let limit = || match self.copy {
            Some(_) => Limit::After(ROW),
            None => Limit::End,
        };
        let explained = |error| explained(&error, &sql);
        self.inner.wait(Limit::End, async {
            let begun = ending.wait(limit(), async {
                let statement = client.prepare_typed_cached(&sql, &types).await?;
                client.query_raw(&statement, values).await.map_err(Failed::from)
            });
            let mut rows = pin!(begun.await.map_err(|failed| failed.explained(&explained))?);
            let mut columns = None;
            loop {
                // What is done with a row, and how long, is no matter of the server's.
                let next = ending.wait(limit(), async { Ok(rows.try_next().await?) }).await;
                match next.map_err(|failed: Failed| failed.explained(&explained))? {
                    Some(row) => {
                        let names = row.columns().iter().map(|column| column.name().to_owned());
                        let columns = columns.get_or_insert_with(|| Columns::new(names));
                        each(&Answered::of(&row, columns)?)?;
                    }
                    None => return Ok(()),
                }
            }
        })
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        let (client, limit) = (self.client, Limit::After(ROW));
        let rows = self.inner.wait(limit, async {
            client.query(COLUMNS, &[&table]).await.map_err(DatabaseError::from)
        })?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

const COLUMNS: &str = "SELECT attname::text FROM pg_attribute
    WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";

/// Why there is no answer.
enum Failed {
    Answered(tokio_postgres::Error),
    Late(DatabaseError),
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Answered(error)
    }
}

impl From<DatabaseError> for Failed {
    fn from(error: DatabaseError) -> Self {
        Self::Late(error)
    }
}

impl Failed {
    fn explained(
        self,
        explained: &impl Fn(tokio_postgres::Error) -> DatabaseError,
    ) -> DatabaseError {
        match self {
            Self::Answered(error) => explained(error),
            Self::Late(error) => error,
        }
    }
}

/// An error with the question that it answers, unless it says nothing about it.
fn explained(error: &tokio_postgres::Error, sql: &str) -> DatabaseError {
    let said = database(error);
    if said.is_outage() || said.is_damage() {
        return said;
    }
    DatabaseError::new(format!("{said}, asked: {sql}"))
}

/// A row with its values as the port has them.
struct Answered<'a> {
    columns: &'a Columns,
    cells: Vec<Held<'a>>,
}

/// A value that lies in the row, or was made from what lies there.
enum Held<'a> {
    In(Cell<'a>),
    Made(String),
}

impl<'a> Answered<'a> {
    fn of(row: &'a Row, columns: &'a Columns) -> Result<Self, DatabaseError> {
        let cells = (0..row.len()).map(|column| held(row, column));
        Ok(Self { columns, cells: cells.collect::<Result<_, _>>()? })
    }
}

impl Record for Answered<'_> {
    fn at(&self, column: usize) -> Result<Cell<'_>, DatabaseError> {
        match self.cells.get(column) {
            Some(Held::In(cell)) => Ok(*cell),
            Some(Held::Made(text)) => Ok(Cell::Text(text)),
            None => Err(DatabaseError::new(format!("there is no column {column}"))),
        }
    }

    fn names(&self) -> &Columns {
        self.columns
    }
}

/// A value as the port has it; days as `YYYY-MM-DD`, instants as microseconds.
fn held(row: &Row, column: usize) -> Result<Held<'_>, DatabaseError> {
    let Some(described) = row.columns().get(column) else {
        return Err(DatabaseError::new(format!("there is no column {column}")));
    };
    let cell = match *described.type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map(Cell::Int),
        Type::INT4 => row.try_get::<_, Option<i32>>(column)?.map(|n| Cell::Int(n.into())),
        Type::INT2 => row.try_get::<_, Option<i16>>(column)?.map(|n| Cell::Int(n.into())),
        Type::BOOL => row.try_get::<_, Option<bool>>(column)?.map(|b| Cell::Int(b.into())),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
            row.try_get::<_, Option<&str>>(column)?.map(Cell::Text)
        }
        Type::BYTEA => row.try_get::<_, Option<&[u8]>>(column)?.map(Cell::Bytes),
        Type::TIMESTAMPTZ => {
            row.try_get::<_, Option<SystemTime>>(column)?.map(|at| Cell::Int(microseconds(at)))
        }
        Type::UUID => {
            let id = row.try_get::<_, Option<Uuid>>(column)?;
            return Ok(id.map_or(Held::In(Cell::Null), |id| Held::Made(id.to_string())));
        }
        Type::DATE => {
            let day = row.try_get::<_, Option<Days>>(column)?;
            return Ok(day.map_or(Held::In(Cell::Null), |day| Held::Made(day.text())));
        }
        _ => {
            return Err(DatabaseError::new(format!(
                "column {} has the type {}: no table has that, cast it",
                described.name(),
                described.type_()
            )));
        }
    };
    Ok(Held::In(cell.unwrap_or(Cell::Null)))
}

fn microseconds(at: SystemTime) -> i64 {
    let number = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    match at.duration_since(UNIX_EPOCH) {
        Ok(after) => number(after),
        Err(before) => -number(before.duration()),
    }
}

/// Days since 2000-01-01, as PostgreSQL sends a day.
struct Days(i32);

impl FromSql<'_> for Days {
    fn from_sql(
        _type: &Type,
        raw: &[u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(i32::from_be_bytes(raw.try_into()?)))
    }

    fn accepts(given: &Type) -> bool {
        *given == Type::DATE
    }
}

impl Days {
    fn text(&self) -> String {
        let first = chrono::NaiveDate::from_ymd_opt(2000, 1, 1);
        let span = chrono::TimeDelta::days(self.0.into());
        let day = first.and_then(|first| first.checked_add_signed(span));
        day.map(|day| day.format("%Y-%m-%d").to_string()).unwrap_or_default()
    }
}

/// A value on its way to PostgreSQL; its type was given with the statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a>(pub Cell<'a>);

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        given: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Cell::Null => Ok(IsNull::Yes),
            Cell::Int(value) => value.to_sql(given, out),
            Cell::Text(value) => storable(value).to_sql(given, out),
            Cell::Bytes(value) => value.to_sql(given, out),
        }
    }

    fn accepts(_given: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_come_as_the_port_has_them() {
        assert_eq!(Days(0).text(), "2000-01-01");
        assert_eq!(Days(-1).text(), "1999-12-31");
        assert_eq!(Days(5903).text(), "2016-02-29");
        assert_eq!(microseconds(UNIX_EPOCH + Duration::from_micros(7)), 7);
        assert_eq!(microseconds(UNIX_EPOCH - Duration::from_micros(7)), -7);
    }
}
