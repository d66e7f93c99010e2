//! CSV by RFC 4180: CRLF, a header line, quotes where they are needed.
//!
//! A text that a spreadsheet would run as a formula gets a `'` before it (ASVS 1.2.10). That can't be
//! told from a `'` that was there; who needs the text itself reads Parquet.

use std::borrow::Cow;
use std::io::Write;

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::value::{Value, value};
use crate::projection::{ExportError, ExportTable, Snapshot};

/// What a formula may begin with.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\u{2400}'];

/// Writes a table; how many rows.
///
/// # Errors
/// Those of the read models and of `out`.
pub fn write(
    snapshot: &mut Snapshot<'_>,
    table: &ExportTable,
    bom: bool,
    mut out: &mut dyn Write,
) -> Result<u64, ExportError> {
    if bom {
        out.write_all("\u{feff}".as_bytes())?;
    }
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .quote_style(QuoteStyle::Necessary)
        .from_writer(&mut out);
    writer.write_record(table.columns.iter().map(|(name, _)| name)).map_err(io_error)?;
    let rows = snapshot.rows(table, &mut |row| {
        for (index, column) in table.columns.iter().enumerate() {
            let value = value(row, index, *column)?;
            writer.write_field(field(&value).as_bytes()).map_err(io_error)?;
        }
        writer.write_record(None::<&[u8]>).map_err(io_error)?;
        Ok(())
    })?;
    writer.flush()?;
    Ok(rows)
}

fn field<'a>(value: &'a Value<'_>) -> Cow<'a, str> {
    match value {
        Value::Text(text) if text.starts_with(FORMULA) => Cow::Owned(format!("'{text}")),
        value => value.text(),
    }
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
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\u{2400}=1"] {
            assert_eq!(field(text), format!("'{text}"));
        }
        for text in ["", "广东省", "〔2015〕59号", "a=b", "2013/2016"] {
            assert_eq!(field(text), text);
        }
        let number = super::field(&Value::Int(-1)).into_owned();
        assert_eq!(number, "-1", "a number is none either");
    }
}
