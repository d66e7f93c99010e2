//! Exports: the same bytes out of every engine, and at the end of the log the rows of the views.

use docket::export::{Form, write};
use docket::projection::{Cell, Copies, REPORTS, Reader, Record, Report, snapshot};

use crate::histories::{filled, followed};
use crate::on_every_engine;
use crate::places::Place;
use crate::reporting::{fields, views};

on_every_engine!(every_table_is_that_of_sqlite_to_the_byte, every_table_has_the_rows_of_its_view);

fn bytes(copies: &dyn Copies, table: &Report, known: u64, form: Form) -> [Vec<u8>; 2] {
    [false, true].map(|exercise| {
        let mut bytes = Vec::new();
        let write = snapshot(copies, Some(known), exercise, |snapshot| {
            write(snapshot, table, form, &mut bytes)
        });
        write.unwrap();
        bytes
    })
}

fn every_table_is_that_of_sqlite_to_the_byte(place: &Place) {
    let world = filled();
    let head = world.runtime.block_on(world.log.head()).unwrap().unwrap();
    let reference = Place::sqlite();
    let (expected, _sqlite) = followed(&reference, &world, 4096);
    let (copies, _other) = followed(place, &world, 5);
    let forms = [Form::Csv { bom: false }, Form::Parquet];
    for form in forms.into_iter().filter(|form| form.is_built()) {
        for known in (0..head).step_by(7).chain([head]) {
            for table in REPORTS.iter() {
                let (expected, found) =
                    (bytes(&*expected, table, known, form), bytes(&*copies, table, known, form));
                assert!(found == expected, "{} as of {known}, {form:?}", table.name);
            }
        }
    }
}

fn cells(row: &dyn Record, columns: usize) -> Vec<String> {
    (0..columns).map(|index| format!("{:?}", row.at(index).unwrap())).collect()
}

fn every_table_has_the_rows_of_its_view(place: &Place) {
    let world = filled();
    let (copies, mut other) = followed(place, &world, 4096);
    let fields = fields();
    let mut names: Vec<_> = REPORTS.iter().map(|table| table.name.to_owned()).collect();
    let mut shown = views();
    names.sort();
    shown.sort();
    assert_eq!(names, shown);
    for table in REPORTS.iter() {
        let columns: Vec<_> = table.columns.iter().map(|column| column.name.to_owned()).collect();
        assert_eq!(columns, fields[table.name]);
        let flag = columns.iter().position(|name| name == "exercise");
        let mut found = Vec::new();
        for exercise in [false, true].into_iter().filter(|exercise| !exercise || flag.is_some()) {
            let before = found.len();
            let read = snapshot(&*copies, None, exercise, |snapshot| {
                snapshot.rows(table, &mut |row| {
                    if let Some(flag) = flag {
                        assert_eq!(row.at(flag)?, Cell::Int(exercise.into()), "{}", table.name);
                    }
                    found.push(cells(row, columns.len()));
                    Ok(())
                })
            });
            assert_eq!(read.unwrap(), (found.len() - before) as u64);
            // No exercise of these histories has a quota.
            let there = found.len() > before || (exercise && table.name == "place");
            assert!(there, "{} of exercises: {exercise}", table.name);
        }
        let mut expected = Vec::new();
        let sql = format!("SELECT * FROM docket_report_{}", table.name);
        let reader: &mut dyn Reader = other.copy().reader();
        reader
            .query(&sql, &[], &mut |row| {
                expected.push(cells(row, columns.len()));
                Ok(())
            })
            .unwrap();
        found.sort();
        expected.sort();
        assert!(!found.is_empty(), "{}", table.name);
        assert_eq!(found, expected, "{}", table.name);
    }
}
