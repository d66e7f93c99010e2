//! What every store of documents promises, as one suite over any of them. The tests of a store say
//! where it is ([`Place`]) and call [`suite`].
#![allow(dead_code, reason = "each test binary uses its part")]

use docket::app::documents::{Digest, DocumentError, DocumentStore, Stored, put, read, verify};
use futures_util::stream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// SHA-256 of "abc", FIPS 180-2 appendix B.1.
pub const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const ABC_NAME: &str = "ba/78/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// Somewhere to keep documents, empty at first, seen from behind the stores that use it.
pub trait Place {
    /// A node's own store of this place.
    async fn store(&self) -> Arc<dyn DocumentStore>;
    /// The names of everything that is there.
    async fn names(&self) -> Vec<String>;
    async fn remove(&self, name: &str);
    async fn replace(&self, name: &str, bytes: &[u8]);
    /// Sizes at which the store does something else.
    fn sizes(&self) -> Vec<usize>;
}

/// Defines a test for each case, over what `$place` gives anew for each.
macro_rules! suite {
    ($place:expr, $($case:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::documents::$case(&$place).await;
        })*
    };
    ($place:expr) => {
        $crate::documents::suite! {
            $place,
            what_was_put_can_be_cited_and_read
            sizes_around_a_chunk_come_back_whole
            a_refused_upload_leaves_nothing
            what_is_damaged_is_never_given_whole_and_an_upload_mends_it
            a_small_document_that_is_cut_is_found_out_before_it_is_given
            what_one_node_keeps_another_cites
            nodes_that_keep_the_same_at_once_keep_it_once
        }
    };
}
pub(crate) use suite;

pub async fn keep(
    store: &dyn DocumentStore,
    chunks: &[&[u8]],
    claimed: Option<Digest>,
) -> Result<Stored, DocumentError> {
    let content = stream::iter(chunks.iter().map(|c| Ok::<_, String>(*c)));
    put(store, content, claimed, 1 << 26).await
}

/// Bytes that no part of them repeats at a part's length.
pub fn content(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i % 251) as u8 ^ (i >> 16) as u8).collect()
}

