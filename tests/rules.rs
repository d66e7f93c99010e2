//! The rule book as tests: for each rule a case and its counter-case, told as a story of acts. The
//! name of a test begins with the id of the rule that it holds.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

#[path = "rules/lives.rs"]
mod lives;
#[path = "rules/story.rs"]
mod story;

#[path = "rules/p_selection.rs"]
mod p_selection;
