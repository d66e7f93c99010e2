//! P4: places are counted across provinces and days, safe when approvals race and when a process
//! dies or stalls between the reservation and the approval.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/app.rs"]
mod app;
#[path = "support/breaking_log.rs"]
mod breaking_log;
#[path = "quota_races/overrides.rs"]
mod overrides;

use std::sync::Arc;

use app::{World, national};
use breaking_log::{Break, BreakingLog};
use docket::app::ActError;
use docket::domain::refusal::Reason;
use docket::log::{LogError, MemoryLog};
use serde_json::json;

const PROGRAM: &str = "exercise_strong_province";

async fn five_leading(world: &World) {
    for n in 1..=5 {
        let id = format!("x0{n}");
        world.applicant(&id, "leading").await;
        world.approve(&id, "approve").await.unwrap();
    }
}

fn pointers(error: &ActError) -> Vec<&str> {
    match error {
        ActError::Refused(refusal) => match &*refusal.reason {
            Reason::Invalid { errors } => errors.iter().map(|e| e.pointer.as_str()).collect(),
            other => panic!("refused otherwise: {other:?}"),
        },
        other => panic!("not refused: {other:?}"),
    }
}

fn exhausted(error: &ActError) -> (u32, u32, String) {
    match error {
        ActError::Refused(refusal) => match &*refusal.reason {
            Reason::QuotaExhausted { limit, taken, on, .. } => {
                assert_eq!(refusal.article.as_deref(), Some("III(I)1"));
                (*limit, *taken, on.to_string())
            }
            other => panic!("refused otherwise: {other:?}"),
        },
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn p4_the_sixth_leading_pilot_is_refused_and_leaves_no_event() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    five_leading(&world).await;
    world.applicant("x06", "leading").await;
    let refused = world.approve("x06", "approve").await.unwrap_err();
    assert_eq!(exhausted(&refused), (5, 5, "2016-03-01".to_owned()));
    let history = world.app.history(&format!("{PROGRAM}-x06")).await.unwrap();
    assert_eq!(history.events().len(), 1, "the application alone");
    assert_eq!(world.taken("leading", "2016-03-01").await, 5);

    // The counter-case: another category has places.
    world.applicant("x07", "supporting").await;
    world.approve("x07", "approve").await.unwrap();
}

#[tokio::test]
async fn p4_an_override_of_the_national_office_is_recorded_with_its_justification() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    five_leading(&world).await;
    world.applicant("x06", "leading").await;
    let body = json!({"act": "approve", "effective_on": "2016-03-01", "batch": "1",
        "override": {"justification": "decided by the ministers' meeting"}});
    let answer = world.act(&national(), (PROGRAM, "x06"), "approve", body).await.unwrap();
    let fact = answer.recorded.event.fact().unwrap();
    let justification = &*fact.over_limit.as_ref().unwrap().justification;
    assert_eq!(justification, "decided by the ministers' meeting");
    assert_eq!(world.taken("leading", "2016-03-01").await, 6);

    // The counter-case: an override where a place is free is refused, and leaves nothing.
    world.applicant("x07", "supporting").await;
    let body = json!({"act": "approve", "effective_on": "2016-03-01", "batch": "1",
        "override": {"justification": "just in case"}});
    let refused = world.act(&national(), (PROGRAM, "x07"), "approve", body).await.unwrap_err();
    assert_eq!(pointers(&refused), ["/override"]);
    assert_eq!(world.taken("supporting", "2016-03-01").await, 0);
    world.approve("x07", "approve without").await.unwrap();
}

