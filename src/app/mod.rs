//! Takes an act through: authorize, load, decide, append, answer.

pub mod documents;
