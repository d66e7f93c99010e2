//! A program as a whole (G19, P7, P12, P19): acts in its own stream, what is owed for it, and the list
//! of who takes part.

use serde_json::{Value, json};

use super::support::{Server, apply, approve, new_key, send, server};

const OBLIGATIONS: &str = "/v1/programs/exercise_strong_province/obligations";

fn statuses(body: &Value) -> Vec<(String, String)> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let items = body["items"].as_array().unwrap().iter();
    items.map(|item| (text(item, "obligation"), text(item, "status"))).collect()
}

async fn owed(server: &Server, query: &str) -> Vec<(String, String)> {
    statuses(&server.auditor().get(&format!("{OBLIGATIONS}{query}")).await.ok(200).json())
}

fn is(status: [&str; 3]) -> Vec<(String, String)> {
    let ids = ["classified_guidance", "indicator_system", "key_works"];
    ids.into_iter().zip(status).map(|(id, status)| (id.to_owned(), status.to_owned())).collect()
}

fn document() -> Value {
    json!({ "title": "A file", "number": "1", "issuing_office": "CNIPA" })
}

#[tokio::test(flavor = "multi_thread")]
async fn p19_duties_of_the_whole_program_are_met_in_its_own_stream() {
    let server = server().await;
    let program = "exercise_strong_province";
    // Nothing is on record: what had a date did not fail (G10), the rest is open.
    assert_eq!(owed(&server, "").await, is(["NOT_IN_THE_RECORD", "OPEN", "OPEN"]));
    assert_eq!(owed(&server, "?as_of=2015-10-20").await, []);
    let national = server.national();
    let system = json!({
        "act": "record_indicator_system", "effective_on": "2016-03-01", "title": "Indicators",
    });
    let reply = national.act_for(program, &system).await.ok(201).json();
    assert_eq!(
        (&reply["met"][0]["obligation"], &reply["enrollment"]),
        (&json!("indicator_system"), &Value::Null)
    );
    assert!(
        reply["events"][0]["reference"]
            .as_str()
            .unwrap()
            .starts_with("program-exercise_strong_province@0#")
    );
    // The record is kept since then, so that the classified guidance, due by 2020, is missing in it.
    assert_eq!(owed(&server, "").await, is(["OVERDUE", "MET", "OPEN"]));
    assert_eq!(owed(&server, "?as_of=2019-12-31").await, is(["OPEN", "MET", "OPEN"]));
    assert_eq!(owed(&server, "?as_of=2016-02-29").await[1].1, "OPEN");
    let works = |kind: &str| json!({ "act": "record_arrangement", "effective_on": "2017-01-10", "kind": kind, "year": 2017, "text": "x" });
    national.act_for(program, &works("coordination")).await.ok(201);
    assert_eq!(owed(&server, "").await[2].1, "OPEN");
    national.act_for(program, &works("key_works")).await.ok(201);
    national.act_for(program, &works("anything")).await.problem(422, "validation-error");
    let guidance = json!({ "act": "record_guidance", "effective_on": "2021-03-01", "text": "classified guidance" });
    national.act_for(program, &guidance).await.ok(201);
    assert_eq!(owed(&server, "").await, is(["LATE", "MET", "MET"]));
    // The real program has a record of its own (G16).
    let real =
        server.auditor().get("/v1/programs/strong_province/obligations").await.ok(200).json();
    assert_eq!(statuses(&real), is(["NOT_IN_THE_RECORD", "OPEN", "OPEN"]));
    assert_eq!((&real["subject"], &real["exercise"]), (&Value::Null, &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn g19_a_program_has_acts_an_audit_trail_and_permitted_acts() {
    let server = server().await;
    let (program, path) = ("cluster_area", "/v1/programs/cluster_area");
    let empty = server.auditor().get(&format!("{path}/acts")).await.ok(200).json();
    assert_eq!(empty["items"], json!([]));
    let act = json!({
        "act": "record_interpretation", "effective_on": "2015-05-04", "article": "Art. 10",
        "text": "three months are counted by the calendar",
    });
    let forbidden = server.province("440000").act_for(program, &act).await;
    forbidden.problem(403, "role-forbidden");
    let recorded = server.national().act_for(program, &act).await.ok(201);
    let id = recorded.json()["id"].as_str().unwrap().to_owned();
    let one = server.auditor().get(&format!("{path}/acts/{id}")).await.ok(200).json();
    assert_eq!((&one["act"], &one["subject"]), (&json!("record_interpretation"), &Value::Null));
    assert_eq!(one["measure"]["article"], "Art. 19");
    let trail = server.auditor().request("GET", &format!("{path}/audit-trail"));
    let trail = send(trail.header("accept-language", "en")).await.ok(200).json();
    let sentence = trail["items"][0]["sentence"].as_str().unwrap();
    assert!(sentence.contains("interpreted Art. 10 for Cluster development areas"), "{sentence}");
    let trail = send(server.auditor().request("GET", &format!("{path}/audit-trail"))).await.json();
    assert!(trail["items"][0]["sentence"].as_str().unwrap().contains("解释第十条"), "{trail}");
    let permitted = server.national().get(&format!("{path}/permitted-acts")).await.ok(200).json();
    let acts = permitted["acts"].as_array().unwrap().iter();
    let allowed: Vec<_> =
        acts.filter(|act| act["allowed"] == true).map(|act| act["act"].as_str().unwrap()).collect();
    assert_eq!(allowed, ["record_guidance", "record_support", "record_interpretation", "correct"]);
    // What is done for subjects is not done for the whole, and the other way round.
    let plan =
        json!({ "act": "submit_plan", "effective_on": "2015-05-04", "contents": { "goals": "x" } });
    server.national().act_for(program, &plan).await.problem(409, "act-not-permitted");
    let attest = json!({
        "act": "attest_standing", "effective_on": "2016", "stands_at": "experimental",
        "title": "experimental", "confidence": "attested", "source": "a newspaper",
    });
    server.registrar().act_for(program, &attest).await.problem(409, "act-not-permitted");
    server.register(&["440000"]).await;
    let list =
        json!({ "act": "record_list_complete", "effective_on": "2016-08-01", "source": "s" });
    server.registrar().act("strong_province/440000", &list).await.problem(409, "act-not-permitted");
}

#[tokio::test(flavor = "multi_thread")]
async fn g6_a_retried_act_for_the_whole_happens_once() {
    let server = server().await;
    let path = "/v1/programs/cluster_area/acts";
    let act = json!({ "act": "record_guidance", "effective_on": "2015-05-04", "text": "x", "document": document() });
    let (national, key) = (server.national(), new_key());
    let post = |precondition: &str| {
        let request = national.request("POST", path).header("idempotency-key", &key);
        send(request.header("if-none-match", precondition).json(&act))
    };
    let first = post("*").await.ok(201).json();
    let again = post("*").await.ok(201).json();
    assert_eq!((&first["id"], &first["revision"]), (&again["id"], &again["revision"]));
    let acts = server.auditor().get(path).await.ok(200).json();
    assert_eq!(acts["items"].as_array().unwrap().len(), 1);
    // Another act that believes that nothing is there.
    let request = national.request("POST", path).header("idempotency-key", new_key());
    let conflict = send(request.header("if-none-match", "*").json(&act)).await;
    conflict.problem(412, "enrollment-exists");
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_the_list_is_complete_as_of_the_day_that_is_recorded_and_a_correction_takes_it_back() {
    let server = server().await;
    server.register(&["650000"]).await;
    let of = "/v1/enrollments/strong_province/650000/obligations";
    let status = async |query: &str| {
        let body = server.auditor().get(&format!("{of}{query}")).await.ok(200).json();
        body["items"][0]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status("").await, "NOT_IN_THE_RECORD");
    let list = json!({ "act": "record_list_complete", "effective_on": "2016-08-01", "source": "the official list" });
    server.national().act_for("strong_province", &list).await.problem(403, "role-forbidden");
    let recorded = server.registrar().act_for("strong_province", &list).await.ok(201).json();
    assert_eq!(status("").await, "OPEN");
    assert_eq!(status("?as_of=2016-07-31").await, "NOT_IN_THE_RECORD");
    let correction = json!({
        "act": "correct", "effective_on": "2026-11-22", "corrects": recorded["events"][0]["reference"],
        "reason": "the list was a draft",
    });
    server.registrar().act_for("strong_province", &correction).await.ok(201);
    assert_eq!(status("").await, "NOT_IN_THE_RECORD");
    let then = format!("?at_sequence={}", recorded["sequence"].as_str().unwrap());
    assert_eq!(status(&then).await, "OPEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn p19_an_evaluation_says_that_no_indicator_system_is_on_record() {
    let server = server().await;
    server.register(&["110000", "310000"]).await;
    let evaluate = json!({ "act": "evaluate", "effective_on": "2019-05-15", "result": "passed", "findings": "f" });
    for id in ["110000", "310000"] {
        let enrollment = format!("strong_province/{id}");
        server.province(id).act(&enrollment, &apply("leading", "2016-03-01")).await.ok(201);
        server.national().act(&enrollment, &approve("2016-06-13")).await.ok(201);
    }
    let first = server.national().act("strong_province/110000", &evaluate).await.ok(201).json();
    let codes = |body: &Value| -> Vec<String> {
        let findings = body["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    assert!(codes(&first).contains(&"no_indicator_system".to_owned()), "{first}");
    let system = json!({ "act": "record_indicator_system", "effective_on": "2017-03-01", "title": "Indicators" });
    let system = server.national().act_for("strong_province", &system).await.ok(201).json();
    let second = server.national().act("strong_province/310000", &evaluate).await.ok(201).json();
    assert!(!codes(&second).contains(&"no_indicator_system".to_owned()), "{second}");
    let id = second["id"].as_str().unwrap();
    let path = format!("/v1/enrollments/strong_province/310000/acts/{id}");
    let act = server.auditor().get(&path).await.ok(200).json();
    assert!(
        act["rests_on"].as_array().unwrap().contains(&system["events"][0]["reference"]),
        "{act}"
    );
}

/// The items of the list across programs that are owed for a program as a whole.
async fn listed(server: &Server, query: &str) -> Vec<Value> {
    let head = server.app.log().head().await.unwrap().unwrap();
    let path = format!("/v1/obligations?min_sequence={head}&limit=1000&{query}");
    let request = server.auditor().request("GET", &path).header("prefer", "wait=20");
    let body = send(request.header("accept-language", "en")).await.ok(200).json();
    let items = body["items"].as_array().unwrap().iter();
    items.filter(|item| item["subject"].is_null()).cloned().collect()
}

fn said(items: &[Value]) -> Vec<(&str, &str)> {
    items
        .iter()
        .map(|one| (one["obligation"].as_str().unwrap(), one["status"].as_str().unwrap()))
        .collect()
}

/// What is owed for programs as a whole stands in the list of who owes what, before and after their
/// records begin, under the same filters and both times, in exports, and lapses like any duty.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_for_a_program_as_a_whole_is_listed_and_exported() {
    let server = server().await;
    let all = listed(&server, "program=strong_province&owes=national_office").await;
    let ids = ["classified_guidance", "indicator_system", "key_works"];
    assert_eq!(
        said(&all),
        ids.into_iter().zip(["NOT_IN_THE_RECORD", "OPEN", "OPEN"]).collect::<Vec<_>>()
    );
    assert_eq!(all[0]["program"], "strong_province");
    assert_eq!(all[0]["program_name"], "Construction of strong IP provinces");
    assert_eq!((&all[0]["enrollment"], &all[0]["opened_by"]), (&Value::Null, &Value::Null));
    assert_eq!(listed(&server, "owes=province").await.len(), 0);
    assert_eq!(listed(&server, "program=cluster_area").await.len(), 0);
    assert_eq!(listed(&server, "program=strong_province&as_of=2015-10-20").await.len(), 0);
    // In pages of one: each once.
    let mut path = "/v1/obligations?program=strong_province&limit=1".to_owned();
    let mut seen = Vec::new();
    loop {
        let body = server.auditor().get(&path).await.ok(200).json();
        seen.extend(body["items"].as_array().unwrap().iter().map(|i| i["obligation"].clone()));
        let Some(next) = body["next"].as_str() else { break };
        path = next.to_owned();
    }
    assert_eq!(seen, ids);

    let program = "exercise_strong_province";
    let works = json!({ "act": "record_arrangement", "effective_on": "2017-01-10", "kind": "key_works", "year": 2017, "text": "x" });
    let first = server.national().act_for(program, &works).await.ok(201).json();
    let day = server.app.clock().now().civil_day();
    let round = docket::app::Clerk::new(server.app.clone(), 0).run_once(day).await.unwrap();
    assert_eq!(round.lapsed, 1);
    let of = |query: &str| format!("exercise=true&program={program}{query}");
    let list = listed(&server, &of("")).await;
    assert_eq!(said(&list), [(ids[0], "OVERDUE"), (ids[1], "OPEN"), (ids[2], "MET")]);
    // As the answer about the program itself has it.
    let one = server.auditor().request("GET", OBLIGATIONS).header("accept-language", "en");
    let one = send(one).await.ok(200).json();
    for (listed, alone) in list.iter().zip(one["items"].as_array().unwrap()) {
        for (member, value) in alone.as_object().unwrap() {
            assert_eq!(&listed[member], value, "{member}");
        }
    }
    assert_eq!((&list[0]["lapsed_by"], &list[0]["opened_by"]), (&json!(1), &json!(0)));
    assert_eq!(list[0]["days_late"], 2152);
    assert_eq!(said(&listed(&server, &of("&status=OVERDUE")).await), [(ids[0], "OVERDUE")]);
    assert_eq!(said(&listed(&server, &of("&due_before=2021-01-01")).await).len(), 1);
    assert_eq!(said(&listed(&server, &of("&as_of=2019-12-31")).await)[0].1, "OPEN");
    assert_eq!(said(&listed(&server, &of("&as_of=2016-12-31")).await)[0].1, "NOT_IN_THE_RECORD");
    let before = first["sequence"].as_str().unwrap().parse::<u64>().unwrap() - 1;
    let then = listed(&server, &of(&format!("&at_sequence={before}"))).await;
    assert_eq!(said(&then), [(ids[0], "NOT_IN_THE_RECORD"), (ids[1], "OPEN"), (ids[2], "OPEN")]);
    let then = listed(&server, &of("&at_sequence=0")).await;
    assert_eq!(said(&then), [], "the measure was not adopted yet");
}

/// Its duties and acts are rows of the reporting tables; it is no enrollment.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_record_for_a_program_as_a_whole_is_exported() {
    let server = server().await;
    let works = json!({ "act": "record_arrangement", "effective_on": "2017-01-10", "kind": "key_works", "year": 2017, "text": "x" });
    server.national().act_for("exercise_strong_province", &works).await.ok(201);
    listed(&server, "exercise=true").await;
    let export = async |table: &str| {
        let path = format!("/v1/exports/{table}?exercise=true");
        let request = server.auditor().request("GET", &path).header("accept", "text/csv");
        let body = send(request).await.ok(200).body.clone();
        let mut reader = csv::Reader::from_reader(&*body);
        let head = reader.headers().unwrap().clone();
        let rows = reader.records().map(Result::unwrap);
        let row = |row: csv::StringRecord| -> Value {
            head.iter().zip(row.iter()).map(|(k, v)| (k.to_owned(), json!(v))).collect()
        };
        rows.map(row).collect::<Vec<_>>()
    };
    let duties = export("obligation").await;
    let stream = "program-exercise_strong_province";
    assert_eq!(duties.len(), 3);
    for (duty, id) in duties.iter().zip(["classified_guidance", "indicator_system", "key_works"]) {
        assert_eq!((&duty["enrollment"], &duty["subject"]), (&json!(stream), &json!("")));
        assert_eq!(duty["obligation"], id);
    }
    let acts = export("act").await;
    assert_eq!((acts.len(), &acts[0]["act"]), (1, &json!("record_arrangement")));
    assert_eq!(export("enrollment_current").await.len(), 0, "it is no enrollment");
    let lists = "/v1/enrollments?exercise=true";
    assert_eq!(server.auditor().get(lists).await.ok(200).json()["items"], json!([]));
}
