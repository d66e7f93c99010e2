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

#[test]
fn what_waits_and_who_was_late_is_shown_by_office() {
    let data_dir = demo().to_str().unwrap();
    let place = ["--data-dir", data_dir, "--lang", "en"];
    let asked = |words: &[&str]| docket(&[words, &place[..]].concat());
    let moves = asked(&["moves", "--exercise", "--office", "national_office"]).done();
    assert!(moves.starts_with("EXERCISE: invented"), "{moves}");
    assert!(moves.contains("national_office") && moves.contains("days waited"), "{moves}");
    let totals = asked(&["totals", "--exercise"]).done();
    let national = totals.find("the national IP office").unwrap();
    assert!(totals.find("the province").is_none_or(|province| national < province), "{totals}");
    asked(&["moves", "--office", "nobody"]).refused(2, &["nobody"]);
    asked(&["totals", "--due-year", "soon"]).refused(2, &["soon"]);
    let chinese = docket(&["totals", "--exercise", "--data-dir", data_dir, "--lang", "zh-CN"]);
    assert!(chinese.done().contains("国家知识产权局"));
}

#[test]
fn the_scoreboard_and_what_became_of_a_round_are_shown() {
    let data_dir = demo().to_str().unwrap();
    let place = ["--data-dir", data_dir, "--lang", "en"];
    let asked = |words: &[&str]| docket(&[words, &place[..]].concat());
    let board = asked(&["scoreboard", "exercise_strong_province", "--as-of", "2017-06-19"]).done();
    for part in ["overridden", "3–4", "unassigned", "Stage I", "Pilot province"] {
        assert!(board.contains(part), "{part}: {board}");
    }
    let cities = asked(&["scoreboard", "strong_city"]).done();
    assert!(cities.contains("about 20"), "{cities}");
    let round = asked(&["cohorts", "exercise_cluster_area", "--round", "2014"]).done();
    assert!(round.contains("2014") && round.contains("awaiting a decision"), "{round}");
    asked(&["scoreboard", "nothing"]).refused(5, &["nothing"]);
    asked(&["scoreboard", "strong_city", "--zone", "nowhere"])
        .refused(2, &["unassigned", "bohai_rim"]);
    let listed = asked(&["status", "--list", "--zone", "unassigned", "--program", "strong_city"]);
    listed.done();
}
