//! The two times of a question: what held on a day, and how much of the log is looked at (G3).
//!
//! What must hold: an instant is resolved to a sequence once; that one is said in the answer, and
//! kept on the walk through the pages of a list.

use super::call::{Call, wrong_parameter};
use super::cursor::Cursor;
use super::tables::{CATCH_UP, ask, reach};
use crate::app::KnownAt;
use crate::domain::date::{Day, Timestamp};
use crate::domain::history::History;
use crate::domain::words::{Given, said};
use crate::projection::At;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::{a_sequence, beyond};

/// Which day is asked about.
pub const AS_OF: Parameter = Parameter::new(
    "as_of",
    Kind::Day,
    "What held on this civil day (Asia/Shanghai); today unless told.",
    "该民用日（北京时间）的状态；默认今天。",
);
/// What was on record at an instant.
pub const KNOWN_AT: Parameter = Parameter::new(
    "known_at",
    Kind::Instant,
    "What was on record at this instant (RFC 3339 with offset).",
    "该时刻（RFC 3339，带时区偏移）已入档的内容。",
);
/// How much of the log is looked at.
pub const AT_SEQUENCE: Parameter = Parameter::new(
    "at_sequence",
    Kind::Sequence,
    "Exactly this much of the log: up to and with this sequence. Instead of `known_at`.",
    "只看日志中到该序号（含）为止的内容；与 known_at 二者择一。",
);
/// The parameters of every question about one enrollment.
pub const TIMES: &[Parameter] = &[AS_OF, KNOWN_AT, AT_SEQUENCE];

/// How much of the log a question looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Known {
    /// All of it.
    #[default]
    All,
    /// Up to and with this sequence.
    To(u64),
    /// Nothing: the log began later.
    Nothing,
}

impl Known {
    /// The sequence, if only a part of the log is looked at, and there is something in it.
    pub fn sequence(self) -> Option<u64> {
        match self {
            Self::To(sequence) => Some(sequence),
            Self::All | Self::Nothing => None,
        }
    }

    /// Whether an event is looked at. One whose sequence is not counted yet is newer than all that
    /// are.
    pub fn has(self, sequence: Option<u64>) -> bool {
        match self {
            Self::All => true,
            Self::To(known) => sequence.is_some_and(|sequence| sequence <= known),
            Self::Nothing => false,
        }
    }

    /// A history as far as it is looked at.
    pub fn of(self, history: History) -> History {
        if self == Self::All {
            return history;
        }
        let count = history.events().iter().take_while(|event| self.has(event.sequence)).count();
        history.known_to(count)
    }
}

/// How much of the log a request asks about, and the instant that says so, if one does.
///
/// # Errors
/// `malformed-request`, also when it is said in two ways; the log's.
pub async fn known(call: &Call) -> Result<(Option<Timestamp>, Known), Problem> {
    known_by(call, (&KNOWN_AT, &AT_SEQUENCE)).await
}

/// The same by other parameters: one that names an instant, and one that names a sequence.
///
/// # Errors
/// As [`known`].
pub async fn known_by(
    call: &Call,
    (by_instant, by_sequence): (&Parameter, &Parameter),
) -> Result<(Option<Timestamp>, Known), Problem> {
    let known_at = call.parsed(by_instant.name, Timestamp::parse_rfc3339)?;
    let at_sequence = call.parsed(by_sequence.name, a_sequence)?;
    let app = &call.state.app;
    match (known_at, at_sequence) {
        (None, None) => Ok((None, Known::All)),
        (Some(_), Some(_)) => Err(wrong_parameter(
            by_sequence.name,
            said!(
                "it stands instead of {instant}: send one of the two",
                "与 {instant} 只能选用一个",
                instant = Given(by_instant.name)
            ),
        )),
        (None, Some(sequence)) => {
            let head =
                app.journal().head_with(sequence).await.map_err(|error| call.problem(error))?;
            if head.is_some_and(|head| sequence <= head) {
                return Ok((None, Known::To(sequence)));
            }
            Err(wrong_parameter(by_sequence.name, beyond(head)))
        }
        (Some(instant), None) => {
            let known = app.sequence_known_at(instant).await;
            let known = match known.map_err(|error| call.problem(error))? {
                KnownAt::To(known) => known,
                KnownAt::Before(border) => {
                    reach(call, border, CATCH_UP).await?;
                    ask(call, move |tables| tables.sequence_known_at(instant)).await?.value
                }
            };
            Ok((known_at, known.map_or(Known::Nothing, Known::To)))
        }
    }
}

/// The times of a list out of the tables.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The day.
    pub day: Day,
    /// The instant asked about, if one was.
    pub known_at: Option<Timestamp>,
    /// How much of the log is looked at.
    pub known: Known,
}

impl Times {
    /// Those of the walk through the pages, else those that the request names: today, and all that
    /// the tables have taken in. At an instant still to come, what they have taken in by now is
    /// known, and what they are asked to take in first (`min_sequence`).
    ///
    /// # Errors
    /// As [`known`].
    pub async fn of<T>(call: &Call, cursor: Option<&Cursor<T>>) -> Result<Self, Problem> {
        if let Some(cursor) = cursor {
            let known_at = call.parsed("known_at", Timestamp::parse_rfc3339)?;
            let known = cursor.known.map_or(Known::All, Known::To);
            return Ok(Self { day: cursor.day, known_at, known });
        }
        let day = call.parsed("as_of", Day::parse)?.unwrap_or_else(|| call.state.today());
        let (known_at, mut known) = known(call).await?;
        let is_to_come = known_at.is_some_and(|instant| instant > call.state.app.clock().now());
        if let (true, Known::To(newest)) = (is_to_come, known) {
            let read = call.state.models_status.borrow().position;
            // What the client asks the tables to hold first is known by then.
            let asked = call.parsed("min_sequence", a_sequence)?;
            known = Known::To(read.max(asked).map_or(newest, |read| read.min(newest)));
        }
        Ok(Self { day, known_at, known })
    }

    /// As a question to the tables; nothing where nothing was known.
    pub fn at(&self) -> Option<At> {
        match self.known {
            Known::All => Some(At::day(self.day)),
            Known::To(sequence) => Some(At { day: self.day, known: Some(sequence) }),
            Known::Nothing => None,
        }
    }
}

/// That nothing was on record at an instant.
pub fn nothing_known(instant: Timestamp) -> Problem {
    Problem::new(Code::NotFound)
        .detail(format!("nothing was on record at {instant}"))
        .detail_zh(format!("{instant} 时尚无任何入档内容"))
}
