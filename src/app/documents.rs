//! Documents by digest: what acts cite as evidence, kept under the SHA-256 of its bytes.
//!
//! What must hold: an act can cite only a document that is whole and whose file and directory entry are
//! flushed; a digest that does not fit its content leaves nothing behind; what is read is checked
//! against its digest, so a file that was damaged, cut or emptied is an error and never served as good. Media type and original name are
//! deliberately not here: they are in the events that cite a document.

mod checked;
mod folder;
mod known;
#[cfg(feature = "s3")]
pub mod s3;

pub use folder::FolderStore;

use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::domain::ids::Text;

/// The SHA-256 of a document; as text 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// A text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a SHA-256 digest: 64 lower-case hex digits are needed")]
pub struct DigestError(pub String);

impl From<DigestError> for Text {
    fn from(error: DigestError) -> Self {
        let zh = format!("“{}”不是 SHA-256 摘要（64位小写十六进制数字）", error.0);
        Self { en: error.to_string(), zh }
    }
}

impl Digest {
    /// The digest that this text writes.
    ///
    /// # Errors
    /// [`DigestError`] unless the text is 64 lower-case hex digits.
    pub fn parse(text: &str) -> Result<Digest, DigestError> {
        let wrong = || DigestError(text.chars().take(80).collect());
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = (hex_value(pair[0]), hex_value(pair[1]));
            *byte = high.zip(low).map(|(h, l)| h << 4 | l).ok_or_else(wrong)?;
        }
        Ok(Digest(bytes))
    }

    /// The digest with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// The digest of this content.
    pub fn of(content: &[u8]) -> Digest {
        use sha2::Digest as _;
        Digest(sha2::Sha256::digest(content).into())
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;
    fn try_from(text: String) -> Result<Digest, DigestError> {
        Digest::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

/// A document that is kept: its file and directory entry are flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub digest: Digest,
    pub size_bytes: u64,
}

/// Why a document cannot be kept or had.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Nothing was kept.
    #[error("the content has the digest {computed}, not {claimed} as claimed; nothing was kept")]
    Mismatch { claimed: Digest, computed: Digest },
    /// Nothing was kept.
    #[error("the document is larger than {limit_bytes} bytes, the limit; nothing was kept")]
    TooLarge { limit_bytes: u64 },
    /// What sends the content broke off; nothing was kept.
    #[error("the content broke off: {0}; nothing was kept")]
    BrokenOff(String),
    #[error("no document has the digest {0}")]
    NotFound(Digest),
    /// The kept bytes no longer have their digest; uploading the document again mends it.
    #[error("the document {0} is damaged: its content no longer has that digest")]
    Damaged(Digest),
    /// Nothing was kept.
    #[error("no space is left in the documents folder {0}; nothing was kept")]
    StorageFull(PathBuf),
    /// The store is away, or does not let this node in; what was to be kept was not acknowledged.
    #[error("the documents in {store} can't be reached: {reason}")]
    Unreachable { store: String, obstacle: Obstacle, reason: String },
    #[error("cannot {doing} {path}: {source}")]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

/// What keeps a node from its documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Nobody listens there, or the connection broke off.
    NoConnection,
    /// No answer came in time.
    NoAnswer,
    /// It answers that it can't, for now.
    Failing,
    /// It doesn't take this node's credentials, or they allow too little.
    Refused,
    /// There is no bucket of this name.
    NoBucket,
    /// What answers there is no store of this kind.
    NotAStore,
    /// The folder is gone, such as one that was unmounted.
    FolderGone,
    /// There is no room in it.
    Full,
}

impl Obstacle {
    /// Whether it may pass without anybody mending the configuration.
    pub fn is_passing(self) -> bool {
        match self {
            Obstacle::NoConnection
            | Obstacle::NoAnswer
            | Obstacle::Failing
            | Obstacle::FolderGone
            | Obstacle::Full => true,
            Obstacle::Refused | Obstacle::NoBucket | Obstacle::NotAStore => false,
        }
    }
}

/// Where documents are kept.
pub trait DocumentStore: Send + Sync {
    /// Begins to take a document of at most `limit_bytes`.
    ///
    /// # Errors
    /// [`DocumentError::StorageFull`], [`DocumentError::Unreachable`] or [`DocumentError::Io`].
    fn begin(
        &self,
        claimed: Option<Digest>,
        limit_bytes: u64,
    ) -> BoxFuture<'_, Result<Box<dyn Upload>, DocumentError>>;

