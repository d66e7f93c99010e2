//! The clerk: a lapse is recorded once, however many look, whatever breaks, and whoever is faster.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/app.rs"]
mod app;
#[path = "support/breaking_log.rs"]
mod breaking_log;
#[path = "clerk/whole.rs"]
mod whole;

use std::sync::Arc;

use app::{World, caller, national, registrar};
use breaking_log::{Break, BreakingLog};
use docket::app::clock::{Clock, ClockError, MAX_BEHIND_US};
use docket::app::{ActError, Cached, Clerk, Round};
use docket::domain::date::{Day, Timestamp};
use docket::domain::duty::lapse_has_ground;
use docket::domain::event::{Event, Recorded};
use docket::domain::ids::Office::{LocalGovernment, ProvincialDepartment};
use docket::domain::logbook::CalendarAdopted;
use docket::domain::measure_file::{FILES, Source};
use docket::log::{EventLog, LogError, MemoryLog};
use serde_json::{Value, json};

const PROGRAM: &str = "exercise_cluster_area";
const STREAM: &str = "exercise_cluster_area-area_one";

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn noon(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("{text}T12:00:00+08:00")).unwrap()
}

async fn acts(world: &World, area: &str, office: &docket::app::Caller, body: Value) {
    let key = format!("{} {}", body["act"], body["effective_on"]);
    world.act(office, (PROGRAM, area), &key, body).await.unwrap();
}

/// Areas approved on 12 October 2014, everything recorded on its own day. Due are a plan on
/// 12 January 2015, and a report at the end of each January, the first of them on a Saturday.
async fn approved(world: &World, areas: &[&str]) {
    world.clock.set(noon("2014-10-08"));
    world.register("x44", "province", None).await;
    let digest = world.upload("a document").await;
    let material = |kind: &str| json!({ "kind": kind, "name": "x", "media_type": "text/plain", "digest": digest });
    let materials = ["application", "initial_work_plan", "commitment"].map(material);
    let services = ["patent", "trademark", "copyright", "geographical_indication", "plant_variety"];
    for area in areas {
        world.register(area, "cluster_area", Some("x44")).await;
        let apply = json!({
            "act": "apply", "effective_on": "2014-10-08", "applicant_kind": "hi_tech_zone",
            "requirements": {
                "management": "yes", "demand": "yes", "agencies": 31, "services": services,
            },
            "materials": materials,
        });
        acts(world, area, &caller(LocalGovernment, "local", &[area]), apply).await;
    }
    world.clock.set(noon("2014-10-10"));
    for area in areas {
        let recommend = json!({
            "act": "recommend", "effective_on": "2014-10-10", "opinion": "yes",
            "materials": [material("letter_of_recommendation")],
        });
        acts(world, area, &caller(ProvincialDepartment, "department", &["x44"]), recommend).await;
    }
    world.clock.set(noon("2014-10-12"));
    for area in areas {
        let approve = json!({ "act": "approve", "effective_on": "2014-10-12" });
        acts(world, area, &national(), approve).await;
    }
}

async fn look(clerk: &mut Clerk, world: &World, on: &str) -> Round {
    world.clock.set(noon(on));
    clerk.run_once(day(on)).await.unwrap()
}

/// The lapses of the area: revision, obligation, due date.
async fn lapses(world: &World) -> Vec<(u64, String)> {
    let history = world.app.history(STREAM).await.unwrap();
    let lapse = |event: &Recorded| match &event.event {
        Event::ObligationLapsed(lapse) => {
            Some((event.revision, format!("{} {}", lapse.obligation, lapse.due)))
        }
        _ => None,
    };
    history.events().iter().filter_map(lapse).collect()
}

fn named(list: &[(u64, &str)]) -> Vec<(u64, String)> {
    list.iter().map(|(revision, lapse)| (*revision, (*lapse).to_owned())).collect()
}

const PLAN: &str = "construction_plan 2015-01-12";
const REPORT: &str = "annual_report 2015-01-31";

