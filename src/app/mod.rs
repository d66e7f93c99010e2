//! Takes an act through: authorize, load, decide, append, answer.

pub mod documents;
pub mod measure_files;
