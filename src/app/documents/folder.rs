//! Documents in a folder: `ab/cd/<sha256>`, two levels so that no directory grows too long to list.
//!
//! A file arrives under a temporary name in the folder itself, is flushed, is renamed to its digest,
//! and the directories are flushed; only then is it acknowledged. Temporary files are locked while
//! their process lives, so that opening the folder can remove what a crash left and nothing else.
//!
//! Several nodes may share the folder. One that was unmounted, or lost otherwise, is found out
//! ([`place`]): a document that is not to be seen then is not said never to have been there.

mod download;
mod place;
mod whole;

use super::checked::Checked;
use super::{Digest, DocumentError, DocumentStore, Download, LastAsked, Obstacle, Stored, Upload};
use download::FolderDownload;
use futures_util::future::BoxFuture;
use place::Place;
use sha2::{Digest as _, Sha256};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use whole::{Known, read_flushed, shown};

const INCOMING: &str = ".incoming-";
/// With so much free a folder is no longer full.
const ENOUGH_BYTES: u64 = 1024 * 1024;

/// A folder of documents.
pub struct FolderStore {
    root: PathBuf,
    next_name: AtomicU64,
    known: Known,
    /// None: the folder is read as it is, and need not be there.
    place: Option<Place>,
    last_asked: Arc<LastAsked>,
}

impl FolderStore {
    /// Opens the folder, makes it if need be, and removes what broken uploads left.
    ///
    /// # Errors
    /// [`DocumentError::Io`] or [`DocumentError::StorageFull`], naming the path.
    pub fn open(root: &Path) -> Result<FolderStore, DocumentError> {
        let failed = |doing| move |source| failure(doing, root, source);
        fs::create_dir_all(root).map_err(failed("make the documents folder"))?;
        if let Some(parent) = root.parent().filter(|p| !p.as_os_str().is_empty()) {
            sync_folder(parent)?;
        }
        for entry in fs::read_dir(root).map_err(failed("list the documents folder"))? {
            let entry = entry.map_err(failed("list the documents folder"))?;
            if entry.file_name().to_string_lossy().starts_with(INCOMING) {
                remove_abandoned(&entry.path())?;
            }
        }
        let place = Place::of(root).map_err(failed("look at the documents folder"))?;
        Ok(FolderStore { place: Some(place), ..FolderStore::reading(root) })
    }

    /// The folder as it is, for reading: nothing is made or removed, and it need not exist.
    pub fn reading(root: &Path) -> FolderStore {
        FolderStore {
            root: root.to_owned(),
            next_name: AtomicU64::new(0),
            known: Arc::default(),
            place: None,
            last_asked: Arc::default(),
        }
    }

