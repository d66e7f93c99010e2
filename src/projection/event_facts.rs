//! `event_facts`: what each event of the log says by itself, as a row.
//!
//! Each row is a function of one event, so it is written once, in the log's order, and never changed;
//! what became of an event is said by `audit_trail`.

use super::ProjectionError;
use super::change::ModelChanges;
use super::step::{Projection, Told};
use super::table::Table;

mod dictionary;
mod tables;

use dictionary::{Dictionary, law, office};
use tables::{FACTS, LAWS, OFFICES, Said};
pub(super) use tables::{FactRow, LawRow, OfficeRow};

/// Their name.
pub(super) const EVENT_FACTS: &str = "event_facts";

/// Fills `event_fact`, `recorded_by` and `law`.
#[derive(Default)]
pub struct EventFacts {
    offices: Dictionary,
    laws: Dictionary,
}

impl Projection for EventFacts {
    fn name(&self) -> &'static str {
        EVENT_FACTS
    }

    fn version(&self) -> u32 {
        1
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/event_facts/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&FactRow::TABLE, &OfficeRow::TABLE, &LawRow::TABLE]
    }

    fn tell(
        &mut self,
        told: &Told<'_>,
        changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        let meta = told.meta;
        let office = self.offices.id(&office(meta), |id| {
            OfficeRow::write(&(id, meta), &mut changes.put(OFFICES));
        });
        let law = law(meta)
            .map(|law| self.laws.id(&law, |id| LawRow::write(&(id, meta), &mut changes.put(LAWS))));
        FactRow::write(&Said { told, office, law }, &mut changes.insert(FACTS));
        Ok(())
    }
}
