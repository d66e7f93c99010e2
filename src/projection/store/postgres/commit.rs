//! What a writer does in one transaction: it takes the right to write, or writes a batch.

use std::cell::Cell;
use std::collections::HashSet;

use tokio_postgres::types::ToSql;

use super::batch::{Statement, statements};
use super::connect::{Link, database};
use super::fill::add_key;
use super::read::{checkpoint, one};
use super::send::send;
use super::sums::sum;
use super::wait::Pulse;
use crate::projection::checksum::{Checksum, KEPT, Kept, Summing};
use crate::projection::error::DatabaseError;
use crate::projection::store::{Checkpoint, Claim, CopyId, Holder, Mode, Moved, signed};
use crate::projection::{Changes, ProjectionError};

const MOVE: &str = "UPDATE checkpoint SET position = $1::bigint, known_at = $2::bigint,
    log = coalesce($3::text, log), lease = lease + 1, failed = NULL, failure = NULL
 WHERE position IS NOT DISTINCT FROM $4::bigint AND epoch = $5::bigint
 RETURNING position, known_at, log, epoch, holder, lease, failed, failure";
/// Its row is locked: who reads it decides.
const LOOK: &str = "SELECT position, known_at, log, epoch, holder, lease, failed, failure
 FROM checkpoint FOR UPDATE";
const CLAIM: &str = "UPDATE checkpoint SET epoch = epoch + 1, holder = $1::text, lease = lease + 1
 RETURNING position, known_at, log, epoch, holder, lease, failed, failure";
/// Shared: a switch to another copy waits for the batch, and a batch for the switch.
const SERVING: &str = "SELECT copy FROM docket.serving FOR SHARE";

const KEEP: &str = "UPDATE table_checksum t SET checksum = u.checksum
 FROM unnest($1::text[], $2::text[]) AS u (name, checksum) WHERE t.name = u.name";

/// Why a batch was not written, as far as is known.
pub(super) enum Broken {
    /// Surely nothing was kept.
    Before(ProjectionError),
    /// The connection was lost during COMMIT.
    AtCommit(DatabaseError),
}

impl From<DatabaseError> for Broken {
    /// Nobody waited any longer; where in the batch, is not known.
    fn from(late: DatabaseError) -> Self {
        Self::AtCommit(late)
    }
}

impl Broken {
    /// The same where it is known whether COMMIT was sent.
    pub fn at(self, committing: bool) -> Self {
        match self {
            Self::AtCommit(error) if !committing => Self::Before(error.into()),
            other => other,
        }
    }
}

/// What a writer knows of its copy.
pub(super) struct Held {
    pub copy: CopyId,
    pub mode: Mode,
    /// Whether it served: once another copy does, nothing more is written here.
    pub served: bool,
    /// The tables that have their key; those of a copy that is filled get it when they need it.
    pub keyed: HashSet<&'static str>,
    pub checkpoint: Checkpoint,
}

impl Held {
    /// That another writer has taken over.
    pub fn fenced(&self) -> ProjectionError {
        ProjectionError::Fenced { expected: self.checkpoint.position }
    }
}

/// What a batch left behind.
pub(super) struct Done {
    pub checkpoint: Checkpoint,
    pub serves: bool,
    pub keyed: Vec<&'static str>,
}

/// Takes the right to write; durable, and with it everything that was written before.
pub(super) async fn claim(
    link: &Link,
    holder: Holder<'_>,
) -> Result<(Claim, Checkpoint), DatabaseError> {
    link.batch_execute("BEGIN; SET LOCAL synchronous_commit = on").await?;
    let mut found = one(link.query_opt(LOOK, &[]).await?.as_ref())?;
    let claim = if holder.takes(&found) {
        found = one(link.query_opt(CLAIM, &[&holder.name]).await?.as_ref())?;
        Claim::Ours
    } else {
        Claim::Taken { holder: found.holder.clone().unwrap_or_default() }
    };
    link.batch_execute("COMMIT").await?;
    Ok((claim, found))
}

/// What a batch writes, and how far it has come.
pub(super) struct Batch<'a> {
    pub changes: &'a Changes,
    pub moved: Moved,
    pub pulse: &'a Pulse,
    /// Whether COMMIT was sent.
    pub committing: &'a Cell<bool>,
}

