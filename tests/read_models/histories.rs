//! The read models themselves on every engine: the same rows and the same answers, filled at one go,
//! followed, or rebuilt.

use std::sync::Arc;
use std::time::Duration;

use docket::domain::date::Timestamp;
use docket::domain::ids::{EventRef, Id, Office, ProgramId, SubjectId};
use docket::domain::quota::{PlaceReserved, PlacesRestated, QuotaEvent, Span};
use docket::log::MemoryLog;
use docket::projection::current_status::EnrollmentFilter;
use docket::projection::obligations::ObligationFilter;
use docket::projection::store::CopyWriter;
use docket::projection::subjects::{SubjectFilter, UnlistedFilter};
use docket::projection::{
    At, Compared, Copies, Folder, Follower, Models, Options, Progress, ReadModels, Rebuild, Runner,
    StoreError, Tables, all, checksum, kept_checksum, rebuild, verify,
};
use tokio::runtime::Runtime;

use crate::lives::{ahead, annual, cluster_area, construction, shown, succeeded};
use crate::on_every_engine;
use crate::places::Place;
use crate::world::{World, day};

on_every_engine!(
    followed_and_rebuilt_the_rows_are_those_of_sqlite,
    every_question_has_the_answer_of_sqlite,
    a_runner_follows_and_rows_of_another_log_are_not_continued,
);

/// Several lives, interleaved with late entries, corrections, renamings, places of a quota and
/// Docket's own events.
pub fn filled() -> World {
    let mut world = World::around(Arc::new(MemoryLog::new()), Runtime::new().unwrap());
    let at = &mut world;
    for area in ["futian", "haidian", "suzhou"] {
        at.register(area, "cluster_area", "440000", (area, "区"));
    }
    at.register("inv_area", "cluster_area", "inv_province", ("Invented", "虚构"));
    at.register("440000", "province", "440000", ("Guangdong", "广东"));
    at.register("320000", "province", "320000", ("Jiangsu", "江苏"));
    cluster_area(at, "cluster_area", "futian");
    let approval = construction(at, "cluster_area", "haidian");
    construction(at, "cluster_area", "suzhou");
    cluster_area(at, "exercise_cluster_area", "inv_area");
    at.abandon("cluster_area-suzhou");
    at.rename("futian", "2020-05-01", ("New Futian", "新福田"));
    at.correct_subjects();
    let amendment = r#"{"act":"submit_amendment","effective_on":"2016-05-01","opinion":"o",
        "explanation":"e","plan":{"contents":{"goals":"h"}}}"#;
    at.act("cluster_area", "haidian", Office::LocalGovernment, amendment);
    correct(at, &approval);
    let plan = r#"{"act":"submit_promotion_plan","effective_on":"2016-05-01","summary":"s"}"#;
    at.act("strong_province", "320000", Office::Province, plan);
    evaluated_years(at);
    places(at, &approval);
    succeeded(at, "tianhe");
    shown(at, "xihu");
    ahead(at, "optics_valley");
    annual(at, "exercise_strong_province", "inv_province");
    whole(at);
    for division in ["440000", "inv_province"] {
        let figure = r#"{"indicator":"pct_international_applications","period":"2018",
            "basis":"full year","value":"51893","unit":"applications","confidence":"attested","source":"a table"}"#;
        at.figure(division, &serde_json::from_str(figure).unwrap());
    }
    world
}

/// A program as a whole: what is laid on it lapses, is met late, and by an act that is corrected.
fn whole(world: &mut World) {
    let (program, stream) = ("exercise_strong_province", "program-exercise_strong_province");
    let works = |year: i32| {
        format!(
            r#"{{"act":"record_arrangement","effective_on":"{year}-01-10","kind":"key_works","year":{year},"text":"x"}}"#
        )
    };
    world.act_for(program, Office::NationalOffice, &works(2017));
    assert_eq!(world.silence(stream, "2021-03-01"), 1, "the guidance of 2019 to 2020");
    let guidance = r#"{"act":"record_guidance","effective_on":"2021-03-01","text":"g"}"#;
    world.act_for(program, Office::NationalOffice, guidance);
    let earlier = world.act_for(program, Office::NationalOffice, &works(2016));
    let annulled = format!(
        r#"{{"act":"correct","effective_on":"2021-04-01","corrects":"{earlier}","reason":"a draft"}}"#
    );
    world.act_for(program, Office::NationalOffice, &annulled);
}

