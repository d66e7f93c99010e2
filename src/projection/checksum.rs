//! The content of a table as one number: the sum of a hash of each of its rows.
//!
//! Equal content gives equal checksums, on any engine and in whatever order the rows came; which indexes
//! there are and how far other read models are doesn't matter. A sum is kept up while rows are
//! written, so two copies are compared without reading them. The columns that changes set stand apart
//! from their row, each hashed with the row's key: to fill one adds to the sum and asks for nothing.
//! It finds mistakes and damage; who changes rows on purpose can make the sum fit.

use std::collections::HashMap;

use twox_hash::XxHash3_128;

use super::Projection;
use super::change::Cell;
use super::error::DatabaseError;
use super::sql::Reader;
use super::table::Table;

/// A sum of hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checksum(u128);

impl Checksum {
    fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }

    /// From its text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        u128::from_str_radix(text, 16).ok().map(Self)
    }
}

impl std::fmt::Display for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The checksum of a table while its rows are written or read.
#[derive(Debug)]
pub struct Summing {
    table: &'static Table,
    /// The numbers of the key's columns.
    key: Vec<usize>,
    /// By column, whether changes set it.
    is_set: Vec<bool>,
    buffer: Vec<u8>,
    sum: Checksum,
}

impl Summing {
    /// Of a table whose checksum so far this is.
    pub fn new(table: &'static Table, sum: Checksum) -> Self {
        let set = |name: &str| table.changes.iter().any(|change| change.set.contains(&name));
        Self {
            table,
            key: table.key.iter().filter_map(|name| table.column(name)).collect(),
            is_set: table.columns.iter().map(|column| set(column.name)).collect(),
            buffer: Vec::with_capacity(512),
            sum,
        }
    }

    /// The sum by now.
    pub fn sum(&self) -> Checksum {
        self.sum
    }

    /// A row comes; `cell` gives its value in a column.
    pub fn add<'c>(&mut self, cell: impl Fn(usize) -> Cell<'c>) {
        self.sum = self.sum.plus(self.row(cell));
    }

    /// A row goes.
    pub fn remove<'c>(&mut self, cell: impl Fn(usize) -> Cell<'c>) {
        self.sum = self.sum.minus(self.row(cell));
    }

    /// A column of the row with this key gets another value; `None` where it had none.
    pub fn set<'c>(
        &mut self,
        column: usize,
        key: impl Fn(usize) -> Cell<'c>,
        (before, after): (Cell<'_>, Cell<'_>),
    ) {
        let before = self.value(column, &key, before);
        let after = self.value(column, &key, after);
        self.sum = self.sum.minus(before).plus(after);
    }

    fn row<'c>(&mut self, cell: impl Fn(usize) -> Cell<'c>) -> Checksum {
        self.buffer.clear();
        self.buffer.extend_from_slice(self.table.name.as_bytes());
        for column in 0..self.is_set.len() {
            if !self.is_set[column] {
                write(&mut self.buffer, cell(column));
            }
        }
        let mut sum = Checksum(XxHash3_128::oneshot(&self.buffer));
        for column in 0..self.is_set.len() {
            if self.is_set[column] {
                let key = self.key.clone();
                sum = sum.plus(self.value(column, &|of| cell(key[of]), cell(column)));
            }
        }
        sum
    }

    /// What a value in a column that changes set adds; `key` gives the row's key, by number.
    fn value<'c>(
        &mut self,
        column: usize,
        key: &impl Fn(usize) -> Cell<'c>,
        value: Cell<'_>,
    ) -> Checksum {
        if value == Cell::Null {
            return Checksum::default();
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(self.table.name.as_bytes());
        self.buffer.push(b'.');
        self.buffer.extend_from_slice(self.table.columns[column].name.as_bytes());
        for of in 0..self.key.len() {
            write(&mut self.buffer, key(of));
        }
        write(&mut self.buffer, value);
        Checksum(XxHash3_128::oneshot(&self.buffer))
    }
}

/// A value with its kind and length, so that no two rows are written alike. A text is as the engine
/// with the fewest characters keeps it.
fn write(buffer: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Null => buffer.push(b'N'),
        Cell::Int(value) => {
            buffer.push(b'I');
            buffer.extend_from_slice(&value.to_le_bytes());
        }
        Cell::Text(text) if text.contains('\0') => {
            write(buffer, Cell::Text(&text.replace('\0', "\u{2400}")));
        }
        Cell::Text(text) => {
            buffer.push(b'S');
            buffer.extend_from_slice(&(text.len() as u64).to_le_bytes());
            buffer.extend_from_slice(text.as_bytes());
        }
        Cell::Bytes(value) => {
            buffer.push(b'B');
            buffer.extend_from_slice(&(value.len() as u64).to_le_bytes());
            buffer.extend_from_slice(value);
        }
    }
}

/// The checksum of a read model's tables, made of their rows, in lower-case hexadecimal. They are
/// read as they come.
///
/// # Errors
/// Those of the database.
pub fn checksum(
    reader: &mut dyn Reader,
    projection: &dyn Projection,
) -> Result<String, DatabaseError> {
    let mut sum = Checksum::default();
    for table in projection.tables() {
        let mut summing = Summing::new(table, Checksum::default());
        let sql = format!("SELECT {} FROM {}", table.names(), table.name);
        reader.query(&sql, &[], &mut |row| {
            let cells = (0..table.columns.len()).map(|column| row.at(column));
            let cells = cells.collect::<Result<Vec<_>, _>>()?;
            summing.add(|column| cells[column]);
            Ok(())
        })?;
        sum = sum.plus(summing.sum());
    }
    Ok(sum.to_string())
}

/// The same as it was kept up while the rows were written.
///
/// # Errors
/// Those of the database; when there is none of a table.
pub fn kept_checksum(
    reader: &mut dyn Reader,
    projection: &dyn Projection,
) -> Result<String, DatabaseError> {
    let kept = kept(reader)?;
    let mut sum = Checksum::default();
    for table in projection.tables() {
        let of = kept.get(table.name);
        let missing = || DatabaseError::new(format!("no checksum of {} is kept", table.name));
        sum = sum.plus(*of.ok_or_else(missing)?);
    }
    Ok(sum.to_string())
}

/// The checksums of tables, by name.
pub(super) type Kept = HashMap<String, Checksum>;

/// Those that are kept in a copy.
pub(super) const KEPT: &str = "SELECT name, checksum FROM table_checksum";

fn kept(reader: &mut dyn Reader) -> Result<Kept, DatabaseError> {
    let rows = reader.rows(KEPT, &[], |row| {
        let sum = row.named("checksum", Checksum::parse)?;
        Ok((row.text("name")?.to_owned(), sum))
    });
    Ok(rows?.into_iter().collect())
}
