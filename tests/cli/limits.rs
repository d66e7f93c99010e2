//! What a few requests may cost a process, and how soon it ends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Server, command, demo_copy, docket, text};

fn token(folder: &str) -> String {
    let args = ["token", "--data-dir", folder, "--role", "registrar", "--office", "x"];
    docket(&args).done().trim().to_owned()
}

fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.base.trim_start_matches("http://")).unwrap()
}

/// Four bodies of 1 MB with 340,000 wrong members took 2.1 GB and 12 s.
#[test]
fn wrong_bodies_take_little_memory() {
    let folder = demo_copy();
    let path = text(folder.path());
    let token = token(path);
    let server = Server::start(folder.path());
    let before = server.memory_kib("VmHWM:");
    let body: String = (0..80_000).map(|number| format!(",\"m{number}\":0")).collect();
    let nested = format!("{{\"act\":\"note\",\"x\":[{}0]}}", "0,".repeat(500_000));
    let bodies = [format!("{{\"act\":\"note\"{body}}}"), nested];
    let began = Instant::now();
    let asked: Vec<_> = (0..8)
        .map(|number| {
            let (mut connection, body) = (connect(&server), bodies[number % 2].clone());
            let head = format!(
                "POST /v1/enrollments/exercise_strong_province/x22/acts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nIdempotency-Key: \"k{number}\"\r\nIf-Match: *\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            std::thread::spawn(move || {
                connection.write_all(head.as_bytes()).unwrap();
                connection.write_all(body.as_bytes()).unwrap();
                let mut answer = String::new();
                connection.read_to_string(&mut answer).unwrap();
                answer
            })
        })
        .collect();
    for answer in asked {
        let answer = answer.join().unwrap();
        assert!(answer.starts_with("HTTP/1.1 422"), "{}", &answer[..answer.len().min(300)]);
        assert!(answer.len() < 64 * 1024, "{} bytes", answer.len());
    }
    let more = (server.memory_kib("VmHWM:") - before) / 1024;
    assert!(more < 100, "{more} MiB for eight bodies of 1 MB");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(server.stop("TERM").0, 0);
}

#[test]
fn a_signal_ends_it_within_the_grace() {
    let folder = demo_copy();
    let path = text(folder.path());
    let token = token(path);
    let grace = ["--set", "server.shutdown_grace_s=3"];
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", path];
    let server = Server::spawn(&mut command(&[&args[..], &grace[..]].concat()));
    // A request whose body never ends.
    let mut stuck = connect(&server);
    let head = format!(
        "POST /v1/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\nx"
    );
    stuck.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    let (code, said) = server.stop("TERM");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}: {said}", began.elapsed());
    assert_eq!(code, 0, "the request was given up, and the rest closed in order: {said}");
    assert!(std::fs::metadata(folder.path().join("log.sqlite-wal")).is_err(), "{said}");
}