fn correct(world: &mut World, approval: &EventRef) {
    let replaced = format!(
        r#"{{"act":"correct","effective_on":"2016-06-01","corrects":"{approval}","reason":"a day late",
            "replacement":{{"act":{{"act":"approve","content":{{"round":"2014"}}}},
            "common":{{"effective_on":"2014-12-01"}}}}}}"#
    );
    let correction = world.act("cluster_area", "haidian", Office::NationalOffice, &replaced);
    let annulled = format!(
        r#"{{"act":"correct","effective_on":"2016-07-01","corrects":"{correction}","reason":"never signed"}}"#
    );
    world.act("cluster_area", "haidian", Office::NationalOffice, &annulled);
    let note = r#"{"act":"note","effective_on":"2016","text":"unveiled"}"#;
    world.act("cluster_area", "haidian", Office::Registrar, note);
}

/// A pilot known from evidence, of batch 1: two years evaluated, the second wrongly.
fn evaluated_years(world: &mut World) {
    let (program, guangdong) = ("strong_province", "440000");
    let shown = r#"{"act":"attest_standing","effective_on":"2016-06","stands_at":"pilot",
        "category":"leading","batch":"1","confidence":"attested","source":"a notice"}"#;
    world.act(program, guangdong, Office::Registrar, shown);
    let mut evaluate = |year: i32, result: &str| {
        let on = year + 1;
        let body = format!(
            r#"{{"act":"evaluate_annually","effective_on":"{on}-02-01","year":{year},"result":"{result}"}}"#
        );
        world.act(program, guangdong, Office::NationalOffice, &body)
    };
    evaluate(2017, "good");
    let wrong = evaluate(2018, "bad");
    let mended = format!(
        r#"{{"act":"correct","effective_on":"2019-03-01","corrects":"{wrong}","reason":"misread",
            "replacement":{{"act":{{"act":"evaluate_annually","content":{{"year":2018,"result":"excellent"}}}},
            "common":{{"effective_on":"2019-02-01"}}}}}}"#
    );
    world.act(program, guangdong, Office::NationalOffice, &mended);
}

fn places(world: &mut World, cites: &EventRef) {
    let enrollment = "strong_province-320000".to_owned();
    let reserved = PlaceReserved {
        enrollment: enrollment.clone(),
        revision: 4,
        from: day("2016-03-01"),
        key: "k".to_owned(),
        over_limit: false,
    };
    world.quota("strong_province", "leading", &QuotaEvent::PlaceReserved(reserved));
    for until in [None, Some(day("2019-01-01"))] {
        let spans = vec![Span { from: day("2016-03-01"), until, attested: false }];
        let restated =
            PlacesRestated { enrollment: enrollment.clone(), cites: cites.clone(), spans };
        world.quota("strong_province", "leading", &QuotaEvent::PlacesRestated(restated));
    }
}

pub fn request<'a>(world: &World, copies: &'a dyn Copies) -> Rebuild<'a> {
    Rebuild {
        log: Arc::clone(&world.log),
        runtime: world.runtime.handle().clone(),
        copies,
        projections: all,
        names: &[],
    }
}

/// A copy that serves and has followed the log to its end in steps of so many events.
pub fn followed(place: &Place, world: &World, limit: usize) -> (Arc<dyn Copies>, Follower) {
    let (copies, writer) = place.serving(Models::new(all()));
    let mut follower = follower(world, writer);
    catch_up(&mut follower, limit);
    (copies, follower)
}

pub fn follower(world: &World, writer: Box<dyn CopyWriter>) -> Follower {
    let runtime = world.runtime.handle().clone();
    Follower::new(writer, Folder::new(Arc::clone(&world.log), runtime, 1 << 20), all)
}

pub fn catch_up(follower: &mut Follower, limit: usize) {
    loop {
        match follower.step(limit) {
            Progress::Moved { end: true } => return,
            Progress::Moved { end: false } => {}
            Progress::Stopped { failure, .. } => panic!("{failure:?}"),
        }
    }
}

pub fn checksums(writer: &mut dyn CopyWriter) -> Vec<(&'static str, String)> {
    let models = all();
    let sums = models.iter().map(|model| {
        let sum = checksum(writer.reader(), &**model).unwrap();
        assert_eq!(kept_checksum(writer.reader(), &**model).unwrap(), sum, "{}", model.name());
        (model.name(), sum)
    });
    sums.collect()
}

