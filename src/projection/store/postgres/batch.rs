//! What a batch does to a table, brought into few statements that each write many rows.
//!
//! Where every change picks its row by the key, only what becomes of a row in the end counts, and
//! rows with different keys don't meet: so a row that is inserted and completed in one batch is
//! written once. Where a change picks rows otherwise, the order of the batch is kept.

use std::collections::HashMap;

use crate::projection::change::{Cell, Cells, Doing, TableChanges};
use crate::projection::error::DatabaseError;
use crate::projection::table::{Change, Table};

/// One statement.
#[derive(Debug, PartialEq)]
pub(super) enum Statement<'a> {
    /// Rows with keys that no row has.
    Insert(Vec<Row<'a>>),
    /// Rows that take the place of those with their keys.
    Put(Vec<Row<'a>>),
    /// Rows by their key get other values in these columns; a row is the key, then the values.
    Update(Vec<usize>, Vec<Row<'a>>),
    /// A change as the table has it.
    Change(&'static Change, Row<'a>),
}

/// Values in order.
pub(super) type Row<'a> = Vec<Cell<'a>>;

/// Brings the changes of a table into statements, to be made in this order.
///
/// # Errors
/// When a change is not one of the table's.
pub(super) fn statements<'a>(
    changes: &'a TableChanges,
) -> Result<Vec<Statement<'a>>, DatabaseError> {
    match changes.table().single_key() {
        Some(key) => merged(changes, key),
        None => in_order(changes),
    }
}

/// A value by which rows are found in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key<'a> {
    Null,
    Int(i64),
    Bytes(&'a [u8]),
}

impl<'a> From<Cell<'a>> for Key<'a> {
    fn from(value: Cell<'a>) -> Self {
        match value {
            Cell::Null => Self::Null,
            Cell::Int(value) => Self::Int(value),
            Cell::Text(value) => Self::Bytes(value.as_bytes()),
            Cell::Bytes(value) => Self::Bytes(value),
        }
    }
}

