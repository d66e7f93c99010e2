//! A copy in SQLite, open for writing.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql, Transaction, TransactionBehavior, params};

use super::{SqliteCopies, checkpoint, connect, follow};
use crate::projection::change::{Cell, Cells, Doing, TableChanges};
use crate::projection::models::Models;
use crate::projection::sql::Reader;
use crate::projection::store::{
    Checkpoint, Claim, Copies as _, CopyId, CopyWriter, Holder, Mode, Moved, signed, unsigned,
};
use crate::projection::table::{Change, Table};
use crate::projection::{Changes, ProjectionError, StoreError};

pub(super) struct SqliteWriter {
    copies: SqliteCopies,
    id: CopyId,
    connection: Connection,
    mode: Mode,
    /// Whether it served when it was opened: once another does, nothing more is written here.
    served: bool,
    checkpoint: Checkpoint,
}

impl SqliteWriter {
    pub fn open(copies: SqliteCopies, id: CopyId) -> Result<Self, StoreError> {
        let served = copies.serving()?.as_ref() == Some(&id);
        let connection = connect(&copies.path(&id), Mode::Following)?;
        Ok(Self { served, ..Self::new(copies, id, connection, Mode::Following)? })
    }

    pub fn new(
        copies: SqliteCopies,
        id: CopyId,
        connection: Connection,
        mode: Mode,
    ) -> Result<Self, StoreError> {
        let checkpoint = checkpoint(&connection)?;
        Ok(Self { copies, id, connection, mode, served: false, checkpoint })
    }

    fn is_replaced(&self) -> bool {
        self.served && self.copies.serving().ok().flatten().as_ref() != Some(&self.id)
    }

    fn fenced(&self) -> ProjectionError {
        ProjectionError::Fenced { expected: self.checkpoint.position }
    }
}

impl CopyWriter for SqliteWriter {
    fn id(&self) -> &CopyId {
        &self.id
    }

    fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    fn claim(&mut self, holder: Holder<'_>) -> Result<Claim, StoreError> {
        let tx = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let now = checkpoint(&tx)?;
        if !holder.takes(&now) {
            return Ok(Claim::Taken { holder: now.holder.unwrap_or_default() });
        }
        tx.execute(
            "UPDATE checkpoint SET epoch = epoch + 1, holder = ?1, lease = lease + 1",
            [holder.name],
        )?;
        self.checkpoint = checkpoint(&tx)?;
        tx.commit()?;
        Ok(Claim::Ours)
    }

