//! What the server tells Prometheus: right after acts, refusals, retries, races and a stop, in a form
//! that every line keeps, and without anybody's name.

use super::metrics_text::{Families, read};
use super::support::*;
use docket::api::metrics::{Exposition, Form, ServedMetrics, serve_metrics};
use docket::log::{Expected, LogError, NewEvent, StreamName};
use serde_json::json;

const ONE: &str = "strong_province/440000";

fn listen(server: &Server) -> ServedMetrics {
    let deliveries = Box::new(|| vec![("delivered", 3), ("timed_out", 1)]);
    let exposition = Exposition::new(server.state.clone()).with_deliveries(deliveries);
    serve_metrics("127.0.0.1:0".parse().unwrap(), exposition).unwrap()
}

async fn fetch(metrics: &ServedMetrics, path: &str, accept: &str) -> Reply {
    let url = format!("http://{}{path}", metrics.address);
    send(reqwest::Client::new().get(url).header("accept", accept)).await
}

async fn scrape(metrics: &ServedMetrics) -> Families {
    let reply = fetch(metrics, "/metrics", "text/plain").await.ok(200);
    assert_eq!(reply.header("content-type"), Form::Prometheus.media());
    let text = String::from_utf8(reply.body).unwrap();
    read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The sum of a family's samples with these labels.
#[track_caller]
fn value(families: &Families, family: &str, labels: &[(&str, &str)]) -> f64 {
    let (_, samples) = families.get(family).unwrap_or_else(|| panic!("no {family}"));
    let has = |sample: &&super::metrics_text::Sample| {
        labels.iter().all(|(name, value)| sample.labels.get(*name).is_some_and(|v| v == value))
    };
    samples.iter().filter(has).map(|sample| sample.value).sum()
}

async fn caught_up(server: &Server) -> u64 {
    let head = server.app.log().head().await.unwrap().unwrap();
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.has(head)).await.unwrap();
    head
}

