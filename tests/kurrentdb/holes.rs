//! A log that lost events within: an administrator deleted one stream, set metadata that hides events,
//! or a scavenge took them. What is left is read with the numbers that it had, what lost its events says
//! so, and nothing is written until a person decides.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use docket::log::kurrentdb::{KurrentLog, KurrentOptions};
use docket::log::{Expected, LogError, NewEvent, RecordedEvent, Stop};
use serde_json::json;

use crate::log_contract::{Log, event, read_everything, read_whole_stream, stream};
use crate::standin::StandIn;
use crate::support::{open, options, start};

/// A log of a stream `log` and two enrollments whose events take turns; what stands in it.
async fn begin(log: &Log) -> Vec<RecordedEvent> {
    log.append(&stream("log"), Expected::NoStream, vec![event(0)]).await.unwrap();
    for n in 0..4_u64 {
        for (name, id) in [("s-1", 10 + n), ("t-1", 20 + n)] {
            let expected = Expected::from(n.checked_sub(1));
            log.append(&stream(name), expected, vec![event(id)]).await.unwrap();
        }
    }
    read_everything(log, None, 100).await
}

fn client(server: &StandIn) -> kurrentdb::Client {
    kurrentdb::Client::new(server.address().parse().unwrap()).unwrap()
}

async fn delete(server: &StandIn, name: &str, for_ever: bool) {
    if for_ever {
        client(server).tombstone_stream(name, &Default::default()).await.unwrap();
    } else {
        client(server).delete_stream(name, &Default::default()).await.unwrap();
    }
}

async fn with_file(server: &StandIn, file: &Path) -> Log {
    let options = KurrentOptions { cache: Some(file.to_owned()), ..options(&server.address()) };
    Arc::new(KurrentLog::open(options).await.unwrap())
}

async fn stops(log: &Log) -> (String, String) {
    let refused = log.append(&stream("t-1"), Expected::Revision(3), vec![event(99)]).await;
    let Err(LogError::Stopped(Stop::Hole { stream, reason, .. })) = refused else {
        panic!("{refused:?}")
    };
    (stream, reason)
}

