//! The file of endpoints: whose it is, and its backup.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use docket::log::MemoryLog;
use docket::webhooks::{Place, WebhookError, Worker, export, import};
use uuid::Uuid;

use super::support::{Engine, LOG_ID, Receiver, World, settle};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_its_owner_can_read_it() {
    let world = World::new(Engine::File);
    world.endpoint("http://127.0.0.1:1/").await;
    let copy = world.folder.path().join("copy.sqlite");
    export(world.place(), &copy).await.unwrap();
    let wal = world.folder.path().join("webhooks.sqlite-wal");
    for path in [world.file(), wal, copy] {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    fs::set_permissions(world.file(), fs::Permissions::from_mode(0o644)).unwrap();
    world.reopened();
    assert_eq!(mode(&world.file()), 0o600, "one that was opened up is closed again");
}

async fn a_copy_brings_back_endpoints_positions_and_secrets(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let made = world.endpoint(&receiver.url()).await;
    let first = world.event("log", "LogCreated").await;
    world.settle().await;
    let copy = world.folder.path().join("copy.sqlite");
    export(world.place(), &copy).await.unwrap();
    let again = export(world.place(), &copy).await.unwrap_err();
    assert!(matches!(again, WebhookError::File { .. }), "a copy is never written over: {again}");
    world.webhooks.remove(made.endpoint.id).await.unwrap();

    assert_eq!(mode(&copy), 0o600);
    import(&copy, world.place()).await.unwrap();
    let webhooks = world.reopened();
    let second = world.event("log", "LogCreated").await;
    settle(&webhooks, world.now()).await;
    assert_eq!(receiver.sequences().await, [first, second]);
    let received = receiver.received().await;
    let verifier = standardwebhooks::Webhook::new(&made.secret).unwrap();
    verifier.verify(&received[1].request.body, &received[1].request.headers).unwrap();
}

async fn nothing_is_imported_under_a_server_that_delivers(engine: Engine) {
    let world = World::new(engine);
    world.webhooks.reach().await.unwrap();
    let copy = world.folder.path().join("copy.sqlite");
    export(world.place(), &copy).await.unwrap();
    let receiver = Receiver::good().await;
    world.endpoint(&receiver.url()).await;
    let worker = Worker::start(world.webhooks.clone());
    world.event("log", "LogCreated").await;
    // Once it delivers it has the lock.
    for _ in 0..3000 {
        if !receiver.sequences().await.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let error = import(&copy, world.place()).await.unwrap_err();
    assert!(matches!(error, WebhookError::InUse(_)), "{error}");
    worker.stop().await;
    import(&copy, world.place()).await.unwrap();
}

/// What is imported counts: a process that still has the old file open delivers nothing from it.
#[tokio::test]
async fn a_file_that_was_replaced_while_it_was_open_is_not_delivered_from() {
    let world = World::new(Engine::File);
    let copy = world.folder.path().join("copy.sqlite");
    export(world.place(), &copy).await.unwrap();
    let receiver = Receiver::good().await;
    world.endpoint(&receiver.url()).await;
    import(&copy, world.place()).await.unwrap();
    let worker = Worker::start(world.webhooks.clone());
    world.event("log", "LogCreated").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    worker.stop().await;
    assert!(receiver.sequences().await.is_empty());
    assert!(world.reopened().list().await.unwrap().is_empty(), "the copy had no endpoint");
}

#[tokio::test]
async fn a_file_of_another_log_or_kind_is_refused_and_left_alone() {
    let world = World::new(Engine::File);
    let open = |log_id, file| world.try_open(log_id, Place::File(file)).err().unwrap();
    let error = open(Uuid::from_u128(8), world.file());
    assert!(matches!(error, WebhookError::OtherLog { .. }), "{error}");

    let text = world.folder.path().join("text");
    fs::write(&text, "no database at all, but long enough to be looked at as one").unwrap();
    let error = open(LOG_ID, text.clone());
    assert!(matches!(error, WebhookError::File { .. }), "{error}");
    let error = import(&text, world.place()).await.unwrap_err();
    assert!(matches!(error, WebhookError::File { .. }), "{error}");

    let other = world.folder.path().join("other.sqlite");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let error = import(&other, world.place()).await.unwrap_err();
    assert!(error.to_string().contains("no file of webhooks"), "{error}");
    let error = open(LOG_ID, other);
    assert!(error.to_string().contains("no file of webhooks"), "{error}");
    world.reopened();
    let missing = world.folder.path().join("missing.sqlite");
    assert!(export(Place::File(missing.clone()), &world.folder.path().join("x")).await.is_err());
    assert!(import(&missing, world.place()).await.is_err());
}

/// The log was restored from an older copy: what an endpoint already got is not there any more. It
/// says so, and sends nothing under numbers that mean other events now.
async fn a_log_that_is_shorter_than_a_position_is_noticed(engine: Engine) {
    let mut world = World::new(engine);
    let receiver = Receiver::good().await;
    let made = world.endpoint(&receiver.url()).await;
    for _ in 0..3 {
        world.event("log", "LogCreated").await;
    }
    world.settle().await;
    world.log = Arc::new(MemoryLog::new());
    world.event("log", "LogCreated").await;
    world.webhooks = world.reopened();
    let error = world.try_step().await.unwrap_err();
    assert!(matches!(error, WebhookError::BeyondEnd { next: 3, head: Some(0), .. }), "{error}");
    assert_eq!(receiver.sequences().await.len(), 3);
    world.webhooks.replay(made.endpoint.id, 0).await.unwrap();
    world.settle().await;
    assert_eq!(receiver.sequences().await.len(), 4);
}

on_every_engine!(
    a_copy_brings_back_endpoints_positions_and_secrets,
    nothing_is_imported_under_a_server_that_delivers,
    a_log_that_is_shorter_than_a_position_is_noticed,
);
