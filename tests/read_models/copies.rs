//! Copies: which serves, who writes, and that a half one never serves.

use docket::projection::store::{Claim, CopyWriter, Holder, TakesFrom, stale};
use docket::projection::{Mode, Models, Projection, ProjectionError, StoreError};

use crate::on_every_engine;
use crate::places::{Place, claimed, holder, taker};
use crate::sample::{Sample, add, changes, ids, rows, sample, to};

on_every_engine!(
    nothing_serves_until_a_copy_is_finished_and_let,
    a_rebuild_that_is_killed_leaves_the_old_copy_serving,
    one_process_rebuilds_at_a_time,
    a_copy_of_another_name_is_refused,
    who_writes_has_it_while_it_gives_signs_of_life,
    who_was_overtaken_changes_nothing,
    a_checkpoint_moves_only_from_where_it_was_read,
    once_another_copy_serves_nothing_is_written_here,
    a_batch_that_fails_leaves_nothing,
    tables_are_copied_as_of_one_instant,
    versions_of_another_time_are_stale,
    why_it_stopped_is_noted_until_it_goes_on,
);

fn is_fence(result: Result<(), ProjectionError>) -> bool {
    matches!(result, Err(ProjectionError::Fenced { .. }))
}

fn nothing_serves_until_a_copy_is_finished_and_let(place: &Place) {
    let copies = place.open();
    assert_eq!(copies.serving().unwrap(), None);
    let lock = copies.lock_rebuild().unwrap();
    let mut copy = copies.create(&*lock, Mode::Filling, &sample()).unwrap();
    assert_eq!(copies.serving().unwrap(), None);
    assert_eq!(copy.checkpoint().position, None);
    add(&mut *copy, 0).unwrap();
    add(&mut *copy, 1).unwrap();
    copy.finish(&sample()).unwrap();
    assert_eq!(copies.serving().unwrap(), None);
    let id = copy.id().clone();
    drop(copy);
    copies.serve(&*lock, &id).unwrap();
    drop(lock);
    let other = place.open();
    assert_eq!(other.serving().unwrap(), Some(id.clone()));
    let mut reader = other.reader(&id).unwrap();
    let mut snapshot = reader.snapshot().unwrap();
    let found = ids(&mut *snapshot);
    let known = rows(&mut *snapshot, "SELECT id FROM known", &[]);
    assert_eq!(known.len(), 2, "its views are there");
    let checkpoint = snapshot.checkpoint().clone();
    drop(snapshot);
    assert_eq!((found, checkpoint.position), (vec![0, 1], Some(1)));
    assert_eq!(checkpoint.known_at_us, 7);
    let mut writer = claimed(&*other, &id, "next");
    add(&mut *writer, 2).unwrap();
    assert_eq!(ids(writer.reader()), [0, 1, 2]);
}

fn a_rebuild_that_is_killed_leaves_the_old_copy_serving(place: &Place) {
    let (copies, mut writer) = place.serving(sample());
    add(&mut *writer, 0).unwrap();
    let served = writer.id().clone();
    let lock = copies.lock_rebuild().unwrap();
    let mut half = copies.create(&*lock, Mode::Filling, &sample()).unwrap();
    add(&mut *half, 0).unwrap();
    let left = half.id().clone();
    drop(half);
    drop(lock);
    assert_eq!(copies.serving().unwrap(), Some(served.clone()));
    add(&mut *writer, 1).unwrap();
    // The next one removes what it left, and what served stays.
    let again = place.open();
    let lock = again.lock_rebuild().unwrap();
    let copy = again.create(&*lock, Mode::Filling, &sample()).unwrap();
    assert_ne!(copy.id(), &served);
    if copy.id() != &left {
        assert!(again.open(&left).is_err(), "the half copy is gone");
    }
    assert_eq!(again.serving().unwrap(), Some(served));
    assert_eq!(ids(writer.reader()), [0, 1]);
    let id = copy.id().clone();
    drop(copy);
    again.remove(&*lock, &id).unwrap();
    assert!(again.reader(&id).and_then(|mut r| Ok(r.checkpoint()?)).is_err());
}

