//! What was counted out of the tables, kept for who asks the same next.
//!
//! What must hold: it is what the tables would say now. What is known up to a sequence stays; what is known
//! now is brought up to date by the enrollments that something was recorded of since.

use std::any::Any;
use std::sync::Arc;

use crate::app::Kept;
use crate::projection::{CopyId, DatabaseError, Tables};

/// Enrollments up to which what was counted is brought up to date; beyond that it is counted anew.
const MOST_CHANGED: usize = 500;

/// What was counted, by what was asked.
pub type CountedAnswers = Kept<String, Arc<dyn Any + Send + Sync>>;

/// What was counted of a copy that had read so far.
struct Counted<T> {
    copy: CopyId,
    position: Option<u64>,
    value: T,
}

/// What counts, and what of it is kept.
pub trait Count {
    /// What is counted.
    type Value: Clone + Send + Sync + 'static;

    /// What is asked, with all that the answer depends on besides the tables.
    fn key(&self) -> String;

    /// Counts.
    ///
    /// # Errors
    /// Those of the database.
    fn count(&self, tables: &Tables<'_>) -> Result<Self::Value, DatabaseError>;

    /// Brings up to date what was counted up to an event, by the enrollments that changed since; none
    /// where it has to be counted anew.
    ///
    /// # Errors
    /// Those of the database.
    fn further(
        &self,
        tables: &Tables<'_>,
        value: Self::Value,
        since: u64,
        changed: &[u64],
    ) -> Result<Option<Self::Value>, DatabaseError>;

    /// About how many bytes it takes.
    fn bytes(value: &Self::Value) -> usize;
}

/// What is counted, `is_past` where only what was known up to a sequence is: that never changes.
///
/// # Errors
/// Those of the database.
pub fn counted<C: Count>(
    kept: &CountedAnswers,
    tables: &Tables<'_>,
    count: &C,
    is_past: bool,
) -> Result<C::Value, DatabaseError> {
    let (key, (copy, position)) = (count.key(), tables.read_to());
    let before = kept.get(&key).and_then(|any| any.downcast::<Counted<C::Value>>().ok());
    let before = before.filter(|before| before.copy == *copy);
    let value = match before {
        Some(before) if is_past || before.position == position => return Ok(before.value.clone()),
        Some(before) => brought_up(tables, count, &before)?,
        None => None,
    };
    let value = match value {
        Some(value) => value,
        None => count.count(tables)?,
    };
    let bytes = C::bytes(&value);
    let entry = Counted { copy: copy.clone(), position, value: value.clone() };
    kept.put(key, Arc::new(entry), bytes);
    Ok(value)
}

fn brought_up<C: Count>(
    tables: &Tables<'_>,
    count: &C,
    before: &Counted<C::Value>,
) -> Result<Option<C::Value>, DatabaseError> {
    let Some(since) = before.position else { return Ok(None) };
    match tables.changed_since(since, MOST_CHANGED)? {
        Some(changed) => count.further(tables, before.value.clone(), since, &changed),
        None => Ok(None),
    }
}
