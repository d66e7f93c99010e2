//! What another version of a read model changes, row by row.
//!
//! The copy that serves is looked at as of one instant; a copy is made beside it from the log, up to
//! the same event, and both are walked through in the order of their keys.

use std::collections::VecDeque;

use serde::Serialize;

use super::fill::Filling;
use super::{Rebuild, begin, head, of_copy};
use crate::codec::hex;
use crate::projection::StoreError;
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::models::Models;
use crate::projection::sql::Reader;
use crate::projection::store::{CopySnapshot, CopyWriter};
use crate::projection::table::Table;

/// Rows compared at a time.
const PAGE_ROWS: i64 = 1000;

/// A row that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The read model.
    pub model: String,
    /// Its table.
    pub table: &'static str,
    /// The values of the row's key.
    pub key: Vec<Value>,
    /// What is different.
    #[serde(flatten)]
    pub what: What,
}

/// How a row differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum What {
    /// Only the copy made now has it.
    Added,
    /// Only the copy that serves has it.
    Removed,
    /// Both have it, with other values.
    Changed {
        /// The columns with other values.
        columns: Vec<ChangedColumn>,
    },
}

/// A value that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedColumn {
    /// The column.
    pub column: &'static str,
    /// What the copy that serves has; absent where its version has no such column.
    pub served: Option<Value>,
    /// What the copy made now has.
    pub now: Value,
}

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number.
    Int(i64),
    /// A text; bytes in hexadecimal.
    Text(String),
}

/// What was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diffed {
    /// The event up to which both had read.
    pub position: Option<u64>,
    /// Tables that the version that serves doesn't have, or not with this key: all their rows are new.
    pub new_tables: Vec<&'static str>,
    /// How many rows differ.
    pub differences: u64,
}

/// Which copy is compared with what this version makes of the same events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// The one that serves.
    Serving,
    /// The one that a rebuild differed from, and that is kept.
    Kept,
}

/// Compares a copy with what this version makes of the same events, row by row. Nothing that
/// serves is touched.
///
/// # Errors
/// As [`rebuild`](super::rebuild); [`StoreError::Missing`] when nothing serves,
/// [`StoreError::NothingKept`].
pub fn diff(
    rebuild: &Rebuild<'_>,
    which: Compare,
    progress: &mut dyn FnMut(u64, u64) -> bool,
    each: &mut dyn FnMut(Difference),
) -> Result<Diffed, StoreError> {
    let lock = rebuild.copies.lock_rebuild()?;
    let place = || rebuild.copies.place();
    let serving = match which {
        Compare::Serving => {
            rebuild.copies.serving()?.ok_or_else(|| StoreError::Missing(place()))?
        }
        Compare::Kept => rebuild.copies.kept()?.ok_or_else(|| StoreError::NothingKept(place()))?,
    };
    let (mut copy, id) = begin(rebuild, &*lock)?;
    let is_asked = |name: &str| rebuild.names.is_empty() || rebuild.names.iter().any(|n| n == name);
    let mut reader = rebuild.copies.reader(&serving)?;
    let diffed = match reader.snapshot() {
        Ok(mut served) => compare(rebuild, &mut *served, &mut *copy, &is_asked, progress, each),
        Err(error) => Err(of_copy(error.into(), &serving)),
    };
    drop(copy);
    rebuild.copies.remove(&*lock, &id)?;
    diffed
}

fn compare(
    rebuild: &Rebuild<'_>,
    served: &mut dyn CopySnapshot,
    copy: &mut dyn CopyWriter,
    is_asked: &dyn Fn(&str) -> bool,
    progress: &mut dyn FnMut(u64, u64) -> bool,
    each: &mut dyn FnMut(Difference),
) -> Result<Diffed, StoreError> {
    let position = served.checkpoint().position;
    if let Some(to) = position {
        if head(rebuild)?.is_none_or(|head| head < to) {
            return Err(StoreError::OtherLog("the read models hold more than this log".to_owned()));
        }
        let mut models = Models::new((rebuild.projections)());
        Filling { rebuild, copy, models: &mut models, progress }.fill(to)?;
    }
    copy.finish(&Models::new((rebuild.projections)()))?;
    let mut diffed = Diffed { position, new_tables: Vec::new(), differences: 0 };
    for model in Models::new((rebuild.projections)()).iter().filter(|model| is_asked(model.name()))
    {
        for table in model.tables() {
            let has = served.columns(table.name)?;
            if !table.key.iter().all(|column| has.iter().any(|has| has == column)) {
                diffed.new_tables.push(table.name);
                continue;
            }
            let mut old = Walk::new(table);
            let mut new = Walk::new(table);
            while let Some((key, what)) =
                next(table, (served, &mut old), (copy.reader(), &mut new))?
            {
                diffed.differences += 1;
                each(Difference { model: model.name().to_owned(), table: table.name, key, what });
            }
        }
    }
    Ok(diffed)
}