/// Waits until only these are left: what was begun is removed behind the caller's back.
pub async fn only_these_are_left(place: &impl Place, names: &[&str]) {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let left = place.names().await;
        if left == names {
            return;
        }
        assert!(Instant::now() < until, "left behind: {left:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub async fn what_was_put_can_be_cited_and_read(place: &impl Place) {
    let store = &*place.store().await;
    let abc = Digest::parse(ABC).unwrap();
    assert!(!store.contains_flushed(abc).await.unwrap());
    assert!(matches!(read(store, abc).await, Err(DocumentError::NotFound(d)) if d == abc));
    for _ in 0..2 {
        let stored = keep(store, &[b"a", b"", b"bc"], Some(abc)).await.unwrap();
        assert_eq!(stored, Stored { digest: abc, size_bytes: 3 });
    }
    assert_eq!(place.names().await, [ABC_NAME]);
    assert!(store.contains_flushed(abc).await.unwrap());
    assert_eq!(store.get(abc).await.unwrap().size_bytes(), 3);
    assert_eq!(read(store, abc).await.unwrap(), b"abc");
    assert!(place.store().await.contains_flushed(abc).await.unwrap());
    place.remove(ABC_NAME).await;
    assert!(!store.contains_flushed(abc).await.unwrap());
    assert!(matches!(read(store, abc).await, Err(DocumentError::NotFound(d)) if d == abc));
    assert_eq!(store.trouble(), None);
}

pub async fn sizes_around_a_chunk_come_back_whole(place: &impl Place) {
    let store = &*place.store().await;
    let mut names = Vec::new();
    for size in place.sizes() {
        let content = content(size);
        let digest = Digest::of(&content);
        for claimed in [None, Some(digest)] {
            let chunks: Vec<&[u8]> = content.chunks(1_000_003).collect();
            let stored = keep(store, &chunks, claimed).await.unwrap();
            assert_eq!(stored, Stored { digest, size_bytes: size as u64 });
            assert!(store.contains_flushed(digest).await.unwrap());
            assert_eq!(store.get(digest).await.unwrap().size_bytes(), size as u64);
            assert!(read(store, digest).await.unwrap() == content, "{size} bytes");
        }
        let name = digest.to_string();
        names.push(format!("{}/{}/{name}", &name[..2], &name[2..4]));
    }
    names.sort();
    only_these_are_left(place, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

pub async fn a_refused_upload_leaves_nothing(place: &impl Place) {
    let store = &*place.store().await;
    let claimed = Digest::parse(&"0".repeat(64)).unwrap();
    let error = keep(store, &[b"abc"], Some(claimed)).await.unwrap_err();
    let expected = Digest::parse(ABC).unwrap();
    assert!(matches!(error, DocumentError::Mismatch { computed, .. } if computed == expected));

    let content = stream::iter([Ok::<_, String>("ab"), Ok("c")]);
    let error = put(store, content, None, 2).await.unwrap_err();
    assert!(matches!(error, DocumentError::TooLarge { limit_bytes: 2 }), "{error}");
    let content = stream::iter([Ok("ab"), Ok("c")] as [Result<_, String>; 2]);
    put(store, content, None, 3).await.unwrap();
    place.remove(ABC_NAME).await;

    let content = stream::iter([Ok("ab"), Err("the client went away")]);
    let error = put(store, content, None, 9).await.unwrap_err();
    assert!(matches!(&error, DocumentError::BrokenOff(_)), "{error}");

    let mut dropped = store.begin(None, 9).await.unwrap();
    dropped.write(b"ab").await.unwrap();
    drop(dropped);
    only_these_are_left(place, &[]).await;

    // Larger than what waits in memory anywhere.
    let large = self::content(20 << 20);
    for claimed in [None, Some(claimed)] {
        let content = stream::iter([Ok(&large), Err("the client went away")]);
        let error = put(store, content, claimed, 1 << 26).await.unwrap_err();
        assert!(matches!(error, DocumentError::BrokenOff(_)), "{error}");
        let content = stream::iter([Ok::<_, String>(&large)]);
        let error = put(store, content, claimed, (20 << 20) - 1).await.unwrap_err();
        assert!(matches!(error, DocumentError::TooLarge { .. }), "{error}");
    }
    let error = keep(store, &[&large], Some(claimed)).await.unwrap_err();
    assert!(matches!(error, DocumentError::Mismatch { .. }), "{error}");
    only_these_are_left(place, &[]).await;
    assert!(!store.contains_flushed(claimed).await.unwrap());
}

pub async fn what_is_damaged_is_never_given_whole_and_an_upload_mends_it(place: &impl Place) {
    let store = &*place.store().await;
    let content = vec![7u8; 150_000];
    let digest = keep(store, &[&content], None).await.unwrap().digest;
    let name = place.names().await.remove(0);
    let mut flipped = content.clone();
    flipped[149_999] ^= 1;
    for damaged in [&flipped[..], &content[..149_999], &[], &[&content[..], b"x"].concat()] {
        // A file written twice within a tick of the clock shows nothing of it.
        tokio::time::sleep(Duration::from_millis(30)).await;
        place.replace(&name, damaged).await;
        let is_damaged = |error: DocumentError| {
            assert!(matches!(error, DocumentError::Damaged(d) if d == digest), "{error}");
        };
        // Neither the node that kept it nor another cites it.
        is_damaged(store.contains_flushed(digest).await.unwrap_err());
        is_damaged(place.store().await.contains_flushed(digest).await.unwrap_err());
        is_damaged(verify(store, digest).await.unwrap_err());
        let mut download = match store.get(digest).await {
            Ok(download) => download,
            Err(error) => {
                is_damaged(error);
                continue;
            }
        };
        let mut given = 0;
        let error = loop {
            match download.next().await {
                Ok(Some(bytes)) => given += bytes.len(),
                Ok(None) => panic!("{} damaged bytes were given as good", damaged.len()),
                Err(error) => break error,
            }
        };
        is_damaged(error);
        assert!(given < damaged.len().max(1), "{given} of {}", damaged.len());
    }
    keep(store, &[&content], None).await.unwrap();
    assert!(store.contains_flushed(digest).await.unwrap());
    assert_eq!(verify(store, digest).await.unwrap(), content.len() as u64);
    assert_eq!(read(store, digest).await.unwrap(), content);
}

/// Cut within its first part, to every length that matters, it was once served as good or broke the
/// connection off.
pub async fn a_small_document_that_is_cut_is_found_out_before_it_is_given(place: &impl Place) {
    let store = &*place.store().await;
    let digest = keep(store, &[b"three lines"], None).await.unwrap().digest;
    let name = place.names().await.remove(0);
    for left in [0, 1, 10] {
        tokio::time::sleep(Duration::from_millis(30)).await;
        place.replace(&name, &b"three lines"[..left]).await;
        let given = match store.get(digest).await {
            Ok(mut download) => download.next().await,
            Err(error) => Err(error),
        };
        assert!(matches!(given, Err(DocumentError::Damaged(_))), "{left}: {given:?}");
    }
    // A document that was empty from the start is good.
    let empty = keep(store, &[], None).await.unwrap().digest;
    assert!(place.store().await.contains_flushed(empty).await.unwrap());
    assert_eq!(verify(store, empty).await.unwrap(), 0);
}

pub async fn what_one_node_keeps_another_cites(place: &impl Place) {
    let (one, other) = (place.store().await, place.store().await);
    let abc = Digest::parse(ABC).unwrap();
    assert!(!other.contains_flushed(abc).await.unwrap());
    keep(&*one, &[b"abc"], None).await.unwrap();
    assert!(other.contains_flushed(abc).await.unwrap());
    assert_eq!(read(&*other, abc).await.unwrap(), b"abc");
}

pub async fn nodes_that_keep_the_same_at_once_keep_it_once(place: &impl Place) {
    let content = content(300_000);
    let nodes: Vec<_> = futures_util::future::join_all((0..6).map(|_| place.store())).await;
    let claims = [None, Some(Digest::of(&content))];
    let all = nodes.iter().zip(claims.iter().cycle()).map(|(node, claimed)| {
        let chunks = [&content[..100_000], &content[100_000..]];
        async move { keep(&**node, &chunks, *claimed).await }
    });
    for stored in futures_util::future::join_all(all).await {
        assert_eq!(stored.unwrap().digest, Digest::of(&content));
    }
    assert_eq!(place.names().await.len(), 1);
    assert_eq!(read(&*nodes[0], Digest::of(&content)).await.unwrap(), content);
}
