use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const START_US: i64 = 1_800_000_000_000_000;
const DAY_US: i64 = 86_400_000_000;

/// Both parts of a clock, to be moved.
#[derive(Clone)]
struct Hands {
    wall: Arc<AtomicI64>,
    elapsed: Arc<AtomicI64>,
}

impl Hands {
    /// Time passes for both.
    fn pass(&self, us: i64) {
        self.step(us);
        self.elapsed.fetch_add(us, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock.
    fn step(&self, us: i64) {
        self.wall.fetch_add(us, Ordering::SeqCst);
    }
}

fn clock() -> (SystemClock, Hands) {
    let hands =
        Hands { wall: Arc::new(AtomicI64::new(START_US)), elapsed: Arc::new(AtomicI64::new(77)) };
    let (w, e) = (hands.wall.clone(), hands.elapsed.clone());
    let of = SystemClock::of(move || w.load(Ordering::SeqCst), move || e.load(Ordering::SeqCst));
    (of, hands)
}

#[test]
fn time_that_passes_on_both_is_no_jump() {
    let (clock, hands) = clock();
    hands.pass(3_600_000_000);
    let now = Timestamp::from_micros(START_US + 3_600_000_000);
    assert_eq!(clock.now_for_recording(), Ok(now));
    assert_eq!(clock.now(), now);
}

#[test]
fn a_jump_of_more_than_five_seconds_stops_writing_until_it_is_undone() {
    for way in [1, -1] {
        let (clock, hands) = clock();
        hands.step(way * (MAX_JUMP_US + 1));
        let jump_us = way * (MAX_JUMP_US + 1);
        assert_eq!(clock.now_for_recording(), Err(ClockError::Jumped { jump_us }));
        assert_eq!(clock.now().micros(), START_US + jump_us, "it can be read all the same");
        hands.step(-way * (MAX_JUMP_US + 1));
        assert!(clock.now_for_recording().is_ok(), "undone");
    }
}

/// It used to stop writing until a restart.
#[test]
fn a_jump_passes_once_the_clock_has_stood_still() {
    for way in [1, -1] {
        let (clock, hands) = clock();
        hands.step(way * 3_600_000_000);
        assert!(clock.now_for_recording().is_err());
        hands.pass(SETTLE_US - 1);
        assert!(clock.now_for_recording().is_err(), "not long enough");
        hands.step(way * 10_000_000);
        assert!(clock.now_for_recording().is_err(), "it jumped again");
        hands.pass(SETTLE_US - 1);
        assert!(clock.now_for_recording().is_err(), "counted from the last jump");
        hands.pass(1);
        let wall = hands.wall.load(Ordering::SeqCst);
        assert_eq!(clock.now_for_recording(), Ok(Timestamp::from_micros(wall)));
        assert!(clock.now_for_own().is_ok());
    }
}

/// Corrections of a second now and then used to add up to a jump.
#[test]
fn small_steps_do_not_add_up() {
    let (clock, hands) = clock();
    for _ in 0..20 {
        hands.step(4_000_000);
        hands.pass(1_000_000);
        assert!(clock.now_for_recording().is_ok());
    }
}

#[test]
fn five_minutes_behind_the_newest_event_stop_writing() {
    let (clock, _) = clock();
    clock.saw(Timestamp::from_micros(START_US + MAX_BEHIND_US));
    assert!(clock.now_for_recording().is_ok(), "exactly five minutes");
    clock.saw(Timestamp::from_micros(START_US + MAX_BEHIND_US + 1));
    let behind_us = MAX_BEHIND_US + 1;
    assert_eq!(clock.now_for_recording(), Err(ClockError::Behind { behind_us }));
    // An older event seen later moves nothing back.
    clock.saw(Timestamp::from_micros(0));
    assert_eq!(clock.now_for_recording(), Err(ClockError::Behind { behind_us }));
}

/// A log whose newest event is of 2036 by mistake stopped its server until 2036.
#[test]
fn a_confirmation_overrules_an_event_of_the_future() {
    let (clock, _) = clock();
    clock.saw(Timestamp::from_micros(START_US + 3650 * DAY_US));
    assert!(matches!(clock.now_for_recording(), Err(ClockError::Behind { .. })));
    clock.confirmed(Timestamp::from_micros(START_US));
    assert!(clock.now_for_recording().is_ok());
    assert!(clock.now_for_own().is_ok());
}

#[test]
fn a_start_more_than_a_day_ahead_lets_only_offices_act_and_more_than_a_year_nobody() {
    let known = |days: i64, more: i64| Timestamp::from_micros(START_US - days * DAY_US - more);
    let (clock, _) = clock();
    let clock = clock.knowing(known(1, 0));
    assert!(clock.now_for_own().is_ok(), "exactly a day");
    let clock = clock.knowing(known(1, 1));
    let ahead_us = DAY_US + 1;
    assert_eq!(clock.now_for_own(), Err(ClockError::Unconfirmed { ahead_us }));
    assert!(clock.now_for_recording().is_ok());
    let clock = clock.knowing(known(366, 1));
    let ahead_us = 366 * DAY_US + 1;
    assert_eq!(clock.now_for_recording(), Err(ClockError::Unconfirmed { ahead_us }));
    // An act of somebody's, recorded under that clock, confirms nothing.
    clock.saw(Timestamp::from_micros(START_US));
    assert_eq!(clock.now_for_own(), Err(ClockError::Unconfirmed { ahead_us }));
    clock.confirmed(Timestamp::from_micros(START_US));
    assert!(clock.now_for_recording().is_ok() && clock.now_for_own().is_ok());
}

#[test]
fn a_clock_that_is_set_right_needs_no_confirmation() {
    let (clock, hands) = clock();
    let clock = clock.knowing(Timestamp::from_micros(START_US - 3650 * DAY_US));
    assert!(clock.now_for_recording().is_err());
    hands.step(-3650 * DAY_US);
    assert!(clock.now_for_recording().is_ok() && clock.now_for_own().is_ok());
    hands.step(MAX_JUMP_US + 1);
    assert!(clock.now_for_own().is_err(), "from there on it is watched as ever");
}

/// Ten years ahead in the middle of the day is no better than at a start.
#[test]
fn a_jump_far_ahead_has_to_be_confirmed_too() {
    let (clock, hands) = clock();
    hands.step(3650 * DAY_US);
    assert!(matches!(clock.now_for_own(), Err(ClockError::Jumped { .. })));
    hands.pass(SETTLE_US);
    let ahead_us = 3650 * DAY_US;
    assert_eq!(clock.now_for_own(), Err(ClockError::Unconfirmed { ahead_us }));
    assert_eq!(clock.now_for_recording(), Err(ClockError::Unconfirmed { ahead_us }));
    hands.step(-3650 * DAY_US);
    assert!(clock.now_for_own().is_ok());
}
