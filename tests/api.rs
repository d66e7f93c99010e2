//! The API as a client meets it: the real application over a log on disk, on a port of its own.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "api/slice.rs"]
mod slice;
#[path = "api/support.rs"]
mod support;
