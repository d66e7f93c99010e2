//! The file `clock` in the data folder: the last instant at which this node's clock was trusted, kept
//! across starts. Of a log whose newest event is old it says that time has passed since; of a clock that
//! was never confirmed it says so at the next start too, whatever was recorded meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::app::ActError;
use crate::app::clock::{Clock, ClockError, SystemClock};
use crate::app::decisions::{LogBook, newest};
use crate::domain::date::Timestamp;
use crate::log::EventLog;

/// How often the clock is looked at, so that small corrections don't add up between two acts.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How old the file may become while the clock is trusted.
const WRITE_EVERY_US: i64 = 3_600_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Trusted(Timestamp),
    Unconfirmed(Timestamp),
}

/// The file.
#[derive(Debug, Clone)]
pub struct ClockFile {
    path: PathBuf,
}

impl ClockFile {
    /// That of a data folder.
    pub fn of(data_dir: &Path) -> Self {
        Self { path: data_dir.join("clock") }
    }

    fn read(&self) -> Option<Mark> {
        let text = std::fs::read_to_string(&self.path).ok()?;
        let (word, instant) = text.trim().split_once(' ')?;
        let instant = Timestamp::parse_rfc3339(instant).ok()?;
        match word {
            "trusted" => Some(Mark::Trusted(instant)),
            "unconfirmed" => Some(Mark::Unconfirmed(instant)),
            _ => None,
        }
    }

    /// Notes an instant as trusted.
    pub fn trusted(&self, instant: Timestamp) {
        self.write(Mark::Trusted(instant));
    }

    /// Without it the next start compares with the newest event alone: no reason to stop.
    fn write(&self, said: Mark) {
        let line = match said {
            Mark::Trusted(instant) => format!("trusted {}\n", instant.to_rfc3339()),
            Mark::Unconfirmed(instant) => format!("unconfirmed {}\n", instant.to_rfc3339()),
        };
        let new = self.path.with_extension("new");
        let written = std::fs::write(&new, line).and_then(|()| std::fs::rename(&new, &self.path));
        if let Err(error) = written {
            tracing::warn!(%error, file = %self.path.display(), "the last trusted instant can't be kept");
        }
    }
}

/// When the log's own file was written last; to be asked before it is opened.
pub fn written_at(log: &str) -> Option<Timestamp> {
    let path = log.strip_prefix("sqlite:")?;
    let of = |path: &str| std::fs::metadata(path).ok()?.modified().ok();
    let latest = of(path).into_iter().chain(of(&format!("{path}-wal"))).max()?;
    Some(timestamp(latest))
}

fn timestamp(time: SystemTime) -> Timestamp {
    let us = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Timestamp::from_micros(i64::try_from(us).unwrap_or(i64::MAX))
}

/// A clock that knows how late it was at least when this log was last served; `book` is what its stream
/// `log` says.
///
/// # Errors
/// As the log's.
pub async fn knowing_clock(
    log: &dyn EventLog,
    file: &ClockFile,
    written_at: Option<Timestamp>,
    book: Option<&LogBook>,
) -> Result<SystemClock, ActError> {
    let clock = SystemClock::default();
    // Of a log that is made only now nothing is known.
    let Some(newest) = newest(log).await? else { return Ok(clock) };
    let newest = Timestamp::from_micros(newest.recorded_at_us);
    let confirmed = book.and_then(|book| book.clock_confirmed_at);
    let known = match file.read() {
        Some(Mark::Unconfirmed(instant)) => Some(instant),
        Some(Mark::Trusted(instant)) => Some(instant.max(newest)),
        None => written_at.max(Some(newest)),
    };
    let clock = match known.max(confirmed) {
        Some(known) => clock.knowing(known),
        None => clock,
    };
    clock.saw(newest);
    Ok(clock)
}

/// Looks at the clock all the time and keeps the file; the first look is made before it returns.
pub fn keep(clock: Arc<dyn Clock>, file: ClockFile) -> impl Future<Output = ()> + Send {
    let mut kept = None;
    look(&*clock, &file, &mut kept);
    async move {
        let mut every = tokio::time::interval(LOOK_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            look(&*clock, &file, &mut kept);
        }
    }
}

fn look(clock: &dyn Clock, file: &ClockFile, kept: &mut Option<Mark>) {
    let said = match (clock.now_for_own(), &kept) {
        (Ok(now), Some(Mark::Trusted(before)))
            if now.micros() - before.micros() < WRITE_EVERY_US =>
        {
            return;
        }
        (Ok(now), _) => Mark::Trusted(now),
        (Err(ClockError::Unconfirmed { .. }), Some(Mark::Unconfirmed(_))) => return,
        (Err(error @ ClockError::Unconfirmed { ahead_us }), _) => {
            tracing::error!(%error, "the clock is not believed");
            Mark::Unconfirmed(Timestamp::from_micros(clock.now().micros() - ahead_us))
        }
        (Err(ClockError::Jumped { .. } | ClockError::Behind { .. }), _) => return,
    };
    file.write(said);
    *kept = Some(said);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = ClockFile::of(folder.path());
        assert_eq!(file.read(), None);
        let instant = Timestamp::parse_rfc3339("2026-03-01T08:00:00.000123Z").unwrap();
        for said in [Mark::Trusted(instant), Mark::Unconfirmed(instant)] {
            file.write(said);
            assert_eq!(file.read(), Some(said));
        }
        std::fs::write(&file.path, "neither").unwrap();
        assert_eq!(file.read(), None);
    }
}
