//! Read models that come back by themselves: damaged, lost, held by the dead, after a panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use docket::domain::ids::Office;
use docket::projection::store::Claim;
use docket::projection::{
    Compare, Compared, Copies, CopyId, ModelChanges, Options, Projection, ProjectionError,
    ReadModels, Runner, Status, StoreError, Table, Told, all, diff, rebuild, verify,
};

use crate::histories::{checksums, filled, followed, request};
use crate::on_every_engine;
use crate::places::{Place, holder};
use crate::world::World;

on_every_engine!(
    a_lease_under_a_clock_far_ahead_holds_nothing_still,
    a_clean_stop_gives_the_right_to_write_back,
    what_was_damaged_or_lost_is_made_anew,
    a_rebuild_works_over_a_damaged_copy,
    what_a_rebuild_differed_from_is_kept_until_the_next,
    that_nothing_moves_is_said,
);

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn note(world: &mut World) -> u64 {
    let note = r#"{"act":"note","effective_on":"2016","text":"more"}"#;
    world.act("cluster_area", "suzhou", Office::Registrar, note);
    world.runtime.block_on(world.log.head()).unwrap().unwrap()
}

pub fn options(name: &str) -> Options {
    Options { lease: Duration::from_millis(600), ..Options::new(name) }
}

pub fn start(world: &World, copies: Arc<dyn Copies>, options: Options) -> Runner {
    Runner::start(world.log.clone(), copies, options, world.runtime.handle().clone()).unwrap()
}

#[track_caller]
pub fn until(world: &World, runner: &Runner, what: impl FnMut(&Status) -> bool) -> Status {
    let mut status = runner.status();
    let reached = world.runtime.block_on(async {
        let reached = tokio::time::timeout(PATIENCE, status.wait_for(what)).await;
        reached.map(|reached| reached.unwrap().clone())
    });
    reached.unwrap_or_else(|_| panic!("not reached: {:?}", *runner.status().borrow()))
}

/// The rows of the copy that serves are those of one that was filled at one go.
#[track_caller]
pub fn same_as_fresh(world: &World, copies: &dyn Copies) {
    let mut serving = copies.open(&copies.serving().unwrap().unwrap()).unwrap();
    let expected = checksums(followed(&Place::sqlite(), world, 4096).1.copy());
    assert_eq!(checksums(&mut *serving), expected);
}

