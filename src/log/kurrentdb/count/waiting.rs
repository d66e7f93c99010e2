//! Those who wait for events of theirs to be counted.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::log::{RecordedEvent, StreamName};

/// Who wants the events of a stream between two revisions, and those that came.
struct Waiter {
    first: u64,
    last: u64,
    tell: oneshot::Sender<Vec<RecordedEvent>>,
    events: Vec<RecordedEvent>,
    /// Since when the server says that they are written.
    stands: Option<Instant>,
}

/// So many whose events are written are worth a look at the log.
const MANY: usize = 50;
/// How long a written event waits for others before it is looked for.
const GATHERED_FOR: Duration = Duration::from_millis(8);

/// When the log is to be looked at again for those who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Soon: what was written before the last look was not in it.
    Soon,
    /// By then, unless more come before.
    By(Instant),
    /// Nothing that is waited for is known to be written.
    Sometime,
}

/// All who wait.
#[derive(Default)]
pub struct Waiters {
    waiting: HashMap<StreamName, Vec<Waiter>>,
    /// Whoever is to be told once the head is published.
    answered: Vec<Waiter>,
}

impl Waiters {
    /// Asks for the events of a stream from `first` to `last`, once they are counted. Whoever asks for
    /// what was counted before waits in vain.
    pub fn wait_for(
        &mut self,
        stream: &StreamName,
        first: u64,
        last: u64,
    ) -> oneshot::Receiver<Vec<RecordedEvent>> {
        let (tell, told) = oneshot::channel();
        let waiter = Waiter { first, last, tell, events: Vec::new(), stands: None };
        self.waiting.entry(stream.clone()).or_default().push(waiter);
        told
    }

    /// Takes note of an event that was counted.
    pub(super) fn hear(&mut self, recorded: &RecordedEvent) {
        let Some(waiting) = self.waiting.get_mut(&recorded.stream) else { return };
        for waiter in waiting.iter_mut() {
            if (waiter.first..=waiter.last).contains(&recorded.revision) {
                waiter.events.push(recorded.clone());
            }
        }
        let is_done =
            |waiter: &mut Waiter| waiter.last <= recorded.revision || waiter.tell.is_closed();
        self.answered.extend(waiting.extract_if(.., is_done));
        if waiting.is_empty() {
            self.waiting.remove(&recorded.stream);
        }
    }

    /// Tells those who wait for a stream that they wait in vain.
    pub(super) fn send_away(&mut self, stream: &StreamName) {
        self.waiting.remove(stream);
    }

    /// Takes note that events which are waited for are written; whether to look for them now. Where
    /// many append at once, one look is for many.
    pub fn stand(&mut self, stream: &StreamName, last: u64) -> bool {
        let now = Instant::now();
        let waiting = self.waiting.get_mut(stream);
        for waiter in waiting.into_iter().flatten().filter(|waiter| waiter.last == last) {
            waiter.stands.get_or_insert(now);
        }
        self.are_many()
    }

    fn are_many(&self) -> bool {
        let (mut all, mut standing) = (0, 0);
        for waiter in self.waiting.values().flatten() {
            all += 1;
            standing += usize::from(waiter.stands.is_some());
        }
        standing >= MANY || standing * 4 >= all * 3
    }

    /// When to look again after a look that began then; none while nobody waits.
    pub fn next_look(&mut self, began: Instant) -> Option<Look> {
        self.waiting.retain(|_, waiting| {
            waiting.retain(|waiter| !waiter.tell.is_closed());
            !waiting.is_empty()
        });
        let standing = self.waiting.values().flatten().map(|waiter| waiter.stands);
        let oldest = standing.reduce(|one, other| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        })?;
        Some(match oldest {
            None => Look::Sometime,
            Some(oldest) if oldest <= began => Look::Soon,
            Some(_) if self.are_many() => Look::By(began),
            Some(oldest) => Look::By(oldest + GATHERED_FOR),
        })
    }

    /// Those who can be told now, to be called once the head is published.
    pub fn take_answered(&mut self) -> Answered {
        Answered(std::mem::take(&mut self.answered))
    }
}

/// Whoever is to be told.
pub struct Answered(Vec<Waiter>);

impl Answered {
    /// Tells them.
    pub fn tell(self) {
        for waiter in self.0 {
            // Whoever waited may have gone.
            let _ = waiter.tell.send(waiter.events);
        }
    }
}
