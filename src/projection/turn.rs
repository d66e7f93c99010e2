//! What an event makes of its enrollment, and which was its newest.

use crate::domain::date::{Day, Timestamp};
use crate::domain::event::Recorded;
use crate::domain::history::{Effective, History};
use crate::domain::ids::{ProgramId, SubjectId};
use crate::domain::state::State;
use crate::log::StreamName;

/// What an event makes of an enrollment: from a day on its states are others.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// The enrollment's number in the tables: the sequence of its first event.
    pub enrollment: u64,
    /// The event.
    pub event: &'a Recorded,
    /// Its sequence.
    pub sequence: u64,
    /// The day from which on the states are others.
    pub from: Day,
    /// The state at the end of the day before.
    pub prior: &'a State,
    /// The state at the end of each day from then on, where it changes.
    pub after: &'a [(Day, &'a State)],
    /// How it went in.
    pub path: Path<'a>,
}

/// How an event went into the effective history.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// It is Docket's own and changes nothing but the revision.
    Aside,
    /// At the end: the usual case, and the fast one.
    Appended {
        /// The state after all that came before it.
        before: &'a State,
    },
    /// Before others, or it is a correction: the history is another from its beginning.
    Anew {
        /// The history up to this event.
        history: &'a History,
        /// What of it is effective.
        effective: &'a Effective<'a>,
    },
}

impl Turn<'_> {
    /// The state after all events.
    pub fn state(&self) -> Option<&State> {
        self.after.last().map(|(_, state)| *state)
    }
}

/// An enrollment, or the record of a program as a whole, with its newest event.
#[derive(Debug)]
pub struct Head {
    /// Its stream.
    pub stream: StreamName,
    /// The program.
    pub program: ProgramId,
    /// The subject; absent: the program as a whole.
    pub subject: Option<SubjectId>,
    /// Its number in the tables: the sequence of its first event.
    pub number: u64,
    /// Whether it is of an exercise.
    pub exercise: bool,
    /// The revision of its newest event.
    pub revision: u64,
    /// The sequence of that event.
    pub sequence: u64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}
