//! What two nodes hold where one of them met faults on the way: every stream but those of quotas, and
//! the read models, with reservations and the numbers that count events left out. What counts an
//! event is compared as the event that it counts.

use std::collections::{BTreeMap, HashMap};

use docket::log::RecordedEvent;
use docket::projection::{Cell, Column, Kind, SqliteCopies, Table, all};

use super::equal::{ask, events};
use super::node::Node;

/// Columns whose numbers are sequences: shown as the event.
const SEQUENCES: [&str; 4] = ["sequence", "known_from", "known_to", "valid_to_known"];
/// Names given by sequence to what other columns say in full, and a quota's own revisions.
const LEFT_OUT: [&str; 5] = ["id", "recorded_by", "law", "reserved_at", "over_limit"];

/// Asserts that both hold the same, but for reservations.
pub async fn held(a: &Node, b: &Node) -> Vec<RecordedEvent> {
    let (of_a, of_b) = (events(&**a.app.log()).await, events(&**b.app.log()).await);
    let (mut streams_a, mut streams_b) = (streams(&of_a), streams(&of_b));
    for (stream, one) in &mut streams_a {
        let other = streams_b.remove(stream).unwrap_or_default();
        assert_eq!(*one, other, "{stream} on {} and {}", a.name, b.name);
    }
    assert_eq!(streams_b, BTreeMap::new(), "only {} holds this", b.name);
    for projection in all() {
        for table in projection.tables() {
            let (one, other) = (rows(&a.copies, table, &of_a), rows(&b.copies, table, &of_b));
            assert_eq!(one, other, "{} of {} and {}", table.name, a.name, b.name);
        }
    }
    of_a
}

/// The events of every stream but those of quotas, as texts.
fn streams(events: &[RecordedEvent]) -> BTreeMap<String, Vec<String>> {
    let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in events.iter().filter(|event| !is_quota(event.stream.as_str())) {
        let text = |bytes: &[u8]| without_reservations(std::str::from_utf8(bytes).unwrap());
        let (kind, id, at) = (&event.event_type, event.event_id, event.recorded_at_us);
        let (data, metadata) = (text(&event.data), text(&event.metadata));
        let line = format!("{}: {kind} {id} at {at}\n{data}\n{metadata}", event.revision);
        streams.entry(event.stream.to_string()).or_default().push(line);
    }
    streams
}

fn is_quota(stream: &str) -> bool {
    stream.starts_with("quota-")
}

/// References to events of quotas' streams, without revision and id.
fn without_reservations(text: &str) -> String {
    let mut parts = text.split("quota-");
    let mut cleaned = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (stream, rest) = part.split_once('@').unwrap_or((part, ""));
        let number = |c: char| c.is_ascii_hexdigit() || c == '#' || c == '-';
        cleaned.push_str(&format!("quota-{stream}@{}", rest.trim_start_matches(number)));
    }
    cleaned
}

/// The rows of a table as texts, sorted.
fn rows(copies: &SqliteCopies, table: &Table, events: &[RecordedEvent]) -> Vec<String> {
    let names: HashMap<i64, String> = events
        .iter()
        .map(|event| {
            let (stream, revision) = (event.stream.as_str(), event.revision);
            let name =
                if is_quota(stream) { stream.to_owned() } else { format!("{stream}@{revision}") };
            (i64::try_from(event.sequence).unwrap(), name)
        })
        .collect();
    let places = table.name == "enrollment_place";
    let columns: Vec<_> = table
        .columns
        .iter()
        .filter(|column| !LEFT_OUT.contains(&column.name))
        .filter(|column| !(places && ["revision", "known_from", "known_to"].contains(&column.name)))
        .collect();
    let selected: Vec<_> = columns.iter().map(|column| column.name).collect();
    let filter = if places { "WHERE known_to IS NULL" } else { "" };
    let sql = format!("SELECT {} FROM {} {filter}", selected.join(", "), table.name);
    let mut rows = Vec::new();
    ask(copies, &mut |reader| {
        reader.query(&sql, &[], &mut |row| {
            let mut text = String::new();
            for (at, Column { name, kind, .. }) in columns.iter().enumerate() {
                let is_sequence =
                    SEQUENCES.contains(name) || (*name == "enrollment" && *kind == Kind::Int);
                let value = match row.at(at)? {
                    Cell::Null => "null".to_owned(),
                    Cell::Int(value) if is_sequence => names[&value].clone(),
                    Cell::Int(value) => value.to_string(),
                    Cell::Text(value) => without_reservations(value),
                    Cell::Bytes(value) => format!("{value:02x?}"),
                };
                text.push_str(&format!("{name}={value} "));
            }
            rows.push(text);
            Ok(())
        })
    });
    // Docket's events in a quota's stream are reservations and what undoes them.
    rows.retain(|row| !row.contains("=quota-"));
    rows.sort();
    rows
}
