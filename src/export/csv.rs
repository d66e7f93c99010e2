//! CSV by RFC 4180: CRLF, a header line, quotes where they are needed.
//!
//! A text that a spreadsheet could run as a formula gets a `'` before it (ASVS 1.2.10): one that begins
//! with a sign of a formula in any width, also after what a spreadsheet may leave out (spaces, what
//! can't be seen), and one that begins with a tab or a line break. That can't be told from a `'` that
//! was there; who needs the text itself reads Parquet.

use std::borrow::Cow;
use std::io::Write;

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::value::{Value, value};
use crate::domain::text::is_hidden;
use crate::projection::{ExportError, Kind, Report, Snapshot};

/// What a formula begins with: the signs, full-width and small, and the minus of typesetters.
const FORMULA: [char; 13] =
    ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '\u{2212}'];

/// Writes a table; how many rows.
///
/// # Errors
/// Those of the read models and of `out`.
pub fn write(
    snapshot: &mut Snapshot<'_>,
    table: &Report,
    bom: bool,
    mut out: &mut dyn Write,
) -> Result<u64, ExportError> {
    let mut writer = writer(bom, &mut out)?;
    writer.write_record(table.columns.iter().map(|column| column.name)).map_err(io_error)?;
    let rows = snapshot.rows(table, &mut |row| {
        for (index, column) in table.columns.iter().enumerate() {
            let value = value(row, index, column)?;
            writer.write_field(field(&value).as_bytes()).map_err(io_error)?;
        }
        writer.write_record(None::<&[u8]>).map_err(io_error)?;
        Ok(())
    })?;
    writer.flush()?;
    Ok(rows)
}

/// A table of which the rows come bit by bit.
pub struct Lines<W: Write>(csv::Writer<W>);

impl<W: Write> Lines<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(columns: &[(&str, Kind)], bom: bool, out: W) -> Result<Self, ExportError> {
        let mut writer = writer(bom, out)?;
        writer.write_record(columns.iter().map(|(name, _)| *name)).map_err(io_error)?;
        Ok(Self(writer))
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn add(&mut self, row: &[Value<'_>]) -> Result<(), ExportError> {
        let fields: Vec<Cow<'_, str>> = row.iter().map(field).collect();
        self.0.write_record(fields.iter().map(|field| field.as_bytes())).map_err(io_error)
    }

    /// Ends it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(self) -> Result<W, ExportError> {
        self.0.into_inner().map_err(|error| ExportError::Io(error.into_error()))
    }
}

fn writer<W: Write>(bom: bool, mut out: W) -> Result<csv::Writer<W>, ExportError> {
    if bom {
        out.write_all("\u{feff}".as_bytes())?;
    }
    let mut builder = WriterBuilder::new();
    builder.terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary);
    Ok(builder.from_writer(out))
}

fn field<'a>(value: &'a Value<'_>) -> Cow<'a, str> {
    match value {
        Value::Text(text) if may_be_formula(text) => Cow::Owned(format!("'{text}")),
        value => value.text(),
    }
}

fn may_be_formula(text: &str) -> bool {
    // PostgreSQL keeps U+2400 for U+0000, and the two engines' files are the same.
    let left_out = |c: char| c.is_whitespace() || is_hidden(c) || c == '\u{2400}';
    text.starts_with(|c: char| c.is_control() || c == '\u{2400}')
        || text.trim_start_matches(left_out).starts_with(FORMULA)
}

fn io_error(error: csv::Error) -> ExportError {
    ExportError::Io(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_begins_like_a_formula_is_no_formula() {
        let field = |text: &str| field(&Value::Text(Cow::Borrowed(text))).into_owned();
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "\u{2400}=1",
            "\0=1",
            "＝1+1",
            "＋1",
            "－1",
            "＠SUM(A1)",
            "﹦1",
            "−1",
            "\u{feff}=1",
            " =1",
            "\u{3000}＝1",
            "\u{a0}+1",
            "\u{200b}\u{feff} \u{202e}@x",
            "\u{2028}-1",
            "\n\t =1",
        ] {
            assert_eq!(field(text), format!("'{text}"));
        }
        for text in ["", "广东省", "〔2015〕59号", "a=b", "2013/2016", " x", "../2016"] {
            assert_eq!(field(text), text);
        }
        let number = super::field(&Value::Int(-1)).into_owned();
        assert_eq!(number, "-1", "a number is none either");
    }
}
