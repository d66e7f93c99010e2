//! Exports: the same bytes whenever a table is written as of a sequence, whatever is known later,
//! and however the rows were filled.

use std::collections::BTreeMap;

use docket::domain::ids::EventRef;
use docket::domain::quota::{PlaceReserved, PlacesRestated, QuotaEvent, ReservationReleased, Span};
use docket::export::{Form, Written, write};
use docket::projection::{
    Copies, ExportError, Kind, REPORTS, Report, SqliteCopies, StoreError, all, report, snapshot,
};

use super::ways::fill;
use super::world::{World, day};
use super::{Following, catch_up, follower, rebuild_all, rows_of, world};

const CSV: Form = Form::Csv { bom: false };

/// A place reserved, one released, one restated.
fn quotas(world: &mut World) {
    let (program, category) = ("cluster_area", "area");
    let reserve = |enrollment: &str| {
        QuotaEvent::PlaceReserved(PlaceReserved {
            enrollment: enrollment.to_owned(),
            revision: 1,
            key: "k".to_owned(),
            from: day("2016-01-01"),
            over_limit: false,
        })
    };
    world.quota(program, category, &reserve("cluster_area-futian"));
    let second = world.quota(program, category, &reserve("cluster_area-nobody_yet"));
    let released = ReservationReleased { reservation: second, reason: "r".to_owned() };
    world.quota(program, category, &QuotaEvent::ReservationReleased(released));
    let enrollment = "cluster_area-futian".to_owned();
    let id = uuid::Uuid::nil();
    let cites = EventRef { stream: enrollment.clone(), revision: 1, id };
    let spans = vec![Span { from: day("2016-02-01"), until: None, attested: false }];
    let restated = PlacesRestated { enrollment, cites, spans };
    world.quota(program, category, &QuotaEvent::PlacesRestated(restated));
}

/// A table's real rows as bytes.
fn bytes(copies: &dyn Copies, table: &str, known: Option<u64>, form: Form) -> (Written, Vec<u8>) {
    bytes_of(copies, table, false, known, form)
}

fn bytes_of(
    copies: &dyn Copies,
    table: &str,
    exercise: bool,
    known: Option<u64>,
    form: Form,
) -> (Written, Vec<u8>) {
    let mut bytes = Vec::new();
    let table = report(table).unwrap();
    let written =
        snapshot(copies, known, exercise, |snapshot| write(snapshot, table, form, &mut bytes))
            .unwrap();
    assert_eq!(written.bytes, bytes.len() as u64);
    (written, bytes)
}

/// Tables by name, as bytes.
type Tables = BTreeMap<String, Vec<u8>>;

fn every_table(copies: &dyn Copies, known: Option<u64>, form: Form) -> Tables {
    let export = |exercise: bool, table: &Report| {
        let bytes = bytes_of(copies, table.name, exercise, known, form).1;
        (table.file_name(exercise), bytes)
    };
    let of = |exercise| REPORTS.iter().map(move |table| export(exercise, table));
    of(false).chain(of(true)).collect()
}

/// Nothing in a build without Parquet.
fn in_parquet(copies: &dyn Copies, known: Option<u64>) -> Tables {
    if Form::Parquet.is_built() { every_table(copies, known, Form::Parquet) } else { Tables::new() }
}

/// The records of a CSV, the header first.
fn records(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    reader.records().map(|r| r.unwrap().iter().map(ToOwned::to_owned).collect()).collect()
}

/// The values of a column.
fn column(csv: &[u8], name: &str) -> Vec<String> {
    let records = records(csv);
    let index = records[0].iter().position(|column| column == name).unwrap();
    records[1..].iter().map(|record| record[index].clone()).collect()
}

fn copies(at: &std::path::Path) -> SqliteCopies {
    SqliteCopies::new(at)
}

