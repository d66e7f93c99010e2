//! Where an enrollment stands, as the answer to an act says it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{StandsAt, WaitingView, stands_at, title, waiting};
use crate::domain::date::Day;
use crate::domain::ids::Language;
use crate::views::brief::Labelled;
use crate::views::ends::TitleHeld;
use crate::views::reading::{Judged, Reading};

/// Where an enrollment stands, in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StandingView<'a> {
    /// The program.
    pub program: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// The day.
    #[schemars(with = "String")]
    pub as_of: Day,
    /// Where it stands; absent: nowhere.
    pub stands_at: Option<StandsAt<'a>>,
    /// The category.
    pub category: Option<Labelled<'a>>,
    /// The title held.
    pub title: Option<TitleHeld>,
    /// Whose move it is.
    pub waiting_for: Vec<WaitingView>,
}

/// Where an enrollment stands, in short.
pub fn standing<'a>(
    reading: &'a Reading<'_>,
    judged: &'a Judged<'_>,
    language: Language,
) -> StandingView<'a> {
    let state = judged.state;
    let category = state.category.as_ref();
    StandingView {
        program: reading.program.id.as_str(),
        subject: reading.subject.id().as_str(),
        as_of: reading.day,
        stands_at: stands_at(reading, state, language),
        category: category.map(|id| Labelled::new(id, reading.labels().category(id), language)),
        title: title(reading, state, language),
        waiting_for: waiting(reading, judged, language),
    }
}
