//! What only a server can do wrong: it goes away and comes back, refuses, is asked by others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use docket::projection::store::{Claim, PostgresCopies, PostgresOptions};
use docket::projection::{
    Copies, Mode, Models, Progress, ProjectionError, StoreError, all, rebuild,
};

use crate::histories::{checksums, filled, followed, follower, request};
use crate::places::{Place, claimed, holder};
use crate::reporting::{fields, views};
use crate::sample::{add, changes, ids, sample, to};
use crate::server::{Database, PASSWORD, Server, server};

#[path = "postgres/outage.rs"]
mod outage;
#[path = "postgres/pooled.rs"]
mod pooled;
#[path = "postgres/proxy.rs"]
mod proxy;
#[path = "postgres/stopped.rs"]
mod stopped;
#[path = "postgres/tls.rs"]
mod tls;

fn open(address: &str) -> PostgresCopies {
    PostgresCopies::new(address, PostgresOptions::default()).unwrap()
}

/// Why a database can't be used: for good, and without the password.
fn refused(address: &str) -> String {
    let error = open(address).prepare().unwrap_err();
    assert!(!error.is_passing(), "{error}");
    let said = error.to_string();
    assert!(!said.contains(PASSWORD) && !said.contains("wrong-password"), "{said}");
    said
}

#[test]
fn what_stands_in_the_way_is_said_at_the_start() {
    let database = server().database();
    let said = refused(&database.address.replace(PASSWORD, "wrong-password"));
    assert!(said.contains("password"), "{said}");
    let said = refused(&database.address.replace(&database.name, "no_such_database"));
    assert!(said.contains("no_such_database") && said.contains("CREATE DATABASE"), "{said}");
    server().sql("postgres", &format!("ALTER DATABASE {} OWNER TO root", database.name));
    let said = refused(&database.address);
    assert!(said.contains("GRANT CREATE ON DATABASE"), "{said}");
    server().sql("postgres", &format!("GRANT CREATE ON DATABASE {} TO app", database.name));
    open(&database.address).prepare().unwrap();
    open(&database.address).prepare().unwrap();
    let away = open("postgres://app:x@127.0.0.1:1/d?sslmode=disable").prepare().unwrap_err();
    assert!(away.is_passing(), "{away}");
    assert!(away.to_string().contains("127.0.0.1:1"), "{away}");
}

#[test]
fn a_copy_that_was_not_finished_can_not_serve() {
    let copies = open(&server().database().address);
    let lock = copies.lock_rebuild().unwrap();
    let mut copy = copies.create(&*lock, Mode::Filling, &sample()).unwrap();
    add(&mut *copy, 0).unwrap();
    let error = copies.serve(&*lock, &copy.id().clone()).unwrap_err();
    assert!(error.to_string().contains("not finished"), "{error}");
    assert_eq!(copies.serving().unwrap(), None);
    copy.finish(&sample()).unwrap();
    copies.serve(&*lock, &copy.id().clone()).unwrap();
    assert!(copies.remove(&*lock, copy.id()).is_err(), "what serves is not removed");
}

/// Takes in everything, opening the copy anew after each failure, as the runner does.
fn catch_up_through(
    copies: &dyn Copies,
    world: &crate::world::World,
    limit: usize,
    name: &str,
) -> u32 {
    let (mut failures, until) = (0, Instant::now() + Duration::from_secs(60));
    let passing = |error: &StoreError| {
        assert!(error.is_passing(), "{error}");
        std::thread::sleep(Duration::from_millis(20));
    };
    'anew: loop {
        assert!(Instant::now() < until, "not done in time");
        let opened = copies.serving().and_then(|serving| copies.open(&serving.unwrap()));
        let mut writer = match opened {
            Ok(writer) => writer,
            Err(error) => {
                passing(&error);
                continue;
            }
        };
        match writer.claim(holder(name)) {
            Ok(claim) => assert_eq!(claim, Claim::Ours),
            Err(error) => {
                passing(&error);
                continue;
            }
        }
        let mut follower = follower(world, writer);
        loop {
            match follower.step(limit) {
                Progress::Moved { end: true } => return failures,
                Progress::Moved { end: false } => {}
                Progress::Stopped { failure, fenced, .. } => {
                    assert!(failure.retrying && !fenced, "{failure:?}");
                    failures += 1;
                    continue 'anew;
                }
            }
        }
    }
}

