//! Rows: the same ones on every engine, whatever a batch does to them, and one instant for a reader.

use std::collections::BTreeMap;

use docket::projection::store::CopyWriter;
use docket::projection::{Cell, Changes, Mode, RowWriter, checksum, kept_checksum};

use crate::on_every_engine;
use crate::places::{Place, claimed};
use crate::sample::{Sample, Value, add, changes, ids, rows, sample, to};

on_every_engine!(
    any_changes_give_the_rows_that_they_say,
    a_copy_that_is_filled_has_the_rows_of_one_that_is_followed,
    a_reader_sees_one_instant,
    a_question_that_fails_leaves_the_reader_of_use,
    texts_are_ordered_by_their_bytes,
    any_text_is_kept,
    parameters_are_what_they_are_compared_with,
);

/// What is done in a batch.
#[derive(Debug, Clone)]
enum Op {
    Insert(usize, Vec<Value>),
    Put(usize, Vec<Value>),
    Change(usize, usize, Vec<Value>),
}

type Table = BTreeMap<Vec<Value>, Vec<Value>>;

/// The tables in memory: the meaning of every change, written out.
#[derive(Debug, Clone, Default)]
struct Tables([Table; 2]);

impl Tables {
    fn apply(&mut self, op: &Op) {
        let key = |table: usize, row: &[Value]| row[..if table == 0 { 1 } else { 2 }].to_vec();
        match op {
            Op::Insert(table, row) | Op::Put(table, row) => {
                self.0[*table].insert(key(*table, row), row.clone());
            }
            Op::Change(0, 0, values) => {
                self.set(0, |row| row[0] == values[2], &[(2, &values[0]), (3, &values[1])])
            }
            Op::Change(0, _, values) => self.set(0, |row| row[0] == values[1], &[(4, &values[0])]),
            Op::Change(_, 0, values) => {
                self.set(1, |row| row[0] == values[1], &[(2, &values[0])]);
            }
            Op::Change(_, _, values) => {
                let picks = |row: &[Value]| {
                    row[0] == values[1] && (row[1] <= values[2] || row[2] == Value::Null)
                };
                self.set(1, picks, &[(2, &values[0])]);
            }
        }
    }

    fn set(&mut self, table: usize, picks: impl Fn(&[Value]) -> bool, set: &[(usize, &Value)]) {
        for row in self.0[table].values_mut().filter(|row| picks(row)) {
            for (column, value) in set {
                row[*column] = (*value).clone();
            }
        }
    }
}

fn write(mut row: RowWriter<'_>, values: &[Value]) {
    for value in values {
        match value {
            Value::Null => row.null(),
            Value::Int(value) => row.int(*value),
            Value::Text(value) => row.text(value),
            Value::Bytes(value) => row.id(uuid::Uuid::from_slice(value).unwrap()),
        };
    }
}

fn batch(ops: &[Op]) -> Changes {
    let mut changes = changes();
    let mut of = changes.of(0, 2);
    for op in ops {
        match op {
            Op::Insert(table, values) => write(of.insert(*table), values),
            Op::Put(table, values) => write(of.put(*table), values),
            Op::Change(table, change, values) => write(of.change(*table, *change), values),
        }
    }
    changes
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn maybe(&mut self, value: Value) -> Value {
        if self.below(3) == 0 { Value::Null } else { value }
    }

    fn text(&mut self) -> Value {
        let words = ["", "a", "B", "福田", "it's", "é", "\"q\"", "\\N", "tab\there"];
        Value::Text(words[usize::try_from(self.below(9)).unwrap()].to_owned())
    }

    fn span(&mut self, id: i64) -> Vec<Value> {
        let event_id = Value::Bytes(uuid::Uuid::from_u128(u128::from(self.0)).as_bytes().to_vec());
        let (text, number) =
            (self.text(), Value::Int(i64::MIN + i64::try_from(self.below(9)).unwrap()));
        vec![
            Value::Int(id),
            self.text(),
            self.maybe(event_id),
            self.maybe(text),
            self.maybe(number),
        ]
    }

    fn name(&mut self) -> Vec<Value> {
        let subject = ["s1", "S2", "省"][usize::try_from(self.below(3)).unwrap()];
        let (revision, said) = (i64::try_from(self.below(6)).unwrap(), self.text());
        vec![Value::Text(subject.to_owned()), Value::Int(revision), self.maybe(said)]
    }

    /// Something that may be done to these tables.
    fn op(&mut self, tables: &Tables, next: &mut i64) -> Op {
        let known = i64::try_from(self.below(u64::try_from(*next).unwrap() + 1)).unwrap();
        let text = self.text();
        // A change by the key fills what held nothing.
        let holds_nothing = |columns: &[usize]| {
            let row = tables.0[0].get(&[Value::Int(known)][..]);
            row.is_some_and(|row| columns.iter().all(|column| row[*column] == Value::Null))
        };
        match self.below(9) {
            0..=2 => {
                *next += 1;
                Op::Insert(0, self.span(*next))
            }
            3 => Op::Put(0, self.span(known)),
            4 if holds_nothing(&[2, 3]) => {
                let id = uuid::Uuid::from_u128(u128::from(self.0)).as_bytes().to_vec();
                let id = self.maybe(Value::Bytes(id));
                Op::Change(0, 0, vec![id, self.maybe(text), Value::Int(known)])
            }
            5 if holds_nothing(&[4]) => {
                Op::Change(0, 1, vec![Value::Int(known), Value::Int(known)])
            }
            7 => {
                let row = self.name();
                let is_known = tables.0[1].contains_key(&row[..2]);
                if is_known || self.below(2) == 0 { Op::Put(1, row) } else { Op::Insert(1, row) }
            }
            _ => {
                let row = self.name();
                match self.below(3) {
                    0 => Op::Change(1, 0, vec![self.maybe(text), row[0].clone()]),
                    _ => Op::Change(1, 1, vec![self.maybe(text), row[0].clone(), row[1].clone()]),
                }
            }
        }
    }
}

