//! Values as PostgreSQL gives and takes them, and as the port has them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use super::sql::storable;
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;

/// A value that lies in the row, or was made from what lies there.
pub(super) enum Held<'a> {
    In(Cell<'a>),
    Made(String),
}

/// A value as the port has it; days as `YYYY-MM-DD`, instants as microseconds.
pub(super) fn held(row: &Row, column: usize) -> Result<Held<'_>, DatabaseError> {
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
