//! What fails, stops: rows and checkpoint together, and nothing is skipped.

use std::sync::Arc;
use std::time::Duration;

use docket::domain::ids::Office;
use docket::projection::{
    Copies as _, ModelChanges, Progress, Projection, ProjectionError, Runner, SqliteCopies, Status,
    StoreError, Table, Told, all, rebuild,
};
use rusqlite::Connection;
use tokio::sync::watch;

use super::lives::construction;
use super::{catch_up, checksums, follower, options, rebuild_all, request, rows_of, world};

/// A read model that fails on notes, after the others have taken them in.
struct Failing;

impl Projection for Failing {
    fn name(&self) -> &'static str {
        "failing"
    }
    fn version(&self) -> u32 {
        1
    }
    fn indexes_sql(&self) -> &'static str {
        ""
    }
    fn tables(&self) -> &'static [&'static Table] {
        &[]
    }
    fn tell(&mut self, told: &Told<'_>, _: &mut ModelChanges<'_>) -> Result<(), ProjectionError> {
        match &*told.envelope.event_type {
            "Noted" => Err(ProjectionError::Inconsistent("a note".to_owned())),
            _ => Ok(()),
        }
    }
}

fn with_failing() -> Vec<Box<dyn Projection>> {
    let mut projections = all();
    projections.push(Box::new(Failing));
    projections
}

fn note(world: &mut super::World) {
    let body = r#"{"act":"note","effective_on":"2016-02-01","text":"t"}"#;
    world.act("cluster_area", "futian", Office::Registrar, body);
}

fn filled() -> super::World {
    let mut world = world();
    world.register("futian", "cluster_area", "440000", ("Futian", "福田"));
    construction(&mut world, "cluster_area", "futian");
    world
}

#[test]
fn a_batch_that_fails_leaves_no_row_and_the_checkpoint_where_it_was() {
    let mut world = filled();
    let at = tempfile::tempdir().unwrap();
    let path = at.path().join("copy.sqlite");
    let mut running = follower(&world, &path, with_failing);
    catch_up(&mut running, 100);
    let (before, position) = (checksums(&running.connection()), running.position());
    note(&mut world);
    let Progress::Stopped { failure, .. } = running.step(100) else { panic!("not stopped") };
    assert_eq!(failure.sequence, position.unwrap() + 1);
    assert!(!failure.retrying);
    assert_eq!(checksums(&running.connection()), before);
    let stored = rows_of(&running.connection(), "SELECT position FROM checkpoint");
    assert_eq!(stored, [position.unwrap().to_string()]);
    // Repaired, it goes on from there.
    drop(running);
    let mut repaired = follower(&world, &path, all);
    catch_up(&mut repaired, 100);
    let mut fresh = follower(&world, &at.path().join("fresh.sqlite"), all);
    catch_up(&mut fresh, 100);
    assert_eq!(checksums(&repaired.connection()), checksums(&fresh.connection()));
}

#[test]
fn what_comes_before_the_failing_event_of_a_batch_is_kept() {
    let mut world = filled();
    note(&mut world);
    let failing = world.history("cluster_area-futian").events().last().unwrap().sequence.unwrap();
    construction_goes_on(&mut world);
    let at = tempfile::tempdir().unwrap();
    let mut running = follower(&world, &at.path().join("copy.sqlite"), with_failing);
    let Progress::Stopped { failure, .. } = running.step(1000) else { panic!("not stopped") };
    assert_eq!(failure.sequence, failing);
    assert_eq!(running.position(), Some(failing - 1));
}

fn construction_goes_on(world: &mut super::World) {
    let body = r#"{"act":"inspect","effective_on":"2016-06","findings":"f"}"#;
    world.act("cluster_area", "futian", Office::NationalOffice, body);
}