fn one_process_rebuilds_at_a_time(place: &Place) {
    let (first, second) = (place.open(), place.open());
    let lock = first.lock_rebuild().unwrap();
    for copies in [&first, &second] {
        let taken = copies.lock_rebuild();
        assert!(matches!(taken, Err(StoreError::InUse(_))));
    }
    drop(lock);
    drop(second.lock_rebuild().unwrap());
    drop(first.lock_rebuild().unwrap());
}

fn a_copy_of_another_name_is_refused(place: &Place) {
    use docket::projection::CopyId;
    let copies = place.open();
    for name in ["docket_copy_77", "x; DROP SCHEMA docket", ""] {
        let copy = CopyId(name.to_owned());
        let asked = copies.reader(&copy).and_then(|mut reader| Ok(reader.checkpoint()?));
        assert!(asked.is_err(), "{name}");
    }
}

fn who_writes_has_it_while_it_gives_signs_of_life(place: &Place) {
    let (copies, mut first) = place.serving(sample());
    let id = first.id().clone();
    let mut second = copies.open(&id).unwrap();
    let taken = second.claim(holder("second")).unwrap();
    assert_eq!(taken, Claim::Taken { holder: "writer".to_owned() });
    let silent = |sign| Holder { name: "second", from: TakesFrom::Silent(sign) };
    let now = || copies.open(&id).unwrap().checkpoint().sign();
    // Each sign of life, and each batch, is another than those before.
    let mut before = now();
    for _ in 0..3 {
        first.renew().unwrap();
        assert_ne!(now(), before);
        assert!(matches!(second.claim(silent(before)).unwrap(), Claim::Taken { .. }));
        before = now();
    }
    add(&mut *first, 0).unwrap();
    assert!(matches!(second.claim(silent(before)).unwrap(), Claim::Taken { .. }));
    // Its own: under a new epoch.
    let epoch = first.checkpoint().epoch;
    let mut again = copies.open(&id).unwrap();
    assert_eq!(again.claim(holder("writer")).unwrap(), Claim::Ours);
    assert_eq!(again.checkpoint().epoch, epoch + 1);
    assert!(is_fence(first.renew()), "an older self has it no more");
    assert!(is_fence(first.release()), "nor can it give it back");
    // Silent since.
    assert_eq!(second.claim(silent(now())).unwrap(), Claim::Ours);
    assert_eq!(second.checkpoint().holder.as_deref(), Some("second"));
    assert!(is_fence(again.renew()));
    // Given back, anybody has it at once.
    second.release().unwrap();
    assert_eq!(copies.open(&id).unwrap().checkpoint().holder, None);
    let mut third = copies.open(&id).unwrap();
    assert_eq!(third.claim(holder("third")).unwrap(), Claim::Ours);
    // Whoever is about to serve another copy takes it from anybody.
    let mut last = copies.open(&id).unwrap();
    assert_eq!(last.claim(taker("t")).unwrap(), Claim::Ours);
    assert!(is_fence(add(&mut *third, 1)));
}

fn who_was_overtaken_changes_nothing(place: &Place) {
    let (copies, mut asleep) = place.serving(sample());
    add(&mut *asleep, 0).unwrap();
    let mut awake = copies.open(&asleep.id().clone()).unwrap();
    assert_eq!(awake.claim(taker("awake")).unwrap(), Claim::Ours);
    assert_eq!(awake.checkpoint().position, Some(0));
    // Not yet moved: the epoch alone keeps it out.
    assert!(is_fence(add(&mut *asleep, 1)));
    add(&mut *awake, 1).unwrap();
    assert!(is_fence(add(&mut *asleep, 1)));
    assert!(is_fence(asleep.renew()));
    assert_eq!(ids(awake.reader()), [0, 1]);
    assert_eq!(awake.checkpoint().position, Some(1));
}

fn a_checkpoint_moves_only_from_where_it_was_read(place: &Place) {
    let (copies, mut first) = place.serving(sample());
    add(&mut *first, 0).unwrap();
    // The same epoch, read before the other moved on.
    let mut same = copies.open(&first.id().clone()).unwrap();
    add(&mut *first, 1).unwrap();
    assert!(is_fence(add(&mut *same, 5)));
    assert_eq!(ids(first.reader()), [0, 1]);
}

