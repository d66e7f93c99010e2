//! The changes to a table, written one by one, and what they do to its checksum.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row, Statement, ToSql};

use crate::projection::change::{Cell, Cells, Doing, TableChanges};
use crate::projection::checksum::{Checksum, Summing};
use crate::projection::table::{Change, Table};

/// A table while changes are written.
pub(super) struct Writing<'c> {
    connection: &'c Connection,
    table: &'static Table,
    summing: Summing,
    insert: Option<CachedStatement<'c>>,
    put: Option<Replacing<'c>>,
    changes: Vec<Option<Changing<'c>>>,
}

struct Replacing<'c> {
    /// What is replaced.
    look: CachedStatement<'c>,
    put: CachedStatement<'c>,
    key: Vec<usize>,
}

struct Changing<'c> {
    set: Vec<usize>,
    /// What is changed, where columns held something, or which rows are meant is not known.
    look: Option<CachedStatement<'c>>,
    update: CachedStatement<'c>,
}

impl<'c> Writing<'c> {
    /// A table whose checksum this is.
    pub fn new(connection: &'c Connection, table: &'static Table, sum: Checksum) -> Self {
        let changes = table.changes.iter().map(|_| None).collect();
        let summing = Summing::new(table, sum);
        Self { connection, table, summing, insert: None, put: None, changes }
    }

    /// Writes changes in their order; the checksum then.
    pub fn write(mut self, changes: &TableChanges) -> rusqlite::Result<Checksum> {
        for (doing, cells) in changes.ops() {
            match doing {
                Doing::Insert => self.insert(cells)?,
                Doing::Put => self.put(cells)?,
                Doing::Change(number) => self.change(number, cells)?,
            }
        }
        Ok(self.summing.sum())
    }

    fn insert(&mut self, cells: Cells<'_>) -> rusqlite::Result<()> {
        let insert = match &mut self.insert {
            Some(insert) => insert,
            none => none.insert(self.connection.prepare_cached(&insert_sql("INSERT", self.table))?),
        };
        bind(insert, cells.iter())?;
        insert.raw_execute()?;
        self.summing.add(|column| cells.get(column));
        Ok(())
    }

    fn put(&mut self, cells: Cells<'_>) -> rusqlite::Result<()> {
        let put = match &mut self.put {
            Some(put) => put,
            none => none.insert(Replacing::new(self.connection, self.table)?),
        };
        bind(&mut put.look, put.key.iter().map(|column| cells.get(*column)))?;
        let mut there = put.look.raw_query();
        if let Some(row) = there.next()? {
            let before = (0..self.table.columns.len()).map(|column| at(row, column));
            let before = before.collect::<rusqlite::Result<Vec<_>>>()?;
            self.summing.remove(|column| before[column]);
        }
        drop(there);
        bind(&mut put.put, cells.iter())?;
        put.put.raw_execute()?;
        self.summing.add(|column| cells.get(column));
        Ok(())
    }

    fn change(&mut self, number: usize, cells: Cells<'_>) -> rusqlite::Result<()> {
        let known = self.changes.get_mut(number).ok_or(rusqlite::Error::InvalidQuery)?;
        let changing = match known {
            Some(changing) => changing,
            none => none.insert(Changing::new(self.connection, self.table, number)?),
        };
        let set = changing.set.len();
        match &mut changing.look {
            None => {
                for (index, column) in changing.set.iter().enumerate() {
                    let filled = (Cell::Null, cells.get(index));
                    self.summing.set(*column, |_| cells.get(set), filled);
                }
            }
            Some(look) => {
                bind(look, cells.iter().skip(set))?;
                let mut there = look.raw_query();
                while let Some(row) = there.next()? {
                    let before = (0..set + self.table.key.len()).map(|column| at(row, column));
                    let before = before.collect::<rusqlite::Result<Vec<_>>>()?;
                    for (index, column) in changing.set.iter().enumerate() {
                        let values = (before[index], cells.get(index));
                        self.summing.set(*column, |of| before[set + of], values);
                    }
                }
            }
        }
        bind(&mut changing.update, cells.iter())?;
        changing.update.raw_execute()?;
        Ok(())
    }
}

impl<'c> Replacing<'c> {
    fn new(connection: &'c Connection, table: &Table) -> rusqlite::Result<Self> {
        let (name, key) = (table.name, table.key.join(" = ? AND "));
        let look = format!("SELECT {} FROM {name} WHERE {key} = ?", table.names());
        Ok(Self {
            look: connection.prepare_cached(&look)?,
            put: connection.prepare_cached(&insert_sql("INSERT OR REPLACE", table))?,
            key: table.key.iter().filter_map(|name| table.column(name)).collect(),
        })
    }
}

impl<'c> Changing<'c> {
    fn new(connection: &'c Connection, table: &Table, number: usize) -> rusqlite::Result<Self> {
        let name = table.name;
        let Change { set, filter } =
            table.changes.get(number).ok_or(rusqlite::Error::InvalidQuery)?;
        let columns = [set, table.key].concat().join(", ");
        let look = format!("SELECT {columns} FROM {name} WHERE {filter}");
        let update = format!("UPDATE {name} SET {} = ? WHERE {filter}", set.join(" = ?, "));
        Ok(Self {
            set: set.iter().filter_map(|name| table.column(name)).collect(),
            look: match table.single_key() {
                Some(_) => None,
                None => Some(connection.prepare_cached(&look)?),
            },
            update: connection.prepare_cached(&update)?,
        })
    }
}

fn insert_sql(insert: &str, table: &Table) -> String {
    let marks = vec!["?"; table.columns.len()].join(", ");
    format!("{insert} INTO {} VALUES ({marks})", table.name)
}

fn bind<'a>(
    statement: &mut Statement<'_>,
    cells: impl Iterator<Item = Cell<'a>>,
) -> rusqlite::Result<()> {
    for (index, cell) in cells.enumerate() {
        statement.raw_bind_parameter(index + 1, Bound(cell))?;
    }
    Ok(())
}

/// The value of a column as the port has it.
pub(super) fn at<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<Cell<'r>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Text(text) => Cell::Text(std::str::from_utf8(text)?),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes),
        ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
    })
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
