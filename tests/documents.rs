//! The documents folder: what is kept is whole, flushed, and has its digest.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "support/documents.rs"]
mod documents;

use docket::app::documents::{Digest, DocumentError, DocumentStore, FolderStore, Obstacle, read};
use documents::{ABC, Place, keep};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

struct Folder(tempfile::TempDir);

impl Place for Folder {
    async fn store(&self) -> Arc<dyn DocumentStore> {
        Arc::new(FolderStore::open(self.0.path()).unwrap())
    }

    async fn names(&self) -> Vec<String> {
        let name = |path: &PathBuf| path.strip_prefix(self.0.path()).unwrap().to_owned();
        files(self.0.path()).iter().map(|path| name(path).to_str().unwrap().to_owned()).collect()
    }

    async fn remove(&self, name: &str) {
        fs::remove_file(self.0.path().join(name)).unwrap();
    }

    async fn replace(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn sizes(&self) -> Vec<usize> {
        vec![0, 1, 65_535, 65_536, 65_537, 131_072, 200_001]
    }
}

documents::suite!(Folder(tempfile::tempdir().unwrap()));

#[tokio::test]
async fn opening_removes_what_a_crash_left_but_not_what_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".incoming-1-0"), "half").unwrap();
    fs::write(folder.path().join("README"), "not ours").unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    assert_eq!(files(folder.path()), [folder.path().join("README")]);
    let mut upload = store.begin(None, 9).await.unwrap();
    upload.write(b"abc").await.unwrap();
    let _second = FolderStore::open(folder.path()).unwrap();
    assert_eq!(upload.finish().await.unwrap().digest.to_string(), ABC);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = FolderStore::open(&file.join("documents")).err().unwrap().to_string();
    assert!(error.contains("file/documents"), "{error}");

    let gone = folder.path().join("gone");
    let store = FolderStore::open(&gone).unwrap();
    fs::remove_dir(&gone).unwrap();
    let error = store.begin(None, 9).await.err().unwrap().to_string();
    assert!(error.contains("can't be reached") && error.contains("gone"), "{error}");
}

/// A shared folder that was unmounted leaves an empty one of its name. What it held was said never to
/// have been uploaded, and uploads went where nobody would see them again.
#[tokio::test]
async fn a_folder_that_was_unmounted_is_out_of_reach_and_not_empty() {
    let parent = tempfile::tempdir().unwrap();
    let (root, away) = (parent.path().join("documents"), parent.path().join("away"));
    let store = FolderStore::open(&root).unwrap();
    let known = keep(&store, &[b"abc"], None).await.unwrap().digest;
    let unknown = Digest::of(b"never kept");
    let is_gone = |error: DocumentError| match error {
        DocumentError::Unreachable { obstacle: Obstacle::FolderGone, store, .. } => {
            assert_eq!(store, root.display().to_string());
        }
        error => panic!("{error}"),
    };
    fs::rename(&root, &away).unwrap();
    for has_mount_point in [false, true] {
        if has_mount_point {
            fs::create_dir(&root).unwrap();
        }
        for digest in [known, unknown] {
            is_gone(store.contains_flushed(digest).await.unwrap_err());
            is_gone(read(&store, digest).await.unwrap_err());
        }
        is_gone(store.begin(None, 9).await.err().unwrap());
        assert_eq!(store.trouble(), Some(Obstacle::FolderGone));
    }
    assert_eq!(files(&root), Vec::<PathBuf>::new());
    fs::remove_dir(&root).unwrap();
    fs::rename(&away, &root).unwrap();
    assert!(store.contains_flushed(known).await.unwrap());
    assert_eq!(store.trouble(), None);
    assert!(!store.contains_flushed(unknown).await.unwrap());
    // Mounted anew, it may be on a device of another number: it is known by what it holds.
    fs::rename(&root, &away).unwrap();
    fs::create_dir(&root).unwrap();
    fs::rename(away.join("ba"), root.join("ba")).unwrap();
    assert!(!store.contains_flushed(unknown).await.unwrap());
    keep(&store, &[b"more"], None).await.unwrap();
}

#[test]
fn digests_are_64_lower_case_hex_digits() {
    assert_eq!(Digest::parse(ABC).unwrap().to_string(), ABC);
    assert_eq!(Digest::parse(ABC).unwrap(), Digest::of(b"abc"));
    assert_eq!(serde_json::to_string(&Digest::of(b"abc")).unwrap(), format!("\"{ABC}\""));
    for bad in ["", "ba78", &ABC.to_uppercase(), &ABC[1..], &format!("{ABC}0"), &"名".repeat(64)] {
        assert!(Digest::parse(bad).is_err(), "{bad}");
        assert!(serde_json::from_value::<Digest>(bad.into()).is_err());
    }
    assert!(Digest::parse("../../etc/passwd").unwrap_err().to_string().contains("64 lower-case"));
}
