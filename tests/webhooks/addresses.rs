//! Where deliveries never go.

use std::io;
use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, Mutex};

use docket::webhooks::{Changes, Lookup, Settings, SystemLookup, WebhookError};
use futures_util::future::BoxFuture;

use super::support::{Engine, Receiver, SECOND, World, settings, settle, wanting_all};

fn strict() -> Settings {
    Settings { allow_private_networks: false, ..settings() }
}

/// A name server of the test's own.
struct Names(Mutex<Vec<IpAddr>>);

impl Lookup for Names {
    fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let found = self.0.lock().unwrap().clone();
        Box::pin(async move { Ok(found) })
    }
}

/// Something that listens and must never be asked; whether it was.
struct Forbidden(TcpListener);

impl Forbidden {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn was_asked(&self) -> bool {
        self.0.accept().is_ok()
    }
}

#[tokio::test]
async fn an_address_inside_is_refused_when_it_is_stated() {
    let world = World::with(Engine::File, strict(), Arc::new(SystemLookup));
    for url in [
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::ffff:192.168.0.1]/",
        "https://localhost/",
        "http://example.org/",
        "https://a:b@example.org/",
    ] {
        let error = world.webhooks.create(wanting_all(url)).await.unwrap_err();
        let WebhookError::Invalid(errors) = error else { panic!("{url}: {error}") };
        assert_eq!(errors[0].pointer, "/url", "{url}");
    }
    let good = world.webhooks.create(wanting_all("https://example.org/")).await.unwrap();
    let url = Some("https://127.0.0.1/".to_owned());
    let changes = Changes { url, ..Changes::default() };
    let error = world.webhooks.change(good.endpoint.id, changes).await.unwrap_err();
    assert!(matches!(error, WebhookError::Invalid(_)), "{error}");
}

/// DNS rebinding: the name is good when the endpoint is made, and points inside at the attempt. The
/// connection never happens, and the failure says why.
#[tokio::test]
async fn a_name_that_points_inside_is_not_connected_to() {
    let inside = Forbidden::new();
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.1.2.3"] {
        let names = Arc::new(Names(Mutex::new(vec![address.parse().unwrap()])));
        let world = World::with(Engine::File, strict(), names);
        let url = format!("https://hooks.example.org:{}/", inside.port());
        let made = world.endpoint(&url).await;
        let sequence = world.event("log", "LogCreated").await;
        assert_eq!(world.settle().await, Some(world.now() + 5 * SECOND), "tried again later");
        let delivery = world.delivery(made.endpoint.id, sequence).await;
        let error = delivery.last_error.unwrap();
        assert!(error.contains("hooks.example.org") && error.contains(address), "{error}");
        assert!(error.contains("not an address that may be asked"), "{error}");
        assert_eq!(world.webhooks.counters().by_outcome()[3], ("forbidden_address", 1));
    }
    assert!(!inside.was_asked());
}

/// The connection goes to the address that was checked, not to one looked up by someone else: the
/// name exists nowhere but in this test.
#[tokio::test]
async fn the_connection_goes_to_the_very_address_that_was_checked() {
    let receiver = Receiver::good().await;
    let port = receiver.server.address().port();
    let names = Arc::new(Names(Mutex::new(vec!["127.0.0.1".parse().unwrap()])));
    let world = World::with(Engine::File, settings(), names.clone());
    let made = world.endpoint(&format!("http://hooks.invalid:{port}/hook")).await;
    let first = world.event("log", "LogCreated").await;
    assert_eq!(world.settle().await, None);
    assert_eq!(receiver.sequences().await, [first]);

    // Private is allowed here; where a cloud serves its credentials is not. A connection made to a
    // good address may go on being used, so a process without one asks.
    *names.0.lock().unwrap() = vec!["169.254.169.254".parse().unwrap()];
    let second = world.event("log", "LogCreated").await;
    settle(&world.reopened(), world.now()).await;
    assert_eq!(receiver.sequences().await, [first]);
    let delivery = world.delivery(made.endpoint.id, second).await;
    assert!(delivery.last_error.unwrap().contains("169.254.169.254"));
}

/// An endpoint made while private networks were allowed, by a server that no more allows them.
#[tokio::test]
async fn what_was_allowed_once_is_checked_again_at_each_attempt() {
    let inside = Forbidden::new();
    let mut world = World::new(Engine::File);
    let made = world.endpoint(&format!("http://127.0.0.1:{}/", inside.port())).await;
    world.settings.allow_private_networks = false;
    world.webhooks = world.reopened();
    let sequence = world.event("log", "LogCreated").await;
    world.settle().await;
    let delivery = world.delivery(made.endpoint.id, sequence).await;
    assert!(delivery.last_error.unwrap().contains("https://"));
    assert!(!inside.was_asked());
}

#[tokio::test]
async fn a_name_without_an_address_is_a_failure_like_any_other() {
    let world = World::with(Engine::File, strict(), Arc::new(Names(Mutex::new(Vec::new()))));
    let made = world.endpoint("https://hooks.example.org/").await;
    let sequence = world.event("log", "LogCreated").await;
    assert_eq!(world.settle().await, Some(world.now() + 5 * SECOND));
    let delivery = world.delivery(made.endpoint.id, sequence).await;
    assert!(delivery.last_error.unwrap().contains("no address"));
}
