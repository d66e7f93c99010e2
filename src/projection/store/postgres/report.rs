//! The schema `docket_report`: views of stable names over the copy that serves.

use tokio_postgres::error::SqlState;

use super::connect::{Link, database};
use crate::projection::error::DatabaseError;
use crate::projection::store::CopyId;

/// The views, each `CREATE OR REPLACE VIEW docket_report.<name> …` over `{copy}`.
const VIEWS: &str = include_str!("../../../../projections/reporting/postgresql.sql");

/// Shows a copy; to be called in the transaction that lets it serve. Views that are there with the
/// same columns are kept, and with them what others granted or built on them.
///
/// # Errors
/// Those of the database.
pub(super) async fn publish(
    link: &Link,
    copy: &CopyId,
    role: Option<&str>,
) -> Result<(), DatabaseError> {
    link.batch_execute("CREATE SCHEMA IF NOT EXISTS docket_report").await?;
    for (name, sql) in views() {
        let known = "SELECT to_regclass($1) IS NOT NULL";
        let source = format!("{copy}.docket_report_{name}");
        let known: bool = link.query_one(known, &[&source]).await?.try_get(0)?;
        let drop = format!("DROP VIEW IF EXISTS docket_report.{name} CASCADE");
        if !known {
            link.batch_execute(&drop).await?;
            continue;
        }
        let create = sql.replace("{copy}", &copy.0);
        let tried = link.batch_execute(&format!("SAVEPOINT view; {create}")).await;
        match tried {
            Ok(()) => {}
            Err(error) if error.code() == Some(&SqlState::INVALID_TABLE_DEFINITION) => {
                // Other columns than before: a new version of the views.
                link.batch_execute(&format!("ROLLBACK TO view; {drop}; {create}")).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    match role {
        Some(role) => grant(link, role).await,
        None => Ok(()),
    }
}

async fn grant(link: &Link, role: &str) -> Result<(), DatabaseError> {
    let quoted = format!("\"{}\"", role.replace('"', "\"\""));
    let sql = format!(
        "GRANT USAGE ON SCHEMA docket_report TO {quoted};
         GRANT SELECT ON ALL TABLES IN SCHEMA docket_report TO {quoted};
         ALTER DEFAULT PRIVILEGES IN SCHEMA docket_report GRANT SELECT ON TABLES TO {quoted};"
    );
    link.batch_execute(&sql).await.map_err(|error| {
        if error.code() == Some(&SqlState::UNDEFINED_OBJECT) {
            return DatabaseError::new(format!(
                "reporting.reader_role names the role {role:?}, which this server does not have; \
                 CREATE ROLE {quoted} LOGIN, or leave the setting out"
            ));
        }
        database(&error)
    })
}

/// The views in their order, each with its name.
fn views() -> impl Iterator<Item = (&'static str, &'static str)> {
    VIEWS.split_inclusive(';').filter_map(|sql| {
        let (_, after) = sql.split_once("VIEW docket_report.")?;
        let name = after.split(|c: char| !c.is_ascii_lowercase() && c != '_').next()?;
        Some((name, sql))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_shows_the_one_of_its_name() {
        let names: Vec<_> = views().map(|(name, _)| name).collect();
        assert_eq!(names.len(), VIEWS.matches("CREATE OR REPLACE VIEW").count());
        for (name, sql) in views() {
            assert!(sql.contains(&format!("FROM {{copy}}.docket_report_{name}")), "{name}");
        }
    }
}