    /// That the folder is still the one that was opened.
    fn check_place(&self) -> Result<(), DocumentError> {
        let Some(place) = &self.place else { return Ok(()) };
        match place.check(&self.root) {
            Ok(true) => Ok(()),
            Ok(false) => {
                Err(gone(&self.root, "it is gone, or an empty folder stands in its place"))
            }
            Err(e) => Err(failure("look at the documents folder", &self.root, e)),
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        path_in(&self.root, digest)
    }

    async fn find_flushed(&self, digest: Digest) -> Result<bool, DocumentError> {
        let (path, root, known) = (self.path(digest), self.root.clone(), Arc::clone(&self.known));
        blocking(move || match fs::metadata(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(failure("look at the document", &path, e)),
            Ok(data) if known.has(digest, &shown(&data)) => Ok(true),
            Ok(_) => read_flushed(&root, &path, digest, &known).map(|()| true),
        })
        .await
    }

    fn create_incoming(&self) -> io::Result<(fs::File, PathBuf)> {
        loop {
            let number = self.next_name.fetch_add(1, Ordering::Relaxed);
            let path = self.root.join(format!("{INCOMING}{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    file.try_lock()?;
                    return Ok((file, path));
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
    }
}

impl DocumentStore for FolderStore {
    fn begin(
        &self,
        claimed: Option<Digest>,
        limit_bytes: u64,
    ) -> BoxFuture<'_, Result<Box<dyn Upload>, DocumentError>> {
        Box::pin(async move {
            let created = self.check_place().and_then(|()| {
                let created = self.create_incoming();
                created.map_err(|e| in_root("write to the documents folder", &self.root, e))
            });
            let (file, path) = self.last_asked.note(created)?;
            let upload = FolderUpload {
                file: File::from_std(file),
                incoming: Incoming(path),
                root: self.root.clone(),
                hash: Sha256::new(),
                size_bytes: 0,
                limit_bytes,
                claimed,
                known: Arc::clone(&self.known),
                last_asked: Arc::clone(&self.last_asked),
            };
            Ok(Box::new(upload) as Box<dyn Upload>)
        })
    }

    fn get(&self, digest: Digest) -> BoxFuture<'_, Result<Box<dyn Download>, DocumentError>> {
        Box::pin(async move {
            // Read once before it is given, so that a large one doesn't break off in the middle either.
            self.last_asked.note(self.find_flushed(digest).await)?;
            let path = self.path(digest);
            let file = match File::open(&path).await {
                Ok(file) => file,
                Err(e) if e.kind() == ErrorKind::NotFound => {
                    self.last_asked.note(self.check_place())?;
                    return Err(DocumentError::NotFound(digest));
                }
                Err(e) => return self.last_asked.note(Err(failure("open the document", &path, e))),
            };
            let size = file.metadata().await;
            let size_bytes = size.map_err(|e| failure("open the document", &path, e))?.len();
            let checked = Checked::new(digest);
            let download = FolderDownload { file, path, size_bytes, checked };
            Ok(Box::new(download) as Box<dyn Download>)
        })
    }

    fn contains_flushed(&self, digest: Digest) -> BoxFuture<'_, Result<bool, DocumentError>> {
        Box::pin(async move {
            let found = self.find_flushed(digest).await;
            // A folder that is gone holds nothing, and says nothing of what it held.
            let found = match found {
                Ok(false) => self.check_place().map(|()| false),
                other => other,
            };
            self.last_asked.note(found)
        })
    }

    fn trouble(&self) -> Option<Obstacle> {
        let trouble = self.last_asked.trouble()?;
        if trouble == Obstacle::Full && has_room(&self.root) {
            self.last_asked.forget();
            return None;
        }
        Some(trouble)
    }
}

/// A temporary file, removed unless it was renamed.
struct Incoming(PathBuf);

impl Drop for Incoming {
    fn drop(&mut self) {
        // Renamed, or removed with its folder: then there is nothing to do; else the next opening
        // of the folder removes it.
        let _ = fs::remove_file(&self.0);
    }
}

struct FolderUpload {
    file: File,
    incoming: Incoming,
    root: PathBuf,
    hash: Sha256,
    size_bytes: u64,
    limit_bytes: u64,
    claimed: Option<Digest>,
    known: Known,
    last_asked: Arc<LastAsked>,
}

impl Upload for FolderUpload {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), DocumentError>> {
        Box::pin(async move {
            self.size_bytes += bytes.len() as u64;
            if self.size_bytes > self.limit_bytes {
                return Err(DocumentError::TooLarge { limit_bytes: self.limit_bytes });
            }
            self.hash.update(bytes);
            let written = self.file.write_all(bytes).await;
            let written =
                written.map_err(|e| failure("write to the documents folder", &self.root, e));
            self.last_asked.note_trouble(written)
        })
    }

    fn finish(mut self: Box<Self>) -> BoxFuture<'static, Result<Stored, DocumentError>> {
        Box::pin(async move {
            let computed = Digest::from_bytes(std::mem::take(&mut self.hash).finalize().into());
            if let Some(claimed) = self.claimed.filter(|c| *c != computed) {
                return Err(DocumentError::Mismatch { claimed, computed });
            }
            let flushed = async {
                self.file.flush().await?;
                self.file.sync_all().await
            };
            let flushed = flushed.await;
            let flushed =
                flushed.map_err(|e| failure("flush to the documents folder", &self.root, e));
            self.last_asked.note_trouble(flushed)?;
            let stored = Stored { digest: computed, size_bytes: self.size_bytes };
            let (root, incoming, known) = (self.root.clone(), self.incoming, self.known);
            let named = blocking(move || {
                let path = path_in(&root, computed);
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder).map_err(|e| failure("make", folder, e))?;
                }
                // Over a file of the same digest too: that mends it if it was damaged.
                fs::rename(&incoming.0, &path).map_err(|e| failure("name", &path, e))?;
                sync_folders(&root, computed)?;
                let data = fs::metadata(&path);
                known.note(computed, shown(&data.map_err(|e| failure("look at", &path, e))?));
                Ok(stored)
            });
            self.last_asked.note(named.await)
        })
    }
}

