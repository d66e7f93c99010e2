//! Columns back into the values that they were written from.

use rusqlite::Row;
use rusqlite::types::Type;

use super::store::unsigned;

/// A column that holds a text with a form of its own.
pub(super) fn parsed<T, E>(
    row: &Row<'_>,
    column: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> rusqlite::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let index = row.as_ref().column_index(column)?;
    let text = row.get_ref(index)?.as_str()?;
    parse(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}

/// As [`parsed`], where the column may be null.
pub(super) fn parsed_if<T, E>(
    row: &Row<'_>,
    column: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> rusqlite::Result<Option<T>>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let index = row.as_ref().column_index(column)?;
    let Some(text) = row.get_ref(index)?.as_str_or_null()? else { return Ok(None) };
    parse(text).map(Some).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}

/// A column that names one of a closed set.
pub(super) fn named<T>(
    row: &Row<'_>,
    column: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let index = row.as_ref().column_index(column)?;
    let text = row.get_ref(index)?.as_str()?;
    parse(text).ok_or_else(|| {
        let reason = format!("{text:?} is not known in column {column}");
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, reason.into())
    })
}

/// A column that holds a number of the log.
pub(super) fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(unsigned)
}

/// How a fact got into the record.
pub(super) fn provenance(name: &str) -> Option<crate::domain::ids::Provenance> {
    use crate::domain::ids::Provenance::{Attested, Inferred, Recorded};
    [Recorded, Attested, Inferred].into_iter().find(|provenance| provenance.as_str() == name)
}
