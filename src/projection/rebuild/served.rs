//! What served when a rebuild began, and how it compares with what was made.

use super::{Compared, Rebuild, RebuiltModel, of_copy};
use crate::projection::checksum::{checksum, kept_checksum};
use crate::projection::models::Models;
use crate::projection::store::{CopyId, CopyWriter, stale};
use crate::projection::{DatabaseError, ProjectionError, StoreError};

/// The copy that serves, as it stood when the rebuild began.
pub(super) struct Served {
    pub position: Option<u64>,
    /// Of those to be rebuilt, the ones of another version.
    pub stale: Vec<String>,
    /// Their checksums, by name.
    pub checksums: Vec<(String, String)>,
}

/// The copy that serves, as of one instant. Its checksums are made of its rows, not taken as they were kept
/// up: so what something else wrote there is found out.
pub(super) fn look_at(
    rebuild: &Rebuild<'_>,
    serving: &CopyId,
    chosen: &Models,
) -> Result<Served, StoreError> {
    let mut looking = rebuild.copies.reader(serving)?;
    let looked = looking.snapshot().and_then(|mut copy| {
        let stale = stale(&mut *copy, chosen)?;
        let same = chosen.iter().filter(|model| !stale.iter().any(|name| name == model.name()));
        let checksums =
            same.map(|model| Ok((model.name().to_owned(), checksum(&mut *copy, model)?)));
        let checksums = checksums.collect::<Result<_, DatabaseError>>()?;
        Ok(Served { position: copy.checkpoint().position, stale, checksums })
    });
    looked.map_err(|error| of_copy(error.into(), serving))
}

/// Compares what was made with what served at the same event.
pub(super) fn compare(
    copy: &mut dyn CopyWriter,
    chosen: &Models,
    served: Option<&Served>,
) -> Result<Vec<RebuiltModel>, StoreError> {
    let mut models = Vec::new();
    for model in chosen.iter() {
        let name = model.name();
        let at = served.and_then(|served| served.position);
        let then = served.and_then(|served| served.checksums.iter().find(|(of, _)| of == name));
        let is_stale = served.is_some_and(|served| served.stale.iter().any(|of| of == name));
        let checksum = kept_checksum(copy.reader(), model)?;
        let compared = match (at, then) {
            (Some(_), Some((_, served))) if *served == checksum => Compared::Same,
            (Some(at), Some((_, served))) => Compared::Differs { served: served.clone(), at },
            _ if is_stale => Compared::AnotherVersion,
            _ => Compared::Nothing,
        };
        models.push(RebuiltModel {
            name: name.to_owned(),
            version: model.version(),
            checksum,
            compared,
        });
    }
    Ok(models)
}

/// Checks that every event has its row.
pub(super) fn check_whole(copy: &mut dyn CopyWriter) -> Result<(), StoreError> {
    let sql = "SELECT count(*) AS n FROM event_fact";
    let rows = copy.reader().row(sql, &[], |row| row.number("n"))?.unwrap_or_default();
    let events = copy.checkpoint().position.map_or(0, |position| position + 1);
    if rows == events {
        return Ok(());
    }
    let source = ProjectionError::Inconsistent(format!(
        "the audit trail has {rows} rows for {events} events"
    ));
    Err(StoreError::Stopped { sequence: 0, source })
}
