//! The two data sets: every step is taken as it says, the real one adds nothing to its sources, the
//! exercise reaches everything that the measures know (rules G9, G10, G11, G16).

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "data_sets/exercise.rs"]
mod exercise;
#[path = "data_sets/figures.rs"]
mod figures;
#[path = "data_sets/load.rs"]
mod load;
#[path = "data_sets/local.rs"]
mod local;
#[path = "data_sets/real.rs"]
mod real;
#[path = "data_sets/replay.rs"]
mod replay;
#[path = "data_sets/words.rs"]
mod words;
