//! The count that nodes leave for one another: a new node reads the end of the database alone, numbers
//! everything as the others do, and believes nothing that the log contradicts.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use docket::log::Expected;
use docket::log::kurrentdb::{KurrentLog, KurrentOptions};
use serde_json::Value;

use crate::holes::left;
use crate::log_contract::{Log, event, events, read_everything, read_whole_stream, stream};
use crate::standin::StandIn;
use crate::support::{open, options, start};

/// A log of many streams among others' events.
async fn begin(server: &StandIn, log: &Log) {
    for part in 0..40_u64 {
        for n in 0..50 {
            server.control().append_foreign(&format!("orders-{n}"), "OrderPlaced", b"{}");
        }
        let (name, first) = (stream(&format!("s-{}", part % 8)), part / 8 * 100);
        let given = events(part * 100..part * 100 + 100);
        log.append(&name, Expected::from(first.checked_sub(1)), given).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_node_starts_from_what_another_left() {
    let server = start();
    let log: Log = open(&server).await;
    begin(&server, &log).await;
    left(&server, 3900).await;
    let all = read_everything(&log, None, 1000).await;
    assert_eq!(all.len(), 4000);
    let before = server.control().events_of_all();
    let node: Log = open(&server).await;
    let read = server.control().events_of_all() - before;
    // What is compared behind the start may have begun.
    assert!(read < 3000, "{read} events of 6000 were read for the start");
    assert_eq!(node.head().await, Ok(Some(3999)));
    assert_eq!(node.streams("s-").await.unwrap().len(), 8);
    for name in ["s-0", "s-7"] {
        let wanted: Vec<_> = all.iter().filter(|e| e.stream.as_str() == name).cloned().collect();
        assert_eq!(read_whole_stream(&node, &stream(name), 77).await, wanted);
    }
    assert_eq!(read_everything(&node, None, 1000).await, all);
    // With a file of its own it need not ask others at the next start.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("count.sqlite");
    for _ in 0..2 {
        let cached = KurrentOptions { cache: Some(file.clone()), ..options(&server.address()) };
        let kept: Log = Arc::new(KurrentLog::open(cached).await.unwrap());
        assert_eq!(read_everything(&kept, None, 1000).await, all);
        assert_eq!(kept.streams("").await.unwrap().len(), 8);
        kept.close().await;
        drop(kept);
        let counted = rusqlite::Connection::open(&file).unwrap();
        let events = "SELECT sum(events) FROM part";
        let events: i64 = counted.query_row(events, [], |row| row.get(0)).unwrap();
        assert_eq!(events, 4000);
    }
    // Both go on alike.
    let appended = node.append(&stream("s-0"), Expected::Revision(499), vec![event(9000)]).await;
    assert_eq!(appended.unwrap().sequence, Some(4000));
    let appended = log.append(&stream("s-0"), Expected::Revision(500), vec![event(9001)]).await;
    assert_eq!(appended.unwrap().sequence, Some(4001));
}

/// A count that is not the log's is not believed: the node counts for itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_the_log_contradicts_is_not_believed() {
    const OTHER: &str = "0f1e2d3c-4b5a-5978-8796-a5b4c3d2e1f0";
    type Change = dyn Fn(&mut Value, &mut Vec<u64>);
    let wrong: [(&str, &Change); 5] = [
        ("nothing", &|_, _| {}),
        ("a part is missing", &|said, _| said["after"] = 1.into()),
        ("another log", &|said, _| {
            said["first"][0] = OTHER.into();
            said["last"][0] = OTHER.into();
        }),
        ("an event too few", &|_, at| {
            at.remove(at.len() - 2);
        }),
        ("an event too many", &|_, at| at.insert(at.len() - 1, at[at.len() - 2] + 1)),
    ];
    for (what, change) in wrong {
        let server = start();
        let log: Log = open(&server).await;
        begin(&server, &log).await;
        left(&server, 3900).await;
        let all = read_everything(&log, None, 1000).await;
        log.close().await;
        drop(log);
        let (mut said, mut at) = said_of(&server);
        change(&mut said, &mut at);
        said["next"] = at.len().into();
        said["positions"] = BASE64_STANDARD.encode(pack(&at)).into();
        // Only this one is shown.
        let client = kurrentdb::Client::new(server.address().parse().unwrap()).unwrap();
        client.delete_stream("~docket.counts", &Default::default()).await.unwrap();
        server.control().append_foreign("~docket.counts", "Counted", said.to_string().as_bytes());
        let before = server.control().events_of_all();
        let node: Log = open(&server).await;
        let read = server.control().events_of_all() - before;
        assert_eq!(read < 3000, what == "nothing", "{what}: {read} events were read");
        assert_eq!(read_everything(&node, None, 1000).await, all, "{what}");
        assert_eq!(node.recording().stopped(), None);
    }
}

/// One that is wrong in the middle, where a start does not look, is found out behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_is_wrong_in_the_middle_is_found_out() {
    let server = start();
    let log: Log = open(&server).await;
    begin(&server, &log).await;
    left(&server, 3900).await;
    log.close().await;
    drop(log);
    let (mut said, mut at) = said_of(&server);
    at.remove(1234);
    said["next"] = at.len().into();
    said["positions"] = BASE64_STANDARD.encode(pack(&at)).into();
    let client = kurrentdb::Client::new(server.address().parse().unwrap()).unwrap();
    client.delete_stream("~docket.counts", &Default::default()).await.unwrap();
    server.control().append_foreign("~docket.counts", "Counted", said.to_string().as_bytes());
    let node: Log = open(&server).await;
    let mut stopped = node.recording().watch();
    let why = tokio::time::timeout(Duration::from_secs(30), stopped.wait_for(Option::is_some));
    let why = why.await.unwrap().unwrap().clone().unwrap().to_string();
    assert!(why.contains("~docket.counts") && why.contains("1234"), "{why}");
    node.close().await;
    // As it is said.
    client.delete_stream("~docket.counts", &Default::default()).await.unwrap();
    let node: Log = open(&server).await;
    assert_eq!(node.head().await, Ok(Some(3999)));
    assert_eq!(node.recording().stopped(), None);
}