fn followed_and_rebuilt_the_rows_are_those_of_sqlite(place: &Place) {
    let mut world = filled();
    let reference = Place::sqlite();
    let expected = checksums(followed(&reference, &world, 4096).1.copy());
    let (copies, mut follower) = followed(place, &world, 7);
    assert_eq!(checksums(follower.copy()), expected);
    let before = follower.copy().id().clone();
    let rebuilt = rebuild(&request(&world, &*copies), &mut |_, _| true).unwrap();
    for model in &rebuilt.models {
        assert_eq!(model.compared, Compared::Same, "{}", model.name);
        let same = expected.iter().any(|(name, sum)| *name == model.name && *sum == model.checksum);
        assert!(same, "{}", model.name);
    }
    let serving = copies.serving().unwrap().unwrap();
    assert_ne!(serving, before);
    // Followed on from the rebuilt copy, as from a fresh one.
    let note = r#"{"act":"note","effective_on":"2016","text":"more"}"#;
    world.act("cluster_area", "suzhou", Office::Registrar, note);
    let writer = crate::places::claimed(&*copies, &serving, "next");
    let mut next = self::follower(&world, writer);
    catch_up(&mut next, 3);
    let fresh = Place::sqlite();
    assert_eq!(checksums(next.copy()), checksums(followed(&fresh, &world, 1).1.copy()));
    let verified = verify(&request(&world, &*copies), &mut |_, _| true).unwrap();
    assert!(verified.models.iter().all(|model| model.compared == Compared::Same), "{verified:?}");
    assert_eq!(copies.serving().unwrap(), Some(serving), "to verify changes nothing");
    let stopped = rebuild(&request(&world, &*copies), &mut |_, _| false);
    assert!(matches!(stopped, Err(StoreError::Interrupted)), "{stopped:?}");
}

fn every_question_has_the_answer_of_sqlite(place: &Place) {
    let world = filled();
    let head = world.runtime.block_on(world.log.head()).unwrap().unwrap();
    let reference = Place::sqlite();
    let (sqlite, _kept) = followed(&reference, &world, 4096);
    let (copies, _held) = followed(place, &world, 4096);
    let (sqlite, copies) = (ReadModels::of_copies(sqlite), ReadModels::of_copies(copies));
    for on in ["2014-10-08", "2015-06-30", "2018-06-30", "2100-01-01"] {
        for known in [None, Some(3), Some(head / 2), Some(head - 2)] {
            let at = At { day: day(on), known };
            let expected = sqlite.read_now(|tables| answers(tables, at)).unwrap();
            let found = copies.read_now(|tables| answers(tables, at)).unwrap();
            assert_eq!(found.position, expected.position);
            assert_eq!(found.known_at_us, expected.known_at_us);
            for ((asked, expected), (_, found)) in expected.value.iter().zip(&found.value) {
                assert_eq!(found, expected, "{asked} at {at:?}");
            }
        }
    }
}

pub type Answers = Vec<(String, String)>;

/// Every list with every filter, as text.
fn answers(tables: &Tables<'_>, at: At) -> Result<Answers, docket::projection::DatabaseError> {
    let mut found = Vec::new();
    enrollments(tables, at, &mut found)?;
    obligations(tables, at, &mut found)?;
    subjects(tables, at, &mut found)?;
    for us in [0, i64::MAX, 1_893_456_000_000_000, 1_893_456_020_000_000] {
        let known = tables.sequence_known_at(Timestamp::from_micros(us))?;
        found.push((format!("known at {us}"), format!("{known:?}")));
    }
    let program = ProgramId::parse("strong_province").unwrap();
    found.push(("places".to_owned(), format!("{:?}", tables.list_places(&program, at.known)?)));
    let exercise = ProgramId::parse("exercise_strong_province").unwrap();
    found.push(("whole".to_owned(), format!("{:?}", tables.whole(&exercise, true, at)?)));
    let id = uuid::Uuid::from_u128(1);
    found.push(("event".to_owned(), format!("{:?}", tables.find_event(id)?)));
    Ok(found)
}

fn enrollments(
    tables: &Tables<'_>,
    at: At,
    found: &mut Answers,
) -> Result<(), docket::projection::DatabaseError> {
    let every = EnrollmentFilter::default();
    let filters = [
        every.clone(),
        EnrollmentFilter { exercise: true, ..every.clone() },
        EnrollmentFilter { phase: Some(Id::from("under_construction")), ..every.clone() },
        EnrollmentFilter { waiting: Some(true), ..every.clone() },
        EnrollmentFilter { waiting: Some(false), ..every.clone() },
        EnrollmentFilter { kind: Some(Id::from("cluster_area")), ..every.clone() },
        EnrollmentFilter { category: Some(Id::from("leading")), ..every.clone() },
        EnrollmentFilter { round: Some(Id::from("2014")), ..every.clone() },
        EnrollmentFilter { batch: Some(Id::from("1")), ..every.clone() },
        EnrollmentFilter { program: ProgramId::parse("cluster_area").ok(), ..every.clone() },
        EnrollmentFilter { province: SubjectId::parse("440000").ok(), ..every },
    ];
    for filter in filters {
        let rows = tables.list_enrollments(&filter, at, None, 100)?;
        let after = rows.first().map(|row| row.cursor());
        let next = tables.list_enrollments(&filter, at, after.as_ref(), 2)?;
        found.push((format!("{filter:?}"), format!("{rows:#?} then {next:#?}")));
    }
    Ok(())
}