/// The fence: who was overtaken while it slept changes nothing when it wakes.
#[test]
fn a_checkpoint_that_another_writer_moved_rolls_the_batch_back() {
    let mut world = filled();
    let at = tempfile::tempdir().unwrap();
    let path = at.path().join("copy.sqlite");
    let mut asleep = follower(&world, &path, all);
    asleep.step(3);
    let mut awake = follower(&world, &path, all);
    awake.step(2);
    let rows = rows_of(&awake.connection(), "SELECT count(*), max(sequence) FROM audit_trail");
    let Progress::Stopped { fenced: true, .. } = asleep.step(4) else { panic!("not fenced") };
    let after = rows_of(&awake.connection(), "SELECT count(*), max(sequence) FROM audit_trail");
    assert_eq!(rows, after);
    note(&mut world);
    catch_up(&mut awake, 2);
    let mut fresh = follower(&world, &at.path().join("fresh.sqlite"), all);
    catch_up(&mut fresh, 100);
    assert_eq!(checksums(&awake.connection()), checksums(&fresh.connection()));
}

fn until(
    runtime: &tokio::runtime::Runtime,
    mut status: watch::Receiver<Status>,
    what: impl FnMut(&Status) -> bool,
) -> Status {
    let waited = async {
        tokio::time::timeout(Duration::from_secs(20), status.wait_for(what))
            .await
            .expect("the status is reached in time")
            .expect("the runner runs")
            .clone()
    };
    runtime.block_on(waited)
}

#[test]
fn the_runner_follows_stops_at_an_unknown_event_and_serves_on() {
    let mut world = filled();
    let at = tempfile::tempdir().unwrap();
    let copies = SqliteCopies::new(at.path());
    let handle = world.runtime.handle().clone();
    let start = |world: &super::World, name: &str| {
        Runner::start(
            Arc::clone(&world.log),
            Arc::new(copies.clone()),
            options(name),
            handle.clone(),
        )
    };
    let runner = start(&world, "first").unwrap();
    until(&world.runtime, runner.status(), |status| status.copy.is_some());
    // A copy that serves is nobody's for a moment: the second one could be the first to have it.
    let holder = || {
        let mut reader = copies.reader(&copies.serving().unwrap().unwrap()).unwrap();
        reader.checkpoint().unwrap().holder
    };
    while holder().as_deref() != Some("first") {
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = start(&world, "second").unwrap();
    let last = world.runtime.block_on(world.log.head()).unwrap().unwrap();
    until(&world.runtime, runner.status(), |status| status.has(last));
    note(&mut world);
    until(&world.runtime, runner.status(), |status| status.has(last + 1));
    // One writes at a time; the other looks on.
    // The lease may have run out for a moment on a machine that is busy elsewhere.
    let looks_on = until(&world.runtime, second.status(), |status| {
        status.has(last + 1) && status.written_by.is_some()
    });
    assert_eq!(looks_on.written_by.as_deref(), Some("first"));
    drop(second);
    let unknown = world.append_unknown("cluster_area-haidian", "SomethingNewer");
    note(&mut world);
    let stopped = until(&world.runtime, runner.status(), |status| status.failed.is_some());
    assert_eq!(stopped.position, Some(unknown - 1));
    let failure = stopped.failed.unwrap();
    assert_eq!(failure.sequence, unknown);
    assert!(failure.reason.contains("SomethingNewer"), "{}", failure.reason);
    let models =
        docket::projection::ReadModels::of_runner(Arc::new(copies.clone()), runner.status());
    let answer =
        models.read_now(|tables| tables.sequence_known_at(docket::domain::date::Timestamp::MAX));
    assert_eq!(answer.unwrap().value, Some(unknown - 1));
    drop(runner);
    // Started again, it stops at the same event: nothing skips it.
    let again = start(&world, "again").unwrap();
    let stopped = until(&world.runtime, again.status(), |status| status.failed.is_some());
    assert_eq!(stopped.failed.unwrap().sequence, unknown);
    drop(again);
    // Without any copy, what comes before the event is served all the same.
    let empty = tempfile::tempdir().unwrap();
    let fresh = Runner::start(
        Arc::clone(&world.log),
        Arc::new(SqliteCopies::new(empty.path())),
        options("test"),
        handle.clone(),
    )
    .unwrap();
    let stopped = until(&world.runtime, fresh.status(), |status| status.failed.is_some());
    assert_eq!((stopped.position, stopped.failed.unwrap().sequence), (Some(unknown - 1), unknown));
}

#[test]
fn a_rebuild_that_is_stopped_or_killed_leaves_the_old_copy_serving() {
    let world = filled();
    let at = tempfile::tempdir().unwrap();
    let copies = SqliteCopies::new(at.path());
    rebuild_all(&world.log, &world.runtime, &copies);
    let served = copies.serving().unwrap();
    let request = request(&world.log, &world.runtime, &copies, &[]);
    let stopped = rebuild(&request, &mut |_, _| false);
    assert!(matches!(stopped, Err(StoreError::Interrupted)), "{stopped:?}");
    assert_eq!(copies.serving().unwrap(), served);
    let left = || {
        let files = std::fs::read_dir(at.path()).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|kind| kind == "sqlite")).count()
    };
    assert_eq!(left(), 1, "what came to nothing takes no room");
    rebuild_all(&world.log, &world.runtime, &copies);
    assert_eq!(left(), 2, "the one that served is kept");
    assert_ne!(copies.serving().unwrap(), served);
}

