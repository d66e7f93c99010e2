//! A few requests exhaust nothing: streams have a number and a size, who takes nothing is left, and
//! what is asked is answered with bounded work.

use super::support::*;
use docket::api::{ApiSettings, Limits};
use docket::log::{Expected, NewEvent, StreamName, on_backlog};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn few(limits: Limits) -> ApiSettings {
    ApiSettings { workers: Some(2), limits, ..ApiSettings::default() }
}

async fn stream(client: &Client<'_>) -> reqwest::Response {
    let request = client.request("GET", "/v1/events").header("accept", "text/event-stream");
    request.header("accept-language", "en").send().await.unwrap()
}

/// Waits until a figure is as told.
async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded_for_each_and_for_all() {
    let limits = Limits { streams: 3, streams_of_one: 2, ..Limits::default() };
    let server = server_with(few(limits)).await;
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.copy.is_some()).await.unwrap();
    let (auditor, registrar) = (server.auditor(), server.registrar());
    let mut open = vec![stream(&auditor).await, stream(&auditor).await];
    for path in ["/v1/events?limit=all", "/v1/events", "/v1/exports/act"] {
        let request = auditor.request("GET", path).header("accept-language", "en");
        let accept = match path {
            "/v1/events" => "text/event-stream",
            "/v1/exports/act" => "text/csv",
            _ => "application/x-ndjson",
        };
        let refused = send(request.header("accept", accept)).await;
        let problem = refused.problem(429, "rate-limited");
        assert_eq!(refused.header("retry-after"), "5", "{path}");
        assert_eq!(problem["violated_policies"], serde_json::json!(["streams"]));
    }
    // Others, pages, and the head of a stream are not concerned.
    auditor.get("/v1/events?limit=5").await.ok(200);
    open.push(stream(&registrar).await);
    let refused =
        send(registrar.request("GET", "/v1/events").header("accept", "text/event-stream"));
    let refused = refused.await;
    refused.problem(503, "server-busy");
    assert_eq!(refused.header("retry-after"), "10");
    assert_eq!((server.state.outgoing.streams(), open.len()), (3, 3));
    drop(open);
    // What is written next finds that nobody is there.
    for number in 0..3 {
        server.register(&[format!("x{number}").as_str()]).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    until("the places are given back", || server.state.outgoing.streams() == 0).await;
    assert_eq!(stream(&auditor).await.status(), 200);
}

/// A feed reader that never reads held 4.6 MiB without limit.
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_holds_little_and_is_left() {
    let patience = Duration::from_secs(2);
    let mut server =
        server_without_read_models_with(few(Limits { patience, ..Limits::default() })).await;
    // More than the system's buffers take.
    server.append("x", 6000, 4000).await;
    let auditor = server.auditor();
    let mut stuck = Vec::new();
    for (accept, path) in [
        ("application/x-ndjson", "/v1/events?limit=all"),
        ("text/event-stream", "/v1/events"),
        ("application/json", "/v1/events?limit=1000"),
        ("application/json", "/v1/events?limit=1000"),
    ] {
        let mut connection =
            TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\nauthorization: Bearer {}\r\n\r\n",
            auditor.token
        );
        // Small pages several times over, so that more waits than the system takes.
        let times = if path.ends_with("1000") { 4 } else { 1 };
        connection.write_all(request.repeat(times).as_bytes()).await.unwrap();
        stuck.push(connection);
    }
    until("streams are open", || server.state.outgoing.streams() == 2).await;
    let mut most = 0;
    let began = Instant::now();
    while server.state.outgoing.streams() > 0 || server.state.outgoing.bytes() > 0 {
        most = most.max(server.state.outgoing.bytes());
        assert!(began.elapsed() < Duration::from_secs(30), "{most} bytes wait for ever");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(began.elapsed() >= Duration::from_secs(1), "left too soon: {:?}", began.elapsed());
    assert!(most > 0 && most < 16 << 20, "{most} bytes waited");
    for mut connection in stuck {
        let mut rest = Vec::new();
        // What the system had taken is read; then the connection is found to be gone.
        let read = tokio::time::timeout(patience, connection.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "still open");
        assert!(!rest.ends_with(b"0\r\n\r\n"), "a broken answer looks complete");
    }
    server.served.take().unwrap().stop().await.unwrap();
}

