//! What stands on the wire: framing for clients of HTTP/1.0, requests for another protocol, bodies
//! that are waited with, and bodies that come slowly.

use super::support::*;
use docket::api::ApiSettings;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ACTS: &str = "/v1/enrollments/strong_province/440000/acts";
const NOTE: &str = r#"{"act":"note","effective_on":"2016-04-01","text":"x"}"#;

/// One connection.
struct Wire(TcpStream);

impl Wire {
    async fn open(server: &Server) -> Self {
        Self(TcpStream::connect(server.base.strip_prefix("http://").unwrap()).await.unwrap())
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// What comes until the text is there, the server closes, or nothing more comes for a second.
    async fn until(&mut self, text: &str) -> (String, bool) {
        let (mut all, mut part) = (Vec::new(), [0; 16 * 1024]);
        loop {
            let read = tokio::time::timeout(Duration::from_millis(2500), self.0.read(&mut part));
            match read.await {
                Ok(Ok(0) | Err(_)) => return (String::from_utf8_lossy(&all).into_owned(), true),
                Ok(Ok(read)) => all.extend_from_slice(&part[..read]),
                Err(_) => return (String::from_utf8_lossy(&all).into_owned(), false),
            }
            let so_far = String::from_utf8_lossy(&all);
            if !text.is_empty() && so_far.contains(text) {
                return (so_far.into_owned(), false);
            }
        }
    }
}

/// Sends one request; what came, and whether the server closed the connection.
async fn once(server: &Server, request: &str) -> (String, bool) {
    let mut wire = Wire::open(server).await;
    wire.send(request.as_bytes()).await;
    wire.until("").await
}

fn parts(answer: &str) -> (String, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    (head.to_ascii_lowercase(), body)
}

fn get(client: &Client<'_>, version: &str, path: &str, more: &str) -> String {
    let token = &client.token;
    format!("GET {path} HTTP/{version}\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{more}\r\n")
}

fn post(client: &Client<'_>, path: &str, more: &str, body: &str) -> String {
    let (token, key) = (&client.token, new_key());
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nIdempotency-Key: {key}\r\nIf-Match: *\r\n{more}\r\n{body}"
    )
}

/// A client of HTTP/1.0 took the sizes of chunks for content.
#[tokio::test(flavor = "multi_thread")]
async fn old_clients_get_no_chunks() {
    let server = server().await;
    server.register(&["440000"]).await;
    let auditor = server.auditor();
    let head = server.app.log().head().await.unwrap().unwrap();
    let waiting = format!("/v1/subjects?min_sequence={head}");
    send(auditor.request("GET", &waiting).header("prefer", "wait=20")).await.ok(200);
    let digest = auditor.server.registrar().upload(b"exercise").await;
    for keep in ["", "Connection: keep-alive\r\n"] {
        for (path, accept, begins) in [
            ("/v1/exports/act".to_owned(), "text/csv", "enrollment,"),
            ("/v1/events?limit=all".to_owned(), "application/x-ndjson", "{\"sequence\":"),
            (format!("/v1/documents/{digest}"), "*/*", "exercise"),
        ] {
            let more = format!("{keep}Accept: {accept}\r\n");
            let (answer, closed) = once(&server, &get(&auditor, "1.0", &path, &more)).await;
            let (head, body) = parts(&answer);
            assert!(head.starts_with("http/1.0 200") && !head.contains("chunked"), "{head}");
            assert!(body.starts_with(begins), "{path}: {body}");
            assert!(closed || head.contains("content-length: "), "{path} has an end");
            assert!(closed || !keep.is_empty(), "{path} {head}");
        }
        let more = format!("{keep}Accept: text/event-stream\r\n");
        let mut wire = Wire::open(&server).await;
        wire.send(get(&auditor, "1.0", "/v1/events", &more).as_bytes()).await;
        let (answer, _) = wire.until("caught-up").await;
        let (head, body) = parts(&answer);
        assert!(!head.contains("chunked") && !head.contains("keep-alive"), "{head}");
        assert!(body.starts_with(": the log"), "{body}");
    }
    // What has a length is as it was, and its connection goes on where that is asked for.
    let (answer, closed) =
        once(&server, &get(&auditor, "1.0", "/v1/programs", "Connection: keep-alive\r\n")).await;
    assert!(!closed && parts(&answer).0.contains("content-length: "), "{answer}");
    let new = get(&auditor, "1.1", "/v1/exports/act", "");
    assert!(parts(&once(&server, &new).await.0).0.contains("transfer-encoding: chunked"));
}

