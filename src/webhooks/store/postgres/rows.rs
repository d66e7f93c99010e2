//! The rows of a transaction in PostgreSQL.

use bytes::BytesMut;
use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::super::rows::{Each, Row, Rows, Value, wrong};
use super::{PostgresEngine, WebhookError};

/// A transaction that was begun on a connection.
pub struct Open<'a> {
    pub engine: &'a PostgresEngine,
    pub connection: &'a ClientWrapper,
}

/// A value on its way; its type was given with the statement.
#[derive(Debug)]
struct Given<'a>(&'a Value);

impl Open<'_> {
    fn ask(&self, sql: &str, values: &[Value]) -> Result<Answered, WebhookError> {
        let sql = sql.replace('?', "$");
        let types: Vec<Type> = values.iter().map(type_of).collect();
        let given: Vec<Given<'_>> = values.iter().map(Given).collect();
        let given: Vec<&(dyn ToSql + Sync)> =
            given.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let connection = self.connection;
        self.engine.wait(async {
            let statement = connection.prepare_typed_cached(&sql, &types).await?;
            if statement.columns().is_empty() {
                return Ok(Answered::Changed(connection.execute(&statement, &given).await?));
            }
            Ok(Answered::Found(connection.query(&statement, &given).await?))
        })
    }
}

enum Answered {
    Changed(u64),
    Found(Vec<tokio_postgres::Row>),
}

impl Rows for Open<'_> {
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, WebhookError> {
        match self.ask(sql, values)? {
            Answered::Changed(count) => Ok(count),
            Answered::Found(rows) => Ok(rows.len() as u64),
        }
    }

    fn query(
        &mut self,
        sql: &str,
        values: &[Value],
        each: &mut Each<'_>,
    ) -> Result<(), WebhookError> {
        match self.ask(sql, values)? {
            Answered::Changed(_) => Ok(()),
            Answered::Found(rows) => rows.iter().try_for_each(|row| each(row)),
        }
    }
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    }
}

impl ToSql for Given<'_> {
    fn to_sql(
        &self,
        given: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Int(number) => number.to_sql(given, out),
            // It has no U+0000 in texts; what a receiver's error says may hold one.
            Value::Text(text) => {
                text.as_ref().map(|text| text.replace('\0', "\u{2400}")).to_sql(given, out)
            }
            Value::Bytes(bytes) => bytes.to_sql(given, out),
        }
    }

    fn accepts(given: &Type) -> bool {
        matches!(*given, Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

impl Row for tokio_postgres::Row {
    fn int(&self, column: &str) -> Result<Option<i64>, WebhookError> {
        value(self, column)
    }

    fn text(&self, column: &str) -> Result<Option<String>, WebhookError> {
        value(self, column)
    }

    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, WebhookError> {
        value(self, column)
    }
}

fn value<'a, T: FromSql<'a>>(
    row: &'a tokio_postgres::Row,
    column: &str,
) -> Result<Option<T>, WebhookError> {
    row.try_get(column).map_err(|error| wrong(column, error))
}
