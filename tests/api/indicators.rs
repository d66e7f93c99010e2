//! Indicators over HTTP: recorded by the registrar, corrected, and read as known at any time (P14).

use super::support::*;
use serde_json::{Value, json};

fn figure(value: &str) -> Value {
    json!({
        "indicator": "pct_international_applications", "period": "2018", "basis": "full year",
        "value": value, "unit": "applications", "confidence": "attested", "source": "a table",
    })
}

const OBSERVATIONS: &str = "/v1/indicators/total_china/observations";

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_is_recorded_revised_and_known_as_of_then() {
    let server = server().await;
    let registrar = server.registrar();
    let first = registrar.post(OBSERVATIONS, &figure("51893")).await.ok(201).json();
    let again = registrar.post(OBSERVATIONS, &figure("51900")).await;
    again.problem(409, "already-decided");
    let correction = json!({
        "corrects": first["reference"], "reason": "revised by the source",
        "replacement": figure("51900"),
    });
    let path = "/v1/indicators/total_china/corrections";
    let revised = registrar.post(path, &correction).await.ok(201).json();
    registrar.post(path, &correction).await.problem(409, "already-decided");
    let auditor = server.auditor();
    let now = auditor.get(OBSERVATIONS).await.ok(200).json();
    let [item] = now["items"].as_array().unwrap().as_slice() else { panic!("{now}") };
    assert_eq!(item["value"], "51900");
    assert_eq!(item["reference"], revised["reference"]);
    assert_eq!(item["supersedes"][0]["value"], "51893");
    assert_eq!(item["indicator_label"], "Applications for PCT international patents");
    let sequence = first["sequence"].as_str().unwrap();
    let then = auditor.get(&format!("{OBSERVATIONS}?at_sequence={sequence}")).await.ok(200).json();
    assert_eq!(then["items"][0]["value"], "51893");
    // In the tables as well, as known then and now.
    let head = revised["sequence"].as_str().unwrap();
    for (at, value) in [(sequence, "51893"), (head, "51900")] {
        let path = format!("/v1/exports/indicator_observation?at_sequence={at}");
        let request = auditor.request("GET", &path).header("accept", "text/csv");
        let table = send(request.header("prefer", "wait=20")).await.ok(200);
        let text = String::from_utf8(table.body.to_vec()).unwrap();
        let row = text.lines().find(|line| line.starts_with("total_china,")).unwrap();
        assert!(row.contains(&format!(",{value},exactly,applications,")), "{text}");
    }
    let none =
        auditor.get(&format!("{OBSERVATIONS}?indicator=population_used")).await.ok(200).json();
    assert_eq!(none["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_figure_is_named() {
    let server = server().await;
    let registrar = server.registrar();
    for (member, value) in
        [("unit", "dozens"), ("value", "many"), ("period", "2016/9/1"), ("confidence", "recorded")]
    {
        let mut wrong = figure("1");
        wrong[member] = json!(value);
        let problem = registrar.post(OBSERVATIONS, &wrong).await.problem(422, "validation-error");
        assert!(problem.to_string().contains(&format!("#/{member}")), "{member}: {problem}");
    }
    // Laiwu's code was abolished before the list was made.
    let path = "/v1/indicators/371200/observations";
    let problem = registrar.post(path, &figure("1")).await.problem(404, "not-found");
    assert!(problem.to_string().contains("371200"), "{problem}");
    registrar.post("/v1/indicators/810000/observations", &figure("1")).await.ok(201);
    server.auditor().post(OBSERVATIONS, &figure("1")).await.problem(403, "role-forbidden");
    let national = server.national();
    national.post(OBSERVATIONS, &figure("1")).await.problem(403, "role-forbidden");
}
