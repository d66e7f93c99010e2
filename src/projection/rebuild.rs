//! A new copy of the read models, made from the log alone, in one pass for all that are rebuilt.
//!
//! One thread reads and decodes, another folds and writes, into a file that nobody serves from:
//! without a journal, indexes last. What is not rebuilt is copied from the copy that serves, at its
//! position. The new copy is compared with the serving one at the same sequence and takes over by
//! one rename; a rebuild that is killed leaves the old copy serving.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use rusqlite::Connection;
use serde::Serialize;
use tokio::runtime::Handle;

use super::checksum::checksum;
use super::fold::Folder;
use super::follow::project;
use super::store::{Copies, Mode, Moved, Store, WriteLock, signed};
use super::{Projection, ProjectionError, StoreError};
use crate::log::EventLog;
use reading::{Chunk, read};

mod reading;

/// Events between two writes of what waits in memory: more write each row less often, fewer take
/// less memory (about 3 KiB an event).
const FLUSH_EVENTS: usize = 4096;
/// Decoded chunks that wait for the fold.
const WAITING_CHUNKS: usize = 16;

/// What a rebuild is made of.
pub struct Rebuild<'a> {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The runtime that reads it; this thread must not be one of its own.
    pub runtime: Handle,
    /// Where the copies are.
    pub copies: &'a Copies,
    /// Every read model there is.
    pub projections: fn() -> Vec<Box<dyn Projection>>,
    /// The names of those to rebuild; empty: all.
    pub names: &'a [String],
    /// Bytes of folded enrollments kept in memory.
    pub cache_bytes: usize,
}

/// What a rebuild came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// The sequence of the last event that the copy holds.
    pub position: Option<u64>,
    /// The read models that were rebuilt.
    pub models: Vec<RebuiltModel>,
}

/// One read model of a rebuild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RebuiltModel {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// The checksum of its content.
    pub checksum: String,
    /// Compared with the copy that served, at the same sequence.
    pub compared: Compared,
}

/// How a rebuilt read model compares with the one that served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Nothing served, or nothing yet.
    Nothing,
    /// Another version served: another content was to be expected.
    AnotherVersion,
    /// The content is the same.
    Same,
    /// The content differs though the version doesn't: a finding. The copy that served is kept.
    Differs {
        /// The checksum of what served.
        served: String,
        /// The sequence at which they were compared.
        at: u64,
    },
}

impl Rebuilt {
    /// The read models that differ from what served without a new version.
    pub fn findings(&self) -> impl Iterator<Item = &RebuiltModel> {
        self.models.iter().filter(|model| matches!(model.compared, Compared::Differs { .. }))
    }
}

/// Rebuilds. `progress` is told the events done and their total after each page, and says whether
/// to go on.
///
/// # Errors
/// [`StoreError::InUse`] while another process writes the read models, [`StoreError::UnknownName`],
/// [`StoreError::Stopped`] at an event that is not known or fails. The old copy serves on.
pub fn rebuild(
    rebuild: &Rebuild<'_>,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Rebuilt, StoreError> {
    let lock = rebuild.copies.lock()?;
    rebuild_locked(rebuild, &lock, progress)
}

