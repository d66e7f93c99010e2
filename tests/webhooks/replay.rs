//! Deliveries made again because someone asked.

use docket::webhooks::{Changes, DeliveryState, NewEndpoint, WebhookError};

use super::support::{Engine, Receiver, SECOND, World, status, wanting_all};

async fn one_event_is_delivered_again_with_its_id(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let made = world.endpoint(&receiver.url()).await;
    let id = made.endpoint.id;
    let first = world.event("strong_province-440000", "Applied").await;
    let second = world.event("strong_province-440000", "Approved").await;
    world.settle().await;
    let again = world.webhooks.redeliver(id, first).await.unwrap();
    assert_eq!((again.state, again.attempts), (DeliveryState::Pending, 0));
    world.settle().await;
    assert_eq!(receiver.sequences().await, [first, second, first]);
    let received = receiver.received().await;
    assert_eq!(received[0].header("webhook-id"), received[2].header("webhook-id"));
    assert_eq!(received[0].request.body, received[2].request.body);
}

/// A redelivery of something old must not stand in the way of what is new.
async fn a_redelivery_that_fails_holds_nothing_back(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::in_turn(vec![status(200), status(500), status(200)]).await;
    let made = world.endpoint(&receiver.url()).await;
    let first = world.event("strong_province-440000", "Applied").await;
    world.settle().await;
    world.webhooks.redeliver(made.endpoint.id, first).await.unwrap();
    world.settle().await;
    let second = world.event("strong_province-440000", "Approved").await;
    world.settle().await;
    assert_eq!(receiver.sequences().await, [first, first, second]);
}

async fn a_delivery_that_waits_is_made_at_once_and_stays_before_the_later_ones(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::in_turn(vec![status(500), status(500), status(200)]).await;
    let made = world.endpoint(&receiver.url()).await;
    let first = world.event("strong_province-440000", "Applied").await;
    let second = world.event("strong_province-440000", "Approved").await;
    world.settle().await;
    world.webhooks.redeliver(made.endpoint.id, first).await.unwrap();
    assert_eq!(world.settle().await, Some(world.now() + 5 * SECOND), "counted from the beginning");
    world.webhooks.redeliver(made.endpoint.id, first).await.unwrap();
    assert_eq!(world.settle().await, None);
    assert_eq!(receiver.sequences().await, [first, first, first, second]);
}

async fn only_what_an_endpoint_got_to_and_wants_can_be_redelivered(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let types = vec!["Applied".to_owned()];
    let only = NewEndpoint { types, ..wanting_all(&receiver.url()) };
    let id = world.webhooks.create(only).await.unwrap().endpoint.id;
    let unwanted = world.event("log", "LogCreated").await;
    let wanted = world.event("strong_province-440000", "Applied").await;
    let early = world.webhooks.redeliver(id, wanted).await.unwrap_err();
    assert!(matches!(early, WebhookError::NoDelivery { .. }), "{early}");
    world.settle().await;
    for sequence in [unwanted, wanted + 1, u64::MAX] {
        let error = world.webhooks.redeliver(id, sequence).await.unwrap_err();
        assert!(matches!(error, WebhookError::NoDelivery { .. }), "{error}");
    }
    world.webhooks.redeliver(id, wanted).await.unwrap();
    world.settle().await;
    assert_eq!(receiver.sequences().await, [wanted, wanted]);
}

async fn a_replay_delivers_everything_from_an_event_on_in_order(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let made = world.endpoint(&receiver.url()).await;
    let id = made.endpoint.id;
    for _ in 0..5 {
        world.event("strong_province-440000", "Noted").await;
    }
    world.settle().await;
    let replayed = world.webhooks.replay(id, 2).await.unwrap();
    assert_eq!((replayed.from_position, replayed.endpoint.next_sequence), (5, 2));
    world.event("strong_province-440000", "Noted").await;
    world.settle().await;
    assert_eq!(receiver.sequences().await, [0, 1, 2, 3, 4, 2, 3, 4, 5]);

    // It never skips.
    let error = world.webhooks.replay(id, 7).await.unwrap_err();
    let WebhookError::Invalid(errors) = error else { panic!("{error}") };
    assert_eq!(errors[0].pointer, "/from_sequence");
    assert!(errors[0].detail.en.contains("up to 6") && errors[0].detail.zh.contains('6'));
}

