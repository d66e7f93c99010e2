//! The names of streams: which stream holds what.

use crate::domain::ids::{ProgramId, SubjectId};

/// The stream of the log's own events.
pub const LOG_STREAM: &str = "log";
/// Prefix of the streams of adopted measures.
pub const MEASURE: &str = "measure-";
/// Prefix of the streams of subjects.
pub const SUBJECT: &str = "subject-";
/// Prefix of the streams of quotas.
pub const QUOTA: &str = "quota-";
/// Prefix of the streams of calendars.
pub const CALENDAR: &str = "calendar-";

pub(super) const RESERVED: [&str; 9] = [
    "measure",
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
pub enum StreamKind {
    /// The log's own events.
    Log,
    /// Adopted editions of a program's measures.
    Measure(String),
    /// A subject.
    Subject(String),
    /// A quota.
    Quota {
        /// The program.
        program: String,
        /// The category.
        category: String,
    },
    /// A year's calendar.
    Calendar(String),
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

/// What a stream holds.
pub fn kind_of_stream(name: &str) -> StreamKind {
    if name == LOG_STREAM {
        return StreamKind::Log;
    }
    let Some((category, rest)) = name.split_once('-') else { return StreamKind::Other };
    match category {
        "measure" => StreamKind::Measure(rest.to_owned()),
        "subject" => StreamKind::Subject(rest.to_owned()),
        "calendar" => StreamKind::Calendar(rest.to_owned()),
        "quota" => match rest.split_once('.') {
            Some((program, category)) => {
                StreamKind::Quota { program: program.to_owned(), category: category.to_owned() }
            }
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

/// The stream of a subject.
pub fn subject_stream(subject: &SubjectId) -> String {
    format!("{SUBJECT}{subject}")
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
