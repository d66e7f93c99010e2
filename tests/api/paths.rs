//! How an enrollment got where it stands, over REST: its audit trail and its timeline.

use super::reads::{ONE, corrected};
use super::support::*;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_says_what_happened_in_both_languages() {
    let server = server().await;
    corrected(&server).await;
    let path = format!("{ONE}/audit-trail");
    let english = server.auditor().get(&path).await.ok(200).json();
    let items = english["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!((&items[1]["fate"], &items[1]["corrected_by"]), (&json!("CORRECTED"), &json!(2)));
    assert_eq!(items[1]["article"], "III(I)1");
    let sentence = items[0]["sentence"].as_str().unwrap();
    assert!(sentence.contains("5 January 2016"), "{sentence}");
    let chinese = send(server.auditor().request("GET", &path)).await.ok(200).json();
    let sentence = chinese["items"][0]["sentence"].as_str().unwrap();
    assert!(sentence.contains("2016年1月5日"), "{sentence}");
    let then = format!("{path}?known_at=2026-02-01T00:00:00Z");
    let then = server.auditor().get(&then).await.ok(200).json();
    assert_eq!(then["items"][1]["fate"], "STANDS");
    let early = server.auditor().get(&format!("{path}?as_of=2016-02-01")).await.ok(200).json();
    assert_eq!(early["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_stands_on_the_national_stages() {
    let server = server().await;
    corrected(&server).await;
    let line = server.auditor().get(&format!("{ONE}/timeline")).await.ok(200).json();
    assert_eq!(line["stages"][0]["to_year"], 2020);
    assert_eq!(line["stages"][1]["from_year"], 2020);
    let phases = line["phases"].as_array().unwrap();
    assert_eq!(
        (&phases[0]["phase"], &phases[0]["to"]),
        (&json!("candidate"), &json!("2016-05-01"))
    );
    assert_eq!((&phases[1]["phase"], &phases[1]["to"]), (&json!("pilot"), &Value::Null));
    assert_eq!(phases[1]["stages"], json!(["I", "II", "III"]));
    // P18: what is planned stands beside what was, marked as our reading.
    let planned = (&phases[1]["planned_until"], &phases[1]["planned_article"]);
    assert_eq!(planned, (&json!("2020"), &json!("III(I)")));
    let reading = phases[1]["planned_reading"].as_str().unwrap();
    assert!(reading.contains("never limits"), "{reading}");
    assert_eq!(phases[0]["planned_until"], Value::Null);
    assert_eq!(phases[1]["before_stages"], false);
    let category = &line["categories"][0];
    assert_eq!((&category["label"], &category["to_day"]), (&json!("Leading"), &Value::Null));
    let early = server.auditor().get(&format!("{ONE}/timeline?as_of=2019-01-01")).await.json();
    assert_eq!(early["phases"][1]["stages"], json!(["I"]));
    assert_eq!(line["acts"].as_array().unwrap().len(), 2);
    assert_eq!(line["obligations"][0]["obligation"], "scheme");
}
