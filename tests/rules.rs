//! The rule book as tests: for each rule a case and its counter-case, told as a story of acts. The
//! name of a test begins with the id of the rule that it holds.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

#[path = "rules/clerk.rs"]
mod clerk;
#[path = "rules/lives.rs"]
mod lives;
#[path = "rules/story.rs"]
mod story;

#[path = "rules/c_application.rs"]
mod c_application;
#[path = "rules/c_construction.rs"]
mod c_construction;
#[path = "rules/c_passing.rs"]
mod c_passing;
#[path = "rules/c_reports.rs"]
mod c_reports;
#[path = "rules/c_titles.rs"]
mod c_titles;
#[path = "rules/edges.rs"]
mod edges;
#[path = "rules/g_corrections.rs"]
mod g_corrections;
#[path = "rules/g_effects.rs"]
mod g_effects;
#[path = "rules/g_evidence.rs"]
mod g_evidence;
#[path = "rules/g_guidance.rs"]
mod g_guidance;
#[path = "rules/g_narrowing.rs"]
mod g_narrowing;
#[path = "rules/g_order.rs"]
mod g_order;
#[path = "rules/g_readings.rs"]
mod g_readings;
#[path = "rules/g_record.rs"]
mod g_record;
#[path = "rules/g_refusals.rs"]
mod g_refusals;
#[path = "rules/g_shown.rs"]
mod g_shown;
#[path = "rules/g_silence.rs"]
mod g_silence;
#[path = "rules/g_time.rs"]
mod g_time;
#[path = "rules/life.rs"]
mod life;
#[path = "rules/n_programs.rs"]
mod n_programs;
#[path = "rules/p_duties.rs"]
mod p_duties;
#[path = "rules/p_indicators.rs"]
mod p_indicators;
#[path = "rules/p_outside.rs"]
mod p_outside;
#[path = "rules/p_quota.rs"]
mod p_quota;
#[path = "rules/p_selection.rs"]
mod p_selection;
#[path = "rules/p_stages.rs"]
mod p_stages;
#[path = "rules/p_timeline.rs"]
mod p_timeline;
#[path = "rules/t_cities.rs"]
mod t_cities;
