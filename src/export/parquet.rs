//! Apache Parquet, with types: numbers as int64, days as date32, instants as microseconds UTC, dates
//! as sharp as their source and ids as text.
//!
//! Nothing in the file says when or by what it was written; its metadata name the table, the
//! sequence, and whether its rows are of exercises.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::value::{Value, value};
use crate::projection::{DatabaseError, ExportError, Kind, Report, Snapshot};

/// Rows gathered before they are handed to the writer.
const BATCH_ROWS: usize = 2048;
/// Rows of a row group, which is held in memory until it is written.
const GROUP_ROWS: usize = 65_536;

/// Writes a table; how many rows.
///
/// # Errors
/// Those of the read models and of `out`.
pub fn write(
    snapshot: &mut Snapshot<'_>,
    table: &Report,
    out: &mut (impl Write + Send),
) -> Result<u64, ExportError> {
    let said = [
        ("docket.table", table.name.to_owned()),
        ("docket.sequence", snapshot.sequence.to_string()),
        ("docket.exercise", snapshot.exercise.to_string()),
    ];
    let columns: Vec<_> = table.columns.iter().map(|column| (column.name, column.kind)).collect();
    let mut lines = Lines::begin(&columns, &said, out)?;
    let rows = snapshot.rows(table, &mut |row| {
        for (index, column) in lines.columns.iter_mut().enumerate() {
            column.push(&value(row, index, &table.columns[index])?)?;
        }
        lines.next()
    })?;
    lines.finish()?;
    Ok(rows)
}

/// A table of which the rows come bit by bit.
pub struct Lines<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
    columns: Vec<Column>,
    gathered: usize,
}

impl<W: Write + Send> Lines<W> {
    /// Begins, with what the file says of itself.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(
        columns: &[(&str, Kind)],
        said: &[(&str, String)],
        out: W,
    ) -> Result<Self, ExportError> {
        let schema = schema(columns.iter().copied());
        let options = ArrowWriterOptions::new()
            .with_properties(properties(said)?)
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(out, schema.clone(), options);
        let columns = columns.iter().map(|(_, kind)| Column::of(*kind)).collect();
        Ok(Self { writer: writer.map_err(parquet_error)?, schema, columns, gathered: 0 })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn add(&mut self, row: &[Value<'_>]) -> Result<(), ExportError> {
        self.columns.iter_mut().zip(row).try_for_each(|(column, value)| column.push(value))?;
        self.next()
    }

    /// A row is whole.
    fn next(&mut self) -> Result<(), ExportError> {
        self.gathered += 1;
        if self.gathered == BATCH_ROWS {
            self.hand_over()?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), ExportError> {
        if std::mem::take(&mut self.gathered) == 0 {
            return Ok(());
        }
        self.writer.write(&batch(&self.schema, &mut self.columns)?).map_err(parquet_error)
    }

    /// Ends it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self) -> Result<W, ExportError> {
        self.hand_over()?;
        self.writer.into_inner().map_err(parquet_error)
    }
}

fn properties(said: &[(&str, String)]) -> Result<WriterProperties, ExportError> {
    let level = ZstdLevel::try_new(3).map_err(parquet_error)?;
    let said = said.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone()));
    Ok(WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by("docket".to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_key_value_metadata(Some(said.collect()))
        .build())
}

fn schema<'a>(columns: impl Iterator<Item = (&'a str, Kind)>) -> SchemaRef {
    let field = |(name, kind): (&str, Kind)| {
        let kind = match kind {
            Kind::Text | Kind::Date | Kind::Json | Kind::Id => DataType::Utf8,
            Kind::Int => DataType::Int64,
            Kind::Flag => DataType::Boolean,
            Kind::Day => DataType::Date32,
            Kind::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        };
        Field::new(name, kind, true)
    };
    Arc::new(Schema::new(columns.map(field).collect::<Vec<_>>()))
}

/// A column as it is gathered.
enum Column {
    Text(StringBuilder),
    Int(Int64Builder),
    Flag(BooleanBuilder),
    Day(Date32Builder),
    Instant(TimestampMicrosecondBuilder),
}

impl Column {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Date | Kind::Json | Kind::Id => Self::Text(StringBuilder::new()),
            Kind::Int => Self::Int(Int64Builder::new()),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Day => Self::Day(Date32Builder::new()),
            Kind::Instant => Self::Instant(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        }
    }

    fn push(&mut self, value: &Value<'_>) -> Result<(), ExportError> {
        match (self, value) {
            (Self::Text(builder), Value::Null) => builder.append_null(),
            (Self::Text(builder), value) => builder.append_value(value.text()),
            (Self::Int(builder), Value::Int(number)) => builder.append_value(*number),
            (Self::Int(builder), _) => builder.append_null(),
            (Self::Flag(builder), Value::Flag(flag)) => builder.append_value(*flag),
            (Self::Flag(builder), _) => builder.append_null(),
            (Self::Day(builder), Value::Day(day)) => builder.append_value(days(day)?),
            (Self::Day(builder), _) => builder.append_null(),
            (Self::Instant(builder), Value::Instant(micros)) => builder.append_value(*micros),
            (Self::Instant(builder), _) => builder.append_null(),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        let builder: &mut dyn ArrayBuilder = match self {
            Self::Text(builder) => builder,
            Self::Int(builder) => builder,
            Self::Flag(builder) => builder,
            Self::Day(builder) => builder,
            Self::Instant(builder) => builder,
        };
        builder.finish()
    }
}

fn batch(schema: &SchemaRef, columns: &mut [Column]) -> Result<RecordBatch, ExportError> {
    let arrays = columns.iter_mut().map(Column::finish).collect();
    RecordBatch::try_new(schema.clone(), arrays)
        .map_err(|error: ArrowError| DatabaseError::new(error.to_string()).into())
}

/// Days since 1970-01-01.
fn days(day: &str) -> Result<i32, ExportError> {
    let wrong = || DatabaseError::new(format!("{day:?} is no day"));
    let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| wrong())?;
    let since = date.signed_duration_since(NaiveDate::default()).num_days();
    Ok(i32::try_from(since).map_err(|_| wrong())?)
}

fn parquet_error(error: ParquetError) -> ExportError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => ExportError::Io(*source),
            Err(source) => ExportError::Io(std::io::Error::other(source)),
        },
        other => ExportError::Io(std::io::Error::other(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn days_are_counted_from_1970() {
        for (day, count) in [("1970-01-01", 0), ("1969-12-31", -1), ("2016-02-29", 16_860)] {
            assert_eq!(days(day).unwrap(), count, "{day}");
        }
        assert!(days("2016-02-30").is_err());
    }
}
