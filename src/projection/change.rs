//! What a batch of events does to the tables, kept until an engine writes it.
//!
//! Read models say what changes and never ask a table: so they are the same on every engine, and an
//! engine is free to write many rows at once. Within a table changes are made in their order;
//! tables do not depend on one another. A batch is used again for the next one, with its memory.

use super::table::Table;

mod row;
#[cfg(test)]
mod tests;

pub use row::RowWriter;

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
    text: String,
    bytes: Vec<u8>,
    /// How many of the changes were settled.
    settled: usize,
}

/// How far the changes to a table had come.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    ops: usize,
    cells: usize,
    text: usize,
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

impl Changes {
    /// No changes yet, to these tables.
    pub fn new(tables: impl IntoIterator<Item = &'static Table>) -> Self {
        let tables = tables.into_iter().map(|table| TableChanges {
            table,
            ops: Vec::new(),
            cells: Vec::new(),
            text: String::new(),
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
            table.text.clear();
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
        self.tables.iter().map(TableChanges::size).sum()
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

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The changes in order, each with its values.
    pub fn ops(&self) -> impl Iterator<Item = (Doing, Cells<'_>)> {
        self.ops.iter().map(|op| {
            let cells = self.cells.get(op.first_cell..op.first_cell + op.cells);
            let cells = cells.unwrap_or_default();
            (op.doing, Cells { cells, text: &self.text, bytes: &self.bytes })
        })
    }

    fn mark(&self) -> Mark {
        let (ops, cells) = (self.ops.len(), self.cells.len());
        Mark { ops, cells, text: self.text.len(), bytes: self.bytes.len() }
    }

    /// The bytes that its values take.
    fn size(&self) -> usize {
        self.text.len() + self.bytes.len() + self.cells.len() * size_of::<Packed>()
    }

    fn rewind(&mut self, to: Mark) {
        self.ops.truncate(to.ops);
        self.cells.truncate(to.cells);
        self.text.truncate(to.text);
        self.bytes.truncate(to.bytes);
    }

    fn settle(&mut self) {
        if self.table.changes.is_empty() {
            return;
        }
        let Some(key) = self.table.single_key() else { return };
        // By their ids, which mostly come in order.
        let mut rows: Vec<(i64, usize)> = Vec::new();
        let mut kept = self.settled;
        for index in self.settled..self.ops.len() {
            let op = self.ops[index];
            let is_done = match op.doing {
                Doing::Insert | Doing::Put => {
                    if let Some(Packed::Int(id)) = self.cells.get(op.first_cell + key) {
                        let at = rows.partition_point(|(known, _)| known <= id);
                        rows.insert(at, (*id, op.first_cell));
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
    fn overlay(&mut self, op: &Op, change: usize, rows: &[(i64, usize)]) -> bool {
        let Some(set) = self.table.changes.get(change).map(|change| change.set) else {
            return false;
        };
        let Some(Packed::Int(id)) = self.cells.get(op.first_cell + set.len()) else { return false };
        let at = rows.partition_point(|(known, _)| known <= id).checked_sub(1);
        let row = at.and_then(|at| rows.get(at)).filter(|(known, _)| known == id);
        let Some((_, row)) = row else { return false };
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
    text: &'a str,
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
        match self.cells.get(index) {
            None | Some(Packed::Null) => Cell::Null,
            Some(Packed::Int(value)) => Cell::Int(*value),
            Some(Packed::Text(from, to)) => {
                Cell::Text(self.text.get(*from as usize..*to as usize).unwrap_or_default())
            }
            Some(Packed::Bytes(from, to)) => {
                Cell::Bytes(self.bytes.get(*from as usize..*to as usize).unwrap_or_default())
            }
        }
    }

    /// The values in order.
    pub fn iter(self) -> impl Iterator<Item = Cell<'a>> {
        (0..self.len()).map(move |index| self.get(index))
    }
}
