//! A copy in PostgreSQL, open for writing.

use std::collections::HashSet;
use std::sync::Arc;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::ToSql;

use super::Inner;
use super::batch::{Statement, statements};
use super::connect::{Link, connect, is_gone};
use super::fill::{add_key, copy_tables, finish};
use super::read::{Asked, CHECKPOINT, checkpoint};
use super::send::send;
use super::sql::storable;
use crate::projection::change::Cell;
use crate::projection::error::DatabaseError;
use crate::projection::models::Models;
use crate::projection::sql::{Reader, Record};
use crate::projection::store::{
    Checkpoint, Claim, CopyId, CopyWriter, Holder, Mode, Moved, signed,
};
use crate::projection::table::Table;
use crate::projection::{Changes, ProjectionError, StoreError};

const MOVE: &str = "UPDATE checkpoint SET position = $1::bigint, known_at = $2::bigint,
    log = coalesce($3::text, log), lease = greatest(lease, $4::bigint),
    failed = NULL, failure = NULL
 WHERE position IS NOT DISTINCT FROM $5::bigint AND epoch = $6::bigint
 RETURNING position, known_at, log, epoch, holder, lease, failed, failure";
const CLAIM: &str = "UPDATE checkpoint SET epoch = epoch + 1, holder = $1::text, lease = $2::bigint
 WHERE holder IS NULL OR holder = $1::text OR lease <= $3::bigint OR $4::boolean
 RETURNING position, known_at, log, epoch, holder, lease, failed, failure";
/// Shared: a switch to another copy waits for the batch, and a batch for the switch.
const SERVING: &str = "SELECT copy FROM docket.serving FOR SHARE";

pub(super) struct PostgresWriter {
    inner: Arc<Inner>,
    copy: CopyId,
    link: Option<Link>,
    mode: Mode,
    /// Whether it served: once another copy does, nothing more is written here.
    served: bool,
    /// The tables that have their key; those of a copy that is filled get it when they need it.
    keyed: HashSet<&'static str>,
    checkpoint: Checkpoint,
    /// Whether the connection was lost while a batch was being committed.
    doubt: bool,
}

/// Why a batch was not written, as far as is known.
enum Broken {
    /// Surely nothing was kept.
    Before(ProjectionError),
    /// The connection was lost during COMMIT.
    AtCommit(DatabaseError),
}

/// What a batch left behind.
struct Done {
    checkpoint: Checkpoint,
    serves: bool,
    keyed: Vec<&'static str>,
}