pub(super) fn rebuild_locked(
    rebuild: &Rebuild<'_>,
    lock: &WriteLock,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Rebuilt, StoreError> {
    let all = (rebuild.projections)();
    check_names(rebuild.names, &all)?;
    let served = match rebuild.copies.serving()? {
        Some(serving) => Some(Store::open(&serving.path, Mode::Following)?),
        None => None,
    };
    let selected = select(rebuild.names, &all, served.as_ref())?;
    let partial = selected.len() < all.len();
    let path = rebuild.copies.new_copy(lock)?;
    let mut copy = Store::create(&path, Mode::Filling, &all)?;
    let to = match &served {
        Some(served) if partial => served.position(),
        _ => head(rebuild)?,
    };
    let (mut chosen, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|p| selected.iter().any(|name| name == p.name()));
    if let Some(served) = &served {
        copy_tables(&copy, served.path(), &others)?;
    }
    let compare_at = served.as_ref().and_then(Store::position).filter(|at| Some(*at) <= to);
    let mut models: Vec<RebuiltModel> = chosen.iter().map(|p| unchecked(&**p)).collect();
    if let Some(to) = to {
        let mut filling = Filling { rebuild, copy: &mut copy, projections: &mut chosen, progress };
        if let (Some(at), Some(served)) = (compare_at, &served) {
            filling.fill(at, to)?;
            compare(filling.copy, served, filling.projections, at, &mut models)?;
        }
        filling.fill(to, to)?;
    }
    finish(&copy, &chosen, &others, &mut models)?;
    drop(copy);
    drop(served);
    rebuild.copies.serve(&path, lock)?;
    Ok(Rebuilt { position: to, models })
}

fn check_names(names: &[String], all: &[Box<dyn Projection>]) -> Result<(), StoreError> {
    match names.iter().find(|name| all.iter().all(|p| p.name() != name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<_> = all.iter().map(|p| p.name()).collect();
            Err(StoreError::UnknownName { name: name.clone(), known: known.join(", ") })
        }
    }
}

/// The names asked for and those that can't be copied; everything when nothing serves.
fn select(
    names: &[String],
    all: &[Box<dyn Projection>],
    served: Option<&Store>,
) -> Result<Vec<String>, StoreError> {
    let every = || all.iter().map(|p| p.name().to_owned()).collect();
    match served {
        Some(served) if !names.is_empty() && served.position().is_some() => {
            let mut selected = served.stale(all)?;
            selected.extend(names.iter().cloned());
            selected.sort();
            selected.dedup();
            Ok(selected)
        }
        _ => Ok(every()),
    }
}

fn head(rebuild: &Rebuild<'_>) -> Result<Option<u64>, StoreError> {
    rebuild
        .runtime
        .block_on(rebuild.log.head())
        .map_err(|error| StoreError::Stopped { sequence: 0, source: error.into() })
}

fn unchecked(projection: &dyn Projection) -> RebuiltModel {
    RebuiltModel {
        name: projection.name().to_owned(),
        version: projection.version(),
        checksum: String::new(),
        compared: Compared::Nothing,
    }
}

/// Copies the tables that are not rebuilt.
fn copy_tables(
    copy: &Store,
    served: &Path,
    others: &[Box<dyn Projection>],
) -> Result<(), StoreError> {
    if others.is_empty() {
        return Ok(());
    }
    let connection = copy.connection();
    connection.execute("ATTACH ?1 AS served", [served.to_string_lossy()])?;
    let tx = connection.unchecked_transaction()?;
    for (table, key) in others.iter().flat_map(|projection| projection.tables()) {
        tx.execute(
            &format!("INSERT INTO main.{table} SELECT * FROM served.{table} ORDER BY {key}"),
            [],
        )?;
    }
    tx.commit()?;
    connection.execute_batch("DETACH served")?;
    Ok(())
}

/// Compares what was filled so far with the copy that serves.
fn compare(
    copy: &Store,
    served: &Store,
    projections: &[Box<dyn Projection>],
    at: u64,
    models: &mut [RebuiltModel],
) -> Result<(), StoreError> {
    let stale = served.stale(projections)?;
    for (projection, model) in projections.iter().zip(models) {
        if stale.iter().any(|name| name == projection.name()) {
            model.compared = Compared::AnotherVersion;
            continue;
        }
        let served = checksum(served.connection(), &**projection)?;
        let now = checksum(copy.connection(), &**projection)?;
        model.compared =
            if served == now { Compared::Same } else { Compared::Differs { served, at } };
        model.checksum = now;
    }
    Ok(())
}

/// Makes the indexes, checks that every event has its row, and sums up.
fn finish(
    copy: &Store,
    chosen: &[Box<dyn Projection>],
    others: &[Box<dyn Projection>],
    models: &mut [RebuiltModel],
) -> Result<(), StoreError> {
    for projection in chosen.iter().chain(others) {
        copy.connection().execute_batch(projection.indexes_sql())?;
    }
    let connection = copy.connection();
    for (projection, model) in chosen.iter().zip(models) {
        model.checksum = checksum(connection, &**projection)?;
    }
    if !chosen.iter().any(|projection| projection.name() == "audit_trail") {
        return Ok(());
    }
    let rows: i64 = connection.query_row("SELECT count(*) FROM audit_trail", [], |r| r.get(0))?;
    let events = copy.position().map_or(0, |position| signed(position) + 1);
    if rows != events {
        let source = ProjectionError::Inconsistent(format!(
            "the audit trail has {rows} rows for {events} events"
        ));
        return Err(StoreError::Stopped { sequence: 0, source });
    }
    Ok(())
}

struct Filling<'a, 'b> {
    rebuild: &'a Rebuild<'b>,
    copy: &'a mut Store,
    projections: &'a mut Vec<Box<dyn Projection>>,
    progress: &'a mut dyn FnMut(u64, u64) -> bool,
}

impl Filling<'_, '_> {
    /// Takes in the events from the copy's position up to `to`; `total` is the last of all.
    fn fill(&mut self, to: u64, total: u64) -> Result<(), StoreError> {
        let after = self.copy.position();
        if after.is_some_and(|after| after >= to) {
            return Ok(());
        }
        let (log, runtime) = (Arc::clone(&self.rebuild.log), self.rebuild.runtime.clone());
        let mut folder = Folder::new(Arc::clone(&log), runtime.clone(), self.rebuild.cache_bytes);
        let (chunks, waiting) = sync_channel(WAITING_CHUNKS);
        std::thread::scope(|scope| {
            scope.spawn(move || read(&*log, &runtime, after, to, &chunks));
            // Dropped at the end of this call: a reader that waits to hand over a chunk then stops.
            self.write(waiting, &mut folder, to, total)
        })
    }

    fn write(
        &mut self,
        waiting: Receiver<Chunk>,
        folder: &mut Folder,
        to: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        while self.copy.position() != Some(to) {
            self.commit(&waiting, folder, to)?;
            let done = self.copy.position().map_or(0, |position| position + 1);
            if !(self.progress)(done, total + 1) {
                return Err(StoreError::Interrupted);
            }
        }
        Ok(())
    }

    /// Takes in what is handed over until it is enough to be written, or the end.
    fn commit(
        &mut self,
        waiting: &Receiver<Chunk>,
        folder: &mut Folder,
        to: u64,
    ) -> Result<(), StoreError> {
        let projections = &mut *self.projections;
        let mut at = self.copy.position().map_or(0, |position| position + 1);
        self.copy
            .commit(|tx: &Connection| {
                let (mut events, mut moved) = (0, None::<Moved>);
                while events < FLUSH_EVENTS && moved.as_ref().is_none_or(|moved| moved.to != to) {
                    let chunk = waiting.recv().unwrap_or_else(|_| {
                        let reason = "the reader stopped".to_owned();
                        Err((at, ProjectionError::Inconsistent(reason)))
                    });
                    let chunk = chunk.map_err(|(sequence, source)| {
                        at = sequence;
                        source
                    })?;
                    for event in &chunk {
                        at = event.sequence();
                        project(folder, projections, event, tx)?;
                    }
                    events += chunk.len();
                    moved = Some(Moved::over(&chunk)?.after(moved.as_ref()));
                }
                projections.iter_mut().try_for_each(|projection| projection.flush(tx))?;
                let nothing = || ProjectionError::Inconsistent("a batch without events".to_owned());
                Ok(((), moved.ok_or_else(nothing)?))
            })
            .map_err(|source| StoreError::Stopped { sequence: at, source })
    }
}
