//! What was known when: an instant resolved to a sequence, an id to its event.

use rusqlite::OptionalExtension as _;
use uuid::Uuid;

use crate::domain::date::Timestamp;
use crate::domain::ids::EventRef;
use crate::projection::read::Tables;
use crate::projection::row::number;
use crate::projection::store::{signed, unsigned};
use crate::projection::value::IdText;

impl Tables<'_> {
    /// The sequence of the last event known at an instant: the largest up to which the running
    /// maximum of `recorded_at` is not after it. `None` when nothing was known yet.
    ///
    /// The running maximum never falls and sequences are dense, so it is found by halving.
    ///
    /// # Errors
    /// Those of the database.
    pub fn sequence_known_at(&self, instant: Timestamp) -> rusqlite::Result<Option<u64>> {
        let last: Option<i64> =
            self.connection()
                .query_row("SELECT max(sequence) FROM audit_trail", [], |r| r.get(0))?;
        let Some(last) = last else { return Ok(None) };
        let mut known = self
            .connection()
            .prepare_cached("SELECT known_at FROM audit_trail WHERE sequence = ?1")?;
        // `low` events are known, those from `high` on are not.
        let (mut low, mut high) = (0, unsigned(last) + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let known_at_us: i64 = known.query_row([signed(middle)], |row| row.get(0))?;
            if known_at_us <= instant.micros() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low.checked_sub(1))
    }

    /// Where the event with this id stands, with its sequence.
    ///
    /// # Errors
    /// Those of the database.
    pub fn find_event(&self, id: Uuid) -> rusqlite::Result<Option<(u64, EventRef)>> {
        self.connection()
            .prepare_cached(
                "SELECT sequence, stream, revision FROM audit_trail WHERE event_id = ?1",
            )?
            .query_row([IdText::from(id)], |row| {
                let stream = row.get("stream")?;
                let reference = EventRef { stream, revision: number(row, "revision")?, id };
                Ok((number(row, "sequence")?, reference))
            })
            .optional()
    }
}
