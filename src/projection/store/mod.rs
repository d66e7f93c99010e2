//! Where read models are kept: copies, one of which serves.
//!
//! A copy has every table and one checkpoint. What must hold on every engine: rows and checkpoint
//! move in one transaction, from the position that was read and under the epoch of the writer, else
//! everything is rolled back; which copy serves changes in one step, so a rebuild that is killed
//! leaves the old one serving and a half one that nobody reads; a reader sees one instant of one
//! copy.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use uuid::Uuid;

pub use super::copy_id::CopyId;
use super::{Changes, DatabaseError, Decoded, Models, ProjectionError, Reader, StoreError, Table};

#[cfg(feature = "postgres")]
pub mod postgres;
pub mod sqlite;
mod versions;

#[cfg(feature = "postgres")]
pub use postgres::{PostgresCopies, PostgresDatabase, PostgresOptions};
pub use sqlite::SqliteCopies;
pub use versions::{newer, stale};

/// How far a copy has read, and who writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The sequence of the last event whose rows are in; `None` before the first.
    pub position: Option<u64>,
    /// The running maximum of `recorded_at` up to it, in microseconds UTC.
    pub known_at_us: i64,
    /// The id of the first event of the log that it was made from.
    pub log: Option<String>,
    /// The epoch of its writer.
    pub epoch: u64,
    /// Who that is; nobody after a clean stop.
    pub holder: Option<String>,
    /// How many signs of life there were.
    pub beats: i64,
    /// The event at which the writer stopped, and why. The next batch that is written clears it.
    pub failed: Option<(u64, String)>,
}

/// What came of asking to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours, under a new epoch.
    Ours,
    /// Another has it.
    Taken {
        /// Who.
        holder: String,
    },
}

/// What changes with every sign of life of the process that writes. Whoever sees the same sign for
/// longer than a lease by a clock of its own may take over; no clock is compared with another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// The epoch.
    pub epoch: u64,
    /// How many signs of life there were.
    pub beats: i64,
    /// The checkpoint.
    pub position: Option<u64>,
}

/// From whom the right to write is taken, besides from nobody and from oneself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakesFrom {
    /// From nobody else.
    Nobody,
    /// From who gave this sign and no other since.
    Silent(Sign),
    /// From whoever has it: a rebuilt copy is about to serve.
    Anybody,
}

/// Who asks to write.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// A name of this process that no other has.
    pub name: &'a str,
    /// From whom it is taken.
    pub from: TakesFrom,
}

impl Holder<'_> {
    /// Whether it may have what another holds.
    fn takes(&self, now: &Checkpoint) -> bool {
        match (now.holder.as_deref(), self.from) {
            (None, _) | (_, TakesFrom::Anybody) => true,
            (Some(other), _) if other == self.name => true,
            (Some(_), TakesFrom::Silent(sign)) => now.sign() == sign,
            (Some(_), TakesFrom::Nobody) => false,
        }
    }
}

impl Checkpoint {
    /// Its sign of life.
    pub fn sign(&self) -> Sign {
        Sign { epoch: self.epoch, beats: self.beats, position: self.position }
    }
}

/// How far a batch moves the checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The sequence of its last event.
    pub to: u64,
    /// The running maximum of `recorded_at` up to it.
    pub known_at_us: i64,
    /// The id of the log's first event, if it is in the batch.
    pub log: Option<Uuid>,
}

/// How a new copy is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// With readers beside; each batch is there once it is written.
    Following,
    /// From the log, without readers and indexes; a crash leaves nothing that can be used.
    Filling,
}

/// A store of copies.
pub trait Copies: Send + Sync {
    /// Where it is, as an operator knows it; without passwords.
    fn place(&self) -> String;

    /// The copy that serves, if there is one.
    ///
    /// # Errors
    /// When the store can't be read.
    fn serving(&self) -> Result<Option<CopyId>, StoreError>;

    /// The copy that served before a rebuild differed from it, kept until the next rebuild.
    ///
    /// # Errors
    /// When the store can't be read.
    fn kept(&self) -> Result<Option<CopyId>, StoreError>;

