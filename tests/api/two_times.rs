//! Lists and quotas about two times, over a history that was corrected: what held on a day, as
//! known then; and what can't be asked.

use super::support::*;
use docket::api::auth::Role;
use docket::domain::date::Timestamp;
use serde_json::{Value, json};

const LIST: &str = "/v1/enrollments?program=strong_province";
const QUOTAS: &str = "/v1/programs/strong_province/quotas";
const BEFORE: &str = "known_at=2026-02-01T00:00:00%2B08:00";

fn at(server: &Server, instant: &str) {
    server.clock.set(Timestamp::parse_rfc3339(instant).unwrap());
}

/// Asks for what the tables may not have read yet.
async fn get(server: &Server, path: &str) -> Reply {
    let request = server.auditor().request("GET", path).header("prefer", "wait=20");
    send(request.header("accept-language", "en")).await
}

/// Two provinces that applied, one of which was approved as of March 2016, as was on record in
/// January 2026. Gives the reference and the sequence of the approval.
async fn recorded(server: &Server) -> (Value, String) {
    at(server, "2026-01-10T09:00:00+08:00");
    server.register(&["110000", "440000"]).await;
    for id in ["110000", "440000"] {
        let apply = apply("leading", "2016-01-05");
        server.province(id).act(&format!("strong_province/{id}"), &apply).await.ok(201);
    }
    at(server, "2026-01-11T09:00:00+08:00");
    let approved = server.national().act("strong_province/440000", &approve("2016-03-01")).await;
    let approved = approved.ok(201).json();
    let sequence = approved["sequence"].as_str().unwrap().to_owned();
    (approved["events"][0]["reference"].clone(), sequence)
}

/// In March the day of the approval is corrected to May 2016. Gives the newest sequence.
async fn correct(server: &Server, approval: &Value) -> String {
    at(server, "2026-03-01T09:00:00+08:00");
    let correction = json!({
        "act": "correct", "effective_on": "2026-03-01", "reason": "the notice is of May",
        "corrects": approval,
        "replacement": {
            "act": { "act": "approve", "content": {} },
            "common": { "effective_on": "2016-05-01" },
        },
    });
    let corrected = server.national().act("strong_province/440000", &correction).await.ok(201);
    at(server, NOW);
    corrected.json()["sequence"].as_str().unwrap().to_owned()
}

