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
use crate::projection::{self, DatabaseError, ExportError, Kind, Report, Snapshot};

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
    let schema = schema(table);
    let options = ArrowWriterOptions::new()
        .with_properties(properties(&[
            ("docket.table", table.name.to_owned()),
            ("docket.sequence", snapshot.sequence.to_string()),
            ("docket.exercise", snapshot.exercise.to_string()),
        ])?)
        .with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(out, schema.clone(), options).map_err(parquet_error)?;
    let mut columns: Vec<Column> =
        table.columns.iter().map(|column| Column::of(column.kind)).collect();
    let mut gathered = 0;
    let rows = snapshot.rows(table, &mut |row| {
        for (index, column) in columns.iter_mut().enumerate() {
            column.push(&value(row, index, &table.columns[index])?)?;
        }
        gathered += 1;
        if gathered == BATCH_ROWS {
            gathered = 0;
            writer.write(&batch(&schema, &mut columns)?).map_err(parquet_error)?;
        }
        Ok(())
    })?;
    if gathered > 0 {
        writer.write(&batch(&schema, &mut columns)?).map_err(parquet_error)?;
    }
    writer.close().map_err(parquet_error)?;
    Ok(rows)
}

/// Writes rows of texts, all at once.
///
/// # Errors
/// Those of `out`.
pub fn write_texts<const N: usize>(
    table: &str,
    names: &[&str; N],
    rows: &[[String; N]],
    out: &mut (impl Write + Send),
) -> Result<(), ExportError> {
    let fields = names.map(|name| Field::new(name, DataType::Utf8, true));
    let schema: SchemaRef = Arc::new(Schema::new(fields.to_vec()));
    let options = ArrowWriterOptions::new()
        .with_properties(properties(&[("docket.table", table.to_owned())])?)
        .with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(out, schema.clone(), options).map_err(parquet_error)?;
    let mut columns: Vec<Column> = names.iter().map(|_| Column::of(Kind::Text)).collect();
    for row in rows {
        for (column, text) in columns.iter_mut().zip(row) {
            column.push(&Value::Text(text.as_str().into()))?;
        }
    }
    writer.write(&batch(&schema, &mut columns)?).map_err(parquet_error)?;
    writer.close().map_err(parquet_error)?;
    Ok(())
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

fn schema(table: &Report) -> SchemaRef {
    let field = |column: &projection::Column| {
        let kind = match column.kind {
            Kind::Text | Kind::Date | Kind::Json | Kind::Id => DataType::Utf8,
            Kind::Int => DataType::Int64,
            Kind::Flag => DataType::Boolean,
            Kind::Day => DataType::Date32,
            Kind::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        };
        Field::new(column.name, kind, true)
    };
    Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>()))
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
