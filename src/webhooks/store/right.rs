//! The right to deliver: who has it, until when that is sure, and how the others deliver after it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::super::file::DeliveryLock;
use super::super::{Settings, Steady};

/// How long a holder must be silent until another takes over.
pub const LEASE: Duration = Duration::from_secs(6);
/// How long a holder counts on the right after it was last granted: less than the lease, so that it
/// has stopped sending when another begins.
const SURE: Duration = Duration::from_secs(5);

/// The right to deliver, while it lasts.
#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a file's right is its lock"))]
pub struct Right {
    /// How often the right was taken before: what was begun under an earlier one counts no more.
    pub epoch: i64,
    /// What a holder would hear now, and is to look for changes from.
    pub news: News,
    lasts: Lasts,
}

#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a file's right is its lock"))]
enum Lasts {
    /// As long as a file is locked.
    Locked { lock: DeliveryLock, given_back: AtomicBool },
    /// Until this time, by a clock that no one sets.
    Until { until: Mutex<Duration>, steady: Steady },
}

/// What a holder hears when it gets or renews its right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// A number that changes with the endpoints.
    pub changes: i64,
    /// How deliveries are to be made; none: nobody has said so yet.
    pub settings: Option<Settings>,
}

#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a file's right is its lock"))]
impl Right {
    /// The right of the process that locked the file.
    pub fn locked(lock: DeliveryLock, settings: Settings) -> Self {
        let lasts = Lasts::Locked { lock, given_back: AtomicBool::new(false) };
        Self { epoch: 0, news: News { changes: 0, settings: Some(settings) }, lasts }
    }

    /// A right that was asked for at an instant of the steady clock.
    pub fn leased(epoch: i64, news: News, steady: Steady, asked_at: Duration) -> Self {
        let until = Mutex::new(asked_at + SURE);
        Self { epoch, news, lasts: Lasts::Until { until, steady } }
    }

    /// It was granted again, asked for at this instant.
    pub fn lasts_on(&self, asked_at: Duration) {
        if let Lasts::Until { until, .. } = &self.lasts {
            *until.lock().unwrap_or_else(PoisonError::into_inner) = asked_at + SURE;
        }
    }

    /// Whether nobody else can have it now.
    pub fn is_sure(&self) -> bool {
        match &self.lasts {
            Lasts::Locked { given_back, .. } => !given_back.load(Ordering::Acquire),
            Lasts::Until { until, steady } => {
                steady() < *until.lock().unwrap_or_else(PoisonError::into_inner)
            }
        }
    }

    /// Lets go of the file, whoever still has this value.
    pub fn unlock(&self) -> std::io::Result<()> {
        match &self.lasts {
            Lasts::Locked { lock, given_back } => {
                given_back.store(true, Ordering::Release);
                lock.release()
            }
            Lasts::Until { .. } => Ok(()),
        }
    }
}
