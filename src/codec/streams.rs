//! The names of streams: which stream holds what.

use crate::domain::date::Day;
use crate::domain::event_type::Kind;
use crate::domain::ids::{ProgramId, SubjectId};
use crate::domain::person::DataSubject;
use crate::domain::subject::Subject;

/// The stream of the log's own events.
pub const LOG_STREAM: &str = "log";
/// Prefix of the streams of adopted measures.
pub const MEASURE: &str = "measure-";
/// Prefix of the streams of programs as a whole.
pub const PROGRAM: &str = "program-";
/// Prefix of the streams of subjects.
pub const SUBJECT: &str = "subject-";
/// Prefix of the streams of quotas.
pub const QUOTA: &str = "quota-";
/// Prefix of the streams of the indicators of a division.
pub const INDICATOR: &str = "indicator-";
/// Prefix of the streams of calendars.
pub const CALENDAR: &str = "calendar-";
/// Prefix of the streams of what is decided of a person's data.
pub const ERASURE: &str = "erasure-";
/// Prefix of the streams of who read data of persons.
pub const ACCESS: &str = "access-";

/// What no program is called, since streams of another kind begin with it.
const RESERVED: [&str; 10] = [
    "measure",
    "program",
    "subject",
    "quota",
    "calendar",
    "indicator",
    "hold",
    "erasure",
    "access",
    "operator",
];

/// What a stream holds, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamKind<'a> {
    /// The log's own events.
    Log,
    /// Adopted editions of a program's measures.
    Measure(&'a str),
    /// A program as a whole.
    Program(ProgramId),
    /// A subject.
    Subject(&'a str),
    /// The indicators of a division.
    Indicator(&'a str),
    /// A quota.
    Quota {
        /// The program.
        program: &'a str,
        /// The category.
        category: &'a str,
    },
    /// A year's calendar.
    Calendar(&'a str),
    /// What is decided of the data of a person, by the opaque id.
    Erasure(&'a str),
    /// Who read data of persons in a month.
    Access(&'a str),
    /// An enrollment.
    Enrollment {
        /// The program.
        program: ProgramId,
        /// The subject.
        subject: SubjectId,
    },
    /// None that this version knows.
    Other,
}

impl StreamKind<'_> {
    /// Which events can stand in it; none in a stream that is not known here.
    pub fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Log => Kind::Log,
            Self::Measure(_) => Kind::Measure,
            Self::Program(_) => Kind::Program,
            Self::Subject(_) => Kind::Subject,
            Self::Indicator(_) => Kind::Indicator,
            Self::Quota { .. } => Kind::Quota,
            Self::Calendar(_) => Kind::Calendar,
            Self::Erasure(_) => Kind::Erasure,
            Self::Access(_) => Kind::Access,
            Self::Enrollment { .. } => Kind::Enrollment,
            Self::Other => return None,
        })
    }

    /// What readers outside call the kind.
    pub fn label(&self) -> &'static str {
        self.kind().map_or("other", Kind::as_str)
    }

    /// The program, where it has one.
    pub fn program(&self) -> Option<&str> {
        match self {
            Self::Measure(program) | Self::Quota { program, .. } => Some(program),
            Self::Program(program) | Self::Enrollment { program, .. } => Some(program.as_str()),
            Self::Log
            | Self::Subject(_)
            | Self::Indicator(_)
            | Self::Calendar(_)
            | Self::Erasure(_)
            | Self::Access(_)
            | Self::Other => None,
        }
    }

    /// The id of the subject, where it has one.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Subject(subject) => Some(subject),
            Self::Enrollment { subject, .. } => Some(subject.as_str()),
            Self::Log
            | Self::Measure(_)
            | Self::Program(_)
            | Self::Indicator(_)
            | Self::Quota { .. }
            | Self::Calendar(_)
            | Self::Erasure(_)
            | Self::Access(_)
            | Self::Other => None,
        }
    }
}

