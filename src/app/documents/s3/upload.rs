//! A document on its way into the store. The name is the digest, which is known only at the end.
//!
//! A document of one part waits in memory and is put under its name in one request. A larger one goes
//! in parts, so that no more than one is in memory: straight to the name that its sender claims, for
//! parts are not to be seen before they are completed and are thrown away if the claim was wrong; or,
//! if nothing was claimed, to a name of its own, from where the store copies it once the digest is
//! known.

use super::super::{Digest, DocumentError, Obstacle, Stored, Upload};
use super::Bucket;
use super::failure::Failed;
use super::parts::{Parts, remove_quietly};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode, PutPayload, PutResult};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Of a part, and so the most that an upload holds in memory. S3 takes 10,000 parts of 5 MiB or more:
/// 80 GB, five times the largest document that can be configured.
const PART_BYTES: usize = 8 << 20;

pub(super) struct S3Upload {
    bucket: Arc<Bucket>,
    /// Of the notes and objects that this upload may need.
    name: String,
    claimed: Option<Digest>,
    limit_bytes: u64,
    size_bytes: u64,
    hash: Sha256,
    waiting: Vec<u8>,
    parts: Option<Parts>,
}

impl S3Upload {
    pub fn new(
        bucket: Arc<Bucket>,
        name: String,
        claimed: Option<Digest>,
        limit_bytes: u64,
    ) -> S3Upload {
        S3Upload {
            bucket,
            name,
            claimed,
            limit_bytes,
            size_bytes: 0,
            hash: Sha256::new(),
            waiting: Vec::new(),
            parts: None,
        }
    }

    fn named(&self, end: &str) -> Path {
        self.bucket.prefix.clone().join(format!("{}{end}", self.name))
    }

