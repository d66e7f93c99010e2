//! The making of a copy from nothing: first what each event says by itself, in the log's order, then
//! enrollment by enrollment, each folded once from its stream, its rows finished before they are written.
//!
//! Events are read twice, once as the log has them and once by stream: so nothing has to be kept in
//! memory, or sorted, but the names of the streams. Where the facts of events are kept (`kept`), they
//! are read by stream alone.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::available_parallelism;

use super::Rebuild;
use super::kept::Kept;
use super::reading::{Chunk, read};
use super::streams::{BATCH_BYTES, Found, Stream};
use crate::codec::Stored;
use crate::log::StreamName;
use crate::projection::change::Changes;
use crate::projection::event_facts::EVENT_FACTS;
use crate::projection::fold::Folder;
use crate::projection::follow::{Failed, take_in, tell};
use crate::projection::life::rows_of;
use crate::projection::models::Models;
use crate::projection::store::{CopyWriter, Moved};
use crate::projection::{Projection, ProjectionError, StoreError};

/// Decoded chunks that wait.
const WAITING_CHUNKS: usize = 8;
/// Batches that wait to be written.
const WAITING_BATCHES: usize = 2;
/// Enrollments taken at a time by a thread that folds: so that rows come almost in the order of keys.
const TAKEN: usize = 16;
/// Threads that fold on each core: while one waits for the log, another goes on.
const FOLDING: usize = 2;
/// Threads that fold, at most.
const MAX_FOLDING: usize = 16;

/// Rows to be written, and of how many events they are.
struct Batch {
    changes: Changes,
    events: u64,
}

/// A pass over a whole log.
pub(super) struct Whole<'a, 'b> {
    pub rebuild: &'a Rebuild<'b>,
    pub copy: &'a mut dyn CopyWriter,
    pub models: &'a mut Models,
    pub progress: &'a mut dyn FnMut(u64, u64) -> bool,
}

impl Whole<'_, '_> {
    /// Fills the copy up to `to`.
    ///
    /// # Errors
    /// [`StoreError::Stopped`], [`StoreError::Interrupted`].
    pub fn fill(mut self, to: u64) -> Result<(), StoreError> {
        let tells = self.models.iter().any(|model| model.name() == EVENT_FACTS);
        let found = if tells {
            self.facts(to)?
        } else {
            let Self { rebuild, copy, models, .. } = &mut self;
            Kept { rebuild, copy: &mut **copy, models }.take_in(to)?
        };
        let Found { mut streams, moved } = found;
        streams.sort_unstable_by_key(|stream| stream.number);
        self.enrollments(&streams, to)?;
        let changes = self.models.changes();
        let stopped = |source| StoreError::Stopped { sequence: to, source };
        self.copy.commit(&changes, moved).map_err(stopped)
    }

    /// Writes what events say by themselves, and the rows of all streams but those of enrollments.
    fn facts(&mut self, to: u64) -> Result<Found, StoreError> {
        let known_at_us = self.copy.checkpoint().known_at_us;
        let (log, runtime) = (Arc::clone(&self.rebuild.log), self.rebuild.runtime.clone());
        let folder = Folder::new(Arc::clone(&log), runtime.clone(), 0);
        let (chunks, decoded) = sync_channel(WAITING_CHUNKS);
        let (full, batches) = sync_channel(WAITING_BATCHES);
        let Self { copy, models, progress, .. } = self;
        std::thread::scope(|scope| {
            scope.spawn(move || read(&log, &runtime, (None, known_at_us), to, &chunks));
            let telling = scope.spawn(move || told(&folder, models, &decoded, &full, to));
            let total = to + 1;
            let mut done = 0;
            let written = write(*copy, batches, &mut |events| {
                done += events;
                // Half of the way.
                progress(done / 2, total)
            });
            let told = telling.join().unwrap_or_else(|_| Err(panicked(to)));
            written?;
            told.map_err(|(sequence, source)| StoreError::Stopped { sequence, source })
        })
    }

    /// Writes the rows of enrollments.
    fn enrollments(&mut self, streams: &[Stream], to: u64) -> Result<(), StoreError> {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let threads = (cores * FOLDING).min(MAX_FOLDING);
        let next = AtomicUsize::new(0);
        let (full, batches) = sync_channel(WAITING_BATCHES);
        let names: Vec<_> = self.models.iter().map(Projection::name).collect();
        let (rebuild, names) = (self.rebuild, &names);
        let (log, runtime) = (&rebuild.log, &rebuild.runtime);
        let projections = rebuild.projections;
        std::thread::scope(|scope| {
            let folding: Vec<_> = (0..threads)
                .map(|_| {
                    let (full, next) = (full.clone(), &next);
                    let folder = Folder::new(Arc::clone(log), runtime.clone(), 0);
                    scope.spawn(move || {
                        let models = Models::new(projections());
                        let (models, _) = models.partition(|name| names.contains(&name));
                        fold(&folder, models, streams, next, &full)
                    })
                })
                .collect();
            drop(full);
            let total = to + 1;
            let of_enrollments: u64 = streams.iter().map(|stream| stream.events).sum();
            let mut done = total - of_enrollments;
            let written = write(self.copy, batches, &mut |events| {
                done += events;
                (self.progress)(total / 2 + done / 2, total)
            });
            let folded = folding.into_iter().map(|thread| {
                let folded = thread.join().unwrap_or_else(|_| Err(panicked(to)));
                folded.map_err(|(sequence, source)| StoreError::Stopped { sequence, source })
            });
            // All of them end before any error is told.
            let folded: Vec<_> = folded.collect();
            written?;
            folded.into_iter().collect()
        })
    }
}

