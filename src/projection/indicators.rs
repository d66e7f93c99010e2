//! `indicators`: the figures of divisions, and what was known of each up to which event (P14).
//!
//! What must hold: of one observation one row is known at any event; a revision ends the row and begins
//! another.

use super::change::ModelChanges;
use super::step::{Envelope, Input, Projection};
use super::table::Table;
use crate::domain::event::EventMeta;
use crate::domain::indicator::{IndicatorEvent, Observation};

mod tables;

pub(super) use tables::ObservationRow;
use tables::{OBSERVATIONS, SAID_ANEW};

/// Fills `indicator_observation`.
#[derive(Default)]
pub struct Indicators;

impl Projection for Indicators {
    fn name(&self) -> &'static str {
        "indicators"
    }

    fn version(&self) -> u32 {
        1
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/indicators/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&ObservationRow::TABLE]
    }

    fn take_in(
        &mut self,
        envelope: &Envelope,
        meta: &EventMeta,
        input: &Input<'_>,
        changes: &mut ModelChanges<'_>,
    ) {
        let insert = |changes: &mut ModelChanges<'_>, first, revision, one: &Observation| {
            let said = Said { envelope, first, revision, one, exercise: meta.exercise };
            ObservationRow::write(&said, &mut changes.insert(OBSERVATIONS));
        };
        match input {
            Input::Indicator(IndicatorEvent::Recorded(one), _) => {
                insert(changes, envelope.revision, envelope.revision, one);
            }
            Input::Indicator(IndicatorEvent::Corrected(_), Some(history)) => {
                let first = history.original(envelope.revision);
                let mut anew = changes.change(OBSERVATIONS, SAID_ANEW);
                anew.number(envelope.sequence).text(division(envelope)).number(first);
                if let Some((record, one)) = history.in_force(first) {
                    insert(changes, first, record.revision, one);
                }
            }
            Input::Indicator(IndicatorEvent::Corrected(_), None)
            | Input::Subject(..)
            | Input::Quota(_)
            | Input::Own => {}
        }
    }
}

/// A figure as an event leaves it.
pub(super) struct Said<'a> {
    envelope: &'a Envelope,
    /// The revision by which the observation was first recorded.
    first: u64,
    /// The revision whose words these are.
    revision: u64,
    one: &'a Observation,
    exercise: bool,
}

/// The division whose stream an event stands in.
fn division(envelope: &Envelope) -> &str {
    let stream = envelope.stream.as_str();
    stream.strip_prefix(crate::codec::INDICATOR).unwrap_or(stream)
}
