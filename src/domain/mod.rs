//! The pure core: dates, measures, acts, events, and the two functions over them, `decide` and
//! `evolve`. No clock, no I/O, no async, no `serde_json::Value`.

pub mod calendar;
pub mod date;
pub mod period;
