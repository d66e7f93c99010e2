//! What questions to the tables have in common.

use super::Record;
use crate::domain::ids::Text;
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;

/// The condition under which a row of a table with the times of `status_history` holds on `:day`,
/// as known up to `:known`; `alias` is the table's name in the question.
pub(in crate::projection) fn valid(alias: &str) -> String {
    format!(
        "{alias}.valid_from <= :day AND {alias}.known_from <= :known
     AND ({alias}.known_to IS NULL OR {alias}.known_to > :known)
     AND ({alias}.valid_to_known IS NULL OR {alias}.valid_to_known > :known
        OR {alias}.valid_to > :day)"
    )
}

/// The condition under which a row about a subject was what was known up to `:known`.
pub(in crate::projection) fn said_by(alias: &str) -> String {
    format!(
        "{alias}.known_from <= :known AND ({alias}.known_to IS NULL OR {alias}.known_to > :known)"
    )
}

/// What a table says of a subject by day: the newest that holds on `:day`, before the first the
/// first, of what is known up to `:known`; English and Chinese, the unit separator between them.
pub(in crate::projection) fn said_on(table: &str, column: &str, subject: &str) -> String {
    let said = format!(
        "SELECT n.{column}_en || '\u{1f}' || n.{column}_zh FROM {table} n
         WHERE n.subject = {subject} AND {}",
        said_by("n")
    );
    format!(
        "coalesce(
        ({said} AND n.from_day <= :day ORDER BY n.from_day DESC, n.revision DESC LIMIT 1),
        ({said} ORDER BY n.from_day, n.revision LIMIT 1))"
    )
}

/// The two languages out of one column, as [`said_on`] gives them.
///
/// # Errors
/// When the column is missing or holds something else.
pub(in crate::projection) fn both(
    row: &dyn Record,
    column: &str,
) -> Result<Option<Text>, DatabaseError> {
    Ok(row.text_if(column)?.map(|both| {
        let (en, zh) = both.split_once('\u{1f}').unwrap_or((both, both));
        Text { en: en.to_owned(), zh: zh.to_owned() }
    }))
}

/// That the subject of an enrollment `e` is `:province`, or lies in it by what is known up to `:known`.
pub(in crate::projection) const OF_PROVINCE: &str =
    " AND e.subject IN (SELECT s.subject FROM subject s
    WHERE (s.province = :province OR s.subject = :province)
      AND s.known_from <= :known AND (s.known_to IS NULL OR s.known_to > :known))";

/// A number that is small.
///
/// # Errors
/// When the column is missing or holds something else.
pub(in crate::projection) fn small(row: &dyn Record, column: &str) -> Result<u32, DatabaseError> {
    let value = row.int(column)?;
    u32::try_from(value).map_err(|_| super::wrong(column, "is out of range"))
}

/// A text, or nothing.
pub(in crate::projection) fn text_if(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Null, Cell::Text)
}

/// A number of the log, or of rows.
pub(in crate::projection) fn number(value: u64) -> Cell<'static> {
    Cell::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Adds the parts of a question that are asked for.
pub(in crate::projection) fn add_asked(sql: &mut String, parts: &[(bool, &str)]) {
    parts.iter().filter(|(asked, _)| *asked).for_each(|(_, part)| sql.push_str(part));
}

/// One of several: the names of so many parameters, with commas between.
pub(in crate::projection) fn parameters(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!(":{prefix}{index}")).collect()
}