fn assert_rows(writer: &mut dyn CopyWriter, tables: &Tables, when: &str) {
    let span = "SELECT id, label, event_id, valid_to, known_to FROM span ORDER BY id";
    let name = "SELECT subject, revision, said FROM name ORDER BY subject, revision";
    for (table, sql) in tables.0.iter().zip([span, name]) {
        let expected: Vec<_> = table.values().cloned().collect();
        assert_eq!(rows(writer.reader(), sql, &[]), expected, "{when}: {sql}");
    }
    let kept = kept_checksum(writer.reader(), &Sample).unwrap();
    assert_eq!(kept, checksum(writer.reader(), &Sample).unwrap(), "{when}: the checksum");
}

fn run(writer: &mut dyn CopyWriter, seed: u64) -> Tables {
    let (mut numbers, mut tables, mut next) = (Numbers(seed), Tables::default(), 0);
    for position in 0..25 {
        // Some batches are large enough to be loaded in another way.
        let count = if position % 6 == 5 { 3000 } else { 1 + numbers.below(40) };
        let mut ops = Vec::new();
        for _ in 0..count {
            let op = numbers.op(&tables, &mut next);
            tables.apply(&op);
            ops.push(op);
        }
        writer.commit(&batch(&ops), to(position)).unwrap();
        assert_rows(writer, &tables, &format!("seed {seed}, batch {position}"));
    }
    tables
}

fn any_changes_give_the_rows_that_they_say(place: &Place) {
    for seed in [1, 42, 977] {
        let copies = place.open();
        let lock = copies.lock_rebuild().unwrap();
        let mut copy = copies.create(&*lock, Mode::Following, &sample()).unwrap();
        run(&mut *copy, seed);
    }
}

fn a_copy_that_is_filled_has_the_rows_of_one_that_is_followed(place: &Place) {
    let copies = place.open();
    let lock = copies.lock_rebuild().unwrap();
    let mut copy = copies.create(&*lock, Mode::Filling, &sample()).unwrap();
    let tables = run(&mut *copy, 7);
    copy.finish(&sample()).unwrap();
    assert_rows(&mut *copy, &tables, "finished");
    copies.serve(&*lock, &copy.id().clone()).unwrap();
    let mut followed = claimed(&*copies, &copy.id().clone(), "follower");
    assert_eq!(followed.checkpoint().position, Some(24));
    assert_rows(&mut *followed, &tables, "served");
    // The key is there: a row with one that is known is refused.
    assert!(
        followed
            .commit(
                &batch(&[
                    Op::Insert(
                        0,
                        vec![
                            Value::Int(1),
                            Value::Text(String::new()),
                            Value::Null,
                            Value::Null,
                            Value::Null,
                        ]
                    ),
                    Op::Insert(
                        0,
                        vec![
                            Value::Int(1),
                            Value::Text(String::new()),
                            Value::Null,
                            Value::Null,
                            Value::Null,
                        ]
                    )
                ]),
                to(25)
            )
            .is_err()
    );
}

fn a_reader_sees_one_instant(place: &Place) {
    let (copies, mut writer) = place.serving(sample());
    add(&mut *writer, 0).unwrap();
    let mut reader = copies.reader(&writer.id().clone()).unwrap();
    let mut snapshot = reader.snapshot().unwrap();
    assert_eq!(ids(&mut *snapshot), [0]);
    let position = writer.checkpoint().position.unwrap() + 1;
    add(&mut *writer, position).unwrap();
    assert_eq!(ids(&mut *snapshot), [0], "what is written meanwhile is not seen");
    let read = rows(&mut *snapshot, "SELECT position FROM checkpoint", &[]);
    assert_eq!(read, [[Value::Int(0)]]);
    assert_eq!(snapshot.checkpoint().position, Some(0));
    drop(snapshot);
    let mut snapshot = reader.snapshot().unwrap();
    assert_eq!(ids(&mut *snapshot), [0, 1]);
    assert_eq!(snapshot.checkpoint().position, Some(1));
}

