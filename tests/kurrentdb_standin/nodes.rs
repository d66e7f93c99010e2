//! Restarts, several nodes, accounts and TLS.

use std::time::Duration;

use kurrentdb::StreamState::{NoStream, StreamRevision};
use kurrentdb::{Client, Error, ReadAllOptions};

use super::standin::{Call, Certificates, Fault, User};
use super::{Settings, StandIn, append, begin, collect, connect, contents, events, in_all, read};

/// Tries until it succeeds, as it must within some seconds.
async fn until<T>(act: impl AsyncFn() -> Result<T, Error>) -> T {
    let mut last = None;
    for _ in 0..200 {
        match act().await {
            Ok(done) => return done,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{last:?}");
}

#[tokio::test]
async fn a_restart_loses_connections_and_no_events() {
    let server = StandIn::start(Settings::default());
    let client = connect(&server.address());
    let first = begin(&client, "s", [1]).await;
    let control = server.control();
    control.kill(0);
    let refused = append(&client, "s", NoStream, events([1])).await;
    assert!(matches!(refused, Err(Error::ServerError(_))), "{refused:?}");
    control.start(0);
    until(async || append(&client, "s", NoStream, events([1])).await).await;
    control.restart(Duration::from_millis(50));
    let again = until(async || append(&client, "s", NoStream, events([1])).await).await;
    assert_eq!(again.position, first.position, "known by its id after the restart too");
    assert_eq!(contents(&client, "s").await, [(0, 1)]);
}

#[tokio::test]
async fn a_restart_under_an_append_leaves_its_outcome_open() {
    let server = StandIn::start(Settings::default());
    let client = connect(&server.address());
    begin(&client, "s", [1]).await;
    let fault = Fault::Restart { down: Duration::from_millis(100) };
    server.control().fail_next(Call::Append, 1, fault);
    let answer = append(&client, "s", StreamRevision(0), events([2])).await;
    assert!(matches!(answer, Err(Error::ServerError(_))), "{answer:?}");
    until(async || append(&client, "s", StreamRevision(0), events([2])).await).await;
    assert_eq!(contents(&client, "s").await, [(0, 1), (1, 2)]);
}

#[tokio::test]
async fn a_follower_names_the_leader() {
    let server = StandIn::start(Settings::default().nodes(3));
    let follower = connect(&format!("{}&nodePreference=leader", server.address_of(1)));
    let answer = append(&follower, "s", NoStream, events([1])).await;
    let Err(Error::NotLeaderException(leader)) = answer else { panic!("{answer:?}") };
    assert_eq!(
        server.address_of(0),
        format!("kurrentdb://{}:{}?tls=false", leader.host, leader.port)
    );
    // Told so, the client goes to the leader.
    until(async || append(&follower, "s", NoStream, events([1])).await).await;
}

#[tokio::test]
async fn with_all_nodes_in_the_address_writes_reach_the_leader() {
    let server = StandIn::start(Settings::default().nodes(3));
    let control = server.control();
    control.move_leader(2);
    let client = connect(&server.address());
    begin(&client, "s", [1]).await;
    // The leader dies; until another leads, nobody takes an append.
    control.kill(2);
    append(&client, "s", StreamRevision(0), events([2])).await.unwrap_err();
    control.move_leader(0);
    let again = || connect(&server.address());
    until(async || append(&again(), "s", StreamRevision(0), events([2])).await).await;
    control.start(2);
    let client = connect(&format!("{}&nodePreference=follower", server.address_of(2)));
    assert_eq!(contents(&client, "s").await, [(0, 1), (1, 2)], "the nodes hold the same");
}

#[tokio::test]
async fn accounts_are_asked_for_and_all_needs_a_grant() {
    let users = [User::new("clerk", "secret"), User::new("docket", "s%p").reading_all()];
    let server = StandIn::start(Settings::default().with_users(users));
    let bare = server.address();
    let with = |user: &str| connect(&bare.replace("//", &format!("//{user}@")));
    for client in [connect(&bare), with("clerk:wrong"), with("nobody:secret")] {
        let answer = append(&client, "s", NoStream, events([1])).await;
        assert!(matches!(answer, Err(Error::AccessDenied)), "{answer:?}");
        let answer = read(&client, "s").await;
        assert!(matches!(answer, Err(Error::AccessDenied)), "{answer:?}");
    }
    let clerk = with("clerk:secret");
    begin(&clerk, "s", [1]).await;
    assert_eq!(contents(&clerk, "s").await, [(0, 1)]);
    let answer = read_all(&clerk).await;
    assert!(matches!(answer, Err(Error::AccessDenied)), "{answer:?}");
    let options = ReadAllOptions::default();
    let options = options.authenticated(kurrentdb::Credentials::new("docket", "s%p"));
    assert!(!collect(clerk.read_all(&options).await.unwrap()).await.unwrap().is_empty());
}

async fn read_all(client: &Client) -> Result<usize, Error> {
    Ok(collect(client.read_all(&ReadAllOptions::default()).await?).await?.len())
}

#[tokio::test]
async fn tls_is_spoken_to_those_who_trust_the_authority() {
    let certificates = Certificates::new();
    let server = StandIn::start(Settings::default().with_tls(&certificates.server(), None));
    let trusting = format!("{}&tlsCAFile={}", server.address(), certificates.authority().display());
    let client = connect(&trusting);
    begin(&client, "s", [1]).await;
    assert_eq!(in_all(&client, "s").await.len(), 1);
    let stranger = Certificates::new();
    let other = format!("{}&tlsCAFile={}", server.address(), stranger.authority().display());
    assert!(fails_to_connect(&connect(&other)).await, "of another authority");
    assert!(fails_to_connect(&connect(&trusting.replace("tls=true", "tls=false"))).await);
}

#[tokio::test]
async fn an_expired_certificate_is_refused_by_the_client() {
    let certificates = Certificates::new();
    let expired = certificates.expired_server();
    let server = StandIn::start(Settings::default().with_tls(&expired, None));
    let authority = certificates.authority();
    let address = format!("{}&tlsCAFile={}", server.address(), authority.display());
    assert!(fails_to_connect(&connect(&address)).await);
    let careless = connect(&format!("{address}&tlsVerifyCert=false"));
    begin(&careless, "s", [1]).await;
}

#[tokio::test]
async fn a_server_that_asks_for_client_certificates_gets_them() {
    let certificates = Certificates::new();
    let authority = certificates.authority();
    let settings = Settings::default().with_tls(&certificates.server(), Some(&authority));
    let server = StandIn::start(settings);
    let without = format!("{}&tlsCAFile={}", server.address(), authority.display());
    assert!(fails_to_connect(&connect(&without)).await);
    let docket = certificates.client("docket");
    let (certificate, key) = (docket.certificate.display(), docket.key.display());
    let with = format!("{without}&userCertFile={certificate}&userKeyFile={key}");
    begin(&connect(&with), "s", [1]).await;
}

async fn fails_to_connect(client: &Client) -> bool {
    matches!(client.server_info().await, Err(Error::GrpcConnectionError(_)))
}
