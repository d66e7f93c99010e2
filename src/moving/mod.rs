//! Moving house: a log copied event by event to another, whatever the two engines; the proof that
//! both are one; and the switch from one to the other while writes go on.
//!
//! What must hold:
//! - Copied is in sequence order, many appends under way; their answers prove the order, and what stands in
//!   the copy is read back and compared: ids, revisions, times, data, metadata, and with them the Merkle root.
//! - Before anything is written, what the destination holds already is compared too; any difference
//!   ends the copying and is named. So a copy that broke off is resumed by starting it again.
//! - Nothing is written to the source, except, at the switch, that it moved.
//! - No acknowledged event is missing after a switch: nothing is appended to the source between the
//!   last event copied and the mark.
//!
//! Deliberately not here: what the events mean, addresses, documents and keys (they stay where they
//! are), and how an engine stops its writers ([`crate::log::Pause`]).

mod compare;
mod copy;
mod retry;
mod send;
mod switch;
mod walk;

use std::time::Duration;

pub use compare::{Comparison, Difference, Field, What, compare, compare_first};
pub use copy::Copier;
pub use switch::{Switch, Switched, switch};

use crate::log::LogError;

/// Which of the two logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one copied from.
    From,
    /// The one copied to.
    To,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Side::From => "the log copied from",
            Side::To => "the log copied to",
        })
    }
}

/// Why two logs could not be copied, compared or switched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    /// A log did not do what was asked.
    #[error("{side}: {source}")]
    Log {
        /// Which one.
        side: Side,
        /// Its answer.
        source: LogError,
    },
    /// The destination holds another log; nothing was written.
    #[error(
        "the destination holds another log, so nothing is written to it; copy to an empty place. {0}"
    )]
    OtherLog(Box<Difference>),
    /// The destination holds something else than the source at some event.
    #[error(
        "the destination is no copy of the source, so nothing more is written to it; copy to an empty place. {0}"
    )]
    Differs(Box<Difference>),
    /// An append stands before one that was sent before it.
    #[error(
        "the copy is void: sequence {sequence} ({stream}, revision {revision}) stands in the destination before what was sent ahead of it, so nothing more is written to it; copy to an empty place"
    )]
    Void {
        /// The first event that is out of order.
        sequence: u64,
        /// Its stream.
        stream: String,
        /// Its revision.
        revision: u64,
    },
    /// Someone else appends to the destination.
    #[error("someone else writes to the destination: {0}; stop that, and copy to an empty place")]
    Foreign(String),
    /// A log that was moved before takes no more events.
    #[error("{side}: {text}")]
    Gone {
        /// Which one.
        side: Side,
        /// Where it went.
        text: String,
    },
    /// Both addresses lead to one log.
    #[error("both addresses lead to the same log")]
    Same,
    /// The source holds nothing.
    #[error("the log copied from holds no events: check its address")]
    Empty,
    /// The rest was not across in the time that writes may be stopped for.
    #[error(
        "the last events were not across within {limit_ms} ms, so the log was not moved and writing goes on where it was; start again when less is written, or allow a longer pause"
    )]
    TooLong {
        /// The time allowed, in milliseconds.
        limit_ms: u128,
    },
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
}

impl MoveError {
    fn of(side: Side, error: LogError) -> Self {
        match error {
            LogError::Moving(text) => MoveError::Gone { side, text },
            source => MoveError::Log { side, source },
        }
    }
}

/// Who watches the work, and may stop it.
pub trait Observer: Send + Sync {
    /// So many events of so many are done.
    fn progress(&self, done: u64, total: u64);

    /// Something worth a line happened.
    fn says(&self, notice: &Notice);

    /// Whether the work is to end after the append at work.
    fn is_stopped(&self) -> bool;
}

/// What is worth a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A log does not answer; it is asked again after a wait.
    Waits {
        /// Which one.
        side: Side,
        /// What it said.
        reason: String,
        /// For how long.
        wait: Duration,
    },
    /// The destination held events already, and they are the source's first.
    Resumes {
        /// How many.
        events: u64,
    },
    /// More is written to the source than is copied; writes stop once less is.
    FallsBehind {
        /// How many events are to be copied.
        rest: u64,
    },
    /// Appends to the source stop now; so many events are to be copied still.
    Stops {
        /// How many, about.
        rest: u64,
    },
    /// Appends to the source go on there: it was not moved.
    GoesOn,
}
