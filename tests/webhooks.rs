//! Webhooks against receivers that behave well, badly, or not at all. Time is the test's own: a step
//! is driven, never waited for, except where a worker's own waiting is the matter.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "support/app.rs"]
mod app;

#[path = "webhooks/addresses.rs"]
mod addresses;
#[path = "webhooks/delivery.rs"]
mod delivery;
#[path = "webhooks/failures.rs"]
mod failures;
#[path = "webhooks/file.rs"]
mod file;
#[path = "webhooks/order.rs"]
mod order;
#[path = "webhooks/replay.rs"]
mod replay;
#[path = "webhooks/rest.rs"]
mod rest;
#[path = "webhooks/support.rs"]
mod support;
#[path = "webhooks/worker.rs"]
mod worker;