#[test]
fn a_server_that_goes_away_and_comes_back_loses_and_skips_nothing() {
    let server = Server::start();
    let database = Database::on(&server);
    let world = filled();
    let copies = open(&database.address);
    let lock = copies.lock_rebuild().unwrap();
    let copy = copies.create(&*lock, Mode::Following, &Models::new(all())).unwrap();
    copies.serve(&*lock, &copy.id().clone()).unwrap();
    drop((copy, lock));
    // Between batches: the same follower goes on.
    let mut follower = follower(&world, claimed(&copies, &copies.serving().unwrap().unwrap(), "w"));
    assert!(matches!(follower.step(5), Progress::Moved { end: false }));
    let before = follower.copy().checkpoint().position;
    server.stop("fast");
    let Progress::Stopped { failure, fenced: false, .. } = follower.step(5) else { panic!() };
    assert!(failure.retrying, "{failure:?}");
    server.go();
    assert_eq!(follower.copy().checkpoint().position, before);
    assert!(matches!(follower.step(5), Progress::Moved { end: false }));
    drop(follower);
    // Within batches: it crashes again and again while others are written.
    let done = AtomicBool::new(false);
    let failures = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut wait = 50;
            for _ in 0..4 {
                std::thread::sleep(Duration::from_millis(wait));
                server.stop("immediate");
                server.go();
                wait += 70;
            }
            done.store(true, Ordering::Release);
        });
        let mut failures = 0;
        while !done.load(Ordering::Acquire) {
            failures += catch_up_through(&copies, &world, 1, "w");
            // From the start again, so that there is always a batch at work.
            let lock = copies.lock_rebuild();
            let Ok(lock) = lock else { continue };
            let Ok(copy) = copies.create(&*lock, Mode::Following, &Models::new(all())) else {
                continue;
            };
            let _ = copies.serve(&*lock, copy.id());
        }
        failures + catch_up_through(&copies, &world, 3, "w")
    });
    assert!(failures > 0, "no batch met a server that was away");
    let mut writer = claimed(&copies, &copies.serving().unwrap().unwrap(), "w");
    let reference = Place::sqlite();
    let expected = checksums(followed(&reference, &world, 4096).1.copy());
    assert_eq!(checksums(&mut *writer), expected);
}

/// A rebuild whose session is gone has no right any more: another may have begun.
#[test]
fn a_rebuild_that_lost_its_session_can_not_serve() {
    let database = server().database();
    let copies = open(&database.address);
    let lock = copies.lock_rebuild().unwrap();
    let mut copy = copies.create(&*lock, Mode::Filling, &sample()).unwrap();
    add(&mut *copy, 0).unwrap();
    copy.finish(&sample()).unwrap();
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(server().sql(&database.name, sql), "1");
    let other = open(&database.address);
    let theirs = other.lock_rebuild().unwrap();
    let error = copies.serve(&*lock, &copy.id().clone()).unwrap_err();
    assert!(error.is_passing(), "{error}");
    assert_eq!(other.serving().unwrap(), None);
    drop(theirs);
    drop(lock);
    drop(copies.lock_rebuild().unwrap());
}

#[test]
fn a_copy_that_is_filled_is_begun_anew_when_its_connection_was_lost() {
    let database = server().database();
    let copies = open(&database.address);
    let lock = copies.lock_rebuild().unwrap();
    let mut copy = copies.create(&*lock, Mode::Filling, &sample()).unwrap();
    add(&mut *copy, 0).unwrap();
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')";
    assert_ne!(server().sql(&database.name, sql), "0");
    for _ in 0..2 {
        let Err(ProjectionError::Database(error)) = add(&mut *copy, 1) else { panic!("written") };
        assert!(error.is_passing(), "{error}");
    }
}

