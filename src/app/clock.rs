//! The clock of a node: where time comes in.

use std::sync::Mutex;
use std::time::Instant;

use crate::domain::date::Timestamp;

/// How far the wall clock may jump against the monotonic one before writes stop.
pub const MAX_JUMP_US: i64 = 5_000_000;
/// How far the wall clock may stand behind the newest event before writes stop.
pub const MAX_BEHIND_US: i64 = 300_000_000;

/// Why the clock can't be trusted with an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The wall clock moved against the monotonic one.
    #[error(
        "the wall clock jumped by {jump_us} µs against the monotonic clock; nothing is recorded until the node is restarted or the clock is back"
    )]
    Jumped {
        /// By how much, in microseconds.
        jump_us: i64,
    },
    /// The wall clock stands behind the log.
    #[error(
        "the wall clock stands {behind_us} µs behind the log's newest event; nothing is recorded until it is set right"
    )]
    Behind {
        /// By how much, in microseconds.
        behind_us: i64,
    },
}

/// Where the present instant comes from.
pub trait Clock: Send + Sync {
    /// The present instant, unchecked.
    fn now(&self) -> Timestamp;

    /// The present instant for an event to be recorded, not before the newest event seen.
    ///
    /// # Errors
    /// When the wall clock jumped, or stands far behind the log.
    fn now_for_recording(&self) -> Result<Timestamp, ClockError>;

    /// Notes the instant of an event in the log.
    fn saw(&self, recorded_at: Timestamp);
}

/// Microseconds of some clock.
type Reading = Box<dyn Fn() -> i64 + Send + Sync>;

/// A wall clock watched by a monotonic one.
pub struct SystemClock {
    wall_us: Reading,
    monotonic_us: Reading,
    /// What both said at the start.
    start_us: (i64, i64),
    newest_us: Mutex<i64>,
}

impl Default for SystemClock {
    fn default() -> Self {
        let start = Instant::now();
        Self::of(wall_us, move || i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX))
    }
}

impl SystemClock {
    /// A clock out of two: Unix time in microseconds, and microseconds that no one can set.
    pub fn of(
        wall_us: impl Fn() -> i64 + Send + Sync + 'static,
        monotonic_us: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Self {
        let start_us = (wall_us(), monotonic_us());
        Self {
            wall_us: Box::new(wall_us),
            monotonic_us: Box::new(monotonic_us),
            start_us,
            newest_us: Mutex::new(i64::MIN),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where time comes in")]
fn wall_us() -> i64 {
    chrono::Utc::now().timestamp_micros()
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros((self.wall_us)())
    }

    fn now_for_recording(&self) -> Result<Timestamp, ClockError> {
        let wall = (self.wall_us)();
        let (start_wall, start_monotonic) = self.start_us;
        let elapsed = (self.monotonic_us)() - start_monotonic;
        let jump_us = wall - (start_wall + elapsed);
        if jump_us.abs() > MAX_JUMP_US {
            return Err(ClockError::Jumped { jump_us });
        }
        check_behind(&self.newest_us, wall)
    }

    fn saw(&self, recorded_at: Timestamp) {
        note(&self.newest_us, recorded_at.micros());
    }
}

fn check_behind(newest_us: &Mutex<i64>, wall: i64) -> Result<Timestamp, ClockError> {
    let newest = *newest_us.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let behind_us = newest.saturating_sub(wall);
    if behind_us > MAX_BEHIND_US {
        return Err(ClockError::Behind { behind_us });
    }
    Ok(Timestamp::from_micros(wall))
}

fn note(newest_us: &Mutex<i64>, micros: i64) {
    let mut newest = newest_us.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    *newest = (*newest).max(micros);
}

/// A clock that stands where it is put, for tests and benchmarks.
pub struct FixedClock {
    now_us: Mutex<i64>,
    newest_us: Mutex<i64>,
}

impl FixedClock {
    /// A clock that stands at an instant.
    pub fn at(instant: Timestamp) -> Self {
        Self { now_us: Mutex::new(instant.micros()), newest_us: Mutex::new(i64::MIN) }
    }

    /// Puts it to another instant.
    pub fn set(&self, instant: Timestamp) {
        *self.now_us.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = instant.micros();
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(
            *self.now_us.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    fn now_for_recording(&self) -> Result<Timestamp, ClockError> {
        check_behind(&self.newest_us, self.now().micros())
    }

    fn saw(&self, recorded_at: Timestamp) {
        note(&self.newest_us, recorded_at.micros());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    const START_US: i64 = 1_800_000_000_000_000;

    /// A clock with the hands of both its parts.
    fn clock() -> (SystemClock, Arc<AtomicI64>, Arc<AtomicI64>) {
        let (wall, monotonic) = (Arc::new(AtomicI64::new(START_US)), Arc::new(AtomicI64::new(77)));
        let (w, m) = (wall.clone(), monotonic.clone());
        let of =
            SystemClock::of(move || w.load(Ordering::SeqCst), move || m.load(Ordering::SeqCst));
        (of, wall, monotonic)
    }

    #[test]
    fn time_that_passes_on_both_is_no_jump() {
        let (clock, wall, monotonic) = clock();
        let hour = 3_600_000_000;
        wall.fetch_add(hour, Ordering::SeqCst);
        monotonic.fetch_add(hour, Ordering::SeqCst);
        let now = Timestamp::from_micros(START_US + hour);
        assert_eq!(clock.now_for_recording(), Ok(now));
        assert_eq!(clock.now(), now);
    }

    #[test]
    fn a_jump_of_more_than_five_seconds_stops_writing_until_it_is_undone() {
        for way in [1, -1] {
            let (clock, wall, monotonic) = clock();
            wall.fetch_add(way * MAX_JUMP_US, Ordering::SeqCst);
            assert!(clock.now_for_recording().is_ok(), "exactly five seconds");
            wall.fetch_add(way, Ordering::SeqCst);
            let jump_us = way * (MAX_JUMP_US + 1);
            assert_eq!(clock.now_for_recording(), Err(ClockError::Jumped { jump_us }));
            assert_eq!(clock.now().micros(), START_US + jump_us, "it can be read all the same");
            monotonic.fetch_add(way, Ordering::SeqCst);
            assert!(clock.now_for_recording().is_ok(), "caught up");
        }
    }

    #[test]
    fn five_minutes_behind_the_newest_event_stop_writing() {
        let (clock, _, _) = clock();
        clock.saw(Timestamp::from_micros(START_US + MAX_BEHIND_US));
        assert!(clock.now_for_recording().is_ok(), "exactly five minutes");
        clock.saw(Timestamp::from_micros(START_US + MAX_BEHIND_US + 1));
        let behind_us = MAX_BEHIND_US + 1;
        assert_eq!(clock.now_for_recording(), Err(ClockError::Behind { behind_us }));
        // An older event seen later moves nothing back.
        clock.saw(Timestamp::from_micros(0));
        assert_eq!(clock.now_for_recording(), Err(ClockError::Behind { behind_us }));
    }
}
