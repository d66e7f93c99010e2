//! A log whose server is away: a start waits for it and says so, and an outage is one line of the
//! program's, not hundreds of its client's.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::program::{Place, Process};
use super::standin::{Settings, StandIn};

fn place(server: &StandIn) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let read_model = format!("sqlite:{}", folder.path().join("read-models").display());
    Place { folder, read_model, address: server.address() }
}

/// A server on a port that is free; its lines go into a file.
fn serve(place: &Place, more: &[&str]) -> (Process, String, std::path::PathBuf) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let said = place.folder.path().join("said");
    let args = ["serve", "--listen", &listen];
    let mut command = place.stores("a", &[&args, more].concat());
    command.stderr(Stdio::from(std::fs::File::create(&said).unwrap()));
    let child = command.spawn().unwrap();
    (Process::of(child), format!("http://{listen}"), said)
}

async fn get(url: &str) -> Option<(u16, Value)> {
    let response = reqwest::get(url).await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.json().await.unwrap_or_default()))
}

/// Waits until a page is answered so.
async fn until(url: &str, wanted: u16) -> Value {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = get(url).await;
        if let Some((status, body)) = &answer
            && *status == wanted
        {
            return body.clone();
        }
        assert!(Instant::now() < limit, "{url}: {answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_waits_for_the_server_of_its_log_and_says_so() {
    let server = StandIn::start(Settings::default());
    server.control().kill(0);
    let place = place(&server);
    let (_process, base, _) = serve(&place, &[]);
    until(&format!("{base}/health/live"), 200).await;
    let ready = until(&format!("{base}/health/ready"), 503).await;
    // At first it may not have tried yet.
    let mut said = ready["waiting_for"].clone();
    while said.is_null() {
        said = until(&format!("{base}/health/ready"), 503).await["waiting_for"].clone();
    }
    assert!(said.as_str().unwrap().contains("the log, kurrentdb://"), "{said}");
    server.control().start(0);
    until(&format!("{base}/health/ready"), 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_is_said_at_once_and_what_might_when_the_time_is_over() {
    let old = StandIn::start(Settings::default().version(Some("24.10.1")));
    let away = StandIn::start(Settings::default());
    away.control().kill(0);
    for (server, wait_s, code) in [(&old, "60", 2), (&away, "1", 8)] {
        let place = place(server);
        let wait = format!("store.wait_s={wait_s}");
        let began = Instant::now();
        let (mut process, _, said) = serve(&place, &["--set", &wait]);
        let status = process.child.wait().unwrap();
        let said = std::fs::read_to_string(said).unwrap();
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(began.elapsed() < Duration::from_secs(40), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_one_line() {
    let server = StandIn::start(Settings::default());
    let place = place(&server);
    let (_process, base, path) = serve(&place, &[]);
    until(&format!("{base}/health/ready"), 200).await;
    let before = std::fs::read_to_string(&path).unwrap().lines().count();
    server.control().kill(0);
    tokio::time::sleep(Duration::from_secs(6)).await;
    server.control().start(0);
    let limit = Instant::now() + Duration::from_secs(30);
    loop {
        let said = std::fs::read_to_string(&path).unwrap();
        let said: Vec<_> = said.lines().skip(before).map(str::to_owned).collect();
        if said.iter().any(|line| line.contains("can be read again")) {
            let of_outage = said.iter().filter(|line| line.contains("can't be read"));
            assert_eq!(of_outage.count(), 1, "{said:#?}");
            assert!(!said.iter().any(|line| line.contains("ERROR")), "{said:#?}");
            assert!(said.len() < 10, "{said:#?}");
            return;
        }
        assert!(Instant::now() < limit, "{said:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
