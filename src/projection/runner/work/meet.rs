//! What a process does before it writes a copy: looks whose it is, and of which log.

use uuid::Uuid;

use super::Work;
use crate::codec::{LOG_STREAM, lost_range};
use crate::log::{LogError, MAX_PAGE_EVENTS, StreamName};
use crate::projection::change::Cell;
use crate::projection::counted::wait_until_counted;
use crate::projection::models::Models;
use crate::projection::sql::{Reader, Record};
use crate::projection::store::{Checkpoint, Copies, CopyId, newer, stale};
use crate::projection::{DatabaseError, StoreError};

/// A copy as it was met.
pub(super) struct Looked {
    pub checkpoint: Checkpoint,
    /// The read models of an older version.
    pub stale: Vec<String>,
    /// The id of the event up to which it has read.
    pub last: Option<Uuid>,
}

/// How far the read models of a store have read the log that they were made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The sequence of the last event whose rows are in.
    pub position: u64,
    /// The id of the log's first event.
    pub log: Option<String>,
    /// The id of the event at `position`, where its row can be read.
    pub last: Option<Uuid>,
    /// The ids of the events that it has read where the log accepted losses.
    pub losses: Vec<Uuid>,
}

/// What the copy that serves has seen of the log; `None` where nothing serves or nothing was read.
/// `losses` are the sequences at which the log accepted losses.
///
/// # Errors
/// When the store can't be read.
pub fn extent(copies: &dyn Copies, losses: &[u64]) -> Result<Option<Extent>, StoreError> {
    let Some(serving) = copies.serving()? else { return Ok(None) };
    let mut reader = copies.reader(&serving)?;
    let mut copy = reader.snapshot()?;
    // A copy of another version may lack the table; how far it has read is known all the same.
    let last = last_event(&mut *copy).unwrap_or_default();
    let losses = ids_at(&mut *copy, losses).unwrap_or_default();
    let Checkpoint { position, log, .. } = copy.checkpoint().clone();
    Ok(position.map(|position| Extent { position, log, last, losses }))
}

/// The ids of the events whose rows are in at these sequences.
fn ids_at(reader: &mut dyn Reader, sequences: &[u64]) -> Result<Vec<Uuid>, DatabaseError> {
    let mut ids = Vec::new();
    for sequence in sequences {
        let sql = format!("SELECT event_id FROM event_fact WHERE sequence = {sequence}");
        ids.extend(reader.row(&sql, &[], event_id)?.flatten());
    }
    Ok(ids)
}

/// The id of the last event whose rows are in.
fn last_event(reader: &mut dyn Reader) -> Result<Option<Uuid>, DatabaseError> {
    let sql = "SELECT event_id FROM event_fact WHERE sequence = (SELECT position FROM checkpoint)";
    Ok(reader.row(sql, &[], event_id)?.flatten())
}

fn event_id(row: &dyn Record) -> Result<Option<Uuid>, DatabaseError> {
    let Cell::Bytes(bytes) = row.value("event_id")? else { return Ok(None) };
    Ok(Uuid::from_slice(bytes).ok())
}

impl Work {
    pub(super) fn look_at(&self, copy: &CopyId) -> Result<Looked, StoreError> {
        let models = Models::new((self.options.projections)());
        let mut reader = self.copies.reader(copy)?;
        let mut copy = reader.snapshot()?;
        if let Some(name) = newer(&mut *copy, &models)?.pop() {
            return Err(StoreError::Newer(name));
        }
        let stale = stale(&mut *copy, &models)?;
        let last = if stale.is_empty() { last_event(&mut *copy)? } else { None };
        Ok(Looked { checkpoint: copy.checkpoint().clone(), stale, last })
    }

    /// Refuses rows that were made from another log, or from more of it than there is.
    pub(super) fn check_log(
        &self,
        copy: &CopyId,
        checkpoint: &Checkpoint,
        last: Option<Uuid>,
    ) -> Result<(), StoreError> {
        let (Some(made_from), Some(position)) = (&checkpoint.log, checkpoint.position) else {
            return Ok(());
        };
        wait_until_counted(&*self.log, &self.runtime, Some(position))
            .map_err(|error| StoreError::Stopped { sequence: position, source: error.into() })?;
        let first = self.event_id(0)?.map(|id| id.to_string());
        if first.as_ref() != Some(made_from) {
            return Err(StoreError::OtherLog(format!(
                "the read models were made from a log that begins with event {made_from}, this one {}",
                first.map_or_else(|| "is empty".to_owned(), |first| format!("begins with {first}"))
            )));
        }
        if let (Some(last), there) = (last, self.event_id(position)?)
            && there != Some(last)
        {
            if self.is_lost(copy, position)? {
                let what = "it holds events that were lost, as a person has accepted".to_owned();
                return Err(StoreError::Damaged { copy: copy.clone(), what });
            }
            return Err(StoreError::CutShort(format!(
                "the read models hold event {last} as sequence {position}, this log {}: it was cut short, or another went on from it",
                there.map_or_else(|| "ends before".to_owned(), |there| format!("has {there}"))
            )));
        }
        Ok(())
    }

    /// Whether the log says that a person accepted the loss of the event that had this sequence.
    fn is_lost(&self, copy: &CopyId, sequence: u64) -> Result<bool, StoreError> {
        let unread = |error: LogError| StoreError::Stopped { sequence, source: error.into() };
        let name = StreamName::parse(LOG_STREAM)
            .map_err(|error| unread(LogError::Invalid(error.to_string())))?;
        let mut from = 0;
        loop {
            let page = self.runtime.block_on(self.log.read_stream(&name, from, MAX_PAGE_EVENTS));
            let page = page.map_err(unread)?;
            for event in &page.events {
                let lost = lost_range(event);
                let Some((first, _)) = lost.filter(|(a, z)| (a..=z).contains(&&sequence)) else {
                    continue;
                };
                // What was read after a loss was accepted is not what was lost then.
                let mut reader = self.copies.reader(copy)?;
                let read = ids_at(&mut *reader.snapshot()?, &[first])?;
                if !read.contains(&event.event_id) {
                    return Ok(true);
                }
            }
            if page.end {
                return Ok(false);
            }
            from = page.next;
        }
    }

    fn event_id(&self, sequence: u64) -> Result<Option<Uuid>, StoreError> {
        match self.runtime.block_on(self.log.read_all(sequence.checked_sub(1), 1)) {
            Ok(page) => Ok(page.events.first().map(|event| event.event_id)),
            Err(LogError::BeyondEnd { .. }) => Ok(None),
            Err(error) => Err(StoreError::Stopped { sequence, source: error.into() }),
        }
    }
}