/// The promise: each table is written when the copy has read just that far, and again when all is
/// known, also from a rebuilt copy.
#[test]
fn what_was_known_stays_the_same_to_the_byte() {
    let mut world = world();
    fill(&mut world);
    quotas(&mut world);
    for year in [2017, 2018] {
        let figure = format!(
            r#"{{"indicator":"pct_international_applications","period":"{year}","basis":"full year",
            "value":"51893","unit":"applications","confidence":"attested","source":"a table"}}"#
        );
        world.figure("440000", &serde_json::from_str(&figure).unwrap());
    }
    let at = tempfile::tempdir().unwrap();
    let copies = copies(at.path());
    let mut following: Following = follower(&world, at.path(), all);
    let mut then: Vec<(u64, Tables, Tables)> = Vec::new();
    loop {
        following.step(1);
        let position = following.position().unwrap();
        if then.last().is_some_and(|(last, ..)| *last == position) {
            break;
        }
        then.push((position, every_table(&copies, None, CSV), in_parquet(&copies, None)));
    }
    assert!(then.len() > 50, "{}", then.len());
    let changed = |name: &str| {
        let mut versions: Vec<_> = then.iter().map(|(_, tables, _)| &tables[name]).collect();
        versions.dedup();
        versions.len()
    };
    for table in REPORTS.iter() {
        assert!(changed(table.name) > 2, "{} says nothing", table.name);
    }
    let corrected = column(&then.last().unwrap().1["act"], "fate");
    assert!(corrected.iter().any(|fate| fate != "stands"), "{corrected:?}");
    for (position, csv, parquet) in &then {
        assert_eq!(&every_table(&copies, Some(*position), CSV), csv, "as of {position}");
        assert_eq!(&in_parquet(&copies, Some(*position)), parquet, "as of {position}");
    }
    drop(following);
    rebuild_all(&world.log, &world.runtime, &copies);
    for (position, csv, _) in then {
        assert_eq!(every_table(&copies, Some(position), CSV), csv, "rebuilt, as of {position}");
    }
}

#[test]
fn rows_are_counted_as_the_tables_have_them() {
    let mut world = world();
    fill(&mut world);
    let at = tempfile::tempdir().unwrap();
    let copies = copies(at.path());
    let mut following = follower(&world, at.path(), all);
    catch_up(&mut following, 64);
    let connection = following.connection();
    for (table, sql) in [
        ("event", "audit_trail WHERE exercise = "),
        ("act", "audit_trail WHERE act IS NOT NULL AND exercise = "),
        ("division", "subject WHERE known_to IS NULL AND invented = "),
        ("enrollment_current", "enrollment WHERE exercise = "),
        (
            "phase_interval",
            "timeline_phase p JOIN enrollment e ON e.id = p.enrollment
             WHERE p.known_to IS NULL AND e.exercise = ",
        ),
        ("freshness", "read_model WHERE 0 <= "),
    ] {
        for exercise in [false, true] {
            let (written, _) = bytes_of(&copies, table, exercise, None, CSV);
            let sql = format!("SELECT count(*) FROM {sql}{}", i32::from(exercise));
            assert_eq!(vec![written.rows.to_string()], rows_of(&connection, &sql), "{table}");
            assert!(written.rows > 0, "{table} of exercises: {exercise}");
        }
    }
    let (_, newest) = bytes(&copies, "enrollment_current", None, CSV);
    let ours = records(&newest)[1..].iter().map(|record| record[0].clone()).collect::<Vec<_>>();
    let streams = "SELECT stream FROM enrollment WHERE exercise = 0 ORDER BY program, subject";
    assert_eq!(ours, rows_of(&connection, streams));
    let newest_of = "SELECT sequence FROM enrollment WHERE exercise = 0
        ORDER BY program, subject";
    assert_eq!(column(&newest, "source_sequence"), rows_of(&connection, newest_of));
}

