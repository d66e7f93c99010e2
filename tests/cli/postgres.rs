//! Read models in PostgreSQL, as an operator meets them.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::server::{PASSWORD, server};
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
    let in_sqlite = rebuilt(&["--data-dir", path]);
    assert!(in_sqlite.len() > 5);
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