/// What a stream holds.
pub fn kind_of_stream(name: &str) -> StreamKind<'_> {
    if name == LOG_STREAM {
        return StreamKind::Log;
    }
    let Some((category, rest)) = name.split_once('-') else { return StreamKind::Other };
    match category {
        "measure" => StreamKind::Measure(rest),
        "program" => ProgramId::parse(rest).map_or(StreamKind::Other, StreamKind::Program),
        "subject" => StreamKind::Subject(rest),
        "indicator" => StreamKind::Indicator(rest),
        "calendar" => StreamKind::Calendar(rest),
        "erasure" => StreamKind::Erasure(rest),
        "access" => StreamKind::Access(rest),
        "quota" => match rest.split_once('.') {
            Some((program, category)) => StreamKind::Quota { program, category },
            None => StreamKind::Other,
        },
        _ if RESERVED.contains(&category) => StreamKind::Other,
        _ => match (ProgramId::parse(category), SubjectId::parse(rest)) {
            (Ok(program), Ok(subject)) => StreamKind::Enrollment { program, subject },
            _ => StreamKind::Other,
        },
    }
}

/// The stream of an enrollment.
pub fn enrollment_stream(program: &ProgramId, subject: &SubjectId) -> String {
    format!("{program}-{subject}")
}

/// The stream of what is done for a subject in a program, or for the program as a whole.
pub fn record_stream(program: &ProgramId, subject: &Subject) -> String {
    match subject.is_program() {
        true => program_stream(program),
        false => enrollment_stream(program, subject.id()),
    }
}

/// The stream of a program as a whole.
pub fn program_stream(program: &ProgramId) -> String {
    format!("{PROGRAM}{program}")
}

/// The stream of a subject.
pub fn subject_stream(subject: &SubjectId) -> String {
    format!("{SUBJECT}{subject}")
}

/// The stream of the indicators of a division.
pub fn indicator_stream(division: &SubjectId) -> String {
    format!("{INDICATOR}{division}")
}

/// The stream of a program's adopted editions.
pub fn measure_stream(program: &ProgramId) -> String {
    format!("{MEASURE}{program}")
}

/// The stream of a quota.
pub fn quota_stream(program: &ProgramId, category: &str) -> String {
    format!("{QUOTA}{program}.{category}")
}

/// The stream of a year's calendar.
pub fn calendar_stream(year: i32) -> String {
    format!("{CALENDAR}{year}")
}

/// The stream of what is decided of a person's data.
pub fn erasure_stream(person: &DataSubject) -> String {
    format!("{ERASURE}{person}")
}

/// The stream of who read data of persons, of the month of a day.
pub fn access_stream(day: Day) -> String {
    format!("{ACCESS}{:04}-{:02}", day.year(), day.month())
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
    use super::*;

    #[test]
    fn a_name_says_what_it_holds() {
        for (name, label, program, subject) in [
            ("log", "log", None, None),
            ("measure-cluster_area", "measure", Some("cluster_area"), None),
            ("program-strong_province", "program", Some("strong_province"), None),
            ("program-Strong", "other", None, None),
            ("subject-440000", "subject", None, Some("440000")),
            ("quota-strong_province.leading", "quota", Some("strong_province"), None),
            ("quota-strong_province", "other", None, None),
            ("calendar-2026", "calendar", None, None),
            ("strong_province-440000", "enrollment", Some("strong_province"), Some("440000")),
            ("indicator-440000", "indicator", None, None),
            ("erasure-p-7f3a", "erasure", None, None),
            ("access-2026-11", "access", None, None),
            ("hold-p-7f3a", "other", None, None),
            ("nothing", "other", None, None),
        ] {
            let kind = kind_of_stream(name);
            assert_eq!((kind.label(), kind.program(), kind.subject()), (label, program, subject));
        }
    }

    #[test]
    fn types_in_snake_case() {
        let mut out = Vec::new();
        snake_case("AnnualReportSubmitted", &mut out);
        assert_eq!(out, b"annual_report_submitted");
    }
}
