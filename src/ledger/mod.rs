//! The ledger: what lets anyone find an event that was changed, removed, reordered or inserted.
//!
//! So far the Merkle root ([`root`]) over the leaves of `log::envelope`. Deliberately not here: what
//! a leaf is.

pub mod root;

pub use root::Root;