    /// Keeps this copy, which serves no more, and no other any longer.
    ///
    /// # Errors
    /// When the store can't be changed.
    fn keep(&self, lock: &dyn RebuildLock, copy: Option<&CopyId>) -> Result<(), StoreError>;

    /// What was found damaged in the copy that serves: by a first look now, or by whoever reported
    /// it. Nothing also when another copy serves.
    ///
    /// # Errors
    /// When the store can't be read, for another reason than damage.
    fn damage(&self, copy: &CopyId) -> Result<Option<String>, StoreError>;

    /// Tells every process that uses the store what a question met in this copy.
    ///
    /// # Errors
    /// When the store can't be changed.
    fn report_damage(&self, copy: &CopyId, what: &str) -> Result<(), StoreError>;

    /// Checks the whole of a copy, as far as the engine can, and says what is wrong with it. Long.
    ///
    /// # Errors
    /// When it can't be read, for another reason than damage; [`StoreError::Interrupted`] once `end` is set.
    fn inspect(&self, _: &CopyId, _end: Arc<AtomicBool>) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Looks whether a copy can be written.
    ///
    /// # Errors
    /// Why not, as far as the store can tell without writing.
    fn writable(&self, _copy: &CopyId) -> Result<(), StoreError> {
        Ok(())
    }

    /// From that instant on nothing is waited for any more: the process is about to end.
    fn end_by(&self, _instant: Instant) {}

    /// Opens a copy to write it. Nothing may be written before [`CopyWriter::claim`].
    ///
    /// # Errors
    /// When it can't be opened or is no copy.
    fn open(&self, copy: &CopyId) -> Result<Box<dyn CopyWriter>, StoreError>;

    /// Opens a copy to read it.
    ///
    /// # Errors
    /// As [`Copies::open`].
    fn reader(&self, copy: &CopyId) -> Result<Box<dyn CopyReader>, StoreError>;

    /// Lets one process at a time make new copies; held until it is dropped, also by a crash.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another has it.
    fn lock_rebuild(&self) -> Result<Box<dyn RebuildLock>, StoreError>;

    /// Makes an empty copy with the tables of these read models. Copies that neither serve nor are
    /// kept, left by a rebuild that was killed or replaced by one that was not, are removed.
    ///
    /// # Errors
    /// When the store can't be changed.
    fn create(
        &self,
        lock: &dyn RebuildLock,
        mode: Mode,
        models: &Models,
    ) -> Result<Box<dyn CopyWriter>, StoreError>;

    /// Makes a finished copy the one that serves, in one step that is durable.
    ///
    /// # Errors
    /// When the store can't be changed; then the old copy serves on.
    fn serve(&self, lock: &dyn RebuildLock, copy: &CopyId) -> Result<(), StoreError>;

    /// Removes a copy that doesn't serve.
    ///
    /// # Errors
    /// When the store can't be changed.
    fn remove(&self, lock: &dyn RebuildLock, copy: &CopyId) -> Result<(), StoreError>;

    /// Frees a copy whose holder hangs in the middle of a transaction, past its time: by ending that
    /// transaction (`None`), or where the engine can't, by another copy with what was committed, which
    /// serves instead.
    ///
    /// # Errors
    /// When it can't be done.
    fn replace_stuck(&self, copy: &CopyId) -> Result<Option<CopyId>, StoreError>;
}

/// The right to make new copies, until it is dropped. Where the engine can't tell by itself who was
/// stopped, others may take it after a while without a sign of life; what is made then by who was
/// stopped does not serve: its copy is gone.
pub trait RebuildLock: Send {}

/// A copy, open for writing.
pub trait CopyWriter: Send {
    /// Which copy it is.
    fn id(&self) -> &CopyId;

    /// How far it has read, as this writer knows it.
    fn checkpoint(&self) -> &Checkpoint;