/// What becomes of a row in the end.
enum Fate<'a> {
    Inserted(Row<'a>),
    Put(Row<'a>),
    /// The columns set, in their order.
    Updated(Vec<(usize, Cell<'a>)>),
}

fn merged<'a>(changes: &'a TableChanges, key: usize) -> Result<Vec<Statement<'a>>, DatabaseError> {
    let table = changes.table();
    let mut fates: Vec<(Cell<'a>, Fate<'a>)> = Vec::new();
    let mut places: HashMap<Key<'a>, usize> = HashMap::new();
    let mut statements = Vec::new();
    for (doing, cells) in changes.ops() {
        let (by, fate) = match doing {
            Doing::Insert => (cells.get(key), Fate::Inserted(row(cells))),
            Doing::Put => (cells.get(key), Fate::Put(row(cells))),
            Doing::Change(number) => change_by_key(table, number, cells)?,
        };
        match places.get(&by.into()).and_then(|place| fates.get_mut(*place)) {
            Some((_, before)) => {
                let known = std::mem::replace(before, Fate::Updated(Vec::new()));
                *before = known.then(fate)?;
            }
            None => {
                places.insert(by.into(), fates.len());
                fates.push((by, fate));
            }
        }
    }
    let (mut inserted, mut put) = (Vec::new(), Vec::new());
    let mut updated: Vec<(Vec<usize>, Vec<Row<'a>>)> = Vec::new();
    for (by, fate) in fates {
        match fate {
            Fate::Inserted(row) => inserted.push(row),
            Fate::Put(row) => put.push(row),
            Fate::Updated(set) => {
                let columns: Vec<_> = set.iter().map(|(column, _)| *column).collect();
                let row = std::iter::once(by).chain(set.into_iter().map(|(_, value)| value));
                let row = row.collect();
                match updated.iter_mut().find(|(of, _)| *of == columns) {
                    Some((_, rows)) => rows.push(row),
                    None => updated.push((columns, vec![row])),
                }
            }
        }
    }
    statements.extend((!inserted.is_empty()).then_some(Statement::Insert(inserted)));
    statements.extend((!put.is_empty()).then_some(Statement::Put(put)));
    statements.extend(updated.into_iter().map(|(columns, rows)| Statement::Update(columns, rows)));
    Ok(statements)
}

/// The key of the row that a change picks, and what becomes of it.
fn change_by_key<'a>(
    table: &Table,
    number: usize,
    cells: Cells<'a>,
) -> Result<(Cell<'a>, Fate<'a>), DatabaseError> {
    let change = change_of(table, number)?;
    let by = cells.get(change.set.len());
    let mut set = Vec::with_capacity(change.set.len());
    for (index, name) in change.set.iter().enumerate() {
        let column = table.column(name).ok_or_else(|| no_column(table, name))?;
        set.push((column, cells.get(index)));
    }
    set.sort_unstable_by_key(|(column, _)| *column);
    Ok((by, Fate::Updated(set)))
}

impl<'a> Fate<'a> {
    /// What becomes of the row when this comes after.
    fn then(self, next: Self) -> Result<Self, DatabaseError> {
        Ok(match (self, next) {
            (Self::Inserted(_), Self::Put(row)) => Self::Inserted(row),
            (Self::Put(_) | Self::Updated(_), Self::Put(row)) => Self::Put(row),
            (_, Self::Inserted(row)) => {
                let key = row.first();
                return Err(DatabaseError::new(format!("two rows with the key {key:?}")));
            }
            (Self::Inserted(row), Self::Updated(set)) => Self::Inserted(overlaid(row, &set)),
            (Self::Put(row), Self::Updated(set)) => Self::Put(overlaid(row, &set)),
            (Self::Updated(mut known), Self::Updated(set)) => {
                for (column, value) in set {
                    match known.binary_search_by_key(&column, |(column, _)| *column) {
                        Ok(place) => known[place].1 = value,
                        Err(place) => known.insert(place, (column, value)),
                    }
                }
                Self::Updated(known)
            }
        })
    }
}

fn overlaid<'a>(mut row: Row<'a>, set: &[(usize, Cell<'a>)]) -> Row<'a> {
    for (column, value) in set {
        if let Some(cell) = row.get_mut(*column) {
            *cell = *value;
        }
    }
    row
}

fn in_order<'a>(changes: &'a TableChanges) -> Result<Vec<Statement<'a>>, DatabaseError> {
    let table = changes.table();
    let mut statements: Vec<Statement<'a>> = Vec::new();
    for (doing, cells) in changes.ops() {
        match (doing, statements.last_mut()) {
            (Doing::Insert, Some(Statement::Insert(rows))) => rows.push(row(cells)),
            (Doing::Insert, _) => statements.push(Statement::Insert(vec![row(cells)])),
            (Doing::Put, Some(Statement::Put(rows))) => rows.push(row(cells)),
            (Doing::Put, _) => statements.push(Statement::Put(vec![row(cells)])),
            (Doing::Change(number), _) => {
                statements.push(Statement::Change(change_of(table, number)?, row(cells)));
            }
        }
    }
    for statement in &mut statements {
        if let Statement::Put(rows) = statement {
            keep_last(table, rows)?;
        }
    }
    Ok(statements)
}

/// Of rows with one key the last one stands.
fn keep_last(table: &Table, rows: &mut Vec<Row<'_>>) -> Result<(), DatabaseError> {
    let mut numbers = Vec::with_capacity(table.key.len());
    for name in table.key {
        numbers.push(table.column(name).ok_or_else(|| no_column(table, name))?);
    }
    let mut seen = std::collections::HashSet::new();
    let mut last = Vec::with_capacity(rows.len());
    for row in std::mem::take(rows).into_iter().rev() {
        let key: Vec<Key<'_>> =
            numbers.iter().map(|n| row.get(*n).copied().unwrap_or(Cell::Null).into()).collect();
        if seen.insert(key) {
            last.push(row);
        }
    }
    last.reverse();
    *rows = last;
    Ok(())
}

fn row(cells: Cells<'_>) -> Row<'_> {
    cells.iter().collect()
}

fn change_of(table: &Table, number: usize) -> Result<&'static Change, DatabaseError> {
    let change = table.changes.get(number);
    change.ok_or_else(|| DatabaseError::new(format!("{} has no change {number}", table.name)))
}

fn no_column(table: &Table, name: &str) -> DatabaseError {
    DatabaseError::new(format!("{} has no column {name}", table.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::Changes;
    use crate::projection::table::Column;
    use crate::projection::table::Kind::{Int, Text};

    static SPAN: Table = Table {
        name: "span",
        about: "",
        columns: &[
            Column::new("id", Int, ""),
            Column::new("valid_to", Text, ""),
            Column::new("known_to", Int, ""),
        ],
        key: &["id"],
        changes: &[
            Change { set: &["valid_to"], filter: "id = ?" },
            Change { set: &["known_to"], filter: "id = ?" },
        ],
    };
    static NAME: Table = Table {
        name: "name",
        about: "",
        columns: &[
            Column::new("subject", Text, ""),
            Column::new("day", Text, ""),
            Column::new("name", Text, ""),
        ],
        key: &["subject", "day"],
        changes: &[Change { set: &["name"], filter: "subject = ?" }],
    };

    fn written(make: impl FnOnce(&mut crate::projection::change::ModelChanges<'_>)) -> String {
        let mut changes = Changes::new([&SPAN, &NAME]);
        make(&mut changes.of(0, 2));
        let tables = changes.tables().iter();
        let of_table = |table| format!("{:?}", statements(table).unwrap());
        tables.map(of_table).collect::<Vec<_>>().join(" / ")
    }

    #[test]
    fn a_row_made_and_completed_in_one_batch_is_written_once() {
        let said = written(|changes| {
            changes.insert(0).int(1).null().null();
            changes.change(0, 0).text("2016").int(1);
            changes.change(0, 1).int(9).int(1);
        });
        assert_eq!(said, "[Insert([[Int(1), Text(\"2016\"), Int(9)]])] / []");
    }

    #[test]
    fn changes_of_a_row_from_before_become_one() {
        let said = written(|changes| {
            changes.change(0, 1).int(8).int(1);
            changes.change(0, 0).text("a").int(1);
            changes.change(0, 1).int(9).int(1);
            changes.change(0, 1).int(5).int(2);
        });
        assert_eq!(
            said,
            "[Update([1, 2], [[Int(1), Text(\"a\"), Int(9)]]), Update([2], [[Int(2), Int(5)]])] / []"
        );
    }

    #[test]
    fn of_rows_put_with_one_key_the_last_stands() {
        let said = written(|changes| {
            changes.put(0).int(2).null().null();
            changes.put(0).int(2).null().int(3);
        });
        assert_eq!(said, "[Put([[Int(2), Null, Int(3)]])] / []");
    }

    #[test]
    fn where_rows_are_not_picked_by_the_key_the_order_stands() {
        let said = written(|changes| {
            changes.put(1).text("a").text("1").text("x");
            changes.put(1).text("a").text("1").text("y");
            changes.change(1, 0).text("n").text("a");
            changes.insert(1).text("a").text("1").text("z");
        });
        assert_eq!(
            said,
            "[] / [Put([[Text(\"a\"), Text(\"1\"), Text(\"y\")]]), \
             Change(Change { set: [\"name\"], filter: \"subject = ?\" }, [Text(\"n\"), Text(\"a\")]), \
             Insert([[Text(\"a\"), Text(\"1\"), Text(\"z\")]])]"
        );
    }
}
