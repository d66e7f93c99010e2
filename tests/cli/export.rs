//! Exports on a log without a server, over the read models, and beside a server.

use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{Server, demo, demo_copy, docket, text};

/// The files of exercises are others than the real ones, and each says what it is (G16).
#[test]
fn the_real_and_the_invented_are_files_of_their_own() {
    let at = tempfile::tempdir().unwrap();
    export_all(demo(), at.path(), &[]);
    let said = export_all(demo(), at.path(), &["--exercise"]);
    assert!(said.contains("act (exercise): "), "{said}");
    assert_eq!(manifest(at.path())["exercise"], false);
    for file in fs::read_dir(at.path()).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(table) = name.strip_suffix(".csv") else { continue };
        let exercise = table.starts_with("exercise_").to_string();
        let mut reader = csv::Reader::from_path(&file).unwrap();
        let Some(flag) = reader.headers().unwrap().iter().position(|head| head == "exercise")
        else {
            let neither = ["freshness", "label"].iter().any(|one| table.ends_with(one));
            assert!(neither, "{name} does not say what it is");
            continue;
        };
        let flags: Vec<_> = reader.records().map(|row| row.unwrap()[flag].to_owned()).collect();
        // Of what is real no act on record opened a duty or judged a year.
        let may_be_empty = ["obligation", "annual_result"].contains(&table);
        assert!(may_be_empty || !flags.is_empty(), "{name}");
        assert!(flags.iter().all(|flag| *flag == exercise), "{name}");
    }
    let invented = fs::read(at.path().join("exercise_manifest.json")).unwrap();
    let invented: Value = serde_json::from_slice(&invented).unwrap();
    assert_eq!(invented["exercise"], true);
    assert_eq!(invented["files"][0]["file"], "exercise_enrollment_current.csv");
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

