//! Lines that repeat another: the same is one, something else is an error that names both.

use serde_json::{Value, json};

use super::folders::folder;
use super::{How, area, empty, evidence, head, import, ndjson, note};

fn with(mut line: Value, member: &str, value: Value) -> Value {
    line[member] = value;
    line
}

/// What is said of the first bad line.
fn only(bad: &[docket::import::BadLine]) -> (u64, &str, &str, &str) {
    let [bad] = bad else { panic!("{bad:?}") };
    (bad.line, &bad.code, &bad.reason, &bad.reason_zh)
}

#[tokio::test]
async fn another_value_of_the_same_names_both_lines() {
    let world = empty().await;
    let before = head(&world).await;
    let mut renamed = area("one");
    renamed["register"]["name"] = json!({"en": "Other", "zh": "另一"});
    let (_, bad) =
        import(&world, &ndjson(&[area("one"), note("one", "x"), renamed]), How::Whole).await;
    let (line, code, reason, zh) = only(&bad);
    assert_eq!((line, code), (3, "SUBJECT_EXISTS"));
    assert!(reason.contains("line 1") && zh.contains("第1行"), "{reason} {zh}");

    let other = with(evidence("one", "2014-09"), "stands_at", json!("experimental"));
    let lines = [area("one"), evidence("one", "2014-09"), other.clone()];
    let (_, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    let (line, code, reason, zh) = only(&bad);
    assert_eq!((line, code), (3, "ALREADY_DECIDED"));
    assert!(reason.contains("line 2") && zh.contains("第2行"), "{reason} {zh}");
    assert_eq!(head(&world).await, before);

    // Another source may say otherwise, and so may whoever says by keys that they are two.
    let sourced = with(other.clone(), "source", json!("another newspaper (invented)"));
    let keyed = with(other, "key", json!("k"));
    let lines = [area("one"), evidence("one", "2014-09"), sourced, keyed];
    let (outcome, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    assert_eq!((bad, outcome.recorded), (vec![], 4));
}

#[tokio::test]
async fn several_things_of_one_day_are_no_repetition() {
    let world = empty().await;
    let lines = [area("one"), note("one", "a"), note("one", "b"), note("one", "a")];
    let (outcome, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    assert_eq!((bad, outcome.recorded, outcome.on_record), (vec![], 3, 1));
}

#[tokio::test]
async fn lines_of_several_files_are_named_with_their_file() {
    let world = empty().await;
    let first = format!("{}\n{}\n", area("one"), with(note("one", "a"), "key", json!("k")));
    let second = format!("\n{}\n", with(note("one", "b"), "key", json!("k")));
    let files = [("1.ndjson", &*first), ("2.ndjson", &*second)];
    let (_, bad) = import(&world, &folder(&files), How::Whole).await;
    let (line, code, reason, zh) = only(&bad);
    assert_eq!((line, code), (2, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(bad[0].file.as_deref(), Some("2.ndjson"));
    assert!(reason.contains("line 2 of 1.ndjson") && zh.contains("1.ndjson第2行"), "{reason} {zh}");
}

#[tokio::test]
async fn one_bad_line_among_thousands_is_found_and_imports_nothing() {
    let world = empty().await;
    let before = head(&world).await;
    let mut lines: Vec<Value> = (0..200).map(|n| area(&format!("a{n}"))).collect();
    lines.extend((0..3000).map(|n| note(&format!("a{}", n % 200), &format!("note {n}"))));
    lines[2345] = with(lines[2345].clone(), "effective_on", json!("2016-02-30"));
    let (outcome, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    let (line, code, ..) = only(&bad);
    assert_eq!(
        (line, code, bad[0].column.as_deref()),
        (2346, "VALIDATION_ERROR", Some("effective_on"))
    );
    assert_eq!((outcome.lines, outcome.is_recorded), (3200, false));
    assert_eq!(head(&world).await, before);
}

#[tokio::test]
async fn subjects_and_projects_that_lack_something_are_named() {
    let world = empty().await;
    let city = |id: &str| {
        json!({"register": {"id": id, "kind": "city", "name": {"en": "Laiwu", "zh": "莱芜市"},
            "province": "370000", "source": "invented for a test", "effective_on": "2020-01-01"}})
    };
    let province = json!({"register": {"id": "370000", "kind": "province", "name": {"en": "Shandong", "zh": "山东省"},
        "source": "invented for a test", "effective_on": "2010-01-01"}});
    let mut coded = city("laiwu");
    coded["register"]["code"] = json!("371200");
    let mut of_then = city("371200");
    of_then["register"]["code_revision"] = json!("201812");
    let project = json!({"program": "exercise_strong_city", "subject": "one", "act": "state_project",
        "effective_on": "2017-03-01", "project": "p-1", "title": "A project", "due_on": "2018-12-31"});
    let lines = [province, city("371200"), coded, of_then, project];
    let (_, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    let places: Vec<_> =
        bad.iter().map(|bad| (bad.line, bad.column.as_deref().unwrap_or(""))).collect();
    assert!(
        places.contains(&(2, "register.id")) && places.contains(&(3, "register.code")),
        "{bad:?}"
    );
    assert!(
        places.contains(&(5, "owner")) && !places.iter().any(|(line, _)| *line == 4),
        "{bad:?}"
    );
}
