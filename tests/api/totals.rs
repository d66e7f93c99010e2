//! Totals of obligations, added up by what is asked for.

use serde_json::Value;

use crate::boards::{asked, exercised, listed};
use crate::support::send;

/// Fewer groups count the same; without offices what two owe together is one.
#[tokio::test(flavor = "multi_thread")]
async fn totals_are_added_up_by_what_is_asked_for() {
    let server = exercised().await;
    let sum = |body: &Value, picks: &dyn Fn(&Value) -> bool| {
        let items = body["items"].as_array().unwrap().iter().filter(|item| picks(item));
        items.fold((0, 0), |(owed, days), item| {
            (
                owed + item["owed"]["count"].as_u64().unwrap(),
                days + item["days_late_sum"].as_i64().unwrap(),
            )
        })
    };
    let all = asked(&server, "/v1/obligations/totals?exercise=true").await;
    let fewer = asked(&server, "/v1/obligations/totals?exercise=true&by=office,year").await;
    let items = fewer["items"].as_array().unwrap();
    assert!(items.len() < all["items"].as_array().unwrap().len());
    for item in items {
        assert_eq!(item["province"], Value::Null);
        let same = |one: &Value| one["office"] == item["office"] && one["year"] == item["year"];
        assert_eq!(sum(&fewer, &same), sum(&all, &same));
    }
    let once = asked(&server, "/v1/obligations/totals?exercise=true&by=year").await;
    let listed =
        listed(&server, "/v1/obligations?exercise=true&status=MET,LATE,OPEN,OVERDUE").await;
    assert_eq!(sum(&once, &|_| true).0, listed.len() as u64);
    assert!(sum(&all, &|_| true).0 > listed.len() as u64, "nothing is owed together");
    let months = "/v1/obligations/totals?exercise=true&by=month";
    let months_of_2019 = asked(&server, &format!("{months}&due_month=2019-01/2019-12")).await;
    let in_2019 = |item: &Value| item["year"] == "2019";
    assert_eq!(sum(&months_of_2019, &|_| true), sum(&once, &in_2019));
    let first = &months_of_2019["items"][0]["month"];
    assert!(first.as_str().unwrap().starts_with("2019-"), "{first}");
    let csv = server.auditor().request("GET", months).header("accept", "text/csv");
    let lines = String::from_utf8(send(csv).await.ok(200).body.to_vec()).unwrap();
    assert!(lines.lines().next().unwrap().ends_with(",month"), "{lines}");
}
