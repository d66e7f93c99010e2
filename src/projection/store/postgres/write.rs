//! A copy in PostgreSQL, open for writing.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::ToSql;

use super::Inner;
use super::commit::{Batch, Broken, claim, write, write_rows};
use super::connect::{Link, connect, is_gone};
use super::fill::{copy_tables, finish};
use super::read::{Asked, CHECKPOINT, one};
use super::sql::storable;
use super::wait::{Limit, Pulse, SILENCE};
use crate::projection::error::DatabaseError;
use crate::projection::models::Models;
use crate::projection::sql::{Reader, Record};
use crate::projection::store::{
    Checkpoint, Claim, CopyId, CopyWriter, Holder, Mode, Moved, signed,
};
use crate::projection::table::Table;
use crate::projection::{Changes, ProjectionError, StoreError};

pub(super) struct PostgresWriter {
    inner: Arc<Inner>,
    pub(super) copy: CopyId,
    link: Option<Link>,
    pub(super) mode: Mode,
    /// Whether it served: once another copy does, nothing more is written here.
    pub(super) served: bool,
    /// The tables that have their key; those of a copy that is filled get it when they need it.
    pub(super) keyed: HashSet<&'static str>,
    pub(super) checkpoint: Checkpoint,
    /// Whether the connection was lost while a batch was being committed.
    doubt: bool,
}

impl PostgresWriter {
    /// Opens a copy.
    ///
    /// # Errors
    /// When there is none of this name, and those of the database.
    pub fn open(inner: Arc<Inner>, copy: CopyId, mode: Mode) -> Result<Self, StoreError> {
        let (link, checkpoint, serving) = inner.wait(Limit::After(SILENCE), async {
            let (link, checkpoint) = session(&inner, &copy).await?;
            if mode == Mode::Filling {
                // Nobody waits for it, and a key over many rows takes its time.
                link.batch_execute("SET statement_timeout = 0").await?;
            }
            let serving = serving(&link).await?;
            Ok::<_, DatabaseError>((link, checkpoint, serving))
        })?;
        let served = serving.as_deref() == Some(copy.0.as_str());
        let keyed = HashSet::new();
        Ok(Self { inner, copy, link: Some(link), mode, served, keyed, checkpoint, doubt: false })
    }

    /// The connection, made anew where it was lost: what stands in the copy is then read again.
    fn link(&mut self) -> Result<&Link, DatabaseError> {
        if self.link.as_ref().is_some_and(|link| link.is_closed()) {
            self.link = None;
        }
        let link = match self.link.take() {
            Some(link) => link,
            None if self.mode == Mode::Filling => {
                return Err(DatabaseError::passing(
                    "the connection was lost while a copy was filled; it has to be begun anew",
                ));
            }
            None => {
                let session = session(&self.inner, &self.copy);
                let (link, found) = self.inner.wait(Limit::After(SILENCE), session)?;
                // Under another epoch the position stays: the next batch is refused by it. So it does
                // where a server that crashed lost the last batches: what is kept in memory is
                // further, and who writes begins anew. Only a batch in doubt may have moved it.
                let is_ours = found.epoch == self.checkpoint.epoch;
                if is_ours && (self.doubt || found.position == self.checkpoint.position) {
                    self.checkpoint = found;
                }
                link
            }
        };
        Ok(self.link.insert(link))
    }

    /// Changes the checkpoint of the own epoch, which is the first value.
    fn own(&mut self, sql: &str, more: &[&(dyn ToSql + Sync)]) -> Result<(), ProjectionError> {
        let inner = Arc::clone(&self.inner);
        let (epoch, served) = (signed(self.checkpoint.epoch), self.served);
        let values: Vec<&(dyn ToSql + Sync)> =
            std::iter::once(&epoch as &(dyn ToSql + Sync)).chain(more.iter().copied()).collect();
        let link = self.link()?;
        let done = inner.wait(Limit::After(SILENCE), async {
            let rows = link.execute(sql, &values).await?;
            Ok::<_, DatabaseError>((rows, serving(link).await?))
        });
        if done.is_err() {
            self.after_failure();
        }
        let (rows, serving) = done?;
        if rows != 1 || (served && serving.as_deref() != Some(self.copy.0.as_str())) {
            return Err(self.fenced());
        }
        Ok(())
    }

    pub(super) fn fenced(&self) -> ProjectionError {
        ProjectionError::Fenced { expected: self.checkpoint.position }
    }

    /// Finds out what became of a batch whose COMMIT was not answered.
    fn resolve(&mut self, moved: Moved, lost: DatabaseError) -> Result<(), ProjectionError> {
        let before = self.checkpoint.position;
        if self.link().is_err() {
            return Err(lost.into());
        }
        self.doubt = false;
        match self.checkpoint.position {
            now if now == Some(moved.to) => Ok(()),
            now if now == before => Err(lost.into()),
            _ => Err(elsewhere()),
        }
    }

    fn after_failure(&mut self) {
        let Some(link) = &self.link else { return };
        let rolled_back = || {
            self.inner.wait(Limit::After(Duration::from_secs(1)), async {
                link.batch_execute("ROLLBACK").await.map_err(DatabaseError::from)
            })
        };
        if link.is_closed() || rolled_back().is_err() {
            self.link = None;
        }
    }
}

fn elsewhere() -> ProjectionError {
    ProjectionError::Database(DatabaseError::passing(
        "PostgreSQL came back at another position; the batch has to be made from there",
    ))
}