    fn renew(&mut self) -> Result<(), ProjectionError> {
        let rows = self.connection.execute(
            "UPDATE checkpoint SET lease = lease + 1 WHERE epoch = ?1",
            [signed(self.checkpoint.epoch)],
        )?;
        if rows != 1 || self.is_replaced() {
            return Err(self.fenced());
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), ProjectionError> {
        let rows = self.connection.execute(
            "UPDATE checkpoint SET holder = NULL, lease = lease + 1 WHERE epoch = ?1",
            [signed(self.checkpoint.epoch)],
        )?;
        if rows == 1 { Ok(()) } else { Err(self.fenced()) }
    }

    fn commit(&mut self, changes: &Changes, moved: Moved) -> Result<(), ProjectionError> {
        let tx = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let rows = tx
            .prepare_cached(
                "UPDATE checkpoint SET position = ?1, known_at = ?2, log = coalesce(?3, log),
                    lease = lease + 1, failed = NULL, failure = NULL
                 WHERE position IS ?4 AND epoch = ?5",
            )?
            .execute(params![
                signed(moved.to),
                moved.known_at_us,
                moved.log.map(|id| id.to_string()),
                self.checkpoint.position.map(signed),
                signed(self.checkpoint.epoch),
            ])?;
        if rows != 1 || self.is_replaced() {
            return Err(self.fenced());
        }
        write_tables(&tx, changes)?;
        let next = checkpoint(&tx)?;
        tx.commit()?;
        self.checkpoint = next;
        Ok(())
    }

    fn write(&mut self, changes: &Changes) -> Result<(), ProjectionError> {
        let tx = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        write_tables(&tx, changes)?;
        Ok(tx.commit()?)
    }

    fn note_failure(&mut self, sequence: u64, reason: &str) -> Result<(), ProjectionError> {
        let rows = self.connection.execute(
            "UPDATE checkpoint SET failed = ?1, failure = ?2 WHERE epoch = ?3",
            params![signed(sequence), reason, signed(self.checkpoint.epoch)],
        )?;
        if rows == 1 { Ok(()) } else { Err(self.fenced()) }
    }

    fn finish(&mut self, models: &Models) -> Result<(), StoreError> {
        for model in models.iter() {
            self.connection.execute_batch(model.indexes_sql())?;
        }
        if self.mode == Mode::Filling {
            follow(&self.connection)?;
            self.mode = Mode::Following;
        }
        Ok(())
    }

    fn copy_tables(
        &mut self,
        from: &CopyId,
        tables: &[&'static Table],
    ) -> Result<Option<u64>, StoreError> {
        let path = self.copies.path(from);
        self.connection.execute("ATTACH ?1 AS served", [path.to_string_lossy()])?;
        let tx = self.connection.unchecked_transaction()?;
        let position: Option<i64> =
            tx.query_row("SELECT position FROM served.checkpoint", [], |row| row.get(0))?;
        for table in tables {
            let name = table.name;
            // Without an order of its own SQLite takes whole rows over as they lie, in the order of the key.
            tx.execute(&format!("INSERT INTO main.{name} SELECT * FROM served.{name}"), [])?;
        }
        tx.commit()?;
        self.connection.execute_batch("DETACH served")?;
        Ok(position.map(unsigned))
    }

    fn reader(&mut self) -> &mut dyn Reader {
        self
    }
}

impl Reader for SqliteWriter {
    fn query(
        &mut self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        each: &mut dyn FnMut(
            &dyn crate::projection::sql::Record,
        ) -> Result<(), crate::projection::DatabaseError>,
    ) -> Result<(), crate::projection::DatabaseError> {
        (&self.connection).query(sql, parameters, each)
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, crate::projection::DatabaseError> {
        (&self.connection).columns(table)
    }
}

fn write_tables(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let mut tables = changes.tables().iter().filter(|table| !table.is_empty());
    tables.try_for_each(|table| write(connection, table))
}

/// Writes the changes of one table, in their order.
fn write(connection: &Connection, changes: &TableChanges) -> rusqlite::Result<()> {
    let table = changes.table();
    let mut statements = Statements {
        insert: None,
        put: None,
        changes: table.changes.iter().map(|_| None).collect(),
    };
    for (doing, cells) in changes.ops() {
        let statement = match doing {
            Doing::Insert => &mut statements.insert,
            Doing::Put => &mut statements.put,
            Doing::Change(number) => {
                statements.changes.get_mut(number).ok_or(rusqlite::Error::InvalidQuery)?
            }
        };
        let statement = match statement {
            Some(statement) => statement,
            None => statement.insert(prepare(connection, table, doing)?),
        };
        bind(statement, cells)?;
        statement.raw_execute()?;
    }
    Ok(())
}

struct Statements<'c> {
    insert: Option<CachedStatement<'c>>,
    put: Option<CachedStatement<'c>>,
    changes: Vec<Option<CachedStatement<'c>>>,
}

fn prepare<'c>(
    connection: &'c Connection,
    table: &Table,
    doing: Doing,
) -> rusqlite::Result<CachedStatement<'c>> {
    let name = table.name;
    let marks = vec!["?"; table.columns.len()].join(", ");
    let sql = match doing {
        Doing::Insert => format!("INSERT INTO {name} VALUES ({marks})"),
        Doing::Put => format!("INSERT OR REPLACE INTO {name} VALUES ({marks})"),
        Doing::Change(number) => {
            let Change { set, filter } = &table.changes[number];
            match set {
                [] => format!("DELETE FROM {name} WHERE {filter}"),
                set => format!("UPDATE {name} SET {} = ? WHERE {filter}", set.join(" = ?, ")),
            }
        }
    };
    connection.prepare_cached(&sql)
}

fn bind(statement: &mut CachedStatement<'_>, cells: Cells<'_>) -> rusqlite::Result<()> {
    for index in 0..cells.len() {
        statement.raw_bind_parameter(index + 1, Bound(cells.get(index)))?;
    }
    Ok(())
}

struct Bound<'a>(Cell<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Cell::Null => ValueRef::Null,
            Cell::Int(value) => ValueRef::Integer(value),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
