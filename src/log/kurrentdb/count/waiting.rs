//! Those who wait for events of theirs to be counted.

use std::collections::HashMap;

use tokio::sync::oneshot;

use crate::log::{RecordedEvent, StreamName};

/// Who wants the events of a stream between two revisions, and those that came.
struct Waiter {
    first: u64,
    last: u64,
    tell: oneshot::Sender<Vec<RecordedEvent>>,
    events: Vec<RecordedEvent>,
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
        let waiter = Waiter { first, last, tell, events: Vec::new() };
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

    /// Whether somebody waits for an event that is not counted yet.
    pub fn is_any(&mut self) -> bool {
        self.waiting.retain(|_, waiting| {
            waiting.retain(|waiter| !waiter.tell.is_closed());
            !waiting.is_empty()
        });
        !self.waiting.is_empty()
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
