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

/// The system's clocks.
pub struct SystemClock {
    start: (Instant, i64),
    newest_us: Mutex<i64>,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: (Instant::now(), wall_us()), newest_us: Mutex::new(i64::MIN) }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where time comes in")]
fn wall_us() -> i64 {
    chrono::Utc::now().timestamp_micros()
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(wall_us())
    }

    fn now_for_recording(&self) -> Result<Timestamp, ClockError> {
        let wall = wall_us();
        let elapsed = i64::try_from(self.start.0.elapsed().as_micros()).unwrap_or(i64::MAX);
        let jump_us = wall - (self.start.1 + elapsed);
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
