//! Read models in PostgreSQL, as an operator meets them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::server::{Database, PASSWORD, Server as Postgres, server};
use crate::support::{Server, command, demo_copy, docket, run, text};

/// The checksum of each read model, as a rebuild prints them.
fn rebuilt(args: &[&str]) -> Vec<(String, String)> {
    let said = docket(&[&["projections", "rebuild", "--output", "json"], args].concat()).json();
    let models = said["models"].as_array().unwrap().iter();
    models.map(|m| (m["name"].to_string(), m["checksum"].to_string())).collect()
}

#[test]
fn a_node_fills_serves_and_rebuilds_read_models_in_postgresql() {
    let (folder, database) = (demo_copy(), server().database());
    let path = text(folder.path());
    let store = ["--data-dir", path, "--read-model", &database.address];
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let server = Server::spawn(&mut command(&[&serve[..], &store].concat()));
    let ready = docket(&["healthcheck", "--url", &server.base]).json();
    assert_eq!(ready["status"], "UP");
    let status = |more: &[&str]| docket(&[&["projections", "status"], &store[..], more].concat());
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let ran = status(&["--output", "json"]);
        if ran.code == 0 && ran.json()["behind"] == 0 {
            break;
        }
        assert!(Instant::now() < until, "the server does not fill its read models");
    }
    assert_eq!(server.stop("TERM").0, 0);
    // Only now: what lapses while it is served is recorded by it.
    let in_sqlite = rebuilt(&["--data-dir", path]);
    assert!(in_sqlite.len() > 5);
    assert_eq!(rebuilt(&store), in_sqlite);
    let verified = docket(&[&["projections", "verify", "--output", "json"][..], &store].concat());
    assert!(!verified.done().contains("differs"));
    let diff = docket(&[&["projections", "diff", "--output", "json"][..], &store].concat());
    assert_eq!(diff.done(), "", "one line for each difference");
    let status = status(&[]).done();
    assert!(status.contains("docket_copy_") && !status.contains(PASSWORD), "{status}");
    let count = crate::server::server().sql(
        &database.name,
        "SELECT bool_or(exercise), bool_or(NOT exercise) FROM docket_report.act",
    );
    assert_eq!(count, "t|t");
}

#[test]
fn what_can_not_be_used_is_refused_at_the_start_and_no_password_is_shown() {
    let folder = demo_copy();
    let database = server().database();
    let wrong = database.address.replace(PASSWORD, "wrong-secret");
    let serve = |address: &str, more: &[&str]| -> Command {
        let args = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            text(folder.path()),
            "--read-model",
            address,
        ];
        command(&[&args, more].concat())
    };
    let ran = run(&mut serve(&wrong, &[]));
    ran.refused(2, &["password authentication failed", "check the password in the address"]);
    assert!(!ran.stderr.contains("wrong-secret"), "{}", ran.stderr);
    let missing = database.address.replace(&database.name, "nothing");
    run(&mut serve(&missing, &[])).refused(2, &["nothing", "CREATE DATABASE"]);
    let ran = run(&mut serve(&format!("{}&colour=red", database.address), &[]));
    ran.refused(2, &["colour", "postgres://user:password@host"]);
    assert!(!ran.stderr.contains(PASSWORD), "{}", ran.stderr);
    let sqlite = format!("sqlite:{}/read-models", text(folder.path()));
    run(&mut serve(&sqlite, &["--set", "reporting.reader_role=bi"]))
        .refused(2, &["reporting.reader_role", "postgres://"]);
    let printed = docket(&["config", "print", "--read-model", &database.address]).done();
    assert!(printed.contains("postgres://") && !printed.contains(PASSWORD), "{printed}");
}

/// Asks once: the status and all that was answered; nothing where nobody listens.
fn get(base: &str, path: &str, token: &str) -> Option<(u16, String)> {
    let host = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).ok()?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Accept-Language: en\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some((answer.split(' ').nth(1)?.parse().ok()?, answer))
}

#[track_caller]
fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !reached() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const LIST: &str = "/v1/enrollments?exercise=true&limit=1";

fn serving(folder: &std::path::Path, address: &str, listen: &str, more: &[&str]) -> Command {
    let at = ["--data-dir", text(folder), "--read-model", address, "--listen", listen];
    let mut command = command(&[&["serve"][..], &at, more].concat());
    command.stdin(std::process::Stdio::null());
    command
}

