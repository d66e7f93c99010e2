//! What two nodes hold, compared to the byte: every event of the log, every row of the read models.

use docket::log::{EventLog, MAX_PAGE_EVENTS, RecordedEvent};
use docket::projection::{Cell, Copies, DatabaseError, SqliteCopies, all, checksum};

use super::node::Node;

pub async fn events(log: &dyn EventLog) -> Vec<RecordedEvent> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let page = log.read_all(after, MAX_PAGE_EVENTS).await.unwrap();
        events.extend(page.events);
        if page.end {
            return events;
        }
        after = page.next;
    }
}

/// Asserts that both logs hold the same events, and gives them.
pub async fn logs(a: &Node, b: &Node) -> Vec<RecordedEvent> {
    let (of_a, of_b) = (events(&**a.app.log()).await, events(&**b.app.log()).await);
    for (one, other) in of_a.iter().zip(&of_b) {
        assert_eq!(one, other, "{} and {} hold different events", a.name, b.name);
    }
    assert_eq!(
        of_a.len(),
        of_b.len(),
        "{} and {} hold different numbers of events",
        a.name,
        b.name
    );
    of_a
}

/// Asserts that the tables, which have read everything, hold the same rows.
pub fn read_models(a: &Node, b: &Node) {
    for projection in all() {
        let sum = |copies: &SqliteCopies| {
            let serving = copies.serving().unwrap().unwrap();
            let mut reader = copies.reader(&serving).unwrap();
            checksum(&mut *reader.snapshot().unwrap(), &*projection).unwrap()
        };
        if sum(&a.copies) == sum(&b.copies) {
            continue;
        }
        for table in projection.tables() {
            let (of_a, of_b) = (rows(&a.copies, table), rows(&b.copies, table));
            assert_eq!(of_a, of_b, "{} of {} and {}", table.name, a.name, b.name);
        }
        panic!("{} differs, though its rows are equal", projection.name());
    }
}

/// Asks the copy that serves.
pub fn ask(
    copies: &SqliteCopies,
    question: &mut dyn FnMut(&mut dyn docket::projection::Reader) -> Result<(), DatabaseError>,
) {
    let serving = copies.serving().unwrap().unwrap();
    question(&mut *copies.reader(&serving).unwrap().snapshot().unwrap()).unwrap();
}

/// The rows of a table as texts, in the order of its key.
fn rows(copies: &SqliteCopies, table: &docket::projection::Table) -> Vec<String> {
    let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    let (columns_sql, key) = (columns.join(", "), table.key.join(", "));
    let sql = format!("SELECT {columns_sql} FROM {} ORDER BY {key}", table.name);
    let mut rows = Vec::new();
    ask(copies, &mut |reader| {
        reader.query(&sql, &[], &mut |row| {
            let mut text = String::new();
            for (column, name) in columns.iter().enumerate() {
                let value = match row.at(column)? {
                    Cell::Null => "null".to_owned(),
                    Cell::Int(value) => value.to_string(),
                    Cell::Text(value) => format!("{value:?}"),
                    Cell::Bytes(value) => format!("{value:02x?}"),
                };
                text.push_str(&format!("{name}={value} "));
            }
            rows.push(text);
            Ok(())
        })
    });
    rows
}