fn once_another_copy_serves_nothing_is_written_here(place: &Place) {
    let (copies, mut old) = place.serving(sample());
    add(&mut *old, 0).unwrap();
    let lock = copies.lock_rebuild().unwrap();
    let mut next = copies.create(&*lock, Mode::Filling, &sample()).unwrap();
    add(&mut *next, 0).unwrap();
    next.finish(&sample()).unwrap();
    // Followed beside the one that serves, before it serves itself.
    add(&mut *next, 1).unwrap();
    add(&mut *old, 1).unwrap();
    copies.serve(&*lock, &next.id().clone()).unwrap();
    assert!(is_fence(add(&mut *old, 2)));
    assert!(is_fence(old.renew()));
    add(&mut *next, 2).unwrap();
    assert_eq!(ids(next.reader()), [0, 1, 2]);
    assert_eq!(ids(old.reader()), [0, 1]);
}

fn a_batch_that_fails_leaves_nothing(place: &Place) {
    let (copies, mut writer) = place.serving(sample());
    add(&mut *writer, 0).unwrap();
    let mut batch = changes();
    batch.of(0, 2).insert(0).int(1).text("new").null().null().null();
    batch.of(0, 2).insert(0).int(0).text("there already").null().null().null();
    let Err(ProjectionError::Database(error)) = writer.commit(&batch, to(1)) else {
        panic!("a key twice")
    };
    assert!(!error.is_passing(), "{error}");
    assert_eq!(writer.checkpoint().position, Some(0));
    assert_eq!(ids(writer.reader()), [0]);
    add(&mut *writer, 1).unwrap();
    let checkpoint = copies.open(&writer.id().clone()).unwrap().checkpoint().clone();
    assert_eq!(checkpoint.position, Some(1));
}

fn tables_are_copied_as_of_one_instant(place: &Place) {
    let (copies, mut from) = place.serving(sample());
    add(&mut *from, 0).unwrap();
    add(&mut *from, 1).unwrap();
    let lock = copies.lock_rebuild().unwrap();
    let mut to_copy = copies.create(&*lock, Mode::Filling, &sample()).unwrap();
    let tables = [&crate::sample::SPAN];
    assert_eq!(to_copy.copy_tables(from.id(), &tables).unwrap(), Some(1));
    assert_eq!(ids(to_copy.reader()), [0, 1]);
    assert_eq!(to_copy.checkpoint().position, None, "its own stays");
    to_copy.finish(&sample()).unwrap();
    assert_eq!(ids(to_copy.reader()), [0, 1]);
}

fn versions_of_another_time_are_stale(place: &Place) {
    struct Newer;
    impl Projection for Newer {
        fn name(&self) -> &'static str {
            "sample"
        }
        fn version(&self) -> u32 {
            4
        }
        fn indexes_sql(&self) -> &'static str {
            ""
        }
        fn tables(&self) -> &'static [&'static docket::projection::Table] {
            &[]
        }
    }
    let (_copies, mut writer) = place.serving(sample());
    let writer: &mut dyn CopyWriter = &mut *writer;
    assert!(stale(writer.reader(), &sample()).unwrap().is_empty());
    let newer = Models::new(vec![Box::new(Newer)]);
    assert_eq!(stale(writer.reader(), &newer).unwrap(), ["sample"]);
    assert_eq!(stale(writer.reader(), &Models::new(vec![Box::new(Sample)])).unwrap().len(), 0);
}

fn why_it_stopped_is_noted_until_it_goes_on(place: &Place) {
    let (copies, mut writer) = place.serving(sample());
    add(&mut *writer, 0).unwrap();
    writer.note_failure(1, "an event\0 nobody knows").unwrap();
    let noted = |copies: &dyn docket::projection::Copies| {
        let mut reader = copies.reader(&copies.serving().unwrap().unwrap()).unwrap();
        reader.checkpoint().unwrap().failed
    };
    let (sequence, reason) = noted(&*copies).unwrap();
    assert_eq!(sequence, 1);
    assert!(reason.contains("nobody knows"), "{reason}");
    add(&mut *writer, 1).unwrap();
    assert_eq!(noted(&*copies), None);
    let mut other = copies.open(&writer.id().clone()).unwrap();
    assert_eq!(other.claim(taker("other")).unwrap(), Claim::Ours);
    assert!(is_fence(writer.note_failure(2, "late")));
    assert_eq!(noted(&*copies), None);
}
