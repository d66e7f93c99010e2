//! The program as people run it: the real binary, its output, its exit codes.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "cli/broken.rs"]
mod broken;
#[path = "cli/browser.rs"]
mod browser;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/console.rs"]
mod console;
#[path = "cli/console_acts.rs"]
mod console_acts;
#[path = "cli/console_evidence.rs"]
mod console_evidence;
#[path = "cli/console_law.rs"]
mod console_law;
#[path = "cli/console_log.rs"]
mod console_log;
#[path = "cli/console_outlook.rs"]
mod console_outlook;
#[path = "cli/console_ways.rs"]
mod console_ways;
#[path = "cli/crawl.rs"]
mod crawl;
#[path = "cli/decisions.rs"]
mod decisions;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/docs.rs"]
mod docs;
#[cfg(feature = "s3")]
#[path = "cli/documents.rs"]
mod documents;
#[path = "cli/export.rs"]
mod export;
#[path = "cli/habits.rs"]
mod habits;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/limits.rs"]
mod limits;
#[path = "cli/nameless.rs"]
mod nameless;
#[path = "cli/oidc.rs"]
mod oidc;
#[path = "cli/persons.rs"]
mod persons;
#[cfg(feature = "postgres")]
#[path = "cli/postgres.rs"]
mod postgres;
#[path = "cli/read.rs"]
mod read;
#[path = "cli/registers.rs"]
mod registers;
#[path = "cli/retry.rs"]
mod retry;
#[path = "cli/rights.rs"]
mod rights;
#[cfg(feature = "s3")]
#[path = "support/s3.rs"]
mod s3;
#[path = "cli/serve.rs"]
mod serve;
#[cfg(feature = "postgres")]
#[path = "support/postgres.rs"]
mod server;
#[path = "cli/shown.rs"]
mod shown;
#[path = "cli/support.rs"]
mod support;
#[path = "support/tamper.rs"]
mod tamper;
#[path = "cli/tls.rs"]
mod tls;
#[cfg(feature = "otlp")]
#[path = "cli/traces.rs"]
mod traces;
#[path = "cli/verify.rs"]
mod verify;
#[path = "cli/webhooks.rs"]
mod webhooks;