/// An export announced chunks and sent none; an act waited for the end of a body that was there.
#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_is_not_spoken() {
    let server = server().await;
    server.register(&["440000"]).await;
    let (auditor, registrar) = (server.auditor(), server.registrar());
    server
        .province("440000")
        .act("strong_province/440000", &apply("leading", "2016-01-05"))
        .await
        .ok(201);
    for upgrade in [
        "Upgrade: websocket\r\nConnection: upgrade\r\n",
        "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n",
        "Upgrade: websocket\r\n",
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n",
    ] {
        let lines = format!("{upgrade}Accept: application/x-ndjson\r\n");
        let request = get(&auditor, "1.1", "/v1/events?limit=all", &lines);
        let (answer, closed) = once(&server, &request).await;
        let (head, body) = parts(&answer);
        assert!(head.starts_with("http/1.1 200") && closed, "{upgrade}: {answer}");
        assert!(!head.contains("upgrade") && !head.contains("chunked"), "{head}");
        assert_eq!(
            body.lines().count() as u64,
            server.app.log().head().await.unwrap().unwrap() + 1
        );
        let more = format!("{upgrade}Content-Length: {}\r\n", NOTE.len());
        let since = Instant::now();
        // What follows a body is none of it.
        let note = post(&registrar, ACTS, &more, &format!("{NOTE}GET / HTTP/1.1\r\n"));
        let (answer, _) = once(&server, &note).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{upgrade}: {answer}");
        assert!(since.elapsed() < Duration::from_secs(10));
        let chunks = format!("{upgrade}Transfer-Encoding: chunked\r\n");
        let chunked = format!("{:x}\r\n{NOTE}\r\n0\r\n\r\n", NOTE.len());
        let (answer, _) = once(&server, &post(&registrar, ACTS, &chunks, &chunked)).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{upgrade}: {answer}");
        let (answer, _) = once(&server, &post(&registrar, ACTS, upgrade, "")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "no length, no body: {answer}");
    }
}

fn statuses(answer: &str) -> Vec<&str> {
    answer.split("HTTP/1.1 ").skip(1).map(|rest| &rest[..3]).collect()
}

/// A client that asks first was told to go on, and refused once it had sent its body.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_asked_for_only_where_it_can_do() {
    let settings = ApiSettings { workers: Some(2), max_body_bytes: 4096, ..ApiSettings::default() };
    let server = server_with(settings).await;
    server.register(&["440000"]).await;
    let (registrar, auditor) = (server.registrar(), server.auditor());
    let nobody = Client { server: &server, token: "x.y.z".to_owned() };
    let huge = "10000000000";
    for (client, method, path, more, status, name) in [
        (&nobody, "POST", "/v1/documents", "Content-Length: 100\r\n", "401", "invalid-token"),
        (&auditor, "POST", "/v1/documents", "Content-Length: 100\r\n", "403", "role-forbidden"),
        (
            &registrar,
            "POST",
            "/v1/documents?x=1",
            "Content-Length: 9\r\n",
            "400",
            "unknown-parameter",
        ),
        (
            &registrar,
            "POST",
            "/v1/documents",
            &format!("Content-Length: {huge}\r\n"),
            "413",
            "payload-too-large",
        ),
        (&registrar, "POST", ACTS, "Content-Length: 4097\r\n", "413", "payload-too-large"),
        (
            &registrar,
            "POST",
            ACTS,
            "Content-Length: 9\r\nContent-Encoding: gzip\r\n",
            "415",
            "unsupported-media-type",
        ),
        (
            &registrar,
            "POST",
            ACTS,
            "Content-Length: 9\r\nContent-Type: text/plain\r\n",
            "415",
            "unsupported-media-type",
        ),
        (&registrar, "PUT", "/v1/documents", "Content-Length: 9\r\n", "405", "method-not-allowed"),
        (&registrar, "POST", "/v1/nowhere", "Content-Length: 9\r\n", "404", "not-found"),
    ] {
        for expect in ["Expect: 100-continue\r\n", "expect: 100-Continue\r\n"] {
            let request = post(client, path, &format!("{more}{expect}"), "");
            let request = request.replacen("POST", method, 1);
            let (answer, closed) = once(&server, &request).await;
            assert_eq!(statuses(&answer), [status], "{path}: {answer}");
            let (head, body) = parts(&answer);
            assert!(head.contains("content-type: application/problem+json"), "{head}");
            assert!(head.contains("x-content-type-options: nosniff"), "{head}");
            assert!(body.contains(&format!("/problems/{name}\"")), "{body}");
            assert!(closed && head.contains("connection: close"), "{head}");
        }
    }
    let mut wire = Wire::open(&server).await;
    let more = format!("Content-Length: {}\r\nExpect: 100-continue\r\n", NOTE.len());
    wire.send(post(&registrar, ACTS, &more, "").as_bytes()).await;
    assert_eq!(wire.until("\r\n\r\n").await.0, "HTTP/1.1 100 Continue\r\n\r\n");
    wire.send(NOTE.as_bytes()).await;
    let (answer, _) = wire.until("}").await;
    assert_eq!(statuses(&answer), ["201"], "{answer}");
}

