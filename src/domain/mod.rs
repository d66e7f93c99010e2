//! The pure core: dates, measures, acts, events, and the two functions over them, `decide` and
//! `evolve`. No clock, no I/O, no async, no `serde_json::Value`.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod act;
pub mod calendar;
pub mod condition;
pub mod date;
pub mod decide;
pub mod decimal;
pub mod division;
pub mod document_number;
pub mod duty;
pub mod enrollment;
pub mod event;
pub mod event_type;
pub mod evolve;
pub mod exceptions;
pub mod fulfilment;
pub mod history;
pub mod history_decide;
pub mod ids;
pub mod indicator;
pub mod logbook;
pub mod measure;
pub mod measure_check;
pub mod measure_file;
pub mod met;
pub mod period;
pub mod permitted;
pub mod person;
pub mod quota;
pub mod refusal;
pub mod registry;
pub mod schema;
pub mod shared_str;
pub mod state;
pub mod subject;
pub mod text;
pub mod words;
