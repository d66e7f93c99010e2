//! Receivers that fail: when they are tried again, and when no more.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use docket::webhooks::{Changes, DeliveryState, DisabledReason, Settings, SystemLookup};
use std::sync::Arc;

use super::support::{Engine, Receiver, SECOND, World, settings, status};

const ENABLE: fn() -> Changes = || Changes { enabled: Some(true), ..Changes::default() };

async fn a_failed_delivery_is_repeated_with_the_same_id_and_a_new_time(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::in_turn(vec![status(500), status(503), status(200)]).await;
    let made = world.endpoint(&receiver.url()).await;
    let sequence = world.event("strong_province-440000", "Applied").await;
    let start = world.now();

    assert_eq!(world.settle().await, Some(start + 5 * SECOND));
    let delivery = world.delivery(made.endpoint.id, sequence).await;
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, 1));
    assert_eq!(delivery.last_status, Some(500));
    assert_eq!(delivery.next_attempt_us, Some(start + 5 * SECOND));

    // Not a moment sooner.
    world.set_now(start + 5 * SECOND - 1);
    world.settle().await;
    assert_eq!(receiver.received().await.len(), 1);
    world.set_now(start + 5 * SECOND);
    assert_eq!(world.settle().await, Some(start + 305 * SECOND));
    world.set_now(start + 305 * SECOND);
    assert_eq!(world.settle().await, None);

    let received = receiver.received().await;
    let times: Vec<&str> = received.iter().map(|r| r.header("webhook-timestamp")).collect();
    let expected: Vec<String> =
        [0, 5, 305].iter().map(|s| (start / SECOND + s).to_string()).collect();
    assert_eq!(times, expected);
    let first = &received[0];
    for again in &received[1..] {
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(again.request.body, first.request.body);
        assert_ne!(again.header("webhook-signature"), first.header("webhook-signature"));
    }
    let delivery = world.delivery(made.endpoint.id, sequence).await;
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 3));
    assert_eq!((delivery.last_status, delivery.last_error), (Some(200), None));
}

async fn after_the_last_attempt_the_endpoint_is_disabled_and_goes_on_when_enabled(engine: Engine) {
    let world = World::new(engine);
    let mut answers = vec![status(500); 10];
    answers.push(status(200));
    let receiver = Receiver::in_turn(answers).await;
    let made = world.endpoint(&receiver.url()).await;
    let id = made.endpoint.id;
    let failing = world.event("strong_province-440000", "Applied").await;
    let start = world.now();
    let mut last = start;
    while let Some(wake) = world.settle().await {
        last = wake;
        world.set_now(wake);
    }
    assert_eq!(last - start, (75 * 3600 + 35 * 60 + 5) * SECOND);
    assert_eq!(receiver.received().await.len(), 10);
    let (endpoint, counts) = world.webhooks.get(id).await.unwrap();
    let disabled = endpoint.disabled.unwrap();
    assert_eq!(disabled.reason, DisabledReason::Exhausted);
    assert_eq!((disabled.at_us, disabled.sequence), (last, Some(failing)));
    assert_eq!(counts.failed, 1);

    // What happens meanwhile is not lost.
    let later = world.event("strong_province-440000", "Approved").await;
    assert_eq!(world.settle().await, None);
    assert_eq!(receiver.received().await.len(), 10);
    world.webhooks.change(id, ENABLE()).await.unwrap();
    assert_eq!(world.settle().await, None);
    assert_eq!(receiver.sequences().await[10..], [failing, later]);
    assert!(world.webhooks.get(id).await.unwrap().0.disabled.is_none());
}

async fn fewer_attempts_can_be_configured(engine: Engine) {
    let world =
        World::with(engine, Settings { max_attempts: 1, ..settings() }, Arc::new(SystemLookup));
    let receiver = Receiver::in_turn(vec![status(404)]).await;
    let made = world.endpoint(&receiver.url()).await;
    let sequence = world.event("log", "LogCreated").await;
    assert_eq!(world.settle().await, None);
    assert!(world.webhooks.get(made.endpoint.id).await.unwrap().0.disabled.is_some());
    let delivery = world.delivery(made.endpoint.id, sequence).await;
    assert_eq!(delivery.state, DeliveryState::Failed);
    assert!(delivery.last_error.unwrap().contains("only 2xx is success"));
}

async fn gone_disables_at_once(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::in_turn(vec![status(410)]).await;
    let made = world.endpoint(&receiver.url()).await;
    world.event("log", "LogCreated").await;
    world.event("log", "LogCreated").await;
    assert_eq!(world.settle().await, None);
    assert_eq!(receiver.received().await.len(), 1);
    let (endpoint, counts) = world.webhooks.get(made.endpoint.id).await.unwrap();
    assert_eq!(endpoint.disabled.unwrap().reason, DisabledReason::Gone);
    assert_eq!((counts.failed, counts.pending), (1, 1));
}

