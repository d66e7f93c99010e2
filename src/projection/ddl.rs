//! The SQL that makes a table, on each engine.

use super::table::{Column, Storage, Table};

impl Table {
    /// As SQLite takes it, with what is said of the table and its columns.
    pub fn sqlite(&self) -> String {
        let single = self.single();
        let mut lines = Vec::new();
        for column in self.columns {
            let kind = match column.kind.storage() {
                Storage::Int => "INTEGER",
                Storage::Text => "TEXT",
                Storage::Bytes => "BLOB",
            };
            let only = match single {
                Some(key) if key == column.name => " PRIMARY KEY",
                _ => not_null(column),
            };
            let said = column.kind.said();
            lines.push(format!("    -- {said}{}\n    {} {kind}{only}", column.says, column.name));
        }
        if single.is_none() {
            lines.push(format!("    PRIMARY KEY ({})", self.key.join(", ")));
        }
        // A table whose key is no number is kept in the order of the key.
        let order = if single.is_none() { ", WITHOUT ROWID" } else { "" };
        let (about, name, lines) = (self.about.trim(), self.name, lines.join(",\n"));
        format!("-- {about}\nCREATE TABLE {name} (\n{lines}\n) STRICT{order};\n")
    }

    /// As PostgreSQL takes it. Texts are ordered by their bytes. One that is filled gets its key last,
    /// and outlasts a crash only then.
    #[cfg(feature = "postgres")]
    pub fn postgres(&self, filling: bool) -> String {
        let column = |column: &Column| {
            let kind = match column.kind.storage() {
                Storage::Int => "BIGINT",
                Storage::Text => "TEXT COLLATE \"C\"",
                Storage::Bytes => "BYTEA",
            };
            format!("{} {kind}{}", column.name, not_null(column))
        };
        let columns = self.columns.iter().map(column).collect::<Vec<_>>().join(", ");
        let (name, key) = (self.name, self.key.join(", "));
        match filling {
            true => format!("CREATE UNLOGGED TABLE {name} ({columns});"),
            false => format!("CREATE TABLE {name} ({columns}, PRIMARY KEY ({key}));"),
        }
    }

    /// The key, where it is one number.
    fn single(&self) -> Option<&'static str> {
        let [key] = self.key else { return None };
        (self.storage(key) == Some(Storage::Int)).then_some(*key)
    }
}

fn not_null(column: &Column) -> &'static str {
    if column.optional { "" } else { " NOT NULL" }
}