#[test]
fn rows_of_one_log_are_not_continued_from_another() {
    let world = filled();
    let at = tempfile::tempdir().unwrap();
    let copies = SqliteCopies::new(at.path());
    rebuild_all(&world.log, &world.runtime, &copies);
    let path = copies.path(&copies.serving().unwrap().unwrap());
    let connection = Connection::open(path).unwrap();
    connection.execute("UPDATE checkpoint SET log = 'another'", []).unwrap();
    connection.close().unwrap();
    let handle = world.runtime.handle().clone();
    let runner =
        Runner::start(Arc::clone(&world.log), Arc::new(copies), options("test"), handle).unwrap();
    let status = until(&world.runtime, runner.status(), |status| status.failed.is_some());
    let reason = status.failed.unwrap().reason;
    assert!(reason.contains("docket rebuild"), "{reason}");
}

/// A process that was stopped in the middle of a batch keeps SQLite's lock: another goes on in a copy
/// of what was committed, and what the stopped one writes when it wakes serves nobody.
#[test]
fn who_hangs_in_the_middle_of_a_transaction_is_left_behind() {
    let mut world = filled();
    let at = tempfile::tempdir().unwrap();
    let copies = SqliteCopies::new(at.path());
    let mut hanging = follower(&world, at.path(), all);
    catch_up(&mut hanging, 100);
    let expected = checksums(&hanging.connection());
    let stuck = copies.serving().unwrap().unwrap();
    let connection = hanging.connection();
    connection.execute_batch("BEGIN IMMEDIATE; UPDATE checkpoint SET lease = lease").unwrap();
    let runner = Runner::start(
        Arc::clone(&world.log),
        Arc::new(copies.clone()),
        options("next"),
        world.runtime.handle().clone(),
    )
    .unwrap();
    note(&mut world);
    let last = world.runtime.block_on(world.log.head()).unwrap().unwrap();
    until(&world.runtime, runner.status(), |status| status.has(last));
    assert_ne!(copies.serving().unwrap().unwrap(), stuck);
    connection.execute_batch("COMMIT").unwrap();
    let Progress::Stopped { fenced: true, .. } = hanging.step(10) else { panic!("not fenced") };
    assert_eq!(checksums(&hanging.connection()), expected, "it wrote nothing");
    drop(runner);
    let mut fresh = follower(&world, &at.path().join("fresh"), all);
    catch_up(&mut fresh, 100);
    assert_eq!(super::serving_checksums(&copies), checksums(&fresh.connection()));
}
