//! A table of which the rows come bit by bit, in either form.

use std::io::Write;

use super::value::Value;
use super::{Digesting, Form, Written};
use crate::projection::{ExportError, Kind};

/// What a table that is written row by row says of itself, and its columns.
#[derive(Debug, Clone)]
pub struct Head<'a> {
    /// Its name.
    pub table: &'a str,
    /// Its columns.
    pub columns: &'a [(&'a str, Kind)],
    /// Whether its rows are those of the exercises; absent: it depends on neither.
    pub exercise: Option<bool>,
}

/// Writes a table row by row.
pub struct Lines<'a> {
    into: Into<'a>,
    rows: u64,
}

enum Into<'a> {
    Csv(Box<super::csv::Lines<Digesting<'a>>>),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::Lines<Digesting<'a>>>),
}

impl<'a> Lines<'a> {
    /// Begins.
    ///
    /// # Errors
    /// Those of `out`; [`ExportError::Form`] where the build has no Parquet.
    pub fn begin(
        head: &Head<'_>,
        form: Form,
        out: &'a mut (dyn Write + Send),
    ) -> Result<Self, ExportError> {
        let out = Digesting::new(out);
        let into = match form {
            Form::Csv { bom } => {
                Into::Csv(Box::new(super::csv::Lines::begin(head.columns, bom, out)?))
            }
            #[cfg(feature = "parquet")]
            Form::Parquet => {
                let exercise = head.exercise.map(|of| ("docket.exercise", of.to_string()));
                let said = [("docket.table", head.table.to_owned())].into_iter().chain(exercise);
                let said: Vec<_> = said.collect();
                Into::Parquet(Box::new(super::parquet::Lines::begin(head.columns, &said, out)?))
            }
            #[cfg(not(feature = "parquet"))]
            Form::Parquet => return Err(ExportError::Form("parquet")),
        };
        Ok(Self { into, rows: 0 })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn add(&mut self, row: &[Value<'_>]) -> Result<(), ExportError> {
        self.rows += 1;
        match &mut self.into {
            Into::Csv(lines) => lines.add(row),
            #[cfg(feature = "parquet")]
            Into::Parquet(lines) => lines.add(row),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(self) -> Result<Written, ExportError> {
        let out = match self.into {
            Into::Csv(lines) => lines.finish()?,
            #[cfg(feature = "parquet")]
            Into::Parquet(lines) => lines.finish()?,
        };
        out.written(self.rows)
    }
}