#[tokio::test]
async fn p4_an_approval_dated_into_days_that_were_full_is_refused() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    five_leading(&world).await;
    // A place is freed in 2020; the years before stay full.
    let subject = (PROGRAM, "x01");
    let evaluate = json!({"act": "evaluate", "effective_on": "2020-05-01", "result": "passed", "findings": "…"});
    world.act(&national(), subject, "evaluate", evaluate).await.unwrap();
    let list = json!({"act": "list", "effective_on": "2020-06-01", "rank": "demonstration", "batch": "1",
        "document": {"title": "an invented listing decision"}});
    world.act(&national(), subject, "list", list).await.unwrap();
    world.applicant("x06", "leading").await;
    let refused = world.approve_on("x06", "approve", "2018-01-01").await.unwrap_err();
    assert_eq!(exhausted(&refused), (5, 5, "2018-01-01".to_owned()));
    world.approve_on("x06", "approve later", "2020-06-01").await.unwrap();
    assert_eq!(world.taken("leading", "2020-06-01").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p4_of_approvals_that_race_for_the_last_place_exactly_one_wins() {
    let world = Arc::new(World::over(Arc::new(MemoryLog::new())).await);
    for n in 1..=4 {
        world.applicant(&format!("x0{n}"), "leading").await;
        world.approve(&format!("x0{n}"), "approve").await.unwrap();
    }
    let racers: Vec<String> = (10..18).map(|n| format!("x{n}")).collect();
    for id in &racers {
        world.applicant(id, "leading").await;
    }
    let running: Vec<_> = racers
        .into_iter()
        .map(|id| {
            let world = world.clone();
            tokio::spawn(async move { world.approve(&id, "approve").await })
        })
        .collect();
    let mut won = 0;
    for task in running {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => assert_eq!(exhausted(&error).0, 5),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(world.taken("leading", "2016-03-01").await, 5);
}

#[tokio::test]
async fn p4_a_process_that_dies_between_reservation_and_approval_costs_no_place() {
    let log = Arc::new(BreakingLog::new());
    let world = World::over(log.clone()).await;
    world.applicant("x01", "leading").await;
    // The reservation is appended; the approval's append is never answered and never written.
    log.break_at(&format!("{PROGRAM}-x01"), Break::LostBefore);
    let error = world.approve("x01", "approve").await.unwrap_err();
    assert!(matches!(error, ActError::Log(LogError::OutcomeUnknown(_))), "{error}");
    assert_eq!(world.taken("leading", "2016-03-01").await, 1, "taken until it is known");
    let world = world.again(log.clone()).await;
    assert_eq!(world.taken("leading", "2016-03-01").await, 0);
    let history = world.app.history(&format!("{PROGRAM}-x01")).await.unwrap();
    assert_eq!(history.events().last().unwrap().event.event_type(), "ApprovalAbandoned");
    // The same act, sent again with the same key, takes a new reservation and happens once.
    world.approve("x01", "approve").await.unwrap();
    assert_eq!(world.taken("leading", "2016-03-01").await, 1);
}

#[tokio::test]
async fn p4_an_approval_that_was_written_after_all_keeps_its_place_and_its_answer() {
    let log = Arc::new(BreakingLog::new());
    let world = World::over(log.clone()).await;
    world.applicant("x01", "leading").await;
    log.break_at(&format!("{PROGRAM}-x01"), Break::LostAfter);
    // Written, the answer lost: the stream is looked at, and the answer given.
    let first = world.approve("x01", "approve").await.unwrap();
    let world = world.again(log.clone()).await;
    assert_eq!(world.taken("leading", "2016-03-01").await, 1);
    let again = world.approve("x01", "approve").await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.recorded.id, first.recorded.id);
}

#[tokio::test]
async fn p4_a_place_freed_just_before_a_crash_is_free_after_the_recovery() {
    place_freed_late(true).await;
}

#[tokio::test]
async fn p4_a_place_that_could_not_be_freed_at_once_is_free_after_the_recovery() {
    place_freed_late(false).await;
}

async fn place_freed_late(restarts: bool) {
    let log = Arc::new(BreakingLog::new());
    let world = World::over(log.clone()).await;
    five_leading(&world).await;
    let evaluate = json!({"act": "evaluate", "effective_on": "2020-05-01", "result": "failed", "findings": "…"});
    world.act(&national(), (PROGRAM, "x01"), "evaluate", evaluate).await.unwrap();
    log.break_at(&format!("quota-{PROGRAM}.leading"), Break::LostBefore);
    let province = app::caller(docket::domain::ids::Office::Province, "x01", &["x01"]);
    let exit = json!({"act": "declare_exit", "effective_on": "2020-07-01", "reason": "…"});
    // The exit is on record, so it is answered as that.
    let exit = world.act(&province, (PROGRAM, "x01"), "exit", exit).await.unwrap();
    assert_eq!(exit.recorded.event.event_type(), "ExitDeclared");
    assert_eq!(world.taken("leading", "2020-07-01").await, 5, "taken until the recovery");
    let world = if restarts {
        world.again(log.clone()).await
    } else {
        assert_eq!(world.app.places().recover(i64::MAX).await.unwrap().restated, 1);
        world
    };
    assert_eq!(world.taken("leading", "2020-07-01").await, 4);
    assert_eq!(world.taken("leading", "2020-06-30").await, 5);
}

#[tokio::test]
async fn p4_a_process_that_stalls_before_its_approval_wakes_and_takes_no_place() {
    let log = Arc::new(BreakingLog::new());
    let world = World::over(log.clone()).await;
    five_leading_but_one(&world).await;
    world.applicant("x05", "leading").await;
    world.applicant("x06", "leading").await;
    log.break_at(&format!("{PROGRAM}-x05"), Break::Stall);
    let sleeper = world.app.clone();
    let slow = tokio::spawn(async move {
        let body = json!({"act": "approve", "effective_on": "2016-03-01", "batch": "1"});
        app::act_on(&sleeper, &national(), (PROGRAM, "x05"), "approve", body).await
    });
    log.stalled().await;
    // Another process over the same log finds the reservation without its approval, gives the
    // revision away, and the place to the next in line.
    let world = world.again(log.clone()).await;
    assert_eq!(world.taken("leading", "2016-03-01").await, 4);
    world.approve("x06", "approve").await.unwrap();
    log.go_on();
    let late = slow.await.unwrap().unwrap_err();
    assert_eq!(exhausted(&late), (5, 5, "2016-03-01".to_owned()));
    assert_eq!(world.taken("leading", "2016-03-01").await, 5);
}

async fn five_leading_but_one(world: &World) {
    for n in 1..=4 {
        let id = format!("x0{n}");
        world.applicant(&id, "leading").await;
        world.approve(&id, "approve").await.unwrap();
    }
}

/// A reservation made under an override is none for an approval without one.
#[tokio::test]
async fn p4_an_approval_without_override_does_not_use_what_one_with_it_reserved() {
    let log = Arc::new(BreakingLog::new());
    let world = World::over(log.clone()).await;
    five_leading(&world).await;
    world.applicant("x06", "leading").await;
    log.break_at(&format!("{PROGRAM}-x06"), Break::LostBefore);
    let body = json!({"act": "approve", "effective_on": "2016-03-01", "batch": "1",
        "override": {"justification": "decided by the ministers' meeting"}});
    let lost = world.act(&national(), (PROGRAM, "x06"), "approve", body.clone()).await;
    assert!(matches!(lost, Err(ActError::Log(LogError::OutcomeUnknown(_)))));
    let refused = world.approve("x06", "approve").await.unwrap_err();
    assert_eq!(exhausted(&refused).0, 5);
    let answer = world.act(&national(), (PROGRAM, "x06"), "approve", body).await.unwrap();
    assert!(answer.recorded.event.fact().unwrap().over_limit.is_some());
}
