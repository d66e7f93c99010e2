//! What only a store of several processes can do wrong: two that deliver, one that was stopped, one
//! that knows no settings, a database that is away.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use docket::webhooks::{
    LEASE, NewEndpoint, Place, StartAt, WebhookError, Webhooks, Worker, export, import,
};
use uuid::Uuid;

use super::support::{Engine, Kept, LOG_ID, Receiver, World, settle, status, wanting_all};

impl World {
    fn address(&self) -> &str {
        match &self.kept {
            Kept::Postgres(database) => &database.address,
            Kept::File => panic!("it is in a file"),
        }
    }

    fn database(&self) -> &str {
        match &self.kept {
            Kept::Postgres(database) => &database.name,
            Kept::File => panic!("it is in a file"),
        }
    }

    fn time_passes(&self, time: Duration) {
        self.steady_ms.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
    }

    /// A process that only delivers, and has no say in how.
    fn deliverer(&self) -> Arc<Webhooks> {
        let Place::Postgres(parts) = self.place() else { panic!("it is in a file") };
        let place = Place::Postgres(docket::webhooks::PostgresParts { settings: None, ..parts });
        self.try_open(LOG_ID, place).unwrap()
    }
}

/// Stopped in the middle and woken after another took over: it changes nothing and sends nothing more,
/// and what it had found is found again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_stopped_and_wakes_changes_nothing() {
    let world = World::new(Engine::Postgres);
    let receiver = Receiver::good().await;
    let id = world.endpoint(&receiver.url()).await.endpoint.id;
    let first = world.event("strong_province-440000", "Applied").await;
    let frozen = world.webhooks.claim().await.unwrap();
    frozen.step().await.unwrap();
    assert_eq!(receiver.sequences().await, [first]);
    let second = world.event("strong_province-440000", "Noted").await;

    let other = world.deliverer();
    let in_use = async || matches!(other.claim().await, Err(WebhookError::InUse(_)));
    assert!(in_use().await, "it is there");
    world.time_passes(LEASE - Duration::from_millis(1));
    assert!(in_use().await, "it may still be there");
    frozen.renew().await.unwrap();
    world.time_passes(Duration::from_millis(1));
    assert!(in_use().await, "it was there meanwhile");
    world.time_passes(LEASE);
    let now = other.claim().await.unwrap();

    for _ in 0..2 {
        let error = frozen.step().await.unwrap_err();
        assert!(matches!(error, WebhookError::Lost), "{error}");
    }
    assert!(matches!(frozen.renew().await, Err(WebhookError::Lost)));
    let (endpoint, counts) = world.webhooks.get(id).await.unwrap();
    assert_eq!((endpoint.next_sequence, counts.pending), (second, 0), "nothing was kept");
    assert_eq!(receiver.sequences().await, [first]);
    frozen.give_back().await.unwrap();
    assert!(matches!(world.webhooks.claim().await, Err(WebhookError::InUse(_))), "not its to give");
    while now.step().await.unwrap().is_some() {}
    assert_eq!(receiver.sequences().await, [first, second]);
    now.give_back().await.unwrap();
    world.webhooks.claim().await.unwrap().give_back().await.unwrap();
}

/// What waits in the rows of one that lost its right is sent by nobody else but the one that has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_not_sure_of_its_right_sends_nothing() {
    let world = World::new(Engine::Postgres);
    let receiver = Receiver::in_turn(vec![status(500), status(200)]).await;
    world.endpoint(&receiver.url()).await;
    world.event("log", "LogCreated").await;
    let delivering = world.webhooks.claim().await.unwrap();
    let wake = loop {
        let wake = delivering.step().await.unwrap().unwrap();
        if wake > world.now() {
            break wake;
        }
    };
    world.set_now(wake);
    world.time_passes(LEASE);
    let error = delivering.step().await.unwrap_err();
    assert!(matches!(error, WebhookError::Lost), "{error}");
    assert_eq!(receiver.sequences().await.len(), 1);
    // Nobody took over: it is told so, and goes on.
    delivering.renew().await.unwrap();
    while delivering.step().await.unwrap().is_some() {}
    assert_eq!(receiver.sequences().await.len(), 2);
}