#[tokio::test]
async fn a_lapse_says_what_was_due_by_what_it_was_judged_and_under_what() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    approved(&world, &["area_one"]).await;
    let calendar = CalendarAdopted {
        year: 2015,
        rest_days: vec![day("2015-02-02")],
        working_weekends: Vec::new(),
        source: "a notice".to_owned(),
        digest: None,
    };
    let written =
        world.app.registrar().adopt_calendar(&registrar(), calendar, "calendar").await.unwrap();
    let mut clerk = Clerk::new(world.app.clone(), 0);
    assert_eq!(look(&mut clerk, &world, "2015-01-12").await.lapsed, 0);
    assert_eq!(look(&mut clerk, &world, "2015-01-13").await.lapsed, 1);
    // Saturday the 31st, and Monday a rest day: Tuesday is in time.
    assert_eq!(look(&mut clerk, &world, "2015-02-03").await.lapsed, 0);
    assert_eq!(look(&mut clerk, &world, "2015-02-04").await.lapsed, 1);
    let history = world.app.history(STREAM).await.unwrap();
    let event = history.at(4).unwrap();
    let Event::ObligationLapsed(lapse) = &event.event else { unreachable!() };
    assert_eq!((lapse.not_late_before, lapse.holidays_known), (day("2015-02-03"), true));
    assert_eq!((lapse.due_year, lapse.opened_by), (Some(2015), 2));
    let meta = &event.meta;
    assert_eq!((meta.principal.as_str(), meta.role.as_str()), ("docket", "docket"));
    assert_eq!(meta.effective_on.as_str(), "2015-02-04");
    assert_eq!(
        (meta.measure.as_deref(), meta.article.as_deref()),
        (Some("2014-40"), Some("Art. 15"))
    );
    assert_eq!(meta.edition, history.at(2).unwrap().meta.edition);
    assert!(meta.exercise && meta.key.is_none());
    let approval = history.at(2).unwrap().reference(STREAM);
    let adopted = format!("calendar-2015@0#{}", written.id);
    assert_eq!(meta.rests_on, format!("{approval} {adopted}"));
    let cause = "lapse annual_report@2 due 2015-01-31";
    let id = docket::codec::caused_event_id(world.app.log_id(), STREAM, 4, cause);
    assert_eq!(event.id, id);
    assert!(lapse_has_ground(&history.state(), lapse));
}