fn a_question_that_fails_leaves_the_reader_of_use(place: &Place) {
    let (copies, mut writer) = place.serving(sample());
    add(&mut *writer, 0).unwrap();
    let mut reader = copies.reader(&writer.id().clone()).unwrap();
    let sql = "SELECT nothing FROM span";
    let failed = reader.snapshot().unwrap().query(sql, &[], &mut |_| Ok(()));
    let error = failed.unwrap_err();
    assert!(!error.is_passing() && error.to_string().contains("nothing"), "{error}");
    let sql = "SELECT id FROM span";
    let mut snapshot = reader.snapshot().unwrap();
    let ended = snapshot.query(sql, &[], &mut |row| row.text("id").map(drop));
    assert!(ended.unwrap_err().to_string().contains("is no text"));
    drop(snapshot);
    assert_eq!(ids(&mut *reader.snapshot().unwrap()), [0]);
}

fn texts_are_ordered_by_their_bytes(place: &Place) {
    let (_copies, mut writer) = place.serving(sample());
    let mut words = ["b", "B", "a", "A", "_", "é", "福", "aa", "a b"].map(str::to_owned);
    let mut ops = Vec::new();
    for (id, word) in (0..).zip(&words) {
        let (label, none) = (Value::Text(word.clone()), Value::Null);
        ops.push(Op::Insert(0, vec![Value::Int(id), label, none.clone(), none.clone(), none]));
    }
    writer.commit(&batch(&ops), to(0)).unwrap();
    words.sort_unstable();
    let expected: Vec<_> = words.iter().map(|word| vec![Value::Text(word.clone())]).collect();
    let sql = "SELECT label FROM span ORDER BY label";
    assert_eq!(rows(writer.reader(), sql, &[]), expected);
    let after = [(":after", Cell::Text("a")), (":id", Cell::Int(0))];
    let sql = "SELECT label FROM span WHERE (label, id) > (:after, :id) ORDER BY label";
    assert_eq!(rows(writer.reader(), sql, &after), expected[3..]);
}

/// A text with U+0000 came into the log, and one engine does not know that character: it stopped
/// there for good.
fn any_text_is_kept(place: &Place) {
    let (_copies, mut writer) = place.serving(sample());
    let row = |id: i64, label: &str| {
        let (label, none) = (Value::Text(label.to_owned()), Value::Null);
        Op::Insert(0, vec![Value::Int(id), label, none.clone(), none.clone(), none])
    };
    writer.commit(&batch(&[row(1, "a\0b")]), to(1)).unwrap();
    let many: Vec<_> = (2..1000).map(|id| row(id, "c\0d")).collect();
    writer.commit(&batch(&many), to(2)).unwrap();
    assert_eq!(ids(writer.reader()).len(), 999);
    let asked = [(":label", Cell::Text("a\0b"))];
    let sql = "SELECT id FROM span WHERE label = :label";
    assert_eq!(rows(writer.reader(), sql, &asked), [[Value::Int(1)]]);
}

fn parameters_are_what_they_are_compared_with(place: &Place) {
    let (_copies, mut writer) = place.serving(sample());
    add(&mut *writer, 5).unwrap();
    let count = |writer: &mut dyn CopyWriter, id: Cell<'_>, label: Cell<'_>| {
        let sql = "SELECT id, label AS \"a:b\" FROM span WHERE (:id IS NULL OR id = :id)
            AND (:label IS NULL OR label = :label) AND label <> ':id' LIMIT :limit";
        let given =
            [(":id", id), (":label", label), (":limit", Cell::Int(3)), (":other", Cell::Int(1))];
        rows(writer.reader(), sql, &given).len()
    };
    for (id, label, found) in [
        (Cell::Null, Cell::Null, 1),
        (Cell::Int(5), Cell::Null, 1),
        (Cell::Int(6), Cell::Null, 0),
        (Cell::Null, Cell::Text("row 5"), 1),
        (Cell::Int(5), Cell::Text("row 6"), 0),
    ] {
        assert_eq!(count(&mut *writer, id, label), found, "{id:?} {label:?}");
    }
    let null = rows(writer.reader(), "SELECT count(*), 1, NULL, 2 > 1 FROM span", &[]);
    assert_eq!(null, [[Value::Int(1), Value::Int(1), Value::Null, Value::Int(1)]]);
}
