//! Questions to the tables in SQL that every engine takes, and the rows that answer them.
//!
//! What must hold for the SQL: parameters are named (`:day`) and given by name; a flag is the number
//! 0 or 1, never a boolean; texts are ordered by their bytes; nothing is used that only one engine
//! has. Tests run every question on every engine.

use std::cell::Cell as Held;

use super::change::Cell;
use super::error::DatabaseError;

pub(super) mod question;

/// Where a question is put: one instant of one copy.
pub trait Reader {
    /// Asks, and hands over each row of the answer in its order.
    ///
    /// # Errors
    /// Those of the database, and those of `each`, which ends the answer.
    fn query(
        &mut self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        each: &mut dyn FnMut(&dyn Record) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError>;

    /// The columns of a table; none where there is no such table. Asking for what is not there would
    /// end the transaction on some engines.
    ///
    /// # Errors
    /// Those of the database.
    fn columns(&mut self, table: &str) -> Result<Vec<String>, DatabaseError>;
}

impl dyn Reader + '_ {
    /// Asks, and makes something of each row of the answer.
    ///
    /// # Errors
    /// Those of the database and of `make`.
    pub fn rows<T>(
        &mut self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        mut make: impl FnMut(&dyn Record) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, DatabaseError> {
        let mut rows = Vec::new();
        self.query(sql, parameters, &mut |row| {
            rows.push(make(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The same, where there is one row at most.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn row<T>(
        &mut self,
        sql: &str,
        parameters: &[(&str, Cell<'_>)],
        make: impl FnMut(&dyn Record) -> Result<T, DatabaseError>,
    ) -> Result<Option<T>, DatabaseError> {
        Ok(self.rows(sql, parameters, make)?.pop())
    }
}

/// A row of an answer.
pub trait Record {
    /// The value of a column by its number.
    ///
    /// # Errors
    /// When there is no such column, or it holds what no table has.
    fn at(&self, column: usize) -> Result<Cell<'_>, DatabaseError>;

    /// The columns by their names.
    fn names(&self) -> &Columns;
}

/// The names of the columns of an answer. Each row is asked for the same ones in the same order, so
/// the one that was asked for next before is looked at first.
pub struct Columns {
    names: Vec<String>,
    /// After each column, the one that was asked for next.
    next: Vec<Held<usize>>,
    last: Held<usize>,
}

impl Columns {
    /// Columns by these names.
    pub fn new(names: impl Iterator<Item = String>) -> Self {
        let names: Vec<String> = names.collect();
        let next = names.iter().map(|_| Held::default()).collect();
        Self { names, next, last: Held::default() }
    }

    fn find(&self, name: &str) -> Result<usize, DatabaseError> {
        let missing = || DatabaseError::new(format!("the answer has no column {name}"));
        let next = self.next.get(self.last.get()).ok_or_else(missing)?;
        if self.names.get(next.get()).is_none_or(|expected| expected != name) {
            next.set(self.names.iter().position(|known| known == name).ok_or_else(missing)?);
        }
        self.last.set(next.get());
        Ok(next.get())
    }
}

impl dyn Record + '_ {
    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.names().names.len()
    }

    /// The number of a column.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn column(&self, name: &str) -> Result<usize, DatabaseError> {
        self.names().find(name)
    }

    /// The value of a column.
    ///
    /// # Errors
    /// As [`Record::at`] and [`column`](Self::column).
    pub fn value(&self, name: &str) -> Result<Cell<'_>, DatabaseError> {
        self.at(self.column(name)?)
    }

    /// A text, or nothing.
    ///
    /// # Errors
    /// When the column is missing or holds something else.
    pub fn text_if(&self, name: &str) -> Result<Option<&str>, DatabaseError> {
        match self.value(name)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            Cell::Int(_) | Cell::Bytes(_) => Err(wrong(name, "is no text")),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// As [`text_if`](Self::text_if); also when there is nothing.
    pub fn text(&self, name: &str) -> Result<&str, DatabaseError> {
        self.text_if(name)?.ok_or_else(|| wrong(name, "is empty"))
    }

    /// A number, or nothing.
    ///
    /// # Errors
    /// As [`text_if`](Self::text_if).
    pub fn int_if(&self, name: &str) -> Result<Option<i64>, DatabaseError> {
        match self.value(name)? {
            Cell::Null => Ok(None),
            Cell::Int(value) => Ok(Some(value)),
            Cell::Text(_) | Cell::Bytes(_) => Err(wrong(name, "is no number")),
        }
    }

    /// A number.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn int(&self, name: &str) -> Result<i64, DatabaseError> {
        self.int_if(name)?.ok_or_else(|| wrong(name, "is empty"))
    }

    /// A number of the log, or nothing.
    ///
    /// # Errors
    /// As [`text_if`](Self::text_if).
    pub fn number_if(&self, name: &str) -> Result<Option<u64>, DatabaseError> {
        let value = self.int_if(name)?;
        value.map(|value| u64::try_from(value).map_err(|_| wrong(name, "is negative"))).transpose()
    }

    /// A number of the log.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn number(&self, name: &str) -> Result<u64, DatabaseError> {
        self.number_if(name)?.ok_or_else(|| wrong(name, "is empty"))
    }

    /// Yes or no.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn flag(&self, name: &str) -> Result<bool, DatabaseError> {
        Ok(self.int(name)? != 0)
    }

    /// A text with a form of its own, or nothing.
    ///
    /// # Errors
    /// As [`text_if`](Self::text_if); also when it doesn't have its form.
    pub fn parsed_if<T, E: std::fmt::Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, DatabaseError> {
        let text = self.text_if(name)?;
        text.map(|text| parse(text).map_err(|error| wrong(name, &error.to_string()))).transpose()
    }

    /// A text with a form of its own.
    ///
    /// # Errors
    /// As [`parsed_if`](Self::parsed_if); also when there is nothing.
    pub fn parsed<T, E: std::fmt::Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, DatabaseError> {
        self.parsed_if(name, parse)?.ok_or_else(|| wrong(name, "is empty"))
    }

    /// One of a closed set, by its name.
    ///
    /// # Errors
    /// As [`text`](Self::text); also when the set doesn't have it.
    pub fn named<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DatabaseError> {
        let text = self.text(name)?;
        parse(text).ok_or_else(|| wrong(name, &format!("{text:?} is not known")))
    }
}

fn wrong(column: &str, what: &str) -> DatabaseError {
    DatabaseError::new(format!("column {column}: {what}"))
}

/// How a fact got into the record.
pub(super) fn provenance(name: &str) -> Option<crate::domain::ids::Provenance> {
    use crate::domain::ids::Provenance::{Attested, Inferred, Recorded};
    [Recorded, Attested, Inferred].into_iter().find(|provenance| provenance.as_str() == name)
}
