//! What is not the client's fault: each failure says what is certain, shows no cause, and passes.

use super::support::*;
use docket::app::clock::SystemClock;
use docket::domain::date::Timestamp;
use docket::log::{EventLog as _, Expected, LogError, NewEvent, Stop, StreamName};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const ONE: &str = "strong_province/440000";

async fn applied() -> Server {
    let server = server().await;
    server.register(&["440000"]).await;
    server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await.ok(201);
    server
}

async fn approve_with(server: &Server, key: &str) -> Reply {
    let path = format!("/v1/enrollments/{ONE}/acts");
    let request = server.national().request("POST", &path).header("idempotency-key", key);
    send(request.header("if-match", "*").json(&approve("2016-03-01"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_fails_says_whether_anything_was_written() {
    let server = applied().await;
    let secret = "the disk at cylinder 7";
    server.log.fail_appends(LogError::Unavailable(secret.to_owned()));
    let reply = approve_with(&server, "k").await;
    let problem = reply.problem(503, "event-store-unavailable");
    assert_eq!(reply.header("retry-after"), "5");
    assert!(!problem.to_string().contains(secret), "{problem}");
    server.log.fail_appends(LogError::Moving(secret.to_owned()));
    let reply = approve_with(&server, "k").await;
    let problem = reply.problem(503, "log-moving");
    assert_eq!(reply.header("retry-after"), "5");
    assert!(!problem.to_string().contains(secret), "{problem}");
    server.log.fail_appends(LogError::OutcomeUnknown(secret.to_owned()));
    let reply = approve_with(&server, "k").await;
    assert_eq!(reply.problem(503, "outcome-unknown")["idempotency_key"], "k");
    server.log.heal();
    let first = approve_with(&server, "k").await.ok(201);
    assert_eq!(approve_with(&server, "k").await.ok(201).body, first.body);
    let corrupt = LogError::Corrupt { sequence: 3, reason: secret.to_owned() };
    server.log.fail_reads(corrupt);
    let acts = server.auditor().get(&format!("/v1/enrollments/{ONE}/acts")).await;
    let problem = acts.problem(500, "log-integrity-failure");
    assert!(!problem.to_string().contains(secret), "{problem}");
    server.log.fail_reads(LogError::Invalid(secret.to_owned()));
    let acts = server.auditor().get(&format!("/v1/enrollments/{ONE}/acts")).await;
    acts.problem(500, "internal-error");
    server.log.heal();
    server.auditor().get(&format!("/v1/enrollments/{ONE}/acts")).await.ok(200);
}

/// What stops recording until somebody acts says what, and what would help; sending again does not, so no
/// time to wait is named. Reading goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_stopped_says_why_and_goes_on_reading() {
    let server = applied().await;
    let known_by = "the read models".to_owned();
    server.log.recording().stop(Stop::Shorter { head: Some(4), known: 9, known_by });
    let reply = approve_with(&server, "k").await;
    assert_eq!(reply.header("retry-after"), "");
    let problem = reply.problem(503, "recording-stopped");
    assert_eq!(problem["code"], "RECORDING_STOPPED");
    assert_eq!(problem["reason"], "LOG_SHORTER");
    assert_eq!(problem["log_sequence"], "00000000000000000004");
    assert_eq!(problem["known_sequence"], "00000000000000000009");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("docket log accept-loss"), "{detail}");
    server.auditor().get(&format!("/v1/enrollments/{ONE}")).await.ok(200);
}

/// A feed that breaks off must not look complete.
#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_breaks_off_has_no_end() {
    // Without read models, whose reads would be counted too.
    let server = server_without_read_models().await;
    server.register(&["440000"]).await;
    server.log.fail_reads_after(1, LogError::Unavailable("gone".to_owned()));
    let request = server.auditor().request("GET", "/v1/events?limit=all");
    let request = request.header("accept", "application/x-ndjson");
    let whole = async { request.send().await?.bytes().await };
    assert!(whole.await.is_err());
    server.log.heal();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_stands_behind_the_log_writes_nothing() {
    let server = applied().await;
    let head = server.app.log().head().await.unwrap();
    server.clock.set(Timestamp::parse_rfc3339("2026-11-22T11:54:59+08:00").unwrap());
    refused_for_its_clock(&server, head).await;
    server.clock.set(Timestamp::parse_rfc3339("2026-11-22T11:55:00+08:00").unwrap());
    approve_with(&server, "k").await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_writes_nothing() {
    let wall = Arc::new(AtomicI64::new(Timestamp::parse_rfc3339(NOW).unwrap().micros()));
    let shown = wall.clone();
    let clock = SystemClock::of(move || shown.load(Ordering::SeqCst), || 0);
    let server = server_by(Arc::new(clock)).await;
    server.register(&["440000"]).await;
    server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await.ok(201);
    let head = server.app.log().head().await.unwrap();
    wall.fetch_add(5_000_001, Ordering::SeqCst);
    refused_for_its_clock(&server, head).await;
    wall.fetch_sub(1, Ordering::SeqCst);
    approve_with(&server, "k").await.ok(201);
}

async fn refused_for_its_clock(server: &Server, head: Option<u64>) {
    let reply = approve_with(server, "k").await;
    reply.problem(503, "clock-unreliable");
    assert_eq!(reply.header("retry-after"), "30");
    let renamed = json!({
        "name": { "en": "Canton", "zh": "粤" }, "source": "test", "effective_on": "2020-01-01",
    });
    let reply = server.registrar().post("/v1/subjects/440000/renamings", &renamed).await;
    reply.problem(503, "clock-unreliable");
    assert_eq!(server.app.log().head().await.unwrap(), head, "nothing was appended");
    let status = server.auditor().get(&format!("/v1/enrollments/{ONE}")).await.ok(200).json();
    assert_eq!(status["stands_at"]["node"], "candidate.applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_that_stopped_go_on_serving_and_say_so() {
    let server = applied().await;
    let head = server.app.log().head().await.unwrap().unwrap();
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.has(head)).await.unwrap();
    let unknown = NewEvent {
        event_id: uuid::Uuid::from_u128(1),
        event_type: "FromTheFuture".to_owned(),
        recorded_at_us: server.app.clock().now().micros(),
        data: b"{}".to_vec().into(),
        metadata: json!({
            "schema_version": "1", "office": "docket", "effective_on": "2026-11-22",
            "recorded_at": NOW,
        })
        .to_string()
        .into_bytes()
        .into(),
    };
    let stream = StreamName::parse("strong_province-440000").unwrap();
    let log = server.app.log();
    log.append(&stream, Expected::Revision(0), vec![unknown]).await.unwrap();
    status.wait_for(|status| status.failed.is_some()).await.unwrap();
    let path = format!("/v1/enrollments?min_sequence={}", head + 1);
    let failed = server.auditor().get(&path).await.problem(503, "projection-failed");
    assert_eq!(failed["sequence"], format!("{head:020}"));
    let list = server.auditor().get("/v1/enrollments").await.ok(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert!(list["projection"]["failed"].is_string(), "{list}");
    let ready = send(server.request("GET", "/health/ready")).await.ok(200).json();
    assert_eq!(ready["read_models"]["status"], "FAILED");
    assert_eq!(ready["read_models"]["failed_at"], format!("{:020}", head + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_not_there_yet_are_asked_for_later() {
    let server = server_without_read_models().await;
    let reply = server.auditor().get("/v1/enrollments").await;
    reply.problem(503, "projection-rebuilding");
    assert_eq!(reply.header("retry-after"), "10");
    let behind = server.auditor().get("/v1/enrollments?min_sequence=0").await;
    behind.problem(503, "projection-behind");
    server.auditor().get("/v1/programs").await.ok(200);
}