/// A row: its key, and each column with what it holds, absent where there is no such column.
struct Row {
    key: Vec<Value>,
    values: Vec<Option<Value>>,
}

/// A walk through a table in the order of its key, page by page.
struct Walk {
    table: &'static Table,
    rows: VecDeque<Row>,
    last: Option<Vec<Value>>,
    ended: bool,
}

impl Walk {
    fn new(table: &'static Table) -> Self {
        Self { table, rows: VecDeque::new(), last: None, ended: false }
    }

    fn fill(&mut self, reader: &mut dyn Reader) -> Result<(), DatabaseError> {
        if self.ended || !self.rows.is_empty() {
            return Ok(());
        }
        let table = self.table;
        let key = table.key.join(", ");
        let names: Vec<String> = (0..table.key.len()).map(|at| format!(":key{at}")).collect();
        let after = match &self.last {
            Some(_) => format!("WHERE ({key}) > ({})", names.join(", ")),
            None => String::new(),
        };
        let sql = format!("SELECT * FROM {} {after} ORDER BY {key} LIMIT :rows", table.name);
        let last = self.last.take().unwrap_or_default();
        let mut parameters = vec![(":rows", Cell::Int(PAGE_ROWS))];
        parameters.extend(names.iter().map(String::as_str).zip(last.iter().map(cell)));
        reader.query(&sql, &parameters, &mut |row| {
            let key = table.key.iter().map(|column| row.value(column).map(value));
            let key = key.collect::<Result<Vec<_>, _>>()?;
            let values = table.columns.iter();
            let values = values.map(|column| row.value(column.name).ok().map(value));
            let values = values.collect();
            self.rows.push_back(Row { key, values });
            Ok(())
        })?;
        self.last = self.rows.back().map(|row| row.key.clone());
        self.ended = self.rows.len() < usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
        Ok(())
    }
}

/// The next row that differs.
fn next(
    table: &'static Table,
    (served, old): (&mut dyn Reader, &mut Walk),
    (made, new): (&mut dyn Reader, &mut Walk),
) -> Result<Option<(Vec<Value>, What)>, DatabaseError> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    loop {
        old.fill(served)?;
        new.fill(made)?;
        let order = match (old.rows.front(), new.rows.front()) {
            (None, None) => return Ok(None),
            (Some(_), None) => Less,
            (None, Some(_)) => Greater,
            (Some(old), Some(new)) => old.key.cmp(&new.key),
        };
        let removed = if order == Greater { None } else { old.rows.pop_front() };
        let added = if order == Less { None } else { new.rows.pop_front() };
        match (order, removed, added) {
            (Equal, Some(old), Some(new)) => {
                let columns = changed(table, old.values, new.values);
                if !columns.is_empty() {
                    return Ok(Some((new.key, What::Changed { columns })));
                }
            }
            (_, Some(old), _) => return Ok(Some((old.key, What::Removed))),
            (_, None, Some(new)) => return Ok(Some((new.key, What::Added))),
            (_, None, None) => return Ok(None),
        }
    }
}

fn changed(
    table: &'static Table,
    old: Vec<Option<Value>>,
    new: Vec<Option<Value>>,
) -> Vec<ChangedColumn> {
    let columns = table.columns.iter().zip(old.into_iter().zip(new));
    columns
        .filter(|(_, (old, new))| old != new)
        .map(|(column, (served, now))| ChangedColumn {
            column: column.name,
            served,
            now: now.unwrap_or(Value::Null),
        })
        .collect()
}

fn value(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(value) => Value::Int(value),
        Cell::Text(text) => Value::Text(text.to_owned()),
        Cell::Bytes(bytes) => Value::Text(hex(bytes)),
    }
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Null,
        Value::Int(value) => Cell::Int(*value),
        Value::Text(text) => Cell::Text(text),
    }
}
