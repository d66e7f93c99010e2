//! The log in a KurrentDB: the contract, faults, what is refused at start. Always against the
//! stand-in; against a real server too where `DOCKET_TEST_KURRENTDB` gives its address.
#![cfg(feature = "kurrentdb")]
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/app.rs"]
mod app;
#[path = "kurrentdb/contract.rs"]
mod contract;
#[path = "kurrentdb/counts.rs"]
mod counts;
#[path = "kurrentdb/faults.rs"]
mod faults;
#[path = "kurrentdb/guards.rs"]
mod guards;
#[path = "kurrentdb/holes.rs"]
mod holes;
#[path = "kurrentdb/ledger.rs"]
mod ledger;
#[path = "ledger/world.rs"]
#[allow(dead_code)]
mod ledgers;
#[path = "support/log_contract.rs"]
#[allow(dead_code)]
mod log_contract;
#[path = "kurrentdb/moving.rs"]
mod moving;
#[path = "kurrentdb/persons.rs"]
mod persons;
#[path = "support/kurrentdb/mod.rs"]
mod standin;
#[path = "kurrentdb/start.rs"]
mod start;
#[path = "kurrentdb/support.rs"]
#[allow(dead_code)]
mod support;
#[path = "kurrentdb/tls.rs"]
mod tls;