async fn a_replay_keeps_what_failed_before_it(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::answering(|body| {
        status(if body["data"]["subject"] == "440000" { 500 } else { 200 })
    })
    .await;
    let made = world.endpoint(&receiver.url()).await;
    let failing = world.event("strong_province-440000", "Applied").await;
    let good = world.event("strong_province-330000", "Applied").await;
    let held = world.event("strong_province-440000", "Noted").await;
    world.settle().await;
    world.webhooks.replay(made.endpoint.id, good).await.unwrap();
    world.settle().await;
    let mut came = receiver.sequences().await;
    came.sort();
    assert_eq!(came, [failing, good, good]);
    let (_, counts) = world.webhooks.get(made.endpoint.id).await.unwrap();
    assert_eq!(counts.pending, 2);
    assert_eq!(world.delivery(made.endpoint.id, held).await.attempts, 0);
}

async fn a_disabled_endpoint_gets_nothing_and_misses_nothing(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let id = world.endpoint(&receiver.url()).await.endpoint.id;
    let set = |enabled| Changes { enabled: Some(enabled), ..Changes::default() };
    world.webhooks.change(id, set(false)).await.unwrap();
    let missed = world.event("log", "LogCreated").await;
    assert_eq!(world.settle().await, None);
    assert!(receiver.sequences().await.is_empty());
    world.webhooks.change(id, set(true)).await.unwrap();
    world.settle().await;
    assert_eq!(receiver.sequences().await, [missed]);
}

async fn deliveries_are_listed_by_state_the_newest_first(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::answering(|body| {
        status(if body["data"]["subject"] == "440000" { 500 } else { 200 })
    })
    .await;
    let id = world.endpoint(&receiver.url()).await.endpoint.id;
    world.event("strong_province-440000", "Applied").await;
    world.event("strong_province-330000", "Applied").await;
    world.event("strong_province-440000", "Noted").await;
    world.settle().await;
    let list = async |state, before| {
        let found = world.webhooks.deliveries(id, state, before, 10).await.unwrap();
        found.iter().map(|delivery| delivery.sequence).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None).await, [2, 1, 0]);
    assert_eq!(list(None, Some(1)).await, [0]);
    assert_eq!(list(Some(DeliveryState::Pending), None).await, [2, 0]);
    assert_eq!(list(Some(DeliveryState::Delivered), None).await, [1]);
    assert!(list(Some(DeliveryState::Failed), None).await.is_empty());
}

/// A mistyped address that is mended: what failed at the old one is not put off for hours.
async fn a_new_address_is_tried_at_once(engine: Engine) {
    let world = World::new(engine);
    let (bad, good) = (Receiver::in_turn(vec![status(404)]).await, Receiver::good().await);
    let id = world.endpoint(&bad.url()).await.endpoint.id;
    let sequence = world.event("log", "LogCreated").await;
    assert!(world.settle().await.is_some());
    let changes = Changes { url: Some(good.url()), ..Changes::default() };
    world.webhooks.change(id, changes).await.unwrap();
    assert_eq!(world.settle().await, None);
    assert_eq!(good.sequences().await, [sequence]);
}

/// The list of what went well is bounded; what waits is never forgotten.
async fn old_successes_are_forgotten(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let id = world.endpoint(&receiver.url()).await.endpoint.id;
    for index in 0..1040 {
        world.event(&format!("strong_province-x{}", index % 16), "Noted").await;
    }
    world.settle().await;
    let kept = world.webhooks.deliveries(id, None, None, 5000).await.unwrap();
    assert_eq!(kept.len(), 1000);
    assert_eq!(kept.last().unwrap().sequence, 40);
}

on_every_engine!(
    one_event_is_delivered_again_with_its_id,
    a_redelivery_that_fails_holds_nothing_back,
    a_delivery_that_waits_is_made_at_once_and_stays_before_the_later_ones,
    only_what_an_endpoint_got_to_and_wants_can_be_redelivered,
    a_replay_delivers_everything_from_an_event_on_in_order,
    a_replay_keeps_what_failed_before_it,
    a_disabled_endpoint_gets_nothing_and_misses_nothing,
    deliveries_are_listed_by_state_the_newest_first,
    a_new_address_is_tried_at_once,
    old_successes_are_forgotten,
);