/// A large document on a slow line was cut off after the time that an act may take.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_takes_as_long_as_it_needs_while_bytes_come() {
    let patience = Duration::from_millis(600);
    let settings =
        ApiSettings { workers: Some(2), request_timeout: patience, ..ApiSettings::default() };
    let server = server_with(settings).await;
    server.register(&["440000"]).await;
    let registrar = server.registrar();
    let mut wire = Wire::open(&server).await;
    let since = Instant::now();
    wire.send(post(&registrar, "/v1/documents", "Content-Length: 8\r\n", "").as_bytes()).await;
    for byte in b"exercise" {
        tokio::time::sleep(patience / 3).await;
        wire.send(&[*byte]).await;
    }
    let (answer, _) = wire.until("}").await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(since.elapsed() > 2 * patience);
    let digest = registrar.upload(b"exercise").await;
    assert!(answer.contains(&digest), "{answer}");
    let mut silent = Wire::open(&server).await;
    silent
        .send(post(&registrar, "/v1/documents", "Content-Length: 8\r\n", "exer").as_bytes())
        .await;
    let (answer, _) = silent.until("}").await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request-timeout"), "{answer}");
    // An act has that long as a whole.
    let mut slow = Wire::open(&server).await;
    let more = format!("Content-Length: {}\r\n", NOTE.len());
    slow.send(post(&registrar, ACTS, &more, "").as_bytes()).await;
    for byte in &NOTE.as_bytes()[..8] {
        tokio::time::sleep(patience / 3).await;
        if slow.0.write_all(&[*byte]).await.is_err() {
            break;
        }
    }
    let (answer, _) = slow.until("}").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

/// It said that the stream is empty.
#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_a_stream_says_no_length() {
    let server = server().await;
    let auditor = server.auditor();
    for version in ["1.0", "1.1"] {
        let more = "Accept: text/event-stream\r\nConnection: close\r\n";
        let request = get(&auditor, version, "/v1/events", more).replacen("GET", "HEAD", 1);
        let (answer, closed) = once(&server, &request).await;
        let (head, body) = parts(&answer);
        assert!(
            head.contains(" 200 ") && head.contains("content-type: text/event-stream"),
            "{head}"
        );
        assert!(!head.contains("content-length") && closed && body.is_empty(), "{answer}");
    }
}

/// The chunks of a body that nobody reads were taken for as long as the client sent them.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_an_end_that_nobody_reads_ends_its_connection() {
    let server = server().await;
    server.register(&["440000"]).await;
    let auditor = server.auditor();
    let chunked = "Transfer-Encoding: chunked\r\n";
    let nobody = format!("POST {ACTS} HTTP/1.1\r\nHost: x\r\n{chunked}\r\n");
    for (request, status) in [
        (get(&auditor, "1.1", "/v1/subjects/440000", chunked), "http/1.1 200"),
        (get(&auditor, "1.1", "/v1/nowhere", chunked), "http/1.1 404"),
        (nobody, "http/1.1 401"),
    ] {
        let mut wire = Wire::open(&server).await;
        wire.send(request.as_bytes()).await;
        let (answer, _) = wire.until("}").await;
        let (head, _) = parts(&answer);
        assert!(head.starts_with(status) && head.contains("connection: close"), "{head}");
        let until = Instant::now() + Duration::from_secs(20);
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        while wire.0.write_all(chunk.as_bytes()).await.is_ok() {
            assert!(Instant::now() < until, "{status}: the body is read for ever");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // One that was read to its end costs no connection.
    let mut wire = Wire::open(&server).await;
    let (chunk, end) = (format!("{:x}\r\n{NOTE}\r\n", NOTE.len()), "0\r\n\r\n");
    let registrar = server.registrar();
    for _ in 0..2 {
        wire.send(post(&registrar, ACTS, chunked, &format!("{chunk}{end}")).as_bytes()).await;
        let (answer, closed) = wire.until("}").await;
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        assert!(!answer.to_ascii_lowercase().contains("connection: close") && !closed, "{answer}");
    }
}
