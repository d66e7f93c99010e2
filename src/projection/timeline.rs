//! `timeline`: phases, titles and terms of every enrollment, by spans of days.
//!
//! The national stages are background, the same for everyone: they stand in the measure and are
//! added when a timeline is read. Acts as marks are a view of `audit_trail`.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::ProjectionError;
use super::spans::{SpanTable, Spans};
use super::step::{Envelope, Input, Projection};
use super::value::text;
use crate::domain::date::CivilDate;
use crate::domain::event::EventMeta;
use crate::domain::state::State;

mod one;

pub use one::{ActMark, Held, PhaseSpan, Timeline, stages_between, timeline};

/// Fills `timeline_phase`, `timeline_title` and `timeline_term`.
pub struct Timelines {
    lanes: [Spans; 3],
}

impl Default for Timelines {
    fn default() -> Self {
        let phases = SpanTable {
            name: "timeline_phase",
            columns: &["phase", "since", "planned_until", "article"],
            same: |a, b| {
                a.phase() == b.phase() && a.phase_since == b.phase_since && planned(a) == planned(b)
            },
            values: phase_values,
        };
        let titles = SpanTable {
            name: "timeline_title",
            columns: &["title", "held_from", "held_until", "article"],
            same: |a, b| a.title == b.title,
            values: title_values,
        };
        let terms = SpanTable {
            name: "timeline_term",
            columns: &["term_from", "term_until", "arithmetic", "article"],
            same: |a, b| a.term == b.term,
            values: term_values,
        };
        Self { lanes: [phases, titles, terms].map(Spans::new) }
    }
}

/// Until when the present phase was planned to last, and the article: the term that began with it,
/// else the title's end while one is held.
pub(super) fn planned(state: &State) -> Option<(CivilDate, &str)> {
    let term = state.term.as_deref().filter(|term| Some(term.from) == state.phase_since);
    if let Some(term) = term {
        return Some((term.until, &term.article));
    }
    let title = state.title.as_deref()?;
    Some((title.until?, &title.article))
}

fn phase_values(state: &State) -> Option<Vec<Value>> {
    let phase = state.phase()?;
    let (until, article) = planned(state).unzip();
    Some(vec![text(Some(phase)), text(state.phase_since), text(until), text(article)])
}

fn title_values(state: &State) -> Option<Vec<Value>> {
    let title = state.title.as_deref()?;
    Some(vec![
        text(Some(&title.title)),
        text(Some(title.from)),
        text(title.until),
        text(Some(&title.article)),
    ])
}

fn term_values(state: &State) -> Option<Vec<Value>> {
    let term = state.term.as_deref()?;
    Some(vec![
        text(Some(term.from)),
        text(Some(term.until)),
        text(Some(&term.arithmetic)),
        text(Some(&term.article)),
    ])
}

impl Projection for Timelines {
    fn name(&self) -> &'static str {
        "timeline"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/timeline/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/timeline/indexes.sql")
    }

    fn tables(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("timeline_phase", "program, subject, valid_from"),
            ("timeline_title", "program, subject, valid_from"),
            ("timeline_term", "program, subject, valid_from"),
        ]
    }

    fn project(
        &mut self,
        _envelope: &Envelope,
        _meta: &EventMeta,
        input: &Input<'_>,
        _tx: &Connection,
    ) -> Result<(), ProjectionError> {
        if let Input::Step(step) = input {
            for lane in &mut self.lanes {
                lane.project(step);
            }
        }
        Ok(())
    }

    fn flush(&mut self, tx: &Connection) -> Result<(), ProjectionError> {
        self.lanes.iter_mut().try_for_each(|lane| lane.flush(tx))
    }
}
