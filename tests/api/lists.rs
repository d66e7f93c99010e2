//! Lists: pages that join up, cursors that can't be bent, and how far the tables have read.

use super::support::*;
use docket::domain::date::Day;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const IDS: [&str; 7] = ["110000", "310000", "320000", "330000", "370000", "440000", "500000"];

async fn filled() -> (Server, String) {
    let server = server().await;
    server.register(&IDS).await;
    server.register(&["utopia"]).await;
    let mut last = Value::Null;
    for id in IDS {
        let enrollment = format!("strong_province/{id}");
        let reply = server.province(id).act(&enrollment, &apply("supporting", "2016-01-05")).await;
        last = reply.ok(201).json()["sequence"].clone();
    }
    let exercise = "exercise_strong_province/utopia";
    server.province("utopia").act(exercise, &apply("leading", "2016-01-05")).await.ok(201);
    server.national().act("strong_province/110000", &approve("2016-03-01")).await.ok(201);
    let approved = server.national().act("strong_province/310000", &approve("2016-03-01")).await;
    last.clone_from(&approved.ok(201).json()["sequence"]);
    (server, last.as_str().unwrap().to_owned())
}

/// Reads a list that has read at least so far.
async fn list(server: &Server, path: &str, sequence: &str) -> Reply {
    let joint = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{joint}min_sequence={sequence}");
    let request = server.auditor().request("GET", &path).header("prefer", "wait=20");
    send(request.header("accept-language", "en")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_join_up_without_gap_or_repeat() {
    let (server, sequence) = filled().await;
    let mut path = "/v1/enrollments?limit=3".to_owned();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let page = list(&server, &path, &sequence).await.ok(200);
        let body = page.json();
        for item in body["items"].as_array().unwrap() {
            seen.push(item["subject"].as_str().unwrap().to_owned());
        }
        pages += 1;
        let Some(next) = body["next"].as_str() else {
            assert_eq!(page.header("link"), "");
            break;
        };
        assert_eq!(page.header("link"), format!("<{next}>; rel=\"next\""));
        path = next.to_owned();
    }
    assert_eq!((pages, seen.as_slice()), (3, IDS.map(String::from).as_slice()));
    let large = list(&server, "/v1/enrollments?limit=5000", &sequence).await.ok(200);
    assert_eq!(large.json()["items"].as_array().unwrap().len(), 7);
    for bad in ["-1", "0", "x"] {
        let path = format!("/v1/enrollments?limit={bad}");
        server.auditor().get(&path).await.problem(400, "malformed-request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_are_opaque_and_hold_for_their_list() {
    let (server, sequence) = filled().await;
    let page = list(&server, "/v1/enrollments?limit=2", &sequence).await.ok(200).json();
    let next = page["next"].as_str().unwrap();
    let cursor = next.split("cursor=").nth(1).unwrap();
    let plain = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, cursor);
    assert!(serde_json::from_slice::<Value>(&plain.unwrap()).is_err());
    let mut bent = cursor.to_owned();
    let last = if bent.pop() == Some('A') { 'B' } else { 'A' };
    bent.push(last);
    for path in [
        format!("/v1/enrollments?cursor={bent}"),
        format!("/v1/enrollments?phase=pilot&cursor={cursor}"),
        format!("/v1/obligations?cursor={cursor}"),
        "/v1/enrollments?cursor=!".to_owned(),
    ] {
        server.auditor().get(&path).await.problem(400, "cursor-invalid");
    }
    // Another page size is not another list.
    server.auditor().get(&format!("/v1/enrollments?limit=5&cursor={cursor}")).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_pick_and_exercises_stand_apart() {
    let (server, sequence) = filled().await;
    for (query, expected) in [
        ("phase=pilot", vec!["110000", "310000"]),
        ("phase=pilot&as_of=2016-02-01", vec![]),
        ("program=strong_province&province=440000", vec!["440000"]),
        ("category=leading", vec![]),
        ("exercise=true", vec!["utopia"]),
        ("program=exercise_strong_province", vec!["utopia"]),
        ("provenance=ATTESTED", vec![]),
    ] {
        let body =
            list(&server, &format!("/v1/enrollments?{query}"), &sequence).await.ok(200).json();
        let found: Vec<_> =
            body["items"].as_array().unwrap().iter().map(|i| i["subject"].clone()).collect();
        assert_eq!(found, expected, "{query}");
        assert_eq!(body["projection"]["name"], "current_status");
        assert!(body["projection"]["sequence"].as_str().unwrap() >= sequence.as_str());
    }
    let auditor = server.auditor();
    auditor
        .get("/v1/enrollments?program=strong_province&exercise=true")
        .await
        .problem(400, "malformed-request");
    auditor.get("/v1/enrollments?program=nowhere").await.problem(404, "not-found");
    auditor.get("/v1/enrollments?provenance=GUESSED").await.problem(400, "malformed-request");
    let first = list(&server, "/v1/enrollments", &sequence).await.ok(200);
    let tag = first.header("etag");
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = auditor.request("GET", "/v1/enrollments").header("accept-language", "en");
    send(again.header("if-none-match", tag)).await.ok(304);
    let subjects =
        list(&server, "/v1/subjects?kind=province&limit=100", &sequence).await.ok(200).json();
    let ids: BTreeSet<_> =
        subjects["items"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap()).collect();
    assert_eq!(ids, BTreeSet::from(IDS));
}

#[tokio::test(flavor = "multi_thread")]
async fn obligations_are_listed_across_programs() {
    let (server, sequence) = filled().await;
    let open =
        list(&server, "/v1/obligations?status=OPEN,OVERDUE&obligation=scheme&limit=1", &sequence)
            .await;
    let open = open.ok(200).json();
    assert_eq!(open["items"][0]["subject"], "110000");
    assert_eq!(open["items"][0]["obligation"], "scheme");
    let next = open["next"].as_str().unwrap();
    let second = server.auditor().get(next).await.ok(200).json();
    assert_eq!(second["items"][0]["subject"], "310000");
    let none = list(&server, "/v1/obligations?status=OVERDUE", &sequence).await.ok(200).json();
    assert_eq!(none["items"], json!([]));
    let auditor = server.auditor();
    auditor.get("/v1/obligations?status=DONE").await.problem(400, "malformed-request");
    auditor.get("/v1/obligations?owes=nobody").await.problem(400, "malformed-request");
    auditor.get("/v1/obligations?due_before=2016-13-01").await.problem(400, "malformed-request");
}

/// That the list of a program's pilots is complete as of 1 August 2016.
async fn complete(server: &Server, program: &str) {
    let source = "the list of the official website";
    let act =
        json!({ "act": "record_list_complete", "effective_on": "2016-08-01", "source": source });
    server.registrar().act_for(program, &act).await.ok(201);
}

/// P12: it stands in no stream, so it is listed from the registered provinces, whole and in pages.
#[tokio::test(flavor = "multi_thread")]
async fn p12_unlisted_provinces_owe_a_promotion_plan() {
    let (server, _) = filled().await;
    server.register(&["650000", "XPCC", "arcadia"]).await;
    server.register_futian().await;
    let plan = json!({ "act": "submit_promotion_plan", "effective_on": "2017", "summary": "s" });
    let met = server.province("XPCC").act("strong_province/XPCC", &plan).await.ok(201).json();
    let sequence = met["sequence"].as_str().unwrap().to_owned();
    let owing = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().iter();
        let plans = items.filter(|item| item["obligation"] == "promotion_plan");
        plans.map(|item| item["subject"].as_str().unwrap().to_owned()).collect()
    };
    // Nobody said that the list of pilots is complete: of whom the record lacks nothing is known
    // (G10). An application that is pending pauses what is owed.
    let body = list(&server, "/v1/obligations?obligation=promotion_plan", &sequence).await.ok(200);
    let statuses = |body: &Value| {
        let of = |item: &Value| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            (text("subject"), text("status"))
        };
        body["items"].as_array().unwrap().iter().map(of).collect::<BTreeMap<_, _>>()
    };
    let before = statuses(&body.json());
    assert_eq!(before["650000"], "NOT_IN_THE_RECORD");
    assert_eq!((before.get("320000"), &*before["XPCC"]), (None, "MET"));
    let open = "/v1/obligations?status=OPEN&subject=650000";
    assert_eq!(owing(&list(&server, open, &sequence).await.ok(200).json()), [""; 0]);
    complete(&server, "strong_province").await;
    complete(&server, "exercise_strong_province").await;
    // Two are pilots, one has met it; the others but one have applied.
    let expected = ["650000"];
    let all = ["650000", "XPCC"];
    for (query, expected) in [
        ("program=strong_province&obligation=promotion_plan", all.as_slice()),
        ("status=OPEN&owes=province", &expected),
        ("status=OPEN&as_of=2016-07-31&subject=650000", &[]),
        ("status=NOT_IN_THE_RECORD&as_of=2016-07-31", &["650000", "XPCC"]),
        ("subject=650000", &["650000"]),
        ("exercise=true", &["arcadia"]),
        ("program=exercise_strong_province", &["arcadia"]),
        ("program=cluster_area", &[]),
        ("owes=national_office", &[]),
        ("status=OVERDUE,MET", &["XPCC"]),
        ("obligation=scheme", &[]),
        ("due_before=2030-01-01", &[]),
        ("subject=XPCC", &["XPCC"]),
        ("subject=110000", &[]),
    ] {
        let path = format!("/v1/obligations?{query}");
        let body = list(&server, &path, &sequence).await.ok(200).json();
        assert_eq!(owing(&body), expected, "{query}");
    }
    for limit in 1..=9 {
        let mut path = format!("/v1/obligations?limit={limit}");
        let mut seen = Vec::new();
        loop {
            let body = list(&server, &path, &sequence).await.ok(200).json();
            let items = body["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{limit}: {body}");
            seen.extend(owing(&body));
            let Some(next) = body["next"].as_str() else { break };
            path = next.to_owned();
        }
        assert_eq!(seen, all, "pages of {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_stands_with_the_one_enrollment_too() {
    let server = server().await;
    server.register(&["440000", "650000", "utopia"]).await;
    let known = server.app.log().head().await.unwrap().unwrap();
    let auditor = server.auditor();
    let path = "/v1/enrollments/strong_province/650000";
    auditor.get(path).await.problem(404, "not-found");
    let reply = auditor.get(&format!("{path}/obligations")).await.ok(200);
    assert_eq!(reply.header("etag"), "\"none.2026-11-22.json.en.0-0-1\"");
    assert_eq!(reply.json()["items"][0]["status"], "NOT_IN_THE_RECORD");
    complete(&server, "strong_province").await;
    let reply = auditor.get(&format!("{path}/obligations")).await.ok(200);
    assert_eq!(reply.header("etag"), "\"none.2026-11-22.json.en.0-0-1-1\"");
    let body = reply.json();
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
    assert_eq!(body["items"][1]["obligation"], "support_of_unlisted");
    let duty = &body["items"][0];
    let since = Day::parse("2016-08-01").unwrap();
    let days = since.days_until(Day::parse("2026-11-22").unwrap());
    assert_eq!((&duty["waiting"], &duty["days_late"]), (&json!(days), &Value::Null));
    assert_eq!(duty["label"], "Comprehensive strength promotion plan");
    assert_eq!((&duty["status"], &duty["due"]), (&json!("OPEN"), &Value::Null));
    assert_eq!((&duty["owes"], &duty["article"]), (&json!("province"), &json!("IV(IV)")));
    assert_eq!(duty["opened_by"], Value::Null);
    let chinese = auditor.request("GET", &format!("{path}/obligations"));
    assert_eq!(send(chinese).await.json()["items"][0]["label"], "制定综合实力提升计划");
    // Not before the measure, not before the registration, not of who can't take part.
    for (path, query) in [
        ("strong_province/650000", "?as_of=2015-01-01"),
        ("strong_province/650000", "?at_sequence=0"),
        ("strong_province/utopia", ""),
        ("exercise_strong_province/650000", ""),
        ("cluster_area/650000", ""),
    ] {
        let path = format!("/v1/enrollments/{path}/obligations{query}");
        auditor.get(&path).await.problem(404, "not-found");
    }
    for (known, status) in [(known, "NOT_IN_THE_RECORD"), (known + 1, "OPEN")] {
        let known = format!("{path}/obligations?at_sequence={known}");
        assert_eq!(auditor.get(&known).await.ok(200).json()["items"][0]["status"], status);
    }
    let unsaid = format!("{path}/obligations?as_of=2016-07-31");
    assert_eq!(auditor.get(&unsaid).await.json()["items"][0]["status"], "NOT_IN_THE_RECORD");
    let apply = apply("leading", "2016-01-05");
    server.province("650000").act("strong_province/650000", &apply).await.ok(201);
    let status = auditor.get(path).await.ok(200).json();
    assert_eq!(status["obligations"]["open"], 0, "a pending application pauses what is owed");
    server.national().act("strong_province/650000", &approve("2016-03-01")).await.ok(201);
    let body = auditor.get(&format!("{path}/obligations")).await.json();
    let unlisted = |i: &Value| i["obligation"] == "promotion_plan";
    assert!(!body["items"].as_array().unwrap().iter().any(unlisted), "{body}");
    let plan = json!({ "act": "submit_promotion_plan", "effective_on": "2017", "summary": "s" });
    server.province("440000").act("strong_province/440000", &plan).await.ok(201);
    let met = auditor.get("/v1/enrollments/strong_province/440000/obligations").await.ok(200);
    let met = met.json();
    assert_eq!(met["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&met["items"][0]["status"], &met["items"][0]["met"]["revision"]),
        (&json!("MET"), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_has_not_read_so_far_says_so() {
    let (mut server, _) = filled().await;
    server.stop_read_models().await;
    let after = server.national().act("strong_province/320000", &approve("2016-03-01")).await;
    let sequence = after.ok(201).json()["sequence"].as_str().unwrap().to_owned();
    let path = format!("/v1/enrollments?min_sequence={sequence}");
    let behind = server.auditor().get(&path).await;
    let problem = behind.problem(503, "projection-behind");
    assert_eq!(behind.header("retry-after"), "1");
    assert_eq!(problem["required_sequence"], sequence);
    // One enrollment is answered from its own stream, and so is at once what was written.
    let own = server.auditor().get("/v1/enrollments/strong_province/320000").await.json();
    assert_eq!(own["stands_at"]["node"], "pilot");
    let ready = send(server.request("GET", "/health/ready")).await.ok(200).json();
    assert!(ready["read_models"]["behind_events"].as_u64().unwrap() > 0, "{ready}");
}

/// C7, P3: lists by round and by batch, as of any day and as known at any event.
#[tokio::test(flavor = "multi_thread")]
async fn enrollments_are_listed_by_the_batch_in_which_they_were_decided() {
    let (server, _) = filled().await;
    let mut body = approve("2016-04-01");
    body["batch"] = json!(" 1 ");
    body["round"] = json!("2016");
    let before = server.national().act("strong_province/320000", &approve("2016-03-01")).await;
    let before = before.ok(201).json()["sequence"].as_str().unwrap().to_owned();
    let approved = server.national().act("strong_province/440000", &body).await.ok(201);
    let sequence = approved.json()["sequence"].as_str().unwrap().to_owned();
    let subjects = async |query: &str| {
        let body = list(&server, &format!("/v1/enrollments?{query}"), &sequence).await.ok(200);
        let items = body.json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["subject"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(subjects("batch=1").await, ["440000"]);
    assert_eq!(subjects("round=2016&category=supporting").await, ["440000"]);
    assert_eq!(subjects("round=2016&category=leading").await, [""; 0]);
    assert_eq!(subjects("batch=2").await, [""; 0]);
    assert_eq!(subjects("batch=1&as_of=2016-03-31").await, [""; 0], "not decided yet");
    assert_eq!(subjects(&format!("batch=1&at_sequence={before}")).await, [""; 0], "not known yet");
    let item = list(&server, "/v1/enrollments?batch=1", &sequence).await.ok(200).json();
    assert_eq!(
        (&item["items"][0]["batch"], &item["items"][0]["round"]),
        (&json!("1"), &json!("2016"))
    );
    let status =
        server.auditor().get("/v1/enrollments/strong_province/440000").await.ok(200).json();
    assert_eq!((&status["batch"], &status["round"]), (&json!("1"), &json!("2016")));
    for blank in ["round=", "batch=%20", "batch=%E2%80%8B"] {
        let path = format!("/v1/enrollments?{blank}");
        server.auditor().get(&path).await.problem(400, "malformed-request");
    }
}