async fn approve_under(server: &Server, key: &str, etag: &str, query: &str) -> Reply {
    let path = format!("/v1/enrollments/{ONE}/acts{query}");
    let request = server.national().request("POST", &path).header("idempotency-key", key);
    send(request.header("if-match", etag).json(&approve("2016-03-01"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_refusals_retries_and_races_are_counted() {
    let server = server().await;
    let metrics = listen(&server);
    server.register(&["440000"]).await;
    server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await.ok(201);
    approve_under(&server, "too-late", "\"7\"", "").await.problem(412, "revision-conflict");
    approve_under(&server, "asked", "*", "?validate_only=true").await.ok(200);
    approve_under(&server, "k", "*", "").await.ok(201);
    approve_under(&server, "k", "*", "").await.ok(201);
    approve_under(&server, "again", "*", "").await.problem(409, "act-not-permitted");
    approve_under(&server, "again", "*", "?validate_only=true")
        .await
        .problem(409, "act-not-permitted");
    let head = caught_up(&server).await;
    let families = scrape(&metrics).await;
    let counted = |family: &str, labels: &[(&str, &str)]| value(&families, family, labels);
    let appended = |name: &str| counted("docket_events_appended_total", &[("type", name)]);
    assert_eq!(appended("SubjectRegistered"), 1.0);
    assert_eq!(appended("ApplicationSubmitted") + appended("Applied"), 1.0);
    assert_eq!(appended("PlaceReserved"), 1.0);
    let refused = |name: &str| counted("docket_acts_refused_total", &[("problem", name)]);
    assert_eq!((refused("revision-conflict"), refused("act-not-permitted")), (1.0, 1.0));
    assert_eq!(counted("docket_idempotent_replays_total", &[]), 1.0);
    assert_eq!(counted("docket_append_conflicts_total", &[]), 0.0);
    assert_eq!(counted("docket_log_sequence", &[]), head as f64);
    let deliveries = [("outcome", "timed_out")];
    assert_eq!(counted("docket_webhook_deliveries_total", &deliveries), 1.0);
    let acts = [
        ("http_route", "/v1/enrollments/{program}/{subject}/acts"),
        ("http_request_method", "POST"),
    ];
    let histogram = "http_server_request_duration_seconds";
    let (_, samples) = &families[histogram];
    let count = |class: &str| {
        let mut found = samples.iter().filter(|sample| sample.name.ends_with("_count"));
        let class = class.to_owned();
        let acts = acts.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let is_it = |sample: &&super::metrics_text::Sample| {
            acts.iter().all(|(name, value)| &sample.labels[name] == value)
                && sample.labels["http_response_status_class"] == class
        };
        found.find(is_it).map(|sample| sample.value)
    };
    assert_eq!((count("2xx"), count("4xx"), count("5xx")), (Some(4.0), Some(3.0), None));
    assert_eq!(counted("docket_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    metrics.stop().await;
}

/// The alerts that come with Docket are about figures that there are, with labels that these have.
#[tokio::test(flavor = "multi_thread")]
async fn the_alerts_name_what_is_served() {
    let server = server().await;
    server.auditor().get("/v1/programs").await.ok(200);
    let metrics = listen(&server);
    caught_up(&server).await;
    let families = scrape(&metrics).await;
    metrics.stop().await;
    let samples: Vec<_> = families.values().flat_map(|(_, samples)| samples).collect();
    let rules = include_str!("../../docs/prometheus-rules.yml");
    let operating = include_str!("../../docs/operating.md");
    let mut named = 0;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for line in rules.lines().filter(|line| !line.trim_start().starts_with(['#', '-'])) {
        for (at, _) in line.match_indices("docket_").chain(line.match_indices("http_server_")) {
            let name: String = line[at..].chars().take_while(|c| is_part(*c)).collect();
            let of: Vec<_> = samples.iter().filter(|sample| sample.name == name).collect();
            // What delivers webhooks is not part of this server.
            let is_counted = name == "docket_webhook_deliveries_total";
            assert!(is_counted || !of.is_empty(), "{name} is not served");
            let labels =
                line[at + name.len()..].strip_prefix('{').and_then(|rest| rest.split('}').next());
            let label = labels.and_then(|labels| labels.split(['=', '!']).next());
            assert!(
                label.is_none_or(|label| is_counted || of[0].labels.contains_key(label)),
                "{line}"
            );
            named += 1;
        }
    }
    assert!(named >= 7, "{named}");
    for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(operating.contains(&format!("| `{alert}` |")), "docs/operating.md: {alert}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_type_has_a_counter() {
    let server = server().await;
    let counted: Vec<&str> = server.app.counters().appended().map(|(name, _)| name).collect();
    // Beside the events there are the parts that they share, in small letters.
    let files = docket::codec::event_schemas().into_keys();
    for file in files.filter(|file| file.starts_with(char::is_uppercase)) {
        let name = file.split('.').next().unwrap();
        assert!(counted.contains(&name), "{name}");
    }
    let unknown = "/v1/nothing-here";
    send(server.request("GET", unknown)).await.problem(404, "not-found");
    send(server.request("PUT", "/v1/events")).await.problem(405, "method-not-allowed");
    let text = Exposition::new(server.state.clone()).text(Form::Prometheus).await.unwrap();
    let families = read(&text).unwrap();
    let (_, samples) = &families["http_server_request_duration_seconds"];
    let unmatched = samples
        .iter()
        .filter(|sample| sample.labels["http_route"].is_empty() && sample.name.ends_with("_count"));
    assert_eq!(unmatched.map(|sample| sample.value).sum::<f64>(), 2.0);
    assert!(!text.contains(unknown), "an address is no label");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_race_is_counted() {
    let server = server().await;
    server.register(&["440000"]).await;
    let conflict = LogError::Conflict { expected: Expected::NoStream, actual: Some(0) };
    server.log.fail_appends(conflict);
    let reply = server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await;
    assert!(reply.status >= 400, "{}", reply.status);
    server.log.heal();
    assert!(server.app.counters().conflicts() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn lag_and_a_stop_are_shown_and_agree_with_readiness() {
    let server = server().await;
    let metrics = listen(&server);
    server.register(&["440000"]).await;
    server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await.ok(201);
    let head = caught_up(&server).await;
    let families = scrape(&metrics).await;
    assert_eq!(value(&families, "docket_projection_lag_events", &[]), 0.0);
    assert_eq!(value(&families, "docket_projection_lag_seconds", &[]), 0.0);
    assert_eq!(value(&families, "docket_projection_stopped", &[]), 0.0);
    let sequence = value(&families, "docket_projection_sequence", &[("projection", "timeline")]);
    assert_eq!(sequence, head as f64);
    let recorded = "docket_projection_last_event_recorded_timestamp_seconds";
    let recorded = value(&families, recorded, &[]);
    let now_us = server.app.clock().now().micros();
    assert_eq!(recorded, now_us as f64 / 1e6, "the clock stands still");
    let unknown = NewEvent {
        event_id: uuid::Uuid::from_u128(1),
        event_type: "FromTheFuture".to_owned(),
        recorded_at_us: now_us - 90_000_000,
        data: b"{}".to_vec().into(),
        metadata: json!({ "schema_version": "1", "office": "docket", "recorded_at": NOW,
            "effective_on": "2026-11-22" })
        .to_string()
        .into_bytes()
        .into(),
    };
    let stream = StreamName::parse("strong_province-440000").unwrap();
    server.app.log().append(&stream, Expected::Revision(0), vec![unknown]).await.unwrap();
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.failed.is_some()).await.unwrap();
    let families = scrape(&metrics).await;
    assert_eq!(value(&families, "docket_projection_stopped", &[]), 1.0);
    assert_eq!(value(&families, "docket_projection_failures_total", &[]), 1.0);
    assert_eq!(value(&families, "docket_projection_lag_events", &[]), 1.0);
    assert_eq!(value(&families, "docket_projection_lag_seconds", &[]), 90.0);
    let ready = send(server.request("GET", "/health/ready")).await.ok(200).json();
    let models = &ready["read_models"];
    assert_eq!((&ready["status"], &models["status"]), (&json!("UP"), &json!("FAILED")));
    assert_eq!(models["failed_at"], format!("{:020}", head + 1));
    assert_eq!(models["sequence"], format!("{head:020}"));
    assert!(models["reason"].as_str().unwrap().contains("FromTheFuture"), "{ready}");
    assert!(models["stopped"].as_array().unwrap().contains(&json!("timeline")), "{ready}");
    assert_eq!(models["age_s"], 0);
    metrics.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overdue_duties_are_counted_by_program_and_kind_only() {
    let server = server().await;
    let metrics = listen(&server);
    server.register(&["440000", "x01"]).await;
    let registrar = server.registrar();
    for (program, id) in [("cluster_area", "futian"), ("exercise_cluster_area", "xarea")] {
        registrar
            .post(
                "/v1/subjects",
                &json!({
                    "id": id, "kind": "cluster_area", "name": { "en": id, "zh": id },
                    "province": if id == "xarea" { "x01" } else { "440000" }, "invented": id == "xarea", "source": "test",
                    "effective_on": "2012",
                }),
            )
            .await
            .ok(201);
        let digest = registrar.upload(id.as_bytes()).await;
        let known = json!({
            "act": "record_under_unknown_rule", "effective_on": "2014-05-12",
            "what": "Approved under the trial measures.", "stands_at": "under_construction",
            "kept_since": { "day": "2014-05-12", "reason": "the file begins with it" },
            "document": { "digest": digest, "title": "Approval", "issuing_office": "SIPO" },
        });
        registrar.act(&format!("{program}/{id}"), &known).await.ok(201);
    }
    caught_up(&server).await;
    let list =
        server.auditor().get("/v1/obligations?status=OVERDUE&limit=1000").await.ok(200).json();
    let recorded = list["items"].as_array().unwrap().iter();
    let recorded = recorded.filter(|item| item["subject"] == "futian").count();
    assert!(recorded > 0, "{list}");
    let families = scrape(&metrics).await;
    let family = "docket_obligations_overdue";
    assert_eq!(value(&families, family, &[]), recorded as f64);
    assert_eq!(value(&families, family, &[("program", "cluster_area")]), recorded as f64);
    metrics.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_label_names_anybody() {
    let server = server().await;
    let metrics = listen(&server);
    server.register(&["440000"]).await;
    server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await.ok(201);
    server.auditor().get(&format!("/v1/enrollments/{ONE}")).await.ok(200);
    caught_up(&server).await;
    let known = [
        "type",
        "problem",
        "projection",
        "version",
        "revision",
        "program",
        "kind",
        "outcome",
        "limit",
        "http_route",
        "http_request_method",
        "http_response_status_class",
        "le",
    ];
    for (name, (_, samples)) in scrape(&metrics).await {
        for (label, value) in samples.iter().flat_map(|sample| &sample.labels) {
            assert!(known.contains(&label.as_str()), "{name} {label}");
            assert!(
                !value.contains("440000") && !value.contains("docket-test"),
                "{name} {label} {value}"
            );
        }
    }
    let open = fetch(&metrics, "/metrics", "application/openmetrics-text;version=1.0.0").await;
    assert_eq!(open.header("content-type"), Form::OpenMetrics.media());
    let text = String::from_utf8(open.ok(200).body).unwrap();
    assert!(text.ends_with("# EOF\n") && text.contains("# TYPE docket_events_appended counter\n"));
    fetch(&metrics, "/v1/events", "*/*").await.ok(404);
    metrics.stop().await;
}
