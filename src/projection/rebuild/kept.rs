//! What takes the place of the first pass where the facts of events are of this version and were taken
//! over from the copy that serves: they say which streams there are.

use std::sync::Arc;

use super::Rebuild;
use super::streams::{BATCH_BYTES, Found, Stream};
use crate::log::StreamName;
use crate::projection::change::{Cell, Changes};
use crate::projection::fold::Folder;
use crate::projection::follow::take_in;
use crate::projection::models::Models;
use crate::projection::page::decode_page;
use crate::projection::sql::question::number;
use crate::projection::store::{CopyWriter, Moved};
use crate::projection::{ProjectionError, StoreError};
use uuid::Uuid;

const STREAMS: &str = "SELECT stream, min(sequence) AS first, max(enrollment) AS enrollment,
    count(*) AS events FROM event_fact GROUP BY stream ORDER BY 2";
const EVENT: &str = "SELECT event_id, known_at FROM event_fact WHERE sequence = :sequence";

/// A pass over the streams that no enrollment has.
pub(super) struct Kept<'a, 'b> {
    pub rebuild: &'a Rebuild<'b>,
    pub copy: &'a mut dyn CopyWriter,
    pub models: &'a mut Models,
}

impl Kept<'_, '_> {
    /// Writes the rows of all streams but those of enrollments, and says which these are.
    ///
    /// # Errors
    /// [`StoreError::Stopped`], those of the database.
    pub fn take_in(self, to: u64) -> Result<Found, StoreError> {
        let Self { rebuild, copy, models } = self;
        let folder = Folder::new(Arc::clone(&rebuild.log), rebuild.runtime.clone(), 0);
        let reader = copy.reader();
        let mut event = |sequence| {
            reader.row(EVENT, &[(":sequence", number(sequence))], |row| {
                let Cell::Bytes(id) = row.value("event_id")? else { return Ok(None) };
                Ok(Uuid::from_slice(id).ok().zip(Some(row.int("known_at")?)))
            })
        };
        let (first, last) = (event(0)?.flatten(), event(to)?.flatten());
        let (Some((log, _)), Some((_, known_at_us))) = (first, last) else {
            let reason = format!("the facts of events that are kept do not reach from 0 to {to}");
            let source = ProjectionError::Inconsistent(reason);
            return Err(StoreError::Stopped { sequence: to, source });
        };
        let streams = reader.rows(STREAMS, &[], |row| {
            let name = row.parsed("stream", StreamName::parse)?;
            let (number, events) = (row.number("first")?, row.number("events")?);
            let is_enrollment = row.int_if("enrollment")?.is_some();
            Ok((Stream { name, number, events }, is_enrollment))
        })?;
        let (of_enrollments, others): (Vec<_>, Vec<_>) =
            streams.into_iter().partition(|(_, is_enrollment)| *is_enrollment);
        let mut changes = models.changes();
        let mut write = |changes: &mut Changes| {
            let written = copy.write(changes);
            changes.clear();
            written.map_err(|source| StoreError::Stopped { sequence: to, source })
        };
        for (stream, _) in others {
            take_in_stream(&folder, &stream, models, &mut changes)?;
            if changes.bytes() >= BATCH_BYTES {
                write(&mut changes)?;
            }
        }
        write(&mut changes)?;
        let streams = of_enrollments.into_iter().map(|(stream, _)| stream).collect();
        Ok(Found { streams, moved: Moved { to, known_at_us, log: Some(log) } })
    }
}

fn take_in_stream(
    folder: &Folder,
    stream: &Stream,
    models: &mut Models,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    let stopped = |sequence| move |source| StoreError::Stopped { sequence, source };
    let stored = folder.stored(&stream.name, stream.events).map_err(stopped(stream.number))?;
    let (decoded, unknown) = decode_page(stored, i64::MIN);
    for event in &decoded {
        take_in(folder, models, event, changes).map_err(stopped(event.sequence()))?;
    }
    match unknown {
        Some((sequence, error)) => Err(stopped(sequence)(ProjectionError::Codec(error))),
        None => Ok(()),
    }
}
