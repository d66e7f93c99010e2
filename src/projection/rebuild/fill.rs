//! The pass over the log: read and decoded on one thread, folded on another, written on a third.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use super::Rebuild;
use super::reading::{Chunk, read};
use super::whole::Whole;
use crate::projection::change::Changes;
use crate::projection::fold::{DEFAULT_CACHE_BYTES, Folder};
use crate::projection::follow::project;
use crate::projection::models::Models;
use crate::projection::store::{CopyWriter, Moved};
use crate::projection::{ProjectionError, StoreError};

/// Events in one write: more write each enrollment's newest event less often, fewer take less memory.
const FLUSH_EVENTS: usize = 8192;
/// Bytes of values after which a batch is written in any case.
const FLUSH_BYTES: usize = 4 * 1024 * 1024;
/// Decoded chunks that wait for the fold.
const WAITING_CHUNKS: usize = 8;
/// Batches that wait to be written.
const WAITING_BATCHES: usize = 1;

/// A pass.
pub(super) struct Filling<'a, 'b> {
    pub rebuild: &'a Rebuild<'b>,
    pub copy: &'a mut dyn CopyWriter,
    pub models: &'a mut Models,
    pub progress: &'a mut dyn FnMut(u64, u64) -> bool,
}

/// An event at which the pass stopped, and why.
type Failed = (u64, ProjectionError);

struct Batch {
    changes: Changes,
    moved: Moved,
}

impl Filling<'_, '_> {
    /// Takes in the events from the copy's position up to `to`.
    ///
    /// # Errors
    /// [`StoreError::Stopped`], [`StoreError::Interrupted`]. What was written before stands.
    pub fn fill(self, to: u64) -> Result<(), StoreError> {
        let Self { rebuild, copy, models, progress } = self;
        let after = copy.checkpoint().position;
        let known_at_us = copy.checkpoint().known_at_us;
        if after.is_some_and(|after| after >= to) {
            return Ok(());
        }
        if after.is_none() {
            return Whole { rebuild, copy, models, progress }.fill(to);
        }
        let (log, runtime) = (Arc::clone(&rebuild.log), rebuild.runtime.clone());
        let mut folder = Folder::new(Arc::clone(&log), runtime.clone(), DEFAULT_CACHE_BYTES);
        let (chunks, decoded) = sync_channel(WAITING_CHUNKS);
        let (full, batches) = sync_channel(WAITING_BATCHES);
        let (used, empty) = channel();
        std::thread::scope(|scope| {
            scope.spawn(move || read(&log, &runtime, (after, known_at_us), to, &chunks));
            let writing = scope.spawn(move || write(copy, &batches, &used));
            let pass = Pass { models, folder: &mut folder, decoded, full, empty, progress, to };
            // The channels that it holds end with it, and with them the other threads.
            let folded = pass.run();
            let written = writing.join().unwrap_or_else(|_| {
                Err((to, ProjectionError::Inconsistent("the writing thread panicked".to_owned())))
            });
            let stopped = |(sequence, source)| StoreError::Stopped { sequence, source };
            written.map_err(stopped)?;
            folded
        })
    }
}

/// The folding side.
struct Pass<'a> {
    models: &'a mut Models,
    folder: &'a mut Folder,
    decoded: Receiver<Chunk>,
    full: SyncSender<Batch>,
    empty: Receiver<Changes>,
    progress: &'a mut dyn FnMut(u64, u64) -> bool,
    to: u64,
}

impl Pass<'_> {
    fn run(mut self) -> Result<(), StoreError> {
        loop {
            let batch = self
                .batch()
                .map_err(|(sequence, source)| StoreError::Stopped { sequence, source })?;
            let done = batch.moved.to + 1;
            if !(self.progress)(done, self.to + 1) {
                return Err(StoreError::Interrupted);
            }
            // The writer ends early only with an error of its own, which is the one to be told.
            if self.full.send(batch).is_err() || done > self.to {
                return Ok(());
            }
        }
    }

    /// Folds what is handed over until it is enough to be written, or the end.
    fn batch(&mut self) -> Result<Batch, Failed> {
        let mut changes = self.empty.try_recv().unwrap_or_else(|_| self.models.changes());
        changes.clear();
        let (mut events, mut moved) = (0, None::<Moved>);
        loop {
            let gone =
                || Err((self.to, ProjectionError::Inconsistent("the reader stopped".to_owned())));
            let chunk = self.decoded.recv().unwrap_or_else(|_| gone())?;
            for event in &chunk {
                project(self.folder, self.models, event, &mut changes)
                    .map_err(|source| (event.sequence(), source))?;
            }
            events += chunk.len();
            let last = Moved::over(&chunk).map_err(|source| (self.to, source))?;
            let log = moved.and_then(|before| before.log).or(last.log);
            let now = Moved { log, ..last };
            moved = Some(now);
            let is_full = events >= FLUSH_EVENTS || changes.bytes() >= FLUSH_BYTES;
            if is_full || now.to == self.to {
                self.models.flush(&mut changes);
                return Ok(Batch { changes, moved: now });
            }
        }
    }
}

/// The writing side.
fn write(
    copy: &mut dyn CopyWriter,
    batches: &Receiver<Batch>,
    used: &Sender<Changes>,
) -> Result<(), Failed> {
    for batch in batches {
        copy.commit(&batch.changes, batch.moved).map_err(|source| (batch.moved.to, source))?;
        // Nobody takes them any more at the end.
        let _ = used.send(batch.changes);
    }
    Ok(())
}