    async fn take(&mut self, mut bytes: &[u8]) -> Result<(), DocumentError> {
        while !bytes.is_empty() {
            // Sent only when more follows: a document of just one part is none of many.
            if self.waiting.len() == PART_BYTES {
                self.send_waiting().await?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(PART_BYTES - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    async fn send_waiting(&mut self) -> Result<(), DocumentError> {
        if self.parts.is_none() {
            let path = match self.claimed {
                Some(claimed) => self.bucket.path(claimed),
                None => self.named(".data"),
            };
            let note = self.named("");
            self.parts = Some(Parts::begin(&self.bucket, path, note).await?);
        }
        let waiting = std::mem::take(&mut self.waiting);
        match &mut self.parts {
            Some(parts) => parts.send(waiting).await,
            None => Ok(()),
        }
    }

    async fn keep(mut self, digest: Digest) -> Result<(), DocumentError> {
        if self.parts.is_none() {
            return put(&self.bucket, digest, std::mem::take(&mut self.waiting)).await;
        }
        self.send_waiting().await?;
        let Some(parts) = self.parts.take() else { return Ok(()) };
        let arrived = parts.complete(self.size_bytes).await?;
        if arrived == self.bucket.path(digest) {
            return Ok(());
        }
        let arrived = Arrived { bucket: Arc::clone(&self.bucket), path: Some(arrived) };
        self.copy(&arrived, digest).await?;
        arrived.remove().await;
        Ok(())
    }

    /// Over an object of the same digest too: that mends it if it was damaged.
    async fn copy(&self, arrived: &Arrived, digest: Digest) -> Result<(), DocumentError> {
        let Some(from) = &arrived.path else { return Ok(()) };
        if self.size_bytes > self.bucket.max_copy_bytes {
            return self.relay(from, digest).await;
        }
        let copied = self.bucket.clients.moving.copy(from, &self.bucket.path(digest)).await;
        copied.map_err(|e| self.bucket.failure(&e))
    }

    /// Copies what is too large for the store to copy, part by part through this node.
    async fn relay(&self, from: &Path, digest: Digest) -> Result<(), DocumentError> {
        let opened = self.bucket.open(from).await;
        let (_, mut content) = opened.map_err(|failed| self.bucket.error(failed))?;
        let name = format!("{}.again", self.name);
        let mut again = S3Upload::new(Arc::clone(&self.bucket), name, Some(digest), u64::MAX);
        while let Some(bytes) = content.next().await {
            let bytes = bytes.map_err(|e| self.bucket.failure(&e))?;
            again.hash.update(&bytes);
            again.take(&bytes).await?;
        }
        again.send_waiting().await?;
        let computed = Digest::from_bytes(again.hash.clone().finalize().into());
        match again.parts.take() {
            Some(parts) if computed == digest => parts.complete(self.size_bytes).await.map(|_| ()),
            _ => Err(DocumentError::Damaged(digest)),
        }
    }
}

impl Upload for S3Upload {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), DocumentError>> {
        Box::pin(async move {
            self.size_bytes += bytes.len() as u64;
            if self.size_bytes > self.limit_bytes {
                return Err(DocumentError::TooLarge { limit_bytes: self.limit_bytes });
            }
            self.hash.update(bytes);
            let taken = self.take(bytes).await;
            self.bucket.last_asked.note(taken)
        })
    }

    fn finish(mut self: Box<Self>) -> BoxFuture<'static, Result<Stored, DocumentError>> {
        Box::pin(async move {
            let computed = Digest::from_bytes(std::mem::take(&mut self.hash).finalize().into());
            if let Some(claimed) = self.claimed.filter(|c| *c != computed) {
                return Err(DocumentError::Mismatch { claimed, computed });
            }
            let stored = Stored { digest: computed, size_bytes: self.size_bytes };
            let bucket = Arc::clone(&self.bucket);
            bucket.last_asked.note(self.keep(computed).await)?;
            Ok(stored)
        })
    }
}

/// A whole object under a name that is no digest, removed when it is dropped.
struct Arrived {
    bucket: Arc<Bucket>,
    /// None once it is removed.
    path: Option<Path>,
}

impl Arrived {
    async fn remove(mut self) {
        if let Some(path) = self.path.take() {
            remove_quietly(&self.bucket, &path).await;
        }
    }
}

impl Drop for Arrived {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            let bucket = Arc::clone(&self.bucket);
            self.bucket.runtime.spawn(async move { remove_quietly(&bucket, &path).await });
        }
    }
}

/// Keeps a document of one part, unless it is there already and good.
async fn put(bucket: &Bucket, digest: Digest, content: Vec<u8>) -> Result<(), DocumentError> {
    let (path, size) = (bucket.path(digest), content.len() as u64);
    let content = PutPayload::from(content);
    let client = &bucket.clients.moving;
    if bucket.has_conditions.load(Ordering::Relaxed) {
        let created = client.put_opts(&path, content.clone(), PutMode::Create.into()).await;
        match created.map_err(|e| Failed::of(&e)) {
            Ok(kept) => {
                note(bucket, digest, kept, size);
                return Ok(());
            }
            Err(Failed::Exists) if bucket.is_whole(digest).await? == Some(true) => return Ok(()),
            Err(Failed::Exists) => {}
            // What was cut off may have arrived or not; putting it again without a condition is as good.
            Err(Failed::Unreachable { obstacle: Obstacle::NoConnection, .. }) => {}
            Err(Failed::NotImplemented) => bucket.has_conditions.store(false, Ordering::Relaxed),
            Err(failed) => return Err(bucket.error(failed)),
        }
    }
    let kept = client.put(&path, content).await.map_err(|e| bucket.failure(&e))?;
    note(bucket, digest, kept, size);
    Ok(())
}

/// Notes that a document is whole, which came with a signed digest.
fn note(bucket: &Bucket, digest: Digest, kept: PutResult, size: u64) {
    if let Some(tag) = kept.e_tag {
        bucket.known.note(digest, (tag, size));
    }
}
