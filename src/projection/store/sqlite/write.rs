//! A copy in SQLite, open for writing.

use std::sync::atomic::Ordering;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::background::Background;
use super::rows::Writing;
use super::{SqliteCopies, checkpoint, connect, follow};
use crate::projection::change::{Cell, TableChanges};
use crate::projection::checksum::Checksum;
use crate::projection::models::Models;
use crate::projection::sql::Reader;
use crate::projection::store::{
    Checkpoint, Claim, Copies as _, CopyId, CopyWriter, Holder, Mode, Moved, signed, unsigned,
};
use crate::projection::table::Table;
use crate::projection::{Changes, ProjectionError, StoreError};

pub(super) struct SqliteWriter {
    /// Ended before the connection is closed.
    background: Option<Background>,
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
        let background =
            (mode == Mode::Following).then(|| Background::new(&copies.path(&id))).flatten();
        Ok(Self { background, copies, id, connection, mode, served: false, checkpoint })
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
        if let Some(background) = &self.background {
            let rows = changes.tables().iter().map(TableChanges::len).sum::<usize>();
            background.written.fetch_add(rows as u64, Ordering::Relaxed);
        }
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
            self.background = Background::new(&self.copies.path(&self.id));
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
            tx.execute(
                "UPDATE main.table_checksum AS t SET checksum = s.checksum
                 FROM served.table_checksum AS s WHERE t.name = ?1 AND s.name = t.name",
                [name],
            )?;
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
    for changes in changes.tables().iter().filter(|table| !table.is_empty()) {
        let name = changes.table().name;
        let mut kept =
            connection.prepare_cached("SELECT checksum FROM table_checksum WHERE name = ?1")?;
        let kept: String = kept.query_row([name], |row| row.get(0))?;
        let kept = Checksum::parse(&kept).ok_or(rusqlite::Error::InvalidQuery)?;
        let sum = Writing::new(connection, changes.table(), kept).write(changes)?;
        connection
            .prepare_cached("UPDATE table_checksum SET checksum = ?2 WHERE name = ?1")?
            .execute(params![name, sum.to_string()])?;
    }
    Ok(())
}
