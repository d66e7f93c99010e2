//! What is found out before anything is written: a wrong address, account, certificate, version,
//! prefix, another log, a hole. Each error names what is wrong and what would help.

use std::path::PathBuf;

use docket::log::kurrentdb::{KurrentError, KurrentLog, KurrentOptions};
use docket::log::{EventLog, Expected};
use serde_json::json;

use crate::log_contract::{Log, event, events, read_everything, stream};
use crate::standin::{Settings, StandIn, User};
use crate::support::{open, options, start, try_open};

async fn refusal(address: &str) -> KurrentError {
    try_open(address).await.map(|_| ()).unwrap_err()
}

fn written(server: &StandIn) -> usize {
    server.control().events().iter().filter(|event| event.stream.starts_with("docket.")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refusal(&format!("kurrentdb://127.0.0.1:{port}?tls=false")).await;
    assert!(matches!(error, KurrentError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn something_else_there() {
    let other = wiremock::MockServer::start().await;
    let error = refusal(&format!("kurrentdb://{}?tls=false", other.address())).await;
    assert!(matches!(error, KurrentError::NotKurrent { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_too_old() {
    for version in ["22.10.5", "20.6.1.0"] {
        let server = StandIn::start(Settings::default().version(Some(version)));
        let error = refusal(&server.address()).await;
        assert!(matches!(error, KurrentError::TooOld { .. }), "{error}");
        assert!(error.to_string().contains("23.10"), "{error}");
    }
    let server = StandIn::start(Settings::default().version(None));
    let error = refusal(&server.address()).await;
    assert!(matches!(error, KurrentError::NotKurrent { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_what_they_may() {
    let users = [User::new("writer", "a@b:%/c"), User::new("docket", "p%40s").reading_all()];
    let server = StandIn::start(Settings::default().with_users(users));
    let host = server.address().replace("kurrentdb://", "");
    for account in ["", "docket:wrong@", "nobody:p%2540s@"] {
        let error = refusal(&format!("kurrentdb://{account}{host}")).await;
        assert!(matches!(error, KurrentError::Credentials { .. }), "{account}: {error}");
        assert!(!error.to_string().contains("wrong@"), "{error}");
    }
    let error = refusal(&format!("kurrentdb://writer:a%40b%3A%25%2Fc@{host}")).await;
    assert!(matches!(error, KurrentError::MayNotReadAll { .. }), "{error}");
    for part in ["$settings", "$systemStreamAcl", "\"writer\""] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(written(&server), 0);
    let log = try_open(&format!("kurrentdb://docket:p%2540s@{host}")).await.unwrap();
    log.append(&stream("s"), Expected::NoStream, events(0..2)).await.unwrap();
    assert_eq!(written(&server), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_others_are_passed_over_and_a_prefix_of_others_is_refused() {
    let server = start();
    let control = server.control();
    for stream in ["orders-1", "docket", "dockets.log", "$$docket", "Docket.log"] {
        control.append_foreign(stream, "OrderPlaced", b"{}");
    }
    let log: Log = open(&server).await;
    assert_eq!(log.head().await, Ok(None));
    log.append(&stream("log"), Expected::NoStream, events(0..1)).await.unwrap();
    control.append_foreign("orders-1", "OrderPlaced", b"{}");
    log.append(&stream("log"), Expected::Revision(0), events(1..2)).await.unwrap();
    assert_eq!(read_everything(&log, None, 10).await.len(), 2);

    control.append_foreign("other.orders-1", "OrderPlaced", b"{}");
    let options = KurrentOptions { prefix: "other.".to_owned(), ..options(&server.address()) };
    let error = KurrentLog::open(options).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, KurrentError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("orders-1"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_hides_events_is_a_hole_until_it_is_mended() {
    for metadata in [json!({"$maxCount": 1}), json!({"$maxAge": 60}), json!({"$tb": 1})] {
        let server = start();
        let log: Log = open(&server).await;
        log.append(&stream("s"), Expected::NoStream, events(0..3)).await.unwrap();
        server.control().set_stream_metadata("docket.s", &metadata);
        let error = refusal(&server.address()).await;
        assert!(matches!(error, KurrentError::Hole { .. }), "{error}");
        let key = metadata.as_object().unwrap().keys().next().unwrap().clone();
        assert!(
            error.to_string().contains(&key) && error.to_string().contains("stream s"),
            "{error}"
        );
        // A node that runs takes no more appends.
        log.head().await.unwrap();
        assert!(log.append(&stream("t"), Expected::NoStream, events(3..4)).await.is_err());

        server.control().set_stream_metadata("docket.s", &json!({}));
        open(&server).await;
        log.head().await.unwrap();
        log.append(&stream("t"), Expected::NoStream, events(3..4)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scavenged_and_deleted_streams_are_holes() {
    let server = start();
    let log: Log = open(&server).await;
    log.append(&stream("s"), Expected::NoStream, events(0..3)).await.unwrap();
    server.control().set_stream_metadata("docket.s", &json!({"$maxCount": 1}));
    server.control().scavenge();
    server.control().set_stream_metadata("docket.s", &json!({}));
    let error = refusal(&server.address()).await;
    assert!(matches!(error, KurrentError::Hole { .. }), "{error}");
    assert!(error.to_string().contains("revision 0 is missing"), "{error}");

    for hard in [false, true] {
        let server = start();
        let log: Log = open(&server).await;
        log.append(&stream("s"), Expected::NoStream, events(0..3)).await.unwrap();
        let settings = server.address().parse().unwrap();
        let client = kurrentdb::Client::new(settings).unwrap();
        if hard {
            client.tombstone_stream("docket.s", &Default::default()).await.unwrap();
        } else {
            client.delete_stream("docket.s", &Default::default()).await.unwrap();
        }
        let error = refusal(&server.address()).await;
        assert!(matches!(error, KurrentError::Hole { .. }), "{error}");
        assert!(error.to_string().contains("deleted"), "{error}");
    }
}

fn cached(server: &StandIn, cache: PathBuf) -> KurrentOptions {
    KurrentOptions { cache: Some(cache), ..options(&server.address()) }
}

/// The count is kept in a file: the next start reads only what is new, and any file but a right one
/// is found out.
#[tokio::test(flavor = "multi_thread")]
async fn the_count_is_kept_and_can_be_deleted() {
    let (server, folder) = (start(), tempfile::tempdir().unwrap());
    let cache = folder.path().join("count.sqlite");
    let first: Log =
        std::sync::Arc::new(KurrentLog::open(cached(&server, cache.clone())).await.unwrap());
    for n in 0..200_u64 {
        first
            .append(
                &stream(&format!("s-{}", n % 7)),
                Expected::from((n / 7).checked_sub(1)),
                vec![event(n)],
            )
            .await
            .unwrap();
    }
    let all = read_everything(&first, None, 1000).await;
    first.close().await;
    drop(first);
    server.control().append_foreign("orders", "OrderPlaced", b"{}");
    for deleted in [false, true] {
        if deleted {
            std::fs::remove_file(&cache).unwrap();
        }
        let again: Log =
            std::sync::Arc::new(KurrentLog::open(cached(&server, cache.clone())).await.unwrap());
        assert_eq!(read_everything(&again, None, 33).await, all);
        again.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_log_and_a_log_cut_short_are_refused() {
    let (server, other, folder) = (start(), start(), tempfile::tempdir().unwrap());
    let cache = folder.path().join("count.sqlite");
    for (server, first) in [(&server, 0), (&other, 50)] {
        let log: Log = open(server).await;
        log.append(&stream("log"), Expected::NoStream, events(first..first + 20)).await.unwrap();
    }
    let log = KurrentLog::open(cached(&server, cache.clone())).await.unwrap();
    log.close().await;
    drop(log);
    let error = KurrentLog::open(cached(&other, cache.clone())).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, KurrentError::OtherLog { .. }), "{error}");
    let empty = start();
    let error = KurrentLog::open(cached(&empty, cache.clone())).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, KurrentError::OtherLog { .. }), "{error}");
    assert!(error.to_string().contains("count.sqlite"), "{error}");
    assert_eq!(written(&empty), 0);

    // The same server, and a prefix that was mistyped.
    let mistyped =
        KurrentOptions { prefix: "dokcet.".to_owned(), ..cached(&server, cache.clone()) };
    let error = KurrentLog::open(mistyped).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, KurrentError::OtherLog { .. }), "{error}");
    assert!(error.to_string().contains("dokcet."), "{error}");

    let shorter = start();
    let log: Log = open(&shorter).await;
    log.append(&stream("log"), Expected::NoStream, events(0..5)).await.unwrap();
    let error = KurrentLog::open(cached(&shorter, cache)).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, KurrentError::CutShort { .. }), "{error}");
}
