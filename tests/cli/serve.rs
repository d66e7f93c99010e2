//! A server: started, asked, stopped; and what it keeps others from.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::support::{Server, command, demo_copy, docket, run, text};

#[test]
fn a_signal_ends_it_in_order() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path());
        let ready = docket(&["healthcheck", "--url", &server.base]).json();
        assert_eq!(ready["status"], "UP");
        let base = server.base.clone();
        let (code, said) = server.stop(signal);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains(&format!("SIG{signal}")) && said.contains("stopped"), "{said}");
        docket(&["healthcheck", "--url", &base]).refused(8, &[&base, "refused"]);
        // The WAL is part of the file again: the log is one file.
        let wal = fs::metadata(folder.path().join("log.sqlite-wal"));
        assert!(wal.is_err(), "the log was not closed");
        let started_again = Server::start(folder.path());
        assert_eq!(started_again.stop("TERM").0, 0);
    }
}

#[test]
fn one_process_writes_and_others_read() {
    let folder = demo_copy();
    let path = text(folder.path());
    let server = Server::start(folder.path());
    let second = docket(&["serve", "--listen", "127.0.0.1:0", "--data-dir", path]);
    assert_eq!(second.code, 4, "{}", second.stderr);
    assert!(second.stderr.contains("open for writing in another process (process "));
    rebuilt_beside(path);
    docket(&["demo", "--data-dir", path, "--fresh"]).refused(4, &["open for writing"]);
    assert!(folder.path().join("log.sqlite").is_file(), "a served folder was removed");
    let status = ["status", "cluster_area", "futian", "--output", "json", "--data-dir", path];
    assert_eq!(docket(&status).json()["subject"], "futian");

    let other = tempfile::tempdir().unwrap();
    let listen = server.base.strip_prefix("http://").unwrap();
    let same_port = docket(&["serve", "--listen", listen, "--data-dir", text(other.path())]);
    assert_eq!(same_port.code, 4, "{}", same_port.stderr);
    assert!(same_port.stderr.contains(listen));
    assert_eq!(server.stop("TERM").0, 0);
}

/// The read models are made anew while a server serves them, and it goes on with the new copy.
fn rebuilt_beside(path: &str) {
    let of = |what: &str| docket(&["projections", what, "--data-dir", path, "--output", "json"]);
    let before = of("status").json();
    let rebuilt = docket(&["rebuild", "--data-dir", path, "--output", "json"]).json();
    assert_eq!(rebuilt["models"][0]["compared"], "the same", "{rebuilt}");
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let after = of("status").json();
        if after["writer"].is_string() && after["copy"] != before["copy"] {
            assert_eq!(after["behind"], 0, "{after}");
            break;
        }
        assert!(Instant::now() < deadline, "the server did not go on: {after}");
    }
    assert_eq!(of("verify").json()["models"][0]["compared"], "the same");
    of("diff").done();
}

#[test]
fn every_setting_of_a_server_counts() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        text(folder.path()),
        "--set",
        "telemetry.log_format=json",
        "--set",
        "server.max_body_bytes=1024",
        "--set",
        "server.public_url=https://docket.example",
        "--set",
        "i18n.default_language=en",
        "--set",
        "log.origin=docket.example/log",
    ];
    let server = Server::spawn(command(&args).env("DOCKET_AUTH__AUDIENCE", "others"));
    let token = |audience: &str| {
        let args =
            ["token", "--data-dir", text(folder.path()), "--role", "registrar", "--office", "r"];
        run(command(&args).env("DOCKET_AUTH__AUDIENCE", audience)).done().trim().to_owned()
    };
    let status = |token: &str| {
        let args = ["status", "strong_province", "440000", "--server", &server.base];
        run(command(&args).env("DOCKET_TOKEN", token))
    };
    status(&token("docket")).refused(6, &["another service"]);
    // English without being asked for; 404 because nothing is registered.
    status(&token("others")).refused(5, &["Nothing is found", "440000"]);
    let (code, said) = server.stop("TERM");
    assert_eq!(code, 0);
    let last = said.lines().last().unwrap();
    let line: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(line["fields"]["message"], "stopped");
}

