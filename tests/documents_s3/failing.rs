//! A store that is away, slow, cut off, or does not let this node in: each is said within seconds,
//! nothing is taken for kept that is not, and it passes.

use crate::documents::{ABC, Place as _, content, keep, only_these_are_left};
use crate::s3::{KEY_ID, S3StandIn, SECRET};
use crate::{PREFIX, StandIn};
use docket::app::documents::s3::{S3Login, S3Settings, S3Store};
use docket::app::documents::{Digest, DocumentError, DocumentStore, Obstacle, read};
use std::time::{Duration, Instant};

/// Asserts what kept the store from being reached; nothing by which it is entered is in the text.
#[track_caller]
fn assert_unreachable<T>(answer: Result<T, DocumentError>, expected: Obstacle, part: &str) {
    let error = answer.err().expect("a failure");
    let text = error.to_string();
    match error {
        DocumentError::Unreachable { obstacle, .. } => assert_eq!(obstacle, expected, "{text}"),
        error => panic!("{error}"),
    }
    assert!(text.contains("s3://docket-docs/") && text.contains(part), "{text}");
    assert!(!text.contains(KEY_ID) && !text.contains(SECRET) && !text.contains("WRONG"), "{text}");
}

fn abc() -> Digest {
    Digest::parse(ABC).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_down_is_said_and_comes_back() {
    let place = StandIn::start();
    let store = &*place.store().await;
    keep(store, &[b"abc"], None).await.unwrap();
    place.0.stop().await;
    let began = Instant::now();
    assert_unreachable(store.contains_flushed(abc()).await, Obstacle::NoConnection, "refused");
    assert_eq!(store.trouble(), Some(Obstacle::NoConnection));
    assert_unreachable(read(store, abc()).await, Obstacle::NoConnection, "refused");
    assert_unreachable(keep(store, &[b"abd"], None).await, Obstacle::NoConnection, "refused");
    let large = content(20 << 20);
    assert_unreachable(keep(store, &[&large], None).await, Obstacle::NoConnection, "refused");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    place.0.resume().await;
    assert!(store.contains_flushed(abc()).await.unwrap());
    assert_eq!(store.trouble(), None);
    only_these_are_left(&place, &[&format!("ba/78/{ABC}")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_asks_for_patience_gets_a_little() {
    let place = StandIn::start();
    let store = &*place.store().await;
    keep(store, &[b"abc"], None).await.unwrap();
    place.0.state().slow_downs = 2;
    assert!(store.contains_flushed(abc()).await.unwrap());
    place.0.state().slow_downs = 2;
    keep(store, &[b"abd"], None).await.unwrap();
    place.0.state().slow_downs = usize::MAX;
    let began = Instant::now();
    assert_unreachable(store.contains_flushed(abc()).await, Obstacle::Failing, "503");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert_unreachable(read(store, abc()).await, Obstacle::Failing, "503 SlowDown");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_does_not_wait_for_a_store_that_does_not_answer() {
    let place = StandIn::start();
    let usual = place.store().await;
    let hasty =
        S3Settings { answer_within: Duration::from_millis(400), ..place.0.settings(PREFIX) };
    let hasty = S3Store::new(&hasty).unwrap();
    place.0.state().late = Some(Duration::from_secs(60));
    let began = Instant::now();
    assert_unreachable(hasty.contains_flushed(abc()).await, Obstacle::NoAnswer, "");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_unreachable(usual.contains_flushed(abc()).await, Obstacle::NoAnswer, "");
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    place.0.state().late = Some(Duration::from_millis(300));
    assert!(!usual.contains_flushed(abc()).await.unwrap());
}

/// It was waited for as long as for the client, who was then told to be too slow.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_does_not_wait_for_a_store_that_is_silent() {
    let place = StandIn::start();
    let hasty = S3Settings { silence: Duration::from_millis(400), ..place.0.settings(PREFIX) };
    let hasty = S3Store::new(&hasty).unwrap();
    place.0.state().late = Some(Duration::from_secs(60));
    let large = content(9 << 20);
    for content in [&b"abc"[..], &large] {
        let began = Instant::now();
        assert_unreachable(keep(&hasty, &[content], None).await, Obstacle::NoAnswer, "");
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_off_is_sent_again() {
    let place = StandIn::start();
    let store = &*place.store().await;
    for (size, cut) in [(300_000, 100_000), (20 << 20, 10_000_000)] {
        for claims in [false, true] {
            let content = content(size + usize::from(claims));
            place.0.cut_requests_after(cut);
            let claimed = Some(Digest::of(&content)).filter(|_| claims);
            let digest = keep(store, &[&content], claimed).await.unwrap().digest;
            assert!(read(store, digest).await.unwrap() == content);
        }
    }
    assert_eq!(place.0.keys().len(), 4);
}

/// The store had kept it, but its answer was lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_no_second_document() {
    let place = StandIn::start();
    let store = &*place.store().await;
    place.0.cut_answers_after(0);
    keep(store, &[b"abc"], None).await.unwrap();
    assert_eq!(read(store, abc()).await.unwrap(), b"abc");
    let large = content(20 << 20);
    for claimed in [None, Some(Digest::of(&large))] {
        place.0.state().lose_completion = true;
        keep(store, &[&large], claimed).await.unwrap();
        assert!(!place.0.state().lose_completion);
    }
    assert!(read(store, Digest::of(&large)).await.unwrap() == large);
    assert_eq!(place.0.keys().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_is_cut_off_goes_on_or_is_never_whole() {
    let place = StandIn::start();
    let store = &*place.store().await;
    let content = content(3 << 20);
    let digest = keep(store, &[&content], None).await.unwrap().digest;
    place.0.cut_answers_after(1 << 20);
    assert!(read(store, digest).await.unwrap() == content);
    place.0.cut_answers_after(1 << 20);
    let mut download = store.get(digest).await.unwrap();
    let mut given = download.next().await.unwrap().unwrap().len();
    place.0.stop().await;
    let error = loop {
        match download.next().await {
            Ok(Some(bytes)) => given += bytes.len(),
            Ok(None) => panic!("a document that was cut off was given as whole"),
            Err(error) => break error,
        }
    };
    assert_unreachable::<()>(Err(error), Obstacle::NoConnection, "");
    assert!(given < content.len(), "{given}");
}

/// Each is the operator's to mend, so it is told at the start, and is no passing trouble.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_an_operator_can_mend_is_told_apart() {
    let stand_in = S3StandIn::start();
    let login = |id: &str, secret: &str| {
        Some(S3Login { access_key_id: id.to_owned(), secret_access_key: secret.to_owned() })
    };
    let with = |change: &dyn Fn(&mut S3Settings)| {
        let mut settings = stand_in.settings(PREFIX);
        change(&mut settings);
        S3Store::new(&settings)
    };
    let now = chrono::DateTime::UNIX_EPOCH;
    let wrong_id = with(&|s| s.login = login("WRONG", SECRET)).unwrap();
    assert_unreachable(wrong_id.clean(now).await, Obstacle::Refused, "403 InvalidAccessKeyId");
    let wrong = with(&|s| s.login = login(KEY_ID, "WRONG")).unwrap();
    assert_unreachable(wrong.clean(now).await, Obstacle::Refused, "403 SignatureDoesNotMatch");
    assert_unreachable(wrong.contains_flushed(abc()).await, Obstacle::Refused, "403");
    assert_unreachable(keep(&wrong, &[b"abc"], None).await, Obstacle::Refused, "403");
    let bucket = with(&|s| s.address.bucket = "docket-docs".to_owned() + "/x").unwrap();
    assert_unreachable(bucket.clean(now).await, Obstacle::NotAStore, "");
    let bucket = with(&|s| s.address.region = Some("eu-west-1".to_owned())).unwrap();
    assert_unreachable(bucket.clean(now).await, Obstacle::Refused, "expecting 'cn-test-1'");
    assert_unreachable(with(&|s| s.login = None), Obstacle::Refused, "store.s3.access_key_id");
    let good = stand_in.store(PREFIX);
    stand_in.state().deny = true;
    assert_unreachable(good.clean(now).await, Obstacle::Refused, "403 AccessDenied");
    assert_unreachable(good.contains_flushed(abc()).await, Obstacle::Refused, "403");
    assert!(!Obstacle::Refused.is_passing() && !Obstacle::NoBucket.is_passing());
    assert!(Obstacle::NoConnection.is_passing() && Obstacle::Failing.is_passing());
}

/// A bucket that is gone must not be taken for one without the document.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_holds_nothing_and_says_so() {
    let stand_in = S3StandIn::start();
    let mut settings = stand_in.settings(PREFIX);
    settings.address.bucket = "docket-docs-gone".to_owned();
    let store = S3Store::new(&settings).unwrap();
    let is_gone = |error: DocumentError| match error {
        DocumentError::Unreachable { obstacle: Obstacle::NoBucket, .. } => {}
        error => panic!("{error}"),
    };
    is_gone(store.clean(chrono::DateTime::UNIX_EPOCH).await.unwrap_err());
    is_gone(store.contains_flushed(abc()).await.unwrap_err());
    is_gone(read(&store, abc()).await.unwrap_err());
    is_gone(keep(&store, &[b"abc"], None).await.unwrap_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_otherwise_than_s3_is_no_store() {
    let web = wiremock::MockServer::start().await;
    let stand_in = S3StandIn::start();
    let mut settings = stand_in.settings(PREFIX);
    settings.address.endpoint = Some(web.uri());
    let store = S3Store::new(&settings).unwrap();
    let now = chrono::DateTime::UNIX_EPOCH;
    assert_unreachable(store.clean(now).await, Obstacle::NotAStore, "404");
    let page = wiremock::ResponseTemplate::new(200).set_body_string("<html>hello</html");
    let any = wiremock::Mock::given(wiremock::matchers::any()).respond_with(page);
    any.mount(&web).await;
    assert_unreachable(store.clean(now).await, Obstacle::NotAStore, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_and_good_is_not_written_again() {
    let place = StandIn::start();
    let store = &*place.store().await;
    keep(store, &[b"abc"], None).await.unwrap();
    let name = format!("{PREFIX}/ba/78/{ABC}");
    let modified = place.0.state().objects[&name].modified;
    keep(store, &[b"abc"], None).await.unwrap();
    assert_eq!(place.0.state().objects[&name].modified, modified);
    assert_eq!(place.0.state().requests[1..], [format!("PUT {name}"), format!("GET {name}")]);
}

/// Stores that came before `If-None-Match` on a PUT refuse it; they are asked without, from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_conditions_is_good_enough() {
    let place = StandIn::start();
    let store = &*place.store().await;
    place.0.state().no_conditions = true;
    for _ in 0..2 {
        keep(store, &[b"abc"], None).await.unwrap();
    }
    place.0.state().requests.clear();
    keep(store, &[b"abd"], None).await.unwrap();
    assert_eq!(place.0.state().requests.len(), 1);
    assert_eq!(read(store, abc()).await.unwrap(), b"abc");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_to_be_copied_passes_through_the_node() {
    let place = StandIn::start();
    let settings = S3Settings { max_copy_bytes: 9 << 20, ..place.0.settings(PREFIX) };
    let store = S3Store::new(&settings).unwrap();
    place.0.state().max_copy_bytes = Some(9 << 20);
    let content = content((24 << 20) + 5);
    let digest = keep(&store, &[&content], None).await.unwrap().digest;
    assert!(read(&store, digest).await.unwrap() == content);
    let name = digest.to_string();
    only_these_are_left(&place, &[&format!("{}/{}/{name}", &name[..2], &name[2..4])]).await;
}
