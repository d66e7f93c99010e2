//! Questions to a copy in SQLite.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Transaction};

use super::checkpoint;
use crate::log::open_sqlite_file;
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::sql::{Columns, Reader, Record};
use crate::projection::store::{Checkpoint, CopyReader, CopySnapshot};

pub(super) struct SqliteReader {
    connection: Connection,
}

impl SqliteReader {
    pub fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        Ok(Self { connection: connect_reading(path)? })
    }
}

/// Opens a copy for reading, also while it is written.
pub(super) fn connect_reading(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = open_sqlite_file(path)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA cache_size = -4096; PRAGMA query_only = ON;")?;
    Ok(connection)
}

impl CopyReader for SqliteReader {
    fn snapshot(&mut self) -> Result<Box<dyn CopySnapshot + '_>, DatabaseError> {
        let tx = self.connection.unchecked_transaction()?;
        let checkpoint = checkpoint(&tx)?;
        Ok(Box::new(SqliteSnapshot { tx, checkpoint }))
    }
}

struct SqliteSnapshot<'a> {
    tx: Transaction<'a>,
    checkpoint: Checkpoint,
}

impl CopySnapshot for SqliteSnapshot<'_> {
    fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl Reader for SqliteSnapshot<'_> {
    fn query(
        &mut self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        each: &mut dyn FnMut(&dyn Record) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        (&*self.tx).query(sql, parameters, each)
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        (&*self.tx).columns(table)
    }
}

impl Reader for &Connection {
    fn query(
        &mut self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        each: &mut dyn FnMut(&dyn Record) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let mut statement = self.prepare_cached(sql)?;
        for (name, value) in parameters {
            // A part of a question may not need every parameter.
            let Some(index) = statement.parameter_index(name)? else { continue };
            match value {
                Cell::Null => statement.raw_bind_parameter(index, rusqlite::types::Null)?,
                Cell::Int(value) => statement.raw_bind_parameter(index, value)?,
                Cell::Text(value) => statement.raw_bind_parameter(index, value)?,
                Cell::Bytes(value) => statement.raw_bind_parameter(index, value)?,
            }
        }
        let columns = Columns::new(statement.column_names().map(str::to_owned));
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            each(&Named { row, columns: &columns })?;
        }
        Ok(())
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        let mut select = self.prepare_cached("SELECT name FROM pragma_table_info(?1)")?;
        let names = select.query_map([table], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }
}

/// A row with the names of its columns, asked for once: SQLite is slow to say them.
struct Named<'a, 'b> {
    row: &'a Row<'b>,
    columns: &'a Columns,
}

impl Record for Named<'_, '_> {
    fn at(&self, column: usize) -> Result<Cell<'_>, DatabaseError> {
        match self.row.get_ref(column)? {
            ValueRef::Null => Ok(Cell::Null),
            ValueRef::Integer(value) => Ok(Cell::Int(value)),
            ValueRef::Text(text) => {
                let text = std::str::from_utf8(text);
                text.map(Cell::Text).map_err(|error| DatabaseError::new(error.to_string()))
            }
            ValueRef::Blob(bytes) => Ok(Cell::Bytes(bytes)),
            ValueRef::Real(_) => Err(DatabaseError::new("no table has fractions")),
        }
    }

    fn names(&self) -> &Columns {
        self.columns
    }
}
