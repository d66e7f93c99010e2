//! `projections/` says of tables and reports what they are declared to be: the SQL of each, and of each
//! column what it holds. The words around them are written by hand.

use std::fmt::Write as _;
use std::path::Path;

use docket::projection::{Column, REPORTS, Report, Table, all};

use super::is_committed;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("projections")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

#[test]
fn tables_are_told_as_they_are_declared() {
    for model in all() {
        let name = model.name();
        if !model.tables().is_empty() {
            let sql: Vec<_> = model.tables().iter().map(|table| table.sqlite()).collect();
            is_committed(&root().join(name).join("tables.sql"), &sql.join("\n"));
            let path = format!("{name}/README.md");
            let told = model.tables().iter().fold(read(&path), |text, table| with(&text, table));
            is_committed(&root().join(&path), &told);
        }
    }
}

/// A README with what its table of columns has to say.
fn with(readme: &str, table: &Table) -> String {
    let head = format!("| `{}` | |\n| --- | --- |\n", table.name);
    let (before, rest) = readme.split_once(&head).unwrap_or((readme, ""));
    let mut rest = rest;
    while let Some((_, after)) = rest.split_once('\n').filter(|(row, _)| row.starts_with('|')) {
        rest = after;
    }
    format!("{before}{head}{}{rest}", rows(table.columns))
}

fn rows(columns: &[Column]) -> String {
    let row = |column: &Column| {
        format!("| `{}` | {}{} |\n", column.name, column.kind.said(), column.says)
    };
    columns.iter().map(row).collect()
}

#[test]
fn reports_are_told_as_they_are_declared() {
    let head = "-- What reporting reads, as views over the tables of the read models: one SQL for every engine. On\n\
        -- PostgreSQL docket_report.<name> shows docket_report_<name> of the copy that serves, with days,\n\
        -- instants and ids in types of their own. Generated.\n\n";
    let views: Vec<_> = REPORTS.iter().map(Report::view).collect();
    is_committed(&root().join("reporting/views.sql"), &format!("{head}{}", views.join("\n")));
    let head = "-- The views of docket_report, put over the copy that serves in the transaction that lets it serve;\n\
        -- {copy} is its schema. Their columns are those of docket_report_<name>, in types that tools know.\n\
        -- Generated.\n\n";
    let views: Vec<_> = REPORTS.iter().map(|report| report.postgres("{copy}")).collect();
    is_committed(&root().join("reporting/postgresql.sql"), &format!("{head}{}", views.join("\n")));
    let readme = read("reporting/README.md");
    let said = readme.split("\n## `").next().unwrap_or_default().trim_end();
    let told = REPORTS.iter().map(|report| {
        let Report { name, about, columns, .. } = report;
        format!("\n## `{name}`\n\n{about}\n\n| column | |\n| --- | --- |\n{}", rows(columns))
    });
    let told = format!("{said}\n{}", told.collect::<String>());
    is_committed(&root().join("reporting/README.md"), &told);
    let sources = read("reporting/sources.yml");
    let said = sources.split("    tables:\n").next().unwrap_or_default();
    let told = format!("{said}    tables:\n{}", REPORTS.iter().map(source).collect::<String>());
    is_committed(&root().join("reporting/sources.yml"), &told);
}

/// A report as dbt is told of it.
fn source(report: &Report) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut told = format!(
        "      - name: {}\n        description: {}\n        columns:\n",
        report.name,
        quoted(report.about)
    );
    for column in &report.columns {
        let says = quoted(&format!("{}{}", column.kind.said(), column.says));
        let _ =
            write!(told, "          - name: {}\n            description: {says}\n", column.name);
    }
    told
}
