//! The auditor's first questions on the command line: exceptions, and what changed.

use crate::support::{demo, docket};

#[test]
fn the_register_counts_every_kind_and_shows_each_line_in_one_language() {
    let data_dir = demo().to_str().unwrap();
    let english = ["audit", "exceptions", "--exercise", "--data-dir", data_dir, "--lang", "en"];
    let shown = docket(&english).done();
    assert!(shown.starts_with("EXERCISE: invented"), "{shown}");
    for kind in ["over a limit, by an override", "rule unknown", "inferred", "received late"] {
        assert!(shown.contains(kind), "{shown}");
    }
    assert!(shown.contains("days after the last in time"), "{shown}");
    let chinese = ["audit", "exceptions", "--exercise", "--data-dir", data_dir, "--lang", "zh-CN"];
    let shown = docket(&chinese).done();
    assert!(shown.contains("突破名额") && shown.contains("逾期"), "{shown}");
    let json = docket(&["audit", "exceptions", "--data-dir", data_dir, "--output", "json"]).json();
    let totals = json["totals"].as_array().unwrap();
    let counted: u64 = totals.iter().map(|total| total["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, json["items"].as_array().unwrap().len() as u64);
    assert!(totals.iter().any(|total| total["count"] == 0));
}

#[test]
fn what_changed_is_shown_with_the_event_and_two_are_compared() {
    let data_dir = demo().to_str().unwrap();
    let changes = |more: &[&str]| {
        docket(&[&["changes", "--data-dir", data_dir, "--lang", "en"][..], more].concat())
    };
    let all = changes(&["--at-sequence", "60"]).done();
    assert!(all.contains("Standing attested") || all.contains("Attested"), "{all}");
    let none = changes(&["--known-at", "2100-01-01T00:00:00Z"]).done();
    assert!(!none.contains("strong_province"), "{none}");
    changes(&["--at-sequence", "1", "--at-sequence", "2", "--at-sequence", "3"])
        .refused(2, &["two are compared"]);
    changes(&[]).refused(2, &["--known-at"]);
    changes(&["--at-sequence", "9", "--at-sequence", "2"]).refused(2, &["later"]);
}
