//! What uploads left that a crash broke off: parts that nobody completes, and whole objects under a
//! name that is no digest. Younger ones than a day may be of a node that is still at it.

use super::super::DocumentError;
use super::parts::{abort, remove_quietly};
use super::{Bucket, INCOMING};
use chrono::{DateTime, TimeDelta, Utc};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore as _, ObjectStoreExt as _};

/// No upload takes that long.
const ABANDONED_AFTER: TimeDelta = TimeDelta::days(1);
/// Of a note: an id and a name.
const MAX_NOTE_BYTES: u64 = 8 * 1024;

pub(super) async fn remove(bucket: &Bucket, now: DateTime<Utc>) -> Result<usize, DocumentError> {
    let prefix = Some(&bucket.prefix).filter(|prefix| !prefix.is_root());
    let listed = bucket.clients.ask(bucket.clients.asking.list_with_delimiter(prefix)).await;
    let listed = bucket.last_asked.note(listed.map_err(|failed| bucket.error(failed)))?;
    let mut removed = 0;
    for object in listed.objects {
        let is_ours = object.location.filename().is_some_and(|name| name.starts_with(INCOMING));
        if is_ours && object.last_modified + ABANDONED_AFTER < now {
            removed += usize::from(remove_one(bucket, &object).await);
        }
    }
    Ok(removed)
}

async fn remove_one(bucket: &Bucket, object: &ObjectMeta) -> bool {
    let path = &object.location;
    if object.size <= MAX_NOTE_BYTES
        && let Some((id, of)) = read_note(bucket, path).await
        && !abort(bucket, &of, &id).await
    {
        return false;
    }
    remove_quietly(bucket, path).await;
    true
}

/// The upload that a note is of, if it is a note.
async fn read_note(bucket: &Bucket, path: &Path) -> Option<(String, Path)> {
    let asking = &bucket.clients.asking;
    let read = async { asking.get(path).await?.bytes().await };
    let bytes = bucket.clients.ask(read).await.ok()?;
    let (id, of) = std::str::from_utf8(&bytes).ok()?.split_once('\n')?;
    let of = Path::parse(of).ok()?;
    of.prefix_matches(&bucket.prefix).then(|| (id.to_owned(), of))
}
