//! `reporting`: views of stable names over the tables of the other read models, for tools outside.
//!
//! It has no rows of its own: a view is only a way to read what the other read models wrote.

use super::step::Projection;
use super::table::Table;

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
}
