//! At least once, in order per subject.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use docket::webhooks::{Settings, SystemLookup};

use super::support::{Engine, Receiver, SECOND, World, settings, settle, status};

async fn a_failing_event_holds_back_its_subject_and_no_other(engine: Engine) {
    let world = World::new(engine);
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = mended.clone();
    let receiver = Receiver::answering(move |body| {
        let good = body["data"]["subject"] != "440000" || is_mended.load(Ordering::SeqCst);
        status(if good { 200 } else { 500 })
    })
    .await;
    world.endpoint(&receiver.url()).await;
    let first = world.event("strong_province-440000", "Applied").await;
    let others = [
        world.event("strong_province-330000", "Applied").await,
        world.event("log", "LogCreated").await,
    ];
    // The same subject in another program waits too.
    let held = [
        world.event("strong_province-440000", "Approved").await,
        world.event("regional_pilot-440000", "Applied").await,
    ];
    let more = [
        world.event("strong_province-330000", "Approved").await,
        world.event("strong_province-330000", "SchemeSubmitted").await,
    ];
    world.settle().await;
    let sequences = receiver.sequences().await;
    assert_eq!(sequences.iter().filter(|s| **s == first).count(), 1);
    assert!(held.iter().all(|held| !sequences.contains(held)));
    let of_330000: Vec<u64> =
        sequences.iter().copied().filter(|s| *s == others[0] || more.contains(s)).collect();
    assert_eq!(of_330000, [others[0], more[0], more[1]]);
    assert!(sequences.contains(&others[1]));

    // An hour of failures later still not.
    for _ in 0..3 {
        let wake = world.settle().await.unwrap();
        world.set_now(wake);
    }
    world.settle().await;
    let sequences = receiver.sequences().await;
    assert_eq!(sequences.iter().filter(|s| **s == first).count(), 4);
    assert!(held.iter().all(|held| !sequences.contains(held)));

    mended.store(true, Ordering::SeqCst);
    let wake = world.settle().await.unwrap();
    world.set_now(wake);
    assert_eq!(world.settle().await, None);
    let sequences = receiver.sequences().await;
    let tail: Vec<u64> = sequences[sequences.len() - 3..].to_vec();
    assert_eq!(tail, [first, held[0], held[1]]);
}

async fn a_long_history_comes_whole_and_each_subject_in_order(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    world.endpoint(&receiver.url()).await;
    let subjects = ["110000", "120000", "130000", "140000", "150000"];
    for round in 0..60 {
        let subject = subjects[(round * 7) % subjects.len()];
        world.event(&format!("strong_province-{subject}"), "Noted").await;
    }
    world.settle().await;
    let received = receiver.received().await;
    assert_eq!(received.len(), 60);
    for subject in subjects {
        let sequences: Vec<u64> = received
            .iter()
            .filter(|r| r.body["data"]["subject"] == subject)
            .map(super::support::Received::sequence)
            .collect();
        assert!(sequences.is_sorted(), "{subject}: {sequences:?}");
        assert_eq!(sequences.len(), 12);
    }
}

/// A receiver that fails at random, and processes that are replaced at random: each event arrives,
/// and none is sent before each earlier one of its subject was taken.
async fn order_per_subject_holds_whatever_fails(engine: Engine) {
    for seed in 0..8u64 {
        let chance = Arc::new(Mutex::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1));
        let roll = move |one_in: u64| {
            let mut state = chance.lock().unwrap();
            // Xorshift: any that is not regular will do.
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            state.is_multiple_of(one_in)
        };
        let settings = Settings { max_attempts: 30, ..settings() };
        let mut world = World::with(engine, settings, Arc::new(SystemLookup));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (kept, rolls) = (taken.clone(), roll.clone());
        let receiver = Receiver::answering(move |body| {
            let good = !rolls(3);
            let subject = body["data"]["subject"].as_str().unwrap().to_owned();
            let sequence: u64 = body["data"]["sequence"].as_str().unwrap().parse().unwrap();
            kept.lock().unwrap().push((subject, sequence, good));
            status(if good { 200 } else { 500 })
        })
        .await;
        world.endpoint(&receiver.url()).await;
        let mut sent = Vec::new();
        for index in 0..40 {
            let subject = format!("{}", index * 7 % 4);
            let sequence = world.event(&format!("strong_city-s{subject}"), "Noted").await;
            sent.push((format!("s{subject}"), sequence));
            if roll(4) {
                world.settle().await;
            }
            if roll(10) {
                world.webhooks = world.reopened();
            }
        }
        while let Some(wake) = world.settle().await {
            world.set_now(wake);
        }
        let came = taken.lock().unwrap().clone();
        for subject in ["s0", "s1", "s2", "s3"] {
            let mut left: Vec<u64> = sent
                .iter()
                .filter(|(of, _)| of == subject)
                .map(|(_, sequence)| *sequence)
                .collect();
            for (_, sequence, good) in came.iter().filter(|(of, ..)| of == subject) {
                assert_eq!(*sequence, left[0], "seed {seed}: sent before its turn");
                if *good {
                    left.remove(0);
                }
            }
            assert!(left.is_empty(), "seed {seed}: {left:?} never came");
        }
    }
}

async fn a_restart_goes_on_where_it_was(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::in_turn(vec![status(200), status(500), status(200)]).await;
    let made = world.endpoint(&receiver.url()).await;
    let first = world.event("strong_province-440000", "Applied").await;
    world.settle().await;
    let second = world.event("strong_province-440000", "Approved").await;
    let third = world.event("strong_province-440000", "Noted").await;
    let wake = world.settle().await.unwrap();
    assert_eq!(wake, world.now() + 5 * SECOND);

    // Another process; in its absence the log went on.
    let fourth = world.event("strong_province-440000", "Noted").await;
    let again = world.reopened();
    assert_eq!(settle(&again, world.now()).await, Some(wake), "the wait outlives the process");
    world.set_now(wake);
    assert_eq!(settle(&again, world.now()).await, None);
    assert_eq!(receiver.sequences().await, [first, second, second, third, fourth]);
    let (endpoint, _) = again.get(made.endpoint.id).await.unwrap();
    assert_eq!(endpoint.next_sequence, fourth + 1);
}

/// A process that dies after sending and before recording: the delivery is made once more, with the
/// same id, and nothing after it is skipped.
async fn a_delivery_that_was_not_recorded_is_made_again(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    world.endpoint(&receiver.url()).await;
    let first = world.event("log", "LogCreated").await;
    let copy = world.folder.path().join("before.sqlite");
    docket::webhooks::export(world.place(), &copy).await.unwrap();
    world.settle().await;
    docket::webhooks::import(&copy, world.place()).await.unwrap();
    let second = world.event("log", "LogCreated").await;
    settle(&world.reopened(), world.now()).await;
    assert_eq!(receiver.sequences().await, [first, first, second]);
    let received = receiver.received().await;
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
}

on_every_engine!(
    a_failing_event_holds_back_its_subject_and_no_other,
    a_long_history_comes_whole_and_each_subject_in_order,
    order_per_subject_holds_whatever_fails,
    a_restart_goes_on_where_it_was,
    a_delivery_that_was_not_recorded_is_made_again,
);