/// A worker has no settings of its own for deliveries: those of the servers count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_delivers_as_the_servers_are_configured() {
    let mut world = World::new(Engine::Postgres);
    let alone = world.deliverer();
    let error = alone.claim().await.err().unwrap();
    assert!(matches!(error, WebhookError::Unsettled), "{error}");
    let first = world.webhooks.clone();
    first.reach().await.unwrap();

    world.settings.public_url = "https://docket.gov.example".to_owned();
    world.webhooks = world.reopened();
    let receiver = Receiver::good().await;
    world.endpoint(&receiver.url()).await;
    world.event("log", "LogCreated").await;
    settle(&alone, world.now()).await;
    let href = receiver.received().await[0].body["data"]["href"].as_str().unwrap().to_owned();
    assert!(href.starts_with("https://docket.gov.example/v1/events/"), "{href}");

    // One that started earlier and finds its database again has said what it had to say.
    world.sql("ALTER TABLE endpoint RENAME TO elsewhere");
    assert!(matches!(first.list().await, Err(WebhookError::Database(_))));
    world.sql("ALTER TABLE elsewhere RENAME TO endpoint");
    assert_eq!(first.list().await.unwrap().len(), 1);
    world.event("log", "LogCreated").await;
    settle(&alone, world.now()).await;
    assert_eq!(
        receiver.received().await[1].body["data"]["href"].as_str().unwrap()[..26],
        href[..26]
    );
}

/// Endpoints made and changed at one node are heard of by the process elsewhere that delivers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_at_one_node_is_heard_at_another() {
    let world = World::new(Engine::Postgres);
    world.webhooks.reach().await.unwrap();
    let worker = Worker::start(world.deliverer());
    let receiver = Receiver::good().await;
    let event = world.event("log", "LogCreated").await;
    for count in 1..=2 {
        let start_at = StartAt::Sequence(0);
        let made = NewEndpoint { start_at, ..wanting_all(&receiver.url()) };
        world.webhooks.create(made).await.unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while receiver.sequences().await != vec![event; count] {
            assert!(Instant::now() < until, "endpoint {count} is told nothing");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    worker.stop().await;
    world.webhooks.claim().await.unwrap().give_back().await.unwrap();
}

/// Several processes that start at once make one schema; readers of reports get nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_made_once_and_shown_to_nobody() {
    let world = World::new(Engine::Postgres);
    let starting = (0..6).map(|_| {
        let webhooks = world.reopened();
        tokio::spawn(async move { webhooks.reach().await })
    });
    for started in starting.collect::<Vec<_>>() {
        started.await.unwrap().unwrap();
    }
    world.endpoint("http://127.0.0.1:1/").await;
    let server = crate::server::server();
    server.sql(world.database(), "CREATE ROLE hooks_reader LOGIN");
    let seen = "SELECT has_schema_privilege('hooks_reader', 'docket_webhooks', 'USAGE')
        OR has_table_privilege('hooks_reader', 'docket_webhooks.endpoint', 'SELECT')";
    assert_eq!(server.sql(world.database(), seen), "f");

    let error = world.try_open(Uuid::from_u128(8), world.place()).unwrap().reach().await;
    let error = error.unwrap_err();
    assert!(matches!(error, WebhookError::OtherLog { .. }), "{error}");
    assert!(error.to_string().contains("DROP SCHEMA docket_webhooks"), "{error}");
}

