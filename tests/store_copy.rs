//! Moving house: a log copied to another engine and compared, the copying broken off wherever it can
//! be, and the switch while writes go on.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[cfg(feature = "kurrentdb")]
#[path = "store_copy/batched.rs"]
mod batched;
#[path = "store_copy/binary.rs"]
mod binary;
#[path = "store_copy/compared.rs"]
mod compared;
#[path = "store_copy/copied.rs"]
mod copied;
#[path = "store_copy/engines.rs"]
mod engines;
#[path = "store_copy/faulty.rs"]
mod faulty;
#[cfg(feature = "kurrentdb")]
#[path = "store_copy/kurrent.rs"]
mod kurrent;
#[path = "store_copy/pause.rs"]
mod pause;
#[cfg(feature = "kurrentdb")]
#[path = "support/kurrentdb/mod.rs"]
mod standin;
#[path = "cli/support.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod support;
#[path = "store_copy/switched.rs"]
mod switched;
#[path = "support/tamper.rs"]
mod tamper;
