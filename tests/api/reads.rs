//! Reads of one enrollment: both times, tags, languages, revisions.

use super::support::*;
use docket::domain::date::Timestamp;
use docket::log::LogError;
use serde_json::{Value, json};

pub const ONE: &str = "/v1/enrollments/strong_province/440000";

fn at(server: &Server, instant: &str) {
    server.clock.set(Timestamp::parse_rfc3339(instant).unwrap());
}

/// Applied and approved on the record of 2026-01; the approval's date corrected in 2026-03.
pub async fn corrected(server: &Server) {
    at(server, "2026-01-10T09:00:00+08:00");
    server.register(&["440000"]).await;
    let enrollment = "strong_province/440000";
    server.province("440000").act(enrollment, &apply("leading", "2016-01-05")).await.ok(201);
    at(server, "2026-01-11T09:00:00+08:00");
    let approved = server.national().act(enrollment, &approve("2016-03-01")).await.ok(201).json();
    at(server, "2026-03-01T09:00:00+08:00");
    let correction = json!({
        "act": "correct", "effective_on": "2026-03-01", "reason": "the notice is of May",
        "corrects": approved["events"][0]["reference"],
        "replacement": {
            "act": { "act": "approve", "content": {} },
            "common": { "effective_on": "2016-05-01" },
        },
    });
    server.national().act(enrollment, &correction).await.ok(201);
    at(server, NOW);
}