/// The history's rectangles answer what held on a day as known at a sequence.
#[test]
fn the_history_says_once_what_held_on_any_day() {
    let mut world = world();
    fill(&mut world);
    let at = tempfile::tempdir().unwrap();
    let copies = copies(at.path());
    let mut following = follower(&world, at.path(), all);
    catch_up(&mut following, 64);
    let head = following.position().unwrap();
    let history = records(&bytes(&copies, "enrollment_history", None, CSV).1);
    let index = |name: &str| history[0].iter().position(|column| column == name).unwrap();
    let (from, to, phase) = (index("valid_from"), index("valid_to"), index("phase"));
    let (known_from, known_to) = (index("known_from"), index("known_to"));
    let connection = following.connection();
    for known in (0..=head).step_by(3) {
        for day in ["2014-10-25", "2014-11-30", "2016-01-01", "2018-09-15", "2020-01-01"] {
            let holds = |record: &&Vec<String>| {
                let number = |index: usize| record[index].parse::<u64>().ok();
                record[from].as_str() <= day
                    && (record[to].is_empty() || record[to].as_str() > day)
                    && number(known_from).unwrap() <= known
                    && number(known_to).is_none_or(|to| to > known)
            };
            let held: Vec<String> = history[1..]
                .iter()
                .filter(holds)
                .map(|record| format!("{}|{}", record[0], record[phase]).replace("||", "|-|"))
                .collect();
            let sql = format!(
                "SELECT e.stream, coalesce(h.phase, '') FROM status_history h
                 JOIN enrollment e ON e.id = h.enrollment
                 WHERE e.exercise = 0 AND valid_from <= '{day}' AND known_from <= {known}
                   AND (known_to IS NULL OR known_to > {known})
                   AND (valid_to_known IS NULL OR valid_to_known > {known} OR valid_to > '{day}')
                 ORDER BY e.program, e.subject"
            );
            assert_eq!(held, rows_of(&connection, &sql), "{day}, known at {known}");
        }
    }
}

#[test]
fn chinese_quotes_and_formulas_come_through() {
    let mut world = world();
    world.register("futian", "cluster_area", "440000", ("=HYPERLINK(\"x\")", "福田，\"新\"区"));
    let at = tempfile::tempdir().unwrap();
    let copies = copies(at.path());
    catch_up(&mut follower(&world, at.path(), all), 64);
    let (_, csv) = bytes(&copies, "division", None, CSV);
    let text = std::str::from_utf8(&csv).unwrap();
    let line = text.split("\r\n").nth(1).unwrap();
    assert!(line.contains("\"'=HYPERLINK(\"\"x\"\")\",\"福田，\"\"新\"\"区\""), "{line}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert_eq!(column(&csv, "name_zh"), ["福田，\"新\"区"]);
    let (_, marked) = bytes(&copies, "division", None, Form::Csv { bom: true });
    assert_eq!(marked.strip_prefix("\u{feff}".as_bytes()).unwrap(), csv);
    let (_, events) = bytes(&copies, "event", None, CSV);
    assert_eq!(column(&events, "recorded_at")[0], "2030-01-01T00:00:00.000000Z");
}

#[test]
fn an_event_that_is_not_there_yet_is_not_exported() {
    let mut world = world();
    fill(&mut world);
    let at = tempfile::tempdir().unwrap();
    let copies = copies(at.path());
    let nothing = snapshot(&copies, None, false, |_| Ok(()));
    assert!(matches!(nothing, Err(ExportError::Store(StoreError::Missing(_)))), "{nothing:?}");
    let mut following = follower(&world, at.path(), all);
    let none = snapshot(&copies, None, false, |_| Ok(()));
    assert!(matches!(none, Err(ExportError::Behind { position: None, .. })), "{none:?}");
    following.step(5);
    let behind = snapshot(&copies, Some(5), false, |_| Ok(())).unwrap_err();
    assert!(matches!(behind, ExportError::Behind { position: Some(4), asked: 5 }), "{behind}");
    assert_eq!(snapshot(&copies, None, false, |snapshot| Ok(snapshot.sequence)).unwrap(), 4);
    let connection = following.connection();
    connection.execute("UPDATE read_model SET version = 99 WHERE name = 'timeline'", []).unwrap();
    let stale = snapshot(&copies, None, false, |_| Ok(())).unwrap_err();
    assert!(matches!(&stale, ExportError::Stale(names) if names == &["timeline"]), "{stale}");
}