fn nodes(body: &Value) -> Vec<(&str, &str)> {
    let items = body["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            (item["subject"].as_str().unwrap(), item["stands_at"]["node"].as_str().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_answers_for_both_times() {
    let server = server().await;
    let (approval, approved) = recorded(&server).await;
    let newest = correct(&server, &approval).await;
    let applied = ("440000", "candidate.applied");
    let other = ("110000", "candidate.applied");
    for (query, second) in [
        ("as_of=2016-04-01", applied),
        ("as_of=2016-05-01", ("440000", "pilot")),
        (&format!("as_of=2016-04-01&{BEFORE}"), ("440000", "pilot")),
        (&format!("as_of=2016-02-28&{BEFORE}"), applied),
        ("as_of=2016-04-01&known_at=2026-03-01T00:59:59Z", ("440000", "pilot")),
        ("as_of=2016-04-01&known_at=2026-03-01T01:00:00Z", applied),
        (&format!("as_of=2016-04-01&at_sequence={approved}"), ("440000", "pilot")),
        ("known_at=2026-01-10T12:00:00%2B08:00", applied),
    ] {
        let body = get(&server, &format!("{LIST}&{query}&min_sequence={newest}")).await.ok(200);
        assert_eq!(nodes(&body.json()), [other, second], "{query}");
    }
    let then = get(&server, &format!("{LIST}&as_of=2016-04-01&{BEFORE}")).await.ok(200).json();
    assert_eq!(then["as_of"], "2016-04-01");
    assert_eq!(then["known_at"], "2026-01-31T16:00:00.000000Z");
    assert_eq!(then["known_to_sequence"], approved.as_str());
    assert_eq!(then["measures"], json!({ "strong_province": "2015-59" }));
    let one = &then["items"][1];
    assert_eq!((&one["revision"], &one["sequence"]), (&json!(1), &json!(approved)));
    assert_eq!(one["recorded_at"], "2026-01-11T01:00:00.000000Z");
    let now = get(&server, LIST).await.ok(200).json();
    assert_eq!((&now["known_at"], &now["known_to_sequence"]), (&Value::Null, &Value::Null));
    assert_eq!(now["items"][1]["revision"], 2);
    // Nothing was on record before the log began; what comes is not known yet.
    let dawn = get(&server, &format!("{LIST}&known_at=1999-01-01T00:00:00Z")).await.ok(200).json();
    assert_eq!((&dawn["items"], &dawn["next"]), (&json!([]), &Value::Null));
    assert_eq!(dawn["known_to_sequence"], Value::Null);
    assert_eq!(dawn["known_at"], "1999-01-01T00:00:00.000000Z");
    let later = get(&server, &format!("{LIST}&known_at=2100-01-01T00:00:00Z")).await.ok(200).json();
    assert_eq!(later["items"], now["items"]);
    assert_eq!(later["known_to_sequence"], later["projection"]["sequence"]);
    // A recorded phase is filtered by what was known too.
    let pilots = format!("{LIST}&phase=pilot&as_of=2016-04-01");
    assert_eq!(get(&server, &pilots).await.ok(200).json()["items"], json!([]));
    let pilots = get(&server, &format!("{pilots}&{BEFORE}")).await.ok(200).json();
    assert_eq!(nodes(&pilots), [("440000", "pilot")]);
}

/// Checklist 61: what was answered can be answered again, word for word.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_leaves_the_old_answers_reproducible() {
    let server = server().await;
    let (approval, approved) = recorded(&server).await;
    at(&server, "2026-02-15T09:00:00+08:00");
    let paths = [
        format!("{LIST}&as_of=2016-04-01&{BEFORE}"),
        format!("/v1/obligations?program=strong_province&as_of=2016-04-01&{BEFORE}"),
        format!("{QUOTAS}?as_of=2016-04-01&{BEFORE}"),
        format!("{QUOTAS}?as_of=2016-04-01&at_sequence={approved}"),
    ];
    let mut before = Vec::new();
    for path in &paths {
        before.push(get(&server, path).await.ok(200));
    }
    let newest = correct(&server, &approval).await;
    for (path, before) in paths.iter().zip(&before) {
        get(&server, &format!("{LIST}&min_sequence={newest}")).await.ok(200);
        let after = get(&server, path).await.ok(200);
        assert_eq!(after.header("etag"), before.header("etag"), "{path}");
        let (mut one, mut other) = (before.json(), after.json());
        for body in [&mut one, &mut other] {
            // How far the tables have read is of the day of the question.
            body.as_object_mut().unwrap().remove("projection");
        }
        assert_eq!(one, other, "{path}");
        let again = server.auditor().request("GET", path).header("accept-language", "en");
        send(again.header("if-none-match", before.header("etag"))).await.ok(304);
    }
    let path = "/v1/obligations?obligation=scheme&as_of=2016-04-01";
    assert_eq!(get(&server, path).await.ok(200).json()["items"], json!([]));
    let then = get(&server, &format!("{path}&{BEFORE}")).await.ok(200).json();
    assert_eq!(then["items"][0]["status"], "OPEN");
    assert_eq!(then["items"][0]["subject"], "440000");
    assert_eq!(then["known_to_sequence"], approved.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_are_counted_as_known_then() {
    let server = server().await;
    let (approval, approved) = recorded(&server).await;
    correct(&server, &approval).await;
    server
        .registrar()
        .post(
            "/v1/subjects/440000/renamings",
            &json!({ "name": { "en": "Yue", "zh": "粤" }, "source": "s", "effective_on": "2015" }),
        )
        .await
        .ok(201);
    for (query, holders, known_to) in [
        ("as_of=2016-04-01".to_owned(), json!([]), Value::Null),
        ("on=2016-05-01".to_owned(), json!(["Yue"]), Value::Null),
        (format!("as_of=2016-04-01&{BEFORE}"), json!(["Province 440000"]), json!(approved)),
        (format!("on=2016-02-29&at_sequence={approved}"), json!([]), json!(approved)),
        ("known_at=1999-01-01T00:00:00Z".to_owned(), json!([]), Value::Null),
    ] {
        let body = get(&server, &format!("{QUOTAS}?{query}")).await.ok(200).json();
        let quota = &body["quotas"][0];
        let names: Vec<_> =
            quota["holders"].as_array().unwrap().iter().map(|h| h["name"].clone()).collect();
        assert_eq!(json!(names), holders, "{query}");
        assert_eq!(quota["taken"], names.len(), "{query}");
        assert_eq!(body["known_to_sequence"], known_to, "{query}");
        assert_eq!(body["as_of"], body["on"]);
        assert_eq!(quota["limit"], 5);
    }
    let both = format!("{QUOTAS}?as_of=2016-04-01&on=2016-04-01");
    get(&server, &both).await.problem(400, "malformed-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_through_the_pages_keeps_both_times() {
    let server = server().await;
    let (approval, approved) = recorded(&server).await;
    at(&server, "2026-02-15T09:00:00+08:00");
    // An instant to come: what is known is fixed with the first page.
    let path = format!("{LIST}&limit=1&as_of=2016-04-01&known_at=2027-01-01T00:00:00Z");
    let first = get(&server, &format!("{path}&min_sequence={approved}")).await.ok(200).json();
    let known = first["known_to_sequence"].clone();
    let newest = correct(&server, &approval).await;
    let next = first["next"].as_str().unwrap();
    let second = get(&server, &format!("{next}&min_sequence={newest}")).await.ok(200).json();
    assert_eq!(nodes(&second), [("440000", "pilot")]);
    assert_eq!((&second["known_to_sequence"], &second["as_of"]), (&known, &json!("2016-04-01")));
    assert!(second["projection"]["sequence"].as_str() >= Some(&newest));
    let cursor = next.split("cursor=").nth(1).unwrap();
    for (list, query) in [
        (LIST, "limit=1&as_of=2016-04-01&known_at=2027-01-02T00:00:00Z"),
        (LIST, "limit=1&as_of=2016-04-02&known_at=2027-01-01T00:00:00Z"),
        (LIST, "limit=1&as_of=2016-04-01"),
        (
            "/v1/obligations?program=strong_province",
            "as_of=2016-04-01&known_at=2027-01-01T00:00:00Z",
        ),
    ] {
        let other = format!("{list}&{query}&cursor={cursor}");
        get(&server, &other).await.problem(400, "cursor-invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_said() {
    let mut server = server().await;
    let (_, approved) = recorded(&server).await;
    at(&server, NOW);
    let head = server.app.log().head().await.unwrap().unwrap();
    get(&server, &format!("{LIST}&min_sequence={head}")).await.ok(200);
    for path in
        [LIST, "/v1/obligations?program=strong_province", "/v1/programs/strong_province/quotas?"]
    {
        for query in [
            "as_of=2016-13-01".to_owned(),
            "as_of=2016".to_owned(),
            "known_at=2016-01-01T00:00:00".to_owned(),
            "known_at=2016-01-01".to_owned(),
            "at_sequence=x".to_owned(),
            "at_sequence=-1".to_owned(),
            format!("at_sequence={}", head + 1),
            format!("at_sequence={approved}&{BEFORE}"),
            format!("{BEFORE}&{BEFORE}"),
        ] {
            let problem = get(&server, &format!("{path}&{query}")).await;
            let problem = problem.problem(400, "malformed-request");
            let named = problem["errors"][0]["parameter"].as_str().unwrap();
            assert!(query.contains(named), "{query}: {problem}");
        }
        get(&server, &format!("{path}&known=1")).await.problem(400, "unknown-parameter");
    }
    let both = format!("/v1/enrollments/strong_province/440000?at_sequence={approved}&{BEFORE}");
    get(&server, &both).await.problem(400, "malformed-request");
    // What the tables have not read yet is said, and when to ask again.
    server.stop_read_models().await;
    let apply = apply("leading", "2016-01-05");
    server.register(&["310000"]).await;
    server.province("310000").act("strong_province/310000", &apply).await.ok(201);
    let head = server.app.log().head().await.unwrap().unwrap();
    for query in [format!("at_sequence={head}"), format!("known_at={}", NOW.replace('+', "%2B"))] {
        let reply = server.auditor().get(&format!("{LIST}&{query}")).await;
        let problem = reply.problem(503, "projection-behind");
        assert_eq!(problem["required_sequence"], format!("{head:020}"), "{query}");
        assert!(!reply.header("retry-after").is_empty(), "{query}");
    }
    // As much as was read is there; of what is to come, too.
    get(&server, &format!("{LIST}&at_sequence={approved}")).await.ok(200);
    let later = get(&server, &format!("{LIST}&known_at=2100-01-01T00:00:00Z")).await.ok(200).json();
    assert_eq!(later["known_to_sequence"], later["projection"]["sequence"]);
}

/// Whether a duty is late depends on rest days: on those known then.
#[tokio::test(flavor = "multi_thread")]
async fn obligations_are_judged_by_the_calendar_known_then() {
    let server = server().await;
    server.register(&["440000"]).await;
    server.register_futian().await;
    let digest = server.registrar().upload(b"a letter").await;
    let material = |kind: &str| json!({ "kind": kind, "name": kind, "media_type": "text/plain", "digest": digest });
    let services = ["patent", "trademark", "copyright", "geographical_indication", "plant_variety"];
    let materials = ["application", "initial_work_plan", "commitment"].map(material);
    let letter = [material("letter_of_recommendation")];
    let apply = json!({
        "act": "apply", "effective_on": "2014-10-08", "applicant_kind": "hi_tech_zone",
        "requirements": { "management": "m", "demand": "d", "agencies": 41, "services": services },
        "materials": materials,
    });
    let recommend = json!({
        "act": "recommend", "effective_on": "2014-10-20", "opinion": "good",
        "materials": letter,
    });
    let enrollment = "cluster_area/futian";
    server
        .client(Role::LocalGovernment, "futian", &["futian"])
        .act(enrollment, &apply)
        .await
        .ok(201);
    let department = server.client(Role::ProvincialDepartment, "gd", &["440000"]);
    department.act(enrollment, &recommend).await.ok(201);
    let approval = json!({ "act": "approve", "effective_on": "2014-11-30", "round": "2014" });
    let approved = server.national().act(enrollment, &approval).await.ok(201).json();
    let known = approved["sequence"].as_str().unwrap();
    let calendar = json!({
        "year": 2016, "rest_days": ["2016-02-01"], "working_weekends": [], "source": "notice",
    });
    server.registrar().post("/v1/calendars", &calendar).await.ok(201);
    // 31 January 2016 is a Sunday; the Monday was made a rest day.
    let path = "/v1/obligations?subject=futian&due_after=2016-01-01&due_before=2016-02-01&as_of=2016-02-02";
    for (query, status, until) in [
        (String::new(), "OPEN", "2016-02-02"),
        (format!("&at_sequence={known}"), "OVERDUE", "2016-02-01"),
    ] {
        let body =
            get(&server, &format!("{path}{query}&min_sequence={known}")).await.ok(200).json();
        let item = &body["items"][0];
        assert_eq!(item["status"], status, "{query}: {body}");
        assert_eq!(item["due"]["not_late_before"], until, "{query}: {body}");
    }
}

/// G2: an approval with effect from a later day closes the matter at once: nobody is waited for, no
/// second decision is taken, and until that day the earlier standing holds.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_is_shown_until_it_is_in_effect() {
    let server = server().await;
    server.register(&["440000"]).await;
    let (province, national) = (server.province("440000"), server.national());
    let enrollment = "strong_province/440000";
    province.act(enrollment, &apply("leading", "2026-11-20")).await.ok(201);
    let mut decided = approve("2027-01-01");
    decided["decided_on"] = json!("2026-11-21");
    national.act(enrollment, &decided).await.ok(201);
    let path = format!("/v1/enrollments/{enrollment}");
    let on =
        async |day: &str| server.auditor().get(&format!("{path}?as_of={day}")).await.ok(200).json();
    let before = on("2026-11-20").await;
    assert_eq!(before["waiting_for"][0]["act"], "approve");
    let between = on("2026-12-31").await;
    assert_eq!(between["stands_at"]["node"], "candidate.applied");
    assert_eq!((&between["waiting_for"], &between["possible"]), (&json!([]), &json!([])));
    assert_eq!(between["not_yet_in_effect"][0]["type"], "Approved");
    assert_eq!(between["not_yet_in_effect"][0]["effective_on"], "2027-01-01");
    let permitted = format!("{path}/permitted-acts?as_of=2026-12-01");
    let permitted = national.get(&permitted).await.ok(200).json();
    let acts = permitted["acts"].as_array().unwrap();
    for act in ["approve", "reject"] {
        let found = acts.iter().find(|found| found["act"] == act).unwrap();
        assert_eq!(found["allowed"], false, "{found}");
        assert!(found["why_not"].as_str().unwrap().contains("decided already"), "{found}");
    }
    national.act(enrollment, &approve("2026-11-22")).await.problem(409, "already-decided");
    let after = on("2027-01-01").await;
    assert_eq!(
        (&after["stands_at"]["node"], &after["not_yet_in_effect"]),
        (&json!("pilot"), &json!([]))
    );
}
