//! Webhooks against receivers that behave well, badly, or not at all, on each engine that can keep
//! them. Time is the test's own: a step is driven, never waited for, except where a worker's own
//! waiting is the matter.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "support/app.rs"]
mod app;

/// Runs each test on every engine.
macro_rules! on_every_engine {
    ($($test:ident),+ $(,)?) => { on_every_engine!(() $($test),+); };
    ($how:tt $($test:ident),+ $(,)?) => {
        mod file {
            $(#[tokio::test $how]
            async fn $test() { super::$test(crate::support::Engine::File).await; })+
        }
        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[tokio::test $how]
            async fn $test() { super::$test(crate::support::Engine::Postgres).await; })+
        }
    };
}

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
#[cfg(feature = "postgres")]
#[path = "webhooks/postgres.rs"]
mod postgres;
#[path = "webhooks/races.rs"]
mod races;
#[path = "webhooks/replay.rs"]
mod replay;
#[path = "webhooks/rest.rs"]
mod rest;
#[cfg(feature = "postgres")]
#[path = "support/postgres.rs"]
mod server;
#[path = "webhooks/support.rs"]
mod support;
#[path = "webhooks/worker.rs"]
mod worker;
