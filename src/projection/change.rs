//! What a batch of events does to the tables, kept until an engine writes it.
//!
//! Read models say what changes and never ask a table: so they are the same on every engine, and an
//! engine is free to write many rows at once. Within a table changes are made in their order;
//! tables do not depend on one another. A batch is used again for the next one, with its memory.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::FixedState;
use uuid::Uuid;

use super::table::Table;
use crate::domain::date::{CivilDate, Day};

/// A value on its way into a column, or out of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A number.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// A value as it is kept: a text as UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raw<'a> {
    /// Nothing.
    Null,
    /// A number.
    Int(i64),
    /// A text, in UTF-8.
    Text(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
}

#[derive(Debug, Clone, Copy)]
enum Packed {
    Null,
    Int(i64),
    Text(u32, u32),
    Bytes(u32, u32),
}

/// What is done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// A row with a key that was never used before.
    Insert,
    /// A row that takes the place of the one with its key, if there is one.
    Put,
    /// One of the table's changes, by its number.
    Change(usize),
}

#[derive(Debug, Clone, Copy)]
struct Op {
    doing: Doing,
    first_cell: usize,
    cells: usize,
}

/// The changes to one table.
#[derive(Debug)]
pub struct TableChanges {
    table: &'static Table,
    ops: Vec<Op>,
    cells: Vec<Packed>,
    bytes: Vec<u8>,
    /// How many of the changes were settled.
    settled: usize,
}

/// How far the changes to a table had come.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    ops: usize,
    cells: usize,
    bytes: usize,
}

/// The changes to all tables of a set of read models.
#[derive(Debug, Default)]
pub struct Changes {
    tables: Vec<TableChanges>,
}

/// The changes to the tables of one read model.
pub struct ModelChanges<'a> {
    tables: &'a mut [TableChanges],
}

/// A row, or the values of a change, column by column in order.
pub struct RowWriter<'a> {
    into: &'a mut TableChanges,
}

impl Changes {
    /// No changes yet, to these tables.
    pub fn new(tables: impl IntoIterator<Item = &'static Table>) -> Self {
        let tables = tables.into_iter().map(|table| TableChanges {
            table,
            ops: Vec::new(),
            cells: Vec::new(),
            bytes: Vec::new(),
            settled: 0,
        });
        Self { tables: tables.collect() }
    }

    /// The changes, table by table.
    pub fn tables(&self) -> &[TableChanges] {
        &self.tables
    }

    /// The part of one read model, whose first table has this number.
    pub fn of(&mut self, first: usize, tables: usize) -> ModelChanges<'_> {
        ModelChanges { tables: self.tables.get_mut(first..first + tables).unwrap_or_default() }
    }

    /// Forgets everything but keeps the memory.
    pub fn clear(&mut self) {
        for table in &mut self.tables {
            table.ops.clear();
            table.cells.clear();
            table.bytes.clear();
            table.settled = 0;
        }
    }

    /// How far they have come.
    pub fn mark(&self) -> Vec<Mark> {
        self.tables.iter().map(TableChanges::mark).collect()
    }

    /// Forgets what came after a mark.
    pub fn rewind(&mut self, marks: &[Mark]) {
        self.tables.iter_mut().zip(marks).for_each(|(table, mark)| table.rewind(*mark));
    }

    /// Brings what changes rows by their key into the rows themselves, where those came in since the
    /// last call: to be called once all changes of those rows are there. The rows are then finished.
    pub fn settle(&mut self) {
        self.tables.iter_mut().for_each(TableChanges::settle);
    }

    /// How many bytes of values wait.
    pub fn bytes(&self) -> usize {
        self.tables.iter().map(|t| t.bytes.len() + t.cells.len() * size_of::<Packed>()).sum()
    }
}

