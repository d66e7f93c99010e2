//! The ledger: what lets anyone find an event that was changed, removed, reordered or inserted.
//!
//! The Merkle tree over the leaves of `log::envelope` ([`tiles`]), the checkpoints over it that the log's
//! key signs ([`note`], [`kept`]) and witnesses cosign ([`witness`]), proofs ([`prove`]), the form of an evidence bundle ([`bag`]), and what keeps all of it up with the log
//! ([`Ledger`]). Everything but the checkpoints can be made anew from the log. Deliberately not here: what
//! a leaf is, and whatever verifies (`verify` shares nothing with this).

pub mod bag;
mod keep;
pub mod kept;
pub mod note;
mod open;
pub mod prove;
pub mod root;
mod stamp;
pub mod tiles;
pub mod witness;

pub use keep::{Epoch, Keeping, Ledger};
pub use note::{Signed, Signer};
pub use open::{LedgerError, Opened, open};
pub use root::{Hash, Root};
pub use witness::Witness;

use std::path::{Path, PathBuf};

/// Where a data folder has its ledger.
pub fn folder_of(data_dir: &Path) -> PathBuf {
    data_dir.join("ledger")
}
