//! What was counted out of the tables, kept for who asks the same next.
//!
//! What must hold: it is what the tables would say now, or said a moment later. What is known up to a
//! sequence stays; what is known now is brought up to date in place by what was recorded since. Of those
//! who ask the same at once one counts, the others wait for it.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::Kept;
use crate::projection::{At, CopyId, DatabaseError, Tables};

/// Events up to which what was counted is brought up to date; beyond that it is counted anew.
pub const MOST_CHANGED: usize = 1000;

/// What was counted, by what was asked.
pub type CountedAnswers = Kept<String, Arc<dyn Any + Send + Sync>>;

/// What was counted of a copy that had read so far.
struct Counted<T> {
    copy: CopyId,
    position: Option<u64>,
    value: T,
}

/// Where it lies, locked while somebody counts or reads; nothing where it was never counted.
type Slot<T> = Mutex<Option<Counted<T>>>;

/// What counts, and what of it is kept.
pub trait Count {
    /// What is counted.
    type Value: Send + 'static;

    /// What is asked, with all that the answer depends on besides the tables.
    fn key(&self) -> String;

    /// Counts.
    ///
    /// # Errors
    /// Those of the database.
    fn count(&self, tables: &Tables<'_>) -> Result<Self::Value, DatabaseError>;

    /// Brings up to date what was counted up to an event; whether it could, rather than has to be counted
    /// anew.
    ///
    /// # Errors
    /// Those of the database.
    fn further(
        &self,
        tables: &Tables<'_>,
        value: &mut Self::Value,
        since: u64,
    ) -> Result<bool, DatabaseError>;

    /// About how many bytes it takes.
    fn bytes(value: &Self::Value) -> usize;
}

/// The enrollments that something was recorded of since an event, in order; none where there is too much to be
/// looked at one by one.
///
/// # Errors
/// Those of the database.
pub fn changed(tables: &Tables<'_>, since: u64) -> Result<Option<Vec<u64>>, DatabaseError> {
    Ok(tables.changed_since(since, MOST_CHANGED)?.map(|changed| changed.enrollments))
}

/// Brings up to date by who changed since an event: `ask` counts them as they were known then and as they are
/// known now, `exchange` takes the one off and adds the other. As [`Count::further`].
///
/// # Errors
/// Those of the database.
pub fn by_changed<T>(
    tables: &Tables<'_>,
    (at, since): (At, u64),
    ask: impl Fn(&[u64], At) -> Result<T, DatabaseError>,
    exchange: impl FnOnce(T, T),
) -> Result<bool, DatabaseError> {
    let Some(changed) = changed(tables, since)? else { return Ok(false) };
    if !changed.is_empty() {
        let before = ask(&changed, At { known: Some(since), ..at })?;
        exchange(before, ask(&changed, at)?);
    }
    Ok(true)
}

/// What `read` makes of what is counted, `is_past` where only what was known up to a sequence is: that
/// never changes.
///
/// # Errors
/// Those of the database.
pub fn counted<C: Count, R>(
    kept: &CountedAnswers,
    tables: &Tables<'_>,
    count: &C,
    is_past: bool,
    read: impl FnOnce(&C::Value) -> R,
) -> Result<R, DatabaseError> {
    let (key, (copy, position)) = (count.key(), tables.read_to());
    let empty = || (Arc::new(Slot::<C::Value>::new(None)) as Arc<dyn Any + Send + Sync>, 0);
    let any = kept.get_or(&key, empty);
    let mine = Arc::clone(&any).downcast::<Slot<C::Value>>();
    // Whoever counts something else under this key would be another kind of question.
    let slot = mine.unwrap_or_default();
    // Taken out while it is changed: where that fails, it is counted anew.
    let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let before = held.take().filter(|before| before.copy == *copy);
    let now = match before {
        // Another question has read further than this one's view of the tables.
        Some(before) if is_past || before.position >= position => before,
        before => {
            let now = Counted { copy: copy.clone(), position, value: anew(tables, count, before)? };
            kept.put(key, any, C::bytes(&now.value));
            now
        }
    };
    Ok(read(&held.insert(now).value))
}

fn anew<C: Count>(
    tables: &Tables<'_>,
    count: &C,
    before: Option<Counted<C::Value>>,
) -> Result<C::Value, DatabaseError> {
    if let Some(Counted { position: Some(since), mut value, .. }) = before
        && count.further(tables, &mut value, since)?
    {
        return Ok(value);
    }
    count.count(tables)
}
