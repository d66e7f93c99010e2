//! The register of exceptions and late filings, asked of each engine.

use docket::domain::exceptions::ExceptionKind;
use docket::domain::ids::{Office, ProgramId, SubjectId};
use docket::projection::current_status::{
    CohortOf, Counted, EnrollmentFilter, StandsAsked, ZoneAsked,
};
use docket::projection::event_facts::ExceptionFilter;
use docket::projection::obligations::ObligationFilter;
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
            let counted = tables.count_exceptions(&filter, at.known, None)?;
            found.push((format!("{filter:?}"), format!("{rows:#?} then {next:#?}, {counted:?}")));
        }
        let late = ExceptionFilter { exercise, ..ExceptionFilter::default() };
        for filter in [late.clone(), ExceptionFilter { province, until: Some(at.day), ..late }] {
            let rows = tables.list_late(&filter, at, None)?;
            found.push((format!("{filter:?}"), format!("{rows:#?}")));
        }
        boards(tables, at, exercise, found)?;
    }
    let changed = at.known.map(|known| tables.changed_since(known / 2, 1_000)).transpose()?;
    let changed = changed.flatten().map(|mut changed| {
        changed.sort_unstable();
        changed
    });
    found.push(("changed".to_owned(), format!("{changed:?}")));
    Ok(())
}

/// How many stand where, and what became of those who were decided together.
fn boards(
    tables: &Tables<'_>,
    at: At,
    exercise: bool,
    found: &mut Answers,
) -> Result<(), docket::projection::DatabaseError> {
    for program in ["strong_province", "cluster_area"] {
        let program = ProgramId::parse(program).unwrap();
        for zone in [None, Some(ZoneAsked::Unassigned), Some(ZoneAsked::In("silk_road".into()))] {
            let of = Counted { program: program.clone(), exercise, zone, enrollments: None };
            let some = Counted { enrollments: Some(vec![1, 2, 3]), ..of.clone() };
            let phases = (tables.count_phases(&of, at)?, tables.count_phases(&some, at)?);
            let zones = tables.count_zones(&of, at)?;
            let rounds = tables.count_cohorts(&of, CohortOf::Round, at)?;
            let batches = tables.count_cohorts(&of, CohortOf::Batch, at)?;
            let said = format!("{phases:#?} {zones:#?} {rounds:#?} {batches:#?}");
            found.push((format!("{of:?}"), said));
        }
        for filter in [
            EnrollmentFilter { stands_at: Some(StandsAsked::Nowhere), ..Default::default() },
            EnrollmentFilter {
                stands_at: Some(StandsAsked::At("pilot".into())),
                ..Default::default()
            },
            EnrollmentFilter { zone: Some(ZoneAsked::Unassigned), ..Default::default() },
            EnrollmentFilter { decided_in_round: Some("2014".into()), ..Default::default() },
            EnrollmentFilter { decided_in_batch: Some("1".into()), ..Default::default() },
            EnrollmentFilter { no_province: true, ..Default::default() },
        ] {
            let filter = EnrollmentFilter { exercise, program: Some(program.clone()), ..filter };
            let rows = tables.list_enrollments(&filter, at, None, 100)?;
            found.push((format!("{filter:?}"), format!("{rows:#?}")));
        }
        let every = EnrollmentFilter { exercise, ..Default::default() };
        for (nodes, only) in [(vec!["pilot".into()], None), (Vec::new(), Some(&[1, 2, 3][..]))] {
            let mut rows = tables.list_moving(&program, (&every, &nodes), at, only)?;
            rows.sort_by_key(|row| row.enrollment);
            found.push((format!("moving {program} {nodes:?} {only:?}"), format!("{rows:#?}")));
        }
        let filter = ObligationFilter {
            exercise,
            program: Some(program),
            only_unmet: true,
            enrollments: Some(vec![1, 2, 3, 4, 5, 6, 7, 8]),
            ..Default::default()
        };
        let rows = tables.list_obligations(&filter, at, None, 100)?;
        found.push((format!("{filter:?}"), format!("{rows:#?}")));
    }
    Ok(())
}
