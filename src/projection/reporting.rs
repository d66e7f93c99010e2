//! `reporting`: views of stable names over the tables of the other read models, for tools outside.
//!
//! It has no rows of its own. A report is declared once ([`declared`]): its columns, most of them those
//! of a table, and one question, as known up to an event. The views, what PostgreSQL shows in
//! `docket_report`, the exports, and the files in `projections/reporting` follow from that.

use std::sync::LazyLock;

use super::step::Projection;
use super::table::{Column, Kind, Table};

mod declared;

use declared::{DECLARED, Declared, Part};

/// Makes the views `docket_report_<name>`.
#[derive(Default)]
pub struct Reporting;

/// Every report.
pub static REPORTS: LazyLock<Vec<Report>> =
    LazyLock::new(|| DECLARED.iter().map(Report::of).collect());

static VIEWS: LazyLock<String> =
    LazyLock::new(|| REPORTS.iter().map(Report::view).collect::<Vec<_>>().join("\n"));

/// A report: a table for tools outside.
#[derive(Debug)]
pub struct Report {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// How each is asked for.
    asked: Vec<String>,
    declared: &'static Declared,
}

impl Report {
    fn of(declared: &'static Declared) -> Self {
        let columns = declared.parts.iter().copied().flatten().flat_map(Part::columns);
        let (columns, asked) = columns.unzip();
        Self { name: declared.name, about: declared.about, columns, asked, declared }
    }

    /// Its rows as known up to `:known`; where a row can be of an exercise, those with `:exercise`.
    pub fn question(&self) -> String {
        let exercise = self.columns.iter().position(|column| column.name == "exercise");
        let exercise = exercise.map(|at| format!("{} = :exercise", self.asked[at]));
        let filters = (!self.declared.filter.is_empty()).then(|| self.declared.filter.to_owned());
        let filters: Vec<_> = exercise.into_iter().chain(filters).collect();
        format!("{} ORDER BY {}", self.select(&filters), self.declared.order)
    }

    /// The view of its rows as known now.
    pub fn view(&self) -> String {
        let filter = self.declared.filter;
        let filters = if filter.is_empty() { Vec::new() } else { vec![filter.to_owned()] };
        let select = self.select(&filters).replace(":known", &i64::MAX.to_string());
        let (about, name) = (self.about, self.name);
        format!("-- {about}\nCREATE VIEW docket_report_{name} AS\n{select};\n")
    }

    /// What PostgreSQL shows of the view of a copy, in types that tools know.
    pub fn postgres(&self, copy: &str) -> String {
        let typed = |column: &Column| {
            let name = column.name;
            match column.kind {
                Kind::Int | Kind::Text | Kind::Date => name.to_owned(),
                Kind::Flag => format!("{name} <> 0 AS {name}"),
                Kind::Day => format!("{name}::date AS {name}"),
                Kind::Json => format!("{name}::jsonb AS {name}"),
                Kind::Id => format!("encode({name}, 'hex')::uuid AS {name}"),
                Kind::Instant => {
                    format!("timestamptz 'epoch' + {name} * interval '1 microsecond' AS {name}")
                }
            }
        };
        let columns = self.columns.iter().map(typed).collect::<Vec<_>>().join(",\n       ");
        let name = self.name;
        format!(
            "CREATE OR REPLACE VIEW docket_report.{name} AS\nSELECT {columns}\n\
             FROM {copy}.docket_report_{name};\n"
        )
    }

    fn select(&self, filters: &[String]) -> String {
        let columns = self.columns.iter().zip(&self.asked);
        let columns = columns.map(|(column, asked)| format!("{asked} AS {}", column.name));
        let columns = columns.collect::<Vec<_>>().join(",\n       ");
        let filters = match filters {
            [] => String::new(),
            filters => format!("\nWHERE {}", filters.join("\n  AND ")),
        };
        format!("SELECT {columns}\nFROM {}{filters}", self.declared.from)
    }
}

impl Projection for Reporting {
    fn name(&self) -> &'static str {
        "reporting"
    }

    fn version(&self) -> u32 {
        3
    }

    fn indexes_sql(&self) -> &'static str {
        &VIEWS
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[]
    }
}