#[test]
fn an_answer_to_commit_that_is_lost_is_looked_up() {
    let database = server().database();
    let proxy = proxy::Proxy::before(server().port);
    let through = database.address.replace(&server().port.to_string(), &proxy.port.to_string());
    let copies = open(&through);
    let lock = copies.lock_rebuild().unwrap();
    let copy = copies.create(&*lock, Mode::Following, &sample()).unwrap();
    copies.serve(&*lock, &copy.id().clone()).unwrap();
    drop((copy, lock));
    let mut writer = claimed(&copies, &copies.serving().unwrap().unwrap(), "w");
    add(&mut *writer, 0).unwrap();
    // It arrives, and its answer is lost: the batch is written, once.
    proxy.cut_at_commit(true);
    add(&mut *writer, 1).unwrap();
    assert_eq!(writer.checkpoint().position, Some(1));
    // It does not arrive: the batch is not written, and may be tried again.
    proxy.cut_at_commit(false);
    let Err(ProjectionError::Database(error)) = add(&mut *writer, 2) else { panic!("written") };
    assert!(error.is_passing(), "{error}");
    assert_eq!(writer.checkpoint().position, Some(1));
    add(&mut *writer, 2).unwrap();
    // It arrives, and then the server can't be asked for a while.
    proxy.cut_at_commit(true);
    proxy.refuse(true);
    let Err(ProjectionError::Database(error)) = add(&mut *writer, 3) else { panic!("known") };
    assert!(error.is_passing(), "{error}");
    proxy.refuse(false);
    add(&mut *writer, 3).unwrap();
    add(&mut *writer, 4).unwrap();
    assert_eq!(ids(writer.reader()), [0, 1, 2, 3, 4]);
    assert_eq!(writer.checkpoint().position, Some(4));
}

/// A role that reads the views, through a switch to another copy, and nothing else.
#[test]
fn the_reader_role_sees_the_reporting_schema_only_and_after_a_switch_the_new_copy() {
    let database = server().database();
    let role = format!("reader_of_{}", database.name);
    server().sql("postgres", &format!("CREATE ROLE {role} LOGIN"));
    let options = PostgresOptions { reader_role: Some(role.clone()) };
    let copies = PostgresCopies::new(&database.address, options).unwrap();
    let mut world = filled();
    rebuild(&request(&world, &copies), &mut |_, _| true).unwrap();
    let count = "SELECT count(*) FROM docket_report.event";
    let seen = server().sql_as(&role, &database.name, count);
    let own = format!("CREATE VIEW public.mine AS {count}");
    server().sql(&database.name, &own);
    let first = copies.serving().unwrap().unwrap();
    for schema in ["docket", &first.0] {
        let table = if schema == "docket" { "serving" } else { "audit_trail" };
        let sql = format!(
            "SELECT has_schema_privilege('{role}', '{schema}', 'usage'),
            has_table_privilege('{role}', '{schema}.{table}', 'select')"
        );
        assert_eq!(server().sql(&database.name, &sql), "f|f", "{schema}");
    }
    let writes = "SELECT count(*) FROM information_schema.table_privileges
        WHERE table_schema = 'docket_report' AND privilege_type <> 'SELECT' AND grantee = current_user";
    assert_eq!(server().sql_as(&role, &database.name, writes), "0");
    world.register("more", "cluster_area", "440000", ("More", "多"));
    rebuild(&request(&world, &copies), &mut |_, _| true).unwrap();
    assert_ne!(copies.serving().unwrap().unwrap(), first);
    let more = (seen.parse::<u64>().unwrap() + 1).to_string();
    assert_eq!(server().sql_as(&role, &database.name, count), more);
    assert_eq!(server().sql(&database.name, "SELECT * FROM mine"), more, "what others built stays");
    let nobody = PostgresOptions { reader_role: Some("no such \"role".to_owned()) };
    let copies = PostgresCopies::new(&database.address, nobody).unwrap();
    let error = rebuild(&request(&world, &copies), &mut |_, _| true).unwrap_err();
    assert!(error.to_string().contains("reporting.reader_role"), "{error}");
}

