//! `timeline`: phases, categories, titles and terms of every enrollment, by spans of days.
//!
//! The national stages are background, the same for everyone: they stand in the measure and are
//! added when a timeline is read. Acts as marks are a view of `audit_trail`.

use super::ProjectionError;
use super::change::{ModelChanges, RowWriter};
use super::memory::Memory;
use super::step::{Projection, Step};
use super::table::Table;
use super::track::Lane;
use crate::domain::date::CivilDate;
use crate::domain::state::State;

mod one;
mod tables;

pub use one::{ActMark, Held, PhaseSpan, Timeline, stages_between, timeline};

/// Fills `timeline_phase`, `timeline_title`, `timeline_term` and `timeline_category`.
#[derive(Default)]
pub struct Timelines;

static LANES: [Lane; 4] = [
    Lane {
        table: 0,
        same: |a, b| {
            a.phase() == b.phase() && a.phase_since == b.phase_since && planned(a) == planned(b)
        },
        shows: |state| state.node.is_some(),
        write: write_phase,
    },
    Lane {
        table: 1,
        same: |a, b| a.title == b.title,
        shows: |state| state.title.is_some(),
        write: write_title,
    },
    Lane {
        table: 2,
        same: |a, b| a.term == b.term,
        shows: |state| state.term.is_some(),
        write: write_term,
    },
    Lane {
        table: 3,
        same: |a, b| a.category == b.category,
        shows: |state| state.category.is_some(),
        write: |state, row| {
            row.text_if(state.category.as_deref());
        },
    },
];

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

fn write_phase(state: &State, row: &mut RowWriter<'_>) {
    let (until, article) = planned(state).unzip();
    row.text_if(state.phase()).date_if(state.phase_since.as_ref());
    row.date_if(until.as_ref()).text_if(article);
}

fn write_title(state: &State, row: &mut RowWriter<'_>) {
    // Only states with a title are shown.
    let Some(title) = state.title.as_deref() else { return };
    row.text(&title.title).date(&title.from).date_if(title.until.as_ref()).text(&title.article);
}

fn write_term(state: &State, row: &mut RowWriter<'_>) {
    // Only states with a term are shown.
    let Some(term) = state.term.as_deref() else { return };
    row.date(&term.from).date(&term.until).text(&term.arithmetic).text(&term.article);
}

impl Projection for Timelines {
    fn name(&self) -> &'static str {
        "timeline"
    }

    fn version(&self) -> u32 {
        4
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/timeline/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/timeline/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&tables::PHASE, &tables::TITLE, &tables::TERM, &tables::CATEGORY]
    }

    fn step(
        &mut self,
        step: &Step<'_>,
        memory: &mut Memory,
        changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        for (lane, track) in LANES.iter().zip(&mut memory.timeline) {
            lane.project(step, track, changes);
        }
        Ok(())
    }
}
