//! Sealed persons in the metadata of an act's event: one text of `role:data_subject:sealed` for each,
//! separated by spaces, where `sealed` is nonce and ciphertext in base64url. An event without persons has no
//! such member, so it costs nothing and no schema of data knows it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::flat::{Member, Members};
use super::{CodecError, malformed};
use crate::domain::person::{DataSubject, PersonRole};
use crate::log::RecordedEvent;

/// A person as the record has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPerson {
    /// Why the act names the person.
    pub role: PersonRole,
    /// Whose key opens it.
    pub data_subject: DataSubject,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

/// The text of the member.
pub fn written(persons: &[SealedPerson]) -> String {
    let one = |person: &SealedPerson| {
        let sealed = URL_SAFE_NO_PAD.encode(&person.sealed);
        format!("{}:{}:{sealed}", person.role.as_str(), person.data_subject)
    };
    persons.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The persons whom an event names, sealed.
///
/// # Errors
/// Metadata that don't have their form.
pub fn persons_of(stored: &RecordedEvent) -> Result<Vec<SealedPerson>, CodecError> {
    let wrong = |what: &dyn std::fmt::Display| malformed(stored, &format!("metadata: {what}"));
    let members = Members::read(&stored.metadata).map_err(|error| wrong(&error))?;
    let text = members.escaped(Member::Persons).unwrap_or_default();
    let read = |part: &str| {
        let mut parts = part.splitn(3, ':');
        let role = PersonRole::parse(parts.next()?)?;
        let data_subject = DataSubject::parse(parts.next()?).ok()?;
        let sealed = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        Some(SealedPerson { role, data_subject, sealed })
    };
    let read = |part| read(part).ok_or_else(|| wrong(&"persons"));
    text.split_ascii_whitespace().map(read).collect()
}
