//! `timeline`: phases, categories, titles and terms of every enrollment, by spans of days.
//!
//! The national stages are background, the same for everyone: they stand in the measure and are
//! added when a timeline is read. Acts as marks are a view of `audit_trail`.

use super::change::ModelChanges;
use super::declare::{Shown as _, spans};
use super::rows::{Rows, Telling};
use super::step::Projection;
use super::table::Table;
use super::turn::Turn;
use crate::domain::date::CivilDate;
use crate::domain::state::State;

mod one;

pub use one::{ActMark, Held, PhaseSpan, Timeline, stages_between, timeline};

/// Fills `timeline_phase` and `timeline_category`.
#[derive(Default)]
pub struct Timelines;

spans! {
    /// The phases of each enrollment by days.
    PhaseRow("timeline_phase"), <'a> |state: &'a State|
    /// the phase
    phase: Option<&str> = state.phase(),
    /// since when
    since: Option<CivilDate> = state.phase_since,
    /// until when it was planned to last: the end of the term that began with the phase, else the end of the title held, else what the document plans for all in that phase (a reading, never a limit)
    planned_until: Option<CivilDate> = planned(state).map(|(until, _)| until),
    /// the article that says until when
    article: Option<&str> = planned(state).map(|(_, article)| article),
}

spans! {
    /// The categories of each enrollment by days.
    CategoryRow("timeline_category"), <'a> |category: &'a str|
    /// the category
    category: &str = category,
}

/// Until when the present phase was planned to last, and the article: the term that began with it,
/// else the title's end while one is held, else what the document plans for all who are in it.
pub(super) fn planned(state: &State) -> Option<(CivilDate, &str)> {
    let term = state.term.as_deref().filter(|term| Some(term.from) == state.phase_since);
    if let Some(term) = term {
        return Some((term.until, &term.article));
    }
    if let Some(title) = state.title.as_deref() {
        return Some((title.until?, &title.article));
    }
    state.planned.as_deref().map(|planned| (planned.until, planned.article.as_str()))
}

impl Projection for Timelines {
    fn name(&self) -> &'static str {
        "timeline"
    }

    fn version(&self) -> u32 {
        5
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/timeline/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&PhaseRow::TABLE, &CategoryRow::TABLE]
    }

    fn turn(&mut self, turn: &Turn<'_>, rows: &mut Rows, changes: &mut ModelChanges<'_>) {
        let known = &mut rows.phases;
        let mut telling = Telling { turn, table: 0, made: &mut known.made, changes };
        telling.tell::<PhaseRow>(&mut known.rows, |state| state.node.as_ref().map(|_| state));
        let known = &mut rows.categories;
        let mut telling = Telling { turn, table: 1, made: &mut known.made, changes };
        telling.tell::<CategoryRow>(&mut known.rows, |state| state.category.as_deref());
    }
}
