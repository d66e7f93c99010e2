//! The log as server-sent events: nothing lost, nothing twice, and no cost to anyone else.

use super::support::*;
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than anything here takes, so that what hangs fails instead.
const PATIENCE: Duration = Duration::from_secs(60);

/// One block of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    id: Option<u64>,
    event: String,
    data: String,
    comment: bool,
}

/// A stream as a browser reads it.
struct Reader {
    response: reqwest::Response,
    text: String,
}

impl Reader {
    async fn open(client: &Client<'_>, query: &str, last: Option<u64>) -> Self {
        let path = format!("/v1/events{query}");
        let mut request = client.request("GET", &path).header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let mut reader = Self { response, text: String::new() };
        let begin = reader.raw().await.unwrap();
        assert!(begin.contains("retry: 3000"), "{begin}");
        reader
    }

    /// The text of the next block; nothing at a clean end.
    async fn raw(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    async fn block(&mut self) -> Option<Block> {
        let text = self.raw().await?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim_start().to_owned())
        };
        Some(Block {
            id: field("id:").map(|id| id.parse().unwrap()),
            event: field("event:").unwrap_or_default(),
            data: field("data:").unwrap_or_default(),
            comment: text.starts_with(':'),
        })
    }

    /// The events up to the marker that says that there are no more, and the marker's position.
    async fn caught_up(&mut self) -> (Vec<Value>, u64) {
        let mut events = Vec::new();
        loop {
            let block = self.block().await.expect("the stream ended");
            match block.event.as_str() {
                "caught-up" => return (events, block.id.unwrap()),
                "progress" => {}
                _ => {
                    let event: Value = serde_json::from_str(&block.data).unwrap();
                    assert_eq!(event["sequence"], format!("{:020}", block.id.unwrap()));
                    assert_eq!(event["type"], block.event);
                    events.push(event);
                }
            }
        }
    }
}

fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["sequence"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_connects_anew_loses_and_repeats_nothing() {
    let server = server().await;
    server.register(&["440000", "320000"]).await;
    let auditor = server.auditor();
    let mut reader = Reader::open(&auditor, "", None).await;
    let (backlog, position) = reader.caught_up().await;
    let head = server.app.log().head().await.unwrap().unwrap();
    assert_eq!(position, head);
    assert_eq!(numbers(&backlog), (0..=head).collect::<Vec<_>>());
    assert_eq!(backlog[0]["type"], "docket.log.log_created");
    let applied = apply("leading", "2016-01-05");
    server.province("440000").act("strong_province/440000", &applied).await.ok(201);
    let (live, position) = reader.caught_up().await;
    assert_eq!((numbers(&live), position), (vec![head + 1], head + 1));
    assert_eq!(live[0]["type"], "docket.enrollment.applied");
    assert_eq!(live[0]["subject"], "strong_province/440000");
    drop(reader);
    server.province("320000").act("strong_province/320000", &applied).await.ok(201);
    // The address still has the parameter that the first connection began with.
    let mut again = Reader::open(&auditor, "?after=0", Some(position)).await;
    let (missed, position) = again.caught_up().await;
    assert_eq!((numbers(&missed), position), (vec![head + 2], head + 2));
    let mut from_query = Reader::open(&auditor, &format!("?after={head}"), None).await;
    assert_eq!(numbers(&from_query.caught_up().await.0), vec![head + 1, head + 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_reader_gets_past_what_it_does_not_want() {
    let server = server_without_read_models().await;
    server.append("subject-many", 20_000, 0).await;
    server.append("subject-one", 2, 0).await;
    let auditor = server.auditor();
    let mut reader = Reader::open(&auditor, "?stream=subject-one", None).await;
    let head = server.app.log().head().await.unwrap().unwrap();
    let mut told = Vec::new();
    loop {
        let block = reader.block().await.unwrap();
        told.push((block.event.clone(), block.id.unwrap()));
        if block.event == "caught-up" {
            break;
        }
    }
    let progress = told.iter().filter(|(name, _)| name == "progress").count();
    assert_eq!((progress, told.len()), (2, 5), "{told:?}");
    assert!(told.is_sorted_by_key(|(_, id)| *id), "{told:?}");
    assert_eq!(told[4], ("caught-up".to_owned(), head));
    // What does not concern it moves its position all the same, within a second or so.
    server.append("subject-other", 3, 0).await;
    let asked = Instant::now();
    let (events, position) = reader.caught_up().await;
    assert_eq!((events.len(), position), (0, head + 3));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_cleanly_when_the_server_stops() {
    let mut server = server_without_read_models().await;
    let auditor = server.client(docket::api::auth::Role::Auditor, "audit", &[]).token;
    let client = Client { server: &server, token: auditor };
    let mut reader = Reader::open(&client, "", None).await;
    reader.caught_up().await;
    let served = server.served.take().unwrap();
    let asked = Instant::now();
    let (end, stopped) = tokio::join!(reader.block(), served.stop());
    // A chunked answer that is cut off would be an error instead.
    assert_eq!(end, None);
    stopped.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

/// An append costs one read of the log, however many wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_wait_share_what_is_read() {
    let server = server_without_read_models().await;
    let auditor = server.auditor();
    let mut readers = Vec::new();
    for _ in 0..40 {
        let mut reader = Reader::open(&auditor, "", None).await;
        reader.caught_up().await;
        readers.push(reader);
    }
    let before = server.log.pages();
    server.append("subject-one", 1, 0).await;
    for reader in &mut readers {
        assert_eq!(reader.caught_up().await.0.len(), 1);
    }
    let read = server.log.pages() - before;
    assert!(read <= 2, "{read} pages for one event and 40 readers");
}

/// A token is good for as long as it says, not for as long as a connection lasts.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token() {
    let server = server_without_read_models().await;
    let auditor = server.auditor();
    let mut reader = Reader::open(&auditor, "", None).await;
    reader.caught_up().await;
    server.seconds.fetch_add(24 * 3600, std::sync::atomic::Ordering::Relaxed);
    server.append("subject-one", 1, 0).await;
    assert_eq!(reader.block().await, None);
}

/// What can't be read is not passed over, and what stands before it is still delivered.
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_event_is_not_passed_over() {
    use docket::log::{EventLog, Expected, NewEvent, StreamName};
    let server = server_without_read_models().await;
    server.append("subject-good", 3, 0).await;
    let last = server.app.log().head().await.unwrap().unwrap();
    let event = NewEvent {
        event_id: uuid::Uuid::from_u128(99),
        event_type: "SubjectRenamed".to_owned(),
        recorded_at_us: 1,
        data: b"no JSON".as_slice().into(),
        metadata: b"{}".as_slice().into(),
    };
    let stream = StreamName::parse("subject-bad").unwrap();
    server.log.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
    server.append("subject-after", 1, 0).await;
    let auditor = server.auditor();
    let request = auditor.request("GET", "/v1/events").header("accept", "text/event-stream");
    let mut response = request.send().await.unwrap();
    let mut text = Vec::new();
    let broken = loop {
        match tokio::time::timeout(PATIENCE, response.chunk()).await.unwrap() {
            Ok(Some(chunk)) => text.extend_from_slice(&chunk),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    let text = String::from_utf8(text).unwrap();
    assert!(broken, "a stream that can't go on looks complete: {text}");
    let ids: Vec<u64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .map(|id| id.parse().unwrap())
        .collect();
    assert_eq!(ids.last(), Some(&last), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_stream_is_kept_alive() {
    let server = server_without_read_models().await;
    let auditor = server.auditor();
    let mut reader = Reader::open(&auditor, "", None).await;
    reader.caught_up().await;
    let began = Instant::now();
    assert!(reader.block().await.unwrap().comment);
    assert!(began.elapsed() <= Duration::from_secs(16), "{:?}", began.elapsed());
}

/// A client that stops reading costs a bounded number of pages, holds no snapshot of the database,
/// keeps no writer waiting, and finds everything when it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_reading_costs_nobody_anything() {
    let server = server_without_read_models().await;
    let before = server.app.log().head().await.unwrap().unwrap();
    let (events, bytes) = (24_000, 2000);
    let address = server.base.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let token = server.auditor().token;
    let request = format!(
        "GET /v1/events?after={before} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 16];
    socket.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK\r");
    server.append("subject-many", events, bytes).await;
    let pages = settled(&server).await;
    // 48 MB are 94 pages; what the kernel's buffers take is read, and no more.
    assert!(pages < 60, "{pages} pages were read for a client that reads none");
    let database = rusqlite::Connection::open(server.log_file()).unwrap();
    // Not TRUNCATE: a log whose WAL is cut short from outside is written on no more.
    let (frames, copied): (i64, i64) = database
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(1)?, row.get(2)?)))
        .unwrap();
    assert_eq!(frames, copied, "a snapshot is held while a client does not read");
    drop(database);
    let asked = Instant::now();
    server.append("subject-more", 10, 0).await;
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(settled(&server).await, pages, "it was read for a client that reads nothing");
    let last = format!("event: caught-up\nid: {:020}\n", before + events as u64 + 10);
    let (mut text, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
    let read_all = async {
        while !text.windows(last.len()).rev().take(4096).any(|part| part == last.as_bytes()) {
            let read = socket.read(&mut buffer).await.unwrap();
            assert!(read > 0, "the stream ended");
            text.extend_from_slice(&buffer[..read]);
        }
    };
    tokio::time::timeout(PATIENCE, read_all).await.unwrap();
    let count = text.windows(4).filter(|four| *four == b"id: ").count();
    assert!(count > events + 10, "{count}");
}

/// How many pages have been read, once that stands still.
async fn settled(server: &Server) -> usize {
    let mut pages = server.log.pages();
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = server.log.pages();
        if now == pages {
            return now;
        }
        pages = now;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_no_position_is_named() {
    let server = server_without_read_models().await;
    let auditor = server.auditor();
    let head = server.app.log().head().await.unwrap().unwrap();
    let ask = |query: &str, last: &str| {
        let request = auditor.request("GET", &format!("/v1/events{query}"));
        let request = request.header("accept", "text/event-stream");
        send(request.header("accept-language", "en").header("last-event-id", last))
    };
    let word = ask("", "seventeen").await.problem(400, "malformed-request");
    assert!(word["detail"].as_str().unwrap().contains("Last-Event-ID"), "{word}");
    let future = ask("", &(head + 1).to_string()).await.problem(400, "cursor-invalid");
    assert_eq!(future["parameter"], "Last-Event-ID");
    assert!(future["detail"].as_str().unwrap().contains(&format!("{head:020}")), "{future}");
    let limit = ask("?limit=5", "0").await.problem(400, "malformed-request");
    assert!(limit["detail"].as_str().unwrap().contains("limit"), "{limit}");
    let head_only = auditor.request("HEAD", "/v1/events").header("accept", "text/event-stream");
    let head_only = send(head_only).await.ok(200);
    assert_eq!((head_only.header("content-type"), head_only.body.len()), ("text/event-stream", 0));
}