fn export_all(from: &Path, to: &Path, more: &[&str]) -> String {
    let args = ["export", "--all", "--out-dir", text(to), "--data-dir", text(from)];
    let ran = docket(&[&args, more].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    ran.stderr
}

fn same(one: &Path, other: &Path) {
    let names = |folder: &Path| {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(one), names(other));
    for name in names(one) {
        let read = |folder: &Path| fs::read(folder.join(&name)).unwrap();
        assert!(read(one) == read(other), "{} differs", name.display());
    }
}

#[test]
fn the_log_and_the_read_models_give_the_same_files() {
    let at = tempfile::tempdir().unwrap();
    let (stored, made) = (at.path().join("stored"), at.path().join("made"));
    let said = export_all(demo(), &stored, &[]);
    assert!(said.contains("act: ") && said.contains(" rows as of sequence "), "{said}");
    assert!(!said.contains("making the rows"), "{said}");
    export_all(demo(), &made, &["--from-log"]);
    same(&stored, &made);
    let manifest = manifest(&stored);
    assert_eq!(
        manifest["files"].as_array().unwrap().len(),
        docket::projection::REPORTS.len() + 1 + docket::api::BOARDS.len()
    );
    for file in manifest["files"].as_array().unwrap() {
        let bytes = fs::read(stored.join(file["file"].as_str().unwrap())).unwrap();
        let digest: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!((&file["sha256"], &file["bytes"]), (&digest.into(), &bytes.len().into()));
        let lines = csv::Reader::from_reader(&*bytes).records().map(Result::unwrap).count();
        assert_eq!(file["rows"], lines);
        let may_be_empty = ["obligation.csv", "annual_result.csv"].map(Value::from);
        assert!(lines > 0 || may_be_empty.contains(&file["file"]), "{file}");
    }
    let without = demo_copy();
    fs::remove_dir_all(without.path().join("read-models")).unwrap();
    let again = at.path().join("again");
    let said = export_all(without.path(), &again, &[]);
    assert!(said.contains("making the rows from the log"), "{said}");
    same(&stored, &again);
}

/// The columns that hold codes, each with the list of `label` that calls them.
const CODED: [(&str, &str); 15] = [
    ("stands_at", "node"),
    ("phase", "phase"),
    ("category", "category"),
    ("place_category", "category"),
    ("title", "title"),
    ("act", "act"),
    ("event_type", "event_type"),
    ("office", "office"),
    ("owes", "office"),
    ("role", "role"),
    ("measure", "measure"),
    ("obligation", "obligation"),
    ("fate", "fate"),
    ("provenance", "provenance"),
    ("program", "program"),
];

/// Spreadsheets had codes and nothing that said what they mean.
#[test]
fn g8_every_code_of_a_table_is_in_the_table_of_labels() {
    let at = tempfile::tempdir().unwrap();
    export_all(demo(), at.path(), &["--exercise"]);
    let read = |name: &str| csv::Reader::from_path(at.path().join(name)).unwrap();
    let labels = read("exercise_label.csv").records().map(Result::unwrap).collect::<Vec<_>>();
    let labels: std::collections::BTreeSet<(String, String, String)> = labels
        .iter()
        .map(|row| (row[0].to_owned(), row[1].to_owned(), row[2].to_owned()))
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    for name in fs::read_dir(at.path()).unwrap().map(|entry| entry.unwrap().file_name()) {
        let name = name.to_str().unwrap();
        if !name.ends_with(".csv") || name == "exercise_label.csv" {
            continue;
        }
        let mut table = read(name);
        let heads = table.headers().unwrap().clone();
        let place = |column: &str| heads.iter().position(|head| head == column);
        for row in table.records().map(Result::unwrap) {
            let program = place("program").map(|at| row[at].to_owned()).unwrap_or_default();
            let kinds = name.ends_with("exception.csv").then_some(("kind", "exception"));
            for (column, list) in CODED.into_iter().chain(kinds) {
                let code = place(column).map(|at| row[at].to_owned()).unwrap_or_default();
                let of = |program: &str| (program.to_owned(), list.to_owned(), code.clone());
                let called = labels.contains(&of(&program)) || labels.contains(&of(""));
                assert!(code.is_empty() || called, "{name}: {column} {code} of {program}");
                if !code.is_empty() {
                    seen.insert(column);
                }
            }
        }
    }
    assert_eq!(seen.len(), CODED.len() + 1, "{seen:?}");
    let place = ["--data-dir", text(demo())];
    let shown = docket(&[&["export", "--table", "label"], &place[..]].concat()).done();
    let line = "cluster_area,node,demonstrative,Demonstrative area,集聚发展示范区";
    assert!(shown.lines().any(|shown| shown == line), "{shown}");
    let dated = ["export", "--table", "label", "--sequence", "1"];
    docket(&[&dated, &place[..]].concat()).refused(2, &["labels depend on no sequence"]);
}

#[test]
fn beside_a_server_as_of_a_sequence() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let at = tempfile::tempdir().unwrap();
    let (beside, made) = (at.path().join("beside"), at.path().join("made"));
    export_all(folder.path(), &beside, &["--sequence", "120"]);
    export_all(demo(), &made, &["--sequence", "120", "--from-log"]);
    same(&beside, &made);
    assert_eq!(manifest(&beside)["sequence"], 120);
    let events = fs::read_to_string(beside.join("event.csv")).unwrap();
    let real = events.lines().count() - 1;
    let exercises = at.path().join("exercises");
    export_all(demo(), &exercises, &["--sequence", "120", "--exercise"]);
    let events_of = fs::read_to_string(exercises.join("exercise_event.csv")).unwrap();
    assert_eq!(real + events_of.lines().count() - 1, 121);
    assert_eq!(server.stop("TERM").0, 0);
    let out = at.path().join("event.csv");
    let place = ["--data-dir", text(demo()), "--sequence", "120"];
    let one = ["export", "--table", "event", "--out", text(&out)];
    docket(&[&one, &place[..]].concat()).done();
    assert_eq!(fs::read_to_string(&out).unwrap(), events);
    let shown = docket(&[&["export", "--table", "event"], &place[..]].concat()).done();
    assert_eq!(shown, events);
    let marked = docket(&[&["export", "--table", "event", "--bom"], &place[..]].concat()).done();
    assert_eq!(marked.strip_prefix('\u{feff}').unwrap(), events);
}

#[test]
fn parquet_is_a_form_of_the_builds_that_have_it() {
    let at = tempfile::tempdir().unwrap();
    if cfg!(feature = "parquet") {
        let (one, other) = (at.path().join("one"), at.path().join("other"));
        export_all(demo(), &one, &["--format", "parquet"]);
        export_all(demo(), &other, &["--format", "parquet", "--from-log"]);
        same(&one, &other);
        assert!(fs::read(one.join("act.parquet")).unwrap().starts_with(b"PAR1"));
    }
    let place = ["--format", "parquet", "--data-dir", text(demo())];
    let marked = docket(&[&["export", "--table", "act", "--bom"], &place[..]].concat());
    marked.refused(2, &["--bom", "CSV"]);
}

