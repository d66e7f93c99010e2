//! Where a text is silent our choice is said wherever it is cited: by limits, findings, decisions,
//! refusals, duties, terms and titles (G5).

use super::law::{AREA, Archive, acceptance, found, says};
use super::support::*;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn c4_c16_p2_p4_a_reading_is_said_wherever_it_is_cited() {
    let area = Archive::new().await;
    let auditor = area.server.auditor();
    // Of who takes part, of a limit.
    let program = auditor.get("/v1/programs/strong_province").await.ok(200).json();
    says(&program["readings"][0], "the Corps");
    let none = auditor.get("/v1/programs/cluster_area").await.ok(200).json();
    assert_eq!(none["readings"], json!([]));
    let quotas = auditor.get("/v1/programs/strong_province/quotas").await.ok(200).json();
    for quota in quotas["quotas"].as_array().unwrap() {
        says(&quota["reading"], "in writing");
    }
    // Of a finding; one that prints its ground has none.
    let applied = area.applied(&["patent"]).await;
    says(&found(&applied, "not_covered").unwrap()["reading"], "Substantially");
    // Of a decision.
    let letter = area.materials(&["letter_of_recommendation"]).await;
    let opinion = json!({ "opinion": "o", "materials": letter });
    let bare = area.done("provincial_department", "recommend", "2014-10-10", opinion).await;
    assert_eq!(bare["measure"]["readings"], json!([]));
    let approved =
        area.done("national_office", "approve", "2014-10-12", json!({ "round": "2014" })).await;
    says(&approved["measure"]["readings"][0], "day of the decision");
    // Of a refusal.
    let poor = json!({ "result": "unqualified", "rectify_by": "2018-06-30" });
    let poor = area.done("national_office", "accept", "2017-10-20", acceptance(poor)).await;
    assert_eq!(found(&poor, "no_plan_on_record").unwrap()["reading"], Value::Null);
    let early = area.asked("national_office", "accept", "2017-11-01", acceptance(json!({}))).await;
    let early = early.problem(409, "act-not-permitted");
    says(&early["reading"], "unqualified result");
    let other = area.asked(
        "local_government",
        "submit_plan",
        "2017-11-01",
        json!({ "contents": { "g": "g" } }),
    );
    assert_eq!(other.await.problem(403, "role-forbidden")["article"], "Art. 10");
    // Of an obligation.
    let owed = area.get("/obligations").await;
    for (obligation, text) in [
        ("construction_plan", "receipt"),
        ("annual_report", "part-year"),
        ("department_in_charge", "either"),
        ("agencies", "the cluster area"),
        ("acceptance", "day after"),
        ("rectification", "nothing else"),
    ] {
        let items = owed["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["obligation"] == obligation).unwrap();
        says(&item["reading"], text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_p12_refused_places_and_unlisted_provinces_say_the_reading() {
    let server = server().await;
    let names: Vec<String> = (0..6).map(|n| format!("q{n}")).collect();
    let ids: Vec<&str> = names.iter().map(String::as_str).collect();
    server.register(&ids).await;
    for (at, id) in ids.iter().enumerate() {
        let enrollment = format!("exercise_strong_province/{id}");
        let application = apply("leading", "2016-03-01");
        server.province(id).act(&enrollment, &application).await.ok(201);
        let approval = server.national().act(&enrollment, &approve("2016-06-13")).await;
        if at < 5 {
            approval.ok(201);
        } else {
            let full = approval.problem(409, "quota-exhausted");
            says(&full["reading"], "By principle");
            says(&full["detail"], "“Leading”");
        }
    }
    let list =
        json!({ "act": "record_list_complete", "effective_on": "2018-01-01", "source": "a list" });
    server.registrar().act_for("exercise_strong_province", &list).await.ok(201);
    let refused = json!({ "act": "reject", "effective_on": "2018-02-01", "reason": "full" });
    server.national().act("exercise_strong_province/q5", &refused).await.ok(201);
    let path = "/v1/enrollments/exercise_strong_province/q5/obligations";
    let owed = server.auditor().get(path).await.ok(200).json();
    assert_eq!(owed["items"][0]["obligation"], "promotion_plan");
    says(&owed["items"][0]["reading"], "pauses");
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_c15_c18_terms_and_titles_say_the_reading_that_they_run_by() {
    let area = Archive::new().await;
    let earlier = json!({
        "act": "record_under_unknown_rule", "effective_on": "2013-05-12", "what": "approved",
        "stands_at": "under_construction", "kept_since": { "day": "2012-01-01", "reason": "test" },
    });
    area.server.registrar().act(AREA, &earlier).await.ok(201);
    assert_eq!(area.get("?as_of=2014-09-28").await["term"], Value::Null);
    let standing = area.get("?as_of=2014-09-29").await;
    let passes = "pass to these Measures";
    assert_eq!(standing["term"]["article"], "Art. 9");
    says(&standing["term"]["reading"], passes);
    let owed = area.get("/obligations").await;
    for item in owed["items"].as_array().unwrap() {
        says(&item["reading"], passes);
    }
    let qualified = json!({ "result": "qualified" });
    area.done("national_office", "accept", "2016-05-13", acceptance(qualified)).await;
    says(&area.get("").await["title"]["reading"], "no expiry");
    let approved = Archive::approved().await;
    let standing = approved.get("").await;
    says(&standing["term"]["reading"], "day of the decision");
    let line = approved.get("/timeline").await;
    assert_eq!(line["terms"][0]["reading"], standing["term"]["reading"]);
}
