//! The real binary.

use std::fs;

use serde_json::{Value, json};

use super::note;
use super::support::{Server, command, docket, run, text};

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

/// Into a served folder an import goes through its server, and says what it says without one.
#[test]
fn a_served_folder_is_imported_into_through_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (data, alone, archive) = (path("data"), path("alone"), path("archive"));
    fs::create_dir(&archive).unwrap();
    fs::write(archive.join("1.ndjson"), docket(&["import", "--template"]).done()).unwrap();
    let mut citing = note("example_area", "cites");
    citing["document"] = json!({"title": "Scan", "file": "scan.pdf"});
    let bad = json!({"program": "exercise_cluster_area", "subject": "example_area", "act": "note",
        "effective_on": "2015-13", "text": "x"});
    fs::write(archive.join("2.ndjson"), format!("{citing}\n{bad}\n")).unwrap();
    fs::write(archive.join("scan.pdf"), "scan").unwrap();
    let server = Server::start(&data);
    let token = docket(&[
        "token",
        "--role",
        "registrar",
        "--office",
        "registrar",
        "--data-dir",
        text(&data),
    ])
    .done();
    let import = |to: &[&str], more: &[&str]| {
        let report = path("bad.ndjson");
        let args = [&["import", text(&archive), "--report", text(&report)], to, more].concat();
        let ran = run(command(&args).env("DOCKET_TOKEN", token.trim()));
        let told =
            ran.stderr.lines().filter(|line| line.contains("line")).collect::<Vec<_>>().join("\n");
        (ran.code, ran.stdout, told, fs::read_to_string(report).unwrap())
    };
    let here = ["--data-dir", text(&alone)];
    let (served, asked) = (["--data-dir", text(&data)], ["--server", server.base.as_str()]);
    for more in [&[][..], &["--dry-run", "--lenient"]] {
        let expected = import(&here, more);
        assert_eq!(expected.0, 3);
        assert!(expected.2.contains("2.ndjson, line 2, effective_on: "), "{}", expected.2);
        assert_eq!(import(&served, more), expected, "{more:?}");
        assert_eq!(import(&asked, more), expected, "{more:?}");
    }
    fs::write(archive.join("2.ndjson"), format!("{citing}\n")).unwrap();
    let json = ["--output", "json"];
    let expected = import(&here, &json);
    assert_eq!(expected.0, 0);
    assert_eq!(import(&served, &json), expected);
    // Whoever imports, it is on record once.
    let again = import(&asked, &json).1;
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!((&again["recorded"], &again["on_record"]), (&0.into(), &8.into()));
    assert_eq!(server.stop("TERM").0, 0);
    assert!(!data.join("served").exists());
    let status = ["status", "exercise_cluster_area", "example_area", "--data-dir", text(&data)];
    assert!(docket(&status).done().contains("example_area"));
    let none =
        docket(&["import", text(&archive), "--server", "http://127.0.0.1:1", "--token", "x"]);
    none.refused(8, &["can't be reached"]);
}