    /// Opens a document for reading.
    ///
    /// # Errors
    /// [`DocumentError::NotFound`], [`DocumentError::Damaged`] (where that is found out without reading
    /// it all), [`DocumentError::Unreachable`] or [`DocumentError::Io`].
    fn get(&self, digest: Digest) -> BoxFuture<'_, Result<Box<dyn Download>, DocumentError>>;

    /// Whether this document is kept and its file and directory entry are flushed; in a store over
    /// the network, whether it acknowledged the document. It is read for that, unless it was found
    /// whole before and nothing has written it since.
    ///
    /// # Errors
    /// [`DocumentError::Damaged`] if it is kept and not whole; [`DocumentError::Unreachable`] or
    /// [`DocumentError::Io`] if that cannot be found out.
    fn contains_flushed(&self, digest: Digest) -> BoxFuture<'_, Result<bool, DocumentError>>;

    /// What kept the store from being reached when it was last asked; none if it was reached, or was
    /// not asked yet. Asks nothing itself, but whether a full disk has room again; may block.
    fn trouble(&self) -> Option<Obstacle>;
}

/// A document on its way in. Dropped before [`Upload::finish`], it leaves nothing.
pub trait Upload: Send {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`DocumentError::TooLarge`], [`DocumentError::StorageFull`], [`DocumentError::Unreachable`] or
    /// [`DocumentError::Io`].
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), DocumentError>>;

    /// Keeps the document; when this answers, it is flushed. The same content twice is no error.
    ///
    /// # Errors
    /// [`DocumentError::Mismatch`], [`DocumentError::StorageFull`], [`DocumentError::Unreachable`] or
    /// [`DocumentError::Io`].
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<Stored, DocumentError>>;
}

/// A document on its way out.
pub trait Download: Send {
    fn size_bytes(&self) -> u64;

    /// The next bytes, or none at the end. The last are given only once the whole was found to have
    /// its digest, so a damaged document is never given whole.
    ///
    /// # Errors
    /// [`DocumentError::Damaged`], [`DocumentError::Unreachable`] or [`DocumentError::Io`].
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, DocumentError>>;
}

/// Keeps what a stream gives; the stream need not be `Send`.
///
/// # Errors
/// As [`Upload`]; [`DocumentError::BrokenOff`] if the stream fails.
pub async fn put<B: AsRef<[u8]>, E: fmt::Display>(
    store: &dyn DocumentStore,
    content: impl Stream<Item = Result<B, E>>,
    claimed: Option<Digest>,
    limit_bytes: u64,
) -> Result<Stored, DocumentError> {
    let mut upload = store.begin(claimed, limit_bytes).await?;
    let mut content = std::pin::pin!(content);
    while let Some(bytes) = content.next().await {
        let bytes = bytes.map_err(|e| DocumentError::BrokenOff(e.to_string()))?;
        upload.write(bytes.as_ref()).await?;
    }
    upload.finish().await
}

/// The whole of a document that is known to be small.
///
/// # Errors
/// As [`DocumentStore::get`] and [`Download::next`].
pub async fn read(store: &dyn DocumentStore, digest: Digest) -> Result<Vec<u8>, DocumentError> {
    let mut download = store.get(digest).await?;
    let mut whole = Vec::new();
    while let Some(bytes) = download.next().await? {
        whole.extend_from_slice(&bytes);
    }
    Ok(whole)
}

/// Reads a document to its end, to see that it is whole; its size.
///
/// # Errors
/// As [`DocumentStore::get`] and [`Download::next`].
pub async fn verify(store: &dyn DocumentStore, digest: Digest) -> Result<u64, DocumentError> {
    let mut download = store.get(digest).await?;
    while download.next().await?.is_some() {}
    Ok(download.size_bytes())
}

/// What stood in the way when a store was last asked.
#[derive(Default)]
struct LastAsked(Mutex<Option<Obstacle>>);

impl LastAsked {
    /// Notes what an answer says of the store. Another error than that it can't be reached is an
    /// answer too.
    fn note<T>(&self, answer: Result<T, DocumentError>) -> Result<T, DocumentError> {
        let trouble = match &answer {
            Err(DocumentError::Unreachable { obstacle, .. }) => Some(*obstacle),
            Err(DocumentError::StorageFull(_)) => Some(Obstacle::Full),
            _ => None,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        answer
    }

    /// Notes a trouble; a step that succeeds says nothing of those to come.
    fn note_trouble<T>(&self, answer: Result<T, DocumentError>) -> Result<T, DocumentError> {
        if answer.is_err() { self.note(answer) } else { answer }
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn trouble(&self) -> Option<Obstacle> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