    /// Takes the right to write, if nobody has it, it is this holder's own, or it may be taken from
    /// who has it: under a new epoch, so that whoever had it can write no more.
    ///
    /// # Errors
    /// When the copy can't be written, passing ones while another is in the middle of a batch.
    fn claim(&mut self, holder: Holder<'_>) -> Result<Claim, StoreError>;

    /// Gives a sign of life.
    ///
    /// # Errors
    /// [`ProjectionError::Fenced`] when another has the right to write.
    fn renew(&mut self) -> Result<(), ProjectionError>;

    /// Gives the right to write back, so that another need not wait.
    ///
    /// # Errors
    /// [`ProjectionError::Fenced`] when another has it.
    fn release(&mut self) -> Result<(), ProjectionError>;

    /// Writes rows and checkpoint in one transaction.
    ///
    /// # Errors
    /// [`ProjectionError::Fenced`] when another writer moved the checkpoint or took over, or another
    /// copy serves; those of the database. Nothing was kept then.
    fn commit(&mut self, changes: &Changes, moved: Moved) -> Result<(), ProjectionError>;

    /// Writes rows of a copy that is filled and that nobody reads yet; the checkpoint stays where it is.
    ///
    /// # Errors
    /// Those of the database; the copy is then good for nothing.
    fn write(&mut self, changes: &Changes) -> Result<(), ProjectionError>;

    /// Notes at which event the writer stopped, and why, for others to see.
    ///
    /// # Errors
    /// [`ProjectionError::Fenced`] when another has the right to write.
    fn note_failure(&mut self, sequence: u64, reason: &str) -> Result<(), ProjectionError>;

    /// Makes the indexes of a copy that was filled; from then on it can be read and followed.
    ///
    /// # Errors
    /// Those of the database.
    fn finish(&mut self, models: &Models) -> Result<(), StoreError>;

    /// Copies the rows of tables from another copy as of one instant, and says how far that one had
    /// read. The own checkpoint stays where it is.
    ///
    /// # Errors
    /// Those of the database.
    fn copy_tables(
        &mut self,
        from: &CopyId,
        tables: &[&'static Table],
    ) -> Result<Option<u64>, StoreError>;

    /// Asks what was written so far.
    fn reader(&mut self) -> &mut dyn Reader;
}

/// A copy, open for reading.
pub trait CopyReader: Send {
    /// The copy as of this instant.
    ///
    /// # Errors
    /// Those of the database.
    fn snapshot(&mut self) -> Result<Box<dyn CopySnapshot + '_>, DatabaseError>;

    /// How far it has read by now.
    ///
    /// # Errors
    /// Those of the database.
    fn checkpoint(&mut self) -> Result<Checkpoint, DatabaseError> {
        Ok(self.snapshot()?.checkpoint().clone())
    }
}

/// One instant of a copy, until it is dropped.
pub trait CopySnapshot: Reader {
    /// How far the copy had read.
    fn checkpoint(&self) -> &Checkpoint;
}

impl Moved {
    /// How far these events move it.
    ///
    /// # Errors
    /// When there are none.
    pub fn over(batch: &[Decoded]) -> Result<Self, ProjectionError> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return Err(ProjectionError::Inconsistent("a batch without events".to_owned()));
        };
        Ok(Self {
            to: last.sequence(),
            known_at_us: last.envelope.known_at_us,
            log: (first.sequence() == 0).then_some(first.envelope.event_id),
        })
    }
}

/// Whether damage that was met in a copy is damage of what serves; then it is reported, and whoever
/// writes the read models makes them anew.
///
/// # Errors
/// When the store can't be read or changed; that a right is missing there, which looks alike.
pub fn met_damage(copies: &dyn Copies, copy: &CopyId, what: &str) -> Result<bool, StoreError> {
    let is_seen = copies.damage(copy)?.is_some();
    if !is_seen && copies.serving()?.as_ref() != Some(copy) {
        return Ok(false);
    }
    // Also where a look shows it: what was lost may look whole again a moment later.
    match copies.report_damage(copy, what) {
        Err(error) if !is_seen => Err(error),
        _ => Ok(true),
    }
}

/// A number of the log as databases keep it: it can't reach the sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The other way.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
