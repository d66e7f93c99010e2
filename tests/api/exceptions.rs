//! The register of exceptions: each kind with a case, and the same kinds with none.

use super::support::*;
use serde_json::{Value, json};

async fn register(server: &Server, query: &str) -> Value {
    let request = server.auditor().request("GET", &format!("/v1/exceptions?{query}"));
    send(request.header("prefer", "wait=10")).await.ok(200).json()
}

async fn after(server: &Server, reply: &Reply, query: &str) -> Value {
    let sequence = reply.json()["sequence"].as_str().unwrap().to_owned();
    register(server, &format!("min_sequence={sequence}&{query}")).await
}

fn count(body: &Value, kind: &str) -> u64 {
    let totals = body["totals"].as_array().unwrap();
    totals.iter().find(|total| total["kind"] == kind).unwrap()["count"].as_u64().unwrap()
}

fn of<'a>(body: &'a Value, kind: &str) -> Vec<&'a Value> {
    body["items"].as_array().unwrap().iter().filter(|item| item["kind"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_without_a_case_lists_every_kind_with_zero() {
    let server = server().await;
    let body = register(&server, "min_sequence=0").await;
    assert_eq!(body["totals"].as_array().unwrap().len(), 12);
    for total in body["totals"].as_array().unwrap() {
        assert_eq!(total["count"], 0, "{total}");
    }
    assert_eq!(body["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_departure_is_listed_with_its_sentence_article_and_event() {
    let server = server().await;
    let six = ["110000", "310000", "320000", "330000", "370000", "440000"];
    server.register(&six).await;
    let national = server.national();
    for id in six {
        let enrollment = format!("strong_province/{id}");
        server.province(id).act(&enrollment, &apply("leading", "2016-01-05")).await.ok(201);
    }
    for id in &six[..5] {
        national.act(&format!("strong_province/{id}"), &approve("2016-03-01")).await.ok(201);
    }
    let mut over = approve("2016-03-01");
    over["override"] = json!({ "justification": "A sixth, by decision of the leading group" });
    let sixth = national.act("strong_province/440000", &over).await.ok(201);
    let body = after(&server, &sixth, "limit=1000").await;

    let overrides = of(&body, "override");
    assert_eq!((overrides.len(), count(&body, "override")), (1, 1));
    let line = overrides[0];
    assert!(line["sentence_en"].as_str().unwrap().contains("A sixth"), "{line}");
    assert!(line["sentence_zh"].as_str().unwrap().contains("突破名额"), "{line}");
    assert_eq!((&line["subject"], &line["article"]), (&json!("440000"), &json!("第三部分（一）1")));
    assert_eq!(line["event"]["type"], "Approved");
    assert_eq!((&line["office"], &line["fate"]), (&json!("national_office"), &json!("stands")));
    // The days over the limit are the quota's.
    let days = of(&body, "days_over_quota");
    assert_eq!((days.len(), &days[0]["from_day"]), (1, &json!("2016-03-01")));
    assert_eq!(days[0]["event"], Value::Null);
    // Acts of their own, recorded years after the day from which they count.
    assert_eq!(count(&body, "back_dated"), 12);
    assert_eq!(count(&body, "attested"), 0);

    // Filters take theirs, in the totals too.
    let one = register(&server, "subject=440000&kind=override,correction").await;
    assert_eq!((one["totals"].as_array().unwrap().len(), count(&one, "correction")), (2, 0));
    assert_eq!(of(&one, "override").len(), 1);
    let office = register(&server, "office=province&kind=back_dated").await;
    assert_eq!(count(&office, "back_dated"), 6);
    let early = register(&server, "until=2016-01-31").await;
    assert_eq!((count(&early, "back_dated"), count(&early, "override")), (6, 0));
    let exercises = register(&server, "exercise=true").await;
    assert_eq!(exercises["items"], json!([]));

    // Page by page it is the same list.
    let (mut walked, mut query) = (Vec::new(), "limit=5".to_owned());
    loop {
        let page = register(&server, &query).await;
        walked.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        query = next.split_once('?').unwrap().1.to_owned();
    }
    assert_eq!(json!(walked), body["items"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_an_exception_and_says_what_became_of_the_other() {
    let server = server().await;
    server.register(&["440000"]).await;
    let province = server.province("440000");
    province.act("strong_province/440000", &apply("leading", "2016-01-05")).await.ok(201);
    let mut over = approve("2016-03-01");
    over["effective_on"] = json!("2016-03");
    let approved = server.national().act("strong_province/440000", &over).await.ok(201);
    let reference = approved.json()["events"][0]["reference"].as_str().unwrap().to_owned();
    let correction = json!({
        "act": "correct", "effective_on": "2016-06-01", "corrects": reference, "reason": "a slip",
    });
    let corrected = server.national().act("strong_province/440000", &correction).await.ok(201);
    let body = after(&server, &corrected, "limit=1000").await;
    let dates = of(&body, "ambiguous_date");
    assert_eq!((dates.len(), &dates[0]["fate"]), (1, &json!("annulled")));
    let corrections = of(&body, "correction");
    assert_eq!(corrections.len(), 1);
    assert!(corrections[0]["sentence_en"].as_str().unwrap().contains("a slip"));
    // As it was known before, it stood.
    let before = approved.json()["sequence"].as_str().unwrap().to_owned();
    let then = register(&server, &format!("at_sequence={before}")).await;
    assert_eq!((count(&then, "correction"), count(&then, "ambiguous_date")), (0, 1));
    assert_eq!(of(&then, "ambiguous_date")[0]["fate"], "stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_kind_and_no_office_is_said() {
    let server = server().await;
    for (query, parameter) in
        [("kind=nonsense", "kind"), ("office=nobody", "office"), ("from=soon", "from")]
    {
        let problem = server.auditor().get(&format!("/v1/exceptions?{query}")).await;
        let problem = problem.problem(400, "malformed-request");
        assert_eq!(problem["errors"][0]["parameter"], parameter);
    }
    server.auditor().get("/v1/exceptions?program=none").await.problem(404, "not-found");
}
