//! `docket measures retry`: decisions on record, made again by another edition (G15).

use std::fs;

use serde_json::Value;

use crate::support::{demo, docket};

fn retry(edition: &str) -> Value {
    let data_dir = demo().to_str().unwrap();
    docket(&["measures", "retry", edition, "--data-dir", data_dir, "--output", "json"]).json()
}

/// A copy of a measure file with something else in it.
fn mended(path: &str, from: &str, to: &str) -> tempfile::NamedTempFile {
    let text =
        fs::read_to_string(format!("{}/schemas/measures/{path}", env!("CARGO_MANIFEST_DIR")));
    let text = text.unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    fs::write(file.path(), text.replace(from, to)).unwrap();
    file
}

fn otherwise(value: &Value) -> &[Value] {
    value["otherwise"].as_array().unwrap()
}

/// Whatever the caller was and the record knew stands in the log: so the same edition decides the same,
/// over every act of the histories that come along.
#[test]
fn the_adopted_editions_judge_every_act_on_record_as_it_was_judged() {
    let mut decisions = 0;
    for file in fs::read_dir(format!("{}/schemas/measures", env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let folder = file.unwrap().path();
        for measure in fs::read_dir(&folder).into_iter().flatten() {
            let path = measure.unwrap().path();
            let version = path.file_stem().unwrap().to_str().unwrap();
            if version == "program" {
                continue;
            }
            let program = folder.file_name().unwrap().to_str().unwrap();
            let again = retry(&format!("{program}/{version}"));
            assert_eq!(otherwise(&again), &[] as &[Value], "{program}/{version}");
            decisions += again["decisions"].as_u64().unwrap();
        }
    }
    assert!(decisions > 400, "{decisions}");
}

#[test]
fn another_term_is_shown_with_each_date_that_it_moves() {
    let file = mended(
        "cluster_area/2014-40.toml",
        "due = { after = \"P3M\" }",
        "due = { after = \"P1M\" }",
    );
    let again = retry(file.path().to_str().unwrap());
    assert!(!otherwise(&again).is_empty());
    for one in otherwise(&again) {
        for difference in one["differs"].as_array().unwrap() {
            let pointer = difference["pointer"].as_str().unwrap();
            assert!(pointer.contains("/due/"), "{difference}");
            assert_ne!(difference["on_record"], difference["otherwise"]);
        }
        assert!(one["event"].as_str().unwrap().contains('@'));
        assert_eq!(one["measure"], "2014-40");
    }
}

#[test]
fn a_smaller_limit_would_have_refused_who_came_last() {
    let file =
        mended("strong_province/2015-59.toml", "limit = 5, soft = true", "limit = 3, soft = false");
    let again = retry(file.path().to_str().unwrap());
    let refused: Vec<&Value> =
        otherwise(&again).iter().filter(|one| one["refused"].is_object()).collect();
    assert!(!refused.is_empty());
    for one in refused {
        assert_eq!(one["refused"]["article"], "III(I)1");
        assert!(one["refused"]["detail"].as_str().unwrap().contains("of 3 places"), "{one}");
    }
}

#[test]
fn how_it_is_worded_makes_no_other_decision() {
    let file = mended(
        "strong_province/2015-59.toml",
        "label = { en = \"Leading\"",
        "label = { en = \"Foremost\"",
    );
    assert_eq!(otherwise(&retry(file.path().to_str().unwrap())), &[] as &[Value]);
}

#[test]
fn an_edition_can_be_named_by_its_digest_and_what_is_none_is_said() {
    let data_dir = demo().to_str().unwrap();
    let digest = retry("cluster_area/2014-40")["edition"]["digest"].as_str().unwrap().to_owned();
    let by_digest = retry(&format!("cluster_area@{digest}"));
    assert_eq!(by_digest["edition"]["version"], "2014-40");
    let refused = |edition: &str, parts: &[&str]| {
        docket(&["measures", "retry", edition, "--data-dir", data_dir]).refused(1, parts);
    };
    refused("cluster_area/2013-1", &["no measure cluster_area 2013-1", "2014-40"]);
    refused("cluster_area@00", &["no adopted edition", "00"]);
    refused("2014-40", &["neither a file"]);
}
