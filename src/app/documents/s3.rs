//! Documents in an S3-compatible store, for several nodes: `<prefix>/ab/cd/<sha256>`, like the folder.
//!
//! What must hold: a name is taken only by content that has its digest; an upload that is refused or
//! breaks off leaves no object and no parts, at the latest when the store is opened a day later. A
//! document that the store has acknowledged is durable; whether it is still there is asked for each
//! act that cites it, and a store that gives no answer within seconds is an error, never a "no".
//!
//! What the store keeps is checked on its way in by the digest that signs each request, and on its
//! way out by ours. How large documents come in is in [`upload`].

mod address;
mod client;
mod failure;
mod leftovers;
mod parts;
mod upload;

pub use address::{S3Address, S3AddressError};

use super::checked::Checked;
use super::known::KnownWhole;
use super::{Digest, DocumentError, DocumentStore, Download, LastAsked, Obstacle, Upload};
use chrono::{DateTime, Utc};
use client::Clients;
use failure::Failed;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use uuid::Uuid;

/// What the names of uploads under way begin with.
const INCOMING: &str = ".incoming-";

/// The keys by which a node comes in.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Login {
    pub access_key_id: String,
    pub secret_access_key: String,
}

/// How a store is used.
#[derive(Clone)]
pub struct S3Settings {
    pub address: S3Address,
    /// None: as the environment says.
    pub login: Option<S3Login>,
    /// The process's; of it the standard variables of AWS are read.
    pub environment: Vec<(String, String)>,
    /// Unique to the process: it tells its uploads from those of other nodes.
    pub node: Uuid,
    /// How long an act waits for the store.
    pub answer_within: Duration,
    /// How long content may not move, in either direction, before the store counts as silent; enough
    /// for a part on a slow line.
    pub silence: Duration,
    /// The largest object that the store copies by itself; Amazon's limit is 5 GiB.
    pub max_copy_bytes: u64,
}

impl S3Settings {
    /// The usual settings for this address.
    pub fn new(address: S3Address, node: Uuid) -> S3Settings {
        S3Settings {
            address,
            login: None,
            environment: Vec::new(),
            node,
            answer_within: Duration::from_secs(5),
            silence: Duration::from_secs(25),
            max_copy_bytes: 5 << 30,
        }
    }
}

/// Documents in a bucket.
pub struct S3Store {
    bucket: Arc<Bucket>,
    node: Uuid,
    next_name: AtomicU64,
}

/// What uploads and downloads share with their store.
struct Bucket {
    clients: Clients,
    prefix: Path,
    shown: String,
    /// Whether the store knows a PUT on condition that nothing is there; until it says no.
    has_conditions: AtomicBool,
    max_copy_bytes: u64,
    last_asked: LastAsked,
    /// Documents found whole, with their tags and sizes.
    known: KnownWhole<Shown>,
    /// Where what a dropped upload left is removed.
    runtime: Handle,
}

