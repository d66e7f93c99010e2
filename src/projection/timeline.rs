//! `timeline`: phases, categories, titles and terms of every enrollment, by spans of days.
//!
//! The national stages are background, the same for everyone: they stand in the measure and are
//! added when a timeline is read. Acts as marks are a view of `audit_trail`.

use super::change::{ModelChanges, RowWriter};
use super::rows::{Rows, Telling};
use super::step::Projection;
use super::table::Table;
use super::turn::Turn;
use crate::domain::date::CivilDate;
use crate::domain::state::State;

mod one;
mod tables;

pub use one::{ActMark, Held, PhaseSpan, Timeline, stages_between, timeline};

/// Fills `timeline_phase` and `timeline_category`.
#[derive(Default)]
pub struct Timelines;

fn same_phase(a: &State, b: &State) -> bool {
    a.phase() == b.phase() && a.phase_since == b.phase_since && planned(a) == planned(b)
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

fn write_phase(state: &State, row: &mut RowWriter<'_>) {
    let (until, article) = planned(state).unzip();
    row.text_if(state.phase()).date_if(state.phase_since.as_ref());
    row.date_if(until.as_ref()).text_if(article);
}

impl Projection for Timelines {
    fn name(&self) -> &'static str {
        "timeline"
    }

    fn version(&self) -> u32 {
        5
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/timeline/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/timeline/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&tables::PHASE, &tables::CATEGORY]
    }

    fn turn(&mut self, turn: &Turn<'_>, rows: &mut Rows, changes: &mut ModelChanges<'_>) {
        let known = &mut rows.phases;
        let mut telling = Telling { turn, table: 0, made: &mut known.made, changes };
        let shown = |state: &State| state.node.is_some();
        telling.tell(&mut known.rows, |s| shown(s).then_some(s), same_phase, write_phase);
        let known = &mut rows.categories;
        let mut telling = Telling { turn, table: 1, made: &mut known.made, changes };
        let category = |row: &str, writer: &mut RowWriter<'_>| {
            writer.text(row);
        };
        telling.tell(&mut known.rows, |state| state.category.as_deref(), |a, b| a == b, category);
    }
}
