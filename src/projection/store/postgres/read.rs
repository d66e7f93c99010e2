//! Questions to a copy in PostgreSQL.

use std::pin::pin;
use std::sync::Arc;

use deadpool_postgres::{ClientWrapper, Object, PoolError};
use futures_util::TryStreamExt as _;
use tokio_postgres::Row;

use super::Inner;
use super::connect::{database, refused};
use super::sql::{numbered, type_of};
use super::values::{Held, Value, held};
use super::wait::{Limit, QUICK, ROW};
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::sql::{Columns, Reader, Record};
use crate::projection::store::{Checkpoint, CopyId, CopyReader, CopySnapshot, unsigned};

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
    fn snapshot(&mut self) -> Result<Box<dyn CopySnapshot + '_>, DatabaseError> {
        let (inner, copy) = (&*self.inner, &self.copy);
        let lent = Lent(Some(inner.wait(Limit::After(QUICK), lend(inner))?));
        let client = lent.client()?;
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path TO {copy};
             SET LOCAL idle_in_transaction_session_timeout = '1h'"
        );
        let checkpoint = inner.wait(Limit::After(QUICK), async {
            let sql = format!("/* {copy} */ {CHECKPOINT}");
            client.batch_execute(&begin).await?;
            let statement = client.prepare_cached(&sql).await?;
            one(client.query_opt(&statement, &[]).await?.as_ref())
        })?;
        Ok(Box::new(PostgresSnapshot { inner, copy, lent, checkpoint, failed: false }))
    }
}

struct PostgresSnapshot<'a> {
    inner: &'a Inner,
    copy: &'a CopyId,
    lent: Lent,
    checkpoint: Checkpoint,
    /// Whether a question failed: its connection is not used again.
    failed: bool,
}

impl PostgresSnapshot<'_> {
    fn ask<T>(
        &mut self,
        ask: impl FnOnce(&mut Asked<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let (inner, copy) = (self.inner, Some(self.copy));
        let client = self.lent.client();
        let answer = client.and_then(|client| ask(&mut Asked { inner, client, copy }));
        self.failed |= answer.is_err();
        answer
    }
}

impl CopySnapshot for PostgresSnapshot<'_> {
    fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl Reader for PostgresSnapshot<'_> {
    fn query(
        &mut self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        each: &mut dyn FnMut(&dyn Record) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        self.ask(|asked| asked.query(sql, parameters, each))
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        self.ask(|asked| asked.columns(table))
    }
}

impl Drop for PostgresSnapshot<'_> {
    fn drop(&mut self) {
        if self.failed || std::thread::panicking() {
            return;
        }
        let Ok(client) = self.lent.client() else { return };
        let ended = self.inner.wait(Limit::After(QUICK), async {
            client.batch_execute("COMMIT").await.map_err(DatabaseError::from)
        });
        if ended.is_ok() {
            self.lent.back();
        }
    }
}

impl Lent {
    fn client(&self) -> Result<&ClientWrapper, DatabaseError> {
        self.0.as_deref().ok_or_else(|| DatabaseError::passing("no connection to PostgreSQL"))
    }

    fn back(&mut self) {
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
