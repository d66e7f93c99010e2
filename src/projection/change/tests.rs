use uuid::Uuid;

use super::*;
use crate::domain::date::Day;
use crate::projection::table::{Change, Column, Kind};

const TABLE: Table = Table {
    name: "t",
    about: "",
    columns: &[
        Column::new("a", Kind::Int, ""),
        Column::new("b", Kind::Text, ""),
        Column::new("c", Kind::Id, ""),
    ],
    key: &["a"],
    changes: &[],
};

#[test]
fn values_come_out_as_they_went_in() {
    let mut changes = Changes::new([&TABLE]);
    changes.of(0, 1).insert(0).int(-7).text("部门").id(Uuid::nil());
    changes.of(0, 1).change(0, 0).null().day(Day::parse("2016-02-29").unwrap());
    let ops: Vec<_> = changes.tables()[0]
        .ops()
        .map(|(doing, cells)| (doing, cells.iter().collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        ops,
        [
            (Doing::Insert, vec![Cell::Int(-7), Cell::Text("部门"), Cell::Bytes(&[0; 16])]),
            (Doing::Change(0), vec![Cell::Null, Cell::Text("2016-02-29")]),
        ]
    );
    changes.clear();
    assert!(changes.tables()[0].is_empty());
}

#[test]
fn a_row_that_came_in_takes_its_changes_and_another_is_changed_where_it_stands() {
    const ROWS: Table = Table {
        name: "r",
        about: "",
        columns: &[
            Column::new("id", Kind::Int, ""),
            Column::new("to", Kind::Text, ""),
            Column::new("n", Kind::Int, ""),
        ],
        key: &["id"],
        changes: &[Change { set: &["n", "to"], filter: "id = ?" }],
    };
    let mut changes = Changes::new([&ROWS]);
    changes.of(0, 1).insert(0).int(1).null().null();
    changes.settle();
    changes.of(0, 1).insert(0).int(2).text("a").int(5);
    changes.of(0, 1).change(0, 0).int(7).text("b").int(2);
    changes.of(0, 1).change(0, 0).int(8).text("c").int(1);
    changes.settle();
    let ops: Vec<_> = changes.tables()[0]
        .ops()
        .map(|(doing, cells)| (doing, cells.iter().collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        ops,
        [
            (Doing::Insert, vec![Cell::Int(1), Cell::Null, Cell::Null]),
            (Doing::Insert, vec![Cell::Int(2), Cell::Text("b"), Cell::Int(7)]),
            (Doing::Change(0), vec![Cell::Int(8), Cell::Text("c"), Cell::Int(1)]),
        ]
    );
}
