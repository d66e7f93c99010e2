//! Two who ask for something at once: what one of them saw is not true any more when it acts.

use docket::webhooks::{Changes, NewEndpoint, StartAt};

use super::support::{Engine, Receiver, World, wanting_all};

/// A redelivery that looks at the endpoint before a replay and writes after it left a row at or above
/// the position: the endpoint then stopped there for ever, every five seconds anew.
async fn redeliveries_beside_replays_never_stop_an_endpoint(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let id = world.endpoint(&receiver.url()).await.endpoint.id;
    for index in 0..6 {
        world.event(&format!("strong_province-x{index}"), "Noted").await;
    }
    world.settle().await;
    for round in 0..20 {
        let redeliver = async {
            for sequence in [5, 4, 3] {
                // Refused where the replay was first: the event comes anyway.
                let _ = world.webhooks.redeliver(id, sequence).await;
            }
        };
        let (replayed, ()) = tokio::join!(world.webhooks.replay(id, round % 3), redeliver);
        replayed.unwrap();
        world.settle().await;
        let (endpoint, counts) = world.webhooks.get(id).await.unwrap();
        assert_eq!((endpoint.next_sequence, counts.pending), (6, 0), "round {round}");
    }
}

/// What an earlier version left behind at or above the position is mended when it is met.
async fn a_row_above_the_position_is_delivered_like_any_other(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let id = world.endpoint(&receiver.url()).await.endpoint.id;
    for _ in 0..3 {
        world.event("strong_province-440000", "Noted").await;
    }
    world.settle().await;
    world.sql("UPDATE endpoint SET next_sequence = 1");
    assert_eq!(world.settle().await, None);
    assert_eq!(receiver.sequences().await, [0, 1, 2, 1, 2]);
    let (endpoint, counts) = world.webhooks.get(id).await.unwrap();
    assert_eq!((endpoint.next_sequence, counts.pending), (3, 0));
}

/// An event that came after a filter was widened is never left out because the one before was read.
async fn a_filter_counts_from_the_answer_that_changed_it(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let types = vec!["Applied".to_owned()];
    let start_at = StartAt::Sequence(0);
    let only = NewEndpoint { types, start_at, ..wanting_all(&receiver.url()) };
    let id = world.webhooks.create(only).await.unwrap().endpoint.id;
    let mut wanted = Vec::new();
    for round in 0..20 {
        let narrow = Changes { types: Some(vec!["Applied".to_owned()]), ..Changes::default() };
        world.webhooks.change(id, narrow).await.unwrap();
        let unwanted = world.event("strong_province-x1", "Approved").await;
        let widen = async {
            let all = Changes { types: Some(Vec::new()), ..Changes::default() };
            world.webhooks.change(id, all).await.unwrap();
            world.event("strong_province-x1", "Noted").await
        };
        let (_, sequence) = tokio::join!(world.settle(), widen);
        world.settle().await;
        wanted.push(sequence);
        let came = receiver.sequences().await;
        assert!(came.contains(&sequence), "round {round}: {sequence} of {unwanted}, {came:?}");
    }
}

on_every_engine!(
    redeliveries_beside_replays_never_stop_an_endpoint,
    a_row_above_the_position_is_delivered_like_any_other,
    a_filter_counts_from_the_answer_that_changed_it,
);
