//! The last place, raced for; the sixth, with and without an override; a year that was full.

use super::support::*;
use serde_json::json;

const SIX: [&str; 6] = ["110000", "310000", "320000", "330000", "370000", "440000"];

async fn applied(server: &Server, ids: &[&str], on: &str) {
    server.register(ids).await;
    for id in ids {
        let enrollment = format!("strong_province/{id}");
        server.province(id).act(&enrollment, &apply("leading", on)).await.ok(201);
    }
}

async fn leading(server: &Server, on: &str) -> serde_json::Value {
    let path = format!("/v1/programs/strong_province/quotas?on={on}");
    let body = server.auditor().get(&path).await.ok(200).json();
    assert_eq!(body["quotas"][0]["category"]["id"], "leading");
    body["quotas"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_place_has_one_winner_and_the_sixth_needs_an_override() {
    let server = server().await;
    applied(&server, &SIX, "2016-01-05").await;
    let national = server.national();
    for id in &SIX[..4] {
        national.act(&format!("strong_province/{id}"), &approve("2016-03-01")).await.ok(201);
    }
    let day = approve("2016-03-01");
    let (a, b) = tokio::join!(
        national.act("strong_province/370000", &day),
        national.act("strong_province/440000", &day)
    );
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let (loser, lost) = if a.status == 409 { ("370000", a) } else { ("440000", b) };
    let problem = lost.problem(409, "quota-exhausted");
    assert_eq!(problem["quota"], "leading");
    assert_eq!((&problem["limit"], &problem["taken"]), (&json!(5), &json!(5)));
    assert_eq!(
        (&problem["override_possible"], &problem["article"]),
        (&json!(true), &json!("III(I)1"))
    );
    assert_eq!(problem["measure_version"], "2015-59");
    let status = server.auditor().get(&format!("/v1/enrollments/strong_province/{loser}")).await;
    assert_eq!(status.ok(200).json()["stands_at"]["node"], "candidate.applied");
    let full = leading(&server, "2016-03-01").await;
    assert_eq!((&full["taken"], &full["free"], &full["over"]), (&json!(5), &json!(0), &json!(0)));
    assert_eq!(full["holders"].as_array().unwrap().len(), 5);
    assert_eq!(leading(&server, "2016-02-29").await["taken"], 0);

    let enrollment = format!("strong_province/{loser}");
    let mut over = approve("2016-03-01");
    over["override"] = json!({ "justification": "  " });
    national.act(&enrollment, &over).await.problem(422, "validation-error");
    over["override"] = json!({ "justification": "A sixth, by decision of the leading group" });
    national.act(&enrollment, &over).await.ok(201);
    let over = leading(&server, "2016-03-01").await;
    assert_eq!((&over["taken"], &over["over"]), (&json!(6), &json!(1)));
    assert_eq!(over["days_over"][0], json!({ "from": "2016-03-01", "until": null, "taken": 6 }));
    assert_eq!(over["overrides"][0]["subject"], loser);
    assert!(over["overrides"][0]["justification"].as_str().unwrap().starts_with("A sixth"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_dated_into_a_year_that_was_full_is_refused() {
    let server = server().await;
    applied(&server, &SIX, "2016-01-05").await;
    let national = server.national();
    for id in &SIX[..5] {
        national.act(&format!("strong_province/{id}"), &approve("2016-03-01")).await.ok(201);
    }
    let exit = json!({ "act": "declare_exit", "effective_on": "2018-05-01", "reason": "merged" });
    let failed = json!({ "act": "open_evaluation", "effective_on": "2018-01-10", "scope": "2018" });
    national.act("strong_province/110000", &failed).await.ok(201);
    let failed = json!({
        "act": "evaluate", "effective_on": "2018-04-01", "result": "failed", "findings": "x",
    });
    national.act("strong_province/110000", &failed).await.ok(201);
    server.province("110000").act("strong_province/110000", &exit).await.ok(201);
    assert_eq!(leading(&server, "2018-05-01").await["taken"], 4);
    let into = national.act("strong_province/440000", &approve("2017-06-01")).await;
    let into = into.problem(409, "quota-exhausted");
    assert_eq!(into["full_on"], "2017-06-01");
    national.act("strong_province/440000", &approve("2018-06-01")).await.ok(201);
}
