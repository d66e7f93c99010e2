//! How a program went: what stands from each day on is what the list of enrollments has on it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::boards::{asked, exercised, listed};

/// How many of a list stand in each phase, by category.
fn counted(items: &[Value]) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for item in items.iter().filter(|item| item["stands_at"]["phase"].is_string()) {
        let id = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = (id(&item["stands_at"]["phase"]), id(&item["category"]["id"]));
        *counts.entry(of).or_default() += 1;
    }
    counts
}

fn told(standing: &Value) -> BTreeMap<(String, String), u64> {
    let of = |one: &Value| {
        let id = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
        ((id(&one["phase"]), id(&one["category"])), one["subjects"].as_u64().unwrap())
    };
    standing.as_array().unwrap().iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_from_a_day_on_is_what_is_listed_on_it() {
    let server = exercised().await;
    let mut changes = 0;
    for path in [
        "/v1/programs/exercise_strong_province/course?every=day",
        "/v1/programs/exercise_strong_province/course?at_sequence=300",
        "/v1/programs/exercise_cluster_area/course?every=day&at_sequence=200",
    ] {
        let course = asked(&server, path).await;
        let items = course["items"].as_array().unwrap();
        changes += items.len();
        for (index, item) in items.iter().enumerate().step_by(3) {
            let then = item["opens"].as_str().unwrap();
            let expected = counted(&listed(&server, then).await);
            assert_eq!(told(&item["standing"]), expected, "{path}: {then}");
            // The day before, what stood from the change before on still did.
            let day = item["from"].as_str().unwrap();
            let on = asked(&server, &format!("{path}&as_of={day}")).await;
            assert_eq!(told(&on["standing"]), expected, "{path}");
            if path.contains("every=day") && index > 0 {
                assert_eq!(on["changed_before"], items[index - 1]["from"]);
                let after = items.get(index + 1).map_or(&Value::Null, |after| &after["from"]);
                assert_eq!(on["changed_after"], *after);
            }
        }
    }
    assert!(changes > 40, "{changes}");
    let by_day = asked(&server, "/v1/programs/exercise_strong_province/course?every=day").await;
    let by_month = asked(&server, "/v1/programs/exercise_strong_province/course").await;
    // Of each month the last change is told.
    let days = by_day["items"].as_array().unwrap();
    let month = |item: &Value| item["from"].as_str().unwrap()[..7].to_owned();
    let last: BTreeMap<String, &Value> = days.iter().map(|item| (month(item), item)).collect();
    assert!(last.len() < days.len());
    let told: Vec<&Value> = by_month["items"].as_array().unwrap().iter().collect();
    assert_eq!(told, last.into_values().collect::<Vec<_>>());
    let stages = by_month["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 3, "{stages:?}");
}
