//! Where an enrollment stands, as the answer to an act says it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{StandsAt, WaitingView, stands_at, title, waiting};
use crate::api::brief::Labelled;
use crate::api::ends::TitleHeld;
use crate::api::reading::Reading;
use crate::domain::ids::Language;
use crate::domain::state::State;

/// Where an enrollment stands, in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StandingView {
    /// The program.
    pub program: String,
    /// The subject.
    pub subject: String,
    /// The day.
    pub as_of: String,
    /// Where it stands; absent: nowhere.
    pub stands_at: Option<StandsAt>,
    /// The category.
    pub category: Option<Labelled>,
    /// The title held.
    pub title: Option<TitleHeld>,
    /// Whose move it is.
    pub waiting_for: Vec<WaitingView>,
}

/// Where an enrollment stands, in short.
pub fn standing(reading: &Reading<'_>, state: &State, language: Language) -> StandingView {
    let category = state.category.as_ref();
    StandingView {
        program: reading.program.id.to_string(),
        subject: reading.subject.id().to_string(),
        as_of: reading.day.to_string(),
        stands_at: stands_at(reading, state, language),
        category: category.map(|id| Labelled::new(id, reading.category_label(id), language)),
        title: title(reading, state, language),
        waiting_for: waiting(
            reading,
            state,
            &reading.judged(state, &reading.unlisted(state)),
            language,
        ),
    }
}
