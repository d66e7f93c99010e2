//! Rows, whichever engine keeps them: the SQL of endpoints and deliveries is written once, in what
//! SQLite and PostgreSQL have in common, with parameters `?1`, `?2` …

use uuid::Uuid;

use super::super::WebhookError;

/// A value on its way into a row; its kind is known also where it is null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Int(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

/// A row that was found.
pub trait Row {
    /// A number, by the name of its column.
    ///
    /// # Errors
    /// No such column, or one of another kind.
    fn int(&self, column: &str) -> Result<Option<i64>, WebhookError>;

    /// A text.
    ///
    /// # Errors
    /// As [`Row::int`].
    fn text(&self, column: &str) -> Result<Option<String>, WebhookError>;

    /// Bytes.
    ///
    /// # Errors
    /// As [`Row::int`].
    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, WebhookError>;
}

/// What is done with each row.
pub type Each<'a> = dyn FnMut(&dyn Row) -> Result<(), WebhookError> + 'a;

/// The rows of one transaction.
pub trait Rows {
    /// Changes rows; how many.
    ///
    /// # Errors
    /// Those of the engine.
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, WebhookError>;

    /// Asks for rows.
    ///
    /// # Errors
    /// Those of the engine and of `each`.
    fn query(
        &mut self,
        sql: &str,
        values: &[Value],
        each: &mut Each<'_>,
    ) -> Result<(), WebhookError>;
}

/// All rows that are found, read.
///
/// # Errors
/// Those of the engine and of `read`.
pub fn all<T>(
    db: &mut dyn Rows,
    sql: &str,
    values: &[Value],
    read: impl Fn(&dyn Row) -> Result<T, WebhookError>,
) -> Result<Vec<T>, WebhookError> {
    let mut found = Vec::new();
    db.query(sql, values, &mut |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// The one row that is found, read.
///
/// # Errors
/// As [`all`].
pub fn one<T>(
    db: &mut dyn Rows,
    sql: &str,
    values: &[Value],
    read: impl Fn(&dyn Row) -> Result<T, WebhookError>,
) -> Result<Option<T>, WebhookError> {
    Ok(all(db, sql, values, read)?.pop())
}

/// A column that holds what it must not.
pub fn wrong(column: &str, reason: impl std::fmt::Display) -> WebhookError {
    WebhookError::Database(format!("{column}: {reason}"))
}

impl dyn Row + '_ {
    /// A number that is never null.
    pub fn number(&self, column: &str) -> Result<i64, WebhookError> {
        self.int(column)?.ok_or_else(|| wrong(column, "it is null"))
    }

    /// A number that counts events or attempts, if there is one.
    pub fn count(&self, column: &str) -> Result<Option<u64>, WebhookError> {
        Ok(self.int(column)?.map(|number| u64::try_from(number).unwrap_or_default()))
    }

    /// A sequence, or another number of events, that is never null.
    pub fn sequence(&self, column: &str) -> Result<u64, WebhookError> {
        self.count(column)?.ok_or_else(|| wrong(column, "it is null"))
    }

    /// A text that is never null.
    pub fn string(&self, column: &str) -> Result<String, WebhookError> {
        self.text(column)?.ok_or_else(|| wrong(column, "it is null"))
    }

    /// An id, which is kept as text.
    pub fn id(&self, column: &str) -> Result<Uuid, WebhookError> {
        Uuid::parse_str(&self.string(column)?).map_err(|error| wrong(column, error))
    }

    /// Bytes of a fixed number, if there are any.
    pub fn exactly<const N: usize>(&self, column: &str) -> Result<Option<[u8; N]>, WebhookError> {
        let Some(bytes) = self.bytes(column)? else { return Ok(None) };
        let sized = <[u8; N]>::try_from(bytes).map_err(|_| wrong(column, "it has another length"));
        sized.map(Some)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

/// Databases have signed numbers alone; sequences never come near the difference.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl From<Option<u64>> for Value {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Int(None), Self::from)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(Some(number.into()))
    }
}

impl From<Option<u16>> for Value {
    fn from(number: Option<u16>) -> Self {
        Self::Int(number.map(i64::from))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Text(Some(id.to_string()))
    }
}

impl From<[u8; 32]> for Value {
    fn from(bytes: [u8; 32]) -> Self {
        Self::Bytes(Some(bytes.to_vec()))
    }
}

impl From<Option<[u8; 32]>> for Value {
    fn from(bytes: Option<[u8; 32]>) -> Self {
        Self::Bytes(bytes.map(|bytes| bytes.to_vec()))
    }
}

/// Values in the order of their numbers, each of whatever type.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::webhooks::store::rows::Value::from($value)),*] };
}
pub(in crate::webhooks) use values;