/// A rebuild makes read models anew and leaves what is no read model alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_outlive_a_rebuild() {
    use docket::projection::store::{PostgresCopies, PostgresOptions};
    use docket::projection::{Copies as _, Mode, Models, all};
    let world = World::new(Engine::Postgres);
    let id = world.endpoint("http://127.0.0.1:1/").await.endpoint.id;
    let address = world.address().to_owned();
    let rebuilt = move || {
        let copies = PostgresCopies::new(&address, PostgresOptions::default()).unwrap();
        for _ in 0..2 {
            let lock = copies.lock_rebuild().unwrap();
            let made = copies.create(&*lock, Mode::Following, &Models::new(all())).unwrap();
            let copy = made.id().clone();
            drop(made);
            copies.serve(&*lock, &copy).unwrap();
        }
    };
    tokio::task::spawn_blocking(rebuilt).await.unwrap();
    assert_eq!(world.webhooks.list().await.unwrap()[0].0.id, id);
}

/// A node's file and the database of all nodes hold the same: a copy of the one can be put in the
/// other, with positions, what waits, and secrets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_moves_to_the_database_and_back() {
    let mut file = World::new(Engine::File);
    let receiver = Receiver::in_turn(vec![status(200), status(503), status(200)]).await;
    let made = file.endpoint(&receiver.url()).await;
    let first = file.event("strong_province-440000", "Applied").await;
    file.settle().await;
    let second = file.event("strong_province-440000", "Noted").await;
    let wake = file.settle().await.unwrap();
    let third = file.event("strong_province-440000", "Noted").await;

    let mut database = World::new(Engine::Postgres);
    database.log = file.log.clone();
    database.now_us = file.now_us.clone();
    database.webhooks = database.reopened();
    let gone = database.endpoint("http://127.0.0.1:1/").await.endpoint.id;
    // Without an export: the file itself is such a copy, once nobody has it open.
    let copy = file.folder.path().join("copy.sqlite");
    export(file.place(), &copy).await.unwrap();
    import(&copy, database.place()).await.unwrap();
    assert!(database.webhooks.get(gone).await.is_err(), "a copy replaces what was there");
    assert_eq!(database.webhooks.get(made.endpoint.id).await.unwrap().1.pending, 1);
    assert_eq!(settle(&database.webhooks, wake - 1).await, Some(wake), "the wait goes along");

    let back = file.folder.path().join("back.sqlite");
    export(database.place(), &back).await.unwrap();
    let again = export(database.place(), &back).await.unwrap_err();
    assert!(matches!(again, WebhookError::File { .. }), "a copy is never written over: {again}");
    import(&back, file.place()).await.unwrap();
    file.webhooks = file.reopened();
    file.set_now(wake);
    file.settle().await;
    assert_eq!(receiver.sequences().await, [first, second, second, third]);
    let received = receiver.received().await;
    let verifier = standardwebhooks::Webhook::new(&made.secret).unwrap();
    verifier.verify(&received[3].request.body, &received[3].request.headers).unwrap();
}

/// While the database is away everything says so and is worth another try; afterwards it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_and_comes_back() {
    let server = tokio::task::spawn_blocking(crate::server::Server::start).await.unwrap();
    let mut world = World::new(Engine::Postgres);
    world.kept = Kept::Postgres(crate::server::Database::on(&server));
    world.webhooks = world.reopened();
    let receiver = Receiver::good().await;
    let from = NewEndpoint { start_at: StartAt::Now, ..wanting_all(&receiver.url()) };
    world.webhooks.create(from).await.unwrap();
    let first = world.event("log", "LogCreated").await;
    world.settle().await;
    server.stop("immediate");
    let second = world.event("log", "LogCreated").await;
    for error in [
        world.webhooks.list().await.err().unwrap(),
        world.webhooks.claim().await.err().unwrap(),
        world.webhooks.reach().await.unwrap_err(),
    ] {
        assert!(matches!(error, WebhookError::Unavailable { .. }), "{error}");
        assert!(!error.to_string().contains(crate::server::PASSWORD), "{error}");
    }
    server.go();
    world.settle().await;
    assert_eq!(receiver.sequences().await, [first, second]);
}
