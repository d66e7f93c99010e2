//! The feed's other forms: CloudEvents in batches, filters, waiting, archive pages.

use super::support::*;
use docket::api::ApiSettings;
use docket::domain::date::Timestamp;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const BATCH: &str = "application/cloudevents-batch+json";

async fn batch(client: &Client<'_>, query: &str) -> (Reply, Vec<Value>) {
    let request = client.request("GET", &format!("/v1/events?{query}"));
    let reply = send(request.header("accept", BATCH)).await.ok(200);
    assert_eq!(reply.header("content-type"), BATCH);
    let Value::Array(events) = reply.json() else { panic!("no array") };
    (reply, events)
}

fn public() -> ApiSettings {
    ApiSettings {
        workers: Some(2),
        public_url: "https://docket.example".to_owned(),
        ..ApiSettings::default()
    }
}

async fn filled() -> Server {
    let server = server_with(public()).await;
    server.register(&["440000", "320000", "utopia"]).await;
    let body = apply("leading", "2016/2017");
    server.province("440000").act("strong_province/440000", &body).await.ok(201);
    server.national().act("strong_province/440000", &approve("2017-03-01")).await.ok(201);
    server.province("utopia").act("exercise_strong_province/utopia", &body).await.ok(201);
    server
}

/// The rules of the CloudEvents JSON schema (`cloudevents.json`, version 1.0.1) and of the
/// specification's attribute names.
fn assert_cloud_event(event: &Value) {
    let members = event.as_object().unwrap();
    assert_eq!(event["specversion"], "1.0");
    for required in ["id", "source", "type"] {
        assert!(!event[required].as_str().unwrap().is_empty(), "{event}");
    }
    for (name, value) in members {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        assert!(name.len() <= 20 && name.bytes().all(good), "{name}");
        let simple = value.is_string() || value.is_boolean() || value.is_i64();
        assert!(name == "data" || simple, "{name}: {value}");
    }
    assert_eq!(event["datacontenttype"], "application/json");
    for uri in ["source", "dataschema"] {
        let text = event[uri].as_str().unwrap();
        assert!(text.contains(':') && !text.contains(' '), "{text}");
    }
    for instant in ["time", "recordedtime"] {
        Timestamp::parse_rfc3339(event[instant].as_str().unwrap()).unwrap();
    }
    assert!(event.get("subject").is_none_or(|subject| !subject.as_str().unwrap().is_empty()));
    assert!(event.to_string().len() <= 64 * 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_of_cloud_events_and_empty_at_the_end() {
    let server = filled().await;
    let auditor = server.auditor();
    let head = server.app.log().head().await.unwrap().unwrap();
    let stored = auditor.get("/v1/events?limit=1000").await.ok(200).json();
    let (mut seen, mut query) = (Vec::new(), "limit=5".to_owned());
    loop {
        let (reply, events) = batch(&auditor, &query).await;
        let Some(last) = events.last() else {
            assert_eq!(reply.body, b"[]");
            assert_eq!(reply.header("docket-last-sequence"), format!("{head:020}"));
            assert_eq!(reply.header("link"), "");
            break;
        };
        assert_eq!(reply.header("docket-last-sequence"), last["sequence"].as_str().unwrap());
        // As HTTP Feeds go on: by the id of the last event.
        query = format!("limit=5&lastEventId={}", last["id"].as_str().unwrap());
        seen.extend(events);
    }
    assert_eq!(seen.len() as u64, head + 1);
    for (event, stored) in seen.iter().zip(stored["items"].as_array().unwrap()) {
        assert_cloud_event(event);
        assert_eq!(event["id"], stored["id"]);
        assert_eq!(event["sequence"], stored["sequence"]);
        assert_eq!(event["data"], stored["data"]);
        assert_eq!(event["datahash"], stored["data_sha256"]);
        assert_eq!(event["effectivedate"], stored["metadata"]["effective_on"]);
        assert_eq!(event.get("exercise").is_some(), stored["exercise"] == true);
        assert_eq!(event["source"], format!("urn:docket:{}", server.app.log_id()));
        let schema = event["dataschema"].as_str().unwrap();
        let schema = schema.strip_prefix("https://docket.example").unwrap();
        let schema = send(server.request("GET", schema)).await.ok(200).json();
        assert_eq!(schema["title"], stored["type"]);
    }
    let applied = seen.iter().find(|event| event["subject"] == "strong_province/440000").unwrap();
    assert_eq!(applied["type"], "docket.enrollment.applied");
    assert_eq!(applied["effectivedate"], "2016/2017");
    assert_eq!(applied["program"], "strong_province");
    assert_eq!(applied["partitionkey"], "strong_province-440000");
    let none = server.request("GET", "/schemas/events/Nothing.v1.json");
    send(none).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_take_what_they_say_in_every_form() {
    let server = filled().await;
    let auditor = server.auditor();
    let (_, all) = batch(&auditor, "limit=1000").await;
    let head = server.app.log().head().await.unwrap().unwrap();
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    type Takes = fn(&dyn Fn(&str) -> String) -> bool;
    let cases: [(&str, Takes); 8] = [
        ("program=strong_province", |of| of("program") == "strong_province"),
        ("subject=440000", |of| {
            ["strong_province/440000", "440000"].contains(&of("subject").as_str())
        }),
        ("type=Applied", |of| of("type").ends_with(".applied")),
        ("type=docket.subject.subject_registered,PlaceReserved", |of| {
            of("type").ends_with(".subject_registered") || of("type").ends_with(".place_reserved")
        }),
        ("stream=subject-utopia", |of| of("streamid") == "subject-utopia"),
        ("category=measure", |of| of("streamid").starts_with("measure-")),
        ("program=strong_province&subject=440000", |of| of("streamid") == "strong_province-440000"),
        ("recorded_from=2026-11-22T12:00:00%2B08:00&recorded_to=2026-11-22T12:00:01+08:00", |of| {
            of("recordedtime").starts_with("2026-11-22T04:00:00")
        }),
    ];
    for (query, takes) in cases {
        let expected: Vec<&Value> =
            all.iter().filter(|event| takes(&|name| text(event, name))).collect();
        assert!(!expected.is_empty(), "{query}");
        let (reply, found) = batch(&auditor, &format!("limit=1000&{query}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
        assert_eq!(reply.header("docket-last-sequence"), format!("{head:020}"), "{query}");
        let mut path = format!("/v1/events?limit=1&{query}");
        let mut paged = Vec::new();
        loop {
            let page = auditor.get(&path).await.ok(200).json();
            paged.extend(page["items"].as_array().unwrap().iter().map(|e| e["id"].clone()));
            let Some(next) = page["next"].as_str() else {
                assert_eq!(page["last_sequence"], format!("{head:020}"));
                break;
            };
            path = next.strip_prefix("https://docket.example").unwrap().to_owned();
        }
        let ids: Vec<Value> = expected.iter().map(|event| event["id"].clone()).collect();
        assert_eq!(paged, ids, "{query}");
        let lines = auditor.request("GET", &format!("/v1/events?limit=all&{query}"));
        let lines = send(lines.header("accept", "application/x-ndjson")).await.ok(200);
        assert_eq!(lines.header("docket-last-sequence"), format!("{head:020}"));
        let lines = String::from_utf8(lines.body).unwrap();
        assert_eq!(lines.lines().count(), ids.len(), "{query}");
    }
    let (_, none) = batch(&auditor, "recorded_to=2020-01-01T00:00:00Z").await;
    assert_eq!(none, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_not_is_named_with_what_there_is() {
    let server = server_without_read_models().await;
    let auditor = server.auditor();
    for (query, says) in [
        ("program=strong_provinces", "strong_province"),
        ("type=PlanSubmited", "PlanSubmitted"),
        ("type=PlanSubmitted,", "PlanSubmitted"),
        ("subject=no subject", "subject"),
        ("stream=%20", "stream"),
        ("category=a-b", "hyphen"),
        ("recorded_from=2020-01-01", "recorded_from"),
        ("recorded_from=2020-01-01T00:00:00Z&recorded_to=2020-01-01T00:00:00Z", "recorded_to"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=all", "ndjson"),
        ("after=1&lastEventId=1", "lastEventId"),
        ("lastEventId=x", "lastEventId"),
        ("after=99999999999999999999999", "after"),
    ] {
        let wrong = auditor.get(&format!("/v1/events?{}", query.replace(' ', "%20"))).await;
        let wrong = wrong.problem(400, "malformed-request");
        assert!(wrong["detail"].as_str().unwrap().contains(says), "{query}: {wrong}");
    }
    auditor.get("/v1/events?typ=PlanSubmitted").await.problem(400, "unknown-parameter");
    let chinese = auditor.request("GET", "/v1/events?type=x").header("accept-language", "zh");
    let chinese = send(chinese).await.problem(400, "malformed-request");
    assert!(chinese["detail"].as_str().unwrap().contains("没有事件类型"), "{chinese}");
}

/// A rare filter is answered in bounded time, with a link to go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_looks_through_a_bounded_part_of_the_log() {
    let server = server_without_read_models().await;
    server.append("subject-many", 40_000, 0).await;
    server.append("subject-one", 1, 0).await;
    let auditor = server.auditor();
    let first = auditor.get("/v1/events?stream=subject-one").await.ok(200).json();
    assert_eq!(first["items"], json!([]));
    assert_eq!(first["last_sequence"], format!("{:020}", 32 * 1024 - 1));
    let rest = auditor.get(first["next"].as_str().unwrap()).await.ok(200).json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_waits_for_an_event_and_no_longer() {
    let server = server().await;
    server.register(&["440000"]).await;
    let auditor = server.auditor();
    let head = server.app.log().head().await.unwrap().unwrap();
    let ask = |media: &'static str, seconds: u64, filter: &str| {
        let path = format!("/v1/events?after={head}{filter}");
        let request = auditor.request("GET", &path).header("accept", media);
        send(request.header("prefer", format!("wait={seconds}")))
    };
    let asked = Instant::now();
    let empty = ask(BATCH, 1, "").await.ok(200);
    assert_eq!(empty.body, b"[]");
    assert_eq!(empty.header("preference-applied"), "wait=1");
    assert!(empty.header("vary").contains("Prefer"));
    assert!(asked.elapsed() >= Duration::from_secs(1), "{:?}", asked.elapsed());
    let act = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        // One that the filter leaves out first.
        server.register(&["320000"]).await;
        let body = apply("leading", "2016-01-05");
        server.province("440000").act("strong_province/440000", &body).await.ok(201);
        Instant::now()
    };
    let (any, filtered, acted) = tokio::join!(
        async { (ask(BATCH, 30, "").await, Instant::now()) },
        async { (ask("application/json", 30, "&type=Applied").await, Instant::now()) },
        act
    );
    assert_eq!(any.0.json().as_array().unwrap().len(), 1);
    let filtered_json = filtered.0.json();
    assert_eq!(filtered_json["items"][0]["type"], "Applied");
    for answered in [any.1, filtered.1] {
        let late = answered.saturating_duration_since(acted);
        assert!(late < Duration::from_secs(1), "{late:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn archive_pages_never_change_and_the_open_one_is_none() {
    let server = server_without_read_models().await;
    server.append("subject-many", 520, 100).await;
    let auditor = server.auditor();
    let head = server.app.log().head().await.unwrap().unwrap();
    assert!((520..767).contains(&head), "{head}");
    let get = |page: &str, media: &'static str| {
        let request = auditor.request("GET", &format!("/v1/events/archive/{page}"));
        send(request.header("accept", media).header("accept-language", "en"))
    };
    let medias = ["application/json", BATCH, "application/x-ndjson"];
    let mut kept = Vec::new();
    for media in medias {
        for page in ["0", "1"] {
            let reply = get(page, media).await.ok(200);
            assert_eq!(reply.header("content-type"), media);
            assert_eq!(reply.header("cache-control"), "private, max-age=31536000, immutable");
            kept.push((page, media, reply));
        }
    }
    let first = kept[0].2.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 256);
    assert_eq!(first["first_sequence"], format!("{:020}", 0));
    assert_eq!(first["last_sequence"], format!("{:020}", 255));
    assert_eq!(kept[1].2.json()["items"][0]["sequence"], format!("{:020}", 256));
    let links = kept[0].2.header("link").to_owned();
    assert!(links.contains("archive/1>; rel=\"next-archive\""), "{links}");
    assert!(!links.contains("prev-archive"), "{links}");
    let links = kept[1].2.header("link").to_owned();
    assert!(links.contains("archive/0>; rel=\"prev-archive\""), "{links}");
    assert!(!links.contains("next-archive"), "{links}");
    assert!(links.contains(&format!("after={:020}>; rel=\"current\"", 511)), "{links}");
    let end = auditor.get(&format!("/v1/events?after={}", head - 1)).await.ok(200);
    assert!(
        end.header("link").contains("archive/1>; rel=\"prev-archive\""),
        "{}",
        end.header("link")
    );
    let open = get("2", "application/json").await.problem(404, "not-found");
    assert!(open["detail"].as_str().unwrap().contains(&format!("{:020}", 767)), "{open}");
    for nonsense in ["-1", "x", "99999999999999999999", "72057594037927936"] {
        get(nonsense, "application/json").await.problem(404, "not-found");
    }
    server.append("subject-more", 300, 100).await;
    for (page, media, before) in kept {
        let again = get(page, media).await.ok(200);
        assert_eq!(again.body, before.body, "{page} {media}");
        assert_eq!(again.header("etag"), before.header("etag"));
        let request = auditor.request("GET", &format!("/v1/events/archive/{page}"));
        let request = request.header("accept", media).header("accept-language", "en");
        let unchanged = send(request.header("if-none-match", again.header("etag"))).await;
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    }
    get("2", "application/json").await.ok(200);
}

/// A foreign program may have stored JSON with line breaks between its tokens.
#[tokio::test(flavor = "multi_thread")]
async fn line_breaks_in_stored_json_break_no_frame() {
    use docket::log::{EventLog, Expected, NewEvent, StreamName};
    let server = server_without_read_models().await;
    let before = server.app.log().head().await.unwrap().unwrap();
    let event = NewEvent {
        event_id: uuid::Uuid::from_u128(99),
        event_type: "SubjectRenamed".to_owned(),
        recorded_at_us: 1,
        data: b"{\r\n  \"a\\nb\": 1\n}".as_slice().into(),
        metadata: b"{\n\"schema_version\": \"1\"\n}".as_slice().into(),
    };
    let stream = StreamName::parse("subject-x").unwrap();
    server.log.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
    let auditor = server.auditor();
    let lines = auditor.request("GET", &format!("/v1/events?limit=all&after={before}"));
    let lines = send(lines.header("accept", "application/jsonl")).await.ok(200);
    let text = String::from_utf8(lines.body).unwrap();
    assert_eq!(text.lines().count(), 1);
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["data"], json!({ "a\nb": 1 }));
    let (reply, events) = batch(&auditor, &format!("after={before}")).await;
    assert!(!reply.body.contains(&b'\n'));
    assert_eq!(events[0]["datahash"], line["data_sha256"]);
    let page = auditor.get(&format!("/v1/events?after={before}")).await.ok(200);
    let exact = b"\"data\":{\r\n  \"a\\nb\": 1\n}";
    assert!(page.body.windows(exact.len()).any(|part| part == exact));
}

/// Larger than every intermediary passes on: refused before the append, and without a place taken.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_would_be_too_large_is_refused() {
    let server = server().await;
    server.register(&["440000"]).await;
    let long = "x".repeat(30 * 1024);
    let mut body = apply("leading", "2016-01-05");
    body["document"] = json!({ "title": long, "issuing_office": long });
    let head = server.app.log().head().await.unwrap();
    let province = server.province("440000");
    let refused = province.act("strong_province/440000", &body).await;
    let refused = refused.problem(422, "validation-error");
    assert!(refused["detail"].as_str().unwrap().contains("49152"), "{refused}");
    assert_eq!(server.app.log().head().await.unwrap(), head);
    province.act("strong_province/440000", &apply("leading", "2016-01-05")).await.ok(201);
    let mut approval = approve("2016-03-01");
    approval["document"] = body["document"].clone();
    let head = server.app.log().head().await.unwrap();
    let refused = server.national().act("strong_province/440000", &approval).await;
    refused.problem(422, "validation-error");
    assert_eq!(server.app.log().head().await.unwrap(), head, "a place was taken for it");
}
