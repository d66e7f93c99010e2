//! Why an act was not recorded.

use crate::codec::CodecError;
use crate::domain::date::Timestamp;
use crate::domain::event::Recorded;
use crate::domain::refusal::{FieldError, Refusal};
use crate::log::LogError;

use super::clock::ClockError;
use super::documents::DocumentError;
use super::person_error::PersonError;

/// As fine as what a caller does differently.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The measure does not allow it.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    /// The stated revision is not the present one.
    #[error("the enrollment stands at another revision")]
    Conflict {
        /// The revision that the caller named; absent: that there is none.
        expected: Option<u64>,
        /// The present one.
        actual: Option<u64>,
        /// What came after the one named.
        changes: Vec<Recorded>,
    },
    /// The act has to say which revision it rests on.
    #[error("the act does not say which revision of the enrollment it rests on")]
    PreconditionRequired {
        /// The present one.
        actual: Option<u64>,
    },
    /// The key was used for another act.
    #[error("the key was used for another act at {first_used_at}")]
    KeyReused {
        /// When.
        first_used_at: Timestamp,
    },
    /// There is no such program, subject or enrollment.
    #[error("there is no {what} {name}")]
    NotFound {
        /// `program`, `subject`, `enrollment` …
        what: &'static str,
        /// Its name as asked for.
        name: String,
    },
    /// Something exists already that the caller wanted to create.
    #[error("{what} {name} is registered already")]
    Exists {
        /// What.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A cited document was never uploaded.
    #[error("no uploaded document has the digest {digest} cited at {pointer}")]
    DocumentMissing {
        /// JSON Pointer to the citation.
        pointer: String,
        /// The digest.
        digest: String,
    },
    /// The registration or calendar itself is wrong.
    #[error("{}", .0.detail.en)]
    Invalid(FieldError),
    /// The event would be larger than a reader is promised.
    #[error(
        "the event would have {bytes} bytes of data, the limit is {limit}; upload the rest as documents and cite their digests"
    )]
    EventTooLarge {
        /// What it would have.
        bytes: usize,
        /// What it may have.
        limit: usize,
    },
    /// The role may not do this.
    #[error("{detail}")]
    Forbidden {
        /// What may.
        detail: String,
        /// The roles that may.
        required: Vec<&'static str>,
    },
    /// The log has adopted an edition of a measure that this node can't read, so it judges nothing
    /// by an older one.
    #[error(
        "an edition of {program} that the log has adopted can't be read on this node: {reason}; nothing is decided under it here until it can"
    )]
    EditionUnread {
        /// The program that it governs.
        program: String,
        /// Why not.
        reason: String,
    },
    /// The data of a person.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The node's clock can't be trusted.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The documents.
    #[error(transparent)]
    Documents(#[from] DocumentError),
    /// Stored bytes that this version does not know.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The bounded number of tries was used up by racing acts.
    #[error("too many acts race for {what}; try again")]
    Busy {
        /// For what.
        what: String,
    },
}

impl ActError {
    /// Whether it is that an event can't be read: what does not need it goes on.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Codec(_) | Self::Log(LogError::Corrupt { .. }))
    }

    /// Whether the act itself is refused, by what is on record; else it could not be decided.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::Conflict { .. }
            | Self::PreconditionRequired { .. }
            | Self::KeyReused { .. }
            | Self::NotFound { .. }
            | Self::Exists { .. }
            | Self::DocumentMissing { .. }
            | Self::Invalid(_)
            | Self::EventTooLarge { .. }
            | Self::Forbidden { .. } => true,
            Self::Person(error) => !matches!(error, PersonError::Store(_)),
            Self::EditionUnread { .. }
            | Self::Clock(_)
            | Self::Log(_)
            | Self::Documents(_)
            | Self::Codec(_)
            | Self::Busy { .. } => false,
        }
    }
}

impl From<Refusal> for ActError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<serde_json::Error> for ActError {
    fn from(error: serde_json::Error) -> Self {
        Self::Log(LogError::Invalid(format!("the event can't be written as JSON: {error}")))
    }
}
