//! The ledger: kept up with a log of any engine, found out whatever is done to a log, and read by programs
//! that others wrote.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/consistency.rs"]
mod consistency;
#[path = "ledger/formats.rs"]
mod formats;
#[path = "ledger/keeping.rs"]
mod keeping;
#[path = "ledger/rotating.rs"]
mod rotating;
#[path = "ledger/second.rs"]
mod second;
#[path = "ledger/tampering.rs"]
mod tampering;
#[path = "ledger/witnessing.rs"]
mod witnessing;
#[path = "ledger/world.rs"]
mod world;