/// What waits, totals, scoreboards and cohorts are files too: the rows that the commands show, on a day.
#[test]
fn what_is_judged_on_a_day_is_exported_as_the_commands_show_it() {
    let place = ["--data-dir", text(demo())];
    let table = |name: &str, more: &[&str]| {
        let args = ["export", "--table", name, "--exercise", "--as-of", "2018-06-30"];
        let ran = docket(&[&args, more, &place].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
        let heads: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = reader.records().map(|row| {
            let cells = row.unwrap();
            let cells = heads.iter().cloned().zip(cells.iter().map(str::to_owned));
            cells.collect::<std::collections::BTreeMap<_, _>>()
        });
        rows.collect::<Vec<_>>()
    };
    let shown = |args: &[&str]| {
        docket(&[args, &["--as-of", "2018-06-30", "--output", "json"], &place].concat()).json()
    };
    let (moves, waiting) = (table("move", &[]), shown(&["moves", "--exercise"]));
    assert_eq!(moves.len(), waiting["items"].as_array().unwrap().len());
    let first = &waiting["items"][0];
    assert_eq!((&*moves[0]["as_of"], &*moves[0]["exercise"]), ("2018-06-30", "true"));
    for member in ["office", "matter", "since", "subject"] {
        assert_eq!(moves[0][member], first[member].as_str().unwrap(), "{member}");
    }
    assert_eq!(moves[0]["waiting_days"], first["waiting_days"].to_string());

    let (totals, owed) = (table("obligation_total", &[]), shown(&["totals", "--exercise"]));
    assert_eq!(totals.len(), owed["items"].as_array().unwrap().len());
    assert_eq!(totals[0]["owed"], owed["items"][0]["owed"]["count"].to_string());

    let boards = table("scoreboard", &[]);
    let board = shown(&["scoreboard", "exercise_strong_province"]);
    let is_taken = |row: &&std::collections::BTreeMap<String, String>| {
        row["program"] == "exercise_strong_province" && row["figure"] == "taken"
    };
    let taken: Vec<_> = boards.iter().filter(is_taken).map(|row| row["count"].clone()).collect();
    let places = board["places"].as_array().unwrap();
    let counted: Vec<_> = places.iter().map(|of| of["taken"]["count"].to_string()).collect();
    assert_eq!((taken.len(), &taken), (3, &counted));

    let cohorts = table("cohort", &["--lang", "zh-CN"]);
    let round = cohorts.iter().find(|row| row["id"] == "2014" && row["figure"] == "members");
    assert!(round.unwrap()["label"].contains("2014年"), "{round:?}");
    // Of what was known then there were fewer, and never any of a day that no log knows.
    assert!(table("move", &["--sequence", "40"]).len() < moves.len());
    let refused =
        docket(&[&["export", "--table", "act", "--as-of", "2018-06-30"][..], &place].concat());
    refused.refused(2, &["--as-of", "obligation_total"]);
    let at = tempfile::tempdir().unwrap();
    let [one, other] = ["one.parquet", "other.parquet"].map(|name| at.path().join(name));
    if cfg!(feature = "parquet") {
        for (out, more) in [(&one, None), (&other, Some("--from-log"))] {
            let args = ["export", "--table", "move", "--format", "parquet", "--sequence", "400"];
            let args = [&args[..], &["--as-of", "2018-06-30", "--out", text(out)], &place].concat();
            assert_eq!(docket(&[args, more.into_iter().collect()].concat()).code, 0);
        }
        assert!(fs::read(one).unwrap() == fs::read(other).unwrap());
    }
}

#[test]
fn what_cannot_be_exported_is_said() {
    let place = ["--data-dir", text(demo())];
    let refused = |args: &[&str], code: i32, parts: &[&str]| {
        docket(&[&["export"], args, &place].concat()).refused(code, parts);
    };
    refused(&[], 2, &["--table"]);
    refused(&["--all"], 2, &["--out-dir"]);
    refused(&["--table", "act", "--all", "--out-dir", "x"], 2, &["cannot be used with"]);
    refused(&["--table", "acts"], 2, &["no reporting table", "enrollment_history"]);
    refused(&["--table", "act", "--sequence", "999999"], 2, &["the log ends at"]);
    refused(&["--table", "act", "--format", "xlsx"], 2, &["csv", "parquet"]);
    refused(&["--table", "act", "--out", "/nonexistent/a.csv"], 1, &["/nonexistent/a.csv"]);
    let nowhere = ["export", "--table", "act", "--data-dir", "/nonexistent"];
    docket(&nowhere).refused(5, &["/nonexistent"]);
}