fn panicked(to: u64) -> Failed {
    (to, ProjectionError::Inconsistent("a thread of the rebuild panicked".to_owned()))
}

/// Writes batches until there are no more; `wrote` is told of how many events, and says whether to go on.
fn write(
    copy: &mut dyn CopyWriter,
    batches: Receiver<Batch>,
    wrote: &mut dyn FnMut(u64) -> bool,
) -> Result<(), StoreError> {
    for batch in batches {
        match copy.write(&batch.changes) {
            Ok(()) => {}
            // No event is what stands in the way.
            Err(ProjectionError::Database(error)) => return Err(StoreError::Database(error)),
            Err(source) => return Err(StoreError::Stopped { sequence: 0, source }),
        }
        if !wrote(batch.events) {
            return Err(StoreError::Interrupted);
        }
    }
    Ok(())
}

/// The first pass, up to `to`: each event by itself, and which streams there are.
fn told(
    folder: &Folder,
    models: &mut Models,
    decoded: &Receiver<Chunk>,
    full: &SyncSender<Batch>,
    to: u64,
) -> Result<Found, Failed> {
    let mut streams: HashMap<StreamName, Stream> = HashMap::new();
    let mut batch = Batch { changes: models.changes(), events: 0 };
    let mut moved: Option<Moved> = None;
    while moved.is_none_or(|moved| moved.to < to) {
        let gone = || Err((to, ProjectionError::Inconsistent("the reader stopped".to_owned())));
        let chunk = decoded.recv().unwrap_or_else(|_| gone())?;
        for event in &chunk {
            let sequence = event.sequence();
            let enrollment = match &event.stored {
                Stored::Enrollment(_) => {
                    let name = &event.envelope.stream;
                    let stream = streams.entry(name.clone()).or_insert_with(|| Stream {
                        name: name.clone(),
                        number: sequence,
                        events: 0,
                    });
                    stream.events += 1;
                    Some(stream.number)
                }
                _ => None,
            };
            tell(models, event, enrollment, &mut batch.changes)
                .and_then(|()| take_in(folder, models, event, &mut batch.changes))
                .map_err(|source| (sequence, source))?;
        }
        batch.events += chunk.len() as u64;
        let last = Moved::over(&chunk).map_err(|source| (to, source))?;
        moved = Some(Moved { log: moved.and_then(|before| before.log).or(last.log), ..last });
        if batch.changes.bytes() >= BATCH_BYTES && !hand_over(models, &mut batch, full) {
            break;
        }
    }
    hand_over(models, &mut batch, full);
    let nothing = || (to, ProjectionError::Inconsistent("a log without events".to_owned()));
    Ok(Found { streams: streams.into_values().collect(), moved: moved.ok_or_else(nothing)? })
}

/// One thread of the second pass.
fn fold(
    folder: &Folder,
    mut models: Models,
    streams: &[Stream],
    next: &AtomicUsize,
    full: &SyncSender<Batch>,
) -> Result<(), Failed> {
    let mut batch = Batch { changes: models.changes(), events: 0 };
    loop {
        let first = next.fetch_add(TAKEN, Ordering::Relaxed);
        let taken = streams.iter().skip(first).take(TAKEN);
        if taken.len() == 0 {
            hand_over(&models, &mut batch, full);
            return Ok(());
        }
        for stream in taken {
            let written = write_rows(folder, stream, &mut models, &mut batch.changes);
            if written.is_err() {
                // The others need not go on.
                next.fetch_max(streams.len(), Ordering::Relaxed);
                return written;
            }
            batch.events += stream.events;
        }
        if batch.changes.bytes() >= BATCH_BYTES && !hand_over(&models, &mut batch, full) {
            return Ok(());
        }
    }
}

/// Writes the rows of an enrollment, finished.
fn write_rows(
    folder: &Folder,
    stream: &Stream,
    models: &mut Models,
    changes: &mut Changes,
) -> Result<(), Failed> {
    let events = folder.events(&stream.name, stream.events);
    let events = events.map_err(|error| (stream.number, error))?;
    if let Some(life) = rows_of(&stream.name, events, models, changes)? {
        models.newest(&life.head, changes);
    }
    changes.settle();
    Ok(())
}

/// Hands a batch to the writer and begins another; `false` when the writer is gone, with an error of its
/// own.
fn hand_over(models: &Models, batch: &mut Batch, full: &SyncSender<Batch>) -> bool {
    let next = Batch { changes: models.changes(), events: 0 };
    full.send(std::mem::replace(batch, next)).is_ok()
}
