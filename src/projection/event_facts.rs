//! `event_facts`: what each event of the log says by itself, as a row, and what of it is an exception.
//!
//! Each row is a function of one event, so it is written once, in the log's order, and never changed;
//! what became of an event is said by `audit_trail`.

use super::ProjectionError;
use super::change::ModelChanges;
use super::step::{Projection, Told};
use super::table::Table;
use crate::domain::event_type::Own;
use crate::domain::exceptions::{ExceptionKind, kinds_of};

mod dictionary;
mod kinds;
mod list;
mod tables;

use dictionary::{Dictionary, law, office};
pub use kinds::EventKind;
pub use list::{ExceptionFilter, ExceptionLine};
use tables::{EXCEPTIONS, FACTS, LAWS, Listed, OFFICES, Said};
pub(super) use tables::{ExceptionRow, FactRow, LawRow, OfficeRow};

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
        2
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/event_facts/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&FactRow::TABLE, &OfficeRow::TABLE, &LawRow::TABLE, &ExceptionRow::TABLE]
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
        let mut list = |number, (kind, code)| {
            let listed = Listed { told, number, kind, code };
            ExceptionRow::write(&listed, &mut changes.insert(EXCEPTIONS));
        };
        match told.fact {
            Some(fact) => kinds_of(fact, meta).enumerate().for_each(|(at, one)| list(at, one)),
            None if told.envelope.event_type == Own::ObligationLapsed.recorded_as().name => {
                list(0, (ExceptionKind::LateFiling, None));
            }
            None => {}
        }
        Ok(())
    }
}