/// HEAD of a stream read the whole log and threw it away.
#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_a_stream_reads_nothing_of_it() {
    let server = server_without_read_models().await;
    server.append("x", 3000, 100).await;
    let auditor = server.auditor();
    for accept in ["application/x-ndjson", "text/event-stream"] {
        let path = if accept.ends_with("json") { "/v1/events?limit=all" } else { "/v1/events" };
        let before = server.log.pages();
        let head = send(auditor.request("HEAD", path).header("accept", accept)).await.ok(200);
        assert_eq!(head.header("content-type"), accept);
        assert_eq!(head.header("content-length"), "", "no size is known");
        assert!(head.body.is_empty());
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(server.log.pages() - before <= 1, "{} pages", server.log.pages() - before);
    }
    assert_eq!(server.state.outgoing.streams(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn single_reads_and_acts_do_not_wait_for_the_backlog() {
    let server = server().await;
    server.register(&["440000"]).await;
    let busy: Vec<_> = (0..2)
        .map(|_| tokio::spawn(on_backlog(|| std::thread::sleep(Duration::from_secs(6)))))
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    server
        .province("440000")
        .act("strong_province/440000", &apply("leading", "2016-01-05"))
        .await
        .ok(201);
    server.auditor().get("/v1/enrollments/strong_province/440000").await.ok(200);
    server.auditor().get("/v1/events?limit=50").await.ok(200);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(busy.iter().all(|page| !page.is_finished()), "it was no test");
}

/// Right after a bulk load the whole load was looked through for what was known at an instant.
#[tokio::test(flavor = "multi_thread")]
async fn known_at_after_a_bulk_load_looks_at_few_events() {
    let server = server().await;
    server.register(&["440000"]).await;
    let head = server.app.log().head().await.unwrap().unwrap();
    let registered = server.app.log().read_all(head.checked_sub(1), 1).await.unwrap();
    let like = registered.events[0].clone();
    let text = String::from_utf8(like.data.to_vec()).unwrap();
    // A load within the second, in which each event but the last was recorded later than the next.
    let appends = (0..9000_u32).map(|number| {
        let id = format!("x{number:05}");
        let data = text.replace("\"440000\"", &format!("\"{id}\""));
        let event = NewEvent {
            event_id: uuid::Uuid::from_u128(u128::from(number) + 1),
            event_type: like.event_type.to_string(),
            recorded_at_us: like.recorded_at_us + 1_000_000 - i64::from(number),
            data: data.into_bytes().into(),
            metadata: like.metadata.clone(),
        };
        let (log, stream) = (server.app.log().clone(), StreamName::parse(&format!("subject-{id}")));
        async move { log.append(&stream.unwrap(), Expected::NoStream, vec![event]).await.unwrap() }
    });
    futures_util::future::join_all(appends).await;
    let all = head + 9000;
    let mut status = server.state.models_status.clone();
    let there = status.wait_for(|status| status.has(all));
    tokio::time::timeout(Duration::from_secs(60), there).await.unwrap().unwrap();
    let before = server.log.pages();
    let instant = |us| docket::domain::date::Timestamp::from_micros(us);
    for (us, wanted) in [
        (like.recorded_at_us + 1_000_000, all),
        // The first event of the load is the latest: until then none of it was known.
        (like.recorded_at_us + 999_999, head),
        (like.recorded_at_us, head),
    ] {
        let path =
            format!("/v1/enrollments?known_at={}", instant(us).to_rfc3339().replace('+', "%2B"));
        let list = server.auditor().get(&path).await.ok(200).json();
        assert_eq!(list["known_to_sequence"], format!("{wanted:020}"), "{list}");
    }
    let pages = server.log.pages() - before;
    assert!(pages < 100, "{pages} pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schemas_of_events_are_written_once() {
    let server = server().await;
    let auditor = server.auditor();
    let path = "/schemas/events/PlanSubmitted.v1.json";
    let first = auditor.get(path).await.ok(200);
    assert_eq!(first.json()["title"], "PlanSubmitted");
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(auditor.get(path).await.ok(200).body, first.body);
    }
    // Made anew they took a debug build some tens of milliseconds each.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let tag = first.header("etag").to_owned();
    let same = auditor.request("GET", path).header("accept-language", "en");
    send(same.header("if-none-match", tag)).await.ok(304);
    auditor.get("/schemas/events/Nothing.v1.json").await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_shown_in_the_metrics() {
    use docket::api::metrics::{Exposition, Form};
    let server = server_with(few(Limits { streams_of_one: 1, ..Limits::default() })).await;
    let auditor = server.auditor();
    let _open = stream(&auditor).await;
    assert_eq!(stream(&auditor).await.status(), 429);
    let text = Exposition::new(server.state.clone()).text(Form::Prometheus).await.unwrap();
    for line in [
        "# HELP docket_streams_open Feeds, exports and documents that are going out.",
        "docket_streams_open 1",
        "docket_limits_met_total{limit=\"streams\"} 1",
        "docket_limits_met_total{limit=\"exports\"} 0",
        "docket_answers_waiting_bytes 0",
        "docket_recording_stopped 0",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line} is not in {text}");
    }
}
