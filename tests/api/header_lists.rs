//! Headers that are lists, and numbers in headers, parameters and paths.

use super::support::*;
use docket::api::auth::Role;
use serde_json::json;
use std::time::{Duration, Instant};

const ACTS: &str = "/v1/enrollments/strong_province/440000/acts";

async fn ready() -> Server {
    let server = server().await;
    server.register(&["440000"]).await;
    server
}

/// The bytes of a coded document were kept, and cited, as if they were the document.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_coded_is_not_taken() {
    let server = ready().await;
    let registrar = server.registrar();
    let operator = server.client(Role::Operator, "ops", &[]);
    let endpoint = "/v1/webhook-endpoints/00000000-0000-0000-0000-000000000000";
    for (client, method, path) in [
        (&registrar, "POST", "/v1/documents"),
        (&registrar, "POST", ACTS),
        (&registrar, "POST", "/v1/subjects"),
        (&registrar, "POST", "/v1/subjects/440000/renamings"),
        (&registrar, "POST", "/v1/calendars"),
        (&operator, "POST", "/v1/webhook-endpoints"),
        (&operator, "PATCH", endpoint),
    ] {
        for coding in
            [&["gzip"][..], &["br"], &["aes128gcm"], &["identity, gzip"], &["identity", "x"]]
        {
            let mut request = client.request(method, path).json(&json!({}));
            for line in coding {
                request = request.header("content-encoding", *line);
            }
            let refused = send(request).await;
            let problem = refused.problem(415, "unsupported-media-type");
            assert_eq!(problem["accept_encoding"], json!(["identity"]), "{path} {coding:?}");
            assert_eq!(refused.header("accept-encoding"), "identity");
        }
    }
    for identity in ["identity", "Identity", "", " , identity"] {
        let request = registrar.request("POST", "/v1/documents").body("plain");
        send(request.header("content-encoding", identity)).await.ok(201);
    }
    let wrong = registrar.request("POST", ACTS).header("content-type", "text/plain").body("{}");
    assert_eq!(send(wrong).await.header("accept"), "application/json");
    let twice = registrar.request("POST", ACTS).header("content-type", "application/json");
    let twice = twice.header("content-type", "text/plain").body("{}");
    send(twice).await.problem(415, "unsupported-media-type");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_over_several_lines() {
    let server = ready().await;
    let auditor = server.auditor();
    let asked = async |lines: &[(&str, &str)]| {
        let mut request = auditor.request("GET", "/v1/programs");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        send(request).await
    };
    asked(&[("accept", "text/csv"), ("accept", "application/json")]).await.ok(200);
    asked(&[("accept", "text/csv"), ("accept", "text/html;q=1, */*;q=0")])
        .await
        .problem(406, "not-acceptable");
    for (lines, language) in [
        (&[("accept-language", "fr"), ("accept-language", "en")][..], "en"),
        (&[("accept-language", "zh;q=0, *")], "en"),
        (&[("accept-language", "en;Q=0.1 , zh ; q=0.5")], "zh-CN"),
        (&[("accept-language", "EN-gb")], "en"),
    ] {
        assert_eq!(asked(lines).await.ok(200).header("content-language"), language, "{lines:?}");
    }
    // Problems are in the same language.
    let unknown = auditor.request("GET", "/v1/nowhere").header("accept-language", "fr");
    let unknown = send(unknown.header("accept-language", "en;Q=1")).await;
    assert_eq!(unknown.header("content-language"), "en");
    let tag = asked(&[]).await.ok(200).header("etag").to_owned();
    for known in [&["\"x\"", &tag][..], &[&format!("\"a,b\\\" ,, W/{tag}")], &["*"], &["", " * "]] {
        let lines: Vec<_> = known.iter().map(|line| ("if-none-match", *line)).collect();
        assert_eq!(asked(&lines).await.status, 304, "{known:?}");
    }
    for unknown in ["\"x\"", "", "x", "*, \"x\""] {
        assert_eq!(asked(&[("if-none-match", unknown)]).await.status, 200, "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_names_its_revision_in_one_way() {
    let server = ready().await;
    let (province, registrar) = (server.province("440000"), server.registrar());
    province.act("strong_province/440000", &apply("leading", "2016-01-05")).await.ok(201);
    let note = json!({ "act": "note", "effective_on": "2016-04-01", "text": "x" });
    let path = format!("{ACTS}?validate_only=true");
    for (lines, status) in [
        (&["\"0\""][..], 200),
        (&["\"x\"", "\"0.any\""], 200),
        (&["\"x\" , ,\"0\""], 200),
        (&["\"0\", \"10\""], 200),
        (&["\"10\"", "\"9\""], 412),
        (&[" * "], 200),
        (&["\"+0\""], 412),
        (&["\"00\""], 412),
        (&["\"-0\""], 412),
        (&["W/\"0\"", "\"1\""], 412),
        (&["\"0\", *"], 400),
        (&["*", "*"], 400),
        (&["0"], 400),
    ] {
        let mut request = registrar.request("POST", &path).header("idempotency-key", new_key());
        for line in lines {
            request = request.header("if-match", *line);
        }
        let reply = send(request.json(&note)).await;
        assert_eq!(reply.status, status, "{lines:?} {}", String::from_utf8_lossy(&reply.body));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_prefers_to_wait_waits() {
    let server = ready().await;
    let auditor = server.auditor();
    let head = server.app.log().head().await.unwrap().unwrap();
    let list = format!("/v1/enrollments?exercise=true&min_sequence={}", head + 1);
    let obligations = format!("/v1/obligations?min_sequence={}", head + 1);
    let feed = format!("/v1/events?after={head}");
    let waits = async |path: &str, lines: &[&str]| {
        let mut request = auditor.request("GET", path);
        for line in lines {
            request = request.header("prefer", *line);
        }
        let since = Instant::now();
        send(request).await;
        since.elapsed() >= Duration::from_millis(900)
    };
    for lines in [
        &["wait=1"][..],
        &["Wait = \"1\" ; x=y"],
        &["respond-async", "wait=1"],
        &["foo=\"a, wait=9\", wait=1"],
    ] {
        for path in [&list, &obligations, &feed] {
            assert!(waits(path, lines).await, "{path} {lines:?}");
        }
    }
    for lines in [&["wait=+1"][..], &["wait=1.5"], &["await=1"], &["x; wait=1"]] {
        assert!(!waits(&list, lines).await && !waits(&feed, lines).await, "{lines:?}");
    }
}

/// A sequence that no log reaches was waited for, and refused as if it might come.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_digits_that_a_log_can_reach() {
    let server = ready().await;
    let auditor = server.auditor();
    for list in ["/v1/enrollments", "/v1/subjects", "/v1/obligations"] {
        for wrong in [
            "9223372036854775808",
            "18446744073709551616",
            "99999999999999999999999",
            "+1",
            "-1",
            "1.0",
            "x",
            "",
            "%201",
        ] {
            let path = format!("{list}?min_sequence={wrong}");
            let problem = auditor.get(&path).await.problem(400, "malformed-request");
            assert!(problem["detail"].as_str().unwrap().contains("min_sequence"), "{problem}");
        }
        let ahead = format!("{list}?min_sequence={}", i64::MAX);
        auditor.get(&ahead).await.problem(503, "projection-behind");
        auditor.get(&format!("{list}?limit=+5")).await.problem(400, "malformed-request");
    }
    for path in [
        "/v1/events?limit=+5",
        "/v1/events?after=+1",
        "/v1/events?lastEventId=+1",
        "/v1/enrollments?at_sequence=+1",
        "/v1/enrollments?as_of=+2016-01-01",
        "/v1/exports/act?at_sequence=+1",
        "/v1/enrollments/strong_province/440000?as_of=%+2",
        "/v1/enrollments?as_of=%2",
        "/v1/enrollments?%zz=1",
    ] {
        auditor.get(path).await.problem(400, "malformed-request");
    }
    let spelled = auditor.get("/v1/enrollments?as_of=%+2").await.json();
    assert!(spelled["detail"].as_str().unwrap().contains("it is not percent-encoded UTF-8"));
    for path in ["/v1/events/+1", "/v1/events/archive/+0", "/v1/calendars/+2026"] {
        auditor.get(path).await.problem(404, "not-found");
    }
    let last = auditor.request("GET", "/v1/events").header("last-event-id", "+1");
    send(last).await.problem(400, "malformed-request");
}

/// `31.0` is an integer by the schema that is published, and was refused for its form.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_number_may_have_a_point() {
    let server = ready().await;
    let province = server.province("440000");
    let mut application = apply("leading", "2016-01-05");
    application["requirements"] = json!({ "agencies": 31 });
    let text = application.to_string().replace(":31}", ":31.0}");
    let post = async |key: &str, text: String| {
        let request = province.request("POST", ACTS).header("idempotency-key", key);
        let request = request.header("content-type", "application/json").header("if-match", "*");
        send(request.body(text)).await
    };
    let said = post("k", text).await;
    assert!(!String::from_utf8_lossy(&said.body).contains("floating point"), "{said:?}");
    let half = application.to_string().replace(":31}", ":31.5}");
    post("h", half).await.problem(422, "validation-error");
    // The same body, however its numbers are written.
    let registrar = server.registrar();
    let mut answers = Vec::new();
    for year in ["2031.0", "2031", "2.031e3"] {
        let body = format!(
            r#"{{"year":{year},"rest_days":["2031-01-01"],"working_weekends":[],"source":"exercise"}}"#
        );
        let request = registrar.request("POST", "/v1/calendars").header("idempotency-key", "c");
        let request = request.header("content-type", "application/json").body(body);
        answers.push(send(request).await.ok(201).body);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}