/// All that was left, as one event, and the positions in it.
fn said_of(server: &StandIn) -> (Value, Vec<u64>) {
    let streams = server.control().streams();
    let left = streams["~docket.counts"].iter();
    let left: Vec<Value> = left.map(|event| serde_json::from_slice(&event.data).unwrap()).collect();
    let mut said = left.last().unwrap().clone();
    let names = left.iter().filter_map(|said| said["streams"].as_array()).flatten().cloned();
    said["streams"] = Value::Array(names.collect());
    (said["after"], said["from"]) = (0.into(), 0.into());
    let positions = left.iter().flat_map(|said| {
        let bytes = BASE64_STANDARD.decode(said["positions"].as_str().unwrap()).unwrap();
        unpack(&bytes)
    });
    (said.clone(), positions.collect())
}

fn pack(positions: &[u64]) -> Vec<u8> {
    let (mut bytes, mut last) = (Vec::new(), 0);
    for position in positions {
        let mut rest = position - last;
        while rest >= 0x80 {
            bytes.push((rest & 0x7F) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        last = *position;
    }
    bytes
}

fn unpack(bytes: &[u8]) -> Vec<u64> {
    let (mut positions, mut last, mut rest, mut shift) = (Vec::new(), 0, 0, 0);
    for byte in bytes {
        rest |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            last += rest;
            positions.push(last);
            (rest, shift) = (0, 0);
        }
    }
    positions
}

/// Many who append at once are looked for together; one alone does not wait for others.
#[tokio::test(flavor = "multi_thread")]
async fn one_look_is_for_many_appends() {
    let server = start();
    server.control().flush_takes(Duration::from_millis(3));
    let log: Log = open(&server).await;
    let write = |writer: u64, appends: u64| {
        let log = log.clone();
        tokio::spawn(async move {
            let name = stream(&format!("writer-{writer}"));
            for n in 0..appends {
                let expected = Expected::from(n.checked_sub(1));
                let appended = log.append(&name, expected, vec![event(writer * 1000 + n)]).await;
                assert!(appended.unwrap().sequence.is_some());
            }
        })
    };
    let before = server.control().reads();
    for writer in (0..64).map(|writer| write(writer, 20)).collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let reads = server.control().reads() - before;
    assert!(reads < 64 * 20 / 8, "{reads} reads for {} appends", 64 * 20);
    let began = std::time::Instant::now();
    write(99, 50).await.unwrap();
    let each = began.elapsed() / 50;
    assert!(each < Duration::from_millis(100), "{each:?} for an append of one alone");
}
