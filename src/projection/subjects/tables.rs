//! The tables of `subjects`, column by column as the rows are written.

use super::subject;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{SubjectId, Text};
use crate::domain::subject::{Registration, SubjectContent, Zone};
use crate::projection::declare::table;
use crate::projection::step::Envelope;
use crate::projection::table::Change;

/// The numbers of the tables.
pub(super) const SUBJECTS: usize = 0;
pub(super) const NAMES: usize = 1;
pub(super) const OFFICES: usize = 2;
pub(super) const ZONES: usize = 3;
pub(super) const ALL: [usize; 4] = [SUBJECTS, NAMES, OFFICES, ZONES];

/// The change that says from which event on the rows of a subject are said anew.
pub(super) const SAID_ANEW: usize = 0;
/// The change of `subject` that says which event of it is the newest.
pub(super) const NEWEST: usize = 1;

const ANEW: Change = Change { set: &["known_to"], filter: "subject = ? AND known_to IS NULL" };

table! {
    /// Who takes part, as registered. What a correction says anew is known up to it (`known_to`), and from
    /// it on as it says.
    RegisteredRow(
        "subject",
        key ["subject", "known_from"],
        changes [
            ANEW,
            Change { set: &["revision", "sequence"], filter: "subject = ? AND known_to IS NULL" },
        ]
    ),
    |of: (&Envelope, &Registration)|
    /// the id: a GB/T 2260 code, `XPCC`, or an area's own
    subject: &str = subject(of.0),
    /// `province`, `corps`, `city`, `county`, or an area's kind
    kind: &str = of.1.kind.as_str(),
    /// the GB/T 2260 code
    code: Option<&str> = of.1.code.as_deref(),
    /// the revision of GB/T 2260 that it is from
    code_revision: Option<&str> = of.1.code_revision.as_deref(),
    /// the province in which it lies; its own id for a province
    province: Option<&str> = of.1.province.as_ref().map(SubjectId::as_str),
    /// for exercises
    invented: bool = of.1.invented,
    /// what subjects are listed by, then by their id: the code, else the province's, else the id
    order_key: &str = order_key(of.1),
    /// where the facts are from
    source: &str = &of.1.source,
    /// from when the registration holds
    effective_on: CivilDate = of.1.effective_on,
    /// the newest event of the subject while the row was known
    revision: u64 = of.0.revision,
    /// its sequence
    sequence: u64 = of.0.sequence,
    /// the sequence of the event from which on it was known
    known_from: u64 = of.0.sequence,
    /// the sequence of the correction up to which it was
    known_to: Option<u64> = None,
}

table! {
    /// The names of subjects, by the day from which each holds.
    NameRow(
        "subject_name",
        key ["subject", "from_day", "revision", "known_from"],
        changes [ANEW]
    ),
    |of: (&Envelope, u64, &SubjectContent<'_>)|
    /// the subject
    subject: &str = subject(of.0),
    /// from which it holds
    from_day: Day = of.2.from(),
    /// the revision of the registration or renaming (not of its correction)
    revision: u64 = of.1,
    /// in English
    name_en: &str = &of.2.name().0.en,
    /// in Chinese
    name_zh: &str = &of.2.name().0.zh,
    /// where that is from
    source: &str = of.2.name().1,
    /// the sequence of the event from which on it was known
    known_from: u64 = of.0.sequence,
    /// the sequence of the correction up to which it was
    known_to: Option<u64> = None,
}

table! {
    /// The offices responsible for areas, by the day from which each holds.
    OfficeRow(
        "subject_office",
        key ["subject", "from_day", "revision", "known_from"],
        changes [ANEW]
    ),
    |of: (&Envelope, u64, (Day, &Text))|
    /// the subject
    subject: &str = subject(of.0),
    /// from which it holds
    from_day: Day = of.2.0,
    /// the revision of the registration or renaming (not of its correction)
    revision: u64 = of.1,
    /// in English
    office_en: &str = &of.2.1.en,
    /// in Chinese
    office_zh: &str = &of.2.1.zh,
    /// the sequence of the event from which on it was known
    known_from: u64 = of.0.sequence,
    /// the sequence of the correction up to which it was
    known_to: Option<u64> = None,
}

table! {
    /// The zones that areas belong to.
    ZoneRow("subject_zone", key ["subject", "zone", "known_from"], changes [ANEW]),
    |of: (&Envelope, &Zone)|
    /// the subject
    subject: &str = subject(of.0),
    /// the zone
    zone: &str = of.1.zone.as_str(),
    /// who says so
    source: &str = &of.1.source,
    /// the sequence of the event from which on it was known
    known_from: u64 = of.0.sequence,
    /// the sequence of the correction up to which it was
    known_to: Option<u64> = None,
}

/// What subjects are listed by: the GB/T 2260 code, else the province's, else the id.
fn order_key(registration: &Registration) -> &str {
    let province = registration.province.as_ref().map(SubjectId::as_str);
    registration.code.as_deref().or(province).unwrap_or(registration.id.as_str())
}
