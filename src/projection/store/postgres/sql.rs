//! SQL as the read models have it, made into what PostgreSQL takes.

use std::borrow::Cow;

use tokio_postgres::types::Type;

use crate::projection::change::Cell;
use crate::projection::table::Storage;

/// A question whose parameters have numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Numbered<'a> {
    pub sql: String,
    /// The names in the order of their numbers, without colons.
    pub names: Vec<&'a str>,
}

/// A part of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    /// Letters, digits and underscores.
    Word(&'a str),
    /// A parameter without its colon.
    Parameter(&'a str),
    /// Anything else: a text in quotes, a comment, `::`, signs, blanks.
    Other(&'a str),
}

/// Gives the named parameters (`:day`) numbers (`$1`). Those that are null are written out: a
/// parameter must have one type, and null has that of whatever it is compared with.
pub(super) fn numbered<'a>(sql: &'a str, is_null: impl Fn(&str) -> bool) -> Numbered<'a> {
    let mut numbered = Numbered { sql: String::with_capacity(sql.len()), names: Vec::new() };
    for part in parts(sql) {
        match part {
            Part::Word(text) | Part::Other(text) => numbered.sql.push_str(text),
            Part::Parameter(name) if is_null(name) => numbered.sql.push_str("NULL"),
            Part::Parameter(name) => {
                let known = numbered.names.iter().position(|known| *known == name);
                let index = known.unwrap_or_else(|| {
                    numbered.names.push(name);
                    numbered.names.len() - 1
                });
                numbered.sql.push_str(&format!("${}", index + 1));
            }
        }
    }
    numbered
}

/// Gives the marks (`?`) of a filter numbers, from `first` on.
pub(super) fn marked(filter: &str, first: usize) -> String {
    let mut pieces = filter.split('?');
    let mut sql = pieces.next().unwrap_or_default().to_owned();
    for (index, piece) in pieces.enumerate() {
        sql.push_str(&format!("${}{piece}", first + index));
    }
    sql
}

/// The SQL that creates tables, indexes and views, from what SQLite takes.
pub(super) fn definitions(sql: &str, unlogged: bool) -> String {
    let mut made = String::with_capacity(sql.len() * 2);
    let mut in_table = false;
    let mut last = "";
    for part in parts(sql) {
        let (Part::Word(text) | Part::Parameter(text) | Part::Other(text)) = part;
        let Part::Word(word) = part else {
            in_table &= text != ";";
            made.push_str(text);
            continue;
        };
        in_table |= last == "CREATE" && word == "TABLE";
        match word {
            "TABLE" if in_table && unlogged => made.push_str("UNLOGGED TABLE"),
            "INTEGER" => made.push_str("BIGINT"),
            "BLOB" => made.push_str("BYTEA"),
            "TEXT" if in_table => made.push_str("TEXT COLLATE \"C\""),
            "only" => made.push_str("\"only\""),
            "STRICT" if in_table => {}
            "WITHOUT" if in_table => {
                let end = made.trim_end_matches([',', ' ']).len();
                made.truncate(end);
            }
            "ROWID" if in_table => {}
            _ => made.push_str(word),
        }
        last = word;
    }
    made
}

/// The type of a parameter that carries this.
pub(super) fn type_of(cell: Cell<'_>) -> Type {
    match cell {
        // Not met: it is written out.
        Cell::Null => Type::UNKNOWN,
        Cell::Int(_) => Type::INT8,
        Cell::Text(_) => Type::TEXT,
        Cell::Bytes(_) => Type::BYTEA,
    }
}

/// The type of a column.
pub(super) fn column_type(kind: Storage) -> Type {
    match kind {
        Storage::Int => Type::INT8,
        Storage::Text => Type::TEXT,
        Storage::Bytes => Type::BYTEA,
    }
}

/// The type of an array of a column's values.
pub(super) fn array_name(kind: Storage) -> &'static str {
    match kind {
        Storage::Int => "bigint[]",
        Storage::Text => "text[]",
        Storage::Bytes => "bytea[]",
    }
}

/// A text as PostgreSQL can keep it: it has no U+0000, which is shown as U+2400 instead.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{2400}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn parts(sql: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let word = |text: &str| {
            text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
        };
        let until = |end: &str| {
            let from = first.len_utf8();
            let found = rest.get(from..).and_then(|rest| rest.find(end));
            found.map_or(rest.len(), |at| from + at + end.len())
        };
        let is_parameter = || {
            let next = rest.chars().nth(1);
            next.is_some_and(|next| next.is_alphabetic() || next == '_')
        };
        let length = match first {
            '\'' => until("'"),
            '"' => until("\""),
            '-' if rest.starts_with("--") => until("\n"),
            '/' if rest.starts_with("/*") => until("*/"),
            ':' if rest.starts_with("::") => 2,
            ':' if is_parameter() => 1 + word(rest.get(1..).unwrap_or_default()),
            c if c.is_alphanumeric() || c == '_' => word(rest),
            c => c.len_utf8(),
        };
        let (part, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(match first {
            ':' if part.len() > 1 && part != "::" => Part::Parameter(part.trim_start_matches(':')),
            c if c.is_alphanumeric() || c == '_' => Part::Word(part),
            _ => Part::Other(part),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers_outside_of_texts_and_comments() {
        let sql = "SELECT ':day', a::text -- :day, it's
            FROM t /* :no */ WHERE \"b:c\" = :b AND d > :day AND (:b IS NULL OR e = :b) AND :gone IS NULL";
        let numbered = numbered(sql, |name| name == "gone");
        assert_eq!(numbered.names, ["b", "day"]);
        assert_eq!(
            numbered.sql,
            "SELECT ':day', a::text -- :day, it's
            FROM t /* :no */ WHERE \"b:c\" = $1 AND d > $2 AND ($1 IS NULL OR e = $1) AND NULL IS NULL"
        );
    }

    #[test]
    fn marks_become_numbers() {
        assert_eq!(marked("id = ?", 3), "id = $3");
        assert_eq!(
            marked("a = ? AND (b IS NULL OR b <= ?)", 1),
            "a = $1 AND (b IS NULL OR b <= $2)"
        );
    }

    #[test]
    fn tables_of_sqlite_become_those_of_postgresql() {
        let sql = "-- an INTEGER; it's STRICT
CREATE TABLE t (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    a TEXT NOT NULL, -- TEXT; INTEGER
    b BLOB
) STRICT, WITHOUT ROWID;
CREATE TABLE s (id INTEGER) STRICT;
CREATE VIEW v AS SELECT CAST(id AS TEXT) FROM s;";
        let made = definitions(sql, true);
        assert_eq!(
            made,
            "-- an INTEGER; it's STRICT
CREATE UNLOGGED TABLE t (
    \"only\" BIGINT PRIMARY KEY CHECK (\"only\" = 1),
    a TEXT COLLATE \"C\" NOT NULL, -- TEXT; INTEGER
    b BYTEA
) ;
CREATE UNLOGGED TABLE s (id BIGINT) ;
CREATE VIEW v AS SELECT CAST(id AS TEXT) FROM s;"
        );
        assert!(
            definitions("CREATE TABLE s (a TEXT) STRICT;", false).starts_with("CREATE TABLE s")
        );
    }
}
