//! What is told of an event: its type, when it was recorded, and where to read it. Thin, so that
//! reading the content is an access of its own, with its own token; and a function of the event and
//! the configuration alone, so that a retry sends the same bytes.

use std::sync::OnceLock;

use serde::Serialize;
use uuid::Uuid;

use super::Settings;
use super::store::Endpoint;
use crate::codec::{self, kind_of_stream};
use crate::domain::date::Timestamp;
use crate::domain::event_type::EventType;
use crate::log::RecordedEvent;

/// The body of a delivery, in the order in which it is sent.
#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    name: String,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    sequence: String,
    id: Uuid,
    stream: &'a str,
    subject: Option<&'a str>,
    program: Option<&'a str>,
    exercise: bool,
    href: String,
}

/// The body for an event.
///
/// # Errors
/// When its metadata can't be read.
pub fn body(event: &RecordedEvent, settings: &Settings) -> Result<Vec<u8>, super::WebhookError> {
    let stream = event.stream.as_str();
    let kind = kind_of_stream(stream);
    let payload = Payload {
        name: type_name(&settings.type_prefix, kind.label(), &event.event_type),
        timestamp: Timestamp::from_micros(event.recorded_at_us).to_rfc3339(),
        data: Data {
            sequence: format!("{:020}", event.sequence),
            id: event.event_id,
            stream,
            subject: kind.subject(),
            program: kind.program(),
            exercise: codec::decode_meta(event)?.exercise,
            href: format!("{}/v1/events/{:020}", settings.public_url, event.sequence),
        },
    };
    // Text and numbers alone: there is nothing in it that could not be written.
    Ok(serde_json::to_vec(&payload).unwrap_or_default())
}

/// `docket.enrollment.plan_submitted`: dots between, and otherwise only `[a-zA-Z0-9_]`.
fn type_name(prefix: &str, kind: &str, event_type: &str) -> String {
    let mut name = format!("{prefix}.{kind}.").into_bytes();
    codec::snake_case(event_type, &mut name);
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    name.into_iter().map(|byte| if kept(byte) { char::from(byte) } else { '_' }).collect()
}

/// Which of an endpoint's deliveries wait for each other: those of one subject, in whatever program;
/// what has no subject waits for its stream.
pub fn lane(stream: &str) -> String {
    match kind_of_stream(stream).subject() {
        Some(subject) => format!("subject/{subject}"),
        None => format!("stream/{stream}"),
    }
}

/// Whether an endpoint wants an event.
pub fn wants(endpoint: &Endpoint, event: &RecordedEvent) -> bool {
    let types = &endpoint.types;
    if !types.is_empty() && !types.iter().any(|wanted| *wanted == event.event_type) {
        return false;
    }
    endpoint.programs.is_empty()
        || kind_of_stream(event.stream.as_str())
            .program()
            .is_some_and(|program| endpoint.programs.iter().any(|wanted| wanted == program))
}

/// Every event type that can be asked for, in the order of the alphabet.
pub fn known_types() -> &'static [String] {
    static TYPES: OnceLock<Vec<String>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let mut types: Vec<String> = EventType::all().map(|of| of.name.to_owned()).collect();
        types.sort();
        types
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_have_only_the_characters_allowed() {
        assert_eq!(
            type_name("docket", "enrollment", "AnnualReportSubmitted"),
            "docket.enrollment.annual_report_submitted"
        );
        assert_eq!(type_name("cn.gov-ip", "log", "LogCreated"), "cn.gov_ip.log.log_created");
    }

    #[test]
    fn every_known_type_is_a_name_in_the_log() {
        let types = known_types();
        assert!(types.iter().any(|t| t == "LogCreated") && types.iter().any(|t| t == "Corrected"));
        assert!(types.iter().all(|t| t.bytes().all(|b| b.is_ascii_alphanumeric())));
    }

    #[test]
    fn a_subject_has_one_lane_in_all_its_programs() {
        assert_eq!(lane("strong_province-440000"), lane("subject-440000"));
        assert_ne!(lane("strong_province-440000"), lane("strong_province-330000"));
        assert_eq!(lane("log"), "stream/log");
        assert_eq!(lane("quota-strong_province.leading"), "stream/quota-strong_province.leading");
    }
}