async fn node(server: &Server, query: &str) -> Value {
    let reply = server.auditor().get(&format!("{ONE}?{query}")).await.ok(200);
    reply.json()["stands_at"]["node"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_times_can_be_asked() {
    let server = server().await;
    corrected(&server).await;
    let before = "known_at=2026-02-01T00:00:00+08:00";
    for (query, expected) in [
        ("as_of=2016-04-01", "candidate.applied"),
        ("as_of=2016-05-01", "pilot"),
        (&format!("as_of=2016-04-01&{before}"), "pilot"),
        (&format!("as_of=2016-02-28&{before}"), "candidate.applied"),
        ("as_of=2016-04-01&known_at=2026-03-01T01:00:00Z", "candidate.applied"),
        ("as_of=2016-04-01&known_at=2026-03-01T00:59:59Z", "pilot"),
        ("known_at=2026-01-10T12:00:00%2B08:00", "candidate.applied"),
    ] {
        assert_eq!(node(&server, query).await, expected, "{query}");
    }
    assert_eq!(node(&server, "as_of=2015-12-31").await, Value::Null);
    let then = server.auditor().get(&format!("{ONE}?known_at=2026-01-10T00:00:00Z")).await;
    then.problem(404, "not-found");
    let dawn = server.auditor().get(&format!("{ONE}?known_at=1999-01-01T00:00:00Z")).await;
    dawn.problem(404, "not-found");
    let head = server.app.log().head().await.unwrap().unwrap();
    let approved = server.auditor().get(&format!("{ONE}/acts")).await.json();
    let sequence = approved["items"][1]["sequence"].as_str().unwrap().to_owned();
    assert_eq!(sequence.len(), 20);
    let query = format!("as_of=2016-04-01&at_sequence={sequence}");
    assert_eq!(node(&server, &query).await, "pilot");
    let beyond = format!("{ONE}?at_sequence={}", head + 1);
    server.auditor().get(&beyond).await.problem(400, "malformed-request");
    // An act dated ahead is on record and not yet in effect.
    let status = server.auditor().get(&format!("{ONE}?as_of=2016-04-01")).await.json();
    assert_eq!(status["not_yet_in_effect"][0]["type"], "Approved");
    assert_eq!(status["measure"]["version"], "2015-59");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interval_is_possible_before_it_is_certain() {
    let server = server().await;
    server.register(&["440000"]).await;
    let enrollment = "strong_province/440000";
    server.province("440000").act(enrollment, &apply("leading", "2016-01-05")).await.ok(201);
    server.national().act(enrollment, &approve("2016")).await.ok(201);
    let status = server.auditor().get(&format!("{ONE}?as_of=2016-06-01")).await.json();
    assert_eq!(status["stands_at"]["node"], "candidate.applied");
    assert_eq!(status["possible"][0]["type"], "Approved");
    assert_eq!(node(&server, "as_of=2016-12-31").await, "pilot");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_of_revision_day_language_and_ground() {
    let server = server().await;
    corrected(&server).await;
    let auditor = server.auditor();
    let english = auditor.get(ONE).await.ok(200);
    assert_eq!(english.header("etag"), "\"2.2026-11-22.json.en.0-0-1\"");
    let same = auditor.request("GET", ONE).header("accept-language", "en");
    let same = send(same.header("if-none-match", english.header("etag"))).await.ok(304);
    assert!(same.body.is_empty());
    assert_eq!(same.header("etag"), english.header("etag"));
    let chinese = auditor.request("GET", ONE).header("if-none-match", english.header("etag"));
    let chinese = send(chinese).await.ok(200);
    assert_eq!(chinese.header("etag"), "\"2.2026-11-22.json.zh-CN.0-0-1\"");
    assert_eq!(chinese.json()["stands_at"]["label"], "试点省（区、市）");
    for part in ["Accept-Language", "Accept"] {
        assert!(chinese.header("vary").split(", ").any(|name| name == part));
    }
    let renamed = json!({
        "name": { "en": "Canton", "zh": "粤" }, "source": "test", "effective_on": "2020-01-01",
    });
    server.registrar().post("/v1/subjects/440000/renamings", &renamed).await.ok(201);
    let named = auditor.get(ONE).await.ok(200);
    assert_eq!(named.json()["name"], "Canton");
    assert_ne!(named.header("etag"), english.header("etag"));
    let before = auditor.get(&format!("{ONE}?as_of=2019-12-31")).await.json();
    assert_eq!(before["name"], "Province 440000");
    let subject = auditor.get("/v1/subjects/440000").await.ok(200).json();
    assert_eq!(subject["names"][1]["from"], "2020-01-01");
}

#[tokio::test(flavor = "multi_thread")]
async fn languages_are_negotiated() {
    let server = server().await;
    for (accept, tag) in
        [("zh-Hans-CN", "zh-CN"), ("zh", "zh-CN"), ("en-GB", "en"), ("fr", "zh-CN"), ("", "zh-CN")]
    {
        let request = server.auditor().request("GET", "/v1/programs");
        let reply = send(request.header("accept-language", accept)).await.ok(200);
        assert_eq!(reply.header("content-language"), tag, "{accept}");
        let unknown = server.auditor().request("GET", "/v1/programs/x");
        let reply = send(unknown.header("accept-language", accept)).await;
        let problem = reply.problem(404, "not-found");
        assert_eq!(reply.header("content-language"), tag);
        assert_eq!(problem["title"].as_str().unwrap().is_ascii(), tag == "en");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_never_change_and_revisions_only_by_renamings() {
    let server = server().await;
    corrected(&server).await;
    let auditor = server.auditor();
    let list = auditor.get(&format!("{ONE}/revisions")).await.ok(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    let address = list["items"][1]["self"].as_str().unwrap();
    let second = auditor.get(address).await.ok(200);
    assert_eq!(second.header("cache-control"), "private, no-cache");
    let tag = second.header("etag").to_owned();
    let second = second.json();
    assert_eq!(second["snapshot"]["name"], "Province 440000");
    let again = auditor.request("GET", address).header("accept-language", "en");
    send(again.header("if-none-match", &tag)).await.ok(304);
    let renamed = json!({
        "name": { "en": "Canton", "zh": "粤" }, "source": "test", "effective_on": "2020-01-01",
    });
    server.registrar().post("/v1/subjects/440000/renamings", &renamed).await.ok(201);
    let again = auditor.request("GET", address).header("accept-language", "en");
    let again = send(again.header("if-none-match", &tag)).await.ok(200);
    assert_eq!(again.json()["snapshot"]["name"], "Canton");
    assert_ne!(again.header("etag"), tag);
    assert_eq!(second["snapshot"]["as_of"], "2026-01-11");
    assert_eq!(second["snapshot"]["stands_at"]["since"], "2016-03-01");
    let third = auditor.get(&format!("{ONE}/revisions/2")).await.ok(200).json();
    assert_eq!(third["snapshot"]["stands_at"]["since"], "2016-05-01");
    auditor.get(&format!("{ONE}/revisions/3")).await.problem(404, "not-found");
    let act = auditor.get(&format!("{ONE}/acts")).await.json();
    let id = act["items"][2]["id"].as_str().unwrap();
    let act = auditor.get(&format!("{ONE}/acts/{id}")).await.ok(200);
    assert!(act.header("cache-control").contains("immutable"));
    let act = act.json();
    assert_eq!((&act["act"], &act["by"]["office"]), (&json!("correct"), &json!("national_office")));
    assert!(act["corrects"].as_str().unwrap().starts_with("strong_province-440000@1#"));
    assert_eq!(act["by"]["principal"], "docket-test|national_office-cnipa");
    auditor.get(&format!("{ONE}/acts/x")).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn obligations_are_judged_on_the_day() {
    let server = server().await;
    corrected(&server).await;
    let due = server.auditor().get(&format!("{ONE}/obligations")).await.ok(200).json();
    assert_eq!(due["items"][0]["obligation"], "scheme");
    assert_eq!(
        (&due["items"][0]["status"], &due["items"][0]["due"]),
        (&json!("OPEN"), &Value::Null)
    );
    assert_eq!(due["items"][0]["owes"], "province");
    let before = server.auditor().get(&format!("{ONE}/obligations?as_of=2016-04-30")).await;
    // No pilot on that day by the corrected record; its application pauses what the unlisted owe.
    assert_eq!(before.json()["items"], json!([]));
    let calendar = json!({
        "year": 2026, "rest_days": ["2026-10-01"], "working_weekends": ["2026-10-10"], "source": "notice",
    });
    let adopted = server.registrar().post("/v1/calendars", &calendar).await.ok(201);
    assert_eq!(adopted.header("location"), "/v1/calendars/2026");
    let year = server.auditor().get("/v1/calendars/2026").await.ok(200).json();
    assert_eq!(year["rest_days"], json!(["2026-10-01"]));
    server.auditor().get("/v1/calendars/2027").await.problem(404, "not-found");
    let list = server.auditor().get("/v1/calendars").await.ok(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let tag = server.auditor().get(ONE).await.ok(200);
    assert_eq!(tag.header("etag"), "\"2.2026-11-22.json.en.0-1-1\"");
}

/// C17: after its term the title is "review due", and held until a review decides.
#[tokio::test(flavor = "multi_thread")]
async fn c17_a_title_whose_term_is_over_is_review_due_and_still_held() {
    let server = server().await;
    server.register(&["440000"]).await;
    server.register_futian().await;
    let attested = json!({
        "act": "attest_standing", "effective_on": "2020-12", "stands_at": "demonstrative",
        "title": "demonstrative", "confidence": "attested", "source": "reported by a newspaper",
    });
    server.registrar().act("cluster_area/futian", &attested).await.ok(201);
    let auditor = server.auditor();
    let path = "/v1/enrollments/cluster_area/futian";
    let held = auditor.get(path).await.ok(200).json();
    let title = &held["title"];
    assert_eq!(
        (&title["until"], &title["review_due"]),
        (&json!("2023-12-01/2023-12-31"), &json!(true))
    );
    assert_eq!(title["note"], "review due; the title is held until a review decides");
    let chinese = send(auditor.request("GET", path)).await.ok(200).json();
    assert_eq!(chinese["title"]["note"], "已到复核期；复核作出决定前称号仍然保留");
    // Not while its last day may lie ahead.
    let before = auditor.get(&format!("{path}?as_of=2023-12-31")).await.ok(200).json();
    assert_eq!(before["title"]["review_due"], false);
    assert_eq!(before["title"]["note"], Value::Null);
    let review = json!({ "act": "review", "effective_on": "2026-11-01", "result": "qualified", "findings": "f" });
    let kept = server.national().act("cluster_area/futian", &review).await.ok(201).json();
    assert_eq!(kept["enrollment"]["title"]["review_due"], false);
    let list = "/v1/enrollments?as_of=2026-01-01&min_sequence=8";
    let list = send(auditor.request("GET", list).header("prefer", "wait=20")).await.json();
    assert_eq!(list["items"][0]["title"]["review_due"], true, "{list}");
    let now = auditor.get("/v1/enrollments?min_sequence=8").await.json();
    assert_eq!(now["items"][0]["title"]["review_due"], false, "{now}");
}

/// The OpenAPI document promises 304 everywhere.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_has_is_not_sent_again() {
    let server = server().await;
    server.register(&["440000"]).await;
    let auditor = server.auditor();
    for path in [
        "/v1/programs",
        "/v1/programs/strong_province",
        "/v1/programs/strong_province/measures",
        "/v1/programs/strong_province/quotas",
        "/v1/subjects/440000",
        "/v1/calendars",
        "/v1/events?limit=2",
        "/v1/events",
    ] {
        let first = auditor.get(path).await.ok(200);
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{path}: {tag:?}");
        let again = auditor.request("GET", path).header("accept-language", "en");
        let again = send(again.header("if-none-match", &tag)).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let other = auditor.request("GET", path).header("accept-language", "zh");
        send(other.header("if-none-match", &tag)).await.ok(200);
    }
    let quotas = "/v1/programs/strong_province/quotas";
    let before = auditor.get(quotas).await.header("etag").to_owned();
    let enrollment = "strong_province/440000";
    server.province("440000").act(enrollment, &apply("leading", "2016-01-05")).await.ok(201);
    server.national().act(enrollment, &approve("2016-03-01")).await.ok(201);
    assert_ne!(auditor.get(quotas).await.header("etag"), before);
    let full = auditor.get("/v1/events?limit=2").await;
    assert!(full.header("cache-control").contains("immutable"));
    assert!(!auditor.get("/v1/events?limit=1000").await.header("cache-control").contains("imm"));
}

/// A status that was rendered is looked up; whatever it depends on changes it at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_status_reads_no_log_and_is_never_stale() {
    let server = server_without_read_models().await;
    server.register(&["440000"]).await;
    let enrollment = "strong_province/440000";
    server.province("440000").act(enrollment, &apply("leading", "2016-01-05")).await.ok(201);
    let auditor = server.auditor();
    let first = auditor.get(ONE).await.ok(200);
    server.log.fail_reads(LogError::Unavailable("gone".to_owned()));
    let again = auditor.get(ONE).await.ok(200);
    assert_eq!((&again.body, again.header("etag")), (&first.body, first.header("etag")));
    let chinese = send(auditor.request("GET", ONE)).await.ok(200);
    assert_ne!(chinese.body, first.body);
    assert_eq!(chinese.header("content-language"), "zh-CN");
    assert_eq!(auditor.get(&format!("{ONE}?as_of=2026-11-22")).await.ok(200).body, first.body);
    let other = auditor.get(&format!("{ONE}?as_of=2026-11-21")).await.ok(200).json();
    assert_eq!(other["as_of"], "2026-11-21");
    server.log.heal();
    let mut tags = vec![first.header("etag").to_owned()];
    let renamed = json!({
        "name": { "en": "Canton", "zh": "粤" }, "source": "test", "effective_on": "2016-01-01",
    });
    server.registrar().post("/v1/subjects/440000/renamings", &renamed).await.ok(201);
    let status = auditor.get(ONE).await.ok(200);
    assert_eq!(status.json()["name"], "Canton");
    tags.push(status.header("etag").to_owned());
    server.national().act(enrollment, &approve("2016-03-01")).await.ok(201);
    let status = auditor.get(ONE).await.ok(200);
    assert_eq!(status.json()["stands_at"]["node"], "pilot");
    tags.push(status.header("etag").to_owned());
    let calendar = json!({
        "year": 2026, "rest_days": ["2026-10-01"], "working_weekends": [], "source": "notice",
    });
    server.registrar().post("/v1/calendars", &calendar).await.ok(201);
    tags.push(auditor.get(ONE).await.ok(200).header("etag").to_owned());
    at(&server, "2026-11-23T00:00:00+08:00");
    let status = auditor.get(ONE).await.ok(200);
    assert_eq!(status.json()["as_of"], "2026-11-23");
    tags.push(status.header("etag").to_owned());
    let count = tags.len();
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), count, "{tags:?}");
}
