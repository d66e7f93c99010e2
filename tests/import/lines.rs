//! Bad lines: each is named with its place, and nothing is half done.

use serde_json::{Value, json};

use super::{How, area, empty, evidence, head, import, ndjson, note, written};

/// Line, column, code.
fn places(bad: &[docket::import::BadLine]) -> Vec<(u64, Option<&str>, &str)> {
    bad.iter().map(|bad| (bad.line, bad.column.as_deref(), bad.code.as_str())).collect()
}

/// An invented province.
fn province(id: &str) -> Value {
    json!({"register": {
        "id": id, "kind": "province", "name": {"en": id, "zh": id}, "invented": true,
        "source": "invented for a test", "effective_on": "2010-01-01",
    }})
}

/// An act out of an archive, in the exercise of provinces.
fn act(id: &str, act: &str, on: &str) -> Value {
    let office = if act == "apply" { "province" } else { "national_office" };
    json!({
        "program": "exercise_strong_province", "subject": id, "act": act, "effective_on": on,
        "archive": {"office": office, "source": "box"},
    })
}

fn application(id: &str) -> Value {
    let line = with(act(id, "apply", "2016-01-04"), "category", json!("leading"));
    with(line, "rank", json!("pilot"))
}

fn approval(id: &str, on: &str) -> Value {
    with(act(id, "approve", on), "batch", json!("1"))
}

fn with(mut line: Value, member: &str, value: Value) -> Value {
    line[member] = value;
    line
}

#[tokio::test]
async fn every_bad_line_is_named_and_nothing_is_recorded() {
    let world = empty().await;
    let before = head(&world).await;
    let lines = [
        area("one"),
        with(evidence("one", "2014-13"), "confidence", json!("sure")),
        evidence("nowhere", "2014-09"),
        with(note("one", "x"), "program", json!("no_program")),
        with(note("one", "x"), "act", json!("dance")),
        json!({"act": "note", "effective_on": "2015", "text": "x"}),
        json!({"register": {"id": "two"}, "subject": "two"}),
        with(note("one", "x"), "document", json!({"title": "t", "digest": "0".repeat(64)})),
        note("one", "good"),
        json!([1]),
    ];
    let (outcome, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    assert_eq!(
        places(&bad),
        [
            (2, Some("effective_on"), "VALIDATION_ERROR"),
            (2, Some("confidence"), "VALIDATION_ERROR"),
            (3, Some("subject"), "NOT_FOUND"),
            (4, Some("program"), "NOT_FOUND"),
            (5, Some("act"), "VALIDATION_ERROR"),
            (6, Some("program"), "VALIDATION_ERROR"),
            (6, Some("subject"), "VALIDATION_ERROR"),
            (7, Some("subject"), "VALIDATION_ERROR"),
            (8, Some("document.digest"), "DOCUMENT_MISSING"),
            (10, None, "MALFORMED_REQUEST"),
        ]
    );
    assert!(bad.iter().all(|bad| !bad.reason.is_empty() && !bad.reason_zh.is_empty()));
    assert_eq!((outcome.bad_lines, outcome.is_recorded), (8, false));
    assert_eq!(head(&world).await, before);
}

#[tokio::test]
async fn a_line_is_judged_after_those_before_it() {
    let world = empty().await;
    let (first, second) = (approval("one", "2016-03-01"), approval("one", "2016-05-01"));
    let lines = [province("one"), application("one"), first, second];
    let (_, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    assert_eq!(places(&bad), [(4, None, "ACT_NOT_PERMITTED")]);
    assert!(bad[0].reason_zh.contains("批准"), "{}", bad[0].reason_zh);
}

#[tokio::test]
async fn a_key_used_for_two_contents_names_the_first_line() {
    let world = empty().await;
    let keyed = |text: &str| with(note("one", text), "key", json!("k-1"));
    let lines = [area("one"), keyed("a"), note("one", "b"), keyed("c"), keyed("a")];
    let (outcome, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    assert_eq!(places(&bad), [(4, Some("key"), "IDEMPOTENCY_KEY_REUSED")]);
    assert!(bad[0].reason.contains("line 2") && bad[0].reason_zh.contains("第2行"));
    assert_eq!(outcome.on_record, 1, "the last line says what line 2 says");
    let odd = [with(note("one", "a"), "key", json!("")), with(note("one", "a"), "key", json!(7))];
    let (_, bad) = import(&world, &ndjson(&odd), How::Whole).await;
    assert_eq!(bad.iter().map(|bad| bad.column.as_deref()).collect::<Vec<_>>(), [Some("key"); 2]);
}

#[tokio::test]
async fn lenient_imports_whole_enrollments_alone() {
    let world = empty().await;
    let lines = [
        area("good"),
        area("bad"),
        note("bad", "before the bad line"),
        note("good", "one"),
        with(note("bad", "x"), "effective_on", json!("yesterday")),
        evidence("bad", "2014-09"),
        note("good", "two"),
        note("unregistered", "x"),
    ];
    let (outcome, bad) = import(&world, &ndjson(&lines), How::Lenient).await;
    assert_eq!(
        places(&bad),
        [(5, Some("effective_on"), "VALIDATION_ERROR"), (8, Some("subject"), "NOT_FOUND")]
    );
    assert!(outcome.is_recorded);
    assert_eq!((outcome.bad_lines, outcome.recorded, outcome.left_out), (2, 4, 2), "{outcome:?}");
    let streams = world.app.log().streams("exercise_cluster_area").await.unwrap();
    let streams: Vec<_> = streams.iter().map(ToString::to_string).collect();
    assert_eq!(streams, ["exercise_cluster_area-good"]);
}

/// What a bad line took from others is given back: the second province gets the only place.
#[tokio::test]
async fn lenient_judges_again_without_what_was_left_out() {
    let world = empty().await;
    let mut lines = Vec::new();
    for n in 0..6 {
        let id = format!("p{n}");
        lines.push(province(&id));
        lines.push(application(&id));
        lines.push(approval(&id, "2016-03-01"));
    }
    // The first takes a place and has a bad line at the end.
    lines.push(note("p0", ""));
    lines.last_mut().unwrap()["program"] = json!("exercise_strong_province");
    let (outcome, bad) = import(&world, &ndjson(&lines), How::Lenient).await;
    assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [18, 19], "{bad:?}");
    // Both were bad when they were tried together; the sixth is judged as what it was then.
    assert!(outcome.is_recorded, "{outcome:?}");
    assert_eq!(world.taken("leading", "2016-06-01").await, 4);
}

#[tokio::test]
async fn a_line_of_any_length_takes_no_more_than_a_line() {
    let world = empty().await;
    let long = format!("{{\"text\":\"{}\"}}\n{}\n", "x".repeat(3 << 20), area("one"));
    let (outcome, bad) = import(&world, &written("lines.ndjson", long), How::Whole).await;
    assert_eq!(places(&bad), [(1, None, "PAYLOAD_TOO_LARGE")]);
    assert_eq!(outcome.lines, 2);
    let (empty_file, bad) = import(&world, &written("lines.ndjson", "\n\n"), How::Whole).await;
    assert_eq!((empty_file.lines, bad.len()), (0, 0));
}
