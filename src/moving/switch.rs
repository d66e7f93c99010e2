//! The switch: the copy follows while writes go on, then writes stop for as long as the last events
//! take, and the old log is marked as moved.

use std::time::{Duration, Instant};

use super::copy::Copier;
use super::{MoveError, Notice, Side};
use crate::log::{LogError, Moved, Pause};

/// How many events may be left when writes stop: copied in less time than a person notices.
const FEW_EVENTS: u64 = 256;
/// Writes also stop when the rest takes less than this part of the longest pause; where the copy falls
/// behind, half of it.
const PART_OF_PAUSE: u32 = 10;

/// How to switch.
#[derive(Debug, Clone)]
pub struct Switch {
    /// The new address, without user and password, as the old log shall tell it.
    pub to: String,
    /// The clock, in microseconds UTC since 1970.
    pub now_us: fn() -> i64,
    /// For how long writes may be stopped; after that they go on where they were.
    pub max_pause: Duration,
}

/// A switch that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switched {
    /// What the old log says since.
    pub notice: Moved,
    /// From the moment that writes stopped to the mark; they go on when a server runs on the new log.
    pub pause: Duration,
    /// How many events were copied in the pause.
    pub in_pause: u64,
}

/// Copies until little is left, stops all writes, copies the rest, and marks the source as moved.
/// Whatever goes wrong before the mark ends the pause, and writing goes on at the source.
///
/// # Errors
/// As [`Copier::catch_up`]; [`MoveError::TooLong`]; [`MoveError::Gone`] when the source moved before;
/// [`MoveError::Same`] when both addresses lead to one log.
pub async fn switch(copier: &mut Copier<'_>, how: &Switch) -> Result<Switched, MoveError> {
    let rest = follow(copier, how.max_pause).await?;
    copier.watch.says(&Notice::Stops { rest });
    let stopped = Instant::now();
    let pause = copier.from.pause(&how.to).await.map_err(|e| MoveError::of(Side::From, e))?;
    let before = copier.events();
    match finish(copier, &*pause, how, stopped).await {
        Ok(notice) => {
            let (pause_s, in_pause) = (stopped.elapsed(), copier.events() - before);
            // The mark stands; that nobody holds the pause any more changes nothing.
            let _ = pause.end().await;
            Ok(Switched { notice, pause: pause_s, in_pause })
        }
        Err(error) => {
            // An error leaves it to end by itself.
            let _ = pause.end().await;
            copier.watch.says(&Notice::GoesOn);
            Err(error)
        }
    }
}

/// Copies until little is left, so many events. Where more is written than is copied, a pause of some
/// length is better than none ever.
async fn follow(copier: &mut Copier<'_>, max_pause: Duration) -> Result<u64, MoveError> {
    let (mut before, mut is_told) = (u64::MAX, false);
    loop {
        let started = Instant::now();
        let copied = copier.catch_up().await?;
        let took = started.elapsed();
        let rest = copier.behind().await?;
        // At the speed of this round; one without events says nothing about it.
        let takes = match copied {
            0 => Duration::MAX,
            copied => took.mul_f64(rest as f64 / copied as f64),
        };
        let falls_behind = rest >= before;
        let bearable = max_pause / if falls_behind { 2 } else { PART_OF_PAUSE };
        if rest <= FEW_EVENTS || takes <= bearable {
            return Ok(rest);
        }
        if falls_behind && !is_told {
            copier.watch.says(&Notice::FallsBehind { rest });
            is_told = true;
        }
        before = rest;
    }
}

/// Within the pause: copies the rest and marks the source.
async fn finish(
    copier: &mut Copier<'_>,
    pause: &dyn Pause,
    how: &Switch,
    stopped: Instant,
) -> Result<Moved, MoveError> {
    refuse_same(copier).await?;
    loop {
        let left = how.max_pause.saturating_sub(stopped.elapsed());
        let Ok(copied) = tokio::time::timeout(left, copier.catch_up()).await else {
            return Err(MoveError::TooLong { limit_ms: how.max_pause.as_millis() });
        };
        copied?;
        if copier.watch.is_stopped() {
            return Err(MoveError::Interrupted);
        }
        let notice = Moved {
            to: how.to.clone(),
            at_us: (how.now_us)(),
            events: copier.events(),
            root: copier.source().hash(),
        };
        match pause.moved(&notice).await {
            Ok(()) => return Ok(notice),
            // An append slipped in before every writer knew; it is copied too.
            Err(LogError::Unavailable(_)) if copier.behind().await? > 0 => {}
            Err(error) => return Err(MoveError::of(Side::From, error)),
        }
    }
}

/// Refuses a log that would be moved to itself: an append to the destination is made again. On the
/// same log it meets the pause; on another one it conflicts, or is known to be there already.
async fn refuse_same(copier: &Copier<'_>) -> Result<(), MoveError> {
    match copier.repeat_first().await? {
        Err(LogError::Moving(_)) => Err(MoveError::Same),
        _ => Ok(()),
    }
}
