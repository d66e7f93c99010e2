//! Sending: events out of the source into the destination, many appends under way, and what stands
//! looked at wherever an append is not known to.
//!
//! The order of the copy is proved by the answers: each append stands behind the one sent before it.
//! At the first that does not nothing more is sent, since what stands is no copy.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::retry::{Tries, ask};
use super::walk::{Walk, count};
use super::{Difference, MoveError, Observer, Side};
use crate::log::{
    Append, EventLog, Expected, Landed, Lane, LogError, MAX_APPEND_BYTES, MAX_APPEND_EVENTS,
    MAX_PAGE_EVENTS, MAX_UNDER_WAY, NewEvent, RecordedEvent,
};

/// Bytes of data and metadata that may be under way.
const MAX_BYTES_UNDER_WAY: usize = 16 * MAX_APPEND_BYTES;

/// What an append that stands wrote, for whoever reads it back.
pub(super) type Standing = mpsc::Sender<Vec<RecordedEvent>>;

/// A sending under way.
pub(super) struct Sending<'a> {
    to: &'a dyn EventLog,
    watch: &'a dyn Observer,
    lane: Option<Box<dyn Lane + 'a>>,
    tries: Tries<'a>,
    /// Read from the source, and not known to stand in the destination.
    rest: VecDeque<RecordedEvent>,
    /// How many events of the rest are under way, in how many appends, with how many bytes.
    sent: usize,
    runs: VecDeque<(usize, usize)>,
    bytes: usize,
    /// The place of the last event that is known to stand.
    place: Option<u64>,
    /// Known to stand, and not handed on yet.
    standing: Vec<RecordedEvent>,
    hands_to: Standing,
    /// The event at which to stop.
    end: u64,
}

impl<'a> Sending<'a> {
    pub fn new(
        to: &'a dyn EventLog,
        watch: &'a dyn Observer,
        lane: Option<Box<dyn Lane + 'a>>,
        hands_to: Standing,
    ) -> Self {
        Self {
            to,
            watch,
            lane,
            tries: Tries::new(Side::To, watch),
            rest: VecDeque::new(),
            sent: 0,
            runs: VecDeque::new(),
            bytes: 0,
            place: None,
            standing: Vec::new(),
            hands_to,
            end: 0,
        }
    }

    /// Sends all of the source's events up to `end`, or those that are under way when somebody stops it;
    /// the lane, for the next ones.
    pub async fn send_all(
        mut self,
        source: Walk<'a>,
        end: u64,
    ) -> Result<(Option<Box<dyn Lane + 'a>>, bool), MoveError> {
        self.end = end;
        let stopped = self.run(source).await;
        // Also where it failed: a difference before that is the first one.
        self.hand_on(1).await;
        Ok((self.lane, stopped?))
    }

    async fn run(&mut self, mut source: Walk<'a>) -> Result<bool, MoveError> {
        let mut stops = false;
        loop {
            stops |= self.watch.is_stopped();
            if !stops && self.has_room() && self.next_is_read(&mut source).await? {
                self.send_next().await?;
                while let Some(answer) = self.lane.as_mut().and_then(|lane| lane.answered()) {
                    self.take(answer).await?;
                }
                continue;
            }
            let answer = match &mut self.lane {
                Some(lane) if !self.runs.is_empty() => lane.answer().await,
                _ => None,
            };
            match answer {
                Some(answer) => self.take(answer).await?,
                None if self.runs.is_empty() => return Ok(stops),
                None => {
                    let why = "it ended without an answer to what was sent".to_owned();
                    self.recover(LogError::OutcomeUnknown(why)).await?;
                }
            }
        }
    }

    fn has_room(&self) -> bool {
        self.runs.len() < MAX_UNDER_WAY && self.bytes < MAX_BYTES_UNDER_WAY
    }

    /// Whether there is an event to be sent.
    async fn next_is_read(&mut self, source: &mut Walk<'a>) -> Result<bool, MoveError> {
        if self.sent == self.rest.len() {
            source.fill().await?;
            self.rest.extend(source.events.drain(..));
        }
        Ok(self.sent < self.rest.len())
    }

    /// Sends the next neighbours of one stream that one append takes.
    async fn send_next(&mut self) -> Result<(), MoveError> {
        let mut bytes = 0;
        let mut events = Vec::new();
        let unsent = self.rest.range(self.sent..);
        let Some(first) = unsent.clone().next() else { return Ok(()) };
        for event in unsent.take(MAX_APPEND_EVENTS) {
            let with = bytes + event.data.len() + event.metadata.len();
            // One at least: what no append takes is refused by name.
            let fits = event.stream == first.stream && with <= MAX_APPEND_BYTES;
            if !events.is_empty() && !fits {
                break;
            }
            bytes = with;
            events.push(as_new(event));
        }
        let expected = Expected::from(first.revision.checked_sub(1));
        let append = Append { stream: first.stream.clone(), expected, events };
        self.sent += append.events.len();
        self.runs.push_back((append.events.len(), bytes));
        self.bytes += bytes;
        let lane = match self.lane.take() {
            Some(lane) => lane,
            None => ask(Side::To, self.watch, || self.to.lane()).await?,
        };
        self.lane.insert(lane).send(append).await;
        Ok(())
    }

