//! The real binary.

use std::fs;

use serde_json::{Value, json};

use super::note;
use super::support::{docket, text};

#[test]
fn a_file_is_imported_into_a_new_folder_and_again_without_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = text(&data);
    let file = folder.path().join("acts.ndjson");
    let file = text(&file);
    fs::write(file, docket(&["import", "--template"]).done()).unwrap();
    let import = ["import", file, "--data-dir", data];
    let json = |more: &[&str]| docket(&[&import[..], &["--output", "json"], more].concat()).json();
    assert_eq!(json(&["--dry-run"])["is_recorded"], false);
    let first = json(&[]);
    assert_eq!((&first["recorded"], &first["is_recorded"]), (&7.into(), &true.into()));
    let again = json(&["--lenient"]);
    assert_eq!((&again["recorded"], &again["on_record"]), (&0.into(), &7.into()));
    let status = ["status", "exercise_cluster_area", "example_area", "--data-dir", data];
    assert!(docket(&status).done().contains("example_area"));
}

#[test]
fn bad_lines_are_told_and_written_to_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (data, file, report) = (path("data"), path("acts.ndjson"), path("bad.ndjson"));
    let province = json!({"id": "one", "kind": "province", "name": {"en": "One", "zh": "一"},
        "invented": true, "source": "invented for a test", "effective_on": "2010-01-01"});
    let lines: Vec<String> = std::iter::once(json!({"register": province}))
        .chain((0..30).map(|_| note("two", "")))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&file, lines.concat()).unwrap();
    let args = ["import", text(&file), "--data-dir", text(&data), "--report", text(&report)];
    let ran = docket(&args);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stdout.contains("Nothing was recorded"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("line 2, text: ") && ran.stderr.contains("10 more"),
        "{}",
        ran.stderr
    );
    let written = fs::read_to_string(&report).unwrap();
    let written: Vec<Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(written.len(), 30);
    assert_eq!((&written[29]["line"], &written[29]["column"]), (&31.into(), &"text".into()));
    docket(&["import", text(&path("none.ndjson"))]).refused(5, &["none.ndjson"]);
    let other = path("scan.pdf");
    fs::write(&other, "x").unwrap();
    docket(&["import", text(&other)]).refused(2, &["can be imported"]);
    let nothing = tempfile::tempdir().unwrap();
    docket(&["import", text(nothing.path())]).refused(2, &["no file of lines"]);
}
