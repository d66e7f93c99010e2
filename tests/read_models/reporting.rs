//! The views for reporting: the same columns and rows on every engine, each rectangle once, and
//! every field explained.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use docket::projection::{Cell, Reader};

use crate::histories::{filled, followed};
use crate::on_every_engine;
use crate::places::Place;
use crate::sample::{Value, rows};

on_every_engine!(
    every_view_has_the_rows_of_sqlite,
    exactly_one_rectangle_says_what_held_on_a_day_as_known_at_an_event,
);

pub fn projections() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("projections/reporting")
}

pub fn file(name: &str) -> String {
    std::fs::read_to_string(projections().join(name)).unwrap()
}

/// The names of the views.
pub fn views() -> Vec<String> {
    let sql = file("views.sql");
    let names = sql.split("CREATE VIEW docket_report_").skip(1);
    names.map(|after| after.split_whitespace().next().unwrap().to_owned()).collect()
}

/// The columns of a view, in their order.
fn columns(reader: &mut dyn Reader, view: &str, names: &[&str]) -> usize {
    let mut found = 0;
    let sql = format!("SELECT * FROM docket_report_{view} LIMIT 1");
    reader
        .query(&sql, &[], &mut |row| {
            found = row.columns();
            for (place, name) in names.iter().enumerate() {
                assert_eq!(row.column(name)?, place, "{view}.{name}");
            }
            Ok(())
        })
        .unwrap();
    found
}

fn every_view_has_the_rows_of_sqlite(place: &Place) {
    let world = filled();
    let reference = Place::sqlite();
    let (_copies, mut sqlite) = followed(&reference, &world, 4096);
    let (_others, mut other) = followed(place, &world, 5);
    let fields = fields();
    for view in views() {
        let sql = format!("SELECT * FROM docket_report_{view}");
        let mut expected = rows(sqlite.copy().reader(), &sql, &[]);
        let mut found = rows(other.copy().reader(), &sql, &[]);
        assert!(!expected.is_empty(), "{view} has rows");
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{view}");
        let names: Vec<_> = fields[&view].iter().map(String::as_str).collect();
        assert_eq!(columns(other.copy().reader(), &view, &names), names.len(), "{view}");
    }
}

/// Numbers that look random and are the same in every run.
fn random(state: &mut u64, bound: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % bound
}

fn exactly_one_rectangle_says_what_held_on_a_day_as_known_at_an_event(place: &Place) {
    let world = filled();
    let head = world.runtime.block_on(world.log.head()).unwrap().unwrap();
    let (_copies, mut follower) = followed(place, &world, 4096);
    let reader = follower.copy().reader();
    let by_rows = "SELECT e.stream, h.stands_at, h.phase, h.waiting
        FROM status_history h JOIN enrollment e ON e.id = h.enrollment
        WHERE e.subject IS NOT NULL AND h.valid_from <= :day AND h.known_from <= :known
          AND (h.known_to IS NULL OR h.known_to > :known)
          AND (h.valid_to_known IS NULL OR h.valid_to_known > :known OR h.valid_to > :day)
        ORDER BY e.stream";
    let by_rectangles = "SELECT enrollment, stands_at, phase, waiting
        FROM docket_report_enrollment_history
        WHERE valid_from <= :day AND (valid_to IS NULL OR valid_to > :day)
          AND known_from <= :known AND (known_to IS NULL OR known_to > :known)
        ORDER BY enrollment";
    let (mut state, mut met) = (88_172_645_463_325_252, 0);
    for _ in 0..400 {
        let (year, month) = (2013 + random(&mut state, 9), 1 + random(&mut state, 12));
        let day = format!("{year}-{month:02}-{:02}", 1 + random(&mut state, 28));
        let known = Cell::Int(i64::try_from(random(&mut state, head + 1)).unwrap());
        let asked = [(":day", Cell::Text(&day)), (":known", known)];
        let expected = rows(reader, by_rows, &asked);
        assert_eq!(rows(reader, by_rectangles, &asked), expected, "{asked:?}");
        let streams: BTreeSet<_> = expected.iter().map(|row| &row[0]).collect();
        assert_eq!(streams.len(), expected.len(), "one for each enrollment: {asked:?}");
        met += expected.len();
    }
    assert!(met > 400, "{met}");
    let two = "SELECT count(*) FROM status_history WHERE valid_to_known > known_from";
    assert_ne!(rows(reader, two, &[]), [[Value::Int(0)]], "some rows are two rectangles");
    let empty = "SELECT count(*) FROM docket_report_enrollment_history
        WHERE known_to <= known_from OR valid_to <= valid_from";
    assert_eq!(rows(reader, empty, &[]), [[Value::Int(0)]]);
}

/// The fields of each view as the README explains them, in their order.
pub fn fields() -> BTreeMap<String, Vec<String>> {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (text, mut view) = (file("README.md"), String::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## `") {
            view = name.trim_end_matches('`').to_owned();
        }
        let Some(cell) = line.strip_prefix("| `").and_then(|line| line.split(" | ").next()) else {
            continue;
        };
        let names = cell.split(", ").map(|name| name.trim_matches('`').to_owned());
        fields.entry(view.clone()).or_default().extend(names);
    }
    fields
}

#[test]
fn the_shipped_sources_name_every_view_and_column() {
    let text = file("sources.yml");
    let fields = fields();
    let mut of_view: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut view = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("      - name: ") {
            view = name.to_owned();
            of_view.insert(view.clone(), Vec::new());
        } else if let Some(name) = line.strip_prefix("          - name: ") {
            of_view.get_mut(&view).unwrap().push(name.to_owned());
        }
    }
    assert_eq!(of_view, fields);
    assert_eq!(of_view.keys().cloned().collect::<BTreeSet<_>>(), views().into_iter().collect());
    assert!(of_view.values().all(|names| names.iter().any(|name| name == "recorded_at")));
    for said in
        ["schema: docket_report", "loaded_at_field: recorded_at", "warn_after:", "error_after:"]
    {
        assert!(text.contains(said), "{said}");
    }
}

/// P15: the results are exported per year; of a corrected one only what stands.
#[test]
fn each_year_has_the_result_that_stands() {
    let world = filled();
    let (_copies, mut follower) = followed(&Place::sqlite(), &world, 4096);
    let reader = follower.copy().reader();
    let text = |value: &str| Value::Text(value.to_owned());
    let sql = "SELECT subject, year, result FROM docket_report_annual_result
        WHERE exercise = 0 ORDER BY year";
    let expected = [(2017, "good"), (2018, "excellent")]
        .map(|(year, result)| vec![text("440000"), Value::Int(year), text(result)]);
    assert_eq!(rows(reader, sql, &[]), expected);
    let listed = "SELECT act, year, result, round, batch FROM docket_report_act
        WHERE act IN ('approve', 'attest_standing', 'correct', 'submit_report') AND exercise = 0
          AND (round IS NOT NULL OR batch IS NOT NULL OR year IS NOT NULL)
        ORDER BY act, year, round LIMIT 3";
    let nothing = Value::Null;
    assert_eq!(
        rows(reader, listed, &[])[..2],
        [
            vec![text("approve"), nothing.clone(), nothing.clone(), text("2014"), nothing.clone()],
            vec![text("approve"), nothing.clone(), nothing, text("2014"), Value::Null],
        ]
    );
}
