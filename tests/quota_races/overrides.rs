//! P3, P4, P10: going over a limit is the national office's, in writing, and only where it is needed;
//! what a correction or evidence takes is never refused, and the days over the limit are listed.

use std::sync::Arc;

use docket::app::{ActAnswer, ActCall, ActError, Precondition};
use docket::codec::parse_act_request;
use docket::domain::date::Day;
use docket::domain::ids::{Office, SubjectId};
use docket::log::MemoryLog;
use serde_json::{Value, json};

use crate::app::{World, caller, national, registrar};
use crate::{PROGRAM, exhausted, five_leading, pointers};

const WHY: &str = "decided by the ministers' meeting";

async fn world() -> World {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    five_leading(&world).await;
    world
}

fn approval(over: bool) -> Value {
    let mut body = json!({"act": "approve", "effective_on": "2016-03-01", "batch": "1"});
    if over {
        body["override"] = json!({"justification": WHY});
    }
    body
}

async fn validate(world: &World, subject: &str, body: Value) -> Result<ActAnswer, ActError> {
    let call = ActCall {
        persons: Vec::new(),
        program: PROGRAM.to_owned(),
        subject: Some(SubjectId::parse(subject).unwrap()),
        request: parse_act_request(body.to_string().as_bytes()).unwrap(),
        key: "validated".to_owned(),
        precondition: Precondition::Any,
        trace: None,
        validate_only: true,
    };
    world.app.act(&national(), &call).await
}

fn justification(answer: &ActAnswer) -> Option<&str> {
    let fact = answer.recorded.event.fact().unwrap();
    fact.over_limit.as_ref().map(|over| &*over.justification)
}

