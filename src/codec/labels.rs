//! What readers outside call streams and event types: the parts of a stream's name, borrowed, and
//! types in snake case. Of envelopes alone; nothing here looks into an event.

use super::streams::{LOG_STREAM, RESERVED};
use crate::domain::act::ActKind;

/// What a stream's name says, without a copy of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLabel<'a> {
    /// `enrollment`, `subject`, `quota`, `measure`, `calendar`, `log`, or `other`.
    pub kind: &'static str,
    /// The program, where it has one.
    pub program: Option<&'a str>,
    /// The id of the subject, where it has one.
    pub subject: Option<&'a str>,
    /// What stands behind the first hyphen.
    pub rest: Option<&'a str>,
}

/// Docket's own event types, with the kind of stream that each stands in.
const OWN: &[(&str, &str)] = &[
    ("enrollment", "ApprovalAbandoned"),
    ("enrollment", "ObligationLapsed"),
    ("enrollment", "MeasureSucceeded"),
    ("subject", "SubjectRegistered"),
    ("subject", "SubjectRenamed"),
    ("quota", "PlaceReserved"),
    ("quota", "ReservationReleased"),
    ("quota", "PlacesRestated"),
    ("log", "LogCreated"),
    ("log", "LossAccepted"),
    ("log", "ClockConfirmed"),
    ("measure", "MeasureAdopted"),
    ("calendar", "CalendarAdopted"),
];

/// Every event type known here, with the kind of stream that it stands in.
pub fn event_types() -> impl Iterator<Item = (&'static str, &'static str)> {
    let acts = ActKind::ALL.iter().map(|kind| ("enrollment", kind.event_type()));
    acts.chain(OWN.iter().copied())
}

/// What a stream's name says.
pub fn label_of_stream(name: &str) -> StreamLabel<'_> {
    let (category, rest) = match name.split_once('-') {
        Some((category, rest)) => (category, Some(rest)),
        None => (name, None),
    };
    let of = |kind, program, subject| StreamLabel { kind, program, subject, rest };
    match (category, rest) {
        (LOG_STREAM, None) => of("log", None, None),
        ("measure", Some(program)) => of("measure", Some(program), None),
        ("subject", Some(subject)) => of("subject", None, Some(subject)),
        ("calendar", Some(_)) => of("calendar", None, None),
        ("quota", Some(quota)) => of("quota", quota.split_once('.').map(|(p, _)| p), None),
        (program, Some(subject)) if !RESERVED.contains(&program) => {
            of("enrollment", Some(program), Some(subject))
        }
        _ => of("other", None, None),
    }
}

/// `PlanSubmitted` as `plan_submitted`, at the end of a buffer.
pub fn snake_case(event_type: &str, out: &mut Vec<u8>) {
    for (at, byte) in event_type.bytes().enumerate() {
        if byte.is_ascii_uppercase() && at > 0 {
            out.push(b'_');
        }
        out.push(byte.to_ascii_lowercase());
    }
}

#[cfg(test)]
mod tests {
    use super::super::{StreamKind, event_schemas, kind_of_stream};
    use super::*;

    #[test]
    fn a_label_says_what_the_kind_says() {
        for name in [
            "log",
            "measure-cluster_area",
            "subject-440000",
            "quota-strong_province.leading",
            "calendar-2026",
            "strong_province-440000",
            "indicator-440000",
            "nothing",
        ] {
            let label = label_of_stream(name);
            let expected = match kind_of_stream(name) {
                StreamKind::Log => ("log", None, None),
                StreamKind::Measure(program) => ("measure", Some(program), None),
                StreamKind::Subject(subject) => ("subject", None, Some(subject)),
                StreamKind::Quota { program, .. } => ("quota", Some(program), None),
                StreamKind::Calendar(_) => ("calendar", None, None),
                StreamKind::Enrollment { program, subject } => {
                    let (program, subject) = (program.to_string(), subject.to_string());
                    ("enrollment", Some(program), Some(subject))
                }
                StreamKind::Other => ("other", None, None),
            };
            let found =
                (label.kind, label.program.map(str::to_owned), label.subject.map(str::to_owned));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn every_type_with_a_schema_is_listed_once() {
        let mut listed: Vec<String> =
            event_types().map(|(_, event_type)| format!("{event_type}.v1.json")).collect();
        listed.sort_unstable();
        let schemas: Vec<String> = event_schemas().into_keys().collect();
        assert_eq!(listed, schemas);
    }

    #[test]
    fn types_in_snake_case() {
        let mut out = Vec::new();
        snake_case("AnnualReportSubmitted", &mut out);
        assert_eq!(out, b"annual_report_submitted");
    }
}
