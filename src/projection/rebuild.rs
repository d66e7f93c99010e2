//! A new copy of the read models, made from the log alone, in one pass for all that are rebuilt.
//!
//! It is filled beside the copy that serves, which is followed meanwhile (`whole`); indexes come last.
//! What is not rebuilt is copied from the copy that serves. At the event up to which that one had read
//! when the rebuild began, both are compared; then the new one catches up and takes over in one step. A
//! rebuild that is killed leaves the old copy serving.

use std::sync::Arc;

use serde::Serialize;
use tokio::runtime::Handle;

use super::checksum::kept_checksum;
use super::counted::wait_until_counted;
use super::models::Models;
use super::store::{
    Copies, CopyId, CopyWriter, Holder, Mode, RebuildLock, TakesFrom, met_damage, stale,
};
use super::{Projection, StoreError};
use crate::log::EventLog;
pub use diff::{ChangedColumn, Compare, Diffed, Difference, Value, What, diff};
use fill::Filling;
use served::{check_whole, compare, look_at};

mod diff;
mod fill;
mod kept;
mod reading;
mod served;
mod streams;
mod whole;

/// Who holds the copy that serves still: it goes on without a sign of life as long as the right to
/// rebuild is held.
pub(super) const HELD: &str = "a copy that is made of this one";

/// What a rebuild is made of.
pub struct Rebuild<'a> {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The runtime that reads it; this thread must not be one of its own.
    pub runtime: Handle,
    /// Where the copies are.
    pub copies: &'a dyn Copies,
    /// Every read model there is.
    pub projections: fn() -> Vec<Box<dyn Projection>>,
    /// The names of those to rebuild; empty: all.
    pub names: &'a [String],
}

/// What a rebuild came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// The sequence of the last event that the copy holds.
    pub position: Option<u64>,
    /// The read models that were rebuilt.
    pub models: Vec<RebuiltModel>,
    /// The copy that served and differed: kept until the next rebuild.
    pub kept: Option<String>,
}

/// One read model of a rebuild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RebuiltModel {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// The checksum of its content at the end; where it differs, at the event of the comparison.
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
    /// What served is damaged.
    Damaged {
        /// What was met.
        what: String,
    },
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

impl RebuiltModel {
    fn is_over_damage(&self) -> bool {
        matches!(self.compared, Compared::Damaged { .. })
    }
}

impl Rebuilt {
    /// The read models that differ from what served without a new version.
    pub fn findings(&self) -> impl Iterator<Item = &RebuiltModel> {
        self.models.iter().filter(|model| matches!(model.compared, Compared::Differs { .. }))
    }
}

/// Rebuilds. `progress` is told the events done and their total after each batch, and says whether
/// to go on.
///
/// # Errors
/// [`StoreError::InUse`] while another process rebuilds, [`StoreError::UnknownName`],
/// [`StoreError::Stopped`] at an event that is not known or fails. The old copy serves on.
pub fn rebuild(
    rebuild: &Rebuild<'_>,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Rebuilt, StoreError> {
    let lock = rebuild.copies.lock_rebuild()?;
    match once(rebuild, &*lock, progress) {
        // Reported, it is not asked for anything any more.
        Err(StoreError::Damaged { copy, what }) if met_damage(rebuild.copies, &copy, &what)? => {
            once(rebuild, &*lock, progress)
        }
        rebuilt => rebuilt,
    }
}

