//! `reporting`: views of stable names over the tables of the other read models, for tools outside.
//!
//! It has no rows of its own: a view is only a way to read what the other read models wrote.

use super::ProjectionError;
use super::change::ModelChanges;
use super::memory::Memory;
use super::step::{Envelope, Input, Projection};
use super::table::Table;
use crate::domain::event::EventMeta;

/// Makes the views `docket_report_<name>`.
#[derive(Default)]
pub struct Reporting;

impl Projection for Reporting {
    fn name(&self) -> &'static str {
        "reporting"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables_sql(&self) -> &'static str {
        ""
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/reporting/views.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[]
    }

    fn project(
        &mut self,
        _envelope: &Envelope,
        _meta: &EventMeta,
        _input: &Input<'_>,
        _memory: &mut Memory,
        _changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        Ok(())
    }
}