#[tokio::test]
async fn looking_again_records_nothing_new_in_this_process_or_the_next() {
    let log = Arc::new(MemoryLog::new());
    let world = World::over(log.clone()).await;
    approved(&world, &["area_one"]).await;
    let mut clerk = Clerk::new(world.app.clone(), 0);
    let first = look(&mut clerk, &world, "2016-03-01").await;
    assert_eq!((first.looked_at, first.lapsed), (1, 3));
    let head = log.head().await.unwrap();
    assert_eq!(look(&mut clerk, &world, "2016-03-01").await, Round::default());
    let mut fresh = Clerk::new(world.app.clone(), 0);
    assert_eq!(look(&mut fresh, &world, "2016-03-01").await.lapsed, 0);
    let kept = world.app.enrollment(STREAM).await.unwrap();
    let replayed = Cached::of(&world.app.history(STREAM).await.unwrap());
    assert_eq!((&kept.state, kept.revision), (&replayed.state, replayed.revision));
    assert_eq!(kept.last_fold_day, replayed.last_fold_day);
    let world = world.again(log.clone()).await;
    let mut next = Clerk::new(world.app.clone(), 0);
    assert_eq!(look(&mut next, &world, "2016-03-01").await.lapsed, 0);
    assert_eq!(log.head().await.unwrap(), head);
    let recorded = named(&[(3, PLAN), (4, REPORT), (5, "annual_report 2016-01-31")]);
    assert_eq!(lapses(&world).await, recorded);
    // It looks again on the day on which the next report can lapse, and not before.
    assert_eq!(look(&mut clerk, &world, "2017-01-31").await.looked_at, 0);
    world.app.enrollment(STREAM).await.unwrap();
    assert_eq!(look(&mut next, &world, "2017-02-01").await.lapsed, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_clerks_that_race_over_one_log_exactly_one_records_each_lapse() {
    let log = Arc::new(MemoryLog::new());
    let first = World::over(log.clone()).await;
    let areas = ["area_1", "area_2", "area_3", "area_4", "area_5", "area_6", "area_7", "area_8"];
    approved(&first, &areas).await;
    let second = World::over(log.clone()).await;
    for world in [&first, &second] {
        // Both have folded the enrollments before the other one writes.
        for area in areas {
            world.app.enrollment(&format!("{PROGRAM}-{area}")).await.unwrap();
        }
        world.clock.set(noon("2017-06-01"));
    }
    let race = |world: &World| {
        let mut clerk = Clerk::new(world.app.clone(), 0);
        tokio::spawn(async move { clerk.run_once(day("2017-06-01")).await.unwrap() })
    };
    let racing: Vec<_> = [&first, &second, &first, &second].into_iter().map(race).collect();
    let mut lapsed = 0;
    for clerk in racing {
        let round = clerk.await.unwrap();
        assert_eq!((round.unreadable, round.postponed), (0, 0));
        lapsed += round.lapsed;
    }
    assert_eq!(lapsed, 8 * 4, "a plan and three reports each");
    for area in areas {
        let history = second.app.history(&format!("{PROGRAM}-{area}")).await.unwrap();
        assert_eq!(history.events().len(), 3 + 4);
    }
}

/// The clerk decided on what it read; before it wrote, the plan came in on another node.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_comes_in_while_it_looks_is_seen_before_anything_is_recorded() {
    let log = Arc::new(BreakingLog::new());
    let clerks = World::over(log.clone()).await;
    approved(&clerks, &["area_one"]).await;
    let other = World::over(log.clone()).await;
    for world in [&clerks, &other] {
        world.clock.set(noon("2015-01-20"));
    }
    log.break_at(STREAM, Break::Stall);
    let mut clerk = Clerk::new(clerks.app.clone(), 0);
    let looking = tokio::spawn(async move { clerk.run_once(day("2015-01-20")).await.unwrap() });
    log.stalled().await;
    let department = caller(ProvincialDepartment, "department", &["x44"]);
    let plan = json!({
        "act": "submit_plan", "effective_on": "2015-01-20", "contents": { "goals": "x" },
        "guidelines": ["environment"],
    });
    acts(&other, "area_one", &department, plan).await;
    log.go_on();
    assert_eq!(looking.await.unwrap().lapsed, 0, "late, and no silence");
    assert_eq!(lapses(&other).await, []);
}

#[tokio::test]
async fn a_stop_between_two_appends_loses_and_doubles_nothing() {
    for how in [Break::LostBefore, Break::LostAfter] {
        let log = Arc::new(BreakingLog::new());
        let world = World::over(log.clone()).await;
        approved(&world, &["area_one"]).await;
        world.clock.set(noon("2015-01-13"));
        let mut clerk = Clerk::new(world.app.clone(), 0);
        clerk.run_once(day("2015-01-13")).await.unwrap();
        world.clock.set(noon("2016-03-01"));
        log.break_at(STREAM, how);
        let broken = clerk.run_once(day("2016-03-01")).await;
        if how == Break::LostBefore {
            let unknown = matches!(broken, Err(ActError::Log(LogError::OutcomeUnknown(_))));
            assert!(unknown, "{broken:?}");
            assert_eq!(lapses(&world).await, named(&[(3, PLAN)]));
        } else {
            assert_eq!(broken.unwrap().lapsed, 2, "written, as the stream says");
        }
        // Another process goes on, or the same one in its next round.
        let expected = named(&[(3, PLAN), (4, REPORT), (5, "annual_report 2016-01-31")]);
        if how == Break::LostBefore {
            assert_eq!(clerk.run_once(day("2016-03-01")).await.unwrap().lapsed, 2);
        }
        let world = world.again(log.clone()).await;
        let mut next = Clerk::new(world.app.clone(), 0);
        assert_eq!(look(&mut next, &world, "2016-03-01").await.lapsed, 0);
        assert_eq!(lapses(&world).await, expected);
    }
}

/// Who enters an archive act by act is not told in between what is missing.
#[tokio::test]
async fn an_enrollment_that_is_being_written_is_left_alone() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    approved(&world, &["area_one"]).await;
    let mut clerk = Clerk::new(world.app.clone(), 60_000_000);
    world.clock.set(noon("2015-03-01"));
    let body = json!({ "act": "note", "effective_on": "2015-02-28", "text": "x" });
    acts(&world, "area_one", &registrar(), body).await;
    let round = clerk.run_once(day("2015-03-01")).await.unwrap();
    assert_eq!((round.looked_at, round.postponed), (0, 1));
    let later = Timestamp::from_micros(noon("2015-03-01").micros() + 60_000_000);
    world.clock.set(later);
    let round = clerk.run_once(day("2015-03-01")).await.unwrap();
    assert_eq!((round.looked_at, round.postponed, round.lapsed), (1, 0, 2));
}

