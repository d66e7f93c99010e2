//! Questions to the tables.

use docket::domain::date::Timestamp;
use docket::domain::ids::{Id, Office, ProgramId, SubjectId};
use docket::projection::current_status::EnrollmentFilter;
use docket::projection::obligations::ObligationFilter;
use docket::projection::subjects::{SubjectFilter, UnlistedFilter, UnlistedRow};
use docket::projection::{At, DatabaseError, ReadModels, SqliteCopies};

use super::lives::{cluster_area, construction};
use super::world::{World, day};
use super::{rebuild_all, world};

fn filled() -> World {
    let mut world = world();
    world.register("suzhou", "cluster_area", "320000", ("Suzhou", "苏州"));
    world.register("haidian", "cluster_area", "110000", ("Haidian", "海淀"));
    world.register("futian", "cluster_area", "440000", ("Futian", "福田"));
    world.register("inv_area", "cluster_area", "inv_province", ("Invented", "虚构"));
    world.rename("futian", "2016-01-01", ("New Futian", "新福田"));
    construction(&mut world, "cluster_area", "suzhou");
    cluster_area(&mut world, "cluster_area", "futian");
    construction(&mut world, "cluster_area", "haidian");
    cluster_area(&mut world, "exercise_cluster_area", "inv_area");
    world
}

