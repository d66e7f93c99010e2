//! The clock of a node: where time comes in, and whether it can be trusted with an event.
//!
//! What must hold: reading is never stopped by a clock. A jump of the wall clock, or one that stands behind
//! the log, stops recording until it has passed; a clock far ahead of all that is known is believed only
//! once somebody confirms it, since what Docket records by itself under it nothing could correct.
//! Deliberately not here: who confirms, and where what is known is read (`cli`).

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::date::Timestamp;

mod watch;

use watch::Watch;
pub use watch::{MAX_JUMP_US, SETTLE_US};

/// How far the wall clock may stand behind the newest event before writes stop.
pub const MAX_BEHIND_US: i64 = 300_000_000;
/// How far the wall clock may be ahead of what is known before Docket's own writers wait.
pub const MAX_AHEAD_US: i64 = 86_400_000_000;
/// How far it may be ahead before acts wait too: a year.
pub const MAX_AHEAD_FOR_ACTS_US: i64 = 366 * 86_400_000_000;

/// Why the clock can't be trusted with an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The wall clock moved against the one that nobody can set. It passes.
    #[error(
        "the wall clock jumped by {jump_us} µs against the time that passed; recording goes on once it has stood still for {} s",
        SETTLE_US / 1_000_000
    )]
    Jumped {
        /// By how much, in microseconds.
        jump_us: i64,
    },
    /// The wall clock stands behind the log's newest event. Recording goes on once it is set right or has
    /// caught up; where that event's time is what is wrong, a person has to confirm the clock.
    #[error(
        "the wall clock stands {behind_us} µs behind the log's newest event; nothing is recorded until it is set right (if that event's time is what is wrong: `docket log confirm-clock`)"
    )]
    Behind {
        /// By how much, in microseconds.
        behind_us: i64,
    },
    /// The wall clock is far ahead of all that is known. It does not pass by itself.
    #[error(
        "the wall clock is {} days ahead of the newest that is known of this log: set it right, or confirm it with `docket log confirm-clock`, then start again",
        ahead_us / 86_400_000_000
    )]
    Unconfirmed {
        /// By how much, in microseconds.
        ahead_us: i64,
    },
}

/// Where the present instant comes from.
pub trait Clock: Send + Sync {
    /// The present instant, unchecked.
    fn now(&self) -> Timestamp;

    /// The present instant for an office's act.
    ///
    /// # Errors
    /// When the wall clock jumped, stands far behind the log, or is more than a year ahead of what is
    /// known.
    fn now_for_recording(&self) -> Result<Timestamp, ClockError>;

    /// The present instant for an event that Docket records by itself.
    ///
    /// # Errors
    /// As [`Clock::now_for_recording`], and when the wall clock is more than a day ahead of what is known.
    fn now_for_own(&self) -> Result<Timestamp, ClockError>;

    /// Notes the instant of an event in the log.
    fn saw(&self, recorded_at: Timestamp);

    /// Notes that the log says the clock is right: what it said before that event counts no more.
    fn confirmed(&self, recorded_at: Timestamp);
}

/// Microseconds of some clock.
type Reading = Box<dyn Fn() -> i64 + Send + Sync>;

/// A wall clock watched by one that nobody can set.
pub struct SystemClock {
    wall_us: Reading,
    elapsed_us: Reading,
    newest_us: Newest,
    watch: Mutex<Watch>,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::of(wall_us, boot_us)
    }
}

impl SystemClock {
    /// A clock out of two: Unix time in microseconds, and microseconds that no one can set.
    pub fn of(
        wall_us: impl Fn() -> i64 + Send + Sync + 'static,
        elapsed_us: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Self {
        let watch = Watch::new(wall_us() - elapsed_us());
        Self {
            wall_us: Box::new(wall_us),
            elapsed_us: Box::new(elapsed_us),
            newest_us: Newest::default(),
            watch: Mutex::new(watch),
        }
    }

    /// The same, with what was known at the start to be past: the newest of the log and of what lies
    /// beside it.
    #[must_use]
    pub fn knowing(self, known: Timestamp) -> Self {
        self.watch().compare_with(known.micros() - (self.elapsed_us)());
        self
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at both clocks: the wall clock, and by how much it is unconfirmed, 0 when it is not.
    fn look(&self) -> Result<(i64, i64), ClockError> {
        let (wall, elapsed) = ((self.wall_us)(), (self.elapsed_us)());
        self.watch().look(wall - elapsed, elapsed).map(|ahead_us| (wall, ahead_us))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where time comes in")]
fn wall_us() -> i64 {
    chrono::Utc::now().timestamp_micros()
}

/// Time since the machine started, that in which it slept included, in microseconds.
pub fn boot_us() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros((self.wall_us)())
    }

    fn now_for_recording(&self) -> Result<Timestamp, ClockError> {
        let (wall, ahead_us) = self.look()?;
        if ahead_us > MAX_AHEAD_FOR_ACTS_US {
            return Err(ClockError::Unconfirmed { ahead_us });
        }
        self.newest_us.check(wall)
    }

    fn now_for_own(&self) -> Result<Timestamp, ClockError> {
        let (wall, ahead_us) = self.look()?;
        if ahead_us > 0 {
            return Err(ClockError::Unconfirmed { ahead_us });
        }
        self.newest_us.check(wall)
    }

    fn saw(&self, recorded_at: Timestamp) {
        self.newest_us.saw(recorded_at);
    }

    fn confirmed(&self, recorded_at: Timestamp) {
        self.newest_us.confirmed(recorded_at);
        self.watch().compare_with(recorded_at.micros() - (self.elapsed_us)());
    }
}

/// The newest event's instant, in microseconds.
struct Newest(Mutex<i64>);

impl Default for Newest {
    fn default() -> Self {
        Self(Mutex::new(i64::MIN))
    }
}

impl Newest {
    fn get(&self) -> MutexGuard<'_, i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, wall: i64) -> Result<Timestamp, ClockError> {
        let behind_us = self.get().saturating_sub(wall);
        if behind_us > MAX_BEHIND_US {
            return Err(ClockError::Behind { behind_us });
        }
        Ok(Timestamp::from_micros(wall))
    }

    fn saw(&self, recorded_at: Timestamp) {
        let mut newest = self.get();
        *newest = (*newest).max(recorded_at.micros());
    }

    fn confirmed(&self, recorded_at: Timestamp) {
        *self.get() = recorded_at.micros();
    }
}

/// A clock that stands where it is put, for tests and benchmarks.
pub struct FixedClock {
    now_us: Mutex<i64>,
    newest_us: Newest,
}

impl FixedClock {
    /// A clock that stands at an instant.
    pub fn at(instant: Timestamp) -> Self {
        Self { now_us: Mutex::new(instant.micros()), newest_us: Newest::default() }
    }

    /// Puts it to another instant.
    pub fn set(&self, instant: Timestamp) {
        *self.now_us.lock().unwrap_or_else(PoisonError::into_inner) = instant.micros();
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(*self.now_us.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now_for_recording(&self) -> Result<Timestamp, ClockError> {
        self.newest_us.check(self.now().micros())
    }

    fn now_for_own(&self) -> Result<Timestamp, ClockError> {
        self.now_for_recording()
    }

    fn saw(&self, recorded_at: Timestamp) {
        self.newest_us.saw(recorded_at);
    }

    fn confirmed(&self, recorded_at: Timestamp) {
        self.newest_us.confirmed(recorded_at);
    }
}

#[cfg(test)]
mod tests;