fn a_lease_under_a_clock_far_ahead_holds_nothing_still(place: &Place) {
    let world = filled();
    let (copies, mut follower) = followed(place, &world, 3);
    let dead = follower.copy().checkpoint().holder.clone();
    drop(follower);
    // Until the year 2036, as an earlier version wrote it; who wrote it is gone.
    place.sql("UPDATE checkpoint SET lease = 2082758400000000");
    let began = Instant::now();
    let runner = start(&world, copies.clone(), options("next"));
    let head = world.runtime.block_on(world.log.head()).unwrap().unwrap();
    until(&world, &runner, |status| status.written_by == dead);
    until(&world, &runner, |status| status.has(head) && status.written_by.is_none());
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

fn a_clean_stop_gives_the_right_to_write_back(place: &Place) {
    let mut world = filled();
    let long = |name| Options { lease: Duration::from_secs(600), ..Options::new(name) };
    let first = start(&world, place.open(), long("first"));
    let head = note(&mut world);
    until(&world, &first, |status| status.has(head));
    drop(first);
    let second = start(&world, place.open(), long("second"));
    let head = note(&mut world);
    until(&world, &second, |status| status.has(head));
}

fn what_was_damaged_or_lost_is_made_anew(place: &Place) {
    let mut world = filled();
    let copies = place.open();
    let runner = start(&world, copies.clone(), options("w"));
    let models = ReadModels::of_runner(copies.clone(), runner.status());
    let head = note(&mut world);
    until(&world, &runner, |status| status.has(head));
    for (name, damage) in place.damages() {
        let before = copies.serving().unwrap().unwrap();
        damage(place, &before);
        // What is asked meets it too, whatever the runner sees; it is an outage, never a wrong answer.
        let asked = models
            .read_now(|tables| tables.sequence_known_at(docket::domain::date::Timestamp::MAX));
        if let Err(error) = asked {
            assert!(error.is_damage() || error.is_outage(), "{name}: {error:?}");
        }
        let head = note(&mut world);
        let after = until(&world, &runner, |status| {
            status.copy.as_ref() != Some(&before) && status.has(head) && status.failed.is_none()
        });
        assert_eq!(copies.serving().unwrap(), after.copy, "{name}");
        same_as_fresh(&world, &*copies);
        let answer = models
            .read_now(|tables| tables.sequence_known_at(docket::domain::date::Timestamp::MAX));
        assert_eq!(answer.unwrap().value, Some(head), "{name}");
    }
}

/// The checksums of tables don't meet an index: it answered with rows missing, and nothing found it.
#[test]
fn a_flipped_bit_in_an_index_is_found_and_the_copy_made_anew() {
    let world = filled();
    let place = Place::sqlite();
    drop(followed(&place, &world, 4096));
    let copies = place.open();
    let before = copies.serving().unwrap().unwrap();
    assert_eq!(copies.inspect(&before, Arc::default()).unwrap(), None);
    let Place::Sqlite(folder) = &place else { unreachable!() };
    flip_in_index(&folder.path().join(&before.0), "event_fact_by_event_id");
    let verified = verify(&request(&world, &*copies), &mut |_, _| true).unwrap();
    assert_eq!(verified.findings().count(), 0);
    let what = copies.inspect(&before, Arc::default()).unwrap().unwrap();
    assert!(what.contains("event_fact_by_event_id"), "{what}");
    let runner = start(&world, copies.clone(), options("w"));
    until(&world, &runner, |status| status.copy.as_ref() == Some(&before));
    copies.report_damage(&before, &what).unwrap();
    until(&world, &runner, |status| status.copy.as_ref().is_some_and(|copy| *copy != before));
    let after = copies.serving().unwrap().unwrap();
    assert_eq!(copies.inspect(&after, Arc::default()).unwrap(), None);
    same_as_fresh(&world, &*copies);
}

/// Flips a bit of a key in the last leaf page of an index of a file that nobody has open.
fn flip_in_index(path: &std::path::Path, index: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let number = |sql: &str| {
        let number: u32 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        usize::try_from(number).unwrap()
    };
    let size = number("PRAGMA page_size");
    let mut page = number(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{index}'"));
    connection.close().unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    let leaf = loop {
        let at = (page - 1) * size;
        match bytes[at] {
            10 => break at,
            // The rightmost page below this one.
            2 => {
                let below = u32::from_be_bytes(bytes[at + 8..at + 12].try_into().unwrap());
                page = usize::try_from(below).unwrap();
            }
            kind => panic!("a page of an index is of kind {kind}"),
        }
    };
    let cell = usize::from(u16::from_be_bytes([bytes[leaf + 8], bytes[leaf + 9]]));
    // After the lengths of the cell and of its header, and the types of key and row id.
    bytes[leaf + cell + 6] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn a_rebuild_works_over_a_damaged_copy(place: &Place) {
    let mut world = filled();
    drop(followed(place, &world, 4096));
    for (name, damage) in place.damages() {
        let copies = place.open();
        let before = copies.serving().unwrap().unwrap();
        damage(place, &before);
        note(&mut world);
        if let Ok(verified) = verify(&request(&world, &*copies), &mut |_, _| true) {
            panic!("{name}: {verified:?}");
        }
        let rebuilt = rebuild(&request(&world, &*copies), &mut |_, _| true);
        let rebuilt = rebuilt.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            rebuilt.models.iter().all(|model| {
                matches!(model.compared, Compared::Damaged { .. } | Compared::Nothing)
            }),
            "{name}: {rebuilt:?}"
        );
        assert_ne!(copies.serving().unwrap().unwrap(), before, "{name}");
        same_as_fresh(&world, &*copies);
    }
}

fn what_a_rebuild_differed_from_is_kept_until_the_next(place: &Place) {
    let world = filled();
    drop(followed(place, &world, 4096));
    let copies = place.open();
    let again = || rebuild(&request(&world, &*copies), &mut |_, _| true).unwrap();
    let differences = |which| {
        let mut found = Vec::new();
        let each = &mut |difference: docket::projection::Difference| found.push(difference.table);
        diff(&request(&world, &*copies), which, &mut |_, _| true, each).map(|_| found)
    };
    assert_eq!(again().kept, None);
    assert!(matches!(differences(Compare::Kept), Err(StoreError::NothingKept(_))));
    let finding = copies.serving().unwrap().unwrap();
    place.sql("UPDATE subject SET kind = 'other' WHERE subject = 'haidian'");
    let rebuilt = again();
    assert_eq!(rebuilt.kept.as_ref(), Some(&finding.0));
    assert_eq!(rebuilt.findings().count(), 1);
    // It outlives what makes other copies, and is no longer there after the next rebuild.
    for _ in 0..2 {
        verify(&request(&world, &*copies), &mut |_, _| true).unwrap();
        assert_eq!(differences(Compare::Serving).unwrap(), [] as [&str; 0]);
        assert_eq!(copies.kept().unwrap(), Some(finding.clone()));
        assert_eq!(differences(Compare::Kept).unwrap(), ["subject"]);
    }
    assert_eq!(again().kept, None);
    assert_eq!(copies.kept().unwrap(), None);
    assert!(copies.reader(&finding).and_then(|mut r| Ok(r.checkpoint()?)).is_err());
}

fn that_nothing_moves_is_said(place: &Place) {
    let mut world = filled();
    let (copies, follower) = followed(place, &world, 4096);
    drop(follower);
    let still = Duration::from_secs(2);
    let looks_on = Options { writes: false, still, ..options("server") };
    let runner = start(&world, copies.clone(), looks_on);
    until(&world, &runner, |status| status.copy.is_some());
    std::thread::sleep(still * 2);
    assert!(!runner.status().borrow().stands_still, "nothing is to be taken in");
    note(&mut world);
    until(&world, &runner, |status| status.stands_still);
    let worker = start(&world, copies, options("worker"));
    until(&world, &runner, |status| !status.stands_still);
    drop(worker);
}

/// A read model that panics on notes, for a while.
struct Panicking;

static PANICS: AtomicBool = AtomicBool::new(false);

impl Projection for Panicking {
    fn name(&self) -> &'static str {
        "panicking"
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
        let panics = &*told.envelope.event_type == "Noted" && PANICS.load(Ordering::Acquire);
        assert!(!panics, "of all days");
        Ok(())
    }
}

/// A panic ended the thread, and with it the lists, until a restart; health said `UP`.
#[test]
fn a_panic_is_said_and_outlived() {
    fn with_panicking() -> Vec<Box<dyn Projection>> {
        let mut projections = all();
        projections.push(Box::new(Panicking));
        projections
    }
    let mut world = filled();
    let place = Place::sqlite();
    let options = Options { projections: with_panicking, ..options("w") };
    let runner = start(&world, place.open(), options);
    let head = note(&mut world);
    until(&world, &runner, |status| status.has(head));
    PANICS.store(true, Ordering::Release);
    let head = note(&mut world);
    let failed = until(&world, &runner, |status| status.failed.is_some());
    assert_eq!(failed.position, Some(head - 1), "what serves goes on being served");
    let failure = failed.failed.unwrap();
    assert!(failure.retrying && failure.reason.contains("of all days"), "{failure:?}");
    PANICS.store(false, Ordering::Release);
    let mended = until(&world, &runner, |status| status.has(head));
    assert_eq!(mended.failed, None);
}

/// A copy that was replaced is no damage, and neither is a lock that nobody holds any more.
#[test]
fn what_a_dead_process_left_is_in_nobodys_way() {
    let mut world = filled();
    let place = Place::sqlite();
    let (copies, mut follower) = followed(&place, &world, 4096);
    let Place::Sqlite(folder) = &place else { unreachable!() };
    std::fs::write(folder.path().join("lock"), "999999").unwrap();
    std::fs::write(folder.path().join("serving.next"), "copy-").unwrap();
    assert_eq!(follower.copy().claim(holder("writer")).unwrap(), Claim::Ours);
    let old = copies.serving().unwrap().unwrap();
    let rebuilt = rebuild(&request(&world, &*copies), &mut |_, _| true).unwrap();
    assert!(rebuilt.models.iter().all(|model| model.compared == Compared::Same), "{rebuilt:?}");
    assert_eq!(copies.damage(&old).unwrap(), None, "it serves no more");
    let missing = CopyId("copy-000099-1.sqlite".to_owned());
    assert_eq!(copies.damage(&missing).unwrap(), None);
    let runner = start(&world, copies, options("w"));
    let head = note(&mut world);
    until(&world, &runner, |status| status.has(head));
}
