//! Many appends of a single writer under way at a time, in one order: for a copy of a log, where what
//! comes next is known and nobody decides anything in between. Not for acts.
//!
//! What must hold:
//! - Appends are tried in the order in which they were sent, and answered in it.
//! - The first answer that is no success is the lane's last: nothing is sent any more, and what was sent
//!   behind it may stand or not. Whoever sent it looks at what stands, and opens another.

use std::collections::VecDeque;

use futures_util::future::{BoxFuture, FutureExt, ready};

use super::{Appended, EventLog, Expected, LogError, NewEvent, StreamName};

/// How many appends are worth having under way: a KurrentDB takes no more events in a second with four
/// times as many.
pub const MAX_UNDER_WAY: usize = 1024;

/// An append, as it is sent.
#[derive(Debug, Clone)]
pub struct Append {
    /// The stream.
    pub stream: StreamName,
    /// Where the stream stands by then.
    pub expected: Expected,
    /// What is appended, all or none.
    pub events: Vec<NewEvent>,
}

/// An append that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Landed {
    /// Where it ended.
    pub appended: Appended,
    /// Where its last event stands in the log's order, as the engine tells it: of two events the later
    /// one has the higher place. `None` where that was not said.
    pub place: Option<u64>,
}

/// What became of an append.
pub type Answer = Result<Landed, LogError>;

/// See the module.
pub trait Lane: Send {
    /// Sends an append behind those before; waits where there is no room, not for the answer.
    fn send(&mut self, append: Append) -> BoxFuture<'_, ()>;

    /// The answer to the oldest append that has none yet, if it is there.
    fn answered(&mut self) -> Option<Answer>;

    /// The answer to the oldest append that has none yet, once it is there; `None` when all have one, or
    /// the lane is at its end.
    fn answer(&mut self) -> BoxFuture<'_, Option<Answer>>;
}

/// The lane of an engine that has none of its own: one append after another.
pub(super) struct OneByOne<'a, L: ?Sized> {
    log: &'a L,
    answers: VecDeque<Answer>,
    ended: bool,
}

impl<'a, L: EventLog + ?Sized> OneByOne<'a, L> {
    pub fn new(log: &'a L) -> Self {
        Self { log, answers: VecDeque::new(), ended: false }
    }
}

impl<L: EventLog + ?Sized> Lane for OneByOne<'_, L> {
    fn send(&mut self, append: Append) -> BoxFuture<'_, ()> {
        async move {
            if self.ended {
                return;
            }
            let Append { stream, expected, events } = append;
            let appended = self.log.append(&stream, expected, events).await;
            self.ended = appended.is_err();
            let landed = appended.map(|appended| Landed { appended, place: appended.sequence });
            self.answers.push_back(landed);
        }
        .boxed()
    }

    fn answered(&mut self) -> Option<Answer> {
        self.answers.pop_front()
    }

    fn answer(&mut self) -> BoxFuture<'_, Option<Answer>> {
        ready(self.answers.pop_front()).boxed()
    }
}