fn once(
    rebuild: &Rebuild<'_>,
    lock: &dyn RebuildLock,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Rebuilt, StoreError> {
    let (copy, id) = begin(rebuild, lock)?;
    let made = make(rebuild, copy, progress).and_then(|mut made| {
        take_over(rebuild, lock, &mut made, progress)?;
        Ok(made.rebuilt)
    });
    removed_on_error(rebuild, lock, &id, made)
}

/// Makes a copy beside the one that serves, compares them, and removes it: nothing that serves is
/// touched.
///
/// # Errors
/// As [`rebuild`]; [`StoreError::Missing`] when nothing serves.
pub fn verify(
    rebuild: &Rebuild<'_>,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Rebuilt, StoreError> {
    let lock = rebuild.copies.lock_rebuild()?;
    let missing = || StoreError::Missing(rebuild.copies.place());
    let serving = rebuild.copies.serving()?.ok_or_else(missing)?;
    if let Some(what) = rebuild.copies.damage(&serving)? {
        return Err(StoreError::Damaged { copy: serving, what });
    }
    let (copy, id) = begin(rebuild, &*lock)?;
    let made = make(rebuild, copy, progress).map(|made| made.rebuilt);
    rebuild.copies.remove(&*lock, &id)?;
    made
}

/// An empty copy.
fn begin(
    rebuild: &Rebuild<'_>,
    lock: &dyn RebuildLock,
) -> Result<(Box<dyn CopyWriter>, CopyId), StoreError> {
    let all = Models::new((rebuild.projections)());
    check_names(rebuild.names, &all)?;
    let copy = rebuild.copies.create(lock, Mode::Filling, &all)?;
    let id = copy.id().clone();
    Ok((copy, id))
}

/// A copy that came to nothing takes no room.
fn removed_on_error<T>(
    rebuild: &Rebuild<'_>,
    lock: &dyn RebuildLock,
    copy: &CopyId,
    made: Result<T, StoreError>,
) -> Result<T, StoreError> {
    if made.is_err() {
        // What went wrong is told; what is left here is removed by the next one.
        let _ = rebuild.copies.remove(lock, copy);
    }
    made
}

/// A copy that is made and compared, but doesn't serve yet.
struct Made {
    copy: Box<dyn CopyWriter>,
    models: Models,
    rebuilt: Rebuilt,
}

fn make(
    rebuild: &Rebuild<'_>,
    mut copy: Box<dyn CopyWriter>,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Made, StoreError> {
    let all = Models::new((rebuild.projections)());
    let (serving, damage) = readable(rebuild)?;
    let selected = select(rebuild, &all, serving.as_ref())?;
    let (mut chosen, others) = all.partition(|name| selected.iter().any(|one| one == name));
    let kept: Vec<_> = others.tables().collect();
    let (served, to) = match serving {
        None => (None, head(rebuild)?),
        Some(serving) if kept.is_empty() => {
            let served = look_at(rebuild, &serving, &chosen)?;
            let to = served.position.or(head(rebuild)?);
            (Some(served), to)
        }
        // The rows of the others and what the chosen are compared with must be of one event.
        Some(serving) => {
            let mut held = hold(rebuild, &serving)?;
            let looked = look_at(rebuild, &serving, &chosen).and_then(|served| {
                let copied = copy.copy_tables(&serving, &kept);
                Ok((served, copied.map_err(|error| of_copy(error, &serving))?))
            });
            // Taken over meanwhile, it is no longer ours to let go of.
            let _ = held.release();
            let (served, to) = looked?;
            if to != served.position {
                return Err(StoreError::Moved);
            }
            (Some(served), to)
        }
    };
    counted(rebuild, to)?;
    if let Some(to) = to {
        Filling { rebuild, copy: &mut *copy, models: &mut chosen, progress }.fill(to)?;
    }
    copy.finish(&Models::new((rebuild.projections)()))?;
    let mut models = compare(&mut *copy, &chosen, served.as_ref())?;
    if let Some(what) = damage {
        models
            .iter_mut()
            .for_each(|model| model.compared = Compared::Damaged { what: what.clone() });
    }
    if chosen.iter().any(|model| model.name() == "audit_trail") {
        check_whole(&mut *copy)?;
    }
    let rebuilt = Rebuilt { position: to, models, kept: None };
    Ok(Made { copy, models: Models::new((rebuild.projections)()), rebuilt })
}

/// The copy that serves, if it can be read; else what is damaged in it.
fn readable(rebuild: &Rebuild<'_>) -> Result<(Option<CopyId>, Option<String>), StoreError> {
    let Some(serving) = rebuild.copies.serving()? else { return Ok((None, None)) };
    Ok(match rebuild.copies.damage(&serving)? {
        None => (Some(serving), None),
        damage => (None, damage),
    })
}

/// Damage met in a copy, with the name of the copy.
fn of_copy(error: StoreError, copy: &CopyId) -> StoreError {
    match error {
        StoreError::Database(error) if error.is_damage() => {
            StoreError::Damaged { copy: copy.clone(), what: error.to_string() }
        }
        other => other,
    }
}

/// Waits until this process has counted the log as far as the rows reach.
fn counted(rebuild: &Rebuild<'_>, position: Option<u64>) -> Result<(), StoreError> {
    let sequence = position.unwrap_or_default();
    wait_until_counted(&*rebuild.log, &rebuild.runtime, position)
        .map_err(|error| StoreError::Stopped { sequence, source: error.into() })
}

/// Keeps others from writing the copy that serves, for a while.
fn hold(rebuild: &Rebuild<'_>, serving: &CopyId) -> Result<Box<dyn CopyWriter>, StoreError> {
    let held = rebuild.copies.open(serving).and_then(|mut held| {
        held.claim(Holder { name: HELD, from: TakesFrom::Anybody })?;
        Ok(held)
    });
    held.map_err(|error| of_copy(error, serving))
}

/// Catches up with the log beside the copy that serves, then holds that one still, takes in the
/// last events, and serves instead of it.
fn take_over(
    rebuild: &Rebuild<'_>,
    lock: &dyn RebuildLock,
    made: &mut Made,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(), StoreError> {
    catch_up(rebuild, made, progress)?;
    // Held still from here on; a server that followed it waits, and finds that another serves.
    let serving = rebuild.copies.serving()?;
    let held = match &serving {
        // Nobody can go on there.
        Some(_) if made.rebuilt.models.iter().any(RebuiltModel::is_over_damage) => None,
        Some(serving) => match hold(rebuild, serving) {
            Err(StoreError::Damaged { .. }) => None,
            held => Some(held?),
        },
        None => None,
    };
    if let Some(mut held) = held {
        let caught_up = counted(rebuild, held.checkpoint().position);
        if let Err(error) = caught_up.and_then(|()| catch_up(rebuild, made, progress)) {
            let _ = held.release();
            return Err(error);
        }
    }
    made.rebuilt.position = made.copy.checkpoint().position;
    for model in made.models.iter() {
        let rebuilt = made.rebuilt.models.iter_mut().find(|rebuilt| rebuilt.name == model.name());
        // What differs stands beside what it differs from.
        let is_alike =
            |rebuilt: &&mut RebuiltModel| !matches!(rebuilt.compared, Compared::Differs { .. });
        if let Some(rebuilt) = rebuilt.filter(is_alike) {
            rebuilt.checksum = kept_checksum(made.copy.reader(), model)?;
        }
    }
    rebuild.copies.serve(lock, &made.copy.id().clone())?;
    let is_finding = made.rebuilt.findings().next().is_some();
    let kept = serving.filter(|_| is_finding);
    if let Err(error) = rebuild.copies.keep(lock, kept.as_ref()) {
        // It serves all the same.
        tracing::warn!(%error, "what is kept of earlier copies can't be changed");
    }
    made.rebuilt.kept = kept.map(|copy| copy.to_string());
    Ok(())
}

fn catch_up(
    rebuild: &Rebuild<'_>,
    made: &mut Made,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(), StoreError> {
    let Some(to) = head(rebuild)? else { return Ok(()) };
    let Made { copy, models, .. } = made;
    Filling { rebuild, copy: &mut **copy, models, progress }.fill(to)
}

fn check_names(names: &[String], all: &Models) -> Result<(), StoreError> {
    match names.iter().find(|name| all.iter().all(|model| model.name() != name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<_> = all.iter().map(|model| model.name()).collect();
            Err(StoreError::UnknownName { name: name.clone(), known: known.join(", ") })
        }
    }
}

/// The names asked for and those that can't be copied; everything when nothing serves.
fn select(
    rebuild: &Rebuild<'_>,
    all: &Models,
    serving: Option<&CopyId>,
) -> Result<Vec<String>, StoreError> {
    let every = || all.iter().map(|model| model.name().to_owned()).collect();
    let Some(serving) = serving.filter(|_| !rebuild.names.is_empty()) else { return Ok(every()) };
    let mut looking = rebuild.copies.reader(serving)?;
    let looked = looking.snapshot().and_then(|mut copy| {
        let selected = stale(&mut *copy, all)?;
        Ok((selected, copy.checkpoint().position))
    });
    let (mut selected, position) = looked.map_err(|error| of_copy(error.into(), serving))?;
    if position.is_none() {
        return Ok(every());
    }
    selected.extend(rebuild.names.iter().cloned());
    selected.sort();
    selected.dedup();
    Ok(selected)
}

fn head(rebuild: &Rebuild<'_>) -> Result<Option<u64>, StoreError> {
    rebuild
        .runtime
        .block_on(rebuild.log.head())
        .map_err(|error| StoreError::Stopped { sequence: 0, source: error.into() })
}
