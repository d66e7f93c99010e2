//! A read model for the tests of the stores: a table whose rows are changed by their key, and one
//! whose rows are not.

use docket::projection::store::{CopyWriter, Moved};
use docket::projection::{
    Cell, Change, Changes, Column, Kind, Models, Projection, ProjectionError, Reader, Table,
};

pub static SPAN: Table = Table {
    name: "span",
    about: "It's a table, in INTEGER and TEXT.",
    columns: &[
        Column::new("id", Kind::Int, "it"),
        Column::new("label", Kind::Text, "what it's called"),
        Column::new("event_id", Kind::Id, "an event").optional(),
        Column::new("valid_to", Kind::Text, "its end").optional(),
        Column::new("known_to", Kind::Int, "likewise").optional(),
    ],
    key: &["id"],
    changes: &[
        Change { set: &["event_id", "valid_to"], filter: "id = ?" },
        Change { set: &["known_to"], filter: "id = ?" },
    ],
};

pub static NAME: Table = Table {
    name: "name",
    about: "What is said.",
    columns: &[
        Column::new("subject", Kind::Text, "of whom"),
        Column::new("revision", Kind::Int, "by which event"),
        Column::new("said", Kind::Text, "what").optional(),
    ],
    key: &["subject", "revision"],
    changes: &[
        Change { set: &["said"], filter: "subject = ?" },
        Change { set: &["said"], filter: "subject = ? AND (revision <= ? OR said IS NULL)" },
    ],
};

pub struct Sample;

impl Projection for Sample {
    fn name(&self) -> &'static str {
        "sample"
    }
    fn version(&self) -> u32 {
        3
    }
    fn indexes_sql(&self) -> &'static str {
        "CREATE INDEX span_by_label ON span (label);
         CREATE VIEW known AS SELECT id, label FROM span WHERE known_to IS NULL;"
    }
    fn tables(&self) -> &'static [&'static Table] {
        static TABLES: [&Table; 2] = [&SPAN, &NAME];
        &TABLES
    }
}

pub fn sample() -> Models {
    Models::new(vec![Box::new(Sample)])
}

pub fn changes() -> Changes {
    Changes::new([&SPAN, &NAME])
}

/// How far a batch of the tests goes; the lease then ends at the instant 1000.
pub fn to(position: u64) -> Moved {
    Moved { to: position, known_at_us: 7, log: None }
}

/// Adds a row to `span` and moves the checkpoint to its id.
pub fn add(writer: &mut dyn CopyWriter, id: u64) -> Result<(), ProjectionError> {
    let mut batch = changes();
    batch.of(0, 2).insert(0).number(id).text(&format!("row {id}")).null().null().null();
    writer.commit(&batch, to(id))
}

/// A value that outlives its row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<Cell<'_>> for Value {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Int(value) => Self::Int(value),
            Cell::Text(value) => Self::Text(value.to_owned()),
            Cell::Bytes(value) => Self::Bytes(value.to_vec()),
        }
    }
}

/// The rows that answer a question.
pub fn rows(
    reader: &mut dyn Reader,
    sql: &str,
    parameters: &[(&str, Cell<'_>)],
) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    reader
        .query(sql, parameters, &mut |row| {
            let cells = (0..row.columns()).map(|column| Ok(row.at(column)?.into()));
            rows.push(cells.collect::<Result<Vec<Value>, docket::projection::DatabaseError>>()?);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows
}

/// The ids in `span`.
pub fn ids(reader: &mut dyn Reader) -> Vec<i64> {
    let rows = rows(reader, "SELECT id FROM span ORDER BY id", &[]);
    let ids = rows.into_iter().map(|row| match row.first() {
        Some(Value::Int(id)) => *id,
        other => panic!("{other:?}"),
    });
    ids.collect()
}