impl ModelChanges<'_> {
    /// Begins a row with a new key in the read model's table of this number.
    pub fn insert(&mut self, table: usize) -> RowWriter<'_> {
        self.begin(table, Doing::Insert)
    }

    /// Begins a row that takes the place of another with its key.
    pub fn put(&mut self, table: usize) -> RowWriter<'_> {
        self.begin(table, Doing::Put)
    }

    /// Begins a change of the table, by its number: first what is set, then what picks the rows.
    pub fn change(&mut self, table: usize, change: usize) -> RowWriter<'_> {
        self.begin(table, Doing::Change(change))
    }

    /// The hash of what would be written of a row.
    pub(super) fn hash_of(&mut self, table: usize, write: impl FnOnce(&mut RowWriter<'_>)) -> u64 {
        let mark = self.tables[table].mark();
        let mut row = self.insert(table);
        write(&mut row);
        let hash = row.hash_from(0);
        self.tables[table].rewind(mark);
        hash
    }

    fn begin(&mut self, table: usize, doing: Doing) -> RowWriter<'_> {
        let into = &mut self.tables[table];
        into.ops.push(Op { doing, first_cell: into.cells.len(), cells: 0 });
        RowWriter { into }
    }
}

impl TableChanges {
    /// The table.
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The changes in order, each with its values.
    pub fn ops(&self) -> impl Iterator<Item = (Doing, Cells<'_>)> {
        self.ops.iter().map(|op| {
            let cells = self.cells.get(op.first_cell..op.first_cell + op.cells);
            (op.doing, Cells { cells: cells.unwrap_or_default(), bytes: &self.bytes })
        })
    }

    fn mark(&self) -> Mark {
        Mark { ops: self.ops.len(), cells: self.cells.len(), bytes: self.bytes.len() }
    }

    fn rewind(&mut self, to: Mark) {
        self.ops.truncate(to.ops);
        self.cells.truncate(to.cells);
        self.bytes.truncate(to.bytes);
    }

    fn settle(&mut self) {
        if self.table.changes.is_empty() {
            return;
        }
        let Some(key) = self.table.single_key() else { return };
        let mut rows: HashMap<i64, usize> = HashMap::new();
        let mut kept = self.settled;
        for index in self.settled..self.ops.len() {
            let op = self.ops[index];
            let is_done = match op.doing {
                Doing::Insert | Doing::Put => {
                    if let Some(Packed::Int(id)) = self.cells.get(op.first_cell + key) {
                        rows.insert(*id, op.first_cell);
                    }
                    false
                }
                Doing::Change(number) => self.overlay(&op, number, &rows),
            };
            if !is_done {
                self.ops[kept] = op;
                kept += 1;
            }
        }
        self.ops.truncate(kept);
        self.settled = kept;
    }

    /// Sets what a change sets in its row, if that is one of these.
    fn overlay(&mut self, op: &Op, change: usize, rows: &HashMap<i64, usize>) -> bool {
        let Some(set) = self.table.changes.get(change).map(|change| change.set) else {
            return false;
        };
        let Some(Packed::Int(id)) = self.cells.get(op.first_cell + set.len()) else { return false };
        let Some(row) = rows.get(id).filter(|_| !set.is_empty()) else { return false };
        for (index, name) in set.iter().enumerate() {
            if let Some(column) = self.table.column(name) {
                self.cells[row + column] = self.cells[op.first_cell + index];
            }
        }
        true
    }
}

/// The values of a row or change.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    cells: &'a [Packed],
    bytes: &'a [u8],
}

impl<'a> Cells<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The value with this number.
    pub fn get(&self, index: usize) -> Cell<'a> {
        match self.raw(index) {
            Raw::Null => Cell::Null,
            Raw::Int(value) => Cell::Int(value),
            Raw::Text(bytes) => Cell::Text(std::str::from_utf8(bytes).unwrap_or_default()),
            Raw::Bytes(bytes) => Cell::Bytes(bytes),
        }
    }

    /// The value with this number, a text as its bytes: they were a text when they went in.
    pub fn raw(&self, index: usize) -> Raw<'a> {
        let slice =
            |from: u32, to: u32| self.bytes.get(from as usize..to as usize).unwrap_or_default();
        match self.cells.get(index) {
            None | Some(Packed::Null) => Raw::Null,
            Some(Packed::Int(value)) => Raw::Int(*value),
            Some(Packed::Text(from, to)) => Raw::Text(slice(*from, *to)),
            Some(Packed::Bytes(from, to)) => Raw::Bytes(slice(*from, *to)),
        }
    }

    /// The values in order.
    pub fn iter(self) -> impl Iterator<Item = Cell<'a>> {
        (0..self.len()).map(move |index| self.get(index))
    }
}