#[test]
fn the_reporting_schema_has_the_columns_that_are_explained_in_types_of_their_own() {
    let database = server().database();
    let copies = open(&database.address);
    let world = filled();
    rebuild(&request(&world, &copies), &mut |_, _| true).unwrap();
    let ask = |sql: &str| server().sql(&database.name, sql);
    for (view, names) in fields() {
        let sql = format!(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'docket_report'
             AND table_name = '{view}' ORDER BY ordinal_position"
        );
        assert_eq!(ask(&sql).lines().collect::<Vec<_>>(), names, "{view}");
        let serving = copies.serving().unwrap().unwrap();
        let rows = format!(
            "SELECT (SELECT count(*) FROM docket_report.{view}) =
            (SELECT count(*) FROM {serving}.docket_report_{view}), count(*) > 0,
            bool_and(source_sequence >= 0 AND provenance <> '') FROM docket_report.{view}"
        );
        assert_eq!(ask(&rows), "t|t|t", "{view}");
    }
    let types = "SELECT string_agg(DISTINCT data_type, ',' ORDER BY data_type)
        FROM information_schema.columns WHERE table_schema = 'docket_report'";
    assert_eq!(
        ask(&format!("{types} AND column_name = 'recorded_at'")),
        "timestamp with time zone"
    );
    assert_eq!(ask(&format!("{types} AND column_name = 'exercise'")), "boolean");
    assert_eq!(ask(&format!("{types} AND column_name IN ('valid_from', 'valid_to')")), "date");
    assert_eq!(ask(&format!("{types} AND column_name = 'event_id'")), "uuid");
    // To the microsecond.
    let serving = copies.serving().unwrap().unwrap();
    let exact = format!(
        "SELECT count(*) FROM docket_report.event e JOIN {serving}.audit_trail a USING (sequence)
         WHERE (extract(epoch FROM e.recorded_at) * 1000000)::bigint <> a.recorded_at"
    );
    assert_eq!(ask(&exact), "0");
    let names = "SELECT string_agg(table_name, ',' ORDER BY table_name)
        FROM information_schema.views WHERE table_schema = 'docket_report'";
    let mut expected = views();
    expected.sort();
    assert_eq!(ask(names), expected.join(","));
    let fresh = "SELECT count(DISTINCT position), bool_and(recorded_at <= known_at) FROM docket_report.freshness";
    assert_eq!(ask(fresh), "1|t");
}

#[test]
fn a_batch_waits_for_a_switch_and_is_then_refused() {
    let database = server().database();
    let (copies, mut old) = Place::Postgres(Database { ..database }).serving(sample());
    add(&mut *old, 0).unwrap();
    let lock = copies.lock_rebuild().unwrap();
    let mut next = copies.create(&*lock, Mode::Filling, &sample()).unwrap();
    next.finish(&sample()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writing = {
        let stop = Arc::clone(&stop);
        std::thread::spawn(move || {
            let mut id = 1;
            while !stop.load(Ordering::Acquire) {
                let mut batch = changes();
                batch.of(0, 2).insert(0).number(id).text("x").null().null().null();
                match old.commit(&batch, to(id)) {
                    Ok(()) => id += 1,
                    Err(error) => return Some((error, ids(old.reader()).len() as u64, id)),
                }
            }
            None
        })
    };
    std::thread::sleep(Duration::from_millis(100));
    copies.serve(&*lock, &next.id().clone()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    stop.store(true, Ordering::Release);
    let (error, rows, id) = writing.join().unwrap().expect("refused once another serves");
    assert!(matches!(error, ProjectionError::Fenced { .. }), "{error}");
    assert_eq!(rows, id, "what was acknowledged is there, and nothing else");
}
