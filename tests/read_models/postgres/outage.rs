//! A PostgreSQL that refuses for a while, or hangs: seen, said, and gone on with as soon as it may be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use docket::projection::{Copies, Mode, Models, ReadModels, all};

use super::open;
use crate::histories::filled;
use crate::mending::{note, options, same_as_fresh, start, until};
use crate::sample::{add, sample};
use crate::server::{Database, Server, server};

/// Ends every session that the test's user has, so that what holds for new ones holds.
fn cut(server: &Server, database: &Database) {
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'app' AND pid <> pg_backend_pid()";
    server.sql(&database.name, sql);
}

/// A right that was missing for four seconds, or a database that was read-only, stopped the lists
/// until a restart.
#[test]
fn what_the_server_refuses_for_a_while_is_mended_without_a_restart() {
    let (server, database) = (server(), server().database());
    let mut world = filled();
    let copies: Arc<dyn Copies> = Arc::new(open(&database.address));
    let runner = start(&world, copies.clone(), options("w"));
    let head = note(&mut world);
    until(&world, &runner, |status| status.has(head));
    let copy = copies.serving().unwrap().unwrap();
    let tables = format!("ALL TABLES IN SCHEMA {copy}");
    let name = &database.name;
    let troubles = [
        (
            format!("ALTER DATABASE {name} SET default_transaction_read_only = on"),
            format!("ALTER DATABASE {name} RESET default_transaction_read_only"),
        ),
        (
            format!("REVOKE INSERT, UPDATE ON {tables} FROM app"),
            format!("GRANT ALL ON {tables} TO app"),
        ),
        (format!("REVOKE ALL ON {tables} FROM app"), format!("GRANT ALL ON {tables} TO app")),
        (
            format!("REVOKE ALL ON SCHEMA {copy} FROM app"),
            format!("GRANT ALL ON SCHEMA {copy} TO app"),
        ),
        (
            "REVOKE ALL ON SCHEMA docket FROM app".to_owned(),
            "GRANT ALL ON SCHEMA docket TO app".to_owned(),
        ),
    ];
    let models = ReadModels::of_runner(copies.clone(), runner.status());
    for (trouble, mended) in troubles {
        // Not in the database itself, where new sessions can only read by then.
        let at = if trouble.starts_with("ALTER DATABASE") { "postgres" } else { name };
        server.sql(at, &trouble);
        cut(server, &database);
        let head = note(&mut world);
        let failed = until(&world, &runner, |status| status.failed.is_some());
        let failure = failed.failed.unwrap();
        assert!(failure.retrying, "{trouble}: {failure:?}");
        let asked = models
            .read_now(|tables| tables.sequence_known_at(docket::domain::date::Timestamp::MAX));
        if let Err(error) = asked {
            assert!(error.is_outage(), "{trouble}: {error:?}");
        }
        server.sql(at, &mended);
        cut(server, &database);
        let after = until(&world, &runner, |status| status.has(head) && status.failed.is_none());
        assert_eq!(after.copy.as_ref(), Some(&copy), "{trouble}: nothing was damaged");
    }
    drop(runner);
    same_as_fresh(&world, &*copies);
}

#[test]
fn whether_it_can_be_written_is_told_without_writing() {
    let (server, database) = (server(), server().database());
    let copies = open(&database.address);
    let lock = copies.lock_rebuild().unwrap();
    let copy = copies.create(&*lock, Mode::Following, &sample()).unwrap().id().clone();
    copies.serve(&*lock, &copy).unwrap();
    copies.writable(&copy).unwrap();
    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only", database.name);
    server.sql("postgres", &format!("{read_only} = on"));
    let said = copies.writable(&copy).unwrap_err().to_string();
    assert!(said.contains("default_transaction_read_only"), "{said}");
    server.sql("postgres", &format!("{read_only} = off"));
    server.sql(&database.name, &format!("REVOKE UPDATE ON {copy}.checkpoint FROM app"));
    let said = copies.writable(&copy).unwrap_err().to_string();
    assert!(said.contains("may not change"), "{said}");
}

/// A question to a server that hangs had no limit, and nothing on the way out ended.
#[test]
fn a_server_that_hangs_is_given_up_and_gone_on_with() {
    let server = Server::start();
    let database = Database::on(&server);
    let mut world = filled();
    let copies: Arc<dyn Copies> = Arc::new(open(&database.address));
    let runner = start(&world, copies.clone(), options("w"));
    let models = ReadModels::of_runner(copies.clone(), runner.status());
    let head = note(&mut world);
    until(&world, &runner, |status| status.has(head));
    let ask = || {
        let began = Instant::now();
        let asked = models
            .read_now(|tables| tables.sequence_known_at(docket::domain::date::Timestamp::MAX));
        (asked.map(|answer| answer.value), began.elapsed())
    };
    assert_eq!(ask().0.unwrap(), Some(head));
    let stopped = server.freeze();
    for _ in 0..2 {
        let (asked, took) = ask();
        assert!(asked.as_ref().is_err_and(docket::projection::StoreError::is_passing), "{asked:?}");
        assert!(took < Duration::from_secs(15), "{took:?}");
    }
    let head = note(&mut world);
    let failed = until(&world, &runner, |status| status.failed.is_some());
    assert!(failed.failed.unwrap().retrying);
    drop(stopped);
    until(&world, &runner, |status| status.has(head) && status.failed.is_none());
    assert_eq!(ask().0.unwrap(), Some(head));
    // A batch, a question and the making of a copy at work: all end once the process is to end.
    let lock = copies.lock_rebuild().unwrap();
    let mut filling = copies.create(&*lock, Mode::Filling, &Models::new(all())).unwrap();
    let _stopped = server.freeze();
    note(&mut world);
    let asking = std::thread::spawn({
        let models = models.clone();
        move || {
            models.read_now(|tables| tables.sequence_known_at(docket::domain::date::Timestamp::MAX))
        }
    });
    let filled = std::thread::spawn(move || filling.finish(&Models::new(all())));
    std::thread::sleep(Duration::from_secs(1));
    let began = Instant::now();
    copies.end_by(began + Duration::from_secs(1));
    drop(runner);
    assert!(asking.join().unwrap().is_err());
    assert!(filled.join().unwrap().is_err_and(|error| error.is_passing()));
    drop(lock);
    drop((models, copies));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// A batch that was given up may have been written all the same: it is looked up, not taken twice.
#[test]
fn a_batch_that_was_given_up_is_taken_once() {
    let server = Server::start();
    let database = Database::on(&server);
    let copies = open(&database.address);
    let lock = copies.lock_rebuild().unwrap();
    let copy = copies.create(&*lock, Mode::Following, &sample()).unwrap().id().clone();
    copies.serve(&*lock, &copy).unwrap();
    drop(lock);
    let mut writer = crate::places::claimed(&copies, &copy, "w");
    add(&mut *writer, 0).unwrap();
    let stopped = server.freeze();
    let began = Instant::now();
    let error = add(&mut *writer, 1).unwrap_err();
    assert!(error.is_passing(), "{error}");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    drop(stopped);
    drop(writer);
    let mut writer = crate::places::claimed(&copies, &copy, "w");
    let from = writer.checkpoint().position.unwrap() + 1;
    add(&mut *writer, from).unwrap();
    let ids = crate::sample::ids(writer.reader());
    assert_eq!(ids, (0..=from).map(|id| id as i64).collect::<Vec<_>>());
}
