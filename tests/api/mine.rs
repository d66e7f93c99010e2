//! What waits, for who may do it.

use serde_json::Value;

use crate::boards::{asked, exercised, listed};
use docket::api::auth::Role;

/// What waits at an office in a list, of the subjects that are picked.
fn at<'v>(all: &'v [Value], office: &str, picks: impl Fn(&str) -> bool) -> Vec<&'v Value> {
    let waits = |item: &&Value| {
        let with = item["with"].as_array().unwrap().iter();
        item["office"] == office || with.into_iter().any(|with| with == office)
    };
    let is_of = |item: &&Value| item["subject"].as_str().is_some_and(&picks);
    all.iter().filter(waits).filter(is_of).collect()
}

/// Who acts for a division finds exactly what waits at its office there, whatever else waits.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_what_it_may_do_finds_what_waits_at_its_office_in_its_divisions() {
    let server = exercised().await;
    let moves = "/v1/moves?exercise=true";
    let all = listed(&server, moves).await;
    let of = async |role, divisions: &[&str], path: &str| -> Vec<Value> {
        let client = server.client(role, "an-office", divisions);
        let page = client.get(&format!("{path}&limit=1000")).await.ok(200).json();
        assert_eq!(page["next"], Value::Null);
        page["items"].as_array().unwrap().clone()
    };
    let mine = format!("{moves}&mine=true");
    let key = |item: &Value| format!("{} {} {}", item["program"], item["subject"], item["matter"]);
    let same = |found: &[Value], expected: &[&Value]| {
        let found: Vec<_> = found.iter().map(key).collect();
        let expected: Vec<_> = expected.iter().map(|item| key(item)).collect();
        assert_eq!(found, expected);
        !found.is_empty()
    };
    let whose = |office: &str| {
        let one = all.iter().find(|item| item["office"] == office && item["subject"].is_string());
        one.unwrap_or_else(|| panic!("nothing waits at {office}"))["subject"].as_str().unwrap()
    };
    let province = whose("province");
    let found = of(Role::Province, &[province], &mine).await;
    assert!(same(&found, &at(&all, "province", |of| of == province)));
    let two = of(Role::Province, &[province, "x99"], &mine).await;
    assert_eq!(two, found, "also where what is looked at is not narrowed");
    assert_eq!(of(Role::Province, &["x99"], &mine).await, [Value::Null; 0]);
    let area = whose("local_government");
    let found = of(Role::LocalGovernment, &[area], &mine).await;
    assert!(same(&found, &at(&all, "local_government", |of| of == area)));
    let national = of(Role::NationalOffice, &[], &mine).await;
    let listed = listed(&server, &format!("{moves}&office=national_office")).await;
    assert!(same(&national, &listed.iter().collect::<Vec<_>>()));
    // A department acts on the areas of its province.
    let department = "provincial_department";
    let of_area = server.auditor().get(&format!("/v1/subjects/{}", whose(department))).await;
    let of_area = of_area.ok(200).json();
    let within = of_area["registration"]["province"].as_str().unwrap().to_owned();
    let found = of(Role::ProvincialDepartment, &[&within], &mine).await;
    let mut expected = Vec::new();
    for item in at(&all, department, |_| true) {
        let path = format!("/v1/subjects/{}", item["subject"].as_str().unwrap());
        if asked(&server, &path).await["registration"]["province"] == *within {
            expected.push(item);
        }
    }
    assert!(same(&found, &expected));
    // Who acts for nobody, and who asks for another office, is told.
    let refused = server.auditor().get(&mine).await.ok(400).json();
    assert!(refused["detail"].as_str().unwrap().contains("acts for no office"), "{refused}");
    let client = server.client(Role::Province, "an-office", &[province]);
    let refused = client.get(&format!("{mine}&office=national_office")).await.ok(400).json();
    assert!(refused["detail"].as_str().unwrap().contains("another office"), "{refused}");
}
