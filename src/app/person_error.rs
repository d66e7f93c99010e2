//! Why something can't be done with the data of a person.

use super::person_keys::KeyStoreError;
use crate::domain::person::DataSubject;

/// Why something can't be done with the data of a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// No act named the data subject.
    #[error("no act names a data subject {0}: the key store has none of that id")]
    Unknown(DataSubject),
    /// The event names no such person.
    #[error("the event {0} names no such person")]
    NotNamed(String),
    /// The data were erased.
    #[error(
        "the personal data of {0} were erased: nothing can be sealed for it or opened any more; a person who is named anew gets another id"
    )]
    Erased(DataSubject),
    /// A hold stands.
    #[error("the personal data of {data_subject} are under the legal hold {}; another than who placed it lifts it first", .holds.join(", "))]
    Held {
        /// Whose.
        data_subject: DataSubject,
        /// The holds that stand.
        holds: Vec<String>,
    },
    /// There is no such hold.
    #[error("there is no legal hold {0}")]
    NoHold(String),
    /// It was lifted.
    #[error("the legal hold {0} was lifted already")]
    Lifted(String),
    /// Who placed a hold wants to lift it.
    #[error("the legal hold {0} was placed by you: another person lifts it")]
    OwnHold(String),
    /// The key can't be had.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
}
