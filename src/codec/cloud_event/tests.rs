use super::*;
use crate::log::StreamName;
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

fn event(stream: &str, event_type: &str, data: &str, metadata: &str) -> RecordedEvent {
    RecordedEvent {
        sequence: 17,
        stream: StreamName::parse(stream).unwrap(),
        revision: 3,
        event_id: Uuid::from_u128(1),
        event_type: event_type.into(),
        recorded_at_us: 1_452_000_000_123_456,
        data: data.as_bytes().to_vec().into(),
        metadata: metadata.as_bytes().to_vec().into(),
    }
}

fn written(event: &RecordedEvent) -> Value {
    let mut out = b"before".to_vec();
    let cloud = CloudEvents::new("cn.docket", "urn:x:\"y\"", Some("https://d.example/s/"));
    cloud.write(event, &mut out).unwrap();
    assert!(!out.contains(&b'\n') && !out.contains(&b'\r'));
    serde_json::from_slice(&out[6..]).unwrap()
}

#[test]
fn an_event_with_all_that_its_metadata_say() {
    let metadata = r#"{"schema_version":"1","office":"local_government","office_id":"gov-\"futian\"",
        "principal":"iss|abc","role":"local_government","effective_on":"2013/2016","measure":"2014-40",
        "article":"第9条","corrects":"cluster_area-futian@1#0000-id","exercise":"true",
        "correlation":"c1","causation":"c2","trace":"00-ab-cd-01","key":"secret","fingerprint":"f"}"#;
    let data = "{\"content\":\r\n{\"a\\nb\":1}}";
    let found = written(&event("cluster_area-futian", "PlanSubmitted", data, metadata));
    let expected = serde_json::json!({
        "specversion": "1.0",
        "id": "00000000-0000-0000-0000-000000000001",
        "source": "urn:x:\"y\"",
        "type": "cn.docket.enrollment.plan_submitted",
        "datacontenttype": "application/json",
        "dataschema": "https://d.example/s/PlanSubmitted.v1.json",
        "subject": "cluster_area/futian",
        "time": "2016-01-05T13:20:00.123456Z",
        "recordedtime": "2016-01-05T13:20:00.123456Z",
        "sequence": "00000000000000000017",
        "partitionkey": "cluster_area-futian",
        "streamid": "cluster_area-futian",
        "streamrevision": 3,
        "program": "cluster_area",
        "effectivedate": "2013/2016",
        "measureversion": "2014-40",
        "article": "第9条",
        "authtype": "unknown",
        "authid": "iss|abc",
        "actorrole": "local_government",
        "actoroffice": "gov-\"futian\"",
        "correctsid": "0000-id",
        "correlationid": "c1",
        "causationid": "c2",
        "traceparent": "00-ab-cd-01",
        "exercise": true,
        "datahash": crate::codec::sha256_hex(data.as_bytes()),
        "data": { "content": { "a\nb": 1 } },
    });
    assert_eq!(found, expected);
}

#[test]
fn own_streams_have_their_own_kind_and_subject() {
    let metadata = r#"{"principal":"docket"}"#;
    for (stream, event_type, kind, subject) in [
        ("log", "LogCreated", "log.log_created", None),
        ("measure-cluster_area", "MeasureAdopted", "measure.measure_adopted", Some("cluster_area")),
        ("subject-440000", "SubjectRenamed", "subject.subject_renamed", Some("440000")),
        ("quota-p.leading", "PlaceReserved", "quota.place_reserved", Some("p.leading")),
        ("calendar-2026", "CalendarAdopted", "calendar.calendar_adopted", Some("2026")),
        ("odd\"one", "X\\Y", "other.x\\_y", None),
    ] {
        let found = written(&event(stream, event_type, "{}", metadata));
        assert_eq!(found["type"], format!("cn.docket.{kind}"));
        assert_eq!(found["subject"].as_str(), subject, "{stream}");
        assert_eq!(found["authtype"], "system");
        assert_eq!(found["streamid"], stream);
        assert!(found.get("exercise").is_none() && found.get("article").is_none());
    }
}

#[test]
fn what_is_no_json_is_named_and_nothing_is_written() {
    let cloud = CloudEvents::new("docket", "urn:x", None);
    for (data, metadata) in [("{", "{}"), ("{}", "{"), ("{\"a\":\"b\nc\"}", "{}"), ("", "{}")] {
        let mut out = b"kept".to_vec();
        let error = cloud.write(&event("log", "LogCreated", data, metadata), &mut out);
        assert!(error.unwrap_err().to_string().contains("log@3"), "{data} {metadata}");
        assert_eq!(out, b"kept");
    }
}

proptest! {
    #[test]
    fn instants_are_written_as_timestamps_are(micros in -3_000_000_000_000_000i64..8_000_000_000_000_000) {
        let mut out = [0; 27];
        time(&mut out, micros);
        let expected = Timestamp::from_micros(micros).to_rfc3339();
        prop_assert_eq!(std::str::from_utf8(&out).unwrap(), expected);
    }

    #[test]
    fn numbers_are_written_as_they_are(number: u64) {
        let (mut long, mut short) = (Vec::new(), Vec::new());
        sequence(&mut long, number);
        decimal(&mut short, number);
        prop_assert_eq!(String::from_utf8(long).unwrap(), format!("{number:020}"));
        prop_assert_eq!(String::from_utf8(short).unwrap(), number.to_string());
    }
}
