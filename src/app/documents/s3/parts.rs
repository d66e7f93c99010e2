//! An object that comes in parts. It is nowhere to be seen before it is complete; what was sent of one
//! that never is, is removed.
//!
//! S3 lists uploads under way to few, and this client not at all, so each leaves a note beside it, an
//! object with its id and name, by which what a crash left is found ([`super::leftovers`]).

use super::super::DocumentError;
use super::failure::Failed;
use super::{Bucket, INCOMING};
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path;
use object_store::{MultipartId, ObjectStoreExt as _, PutPayload};
use std::sync::Arc;

pub(super) struct Parts {
    bucket: Arc<Bucket>,
    path: Path,
    note: Path,
    id: MultipartId,
    sent: Vec<PartId>,
    is_open: bool,
}

impl Parts {
    pub async fn begin(
        bucket: &Arc<Bucket>,
        path: Path,
        note: Path,
    ) -> Result<Parts, DocumentError> {
        let client = &bucket.clients.moving;
        let id = client.create_multipart(&path).await.map_err(|e| bucket.failure(&e))?;
        let text = format!("{id}\n{path}");
        // From here on it is removed when it is dropped.
        let (bucket, sent) = (Arc::clone(bucket), Vec::new());
        let parts = Parts { bucket, path, note, id, sent, is_open: true };
        let client = &parts.bucket.clients.moving;
        let noted = client.put(&parts.note, PutPayload::from(text)).await;
        noted.map_err(|e| parts.bucket.failure(&e))?;
        Ok(parts)
    }

    /// Sends the next part; all but the last have to be 5 MiB or more.
    pub async fn send(&mut self, bytes: Vec<u8>) -> Result<(), DocumentError> {
        let (client, number) = (&self.bucket.clients.moving, self.sent.len());
        let sent = client.put_part(&self.path, &self.id, number, bytes.into()).await;
        self.sent.push(sent.map_err(|e| self.bucket.failure(&e))?);
        Ok(())
    }

    /// Makes the parts one object of this size; its name.
    pub async fn complete(mut self, size_bytes: u64) -> Result<Path, DocumentError> {
        let sent = std::mem::take(&mut self.sent);
        let client = &self.bucket.clients.moving;
        let completed = client.complete_multipart(&self.path, &self.id, sent).await;
        match completed.map_err(|e| Failed::of(&e)) {
            Ok(_) => {}
            // It was repeated after an answer was lost: the upload is no longer known once complete.
            Err(Failed::Absent) if self.size().await? == Some(size_bytes) => {}
            Err(failed) => return Err(self.bucket.error(failed)),
        }
        self.is_open = false;
        remove_quietly(&self.bucket, &self.note).await;
        Ok(self.path.clone())
    }
}

impl Parts {
    /// The size of the whole object, if it is there.
    async fn size(&self) -> Result<Option<u64>, DocumentError> {
        Ok(self.bucket.look(&self.path).await?.map(|meta| meta.size))
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        let (bucket, id) = (Arc::clone(&self.bucket), std::mem::take(&mut self.id));
        let (path, note) = (self.path.clone(), self.note.clone());
        // A runtime that has ended removes nothing; then the next opening of the store does.
        self.bucket.runtime.spawn(async move {
            if abort(&bucket, &path, &id).await {
                // It may have been completed, and only the answer lost.
                if path.filename().is_some_and(|name| name.starts_with(INCOMING)) {
                    remove_quietly(&bucket, &path).await;
                }
                remove_quietly(&bucket, &note).await;
            }
        });
    }
}

/// Removes the parts sent so far; whether there are none any more.
pub(super) async fn abort(bucket: &Bucket, path: &Path, id: &MultipartId) -> bool {
    let aborted = bucket.clients.ask(bucket.clients.asking.abort_multipart(path, id)).await;
    match aborted {
        Ok(()) | Err(Failed::Absent) => true,
        Err(failed) => {
            let error = bucket.error(failed);
            tracing::warn!(%error, "a broken upload is left, to be removed a day later");
            false
        }
    }
}

/// Removes an object that is of no use; one that is left is removed a day later.
pub(super) async fn remove_quietly(bucket: &Bucket, path: &Path) {
    let removed = bucket.clients.ask(bucket.clients.asking.delete(path)).await;
    match removed {
        Ok(()) | Err(Failed::Absent) => {}
        Err(failed) => {
            let error = bucket.error(failed);
            tracing::warn!(%error, %path, "what an upload used is left, to be removed a day later");
        }
    }
}