impl S3Store {
    /// The store; nothing is asked of it yet. To be called within a runtime.
    ///
    /// # Errors
    /// [`DocumentError::Unreachable`] where there are no credentials, or they are of no use.
    pub fn new(settings: &S3Settings) -> Result<S3Store, DocumentError> {
        let shown = settings.address.to_string();
        let useless = |obstacle, reason: &str| DocumentError::Unreachable {
            store: shown.clone(),
            obstacle,
            reason: reason.to_owned(),
        };
        let has_login = settings.login.is_some() || client::has_credentials(&settings.environment);
        if settings.address.endpoint.is_some() && !has_login {
            return Err(useless(
                Obstacle::Refused,
                "there are no credentials: set store.s3.access_key_id and \
                 store.s3.secret_access_key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            ));
        }
        let clients = Clients::new(settings);
        let clients = clients.map_err(|e| useless(Obstacle::Refused, &e.to_string()))?;
        let bucket = Bucket {
            clients,
            prefix: Path::from(settings.address.prefix.as_str()),
            has_conditions: AtomicBool::new(true),
            max_copy_bytes: settings.max_copy_bytes,
            last_asked: LastAsked::default(),
            known: KnownWhole::default(),
            runtime: Handle::current(),
            shown,
        };
        Ok(S3Store { bucket: Arc::new(bucket), node: settings.node, next_name: AtomicU64::new(0) })
    }

    /// Looks at the store and removes what uploads left that broke off more than a day before `now`;
    /// how many there were.
    ///
    /// # Errors
    /// [`DocumentError::Unreachable`]; unless it [is passing](Obstacle::is_passing), somebody has to
    /// mend the configuration.
    pub async fn clean(&self, now: DateTime<Utc>) -> Result<usize, DocumentError> {
        leftovers::remove(&self.bucket, now).await
    }
}

impl Bucket {
    fn path(&self, digest: Digest) -> Path {
        let name = digest.to_string();
        let (first, second) = (name[..2].to_owned(), name[2..4].to_owned());
        self.prefix.clone().join(first).join(second).join(name)
    }

    /// The error of a request whose other outcomes are none for its caller.
    fn error(&self, failed: Failed) -> DocumentError {
        let (obstacle, reason) = match failed {
            Failed::Unreachable { obstacle, reason } => (obstacle, reason),
            Failed::Absent => (Obstacle::Failing, "what was just written is not there".to_owned()),
            Failed::Exists => (Obstacle::Failing, "another writes the same object".to_owned()),
            Failed::NotImplemented => {
                (Obstacle::NotAStore, "it does not know a request that S3 has".to_owned())
            }
        };
        DocumentError::Unreachable { store: self.shown.clone(), obstacle, reason }
    }

    fn failure(&self, error: &object_store::Error) -> DocumentError {
        self.error(Failed::of(error))
    }

    /// What the store shows of an object, if it is there.
    async fn look(&self, path: &Path) -> Result<Option<ObjectMeta>, DocumentError> {
        match self.clients.ask(self.clients.asking.head(path)).await {
            Ok(meta) => return Ok(Some(meta)),
            Err(Failed::Absent) => {}
            Err(failed) => return Err(self.error(failed)),
        }
        // The answer to HEAD has no body, so it doesn't say whether the bucket is there at all.
        match self.clients.ask(self.clients.asking.get(path)).await {
            Ok(found) => Ok(Some(found.meta)),
            Err(Failed::Absent) => Ok(None),
            Err(failed) => Err(self.error(failed)),
        }
    }

    /// What the store shows of an object, and its content.
    async fn open(&self, path: &Path) -> Result<(ObjectMeta, Content), Failed> {
        let found = self.clients.moving.get_opts(path, GetOptions::default());
        let found = self.clients.ask(found).await?;
        Ok((found.meta.clone(), found.into_stream()))
    }

    /// Whether this document is there and whole.
    async fn find(&self, digest: Digest) -> Result<bool, DocumentError> {
        let Some(meta) = self.look(&self.path(digest)).await? else { return Ok(false) };
        if shown(&meta).is_some_and(|shown| self.known.has(digest, &shown)) {
            return Ok(true);
        }
        match self.is_whole(digest).await? {
            Some(true) => Ok(true),
            Some(false) => Err(DocumentError::Damaged(digest)),
            None => Ok(false),
        }
    }

    /// Reads a document to its end, to see whether it has its digest; nothing where there is none.
    async fn is_whole(&self, digest: Digest) -> Result<Option<bool>, DocumentError> {
        let (meta, mut content) = match self.open(&self.path(digest)).await {
            Ok(opened) => opened,
            Err(Failed::Absent) => return Ok(None),
            Err(failed) => return Err(self.error(failed)),
        };
        let mut hash = Sha256::new();
        // An act waits for this: not for long without anything coming.
        let mut next = async || self.clients.ask(async { content.next().await.transpose() }).await;
        while let Some(bytes) = next().await.map_err(|failed| self.error(failed))? {
            hash.update(bytes);
        }
        let is_whole = Digest::from_bytes(hash.finalize().into()) == digest;
        if let Some(shown) = shown(&meta).filter(|_| is_whole) {
            self.known.note(digest, shown);
        }
        Ok(Some(is_whole))
    }
}

type Content = BoxStream<'static, object_store::Result<bytes::Bytes>>;

/// What another content of an object would show: its tag, and its size.
type Shown = (String, u64);

/// Nothing of a store that gives no tags: there each document is read whenever it is cited.
fn shown(meta: &ObjectMeta) -> Option<Shown> {
    meta.e_tag.clone().map(|tag| (tag, meta.size))
}

impl DocumentStore for S3Store {
    fn begin(
        &self,
        claimed: Option<Digest>,
        limit_bytes: u64,
    ) -> BoxFuture<'_, Result<Box<dyn Upload>, DocumentError>> {
        let number = self.next_name.fetch_add(1, Ordering::Relaxed);
        let name = format!("{INCOMING}{}-{number}", self.node);
        let upload = upload::S3Upload::new(Arc::clone(&self.bucket), name, claimed, limit_bytes);
        Box::pin(async move { Ok(Box::new(upload) as Box<dyn Upload>) })
    }

    fn get(&self, digest: Digest) -> BoxFuture<'_, Result<Box<dyn Download>, DocumentError>> {
        Box::pin(async move {
            let opened = self.bucket.open(&self.bucket.path(digest)).await;
            let opened = opened.map_err(|failed| match failed {
                Failed::Absent => DocumentError::NotFound(digest),
                failed => self.bucket.error(failed),
            });
            let (meta, content) = self.bucket.last_asked.note(opened)?;
            let (bucket, checked) = (Arc::clone(&self.bucket), Checked::new(digest));
            let size_bytes = meta.size;
            let download = S3Download { bucket, content, size_bytes, checked };
            Ok(Box::new(download) as Box<dyn Download>)
        })
    }

    fn contains_flushed(&self, digest: Digest) -> BoxFuture<'_, Result<bool, DocumentError>> {
        Box::pin(async move { self.bucket.last_asked.note(self.bucket.find(digest).await) })
    }

    fn trouble(&self) -> Option<Obstacle> {
        self.bucket.last_asked.trouble()
    }
}

struct S3Download {
    bucket: Arc<Bucket>,
    content: Content,
    size_bytes: u64,
    checked: Checked,
}

impl Download for S3Download {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, DocumentError>> {
        Box::pin(async move {
            while !self.checked.is_done() {
                let Some(bytes) = self.content.next().await else { return self.checked.end() };
                let bytes = bytes.map_err(|error| self.bucket.failure(&error));
                let bytes = self.bucket.last_asked.note(bytes)?;
                if let Some(sure) = self.checked.take(bytes.into()) {
                    return Ok(Some(sure));
                }
            }
            Ok(None)
        })
    }
}
