//! Tables, each declared once: its name, and of each column name, kind, what it says and its value.
//!
//! All else follows from that: the SQL that makes it on each engine (`ddl`), how rows are written and
//! compared, what the files in `projections/` say of it.

use super::change::RowWriter;

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

/// A change to rows already written: an update, or a deletion where nothing is set.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The columns that are set, in the order in which their values are given.
    pub set: &'static [&'static str],
    /// Which rows, in SQL that every engine takes; each `?` is one of the values that follow.
    pub filter: &'static str,
}

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

/// A value of a column. Its type says what the column holds.
pub(super) trait Value: PartialEq {
    /// What it is.
    const KIND: Kind;
    /// Whether it may be absent.
    const OPTIONAL: bool = false;
    /// Writes it.
    fn write(&self, row: &mut RowWriter<'_>);
}

/// What a table of spans shows of an enrollment's state: [`spans!`] makes it.
pub(super) trait Shown {
    /// The part of a state that it shows.
    type Of<'a>: Copy;
    /// The table.
    const TABLE: Table;
    /// Whether two look the same in it.
    fn same(a: Self::Of<'_>, b: Self::Of<'_>) -> bool;
    /// Writes its own columns, after those that all such tables have.
    fn write(of: Self::Of<'_>, row: &mut RowWriter<'_>);
}

/// Declares a table and how its rows are written: `Row("table", key […], changes […]), |value: Type|`,
/// then the columns, each with what it says, its type and its value.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $Row:ident($name:literal, key $key:expr, changes $changes:expr), |$of:ident: $Of:ty| $(
            $(#[doc = $says:literal])+
            $column:ident: $Type:ty = $value:expr
        ),+ $(,)?
    ) => {
        $(#[doc = $about])+
        pub(in crate::projection) struct $Row;

        impl $Row {
            /// The table.
            pub(in crate::projection) const TABLE: $crate::projection::table::Table =
                $crate::projection::table::Table {
                    name: $name,
                    about: concat!($($about),+),
                    columns: &[$($crate::projection::table::column!(
                        $column, $Type, concat!($($says),+)
                    )),+],
                    key: &$key,
                    changes: &$changes,
                };

            /// Writes a row.
            pub(super) fn write($of: &$Of, row: &mut $crate::projection::change::RowWriter<'_>) {
                $({
                    let value: $Type = $value;
                    $crate::projection::table::Value::write(&value, row);
                })+
            }
        }
    };
}
pub(super) use table;

/// Declares a table of rows with two times, which shows a part of the state: `Row("table"), <'a>
/// |value: Type<'a>|`, then its own columns.
macro_rules! spans {
    (
        $(#[doc = $about:literal])+
        $Row:ident($name:literal), <$a:lifetime> |$of:ident: $Of:ty| $(
            $(#[doc = $says:literal])+
            $column:ident: $Type:ty = $value:expr
        ),+ $(,)?
    ) => {
        $(#[doc = $about])+
        pub(in crate::projection) struct $Row;

        impl $crate::projection::table::Shown for $Row {
            type Of<$a> = $Of;

            const TABLE: $crate::projection::table::Table = {
                use $crate::projection::rows::{CHANGES, TIMES};
                $crate::projection::table::Table {
                    name: $name,
                    about: concat!($($about),+),
                    columns: &[
                        TIMES[0], TIMES[1], TIMES[2], TIMES[3], TIMES[4], TIMES[5], TIMES[6],
                        $($crate::projection::table::column!(
                            $column, $Type, concat!($($says),+)
                        )),+
                    ],
                    key: &["id"],
                    changes: CHANGES,
                }
            };

            fn same(a: Self::Of<'_>, b: Self::Of<'_>) -> bool {
                true $(&& {
                    let $of = a;
                    let left: $Type = $value;
                    let $of = b;
                    let right: $Type = $value;
                    left == right
                })+
            }

            fn write($of: Self::Of<'_>, row: &mut $crate::projection::change::RowWriter<'_>) {
                $({
                    let value: $Type = $value;
                    $crate::projection::table::Value::write(&value, row);
                })+
            }
        }
    };
}
pub(super) use spans;

macro_rules! column {
    ($name:ident, $Type:ty, $says:expr) => {
        $crate::projection::table::Column {
            name: stringify!($name),
            kind: <$Type as $crate::projection::table::Value>::KIND,
            optional: <$Type as $crate::projection::table::Value>::OPTIONAL,
            says: $says.trim_ascii(),
        }
    };
}
pub(super) use column;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_by_one_column_is_known_as_such() {
        assert_eq!(Change { set: &["a"], filter: "id = ?" }.by_key(), Some("id"));
        assert_eq!(Change { set: &["a"], filter: "id = ? AND b = ?" }.by_key(), None);
    }
}