impl RowWriter<'_> {
    fn push(&mut self, cell: Packed) -> &mut Self {
        self.into.cells.push(cell);
        if let Some(op) = self.into.ops.last_mut() {
            op.cells += 1;
        }
        self
    }

    /// The hash of what is written so far, from a column on. The same values give the same one while the
    /// process runs.
    pub(super) fn hash_from(&self, column: usize) -> u64 {
        let mut hasher = FixedState::with_seed(0).build_hasher();
        let first = self.into.ops.last().map_or(0, |op| op.first_cell + column);
        let cells = Cells { cells: &self.into.cells[first..], bytes: &self.into.bytes };
        for index in 0..cells.len() {
            match cells.raw(index) {
                Raw::Null => hasher.write_u8(0),
                Raw::Int(value) => hasher.write_i64(value),
                Raw::Text(bytes) | Raw::Bytes(bytes) => {
                    hasher.write_usize(bytes.len());
                    hasher.write(bytes);
                }
            }
        }
        hasher.finish()
    }

    fn keep(&mut self, bytes: &[u8]) -> (u32, u32) {
        let from = self.into.bytes.len();
        self.into.bytes.extend_from_slice(bytes);
        // A batch is written long before it holds 4 GiB.
        let at = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        (at(from), at(self.into.bytes.len()))
    }

    /// Nothing.
    pub fn null(&mut self) -> &mut Self {
        self.push(Packed::Null)
    }

    /// A number.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.push(Packed::Int(value))
    }

    /// A number of the log: it can't reach the sign.
    pub fn number(&mut self, value: u64) -> &mut Self {
        self.int(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// A number of the log, or nothing.
    pub fn number_if(&mut self, value: Option<u64>) -> &mut Self {
        match value {
            Some(value) => self.number(value),
            None => self.null(),
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, value: bool) -> &mut Self {
        self.int(i64::from(value))
    }

    /// A text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        let (from, to) = self.keep(value.as_bytes());
        self.push(Packed::Text(from, to))
    }

    /// A text, or nothing.
    pub fn text_if(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// A day, as `YYYY-MM-DD`.
    pub fn day(&mut self, day: Day) -> &mut Self {
        let (from, to) = self.keep(&day_text(day));
        self.push(Packed::Text(from, to))
    }

    /// A day, or nothing.
    pub fn day_if(&mut self, day: Option<Day>) -> &mut Self {
        match day {
            Some(day) => self.day(day),
            None => self.null(),
        }
    }

    /// A date as sharp as its source.
    pub fn date(&mut self, date: &CivilDate) -> &mut Self {
        self.text(date.as_str())
    }

    /// A date, or nothing.
    pub fn date_if(&mut self, date: Option<&CivilDate>) -> &mut Self {
        self.text_if(date.map(CivilDate::as_str))
    }

    /// An id, as its 16 bytes.
    pub fn id(&mut self, id: Uuid) -> &mut Self {
        let (from, to) = self.keep(id.as_bytes());
        self.push(Packed::Bytes(from, to))
    }
}

/// `YYYY-MM-DD`, without a detour over the heap.
pub(super) fn day_text(day: Day) -> [u8; 10] {
    let digit = |number: u32| b'0' + u8::try_from(number % 10).unwrap_or(0);
    // Days lie in the years 1900 to 2200.
    let year = day.year().unsigned_abs();
    let (month, day) = (day.month(), day.day());
    [
        digit(year / 1000),
        digit(year / 100),
        digit(year / 10),
        digit(year),
        b'-',
        digit(month / 10),
        digit(month),
        b'-',
        digit(day / 10),
        digit(day),
    ]
}

#[cfg(test)]
mod tests;
