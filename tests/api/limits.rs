//! Forms and sizes: what is no request, too large, too slow, or asked the wrong way.

use super::support::*;
use docket::api::ApiSettings;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ACTS: &str = "/v1/enrollments/strong_province/440000/acts";

fn small() -> ApiSettings {
    ApiSettings {
        workers: Some(2),
        max_body_bytes: 4096,
        request_timeout: Duration::from_millis(700),
        ..ApiSettings::default()
    }
}

async fn raw(client: &Client<'_>, content_type: &str, body: Vec<u8>) -> Reply {
    let request = client.request("POST", ACTS).header("idempotency-key", new_key());
    let request = request.header("if-match", "*").header("content-type", content_type);
    send(request.body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_acts() {
    let server = server_with(small()).await;
    server.register(&["440000"]).await;
    let province = server.province("440000");
    let json = "application/json";
    raw(&province, json, b"{\"act\":".to_vec()).await.problem(400, "malformed-request");
    let bytes = b"{\"act\":\"\xff\"}".to_vec();
    let utf8 = raw(&province, json, bytes).await.problem(400, "malformed-request");
    assert!(utf8["detail"].as_str().unwrap().contains("UTF-8"));
    raw(&province, json, b"[1]".to_vec()).await.problem(400, "malformed-request");
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40)).into_bytes();
    let deep = raw(&province, json, deep).await.problem(400, "malformed-request");
    assert!(!deep["detail"].as_str().unwrap().is_empty());
    let large = format!("{{\"act\":\"{}\"}}", "x".repeat(5000)).into_bytes();
    let large = raw(&province, json, large).await.problem(413, "payload-too-large");
    assert_eq!(large["limit_bytes"], 4096);
    for other in ["text/plain", "application/json; charset=gb18030", ""] {
        let refused = raw(&province, other, b"{}".to_vec()).await;
        let refused = refused.problem(415, "unsupported-media-type");
        assert_eq!(refused["accept"], json!(["application/json"]));
    }
    let application = apply("leading", "2016-01-05").to_string().into_bytes();
    raw(&province, "Application/JSON; charset=\"UTF-8\"", application).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_heads_have_sizes() {
    let server = server().await;
    let auditor = server.auditor();
    let long = format!("/v1/enrollments?program={}", "x".repeat(9000));
    auditor.get(&long).await.problem(414, "uri-too-long");
    let heads = auditor.request("GET", "/v1/programs").header("x-y", "z".repeat(40_000));
    send(heads).await.problem(431, "headers-too-large");
    send(auditor.request("GET", "/v1/programs").header("accept", "text/csv"))
        .await
        .problem(406, "not-acceptable");
    auditor.get("/v1/programs").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_are_those_of_the_address() {
    let server = server().await;
    let auditor = server.auditor();
    for method in ["DELETE", "PUT", "PATCH", "TRACE"] {
        let reply = send(auditor.request(method, ACTS)).await;
        reply.problem(405, "method-not-allowed");
        assert_eq!(reply.header("allow"), "GET, HEAD, POST, OPTIONS", "{method}");
    }
    let options = send(server.request("OPTIONS", "/v1/programs")).await.ok(204);
    assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
    let get = auditor.get("/v1/programs").await.ok(200);
    let head = send(auditor.request("HEAD", "/v1/programs").header("accept-language", "en")).await;
    let head = head.ok(200);
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert!(head.body.is_empty());
}

/// A client that begins a request and then says nothing must not hold its place for ever.
#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_cut_off() {
    let server = server_with(small()).await;
    server.register(&["440000"]).await;
    let address = server.base.strip_prefix("http://").unwrap();
    let token = server.province("440000").token;
    let mut slow = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {ACTS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(10), slow.read(&mut part)).await;
    answer.extend_from_slice(&part[..read.unwrap().unwrap()]);
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    let mut half = TcpStream::connect(address).await.unwrap();
    half.write_all(b"GET /v1/programs HTTP/1.1\r\nhost").await.unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), half.read_to_end(&mut rest)).await;
    ended.unwrap().unwrap();
    server.auditor().get("/v1/programs").await.ok(200);
}