fn asked<T>(
    world: &World,
    ask: impl FnOnce(&docket::projection::Tables<'_>) -> Result<T, DatabaseError>,
) -> T {
    let at = tempfile::tempdir().unwrap();
    let copies = SqliteCopies::new(at.path());
    rebuild_all(&world.log, &world.runtime, &copies);
    let answer = ReadModels::of_copies(std::sync::Arc::new(copies)).read_now(ask).unwrap();
    assert_eq!(answer.position, world.runtime.block_on(world.log.head()).unwrap());
    answer.value
}

#[test]
fn enrollments_are_listed_in_code_order_page_by_page_and_never_mixed() {
    let world = filled();
    asked(&world, |tables| {
        let real = EnrollmentFilter::default();
        let day = day("2018-06-30");
        let all = tables.list_enrollments(&real, At::day(day), None, 10)?;
        let subjects: Vec<_> = all.iter().map(|row| row.subject.as_str()).collect();
        assert_eq!(subjects, ["haidian", "suzhou", "futian"]);
        let mut pages = Vec::new();
        let mut after = None;
        loop {
            let page = tables.list_enrollments(&real, At::day(day), after.as_ref(), 1)?;
            let Some(last) = page.last() else { break };
            after = Some(last.cursor());
            pages.extend(page);
        }
        assert_eq!(pages, all);
        let exercise = EnrollmentFilter { exercise: true, ..real };
        let invented = tables.list_enrollments(&exercise, At::day(day), None, 10)?;
        assert_eq!(invented.len(), 1);
        assert!(invented.iter().all(|row| row.exercise));
        Ok(())
    });
}

/// Where few of all subjects take part, a list begins with those that do.
#[test]
fn a_list_is_the_same_however_many_subjects_take_no_part() {
    let mut world = filled();
    let pages = |world: &World| {
        asked(world, |tables| {
            let at = At::day(day("2018-06-30"));
            let (mut enrollments, mut after) = (Vec::new(), None);
            let filter = EnrollmentFilter::default();
            while let page = tables.list_enrollments(&filter, at, after.as_ref(), 2)?
                && let Some(last) = page.last()
            {
                after = Some(last.cursor());
                enrollments.extend(page);
            }
            let (mut obligations, mut after) = (Vec::new(), None);
            let filter = ObligationFilter::default();
            while let page = tables.list_obligations(&filter, at, after.as_ref(), 5)?
                && let Some(last) = page.last()
            {
                after = Some(last.cursor());
                obligations.extend(page);
            }
            Ok((enrollments, obligations))
        })
    };
    let before = pages(&world);
    assert!(before.0.len() == 3 && before.1.len() > 20, "{before:?}");
    for number in 0..300 {
        let id = format!("area_{number}");
        world.register(&id, "cluster_area", "330000", ("Apart", "未参加"));
    }
    assert_eq!(pages(&world), before);
}

#[test]
fn an_enrollment_stands_on_a_day_as_the_fold_says() {
    let world = filled();
    let history = world.history("cluster_area-futian");
    asked(&world, |tables| {
        let filter = EnrollmentFilter {
            province: Some(SubjectId::parse("440000").unwrap()),
            ..EnrollmentFilter::default()
        };
        for on in
            ["2014-10-07", "2014-10-08", "2014-11-30", "2015-12-31", "2017-12-10", "2018-10-01"]
        {
            let rows = tables.list_enrollments(&filter, At::day(day(on)), None, 10)?;
            let state = history.state_at(day(on));
            assert_eq!(rows.first().and_then(|row| row.stands_at.clone()), state.node, "{on}");
            let Some(row) = rows.first() else { continue };
            assert_eq!(row.term_until, state.term.as_ref().map(|term| term.until), "{on}");
            assert_eq!(row.title, state.title.as_ref().map(|title| title.title.clone()), "{on}");
            assert_eq!(row.waiting.len(), state.matters.len(), "{on}");
            assert_eq!(row.revision, history.revision().unwrap(), "{on}");
            let name = if day(on) < day("2016-01-01") { "Futian" } else { "New Futian" };
            assert_eq!(row.name.en, name, "{on}");
        }
        Ok(())
    });
}

#[test]
fn filters_pick_what_they_name() {
    let world = filled();
    asked(&world, |tables| {
        let day = day("2018-06-30");
        let with = |change: &dyn Fn(&mut EnrollmentFilter)| {
            let mut filter = EnrollmentFilter::default();
            change(&mut filter);
            tables.list_enrollments(&filter, At::day(day), None, 10).unwrap().len()
        };
        assert_eq!(with(&|f| f.phase = Some(Id::from("under_construction"))), 2);
        assert_eq!(with(&|f| f.phase = Some(Id::from("experimental"))), 1);
        assert_eq!(with(&|f| f.waiting = Some(true)), 1);
        assert_eq!(with(&|f| f.waiting = Some(false)), 2);
        assert_eq!(with(&|f| f.kind = Some(Id::from("province"))), 0);
        assert_eq!(with(&|f| f.category = Some(Id::from("leading"))), 0);
        assert_eq!(with(&|f| f.program = Some(ProgramId::parse("strong_province").unwrap())), 0);
        assert_eq!(with(&|f| f.provenance = Some(docket::domain::ids::Provenance::Attested)), 0);
        Ok(())
    });
}

#[test]
fn obligations_come_back_as_the_duties_of_the_fold() {
    let world = filled();
    let late = At::day(day("2040-01-01"));
    asked(&world, |tables| {
        let filter = ObligationFilter {
            subject: Some(SubjectId::parse("futian").unwrap()),
            ..ObligationFilter::default()
        };
        let rows = tables.list_obligations(&filter, late, None, 100)?;
        let mut duties: Vec<_> = rows.iter().map(|row| row.duty.clone()).collect();
        let state = world.history("cluster_area-futian").state();
        let mut expected: Vec<_> = state.duties.iter().map(|duty| (**duty).clone()).collect();
        for list in [&mut duties, &mut expected] {
            list.sort_by(|a, b| (a.opened_by, &a.obligation).cmp(&(b.opened_by, &b.obligation)));
        }
        assert_eq!(duties, expected);
        assert!(rows.iter().all(|row| row.kept_since == state.kept_since));
        let mut paged = Vec::new();
        let mut after = None;
        let every = ObligationFilter::default();
        loop {
            let page = tables.list_obligations(&every, late, after.as_ref(), 2)?;
            let Some(last) = page.last() else { break };
            after = Some(last.cursor());
            paged.extend(page);
        }
        assert_eq!(paged, tables.list_obligations(&every, late, None, 100)?);
        let due = ObligationFilter {
            owes: Some(Office::ProvincialDepartment),
            due_before: Some(day("2015-03-01")),
            due_after: Some(day("2015-01-01")),
            ..every.clone()
        };
        assert_eq!(tables.list_obligations(&due, late, None, 100)?.len(), 3);
        let later = ObligationFilter { due_after: Some(day("2015-03-01")), ..due };
        assert_eq!(tables.list_obligations(&later, late, None, 100)?.len(), 0);
        let binding = ObligationFilter { only_binding: true, ..every };
        let binding = tables.list_obligations(&binding, late, None, 100)?;
        assert!(binding.iter().all(|row| row.duty.ended.is_none()));
        assert!(binding.iter().all(|row| row.duty.series.is_some() || row.duty.met.is_empty()));
        Ok(())
    });
}

#[test]
fn subjects_are_listed_and_the_provinces_that_stand_outside() {
    let mut world = filled();
    world.register("440000", "province", "440000", ("Guangdong", "广东"));
    world.register("320000", "province", "320000", ("Jiangsu", "江苏"));
    let plan = r#"{"act":"submit_promotion_plan","effective_on":"2016-05-01","summary":"s"}"#;
    let met = world.act("strong_province", "320000", Office::Province, plan);
    asked(&world, |tables| {
        let day = day("2018-06-30");
        let rows = tables.list_subjects(&SubjectFilter::default(), day, None, 100)?;
        let subjects: Vec<_> = rows.iter().map(|row| row.subject.as_str()).collect();
        assert_eq!(subjects, ["haidian", "320000", "suzhou", "440000", "futian"]);
        let second =
            tables.list_subjects(&SubjectFilter::default(), day, Some(&rows[0].cursor()), 1)?;
        assert_eq!(second, rows[1..2]);
        assert_eq!(rows[4].name.en, "New Futian");
        assert_eq!(rows[4].responsible_office.as_ref().unwrap().en, "IP Office");
        let invented = SubjectFilter { invented: true, ..SubjectFilter::default() };
        assert_eq!(tables.list_subjects(&invented, day, None, 100)?.len(), 1);
        let met_by = |row: &UnlistedRow| row.state.met_outside.values().next().map(|met| met.by);
        let filter = UnlistedFilter {
            program: ProgramId::parse("strong_province").unwrap(),
            exercise: false,
            kinds: vec![Id::from("province"), Id::from("corps")],
            standing: vec![Id::from("pilot")],
            subject: None,
            province: None,
            no_province: false,
        };
        let unlisted = tables.list_unlisted(&filter, At::day(day), None, 100)?;
        let shown: Vec<_> =
            unlisted.iter().map(|row| (row.subject.subject.as_str(), met_by(row))).collect();
        assert_eq!(shown, [("320000", Some(met.revision)), ("440000", None)]);
        let second =
            tables.list_unlisted(&filter, At::day(day), Some(&unlisted[0].subject.cursor()), 1)?;
        assert_eq!(second, unlisted[1..]);
        let one = UnlistedFilter { subject: SubjectId::parse("320000").ok(), ..filter.clone() };
        assert_eq!(tables.list_unlisted(&one, At::day(day), None, 100)?, unlisted[..1]);
        let standing = UnlistedFilter { standing: vec![Id::from("outside")], ..filter };
        assert_eq!(tables.list_unlisted(&standing, At::day(day), None, 100)?.len(), 1);
        Ok(())
    });
}

/// The known time is the running maximum: an event recorded by a clock that stood back is known
/// when the one before it was.
#[test]
fn an_instant_is_resolved_to_a_sequence_once() {
    let mut world = world();
    let start = world.now_us;
    world.now_us = start + 10_000_000;
    world.register("futian", "cluster_area", "440000", ("Futian", "福田"));
    world.now_us = start + 5_000_000;
    world.register("haidian", "cluster_area", "110000", ("Haidian", "海淀"));
    let first = world.log.as_ref();
    let event = world.runtime.block_on(first.read_all(None, 1)).unwrap().events.remove(0);
    let created = event.recorded_at_us;
    let id = event.event_id;
    asked(&world, |tables| {
        let known = |us| tables.sequence_known_at(Timestamp::from_micros(us)).unwrap();
        assert_eq!(known(created - 1), None);
        assert_eq!(known(created), Some(0));
        assert_eq!(known(start + 5_000_000), Some(0));
        assert_eq!(known(start + 10_000_000), Some(2));
        assert_eq!(known(i64::MAX), Some(2));
        let (sequence, reference) = tables.find_event(id)?.unwrap();
        assert_eq!((sequence, reference.to_string()), (0, format!("log@0#{id}")));
        Ok(())
    });
}
