//! What was known when: an instant resolved to a sequence, an id to its event.

use uuid::Uuid;

use crate::domain::date::Timestamp;
use crate::domain::ids::EventRef;
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::read::Tables;
use crate::projection::sql::question::number;

impl Tables<'_> {
    /// The sequence of the last event known at an instant: the largest up to which the running
    /// maximum of `recorded_at` is not after it. `None` when nothing was known yet.
    ///
    /// The running maximum never falls and sequences are dense, so it is found by halving.
    ///
    /// # Errors
    /// Those of the database.
    pub fn sequence_known_at(&self, instant: Timestamp) -> Result<Option<u64>, DatabaseError> {
        let last = self.row("SELECT max(sequence) AS last FROM audit_trail", &[], |row| {
            row.number_if("last")
        })?;
        let Some(last) = last.flatten() else { return Ok(None) };
        // `low` events are known, those from `high` on are not.
        let (mut low, mut high) = (0, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.known_at_us(middle)? <= instant.micros() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low.checked_sub(1))
    }

    fn known_at_us(&self, sequence: u64) -> Result<i64, DatabaseError> {
        let sql = "SELECT known_at FROM audit_trail WHERE sequence = :sequence";
        let known_at_us =
            self.row(sql, &[(":sequence", number(sequence))], |row| row.int("known_at"))?;
        known_at_us.ok_or_else(|| {
            DatabaseError::new(format!("audit_trail has no event with the sequence {sequence}"))
        })
    }

    /// Where the event with this id stands, with its sequence.
    ///
    /// # Errors
    /// Those of the database.
    pub fn find_event(&self, id: Uuid) -> Result<Option<(u64, EventRef)>, DatabaseError> {
        let sql = "SELECT sequence, stream, revision FROM audit_trail WHERE event_id = :id";
        self.row(sql, &[(":id", Cell::Bytes(id.as_bytes()))], |row| {
            let stream = row.text("stream")?.to_owned();
            let reference = EventRef { stream, revision: row.number("revision")?, id };
            Ok((row.number("sequence")?, reference))
        })
    }
}
