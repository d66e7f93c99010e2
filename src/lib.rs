//! Docket: the record of government IP programs.
//!
//! Dependencies point one way:
//! `api, console, cli -> views -> app, export, moving, projection, webhooks -> ledger -> codec -> domain, log`.
//! `domain` and `log` know nothing of each other; `tests/tidy.rs` holds that.

// What is shown goes through `cli::output`, where nothing that was recorded acts on a terminal.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod api;
pub mod app;
pub mod cli;
pub mod codec;
pub mod console;
pub mod domain;
pub mod export;
pub mod import;
pub mod ledger;
pub mod log;
pub mod moving;
pub mod oidc;
pub mod projection;
pub mod trace;
pub mod verify;
pub mod views;
pub mod webhooks;
