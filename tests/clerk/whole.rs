//! What is owed for a program as a whole, in its own stream (P7, P19).

use std::sync::Arc;

use docket::app::Clerk;
use docket::domain::duty::lapse_has_ground;
use docket::domain::event::{Event, Recorded};
use docket::log::MemoryLog;
use serde_json::{Value, json};

use super::app::{World, registrar};
use super::{day, look, noon};

const WHOLE: &str = "program-exercise_strong_province";

fn guidance(on: &str) -> Value {
    json!({ "act": "record_guidance", "effective_on": on, "text": "classified guidance" })
}

/// The revisions of the lapses of the program as a whole, and whether each has its ground.
async fn lapsed(world: &World) -> Vec<(u64, bool)> {
    let history = world.app.history(WHOLE).await.unwrap();
    let state = history.state();
    let lapse = |event: &Recorded| match &event.event {
        Event::ObligationLapsed(lapse) => Some((event.revision, lapse_has_ground(&state, lapse))),
        _ => None,
    };
    history.events().iter().filter_map(lapse).collect()
}

/// What is owed for a program as a whole lapses in its own stream, once its record has begun: the
/// guidance of 2019 to 2020, of which nothing was received by the end of 2020 (III(I)3, G10).
#[tokio::test]
async fn what_is_owed_for_a_program_as_a_whole_lapses_in_its_stream() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    let mut clerk = Clerk::new(world.app.clone(), 0);
    assert_eq!(look(&mut clerk, &world, "2021-06-01").await.lapsed, 0, "nothing is on record");
    let works = json!({
        "act": "record_arrangement", "effective_on": "2017-01-10", "kind": "key_works",
        "year": 2017, "text": "x",
    });
    let world = world.again(Arc::new(MemoryLog::new())).await;
    world.clock.set(noon("2017-01-10"));
    world.act_for("exercise_strong_province", "works", works).await;
    let mut clerk = Clerk::new(world.app.clone(), 0);
    assert_eq!(look(&mut clerk, &world, "2020-12-31").await.lapsed, 0);
    assert_eq!(look(&mut clerk, &world, "2021-01-01").await.lapsed, 1);
    assert_eq!(look(&mut clerk, &world, "2021-01-02").await.lapsed, 0);
    assert_eq!(lapsed(&world).await, [(1, true)]);
    let history = world.app.history(WHOLE).await.unwrap();
    let event = history.at(1).unwrap();
    let Event::ObligationLapsed(lapse) = &event.event else { panic!("{event:?}") };
    assert_eq!((&*lapse.obligation, lapse.opened_by), ("classified_guidance", 0));
    assert_eq!(
        (lapse.due.to_string(), lapse.not_late_before),
        ("2019/2020".into(), day("2020-12-31"))
    );
    let meta = &event.meta;
    assert_eq!(
        (meta.measure.as_deref(), meta.article.as_deref()),
        (Some("2015-59"), Some("III(I)3"))
    );
    assert_eq!(meta.rests_on, history.at(0).unwrap().reference(WHOLE).to_string());
    assert_eq!((meta.role.as_str(), meta.exercise), ("docket", true));
    // Late; and what an archive shows to have been in time takes the ground from the lapse.
    world.act_for("exercise_strong_province", "late", guidance("2021-03-01")).await;
    assert_eq!(lapsed(&world).await, [(1, true)]);
    let archived = json!({
        "act": "record_guidance", "effective_on": "2019-05-06", "received_on": "2019-05-06",
        "text": "g", "archive": { "office": "national_office", "source": "box 7" },
    });
    let program = "exercise_strong_province";
    world.act_as(&registrar(), program, "early", archived).await.unwrap();
    assert_eq!(lapsed(&world).await, [(1, false)]);
    // The act of before, recorded later, opened nothing anew.
    let earlier = json!({
        "act": "record_guidance", "effective_on": "2016-02-01", "text": "an outline",
    });
    world.act_for("exercise_strong_province", "earlier", earlier).await;
    let state = world.app.enrollment(WHOLE).await.unwrap().state.clone();
    assert_eq!(state.duties.len(), 3);
    assert!(state.duties.iter().all(|duty| duty.opened_by == 0));
    let mut another = Clerk::new(world.app.clone(), 0);
    assert_eq!(look(&mut another, &world, "2026-11-22").await.lapsed, 0);
}

/// The act that opened the record is annulled: the next one opens it, with what is laid on the program.
#[tokio::test]
async fn an_annulled_opening_act_takes_nothing_of_what_is_owed_away() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    let program = "exercise_strong_province";
    world.clock.set(noon("2017-01-10"));
    let opened = world.act_for(program, "first", guidance("2017-01-10")).await;
    world.clock.set(noon("2018-01-10"));
    let system = json!({
        "act": "record_indicator_system", "effective_on": "2018-01-10", "title": "Indicators",
    });
    world.act_for(program, "second", system).await;
    let mut clerk = Clerk::new(world.app.clone(), 0);
    assert_eq!(look(&mut clerk, &world, "2021-02-01").await.lapsed, 0, "the guidance is met");
    let annulled = json!({
        "act": "correct", "effective_on": "2021-02-01", "reason": "a draft",
        "corrects": opened.recorded.reference(WHOLE).to_string(),
    });
    world.act_for(program, "annulled", annulled).await;
    assert_eq!(look(&mut clerk, &world, "2021-02-02").await.lapsed, 1);
    assert_eq!(lapsed(&world).await, [(3, true)]);
    let state = world.app.enrollment(WHOLE).await.unwrap().state.clone();
    assert!(state.duties.iter().all(|duty| duty.opened_by == 1));
    let met: Vec<_> = state.duties.iter().filter(|duty| !duty.met.is_empty()).collect();
    assert_eq!((met.len(), &*met[0].obligation), (1, "indicator_system"));
}
