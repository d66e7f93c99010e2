//! Several nodes on one log: no lost update, no double act, no refusal from a stale cache.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/app.rs"]
mod app;
#[path = "nodes/beside.rs"]
mod beside;
#[cfg(all(feature = "kurrentdb", feature = "postgres"))]
#[path = "nodes/hooks.rs"]
mod hooks;
#[path = "nodes/http.rs"]
mod http;
#[path = "nodes/node_log.rs"]
mod node_log;
#[cfg(feature = "kurrentdb")]
#[path = "nodes/outage.rs"]
mod outage;
#[path = "nodes/persons.rs"]
mod persons;
#[cfg(all(feature = "kurrentdb", feature = "postgres"))]
#[path = "support/postgres.rs"]
mod postgres;
#[cfg(feature = "kurrentdb")]
#[path = "nodes/processes.rs"]
mod processes;
#[cfg(feature = "kurrentdb")]
#[path = "nodes/program.rs"]
mod program;
#[path = "nodes/races.rs"]
mod races;
#[path = "nodes/random.rs"]
mod random;
#[path = "nodes/stale.rs"]
mod stale;
#[cfg(feature = "kurrentdb")]
#[path = "support/kurrentdb/mod.rs"]
mod standin;
#[path = "nodes/support.rs"]
mod support;