#[tokio::test]
async fn a_clock_in_doubt_records_nothing_and_a_day_ahead_of_it_is_not_judged() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    approved(&world, &["area_one"]).await;
    let mut clerk = Clerk::new(world.app.clone(), 0);
    world.clock.set(noon("2015-01-12"));
    assert_eq!(clerk.run_once(day("2026-01-01")).await.unwrap().lapsed, 0);
    world.clock.set(noon("2015-01-13"));
    let ahead = noon("2015-01-13").micros() + MAX_BEHIND_US + 1;
    world.clock.saw(Timestamp::from_micros(ahead));
    let refused = clerk.run_once(day("2015-01-13")).await;
    assert!(matches!(refused, Err(ActError::Clock(ClockError::Behind { .. }))), "{refused:?}");
    assert_eq!(lapses(&world).await, []);
    world.clock.set(Timestamp::from_micros(ahead));
    assert_eq!(clerk.run_once(day("2015-01-13")).await.unwrap().lapsed, 1);
}

#[tokio::test]
async fn it_looks_at_once_and_when_the_civil_day_changes() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    approved(&world, &["area_one"]).await;
    let at = |text: &str| world.clock.set(Timestamp::parse_rfc3339(text).unwrap());
    at("2015-01-12T23:59:59.700+08:00");
    let every = std::time::Duration::from_secs(3600);
    let keeping = tokio::spawn(Clerk::new(world.app.clone(), 0).keep(every));
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(lapses(&world).await, []);
    // An hour is not over, but the day is.
    at("2015-01-13T00:00:00+08:00");
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        if !lapses(&world).await.is_empty() {
            break;
        }
    }
    assert_eq!(lapses(&world).await, named(&[(3, PLAN)]));
    keeping.abort();
}

/// The files of this version, where the measures of 2014 do not say yet what passes to who stood before.
fn before_passing() -> &'static [Source<'static>] {
    let older = |file: &Source<'static>| -> Source<'static> {
        let Some((before, rest)) = file.text.split_once("[passing]") else { return *file };
        let after = rest.split_once("\n# ---").map_or("", |(_, after)| after);
        let text = format!("{before}\n# ---{after}").replace("First edition.", "An older edition.");
        Source { path: file.path, text: Box::leak(text.into_boxed_str()) }
    };
    Box::leak(FILES.iter().map(older).collect())
}

/// An edition that says what passes is adopted while areas stand: of those that stand by an act the
/// version takes hold once; of one that is known from evidence alone, not at all (C18).
#[tokio::test]
async fn a_later_version_takes_hold_of_who_stood_already() {
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let world = World::over(Arc::new(MemoryLog::new())).await;
    let world = world.again_with(log.clone(), before_passing()).await;
    world.register("x44", "province", None).await;
    for area in ["area_one", "area_two"] {
        world.register(area, "cluster_area", Some("x44")).await;
    }
    let approved = json!({
        "act": "record_under_unknown_rule", "effective_on": "2013-05-01",
        "what": "approved", "stands_at": "under_construction",
    });
    acts(&world, "area_one", &registrar(), approved).await;
    let seen = json!({
        "act": "attest_standing", "effective_on": "2013-05-01", "stands_at": "under_construction",
        "confidence": "attested", "source": "a newspaper",
    });
    acts(&world, "area_two", &registrar(), seen).await;
    let mut clerk = Clerk::new(world.app.clone(), 0);
    assert_eq!(look(&mut clerk, &world, "2026-11-22").await.succeeded, 0);

    let world = world.again_with(log, FILES).await;
    let mut clerk = Clerk::new(world.app.clone(), 0);
    let round = look(&mut clerk, &world, "2026-11-22").await;
    assert_eq!((round.succeeded, round.lapsed), (1, 0));
    let history = world.app.history(STREAM).await.unwrap();
    let event = history.at(1).unwrap();
    let Event::MeasureSucceeded(succeeded) = &event.event else { panic!("{event:?}") };
    assert_eq!((&*succeeded.version, succeeded.founded_by), ("2014-40", 0));
    assert_eq!(succeeded.term.as_ref().unwrap().until.to_string(), "2016-05-01");
    assert_eq!(event.meta.effective_on.to_string(), "2014-09-29");
    assert!(event.meta.rests_on.starts_with("exercise_cluster_area-area_one@0#"));
    let state = world.app.enrollment(STREAM).await.unwrap().state.clone();
    assert!(
        state.open_duty("acceptance").is_some() && state.open_duty("construction_plan").is_none()
    );
    // Once, whoever looks again.
    assert_eq!(look(&mut clerk, &world, "2026-11-23").await.succeeded, 0);
    let mut another = Clerk::new(world.app.clone(), 0);
    assert_eq!(look(&mut another, &world, "2026-11-23").await.succeeded, 0);
    assert_eq!(world.app.history(STREAM).await.unwrap().revision(), Some(1));
    let evidenced = world.app.history("exercise_cluster_area-area_two").await.unwrap();
    assert_eq!(evidenced.revision(), Some(0));
}
