//! What is found out before anything is written: a wrong address, account, certificate, version,
//! prefix, another log, a hole. Each error names what is wrong and what would help.

use std::path::PathBuf;

use docket::log::kurrentdb::{KurrentError, KurrentLog, KurrentOptions};
use docket::log::{
    EventLog, Expected, LogError, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, MAX_EVENT_TYPE_BYTES,
    NewEvent,
};

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

/// 24.6 to 24.10.2 can end a read that failed as if it were whole.
#[tokio::test(flavor = "multi_thread")]
async fn versions_that_cut_reads_are_refused_with_the_version_to_move_to() {
    for version in ["24.6.0", "24.10.0", "24.10.2"] {
        let server = StandIn::start(Settings::default().version(Some(version)));
        let error = refusal(&server.address()).await;
        assert!(matches!(error, KurrentError::CutsReads { .. }), "{error}");
        assert!(error.to_string().contains("24.10.3"), "{error}");
    }
    for version in ["24.2.0", "24.10.3", "25.0.0", "26.0.3"] {
        let server = StandIn::start(Settings::default().version(Some(version)));
        open(&server).await;
    }
}

/// The whole limit of an append, with as many events and types as long as there may be.
#[tokio::test(flavor = "multi_thread")]
async fn the_largest_append_keeps_within_the_limit_of_every_version() {
    for version in ["23.10.8", "24.10.4", "25.0.0"] {
        let server = StandIn::start(Settings::default().version(Some(version)));
        let log: Log = open(&server).await;
        let each = MAX_APPEND_BYTES / MAX_APPEND_EVENTS;
        let largest = (0..MAX_APPEND_EVENTS as u64).map(|n| NewEvent {
            event_type: "t".repeat(MAX_EVENT_TYPE_BYTES),
            data: vec![b'x'; each].into(),
            metadata: Vec::new().into(),
            ..event(n)
        });
        let appended = log.append(&stream("s"), Expected::NoStream, largest.collect()).await;
        assert_eq!(appended.map(|appended| appended.revision), Ok(MAX_APPEND_EVENTS as u64 - 1));
    }
}

/// The address of one follower: which node leads is said, and what address would be right.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_follower_is_refused_with_the_remedy() {
    let server = StandIn::start(Settings::default().nodes(3));
    let error = refusal(&server.address_of(1)).await;
    assert!(matches!(error, KurrentError::NotLeader { .. }), "{error}");
    let (text, host) = (error.to_string(), server.address_of(1));
    let host = host.trim_start_matches("kurrentdb://").split('?').next().unwrap();
    assert!(text.contains(&format!("kurrentdb+discover://{host}")), "{text}");
    assert!(text.contains("all nodes"), "{text}");
    try_open(&server.address_of(1).replace("kurrentdb:", "kurrentdb+discover:")).await.unwrap();
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
async fn another_log_is_refused_and_a_log_cut_short_is_only_read() {
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
    // What is left of it is read, and nothing is written on; the file goes on saying so.
    for _ in 0..2 {
        let rest = KurrentLog::open(cached(&shorter, cache.clone())).await.unwrap();
        assert_eq!(rest.head().await, Ok(Some(4)));
        let refused = rest.append(&stream("log"), Expected::Revision(4), events(5..6)).await;
        let Err(LogError::Stopped(why)) = refused else { panic!("{refused:?}") };
        assert_eq!(why.positions(), Some((Some(4), 19)));
        assert!(why.to_string().contains("count.sqlite"), "{why}");
        rest.close().await;
    }
}