#[test]
fn every_row_names_its_event() {
    let mut world = world();
    fill(&mut world);
    let at = tempfile::tempdir().unwrap();
    let copies = copies(at.path());
    let mut following = follower(&world, at.path(), all);
    catch_up(&mut following, 64);
    let sql = "SELECT sequence, lower(hex(event_id)) FROM audit_trail";
    let ids: BTreeMap<String, String> = rows_of(&following.connection(), sql)
        .iter()
        .map(|row| row.split_once('|').unwrap())
        .map(|(sequence, id)| (sequence.to_owned(), id.to_owned()))
        .collect();
    for table in REPORTS.iter() {
        let (_, csv) = bytes(&copies, table.name, None, CSV);
        let sequences = column(&csv, "source_sequence");
        for (sequence, id) in sequences.iter().zip(column(&csv, "source_event_id")) {
            assert_eq!(ids[sequence], id.replace('-', ""), "{}", table.name);
        }
        assert!(
            table.columns.iter().any(|c| (c.name, c.kind) == ("recorded_at", Kind::Instant)),
            "{}",
            table.name
        );
    }
}

#[cfg(feature = "parquet")]
mod parquet_files {
    use super::*;
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{Date32Type, Int64Type, TimestampMicrosecondType};
    use arrow_array::{Array as _, RecordBatch};
    use arrow_schema::{DataType, TimeUnit};
    use docket::domain::date::Timestamp;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::reader::FileReader as _;
    use parquet::file::serialized_reader::SerializedFileReader;

    fn cell(batch: &RecordBatch, index: usize, row: usize) -> String {
        let array = batch.column(index);
        if array.is_null(row) {
            return String::new();
        }
        match array.data_type() {
            DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
            DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
            DataType::Boolean => array.as_boolean().value(row).to_string(),
            DataType::Date32 => {
                let days = array.as_primitive::<Date32Type>().value(row);
                let date =
                    chrono::NaiveDate::default() + chrono::Days::new(days.try_into().unwrap());
                date.to_string()
            }
            DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => {
                assert_eq!(&**zone, "UTC");
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
                Timestamp::from_micros(micros).to_rfc3339()
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn parquet_says_what_csv_says_with_types() {
        let mut world = world();
        fill(&mut world);
        quotas(&mut world);
        let at = tempfile::tempdir().unwrap();
        let copies = copies(at.path());
        catch_up(&mut follower(&world, at.path(), all), 64);
        for table in REPORTS.iter() {
            let csv = records(&bytes(&copies, table.name, None, CSV).1);
            let (written, file) = bytes(&copies, table.name, None, Form::Parquet);
            let file = bytes::Bytes::from(file);
            let metadata = SerializedFileReader::new(file.clone()).unwrap();
            let metadata = metadata.metadata().file_metadata();
            assert_eq!(metadata.created_by(), Some("docket"));
            let said = metadata.key_value_metadata().unwrap();
            assert_eq!(said[0].value.as_deref(), Some(table.name));
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
            let mut rows = Vec::new();
            for batch in reader {
                let batch = batch.unwrap();
                let names: Vec<_> =
                    batch.schema().fields().iter().map(|field| field.name().clone()).collect();
                assert_eq!(names, csv[0], "{}", table.name);
                for row in 0..batch.num_rows() {
                    let columns = 0..batch.num_columns();
                    rows.push(columns.map(|index| cell(&batch, index, row)).collect::<Vec<_>>());
                }
            }
            assert_eq!(rows.len() as u64, written.rows);
            // CSV alone takes care that `--01-31` is no formula.
            let plain = |cell: &String| cell.replace("'--", "--");
            let said = csv[1..].iter().map(|record| record.iter().map(plain).collect::<Vec<_>>());
            for (row, said) in rows.iter().zip(said) {
                assert_eq!(row, &said, "{}", table.name);
            }
        }
    }
}
