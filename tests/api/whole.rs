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
