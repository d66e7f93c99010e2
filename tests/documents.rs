//! The documents folder: what is kept is whole, flushed, and has its digest.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use docket::app::documents::{
    Digest, DocumentError, DocumentStore, FolderStore, Stored, put, read,
};
use futures_util::stream;
use std::fs;
use std::path::{Path, PathBuf};

/// SHA-256 of "abc", FIPS 180-2 appendix B.1.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

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
    found
}

async fn keep(
    store: &FolderStore,
    chunks: &[&[u8]],
    claimed: Option<Digest>,
) -> Result<Stored, DocumentError> {
    let content = stream::iter(chunks.iter().map(|c| Ok::<_, String>(*c)));
    put(store, content, claimed, 1 << 20).await
}

#[tokio::test]
async fn what_was_put_can_be_cited_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    let abc = Digest::parse(ABC).unwrap();
    assert!(!store.contains_flushed(abc).await.unwrap());
    for _ in 0..2 {
        let stored = keep(&store, &[b"a", b"", b"bc"], Some(abc)).await.unwrap();
        assert_eq!(stored, Stored { digest: abc, size_bytes: 3 });
    }
    assert_eq!(files(folder.path()), [folder.path().join("ba/78").join(ABC)]);
    assert!(store.contains_flushed(abc).await.unwrap());
    assert_eq!(store.get(abc).await.unwrap().size_bytes(), 3);
    assert_eq!(read(&store, abc).await.unwrap(), b"abc");
    let reopened = FolderStore::open(folder.path()).unwrap();
    assert!(reopened.contains_flushed(abc).await.unwrap());
    fs::remove_file(folder.path().join("ba/78").join(ABC)).unwrap();
    assert!(!store.contains_flushed(abc).await.unwrap());
    assert!(matches!(read(&store, abc).await, Err(DocumentError::NotFound(d)) if d == abc));
}

#[tokio::test]
async fn sizes_around_a_chunk_come_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    for size in [0usize, 1, 65_535, 65_536, 65_537, 131_072, 200_001] {
        let content: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
        let stored = keep(&store, &[&content], None).await.unwrap();
        assert_eq!(stored.digest, Digest::of(&content));
        assert_eq!(read(&store, stored.digest).await.unwrap(), content, "{size} bytes");
    }
}

#[tokio::test]
async fn a_refused_upload_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    let claimed = Digest::parse(&"0".repeat(64)).unwrap();
    let error = keep(&store, &[b"abc"], Some(claimed)).await.unwrap_err();
    let expected = Digest::parse(ABC).unwrap();
    assert!(matches!(error, DocumentError::Mismatch { computed, .. } if computed == expected));

    let content = stream::iter([Ok::<_, String>("ab"), Ok("c")]);
    let error = put(&store, content, None, 2).await.unwrap_err();
    assert!(matches!(error, DocumentError::TooLarge { limit_bytes: 2 }), "{error}");
    let content = stream::iter([Ok("ab"), Ok("c")] as [Result<_, String>; 2]);
    put(&store, content, None, 3).await.unwrap();
    fs::remove_file(folder.path().join("ba/78").join(ABC)).unwrap();

    let content = stream::iter([Ok("ab"), Err("the client went away")]);
    let error = put(&store, content, None, 9).await.unwrap_err();
    assert!(matches!(&error, DocumentError::BrokenOff(_)), "{error}");

    let mut dropped = store.begin(None, 9).await.unwrap();
    dropped.write(b"ab").await.unwrap();
    drop(dropped);
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_damaged_file_is_never_given_whole_and_an_upload_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    let content = vec![7u8; 150_000];
    let digest = keep(&store, &[&content], None).await.unwrap().digest;
    let path = files(folder.path()).remove(0);
    let mut flipped = content.clone();
    flipped[149_999] ^= 1;
    for damaged in [&flipped[..], &content[..149_999], &[], &[&content[..], b"x"].concat()] {
        fs::write(&path, damaged).unwrap();
        let mut download = store.get(digest).await.unwrap();
        let mut given = 0;
        let error = loop {
            match download.next().await {
                Ok(Some(bytes)) => given += bytes.len(),
                Ok(None) => panic!("{} damaged bytes were given as good", damaged.len()),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, DocumentError::Damaged(d) if d == digest), "{error}");
        assert!(given < damaged.len().max(1), "{given} of {}", damaged.len());
    }
    keep(&store, &[&content], None).await.unwrap();
    assert_eq!(read(&store, digest).await.unwrap(), content);
}

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