fn obligations(
    tables: &Tables<'_>,
    at: At,
    found: &mut Answers,
) -> Result<(), docket::projection::DatabaseError> {
    let every = ObligationFilter::default();
    let filters = [
        every.clone(),
        ObligationFilter { exercise: true, ..every.clone() },
        ObligationFilter { only_binding: true, ..every.clone() },
        ObligationFilter { owes: Some(Office::ProvincialDepartment), ..every.clone() },
        ObligationFilter { due_before: Some(day("2016-03-01")), ..every.clone() },
        ObligationFilter { due_after: Some(day("2016-03-01")), ..every.clone() },
        ObligationFilter { subject: SubjectId::parse("futian").ok(), ..every.clone() },
        ObligationFilter { province: SubjectId::parse("440000").ok(), ..every.clone() },
        ObligationFilter { program: ProgramId::parse("cluster_area").ok(), ..every },
    ];
    for filter in filters {
        let rows = tables.list_obligations(&filter, at, None, 100)?;
        let after = rows.first().map(|row| row.cursor());
        let next = tables.list_obligations(&filter, at, after.as_ref(), 2)?;
        found.push((format!("{filter:?}"), format!("{rows:#?} then {next:#?}")));
    }
    Ok(())
}

fn subjects(
    tables: &Tables<'_>,
    at: At,
    found: &mut Answers,
) -> Result<(), docket::projection::DatabaseError> {
    let every = SubjectFilter::default();
    for filter in [
        every.clone(),
        SubjectFilter { invented: true, ..every.clone() },
        SubjectFilter { kinds: vec![Id::from("province"), Id::from("corps")], ..every.clone() },
        SubjectFilter { province: SubjectId::parse("440000").ok(), ..every },
    ] {
        let rows = tables.list_subjects(&filter, at.day, None, 100)?;
        let after = rows.first().map(|row| row.cursor());
        let next = tables.list_subjects(&filter, at.day, after.as_ref(), 1)?;
        found.push((format!("{filter:?}"), format!("{rows:#?} then {next:#?}")));
    }
    super::registers::registers(tables, at, found)?;
    for standing in ["pilot", "outside"] {
        let filter = UnlistedFilter {
            program: ProgramId::parse("strong_province").unwrap(),
            exercise: false,
            kinds: vec![Id::from("province")],
            standing: vec![Id::from(standing)],
            subject: None,
            province: None,
            no_province: false,
        };
        let rows = tables.list_unlisted(&filter, at, None, 100)?;
        found.push((format!("{filter:?}"), format!("{rows:#?}")));
    }
    Ok(())
}

fn a_runner_follows_and_rows_of_another_log_are_not_continued(place: &Place) {
    let mut world = filled();
    let handle = world.runtime.handle().clone();
    let start = |world: &World| {
        let (log, options) = (Arc::clone(&world.log), Options::new("runner"));
        Runner::start(log, place.open(), options, handle.clone()).unwrap()
    };
    let runner = start(&world);
    let mut status = runner.status();
    let mut until = |runtime: &Runtime, sequence: u64| {
        runtime.block_on(async {
            let has = status.wait_for(|status| status.has(sequence));
            tokio::time::timeout(Duration::from_secs(30), has).await.unwrap().unwrap().clone()
        })
    };
    let head = |world: &World| world.runtime.block_on(world.log.head()).unwrap().unwrap();
    until(&world.runtime, head(&world));
    let note = r#"{"act":"note","effective_on":"2016","text":"more"}"#;
    world.act("cluster_area", "suzhou", Office::Registrar, note);
    let reached = until(&world.runtime, head(&world));
    assert_eq!(reached.failed, None);
    drop(runner);
    let mut other = World::around(Arc::new(MemoryLog::new()), Runtime::new().unwrap());
    // Longer than the one that the rows are from, and its first event is another.
    other.log = Arc::new(MemoryLog::new());
    other.append_unknown("cluster_area-haidian", "SomethingElse");
    let runner = start(&other);
    let mut status = runner.status();
    let failed = other.runtime.block_on(async {
        let failed = status.wait_for(|status| status.failed.is_some());
        tokio::time::timeout(Duration::from_secs(30), failed).await.unwrap().unwrap().clone()
    });
    let reason = failed.failed.unwrap().reason;
    assert!(reason.contains("docket rebuild"), "{reason}");
}
