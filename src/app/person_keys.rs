//! The port to what keeps the keys of data subjects: the one store whose every copy an erasure must reach.

mod sqlite;

use std::fmt;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::domain::person::DataSubject;

pub use sqlite::FileKeys;

/// The key of a data subject; printed nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonKey([u8; 32]);

impl PersonKey {
    /// A key of these bytes, which must be random.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for what keeps it and what seals with it.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey")
    }
}

/// What a key store has of a data subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Its key.
    Key(PersonKey),
    /// That its key was destroyed.
    Destroyed,
    /// Nothing.
    Nothing,
}

/// Why a key can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// This node has none.
    #[error(
        "this node keeps no keys of persons, so acts that name one can't be recorded or opened here: privacy.key_store says where they are kept"
    )]
    None,
    /// It can't be reached or used now.
    #[error("the key store of persons, {place}, can't be used: {reason}")]
    Away {
        /// Where it is, without a password.
        place: String,
        /// Why not.
        reason: String,
    },
    /// What was sealed does not open with the key that is kept.
    #[error(
        "what was sealed for {0} does not open with the key that is kept: the key store is another than the one it was sealed with"
    )]
    OtherKey(DataSubject),
    /// The key is neither there nor was it destroyed.
    #[error(
        "the key of {0} is not in the key store, and the record does not say that it was destroyed: the store is another, or an older copy"
    )]
    Lost(DataSubject),
}

/// Keeps the keys of the data subjects of logs.
pub trait PersonKeys: Send + Sync {
    /// The key of a data subject, if there is one.
    ///
    /// # Errors
    /// [`KeyStoreError::Away`].
    fn find<'a>(
        &'a self,
        log: Uuid,
        of: &'a DataSubject,
    ) -> BoxFuture<'a, Result<Found, KeyStoreError>>;

    /// The same; where there is nothing, keeps `fresh`, durably, before it answers. Of two that ask at once
    /// both get the same key.
    ///
    /// # Errors
    /// As [`PersonKeys::find`].
    fn find_or_keep<'a>(
        &'a self,
        log: Uuid,
        of: &'a DataSubject,
        fresh: PersonKey,
    ) -> BoxFuture<'a, Result<Found, KeyStoreError>>;

    /// Destroys the key, overwriting it where it was kept, and notes that: there will be no other. Again it
    /// changes nothing.
    ///
    /// # Errors
    /// As [`PersonKeys::find`].
    fn destroy<'a>(
        &'a self,
        log: Uuid,
        of: &'a DataSubject,
    ) -> BoxFuture<'a, Result<(), KeyStoreError>>;

    /// Every data subject that has a key.
    ///
    /// # Errors
    /// As [`PersonKeys::find`].
    fn all(&self, log: Uuid) -> BoxFuture<'_, Result<Vec<DataSubject>, KeyStoreError>>;
}
