//! The register of exceptions and late filings, asked of each engine.

use docket::domain::exceptions::ExceptionKind;
use docket::domain::ids::{Office, SubjectId};
use docket::projection::event_facts::ExceptionFilter;
use docket::projection::{At, Tables};

use super::histories::Answers;
use crate::world::day;

pub fn registers(
    tables: &Tables<'_>,
    at: At,
    found: &mut Answers,
) -> Result<(), docket::projection::DatabaseError> {
    for exercise in [false, true] {
        let filter = ExceptionFilter { exercise, ..ExceptionFilter::default() };
        let province = SubjectId::parse("440000").ok();
        let few = ExceptionFilter {
            kinds: vec![ExceptionKind::Finding, ExceptionKind::Correction],
            province: province.clone(),
            office: Some(Office::NationalOffice),
            from: Some(day("2015-01-01")),
            ..filter.clone()
        };
        for filter in [filter, few] {
            let rows = tables.list_exceptions(&filter, at.known, None, 100)?;
            let after = rows.first().map(|row| row.at);
            let next = tables.list_exceptions(&filter, at.known, after, 3)?;
            let counted = tables.count_exceptions(&filter, at.known)?;
            found.push((format!("{filter:?}"), format!("{rows:#?} then {next:#?}, {counted:?}")));
        }
        let late = ExceptionFilter { exercise, ..ExceptionFilter::default() };
        for filter in [late.clone(), ExceptionFilter { province, until: Some(at.day), ..late }] {
            let rows = tables.list_late(&filter, at)?;
            found.push((format!("{filter:?}"), format!("{rows:#?}")));
        }
    }
    Ok(())
}