/// Writes a batch: first the checkpoint, so that another writer is met before any work is done.
pub(super) async fn write(held: &Held, link: &Link, batch: Batch<'_>) -> Result<Done, Broken> {
    let Batch { changes, moved, pulse, committing } = batch;
    let fenced = || held.fenced();
    let before = |error: tokio_postgres::Error| Broken::Before(database(&error).into());
    let (to, log) = (signed(moved.to), moved.log.map(|id| id.to_string()));
    let (from, epoch) = (held.checkpoint.position.map(signed), signed(held.checkpoint.epoch));
    let moving = link.prepare_cached(MOVE).await.map_err(before)?;
    let serving = link.prepare_cached(SERVING).await.map_err(before)?;
    let values: [&(dyn ToSql + Sync); 5] = [&to, &moved.known_at_us, &log, &from, &epoch];
    // Sent together: the first is always answered before the others are begun.
    let (_, row, serving) =
        tokio::try_join!(link.batch_execute("BEGIN"), link.query_opt(&moving, &values), async {
            if held.mode == Mode::Filling {
                return Ok(None);
            }
            link.query_opt(&serving, &[]).await
        },)
        .map_err(before)?;
    let Some(row) = row else { return Err(Broken::Before(fenced())) };
    let serving: Option<String> = serving.map(|row| row.try_get(0)).transpose().map_err(before)?;
    let serves = serving.as_deref() == Some(held.copy.0.as_str());
    if held.served && !serves {
        return Err(Broken::Before(fenced()));
    }
    let checkpoint = checkpoint(&row).map_err(|error| Broken::Before(error.into()))?;
    pulse.beat();
    let keyed = write_tables(held, link, changes, pulse).await;
    let keyed = keyed.map_err(|error| Broken::Before(error.into()))?;
    committing.set(true);
    link.batch_execute("COMMIT").await.map_err(|error| {
        if error.as_db_error().is_some() { before(error) } else { Broken::AtCommit(error.into()) }
    })?;
    Ok(Done { checkpoint, serves, keyed })
}

/// Writes rows of a copy that nobody reads yet, in a transaction of their own.
pub(super) async fn write_rows(
    held: &Held,
    link: &Link,
    changes: &Changes,
) -> Result<Vec<&'static str>, DatabaseError> {
    link.batch_execute("BEGIN").await?;
    let keyed = write_tables(held, link, changes, &Pulse::new()).await?;
    link.batch_execute("COMMIT").await?;
    Ok(keyed)
}

async fn write_tables(
    held: &Held,
    link: &Link,
    changes: &Changes,
    pulse: &Pulse,
) -> Result<Vec<&'static str>, DatabaseError> {
    let mut keyed = Vec::new();
    let mut pending = Vec::new();
    for changes in changes.tables().iter().filter(|changes| !changes.is_empty()) {
        let table = changes.table();
        let statements = statements(changes)?;
        let needs_key = statements.iter().any(|done| !matches!(done, Statement::Insert(_)));
        if held.mode == Mode::Filling && needs_key && !held.keyed.contains(table.name) {
            link.batch_execute(&add_key(table)).await?;
            keyed.push(table.name);
        }
        pending.push((table, statements));
    }
    let kept = &kept(link).await?;
    // Tables don't depend on one another: what one waits for is hidden behind the others.
    let tables = pending.iter().map(|(table, statements)| async move {
        let mut summing = Summing::new(table, kept.get(table.name).copied().unwrap_or_default());
        for statement in statements {
            sum(link, table, statement, &mut summing).await?;
            send(link, table, statement).await?;
            pulse.beat();
        }
        Ok::<_, DatabaseError>((table.name, summing.sum().to_string()))
    });
    let sums = futures_util::future::try_join_all(tables).await?;
    let (names, sums): (Vec<_>, Vec<_>) = sums.into_iter().unzip();
    let keep = link.prepare_cached(KEEP).await?;
    link.execute(&keep, &[&names, &sums]).await?;
    Ok(keyed)
}

/// The checksums of tables.
async fn kept(link: &Link) -> Result<Kept, DatabaseError> {
    let select = link.prepare_cached(KEPT).await?;
    let rows = link.query(&select, &[]).await?;
    let one = |row: &tokio_postgres::Row| {
        let (name, sum): (String, &str) = (row.try_get(0)?, row.try_get(1)?);
        let sum = Checksum::parse(sum);
        let sum = sum.ok_or_else(|| DatabaseError::damaged(format!("{name} has no checksum")))?;
        Ok((name, sum))
    };
    rows.iter().map(one).collect()
}
