//! What every store of read models must do, on every engine; and what only PostgreSQL can do wrong.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "read_models/copies.rs"]
mod copies;
#[path = "read_models/exports.rs"]
mod exports;
#[path = "read_models/histories.rs"]
mod histories;
#[path = "projection/lives.rs"]
mod lives;
#[path = "read_models/mending.rs"]
mod mending;
#[path = "read_models/places.rs"]
mod places;
#[cfg(feature = "postgres")]
#[path = "read_models/postgres.rs"]
mod postgres;
#[path = "read_models/registers.rs"]
mod registers;
#[path = "read_models/reporting.rs"]
mod reporting;
#[path = "read_models/rows.rs"]
mod rows;
#[path = "read_models/sample.rs"]
mod sample;
#[cfg(feature = "postgres")]
#[path = "support/postgres.rs"]
mod server;
#[expect(dead_code, reason = "made for another test binary, which uses all of it")]
#[path = "projection/world.rs"]
mod world;

/// Runs each test on every engine.
macro_rules! on_every_engine {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { super::$test(&crate::places::Place::sqlite()); })+
        }
        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[test] fn $test() { super::$test(&crate::places::Place::postgres()); })+
        }
    };
}
pub(crate) use on_every_engine;
