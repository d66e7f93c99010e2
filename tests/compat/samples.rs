//! A stored event of every version of every type, read for ever. What was written once stays as it is;
//! a new type, or a new version of one, needs a file of its own, `<Type>.v<version>.json`: written by
//! hand, or taken out of the log of this folder with `DOCKET_WRITE_GENERATED=1 cargo test --test compat`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use docket::codec::{self, Stored};
use docket::domain::event_type::EventType;
use docket::log::{NewEvent, RecordedEvent, StreamName};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schemas::{faults, validator};

#[derive(Serialize, Deserialize)]
struct Sample {
    stream: String,
    metadata: Value,
    data: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/samples")
}

fn stored(sample: &Sample, event_type: &str) -> RecordedEvent {
    RecordedEvent {
        sequence: 7,
        stream: StreamName::parse(&sample.stream).unwrap(),
        revision: 3,
        event_id: uuid::Uuid::nil(),
        event_type: event_type.into(),
        recorded_at_us: 1_767_225_600_000_000,
        data: sample.data.to_string().into_bytes().into(),
        metadata: sample.metadata.to_string().into_bytes().into(),
    }
}

/// What would be written of it now.
fn written(stored: &Stored) -> NewEvent {
    let id = uuid::Uuid::nil();
    match stored {
        Stored::Enrollment(recorded) => codec::encode_event(&recorded.event, &recorded.meta, id),
        Stored::Subject(event, meta) => codec::encode_subject(event, meta, id),
        Stored::Indicator(event, meta) => codec::encode_indicator(event, meta, id),
        Stored::Quota(event, meta) => codec::encode_quota(event, meta, id),
        Stored::LogCreated(body, meta) => codec::encode_own(body, meta, id),
        Stored::LossAccepted(body, meta) => codec::encode_own(body, meta, id),
        Stored::KeyRotated(body, meta) => codec::encode_own(body, meta, id),
        Stored::ClockConfirmed(body, meta) => codec::encode_own(body, meta, id),
        Stored::MeasureAdopted(body, meta) => codec::encode_own(body, meta, id),
        Stored::CalendarAdopted(body, meta) => codec::encode_own(body, meta, id),
        Stored::Person(event, meta) => codec::encode_person(event, meta, id),
        Stored::PersonOpened(body, meta) => codec::encode_own(body, meta, id),
    }
    .unwrap()
}

#[test]
fn a_sample_of_every_version_of_every_type_is_read() {
    let mut files = BTreeSet::new();
    for event_type in EventType::all() {
        let name = event_type.name;
        for version in 1..=event_type.version {
            let file = format!("{name}.v{version}.json");
            let text = fs::read_to_string(folder().join(&file)).unwrap_or_else(|error| {
                panic!("tests/compat/samples/{file}: {error}; see the head of samples.rs")
            });
            let sample: Sample = serde_json::from_str(&text).unwrap();
            assert_eq!(sample.metadata["schema_version"], version.to_string(), "{file}");
            assert_eq!(faults(&validator(name, version), &sample.data), [""; 0], "{file}");
            let read = codec::decode(&stored(&sample, name)).unwrap();
            if let Some(fact) = recorded(&read).and_then(|recorded| recorded.event.fact()) {
                fact.act.read().unwrap();
            }
            let now = written(&read);
            assert_eq!(now.event_type, name);
            if version == event_type.version {
                let now: Value = serde_json::from_slice(&now.data).unwrap();
                assert_eq!(now, sample.data, "{file} is not written as it was read");
            }
            files.insert(file);
        }
    }
    for entry in fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        assert!(files.contains(&file), "{file} is a sample of no version of a type");
    }
}

fn recorded(stored: &Stored) -> Option<&docket::domain::event::Recorded> {
    match stored {
        Stored::Enrollment(recorded) => Some(recorded),
        _ => None,
    }
}

/// Writes the samples that are not there: of each type of a log the event that says most.
pub fn write_missing(events: &[RecordedEvent]) {
    let mut most: BTreeMap<&str, &RecordedEvent> = BTreeMap::new();
    for event in events {
        let best = most.entry(&event.event_type).or_insert(event);
        if best.data.len() < event.data.len() {
            *best = event;
        }
    }
    for (event_type, event) in most {
        let metadata: Value = serde_json::from_slice(&event.metadata).unwrap();
        let version = metadata["schema_version"].as_str().unwrap();
        let path = folder().join(format!("{event_type}.v{version}.json"));
        if !path.exists() {
            let data = serde_json::from_slice(&event.data).unwrap();
            let sample = Sample { stream: event.stream.to_string(), metadata, data };
            fs::write(path, serde_json::to_string_pretty(&sample).unwrap() + "\n").unwrap();
        }
    }
}

/// A type or a version that is not known is an error that names it.
#[test]
fn what_is_not_known_is_named() {
    let text = fs::read_to_string(folder().join("Noted.v1.json")).unwrap();
    let mut sample: Sample = serde_json::from_str(&text).unwrap();
    let said =
        |sample: &Sample, name: &str| codec::decode(&stored(sample, name)).unwrap_err().to_string();
    assert!(said(&sample, "Whistled").contains("\"Whistled\" is not known"));
    // An event of one kind of stream is none of another.
    assert!(said(&sample, "LogCreated").contains("\"LogCreated\" is not known"));
    sample.metadata["schema_version"] = "2".into();
    let two = said(&sample, "Noted");
    assert!(two.contains("Noted has schema version 2") && two.contains("knows up to 1"), "{two}");
}
