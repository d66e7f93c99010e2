//! Worker processes over one set of read models: one writes, and when it is killed or stopped another
//! goes on, with no event lost or taken twice.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "workers/support.rs"]
mod support;

use std::time::Duration;

use support::{Place, Worker};

/// Killed in the middle of batches, at different moments: another goes on each time.
#[test]
fn a_worker_that_is_killed_is_followed_by_another() {
    let place = Place::with_events(3_000);
    for round in 0..4 {
        let first = Worker::start(&place);
        let second = Worker::start(&place);
        place.writes(&[first.id(), second.id()]);
        place.append(1_000);
        std::thread::sleep(Duration::from_millis(120 * round));
        let (writer, other) =
            if place.writer() == Some(first.id()) { (first, second) } else { (second, first) };
        writer.signal("KILL");
        place.writes(&[other.id()]);
        place.catches_up();
    }
    place.verify();
}

/// Stopped for longer than its lease, then woken: it changes nothing that the other wrote, and takes
/// no event twice.
#[test]
fn a_worker_that_was_stopped_past_its_lease_wakes_to_a_fence() {
    let place = Place::with_events(2_000);
    let workers = [Worker::start(&place), Worker::start(&place)];
    for round in 0..4 {
        place.writes(&workers.each_ref().map(Worker::id));
        let writer = place.writer();
        let [first, second] = &workers;
        let (asleep, awake) =
            if writer == Some(first.id()) { (first, second) } else { (second, first) };
        std::thread::scope(|scope| {
            scope.spawn(|| place.append(1_500));
            std::thread::sleep(Duration::from_millis(40 + 70 * round));
            asleep.signal("STOP");
        });
        place.writes(&[awake.id()]);
        place.catches_up();
        asleep.signal("CONT");
        place.append(200);
        place.catches_up();
    }
    place.verify();
    assert!(workers.into_iter().all(Worker::ends_in_order));
    place.verify();
}

/// A server that leaves the read models to workers answers lists from what they write.
#[test]
fn a_server_serves_what_a_worker_writes() {
    let place = Place::with_events(500);
    let worker = Worker::start(&place);
    place.writes(&[worker.id()]);
    place.catches_up();
    let listed = place.lists_through_a_server(&worker);
    assert!(listed > 0);
    assert!(worker.ends_in_order());
}