/// What is left of a log whose stream `s-1` is gone is read, each event with the number that it had.
async fn the_rest_is_read(log: &Log, all: &[RecordedEvent]) {
    let lost = log.read_stream(&stream("s-1"), 0, 10).await;
    assert!(matches!(lost, Err(LogError::Corrupt { .. })), "{lost:?}");
    let lost = log.stream_revision(&stream("s-1")).await;
    assert!(matches!(lost, Err(LogError::Corrupt { .. })), "{lost:?}");
    for name in ["log", "t-1"] {
        let wanted: Vec<_> = all.iter().filter(|e| e.stream.as_str() == name).cloned().collect();
        assert_eq!(read_whole_stream(log, &stream(name), 2).await, wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_stream_is_named_and_the_rest_is_read() {
    for for_ever in [false, true] {
        let server = start();
        let log: Log = open(&server).await;
        let all = begin(&log).await;
        delete(&server, "docket.s-1", for_ever).await;
        log.head().await.unwrap();
        let reader = KurrentOptions { writes: false, ..options(&server.address()) };
        let reader: Log = Arc::new(KurrentLog::open(reader).await.unwrap());
        for node in [log, open(&server).await, reader] {
            let (name, reason) = stops(&node).await;
            assert_eq!(name, "s-1");
            assert!(reason.contains(if for_ever { "for good" } else { "twice" }), "{reason}");
            the_rest_is_read(&node, &all).await;
            // Until a scavenge everything is there for a copy.
            assert_eq!(read_everything(&node, None, 3).await, all);
            let lost: Vec<_> = node.lost().into_iter().map(|lost| lost.stream).collect();
            assert_eq!(lost, [stream("s-1")]);
        }
    }
}

/// The remedy that is printed: empty metadata, twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_soft_deletion_is_undone_as_it_is_said() {
    let server = start();
    let all = begin(&(open(&server).await as Log)).await;
    delete(&server, "docket.s-1", false).await;
    for is_back in [false, true] {
        let empty = kurrentdb::StreamMetadata::default();
        let how = kurrentdb::AppendToStreamOptions::default();
        client(&server).set_stream_metadata("docket.s-1", &how, &empty).await.unwrap();
        let node: Log = open(&server).await;
        if is_back {
            assert_eq!(node.recording().stopped(), None);
            assert_eq!(read_whole_stream(&node, &stream("s-1"), 9).await.len(), 4);
            assert_eq!(read_everything(&node, None, 9).await, all);
            node.append(&stream("s-1"), Expected::Revision(3), vec![event(50)]).await.unwrap();
        } else {
            assert_eq!(stops(&node).await.0, "s-1");
            let lost = node.read_stream(&stream("s-1"), 0, 10).await;
            assert!(matches!(lost, Err(LogError::Corrupt { .. })), "{lost:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_hides_events_stops_recording_until_it_is_mended() {
    for metadata in [json!({"$maxCount": 1}), json!({"$maxAge": 0}), json!({"$tb": 1})] {
        let server = start();
        let log: Log = open(&server).await;
        begin(&log).await;
        server.control().set_stream_metadata("docket.s-1", &metadata);
        log.head().await.unwrap();
        let key = metadata.as_object().unwrap().keys().next().unwrap().clone();
        for node in [log, open(&server).await] {
            let (name, reason) = stops(&node).await;
            assert!(name == "s-1" && reason.contains(&key), "{name}: {reason}");
            let hidden = node.read_stream(&stream("s-1"), 0, 10).await;
            assert!(matches!(hidden, Err(LogError::Corrupt { .. })), "{hidden:?}");
        }
        server.control().set_stream_metadata("docket.s-1", &json!({}));
        let node: Log = open(&server).await;
        node.append(&stream("s-1"), Expected::Revision(3), vec![event(50)]).await.unwrap();
        // Of a stream that is none of the log's it says nothing.
        server.control().set_stream_metadata("docket.none", &metadata);
        assert_eq!((open(&server).await as Log).recording().stopped(), None);
    }
}

/// A scavenge has taken the events: who has a count of its own, or one that another node left, gives
/// every other event the number that it had; the whole log is read up to the hole and after it.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_scavenge_a_count_still_numbers_the_rest() {
    for for_ever in [false, true] {
        let (server, folder) = (start(), tempfile::tempdir().unwrap());
        let file = folder.path().join("count.sqlite");
        let log = with_file(&server, &file).await;
        let all = begin(&log).await;
        delete(&server, "docket.s-1", for_ever).await;
        left(&server, 9).await;
        log.close().await;
        drop(log);
        server.control().scavenge();
        for node in [with_file(&server, &file).await, open(&server).await] {
            assert_eq!(stops(&node).await.0, "s-1");
            the_rest_is_read(&node, &all).await;
            let first = node.read_all(None, 9).await.unwrap();
            assert_eq!((first.events.as_slice(), first.end), (&all[..1], false));
            let hole = node.read_all(Some(0), 9).await;
            assert!(matches!(hole, Err(LogError::Corrupt { sequence: 1, .. })), "{hole:?}");
            assert_eq!(node.head().await, Ok(Some(8)));
            assert_eq!(node.read_all(Some(7), 9).await.unwrap().events, all[8..]);
            node.close().await;
        }
    }
}

/// Without any count nobody knows where the lost events stood: only what is before any of them is
/// surely numbered, and followers go no further.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_count_followers_go_up_to_the_hole() {
    let server = start();
    let log: Log = open(&server).await;
    let all = begin(&log).await;
    log.close().await;
    drop(log);
    server.control().set_stream_metadata("docket.s-1", &json!({"$tb": 3}));
    server.control().scavenge();
    delete(&server, "~docket.counts", false).await;
    let reader = KurrentOptions { writes: false, ..options(&server.address()) };
    let node: Log = Arc::new(KurrentLog::open(reader).await.unwrap());
    assert_eq!((stops(&node).await.0.as_str(), node.head().await), ("s-1", Ok(Some(0))));
    assert_eq!(node.read_all(None, 9).await.unwrap().events, all[..1]);
    assert!(matches!(node.read_all(Some(0), 9).await, Err(LogError::Corrupt { .. })));
    assert_eq!(read_whole_stream(&node, &stream("t-1"), 9).await.len(), 4);
}

fn accepts(streams: &[&str]) -> Vec<NewEvent> {
    let data = json!({ "streams": streams, "origin": "o", "public_key": "k", "reason": "r" });
    let event_type = "LossAccepted".to_owned();
    vec![NewEvent { event_type, data: data.to_string().into(), ..event(70) }]
}

/// A person decides that the log goes on without them: it does, on every node, and the stream that lost
/// its events stays closed.
#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_loss_is_no_reason_any_more() {
    for (for_ever, scavenged) in [(false, false), (false, true), (true, false), (true, true)] {
        let (server, folder) = (start(), tempfile::tempdir().unwrap());
        let file = folder.path().join("count.sqlite");
        let log = with_file(&server, &file).await;
        let all = begin(&log).await;
        delete(&server, "docket.s-1", for_ever).await;
        left(&server, 9).await;
        if scavenged {
            server.control().scavenge();
        }
        assert_eq!(stops(&log).await.0, "s-1");
        let accepted = log.accept(&stream("log"), Expected::Revision(0), accepts(&["s-1"])).await;
        assert_eq!(accepted.unwrap().sequence, Some(9));
        log.close().await;
        drop(log);
        for (n, node) in [with_file(&server, &file).await, open(&server).await].iter().enumerate() {
            assert_eq!((node.recording().stopped(), node.lost()), (None, Vec::new()));
            the_rest_is_closed(node).await;
            let expected = Expected::Revision(3 + n as u64);
            let appended = node.append(&stream("t-1"), expected, vec![event(80 + n as u64)]).await;
            assert_eq!(appended.unwrap().sequence, Some(10 + n as u64));
        }
        let _ = all;
    }
}

async fn the_rest_is_closed(node: &Log) {
    for expected in [Expected::NoStream, Expected::Revision(3)] {
        let closed = node.append(&stream("s-1"), expected, vec![event(90)]).await;
        assert!(matches!(closed, Err(LogError::Corrupt { .. })), "{closed:?}");
    }
    let lost = node.read_stream(&stream("s-1"), 0, 10).await;
    assert!(matches!(lost, Err(LogError::Corrupt { .. })), "{lost:?}");
}

/// Waits until nodes have left a count of so many events.
pub async fn left(server: &StandIn, events: u64) {
    for _ in 0..500 {
        let streams = server.control().streams();
        let last = streams.get("~docket.counts").and_then(|left| left.last());
        let said =
            last.map(|last| serde_json::from_slice::<serde_json::Value>(&last.data).unwrap());
        if said.is_some_and(|said| said["next"].as_u64() >= Some(events)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no node has left a count of {events} events");
}