async fn a_receiver_that_asks_for_patience_gets_it_for_all_it_would_be_sent(engine: Engine) {
    for code in [429, 502, 503, 504] {
        let world = World::new(engine);
        let patience = status(code).insert_header("retry-after", "600");
        let receiver = Receiver::in_turn(vec![patience, status(200)]).await;
        world.endpoint(&receiver.url()).await;
        let start = world.now();
        let first = world.event("strong_province-440000", "Applied").await;
        assert_eq!(world.settle().await, Some(start + 600 * SECOND));
        let second = world.event("strong_province-330000", "Applied").await;
        world.set_now(start + 599 * SECOND);
        assert_eq!(world.settle().await, Some(start + 600 * SECOND));
        assert_eq!(receiver.sequences().await, [first]);
        world.set_now(start + 600 * SECOND);
        assert_eq!(world.settle().await, None);
        let mut sequences = receiver.sequences().await;
        sequences.sort_unstable();
        assert_eq!(sequences, [first, first, second]);
    }
    // Other answers have no say in it.
    let world = World::new(engine);
    let receiver = Receiver::in_turn(vec![status(500).insert_header("retry-after", "600")]).await;
    world.endpoint(&receiver.url()).await;
    world.event("log", "LogCreated").await;
    assert_eq!(world.settle().await, Some(world.now() + 5 * SECOND));
}

async fn a_redirect_is_a_failure_and_is_not_followed(engine: Engine) {
    for code in [301, 302, 303, 307, 308] {
        let world = World::new(engine);
        let elsewhere = Receiver::good().await;
        let moved = status(code).insert_header("location", elsewhere.url().as_str());
        let receiver = Receiver::in_turn(vec![moved]).await;
        let made = world.endpoint(&receiver.url()).await;
        let sequence = world.event("log", "LogCreated").await;
        assert!(world.settle().await.is_some());
        assert_eq!(elsewhere.received().await.len(), 0);
        let delivery = world.delivery(made.endpoint.id, sequence).await;
        assert_eq!(delivery.last_status, Some(code));
        assert!(delivery.last_error.unwrap().contains("redirects are not followed"));
    }
}

async fn a_receiver_that_hangs_is_given_up_in_time(engine: Engine) {
    let patient = Settings { timeout: Duration::from_secs(1), ..settings() };
    let world = World::with(engine, patient, Arc::new(SystemLookup));
    let slow = status(200).set_delay(Duration::from_secs(30));
    let receiver = Receiver::in_turn(vec![slow, status(200)]).await;
    let made = world.endpoint(&receiver.url()).await;
    let sequence = world.event("log", "LogCreated").await;
    let began = Instant::now();
    let wake = world.settle().await;
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(wake, Some(world.now() + 5 * SECOND));
    let delivery = world.delivery(made.endpoint.id, sequence).await;
    assert_eq!(delivery.last_status, None);
    assert!(delivery.last_error.unwrap().contains("did not answer within 1 s"));
    assert_eq!(world.webhooks.counters().by_outcome()[2], ("timed_out", 1));
}

/// A receiver that says 200 and then sends without end: its answer counts, the rest is not read.
async fn an_endless_answer_is_not_read_to_its_end(engine: Engine) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let sender = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000000\r\n\r\n").unwrap();
        let part = [b'x'; 65_536];
        let mut sent = 0u64;
        while stream.write_all(&part).is_ok() {
            sent += part.len() as u64;
        }
        sent
    });
    let world = World::new(engine);
    let made = world.endpoint(&url).await;
    let sequence = world.event("log", "LogCreated").await;
    assert_eq!(world.settle().await, None);
    let delivery = world.delivery(made.endpoint.id, sequence).await;
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert!(sender.join().unwrap() < 100_000_000);
}

async fn nobody_there_is_a_failure_like_any_other(engine: Engine) {
    let world = World::new(engine);
    // Bound and closed again: nothing listens there now.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let made = world.endpoint(&format!("http://{address}/")).await;
    let sequence = world.event("log", "LogCreated").await;
    assert_eq!(world.settle().await, Some(world.now() + 5 * SECOND));
    let delivery = world.delivery(made.endpoint.id, sequence).await;
    assert_eq!((delivery.last_status, delivery.attempts), (None, 1));
    assert!(delivery.last_error.unwrap().to_lowercase().contains("refused"));
}

on_every_engine!(
    a_failed_delivery_is_repeated_with_the_same_id_and_a_new_time,
    after_the_last_attempt_the_endpoint_is_disabled_and_goes_on_when_enabled,
    fewer_attempts_can_be_configured,
    gone_disables_at_once,
    a_receiver_that_asks_for_patience_gets_it_for_all_it_would_be_sent,
    a_redirect_is_a_failure_and_is_not_followed,
    a_receiver_that_hangs_is_given_up_in_time,
    an_endless_answer_is_not_read_to_its_end,
    nobody_there_is_a_failure_like_any_other,
);