fn terminate(id: u32) {
    let sent = Command::new("kill").args(["-TERM", &id.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A server that started while its database was away went on without it, or ended.
#[test]
fn a_start_waits_for_its_database_and_says_what_for() {
    let (folder, postgres) = (demo_copy(), Postgres::start());
    let database = Database::on(&postgres);
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let base = format!("http://{listen}");
    let said = folder.path().join("said");
    let log = || std::fs::File::create(&said).unwrap();
    let auditor =
        ["token", "--data-dir", text(folder.path()), "--role", "auditor", "--office", "a"];
    let token = docket(&auditor).done().trim().to_owned();
    postgres.stop("fast");
    let mut process =
        serving(folder.path(), &database.address, &listen, &[]).stderr(log()).spawn().unwrap();
    until("it does not say what it waits for", || {
        get(&base, "/health/ready", "").is_some_and(|(_, answer)| answer.contains("waiting_for"))
    });
    let (status, answer) = get(&base, "/health/ready", "").unwrap();
    assert_eq!(status, 503, "{answer}");
    assert!(answer.contains("read models") && answer.contains("can't be reached"), "{answer}");
    assert!(!answer.contains(PASSWORD), "{answer}");
    assert_eq!(get(&base, "/health/live", "").unwrap().0, 200);
    assert_eq!(get(&base, "/health/startup", "").unwrap().0, 503);
    let (status, answer) = get(&base, LIST, &token).unwrap();
    assert_eq!(status, 503, "{answer}");
    assert!(answer.contains("STARTING") && answer.contains("retry-after"), "{answer}");
    postgres.go();
    until("it does not go on", || get(&base, "/health/ready", "").is_some_and(|(s, _)| s == 200));
    until("no list", || get(&base, LIST, &token).is_some_and(|(status, _)| status == 200));
    terminate(process.id());
    assert!(process.wait().unwrap().success());
    // A signal ends the wait; the time for it can be shorter, and then acts go on without lists.
    postgres.stop("fast");
    let mut process =
        serving(folder.path(), &database.address, &listen, &[]).stderr(log()).spawn().unwrap();
    until("it does not listen", || get(&base, "/health/live", "").is_some());
    terminate(process.id());
    assert!(process.wait().unwrap().success());
    let last = std::fs::read_to_string(&said).unwrap();
    assert!(last.contains("SIGTERM ended the start while it waited for"), "{last}");
    let briefly = ["--set", "store.wait_s=1"];
    let mut process =
        serving(folder.path(), &database.address, &listen, &briefly).stderr(log()).spawn().unwrap();
    until("it does not go on", || get(&base, "/health/ready", "").is_some_and(|(s, _)| s == 200));
    let (status, answer) = get(&base, LIST, &token).unwrap();
    assert_eq!(status, 503, "{answer}");
    assert_eq!(get(&base, "/v1/enrollments/cluster_area/futian", &token).unwrap().0, 200);
    terminate(process.id());
    assert!(process.wait().unwrap().success());
}

/// A question to a database that hung had no end, and the process none either.
#[test]
fn a_database_that_hangs_is_said_and_holds_nobody() {
    let (folder, postgres) = (demo_copy(), Postgres::start());
    let database = Database::on(&postgres);
    let server = Server::spawn(&mut serving(folder.path(), &database.address, "127.0.0.1:0", &[]));
    let auditor =
        ["token", "--data-dir", text(folder.path()), "--role", "auditor", "--office", "a"];
    let token = docket(&auditor).done().trim().to_owned();
    let base = server.base.clone();
    until("no list", || get(&base, LIST, &token).is_some_and(|(status, _)| status == 200));
    let frozen = postgres.freeze();
    for path in [LIST, "/v1/subjects?limit=1", "/v1/exports/act"] {
        let began = Instant::now();
        let (status, answer) = get(&base, path, &token).unwrap();
        assert_eq!(status, 503, "{path}: {answer}");
        assert!(answer.contains("retry-after"), "{path}: {answer}");
        assert!(began.elapsed() < Duration::from_secs(25), "{path}: {:?}", began.elapsed());
    }
    assert_eq!(get(&base, "/v1/enrollments/cluster_area/futian", &token).unwrap().0, 200);
    until("health does not say so", || {
        get(&base, "/health/ready", "").is_some_and(|(_, said)| said.contains("RETRYING"))
    });
    let asking = std::thread::spawn(move || get(&base, LIST, &token));
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    let (code, said) = server.stop("TERM");
    assert_eq!(code, 0, "{said}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}: {said}", began.elapsed());
    let _ = asking.join();
    drop(frozen);
}

/// The files of a database's server in which bytes stand, but for its own log of writes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("pg_wal") {
            found.extend(holding(&path, bytes));
        } else if path.is_file()
            && std::fs::read(&path).unwrap().windows(bytes.len()).any(|part| part == bytes)
        {
            found.push(path.display().to_string());
        }
    }
    found
}

/// An update alone would leave the key in a dead row of the table's file.
#[test]
fn a_key_of_a_person_that_is_destroyed_is_gone_from_the_files_of_the_database() {
    let (folder, database) = (tempfile::tempdir().unwrap(), server().database());
    let path = text(folder.path());
    let asked = |words: &[&str]| {
        let args = [words, &["--data-dir", path]].concat();
        run(command(&args).env("DOCKET_PRIVACY__KEY_STORE", &database.address))
    };
    asked(&["demo", "--exit-after-load", "--listen", "127.0.0.1:0"]).done();
    assert!(!folder.path().join("keys/persons.sqlite").exists());
    let ask = |sql: &str| server().sql(&database.name, sql);
    let key = "SELECT encode(key, 'hex') FROM docket_persons.person_key";
    let hex = ask(key);
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    assert_eq!(bytes.len(), 32);
    ask("CHECKPOINT");
    let base = server().folder.join("data/base");
    assert_eq!(holding(&base, &bytes).len(), 1, "the scanner finds what is there");
    let erase = ["erase", "p-demo", "--ground", "unlawful", "--statement", "x", "--as", "one"];
    asked(&erase).done();
    ask("CHECKPOINT");
    assert_eq!(holding(&base, &bytes), [""; 0]);
    assert_eq!(ask(key), "");
    asked(&erase).refused(4, &["erased"]);
}