/// Whether a document is worth another try after one that found no room.
fn has_room(root: &Path) -> bool {
    rustix::fs::statvfs(root).is_ok_and(|found| found.f_bavail * found.f_frsize >= ENOUGH_BYTES)
}

fn path_in(root: &Path, digest: Digest) -> PathBuf {
    let name = digest.to_string();
    root.join(&name[..2]).join(&name[2..4]).join(name)
}

/// Flushes the directory entries from a document up to the folder.
fn sync_folders(root: &Path, digest: Digest) -> Result<(), DocumentError> {
    let path = path_in(root, digest);
    for folder in path.ancestors().skip(1).take(3) {
        sync_folder(folder)?;
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> Result<(), DocumentError> {
    let synced = fs::File::open(folder).and_then(|f| f.sync_all());
    synced.map_err(|e| failure("flush the folder", folder, e))
}

/// Removes a temporary file unless a living process holds it.
fn remove_abandoned(path: &Path) -> Result<(), DocumentError> {
    match fs::File::open(path) {
        Ok(file) if file.try_lock().is_ok() => {
            fs::remove_file(path).map_err(|e| failure("remove the broken upload", path, e))
        }
        Ok(_) => Ok(()),
        // Finished meanwhile by its process.
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(failure("remove the broken upload", path, e)),
    }
}

fn failure(doing: &'static str, path: &Path, source: io::Error) -> DocumentError {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            DocumentError::StorageFull(path.to_owned())
        }
        // What a file system over the network says when its server is away.
        ErrorKind::StaleNetworkFileHandle
        | ErrorKind::NotConnected
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::TimedOut => gone(path, &format!("cannot {doing}: {source}")),
        _ => DocumentError::Io { doing, path: path.to_owned(), source },
    }
}

/// A failure at the folder itself, which was there when it was opened.
fn in_root(doing: &'static str, root: &Path, source: io::Error) -> DocumentError {
    match source.kind() {
        ErrorKind::NotFound => gone(root, &format!("cannot {doing}: {source}")),
        _ => failure(doing, root, source),
    }
}

fn gone(path: &Path, reason: &str) -> DocumentError {
    DocumentError::Unreachable {
        store: path.display().to_string(),
        obstacle: Obstacle::FolderGone,
        reason: reason.to_owned(),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DocumentError> + Send + 'static,
) -> Result<T, DocumentError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined
        .map_err(|e| failure("work on", Path::new("the documents folder"), io::Error::other(e)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that is always full stands in for the disk.
    #[tokio::test]
    async fn a_full_disk_is_said_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::open(folder.path()).unwrap();
        let (_, path) = store.create_incoming().unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut upload = Box::new(FolderUpload {
            file: File::from_std(full),
            incoming: Incoming(path.clone()),
            root: folder.path().to_owned(),
            hash: Sha256::new(),
            size_bytes: 0,
            limit_bytes: 100,
            claimed: None,
            known: Arc::default(),
            last_asked: Arc::clone(&store.last_asked),
        });
        assert!(path.exists());
        // The runtime writes behind, so the error may come with either call.
        let error = match upload.write(b"content").await {
            Err(error) => error,
            Ok(()) => upload.finish().await.unwrap_err(),
        };
        assert!(matches!(error, DocumentError::StorageFull(_)), "{error}");
        assert!(error.to_string().contains("no space"), "{error}");
        assert_eq!(store.last_asked.trouble(), Some(Obstacle::Full));
        assert_eq!(store.trouble(), None, "the folder itself has room");
        assert!(!path.exists());
    }
}
