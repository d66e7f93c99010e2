//! What hangs has a limit and its own answer, and health says what works.

use super::support::*;
use docket::api::{ApiSettings, Limits};
use docket::log::{EventLog, LogError, Stop};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ENROLLMENT: &str = "strong_province/440000";

fn hasty() -> ApiSettings {
    let limits = Limits { patience: Duration::from_secs(3), ..Limits::default() };
    let answer_timeout = Duration::from_secs(3);
    ApiSettings { workers: Some(2), answer_timeout, limits, ..ApiSettings::default() }
}

async fn ready(server: &Server, status: u16) -> Value {
    send(server.request("GET", "/health/ready")).await.ok(status).json()
}

fn statuses(ready: &Value) -> [&str; 5] {
    ["log", "reads", "acts", "lists", "documents"]
        .map(|part| ready[part]["status"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_hangs_is_answered_for() {
    let server = server_with(hasty()).await;
    server.register(&["440000"]).await;
    let (province, auditor) = (server.province("440000"), server.auditor());
    province.act(ENROLLMENT, &apply("leading", "2016-01-05")).await.ok(201);
    server.log.hang(true);
    let began = Instant::now();
    let read = auditor.get("/v1/events?limit=3").await;
    read.problem(503, "event-store-unavailable");
    assert_eq!(read.header("retry-after"), "5");
    let request = province.request("POST", &format!("/v1/enrollments/{ENROLLMENT}/acts"));
    let request = request.header("idempotency-key", "the-key").header("if-match", "*");
    let note = json!({ "act": "note", "effective_on": "2016-02-01", "text": "x" });
    let act = send(request.header("accept-language", "en").json(&note)).await;
    let problem = act.problem(503, "outcome-unknown");
    assert!(problem["idempotency_key"].as_str().unwrap().contains("the-key"), "{problem}");
    assert_eq!(act.header("retry-after"), "5");
    let hung = ready(&server, 503).await;
    assert_eq!(statuses(&hung), ["DOWN", "DOWN", "DOWN", "UP", "UP"], "{hung}");
    assert!(hung["reads"]["reason"].as_str().unwrap().contains("does not answer"), "{hung}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    server.log.hang(false);
    auditor.get("/v1/events?limit=3").await.ok(200);
    assert_eq!(ready(&server, 200).await["status"], "UP");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_hang_are_answered_for() {
    let server = server_with(hasty()).await;
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.copy.is_some()).await.unwrap();
    let hung: Vec<_> = (0..4)
        .map(|_| {
            let models = server.state.models.clone();
            let wait = || std::thread::sleep(Duration::from_secs(8));
            tokio::spawn(async move {
                models
                    .read(move |_| {
                        wait();
                        Ok(())
                    })
                    .await
                    .map(|_| ())
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    for list in ["enrollments", "obligations", "subjects"] {
        let refused = server.auditor().get(&format!("/v1/{list}")).await;
        refused.problem(503, "read-models-unavailable");
        assert_eq!(refused.header("retry-after"), "5");
    }
    let ready_now = ready(&server, 200).await;
    assert_eq!(statuses(&ready_now), ["UP", "UP", "UP", "DOWN", "UP"], "{ready_now}");
    assert!(
        ready_now["lists"]["reason"].as_str().unwrap().contains("did not answer"),
        "{ready_now}"
    );
    for one in hung {
        one.await.unwrap().unwrap();
    }
    server.auditor().get("/v1/enrollments").await.ok(200);
    assert_eq!(ready(&server, 200).await["lists"], json!({ "status": "UP" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_are_built_say_how_far_they_are() {
    let server = server_without_read_models().await;
    let refused = server.auditor().get("/v1/enrollments").await;
    refused.problem(503, "projection-rebuilding");
    assert_eq!(refused.header("retry-after"), "10");
    let now = ready(&server, 200).await;
    assert_eq!(statuses(&now), ["UP", "UP", "UP", "DOWN", "UP"], "{now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_export_is_told_in_time() {
    let server = server_with(hasty()).await;
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.copy.is_some()).await.unwrap();
    let turns = server.state.exports.clone().acquire_many_owned(2).await.unwrap();
    let request =
        || server.auditor().request("GET", "/v1/exports/act").header("accept", "text/csv");
    let began = Instant::now();
    let refused = send(request()).await;
    refused.problem(503, "server-busy");
    assert_eq!(refused.header("retry-after"), "10");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let head = server.auditor().request("HEAD", "/v1/exports/act").header("accept", "text/csv");
    send(head).await.ok(200);
    drop(turns);
    send(request()).await.ok(200);
}

/// /health/ready said UP of a log in which nothing could be recorded.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_not_up_while_nothing_is_recorded() {
    let server = server().await;
    server.register(&["440000"]).await;
    let province = server.province("440000");
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.copy.is_some()).await.unwrap();
    assert_eq!(statuses(&ready(&server, 200).await), ["UP"; 5]);
    server.log.fail_appends(LogError::Unavailable("database or disk is full".to_owned()));
    let act = province.act(ENROLLMENT, &apply("leading", "2016-01-05")).await;
    act.problem(503, "event-store-unavailable");
    assert_eq!(act.header("retry-after"), "5");
    let full = ready(&server, 200).await;
    assert_eq!(full["status"], "UP", "reads go on");
    assert_eq!(statuses(&full), ["DOWN", "UP", "DOWN", "UP", "UP"], "{full}");
    assert!(full["acts"]["reason"].as_str().unwrap().contains("disk is full"), "{full}");
    let text = full.to_string();
    assert!(text.contains("\"sequence\""), "{text}");
    server.log.heal();
    province.act(ENROLLMENT, &apply("leading", "2016-01-05")).await.ok(201);
    assert_eq!(statuses(&ready(&server, 200).await), ["UP"; 5]);

    server.log.recording().stop(Stop::DiskFailed { cause: "EIO".to_owned() });
    let stopped = ready(&server, 200).await;
    assert_eq!(statuses(&stopped), ["DOWN", "UP", "DOWN", "UP", "UP"], "{stopped}");
    assert!(stopped["acts"]["reason"].as_str().unwrap().contains("EIO"), "{stopped}");
    let body = send(server.request("GET", "/health/ready")).await.body;
    let body = String::from_utf8(body).unwrap();
    // What scripts read with sed: the status first, the sequence in the same object.
    assert!(body.contains("\"log\":{\"status\":\"DOWN\",\"sequence\":\""), "{body}");
    assert!(body.contains("\"documents\":{\"status\":\"UP\""), "{body}");
    assert!(body.contains("\"read_models\":{\"status\":\"UP\""), "{body}");
}