impl PostgresWriter {
    /// Opens a copy.
    ///
    /// # Errors
    /// When there is none of this name, and those of the database.
    pub fn open(inner: Arc<Inner>, copy: CopyId, mode: Mode) -> Result<Self, StoreError> {
        let (link, checkpoint) = inner.wait(session(&inner, &copy))?;
        if mode == Mode::Filling {
            // Nobody waits for it, and a key over many rows takes its time.
            inner.wait(link.batch_execute("SET statement_timeout = 0"))?;
        }
        let serving = inner.wait(link.query_opt("SELECT copy FROM docket.serving", &[]))?;
        let serving: Option<String> = serving.map(|row| row.try_get(0)).transpose()?;
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
                let (link, found) = self.inner.wait(session(&self.inner, &self.copy))?;
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

    fn fenced(&self) -> ProjectionError {
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
        if link.is_closed() || self.inner.wait(link.batch_execute("ROLLBACK")).is_err() {
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
    let none = || DatabaseError::new(format!("there is no copy {copy} in {}", inner.address.place));
    let row = match link.query_opt(CHECKPOINT, &[]).await {
        Ok(row) => row.ok_or_else(none)?,
        Err(error) if is_gone(&error) => return Err(none()),
        Err(error) => return Err(error.into()),
    };
    let found = checkpoint(&row)?;
    Ok((link, found))
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
        let until_us = holder.now_us.saturating_add(holder.lease_us);
        let claimed = inner.wait(claim(link, holder, until_us));
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

    fn renew(&mut self, until_us: i64) -> Result<(), ProjectionError> {
        let inner = Arc::clone(&self.inner);
        let (epoch, served) = (signed(self.checkpoint.epoch), self.served);
        let link = self.link()?;
        let (rows, serving) = inner
            .wait(async {
                let sql = "UPDATE checkpoint SET lease = $1 WHERE epoch = $2";
                let rows = link.execute(sql, &[&until_us, &epoch]).await?;
                let serving = link.query_opt("SELECT copy FROM docket.serving", &[]).await?;
                Ok((rows, serving.map(|row| row.try_get::<_, String>(0)).transpose()?))
            })
            .map_err(|error: tokio_postgres::Error| broken(&error, self.fenced()))?;
        if rows != 1 || (served && serving.as_deref() != Some(self.copy.0.as_str())) {
            return Err(self.fenced());
        }
        self.checkpoint.lease_until_us = until_us;
        Ok(())
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
        match inner.wait(write(self, link, changes, moved)) {
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

    fn note_failure(&mut self, sequence: u64, reason: &str) -> Result<(), ProjectionError> {
        let inner = Arc::clone(&self.inner);
        let (failed, epoch) = (signed(sequence), signed(self.checkpoint.epoch));
        let link = self.link()?;
        let sql = "UPDATE checkpoint SET failed = $1, failure = $2 WHERE epoch = $3";
        let values: [&(dyn ToSql + Sync); 3] = [&failed, &storable(reason), &epoch];
        let rows = inner.wait(link.execute(sql, &values));
        let rows = rows.map_err(|error| broken(&error, self.fenced()))?;
        if rows == 1 { Ok(()) } else { Err(self.fenced()) }
    }

    fn finish(&mut self, models: &Models) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.inner);
        let filling = self.mode == Mode::Filling;
        let keyless: Vec<_> =
            models.tables().filter(|table| filling && !self.keyed.contains(table.name)).collect();
        let link = self.link()?;
        inner.wait(finish(link, models, &keyless, filling))?;
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
        let copied = inner.wait(copy_tables(link, from, tables));
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
        parameters: &[(&str, Cell<'_>)],
        each: &mut dyn FnMut(&dyn Record) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let inner = Arc::clone(&self.inner);
        let client: &ClientWrapper = self.link()?;
        Asked { inner: &inner, client, copy: None }.query(sql, parameters, each)
    }
}

/// Takes the right to write; durable, and with it everything that was written before.
async fn claim(
    link: &Link,
    holder: Holder<'_>,
    until_us: i64,
) -> Result<(Claim, Checkpoint), DatabaseError> {
    link.batch_execute("BEGIN; SET LOCAL synchronous_commit = on").await?;
    let values: [&(dyn ToSql + Sync); 4] =
        [&holder.name, &until_us, &holder.now_us, &holder.takes_over];
    let ours = link.query_opt(CLAIM, &values).await?;
    let found = match &ours {
        Some(row) => checkpoint(row)?,
        None => checkpoint(&link.query_one(CHECKPOINT, &[]).await?)?,
    };
    link.batch_execute("COMMIT").await?;
    let claim = match ours {
        Some(_) => Claim::Ours,
        None => Claim::Taken {
            holder: found.holder.clone().unwrap_or_default(),
            until_us: found.lease_until_us,
        },
    };
    Ok((claim, found))
}

/// Writes a batch: first the checkpoint, so that another writer is met before any work is done.
async fn write(
    writer: &PostgresWriter,
    link: &Link,
    changes: &Changes,
    moved: Moved,
) -> Result<Done, Broken> {
    let fenced = || writer.fenced();
    let before = |error: tokio_postgres::Error| Broken::Before(broken(&error, fenced()));
    let known = &writer.checkpoint;
    let (to, log) = (signed(moved.to), moved.log.map(|id| id.to_string()));
    let (from, epoch) = (known.position.map(signed), signed(known.epoch));
    let moving = link.prepare_cached(MOVE).await.map_err(before)?;
    let serving = link.prepare_cached(SERVING).await.map_err(before)?;
    let values: [&(dyn ToSql + Sync); 6] =
        [&to, &moved.known_at_us, &log, &moved.lease_until_us, &from, &epoch];
    // Sent together: the first is always answered before the others are begun.
    let (_, row, serving) =
        tokio::try_join!(link.batch_execute("BEGIN"), link.query_opt(&moving, &values), async {
            if writer.mode == Mode::Filling {
                return Ok(None);
            }
            link.query_opt(&serving, &[]).await
        },)
        .map_err(before)?;
    let Some(row) = row else { return Err(Broken::Before(fenced())) };
    let serving: Option<String> = serving.map(|row| row.try_get(0)).transpose().map_err(before)?;
    let serves = serving.as_deref() == Some(writer.copy.0.as_str());
    if writer.served && !serves {
        return Err(Broken::Before(fenced()));
    }
    let checkpoint = checkpoint(&row).map_err(|error| Broken::Before(error.into()))?;
    let keyed = write_tables(writer, link, changes).await;
    let keyed = keyed.map_err(|error| Broken::Before(error.into()))?;
    link.batch_execute("COMMIT").await.map_err(|error| {
        if error.as_db_error().is_some() {
            Broken::Before(broken(&error, fenced()))
        } else {
            Broken::AtCommit(error.into())
        }
    })?;
    Ok(Done { checkpoint, serves, keyed })
}

async fn write_tables(
    writer: &PostgresWriter,
    link: &Link,
    changes: &Changes,
) -> Result<Vec<&'static str>, DatabaseError> {
    let mut keyed = Vec::new();
    let mut pending = Vec::new();
    for changes in changes.tables().iter().filter(|changes| !changes.is_empty()) {
        let table = changes.table();
        let statements = statements(changes)?;
        let needs_key = statements.iter().any(|done| !matches!(done, Statement::Insert(_)));
        if writer.mode == Mode::Filling && needs_key && !writer.keyed.contains(table.name) {
            link.batch_execute(&add_key(table)).await?;
            keyed.push(table.name);
        }
        pending.push((table, statements));
    }
    // Tables don't depend on one another: what one waits for is hidden behind the others.
    let tables = pending.iter().map(|(table, statements)| async move {
        for statement in statements {
            send(link, table, statement).await?;
        }
        Ok::<_, DatabaseError>(())
    });
    futures_util::future::try_join_all(tables).await?;
    Ok(keyed)
}

/// What an error in a batch means: where the copy is gone, another one serves.
fn broken(error: &tokio_postgres::Error, fenced: ProjectionError) -> ProjectionError {
    if is_gone(error) { fenced } else { super::connect::database(error).into() }
}
