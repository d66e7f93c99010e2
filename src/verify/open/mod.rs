//! What opens the things that are verified: it reads bytes and judges nothing.

pub mod beside;
pub mod claim;
pub mod documents;
pub mod notes;
pub mod proofs;
pub mod server;
pub mod shown;
pub mod sqlite;
pub mod stamps;
pub mod zip;

use super::Kind;

/// Why something could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It can't be read now.
    #[error("{0}")]
    Unavailable(String),
    /// It is not what it should be.
    #[error("{0}")]
    NotOne(String),
    /// It is no bundle that anyone should open.
    #[error("{1}")]
    NoBundle(Kind, String),
    /// Whoever asked has gone.
    #[error("interrupted")]
    Interrupted,
}

/// Told how much is done and of how much; `false` ends the work.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> bool;
