//! Logs written by earlier versions are opened, decoded and verified for ever. `tests/compat` holds
//! one for each format that was ever written; none of them is written anew.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "compat/samples.rs"]
mod samples;
#[path = "compat/schemas.rs"]
mod schemas;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use docket::codec::{self, Stored};
use docket::domain::event::Event;
use docket::domain::history::History;
use docket::log::envelope::leaf_hash;
use docket::log::{EventLog, RecordedEvent, SqliteLog, StreamName};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 over the leaf hashes of the log, in sequence order.
const LEAVES_V1: &str = "94fe9f90299c22a3ed9ca39390142556e0ee58e8e2a39a971532090d56f969ed";
const EVENTS_V1: usize = 589;

async fn events_of(file: &str) -> (tempfile::TempDir, Vec<RecordedEvent>) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("log.sqlite");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat").join(file);
    fs::copy(kept, &copy).unwrap();
    let log = SqliteLog::open_writer(&copy).unwrap();
    let mut events = Vec::new();
    let mut after = None;
    loop {
        let page = log.read_all(after, 1000).await.unwrap();
        events.extend(page.events);
        if page.end {
            break;
        }
        after = page.next;
    }
    log.close().await;
    (folder, events)
}

#[tokio::test]
async fn a_log_of_format_1_has_the_leaves_that_it_was_written_with() {
    let (_folder, events) = events_of("log-v1.sqlite").await;
    assert_eq!(events.len(), EVENTS_V1);
    let mut leaves = Sha256::new();
    for event in &events {
        leaves.update(leaf_hash(event));
    }
    let leaves: String = leaves.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(leaves, LEAVES_V1);
}

#[tokio::test]
async fn every_event_of_format_1_is_decoded_folds_and_has_the_form_of_its_schema() {
    let (_folder, events) = events_of("log-v1.sqlite").await;
    if std::env::var_os("DOCKET_WRITE_GENERATED").is_some() {
        samples::write_missing(&events);
    }
    let mut schemas = BTreeMap::new();
    let mut histories: BTreeMap<String, History> = BTreeMap::new();
    let mut types = BTreeSet::new();
    for event in &events {
        let schema = schemas
            .entry(event.event_type.clone())
            .or_insert_with(|| schemas::validator(&event.event_type, 1));
        let data: Value = serde_json::from_slice(&event.data).unwrap();
        let wrong = schemas::faults(schema, &data);
        assert!(wrong.is_empty(), "{} {}: {wrong:?}", event.sequence, event.event_type);
        let metadata: Value = serde_json::from_slice(&event.metadata).unwrap();
        assert!(metadata.as_object().unwrap().values().all(Value::is_string), "flat, of strings");
        types.insert(event.event_type.clone());
        if let Stored::Enrollment(recorded) = codec::decode(event).unwrap() {
            let stream = event.stream.as_str();
            let history =
                histories.entry(stream.to_owned()).or_insert_with(|| History::new(stream));
            history.push(*recorded);
        }
    }
    assert!(types.len() > 35, "the log holds most types of event: {types:?}");
    let futian = histories["cluster_area-futian"].state();
    assert_eq!(futian.phase(), Some("demonstrative"));
    let stand = histories.values().filter(|history| history.state().node.is_some()).count();
    assert!(stand > 40, "{stand} enrollments stand somewhere");
}

/// A lapse as it is written since there are lapses.
#[test]
fn a_lapse_of_version_1_is_read_and_written_as_it_was() {
    let data = r#"{"obligation":"annual_report","opened_by":2,"owes":"local_government","article":"Art. 15","due":"2015-01-31","due_year":2015,"not_late_before":"2015-02-02","holidays_known":false}"#;
    let metadata = r#"{"schema_version":"1","office":"docket","office_id":"docket","office_name_en":"Docket","office_name_zh":"Docket","principal":"docket","role":"docket","effective_on":"2015-02-03","recorded_at":"2015-02-02T16:00:00.000001Z","measure":"2014-40","article":"Art. 15","provenance":"recorded"}"#;
    let stored = RecordedEvent {
        sequence: 9,
        stream: StreamName::parse("cluster_area-futian").unwrap(),
        revision: 3,
        event_id: uuid::Uuid::nil(),
        event_type: "ObligationLapsed".into(),
        recorded_at_us: 1_422_892_800_000_001,
        data: data.as_bytes().to_vec().into(),
        metadata: metadata.as_bytes().to_vec().into(),
    };
    let recorded = codec::decode_enrollment(&stored).unwrap();
    let Event::ObligationLapsed(lapse) = &recorded.event else { panic!("{recorded:?}") };
    assert_eq!((lapse.due.as_str(), lapse.due_year), ("2015-01-31", Some(2015)));
    assert_eq!(lapse.lapsed_on().to_string(), recorded.meta.effective_on.as_str());
    let written = codec::encode_event(&recorded.event, &recorded.meta, recorded.id).unwrap();
    assert_eq!((written.data, written.metadata), (stored.data, stored.metadata));
    let schema = schemas::validator("ObligationLapsed", 1);
    let valid = |text: &str| schema.is_valid(&serde_json::from_str(text).unwrap());
    assert!(valid(data) && !valid(&data.replace("\"opened_by\":2,", "")));
}
