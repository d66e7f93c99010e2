//! The register of exceptions and late filings, asked of each engine.

use docket::domain::ids::{ProgramId, SubjectId};
use docket::projection::current_status::{
    CohortOf, Counted, EnrollmentFilter, StandsAsked, ZoneAsked,
};
use docket::projection::event_facts::ExceptionFilter;
use docket::projection::obligations::ObligationFilter;
use docket::projection::{At, Tables};

use super::histories::Answers;

pub fn registers(
    tables: &Tables<'_>,
    at: At,
    found: &mut Answers,
) -> Result<(), docket::projection::DatabaseError> {
    for exercise in [false, true] {
        let filter = ExceptionFilter { exercise, ..ExceptionFilter::default() };
        let (subject, province) =
            (SubjectId::parse("futian").ok(), SubjectId::parse("440000").ok());
        for since in [None, Some(40)] {
            let mut lines = Vec::new();
            tables.exception_lines(exercise, since, |line| lines.push(format!("{line:?}")))?;
            found.push((format!("exceptions {exercise} since {since:?}"), lines.join("\n")));
        }
        let events: Vec<u64> = (0..200).collect();
        let mut fates: Vec<_> = tables.fates(&events, at.known)?.into_iter().collect();
        fates.sort_unstable();
        found.push((format!("fates {exercise}"), format!("{fates:?}")));
        for filter in
            [ExceptionFilter { subject, ..filter.clone() }, ExceptionFilter { province, ..filter }]
        {
            let picked = tables.enrollments_picked(&filter, at.known)?;
            found.push((format!("{filter:?}"), format!("{picked:?}")));
        }
        for only in [None, Some(&[1, 2, 3, 4, 5, 6, 7, 8][..])] {
            let rows = tables.list_late(exercise, at, only)?;
            found.push((format!("late {exercise} {only:?}"), format!("{rows:#?}")));
        }
        boards(tables, at, exercise, found)?;
    }
    let changed = at.known.map(|known| tables.changed_since(known / 2, 1_000)).transpose()?;
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
            let some_batches = tables.count_cohorts(&some, CohortOf::Round, at)?;
            let said = format!("{phases:#?} {zones:#?} {rounds:#?} {batches:#?} {some_batches:#?}");
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
