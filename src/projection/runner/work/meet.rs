//! What a process does before it writes a copy: looks whose it is, and of which log.

use uuid::Uuid;

use super::Work;
use crate::codec::{LOG_STREAM, lost_range};
use crate::log::{LogError, MAX_PAGE_EVENTS, StreamName};
use crate::projection::change::Cell;
use crate::projection::counted::wait_until_counted;
use crate::projection::models::Models;
use crate::projection::sql::Reader;
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
    let (mut last, mut read) = (None, Vec::new());
    let checkpoint = copies.reader(&serving)?.ask(&mut |reader| {
        // A copy of another version may lack the table; how far it has read is known all the same.
        last = last_event(reader).unwrap_or_default();
        read = ids_at(reader, losses).unwrap_or_default();
        Ok(())
    })?;
    let Checkpoint { position, log, .. } = checkpoint;
    Ok(position.map(|position| Extent { position, log, last, losses: read }))
}

/// The ids of the events whose rows are in at these sequences.
fn ids_at(reader: &mut dyn Reader, sequences: &[u64]) -> Result<Vec<Uuid>, DatabaseError> {
    let mut ids = Vec::new();
    for sequence in sequences {
        let sql = format!("SELECT event_id FROM event_fact WHERE sequence = {sequence}");
        reader.query(&sql, &[], &mut |row| {
            if let Cell::Bytes(bytes) = row.value("event_id")? {
                ids.extend(Uuid::from_slice(bytes));
            }
            Ok(())
        })?;
    }
    Ok(ids)
}

/// The id of the last event whose rows are in.
fn last_event(reader: &mut dyn Reader) -> Result<Option<Uuid>, DatabaseError> {
    let mut last = None;
    let sql = "SELECT event_id FROM event_fact WHERE sequence = (SELECT position FROM checkpoint)";
    reader.query(sql, &[], &mut |row| {
        if let Cell::Bytes(bytes) = row.value("event_id")? {
            last = Uuid::from_slice(bytes).ok();
        }
        Ok(())
    })?;
    Ok(last)
}

impl Work {
    pub(super) fn look_at(&self, copy: &CopyId) -> Result<Looked, StoreError> {
        let models = Models::new((self.options.projections)());
        let (mut others, mut ahead, mut last) = (Vec::new(), Vec::new(), None);
        let checkpoint = self.copies.reader(copy)?.ask(&mut |reader| {
            others = stale(reader, &models)?;
            ahead = newer(reader, &models)?;
            if others.is_empty() {
                last = last_event(reader)?;
            }
            Ok(())
        })?;
        if let Some(name) = ahead.pop() {
            return Err(StoreError::Newer(name));
        }
        Ok(Looked { checkpoint, stale: others, last })
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
                let mut read = Vec::new();
                self.copies.reader(copy)?.ask(&mut |reader| {
                    read = ids_at(reader, &[first])?;
                    Ok(())
                })?;
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