    /// Takes the answer to the oldest append under way.
    async fn take(&mut self, answer: Result<Landed, LogError>) -> Result<(), MoveError> {
        match answer {
            Ok(landed) => {
                let Some((events, bytes)) = self.runs.pop_front() else { return Ok(()) };
                self.sent -= events;
                self.bytes -= bytes;
                self.check(landed, events)?;
                self.tries = Tries::new(Side::To, self.watch);
                self.stand(events).await;
                Ok(())
            }
            Err(error) => self.recover(error).await,
        }
    }

    /// Whether an append stands where it should.
    fn check(&mut self, landed: Landed, events: usize) -> Result<(), MoveError> {
        let (Some(first), Some(last)) = (self.rest.front(), self.rest.get(events - 1)) else {
            return Ok(());
        };
        if let Some(there) = landed.appended.sequence
            && there != last.sequence
        {
            return Err(foreign(first, &format!("it stands at {there}")));
        }
        if let (Some(place), Some(before)) = (landed.place, self.place)
            && place <= before
        {
            return Err(MoveError::Void {
                sequence: first.sequence,
                stream: first.stream.to_string(),
                revision: first.revision,
            });
        }
        self.place = landed.place.or(self.place);
        Ok(())
    }

    /// The first events of the rest are known to stand.
    async fn stand(&mut self, events: usize) {
        self.standing.extend(self.rest.drain(..events));
        if let Some(last) = self.standing.last() {
            self.watch.progress(last.sequence + 1, self.end);
        }
        self.hand_on(MAX_PAGE_EVENTS / 4).await;
    }

    async fn hand_on(&mut self, at_least: usize) {
        if self.standing.len() >= at_least {
            // Whoever reads back has met a difference, and the sending ends with it.
            let _ = self.hands_to.send(std::mem::take(&mut self.standing)).await;
        }
    }

    /// After an append that is not known to stand: waits, looks, and goes on from what stands.
    async fn recover(&mut self, error: LogError) -> Result<(), MoveError> {
        match &error {
            LogError::Unavailable(_) => self.tries.wait(error.clone()).await?,
            // It may be there, or come yet; made again at the same revision with the same ids it lands
            // once.
            LogError::OutcomeUnknown(_) => {
                // After a failed flush, what can be read there need not be on its disk.
                self.to.recording().check().map_err(|why| MoveError::of(Side::To, why))?;
                self.tries.wait(error.clone()).await?;
            }
            // What a copying before this one left on the way may have come meanwhile.
            LogError::Conflict { .. } => {}
            _ => return Err(MoveError::of(Side::To, error)),
        }
        match (self.look().await?, self.rest.front()) {
            (0, Some(first)) if matches!(error, LogError::Conflict { .. }) => {
                Err(foreign(first, &error.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Ends the lane, and finds how many events of the rest stand in the destination, in their places.
    async fn look(&mut self) -> Result<usize, MoveError> {
        self.lane = None;
        self.runs.clear();
        (self.sent, self.bytes) = (0, 0);
        let Some(next) = self.rest.front().map(|first| first.sequence) else { return Ok(0) };
        let there = count(self.to, Side::To, self.watch).await?;
        let mut stands = Walk::new(self.to, Side::To, self.watch, next..there.max(next));
        let mut found = 0;
        loop {
            stands.fill().await?;
            if stands.events.is_empty() {
                break;
            }
            for there in stands.events.drain(..) {
                let Some(event) = self.rest.get(found) else {
                    let text = format!("sequence {} was never sent", there.sequence);
                    return Err(MoveError::Foreign(text));
                };
                check(event, &there)?;
                found += 1;
            }
        }
        if found > 0 {
            self.tries = Tries::new(Side::To, self.watch);
            self.stand(found).await;
        }
        Ok(found)
    }
}

fn as_new(event: &RecordedEvent) -> NewEvent {
    NewEvent {
        event_id: event.event_id,
        event_type: event.event_type.to_string(),
        recorded_at_us: event.recorded_at_us,
        data: event.data.clone(),
        metadata: event.metadata.clone(),
    }
}

pub(super) fn check(event: &RecordedEvent, there: &RecordedEvent) -> Result<(), MoveError> {
    match event == there {
        true => Ok(()),
        false => Err(MoveError::Differs(Box::new(Difference::between(event, there)))),
    }
}

fn foreign(event: &RecordedEvent, found: &str) -> MoveError {
    MoveError::Foreign(format!(
        "sequence {} ({}, revision {}) can't be put in its place: {found}",
        event.sequence, event.stream, event.revision
    ))
}

/// The first event once more, as an append.
pub(super) fn again(first: &RecordedEvent) -> Vec<NewEvent> {
    vec![as_new(first)]
}