/// The revision of an area of the exercise that has been silent since its approval, once it is at
/// least this, or after a while.
fn silent_area(folder: &std::path::Path, at_least: u64, patience_ms: u64) -> u64 {
    let args = ["status", "exercise_cluster_area", "exercise_j", "--output", "json", "--data-dir"];
    let deadline = Instant::now() + Duration::from_millis(patience_ms);
    loop {
        let revision = docket(&[&args[..], &[text(folder)]].concat()).json()["revision"].clone();
        let revision = revision.as_u64().unwrap();
        if revision >= at_least || Instant::now() > deadline {
            return revision;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_server_records_what_passed_in_silence_unless_it_is_told_not_to() {
    // The demo's own look is left out too.
    let folder = tempfile::tempdir().unwrap();
    let load = ["demo", "--exit-after-load", "--listen", "127.0.0.1:0", "--data-dir"];
    let mut load = command(&[&load[..], &[text(folder.path())]].concat());
    run(load.env("DOCKET_CLERK__ENABLED", "false")).done();
    let serve = |enabled: &str| {
        let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder.path())];
        let enabled = format!("clerk.enabled={enabled}");
        let more = ["--set", "clerk.interval_s=1", "--set", enabled.as_str()];
        Server::spawn(&mut command(&[&args[..], &more].concat()))
    };
    let before = silent_area(folder.path(), 0, 0);
    let server = serve("false");
    assert_eq!(silent_area(folder.path(), before + 1, 2500), before);
    assert_eq!(server.stop("TERM").0, 0);
    let server = serve("true");
    let after = silent_area(folder.path(), before + 1, 30_000);
    assert!(after > before);
    // The round goes on to the others, and says at its end what it did.
    assert_eq!(silent_area(folder.path(), after + 1, 2500), after);
    let (code, said) = server.stop("TERM");
    assert_eq!(code, 0);
    assert!(said.contains("recorded what no office did"), "{said}");
    // Started again, nothing lapses twice.
    let server = serve("true");
    assert_eq!(silent_area(folder.path(), after + 1, 2500), after);
    assert_eq!(server.stop("TERM").0, 0);
    let place = ["--data-dir", text(folder.path())];
    docket(&[&["rebuild"], &place[..]].concat()).done();
}

/// The answer to a GET, head and body.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: docket\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn metrics_are_on_an_address_of_their_own_where_one_is_configured() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let folder = demo_copy();
    let path = text(folder.path());
    let set = format!("server.metrics_listen={free}");
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", path, "--set", &set];
    let server = Server::spawn(&mut command(&args));
    let api = server.base.strip_prefix("http://").unwrap();
    assert!(get(api, "/health/ready").starts_with("HTTP/1.1 200"));
    assert!(get(api, "/metrics").starts_with("HTTP/1.1 404"), "not beside the API");
    let shown = get(&free, "/metrics");
    assert!(shown.starts_with("HTTP/1.1 200") && shown.contains("docket_log_sequence "), "{shown}");
    assert!(shown.contains("http_route=\"/health/ready\""), "{shown}");
    assert!(get(&free, "/v1/events").starts_with("HTTP/1.1 404"), "nothing of the record");
    let taken = ["serve", "--listen", &free, "--data-dir", path];
    docket(&taken).refused(4, &["can't listen on", &free]);
    assert_eq!(server.stop("TERM").0, 0);
    assert!(TcpStream::connect(&free).is_err(), "it is closed with the server");
    docket(&["serve", "--data-dir", path, "--set", "server.metrics_listen=9464"])
        .refused(2, &["server.metrics_listen", "127.0.0.1:8080"]);
}
