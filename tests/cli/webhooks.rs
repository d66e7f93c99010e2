//! Webhooks of a server that really runs.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::support::{Server, command, demo_copy, docket, text};

/// The sequences that arrived, in the order in which they came.
async fn sequences(receiver: &MockServer) -> Vec<u64> {
    let requests = receiver.received_requests().await.unwrap();
    let sequence = |body: &[u8]| {
        let body: Value = serde_json::from_slice(body).unwrap();
        body["data"]["sequence"].as_str().unwrap().parse().unwrap()
    };
    requests.iter().map(|request| sequence(&request.body)).collect()
}

async fn until_some_came(receiver: &MockServer, count: usize) -> Vec<u64> {
    let began = Instant::now();
    loop {
        let came = sequences(receiver).await;
        if came.len() >= count {
            return came;
        }
        assert!(began.elapsed() < Duration::from_secs(100), "{came:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Killed between a failed attempt and the next, the server goes on after its restart; nothing is
/// lost, and no proxy of the environment sees any of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_goes_on_delivering() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let proxy_url = format!("http://{}", proxy.local_addr().unwrap());
    let receiver = MockServer::start().await;
    let failing = Mock::given(method("POST")).respond_with(ResponseTemplate::new(503));
    failing.up_to_n_times(1).mount(&receiver).await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&receiver).await;

    let start = || {
        let flag = "webhooks.allow_private_networks=true";
        let data = text(folder.path());
        let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--set", flag];
        let mut command = command(&args);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"] {
            command.env(name, &proxy_url);
        }
        Server::spawn(&mut command)
    };
    let server = start();
    let data = ["--data-dir", text(folder.path())];
    let token = docket(&["token", "--role", "operator", "--office", "ops", data[0], data[1]]);
    let made = reqwest::Client::new()
        .post(format!("{}/v1/webhook-endpoints", server.base))
        .bearer_auth(token.done().trim())
        .json(&json!({ "url": receiver.uri(), "types": ["LogCreated"], "from_sequence": 0 }))
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    assert_eq!(until_some_came(&receiver, 1).await, [0]);
    // Killed, not stopped.
    drop(server);
    let server = start();
    assert_eq!(until_some_came(&receiver, 2).await, [0, 0]);

    let copy = folder.path().join("copy.sqlite");
    docket(&["webhooks", "export", text(&copy), data[0], data[1]]).done();
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let import = ["webhooks", "import", text(&copy), data[0], data[1]];
    docket(&import).refused(4, &["webhooks.sqlite", "another process"]);
    assert_eq!(server.stop("TERM").0, 0);
    docket(&import).done();
    docket(&["webhooks", "import", "nowhere", data[0], data[1]]).refused(1, &["nowhere"]);
    assert!(proxy.accept().is_err(), "nobody asked the proxy");
}

/// The endpoints were gone without a word.
#[test]
fn an_emptied_file_is_no_new_one() {
    let folder = demo_copy();
    let data = ["--data-dir", text(folder.path())];
    let (file, copy) = (folder.path().join("webhooks.sqlite"), folder.path().join("copy.sqlite"));
    docket(&["webhooks", "export", text(&copy), data[0], data[1]]).done();
    std::fs::write(&file, "").unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", data[0], data[1]];
    docket(&serve).refused(1, &["webhooks.sqlite", "emptied (0 bytes", "docket webhooks import"]);
    let again = folder.path().join("again.sqlite");
    let export = ["webhooks", "export", text(&again), data[0], data[1]];
    docket(&export).refused(1, &["emptied"]);
    assert!(!again.exists());
    docket(&["webhooks", "import", text(&copy), data[0], data[1]]).done();
    assert_eq!(Server::start(folder.path()).stop("TERM").0, 0);
    std::fs::write(folder.path().join("keys/log.pem"), "").unwrap();
    docket(&serve).refused(1, &["the log key", "log.pem", "empty (0 bytes)", "backup"]);
}

/// Read models in PostgreSQL have the endpoints beside them: a file moves there and a copy comes out.
#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_of_a_file_move_to_the_database_of_all_nodes() {
    use crate::server::{PASSWORD, server};
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (folder, database) = (tempfile::tempdir().unwrap(), server().database());
    let data = ["--data-dir", text(folder.path())];
    let store = [data[0], data[1], "--read-model", &database.address];
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let alone = Server::spawn(&mut command(&[&serve[..], &data].concat()));
    let token =
        docket(&["token", "--role", "operator", "--office", "ops", data[0], data[1]]).done();
    let listed = async |base: &str| {
        let address = format!("{base}/v1/webhook-endpoints");
        let asked = reqwest::Client::new().get(address).bearer_auth(token.trim()).send().await;
        asked.unwrap().json::<Value>().await.unwrap()["items"].clone()
    };
    let made = reqwest::Client::new()
        .post(format!("{}/v1/webhook-endpoints", alone.base))
        .bearer_auth(token.trim())
        .json(&json!({ "url": "https://receiver.example/hook" }))
        .send();
    assert_eq!(made.await.unwrap().status(), 201);
    let before = listed(&alone.base).await;
    assert_eq!(alone.stop("TERM").0, 0);

    let copy = folder.path().join("copy.sqlite");
    let export = [&["webhooks", "export", text(&copy)][..], &store].concat();
    docket(&export).refused(5, &["holds no webhook endpoints"]);
    let file = folder.path().join("webhooks.sqlite");
    let import = [&["webhooks", "import", text(&file)][..], &store].concat();
    docket(&import).done();
    let shared = Server::spawn(&mut command(&[&serve[..], &store].concat()));
    assert_eq!(listed(&shared.base).await, before, "the same endpoint, with its keys and position");
    let until = Instant::now() + Duration::from_secs(60);
    while docket(&import).code != 4 {
        assert!(Instant::now() < until, "the server never delivers");
    }
    let refused = docket(&import);
    refused.refused(4, &["another process", "process "]);
    assert!(!refused.stderr.contains(PASSWORD), "{}", refused.stderr);
    docket(&export).done();
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(shared.stop("TERM").0, 0);
    docket(&import).done();
}
