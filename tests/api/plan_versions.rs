//! The versions of a plan, and what one changed of another.

use super::support::*;
use docket::api::auth::Role;
use serde_json::{Value, json};

/// C12: plan versions are listed and compared.
#[tokio::test(flavor = "multi_thread")]
async fn plan_versions_are_listed_and_compared() {
    let server = server().await;
    server.register(&["440000"]).await;
    server.register_futian().await;
    let enrollment = "cluster_area/futian";
    let (national, province, local) = (
        server.national(),
        server.client(Role::ProvincialDepartment, "department", &["440000"]),
        server.client(Role::LocalGovernment, "government", &["futian"]),
    );
    let shown = json!({
        "act": "attest_standing", "effective_on": "2015-01-01", "stands_at": "under_construction",
        "confidence": "attested", "source": "a notice", "kept_since": { "day": "2015-01-01", "reason": "test" },
    });
    server.registrar().act(enrollment, &shown).await.ok(201);
    national
        .act(enrollment, &json!({ "act": "confirm_standing", "effective_on": "2015-01-02" }))
        .await
        .ok(201);
    let plan = json!({
        "act": "submit_plan", "effective_on": "2015-03-01",
        "contents": { "goals": "g", "schedule": "s", "old": "o" }, "indicators": { "firms": "10" },
    });
    province.act(enrollment, &plan).await.ok(201);
    let amendment = json!({
        "act": "submit_amendment", "effective_on": "2016-05-01", "opinion": "o", "explanation": "e",
        "plan": { "contents": { "goals": "h", "schedule": "s" }, "indicators": { "firms": "10", "courts": "1" } },
    });
    let submitted = local.act(enrollment, &amendment).await.ok(201).json();
    let accepted = json!({ "act": "accept_amendment", "effective_on": "2016-06-01" });
    let accepted = national.act(enrollment, &accepted).await.ok(201).json();
    let path = format!("/v1/enrollments/{enrollment}/plan-versions");
    let auditor = server.auditor();
    let list = auditor.get(&path).await.ok(200).json();
    let [first, second] = &list["items"].as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!((&first["version"], &first["superseded_by"]), (&json!(1), &json!(2)));
    assert_eq!((&first["effective_on"], &first["amendment"]), (&json!("2015-03-01"), &Value::Null));
    assert_eq!(first["by"]["office"], "provincial_department");
    assert_eq!((&second["version"], &second["superseded_by"]), (&json!(2), &Value::Null));
    assert_eq!(second["id"], accepted["id"]);
    assert_eq!(second["amendment"]["id"], submitted["id"]);
    let before = auditor.get(&format!("{path}?as_of=2016-05-31")).await.ok(200).json();
    assert_eq!(before["items"].as_array().unwrap().len(), 1);
    assert_eq!(before["items"][0]["superseded_by"], Value::Null);

    let view = auditor.get(second["self"].as_str().unwrap()).await.ok(200).json();
    assert_eq!(view["plan"]["contents"]["goals"], "h");
    let expected = json!({
        "against": 1,
        "contents": {
            "added": [], "removed": [{ "id": "old", "text": "o" }],
            "changed": [{ "id": "goals", "before": "g", "after": "h" }],
        },
        "indicators": { "added": [{ "id": "courts", "text": "1" }], "removed": [], "changed": [] },
    });
    assert_eq!(view["comparison"], expected);
    let first = auditor.get(&format!("{path}/1")).await.ok(200).json();
    assert_eq!(first["comparison"], Value::Null);
    let back = auditor.get(&format!("{path}/1?against=2")).await.ok(200).json();
    assert_eq!(back["comparison"]["contents"]["added"], json!([{ "id": "old", "text": "o" }]));
    auditor.get(&format!("{path}/3")).await.problem(404, "not-found");
    auditor.get(&format!("{path}/0")).await.problem(404, "not-found");
    for against in ["3", "", "x"] {
        auditor.get(&format!("{path}/1?against={against}")).await.problem(400, "malformed-request");
    }
}