/// A session whose names are those of a copy, and the copy's checkpoint.
async fn session(inner: &Inner, copy: &CopyId) -> Result<(Link, Checkpoint), DatabaseError> {
    let link = connect(&inner.address).await?;
    // Rows and checkpoint are flushed in one order, so a crash of the server takes them back
    // together and they are made again from the log.
    link.batch_execute(&format!("SET search_path TO {copy}; SET synchronous_commit = off")).await?;
    let found = match link.query_opt(CHECKPOINT, &[]).await {
        Ok(row) => one(row.as_ref())?,
        Err(error) if is_gone(&error) => {
            let place = &inner.address.place;
            return Err(DatabaseError::damaged(format!("there is no copy {copy} in {place}")));
        }
        Err(error) => return Err(error.into()),
    };
    Ok((link, found))
}

async fn serving(link: &Link) -> Result<Option<String>, tokio_postgres::Error> {
    let row = link.query_opt("SELECT copy FROM docket.serving", &[]).await?;
    row.map(|row| row.try_get(0)).transpose()
}

impl CopyWriter for PostgresWriter {
    fn id(&self) -> &CopyId {
        &self.copy
    }

    fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    fn claim(&mut self, holder: Holder<'_>) -> Result<Claim, StoreError> {
        let inner = Arc::clone(&self.inner);
        let link = self.link()?;
        let claimed = inner.wait(Limit::After(SILENCE), claim(link, holder));
        if claimed.is_err() {
            self.after_failure();
        }
        match claimed? {
            (Claim::Ours, checkpoint) => {
                self.checkpoint = checkpoint;
                self.doubt = false;
                Ok(Claim::Ours)
            }
            (taken, _) => Ok(taken),
        }
    }

    fn renew(&mut self) -> Result<(), ProjectionError> {
        self.own("UPDATE checkpoint SET lease = lease + 1 WHERE epoch = $1", &[])
    }

    fn release(&mut self) -> Result<(), ProjectionError> {
        self.own("UPDATE checkpoint SET holder = NULL, lease = lease + 1 WHERE epoch = $1", &[])
    }

    fn commit(&mut self, changes: &Changes, moved: Moved) -> Result<(), ProjectionError> {
        let before = self.checkpoint.position;
        self.link()?;
        let was_in_doubt = std::mem::take(&mut self.doubt);
        if self.checkpoint.position != before {
            let is_done = was_in_doubt && self.checkpoint.position == Some(moved.to);
            return if is_done { Ok(()) } else { Err(elsewhere()) };
        }
        let inner = Arc::clone(&self.inner);
        let Some(link) = &self.link else { return Err(elsewhere()) };
        let (pulse, committing) = (Pulse::new(), Cell::new(false));
        let limit = match self.mode {
            Mode::Following => Limit::Silence(&pulse),
            Mode::Filling => Limit::End,
        };
        let batch = Batch { changes, moved, pulse: &pulse, committing: &committing };
        let written = inner.wait(limit, write(self, link, batch));
        match written.map_err(|broken| broken.at(committing.get())) {
            Ok(done) => {
                self.checkpoint = done.checkpoint;
                self.served |= done.serves;
                self.keyed.extend(done.keyed);
                Ok(())
            }
            Err(Broken::Before(error)) => {
                self.after_failure();
                Err(error)
            }
            Err(Broken::AtCommit(lost)) => {
                self.link = None;
                self.doubt = true;
                self.resolve(moved, lost)
            }
        }
    }

    fn write(&mut self, changes: &Changes) -> Result<(), ProjectionError> {
        let inner = Arc::clone(&self.inner);
        self.link()?;
        let Some(link) = &self.link else { return Err(elsewhere()) };
        let written = inner.wait(Limit::End, write_rows(self, link, changes));
        if written.is_err() {
            self.after_failure();
        }
        self.keyed.extend(written?);
        Ok(())
    }

    fn note_failure(&mut self, sequence: u64, reason: &str) -> Result<(), ProjectionError> {
        let sql = "UPDATE checkpoint SET failed = $2, failure = $3 WHERE epoch = $1";
        self.own(sql, &[&signed(sequence), &storable(reason)])
    }

    fn finish(&mut self, models: &Models) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.inner);
        let filling = self.mode == Mode::Filling;
        let keyless: Vec<_> =
            models.tables().filter(|table| filling && !self.keyed.contains(table.name)).collect();
        let link = self.link()?;
        inner.wait(Limit::End, finish(link, models, &keyless, filling))?;
        self.mode = Mode::Following;
        Ok(())
    }

    fn copy_tables(
        &mut self,
        from: &CopyId,
        tables: &[&'static Table],
    ) -> Result<Option<u64>, StoreError> {
        super::checked(from)?;
        let inner = Arc::clone(&self.inner);
        let link = self.link()?;
        let copied = inner.wait(Limit::End, copy_tables(link, from, tables));
        if copied.is_err() {
            self.after_failure();
        }
        Ok(copied?)
    }

    fn reader(&mut self) -> &mut dyn Reader {
        self
    }
}

impl Reader for PostgresWriter {
    fn query(
        &mut self,
        sql: &str,
        parameters: &[(&str, crate::projection::Cell<'_>)],
        each: &mut dyn FnMut(&dyn Record) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let inner = Arc::clone(&self.inner);
        let client: &ClientWrapper = self.link()?;
        Asked { inner: &inner, client, copy: None }.query(sql, parameters, each)
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        let inner = Arc::clone(&self.inner);
        let client: &ClientWrapper = self.link()?;
        Asked { inner: &inner, client, copy: None }.columns(table)
    }
}
