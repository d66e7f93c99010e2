//! Tables, each declared once: its name, and of each column name, kind, what it says and its value.
//!
//! All else follows from that: the SQL that makes it on each engine (`ddl`), how rows are written and
//! compared (`declare`), what the files in `projections/` say of it.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number: a sequence, a revision, a year.
    Int,
    /// Yes or no, as 1 and 0.
    Flag,
    /// An instant: microseconds UTC since 1970.
    Instant,
    /// A text: a name, references.
    Text,
    /// A date as sharp as its source, in a subset of EDTF.
    Date,
    /// A civil day (Asia/Shanghai), as `YYYY-MM-DD`.
    Day,
    /// JSON.
    Json,
    /// An id: the 16 bytes of a UUID.
    Id,
}

/// How databases keep that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// As a number of 64 bits.
    Int,
    /// As UTF-8.
    Text,
    /// As bytes.
    Bytes,
}

impl Kind {
    /// How databases keep it.
    pub const fn storage(self) -> Storage {
        match self {
            Self::Int | Self::Flag | Self::Instant => Storage::Int,
            Self::Text | Self::Date | Self::Day | Self::Json => Storage::Text,
            Self::Id => Storage::Bytes,
        }
    }

    /// What is said of it before what a column says.
    pub const fn said(self) -> &'static str {
        match self {
            Self::Int | Self::Text => "",
            Self::Flag => "boolean: ",
            Self::Instant => "instant (UTC): ",
            Self::Date => "EDTF: ",
            Self::Day => "day: ",
            Self::Json => "JSON: ",
            Self::Id => "UUID: ",
        }
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may hold nothing.
    pub optional: bool,
    /// What it says, in a line.
    pub says: &'static str,
}

impl Column {
    /// A column that always holds something.
    pub const fn new(name: &'static str, kind: Kind, says: &'static str) -> Self {
        Self { name, kind, optional: false, says }
    }

    /// The same where it may hold nothing.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// A table: its columns in order, what orders its rows uniquely, and how rows are changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// The name.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// The columns in the order in which a row is written.
    pub columns: &'static [Column],
    /// The columns of the primary key, in order.
    pub key: &'static [&'static str],
    /// The changes that are made to rows already written.
    pub changes: &'static [Change],
}

/// A change to rows already written. Where a table's rows are picked by the one key alone, a change fills
/// columns that held nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The columns that are set, in the order in which their values are given.
    pub set: &'static [&'static str],
    /// Which rows, in SQL that every engine takes; each `?` is one of the values that follow.
    pub filter: &'static str,
}

/// The changes that a table of rows with two times has: a row is completed, or taken out of what is known.
pub(super) const CHANGES: &[Change] = &[
    Change { set: &["valid_to", "valid_to_known"], filter: "id = ?" },
    Change { set: &["known_to"], filter: "id = ?" },
];
/// The columns that all tables of rows with two times have, before their own.
pub(super) const TIMES: [Column; 7] = [
    Column::new(
        "id",
        Kind::Int,
        "the row: the enrollment's number times 2^20, and which of its rows",
    ),
    Column::new("enrollment", Kind::Int, "the enrollment"),
    Column::new("valid_from", Kind::Day, "the first on which it holds"),
    Column::new("known_from", Kind::Int, "the sequence of the event from which this is known"),
    Column::new("valid_to", Kind::Day, "from which it no longer holds; null while it does")
        .optional(),
    Column::new("valid_to_known", Kind::Int, "the sequence from which that end is known")
        .optional(),
    Column::new("known_to", Kind::Int, "the sequence from which it is known to be untrue")
        .optional(),
];

impl Change {
    /// The one column by which rows are found, if that is all the filter says.
    pub fn by_key(&self) -> Option<&'static str> {
        let column = self.filter.strip_suffix(" = ?")?;
        (!column.contains(' ')).then_some(column)
    }
}

impl Table {
    /// The number of the one column by which rows are known and changed, if that is so.
    pub fn single_key(&self) -> Option<usize> {
        let [key] = self.key else { return None };
        let is_by_key = |change: &Change| change.by_key() == Some(key);
        let number = self.column(key)?;
        self.changes.iter().all(is_by_key).then_some(number)
    }

    /// The number of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// How a column is kept.
    pub fn storage(&self, name: &str) -> Option<Storage> {
        self.column(name).map(|column| self.columns[column].kind.storage())
    }

    /// The names of its columns, with commas between.
    pub fn names(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_by_one_column_is_known_as_such() {
        assert_eq!(Change { set: &["a"], filter: "id = ?" }.by_key(), Some("id"));
        assert_eq!(Change { set: &["a"], filter: "id = ? AND b = ?" }.by_key(), None);
    }

    #[test]
    fn what_changes_by_a_key_set_may_hold_nothing() {
        let models = crate::projection::all();
        for table in models.iter().flat_map(|model| model.tables()) {
            let by_key = table.changes.iter().filter(|_| table.single_key().is_some());
            for name in by_key.flat_map(|change| change.set) {
                let column = table.columns[table.column(name).unwrap()];
                assert!(column.optional, "{}.{name}", table.name);
            }
        }
    }
}
