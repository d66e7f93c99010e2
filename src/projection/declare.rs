//! How a table is declared, with the value of each column.

use super::change::RowWriter;
use super::table::{Kind, Table};

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
                    columns: &[$($crate::projection::declare::column!(
                        $column, $Type, concat!($($says),+)
                    )),+],
                    key: &$key,
                    changes: &$changes,
                };

            /// Writes a row.
            pub(super) fn write($of: &$Of, row: &mut $crate::projection::change::RowWriter<'_>) {
                $({
                    let value: $Type = $value;
                    $crate::projection::declare::Value::write(&value, row);
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

        impl $crate::projection::declare::Shown for $Row {
            type Of<$a> = $Of;

            const TABLE: $crate::projection::table::Table = {
                use $crate::projection::table::{CHANGES, TIMES};
                $crate::projection::table::Table {
                    name: $name,
                    about: concat!($($about),+),
                    columns: &[
                        TIMES[0], TIMES[1], TIMES[2], TIMES[3], TIMES[4], TIMES[5], TIMES[6],
                        $($crate::projection::declare::column!(
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
                    $crate::projection::declare::Value::write(&value, row);
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
            kind: <$Type as $crate::projection::declare::Value>::KIND,
            optional: <$Type as $crate::projection::declare::Value>::OPTIONAL,
            says: $says.trim_ascii(),
        }
    };
}
pub(super) use column;