/// The first day over the limit of leading provinces, to which, and how many.
async fn days_over(world: &World) -> Vec<(Day, Option<Day>, u32)> {
    let program = world.app.library().program(PROGRAM).unwrap();
    let quotas = world.app.places().quotas(program).await.unwrap();
    let leading = quotas.iter().find(|quota| quota.category == "leading").unwrap();
    let over = leading.quota.days_over(leading.rule.limit);
    over.iter().map(|run| (run.from, run.until, run.taken)).collect()
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[tokio::test]
async fn p4_what_is_only_validated_meets_the_same_limits_and_leaves_nothing() {
    let world = world().await;
    world.applicant("x06", "leading").await;
    world.applicant("x07", "supporting").await;
    let full = validate(&world, "x06", approval(false)).await.unwrap_err();
    assert_eq!(exhausted(&full).1, 5);
    let over = validate(&world, "x06", approval(true)).await.unwrap();
    assert_eq!((over.validated_only, justification(&over)), (true, Some(WHY)));
    let free = validate(&world, "x07", approval(true)).await.unwrap_err();
    assert_eq!(pointers(&free), ["/override"]);
    validate(&world, "x07", approval(false)).await.unwrap();
    assert_eq!(world.taken("leading", "2016-03-01").await, 5);
    assert_eq!(world.taken("supporting", "2016-03-01").await, 0);
}

#[tokio::test]
async fn p3_direct_entry_needs_an_override_and_takes_no_place() {
    let world = world().await;
    world.register("x06", "province", None).await;
    let province = caller(Office::Province, "x06", &["x06"]);
    let body = json!({"act": "apply", "effective_on": "2016-01-04", "category": "leading",
        "rank": "demonstration"});
    world.act(&province, (PROGRAM, "x06"), "apply", body).await.unwrap();
    let refused = world.act(&national(), (PROGRAM, "x06"), "bare", approval(false)).await;
    let Err(ActError::Refused(refusal)) = refused else { panic!("not refused") };
    assert_eq!(refusal.article.as_deref(), Some("III(II)"));
    let answer = world.act(&national(), (PROGRAM, "x06"), "over", approval(true)).await.unwrap();
    assert_eq!(justification(&answer), Some(WHY));
    assert_eq!(world.taken("leading", "2016-03-01").await, 5);
    assert_eq!(days_over(&world).await, []);
}

#[tokio::test]
async fn p10_an_adjustment_into_a_full_category_is_refused_or_goes_over_in_writing() {
    let world = world().await;
    world.applicant("x06", "supporting").await;
    world.approve("x06", "approve").await.unwrap();
    let province = caller(Office::Province, "x06", &["x06"]);
    let ask = json!({"act": "request_adjustment", "effective_on": "2018-01-04",
        "category": "leading", "reason": "fits better"});
    world.act(&province, (PROGRAM, "x06"), "ask", ask).await.unwrap();
    let mut grant = json!({"act": "approve_adjustment", "effective_on": "2018-03-01"});
    let refused = world.act(&national(), (PROGRAM, "x06"), "grant", grant.clone()).await;
    assert_eq!(exhausted(&refused.unwrap_err()).2, "2018-03-01");
    assert_eq!(world.taken("supporting", "2018-03-01").await, 1, "it keeps the place it has");
    grant["override"] = json!({"justification": WHY});
    let answer = world.act(&national(), (PROGRAM, "x06"), "over", grant).await.unwrap();
    assert_eq!(justification(&answer), Some(WHY));
    assert_eq!(world.taken("supporting", "2018-02-28").await, 1);
    assert_eq!(world.taken("supporting", "2018-03-01").await, 0);
    assert_eq!(days_over(&world).await, [(day("2018-03-01"), None, 6)]);

    // The counter-case: into a category with places an override is none.
    let province = caller(Office::Province, "x01", &["x01"]);
    let ask = json!({"act": "request_adjustment", "effective_on": "2018-04-01",
        "category": "characteristic", "reason": "fits better"});
    world.act(&province, (PROGRAM, "x01"), "ask", ask).await.unwrap();
    let grant = json!({"act": "approve_adjustment", "effective_on": "2018-05-01",
        "override": {"justification": WHY}});
    let refused = world.act(&national(), (PROGRAM, "x01"), "over", grant).await.unwrap_err();
    assert_eq!(pointers(&refused), ["/override"]);
}

#[tokio::test]
async fn p4_a_correction_that_takes_a_place_again_is_not_refused_and_the_days_over_are_listed() {
    let world = world().await;
    let failed = json!({"act": "evaluate", "effective_on": "2020-05-01", "result": "failed",
        "findings": "…"});
    world.act(&national(), (PROGRAM, "x01"), "evaluate", failed).await.unwrap();
    let province = caller(Office::Province, "x01", &["x01"]);
    let exit = json!({"act": "declare_exit", "effective_on": "2020-07-01", "reason": "…"});
    let exit = world.act(&province, (PROGRAM, "x01"), "exit", exit).await.unwrap();
    world.applicant("x06", "leading").await;
    world.approve_on("x06", "approve", "2021-01-01").await.unwrap();
    assert_eq!(days_over(&world).await, []);
    let annulment = json!({"act": "correct", "effective_on": "2026-11-22",
        "corrects": exit.recorded.reference(&exit.stream).to_string(), "reason": "not declared"});
    world.act(&national(), (PROGRAM, "x01"), "annul", annulment).await.unwrap();
    assert_eq!(world.taken("leading", "2020-07-01").await, 5);
    assert_eq!(days_over(&world).await, [(day("2021-01-01"), None, 6)]);
}

/// A sixth leading pilot, of which only evidence is on record.
async fn attested_sixth() -> World {
    let world = world().await;
    world.register("x06", "province", None).await;
    let evidence = json!({"act": "attest_standing", "effective_on": "2016-06-30",
        "stands_at": "pilot", "category": "leading", "confidence": "attested",
        "source": "reported by a newspaper; original not seen"});
    world.act(&registrar(), (PROGRAM, "x06"), "attest", evidence).await.unwrap();
    assert_eq!(days_over(&world).await, [(day("2016-06-30"), None, 6)]);
    world
}

#[tokio::test]
async fn p4_evidence_is_never_refused_and_its_founding_act_takes_over_its_place() {
    let mut founding = approval(false);
    founding["effective_on"] = json!("2016-06-30");
    let world = attested_sixth().await;
    let answer = world.act(&national(), (PROGRAM, "x06"), "founding", founding.clone()).await;
    assert_eq!(justification(&answer.unwrap()), None);
    assert_eq!(days_over(&world).await, [(day("2016-06-30"), None, 6)]);
    // Where the act found later went over the limit in writing, it says so.
    let world = attested_sixth().await;
    founding["override"] = json!({"justification": WHY});
    let answer = world.act(&national(), (PROGRAM, "x06"), "founding", founding).await.unwrap();
    assert_eq!(justification(&answer), Some(WHY));
    assert_eq!(days_over(&world).await, [(day("2016-06-30"), None, 6)]);
}

#[tokio::test]
async fn p4_an_override_of_a_founding_act_whose_place_was_free_is_refused() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    world.register("x06", "province", None).await;
    let evidence = json!({"act": "attest_standing", "effective_on": "2016",
        "stands_at": "pilot", "category": "leading", "confidence": "attested",
        "source": "reported by a newspaper; original not seen"});
    world.act(&registrar(), (PROGRAM, "x06"), "attest", evidence).await.unwrap();
    let refused = world.act(&national(), (PROGRAM, "x06"), "over", approval(true)).await;
    assert_eq!(pointers(&refused.unwrap_err()), ["/override"]);
    world.act(&national(), (PROGRAM, "x06"), "founding", approval(false)).await.unwrap();
    assert_eq!(world.taken("leading", "2016-02-29").await, 0);
    assert_eq!(world.taken("leading", "2016-03-01").await, 1);
}
