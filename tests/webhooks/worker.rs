//! The worker: in real time.

use std::time::{Duration, Instant};

use docket::webhooks::Worker;

use super::support::{Engine, Receiver, World, status};

const PATIENCE: Duration = Duration::from_secs(60);

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn it_follows_the_log_and_the_endpoints(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let worker = Worker::start(world.webhooks.clone());
    let early = world.endpoint(&receiver.url()).await;
    let mut expected = Vec::new();
    for _ in 0..20 {
        expected.push(world.event("strong_province-440000", "Noted").await);
    }
    until("all are delivered", async || receiver.sequences().await == expected).await;
    world.webhooks.replay(early.endpoint.id, 19).await.unwrap();
    expected.push(19);
    until("the replay is noticed", async || receiver.sequences().await == expected).await;
    world.webhooks.remove(early.endpoint.id).await.unwrap();
    worker.stop().await;
}

async fn an_endpoint_that_hangs_delays_no_other(engine: Engine) {
    let mut world = World::new(engine);
    world.settings.timeout = Duration::from_secs(30);
    world.webhooks = world.reopened();
    let hanging = Receiver::in_turn(vec![status(200).set_delay(Duration::from_secs(120))]).await;
    let good = Receiver::good().await;
    world.endpoint(&hanging.url()).await;
    world.endpoint(&good.url()).await;
    let worker = Worker::start(world.webhooks.clone());
    let began = Instant::now();
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(world.event("log", "LogCreated").await);
        until("the good one has it", async || good.sequences().await == expected).await;
    }
    until("the other was asked", async || !hanging.received().await.is_empty()).await;
    assert!(began.elapsed() < Duration::from_secs(25));
    worker.stop().await;
    assert!(began.elapsed() < Duration::from_secs(29), "the stop does not wait for it");
}

async fn of_two_processes_one_delivers_and_the_other_takes_over(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    world.endpoint(&receiver.url()).await;
    let first = Worker::start(world.webhooks.clone());
    let mut expected = vec![world.event("log", "LogCreated").await];
    until("the first delivers", async || receiver.sequences().await == expected).await;
    let second = Worker::start(world.reopened());
    expected.push(world.event("log", "LogCreated").await);
    until("one of them delivers", async || receiver.sequences().await.len() >= 2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.sequences().await, expected, "not both");
    first.stop().await;
    expected.push(world.event("log", "LogCreated").await);
    until("the second takes over", async || receiver.sequences().await == expected).await;
    second.stop().await;
}

on_every_engine!(
    (flavor = "multi_thread", worker_threads = 2)
    it_follows_the_log_and_the_endpoints,
    an_endpoint_that_hangs_delays_no_other,
    of_two_processes_one_delivers_and_the_other_takes_over,
);
