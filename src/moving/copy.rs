//! Copying: page by page out of the source, run by run into the destination, then read back.

use std::time::Duration;

use super::compare::{Difference, compare_until};
use super::retry::{Tries, ask};
use super::walk::{Walk, count};
use super::{MoveError, Notice, Observer, Side};
use crate::ledger::Root;
use crate::log::envelope::leaf_hash;
use crate::log::{
    Appended, EventLog, Expected, LogError, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, NewEvent,
    RecordedEvent,
};

/// How long the destination may take to show what it has acknowledged.
const SHOWS_WITHIN: Duration = Duration::from_secs(30);

/// A copying under way. What it has copied was read back from the destination and is equal.
pub struct Copier<'a> {
    pub(super) from: &'a dyn EventLog,
    pub(super) to: &'a dyn EventLog,
    pub(super) watch: &'a dyn Observer,
    source: Root,
    copy: Root,
}

impl<'a> Copier<'a> {
    /// Compares what the destination holds already; writes nothing.
    ///
    /// # Errors
    /// [`MoveError::OtherLog`] and [`MoveError::Differs`] when the destination is no copy of the
    /// source's first events; [`MoveError::Empty`]; what stands in the way of reading.
    pub async fn begin(
        from: &'a dyn EventLog,
        to: &'a dyn EventLog,
        watch: &'a dyn Observer,
    ) -> Result<Self, MoveError> {
        // In this order: a source that grows meanwhile is no longer than was thought.
        let there = count(to, Side::To, watch).await?;
        let all = count(from, Side::From, watch).await?;
        if all == 0 {
            return Err(MoveError::Empty);
        }
        let met = compare_until((from, all.min(there)), (to, there), watch, true).await?;
        if let Some(difference) = met.first {
            return Err(match difference {
                Difference { sequence: 0, .. } => MoveError::OtherLog(Box::new(difference)),
                _ => MoveError::Differs(Box::new(difference)),
            });
        }
        if there > 0 {
            watch.says(&Notice::Resumes { events: there });
        }
        Ok(Self { from, to, watch, source: met.from, copy: met.to })
    }

    /// How many events were copied and read back.
    pub fn events(&self) -> u64 {
        self.copy.size()
    }

    /// The tree over the source's events, as they were read from it.
    pub fn source(&self) -> &Root {
        &self.source
    }

    /// The tree over the copy, as it was read back.
    pub fn copy(&self) -> &Root {
        &self.copy
    }

    /// How many events of the source are not copied yet.
    ///
    /// # Errors
    /// What stands in the way of asking.
    pub async fn behind(&self) -> Result<u64, MoveError> {
        let all = count(self.from, Side::From, self.watch).await?;
        Ok(all.saturating_sub(self.events()))
    }

    /// Copies up to the source's last event at the time of the call; how many events that were.
    ///
    /// # Errors
    /// [`MoveError::Foreign`] and [`MoveError::Differs`] when someone else writes to the destination;
    /// [`MoveError::Interrupted`] after the append at work; what stands in the way.
    pub async fn catch_up(&mut self) -> Result<u64, MoveError> {
        let before = self.events();
        let end = count(self.from, Side::From, self.watch).await?;
        let mut source = Walk::new(self.from, Side::From, self.watch, before..end);
        loop {
            source.fill().await?;
            if source.events.is_empty() {
                return Ok(self.events() - before);
            }
            let page = Vec::from(std::mem::take(&mut source.events));
            let mut appended = 0;
            for run in runs(&page) {
                if self.watch.is_stopped() {
                    break;
                }
                self.append(run).await?;
                appended += run.len();
                self.watch.progress(self.events() + appended as u64, end);
            }
            self.read_back(&page[..appended]).await?;
            if appended < page.len() {
                return Err(MoveError::Interrupted);
            }
        }
    }

    /// Appends the first event once more, which changes nothing; the destination's answer.
    pub(super) async fn repeat_first(&self) -> Result<Result<Appended, LogError>, MoveError> {
        let page = ask(Side::To, self.watch, || self.to.read_all(None, 1)).await?;
        let Some(first) = page.events.first() else { return Err(MoveError::Empty) };
        Ok(self.to.append(&first.stream, Expected::NoStream, vec![as_new(first)]).await)
    }

    /// Appends neighbouring events of one stream, however often it takes.
    async fn append(&self, run: &[RecordedEvent]) -> Result<(), MoveError> {
        let mut rest = run;
        let mut tries = Tries::new(Side::To, self.watch);
        while let [first, ..] = rest {
            let expected = Expected::from(first.revision.checked_sub(1));
            let events = rest.iter().map(as_new).collect();
            match self.to.append(&first.stream, expected, events).await {
                Ok(appended) => {
                    let sequence = first.sequence + rest.len() as u64 - 1;
                    match appended.sequence {
                        Some(there) if there != sequence => {
                            return Err(foreign(first, &format!("it stands at {there}")));
                        }
                        _ => rest = &[],
                    }
                }
                Err(error @ LogError::Unavailable(_)) => tries.wait(error).await?,
                // It may be there, or come yet; made again at the same revision with the same ids it
                // lands once.
                Err(error @ LogError::OutcomeUnknown(_)) => {
                    // After a failed flush, what can be read there need not be on its disk.
                    self.to.recording().check().map_err(|why| MoveError::of(Side::To, why))?;
                    tries.wait(error).await?;
                    rest = &rest[self.standing(rest).await?..];
                }
                // What a copying before this one left on the way may have come meanwhile.
                Err(error @ LogError::Conflict { .. }) => match self.standing(rest).await? {
                    0 => return Err(foreign(first, &error.to_string())),
                    standing => rest = &rest[standing..],
                },
                Err(error) => return Err(MoveError::of(Side::To, error)),
            }
        }
        Ok(())
    }

    /// How many of these events stand in the destination at their revisions.
    async fn standing(&self, run: &[RecordedEvent]) -> Result<usize, MoveError> {
        let Some(first) = run.first() else { return Ok(0) };
        let mut found = 0;
        while found < run.len() {
            let from = first.revision + found as u64;
            let wanted = run.len() - found;
            let read = || self.to.read_stream(&first.stream, from, wanted);
            let page = ask(Side::To, self.watch, read).await?;
            for (event, there) in run[found..].iter().zip(&page.events) {
                check(event, there)?;
            }
            found += page.events.len();
            if page.end {
                break;
            }
        }
        Ok(found)
    }

    /// Reads from the destination what was just appended, and compares.
    async fn read_back(&mut self, page: &[RecordedEvent]) -> Result<(), MoveError> {
        let Some(last) = page.last() else { return Ok(()) };
        let mut head = self.to.watch_head();
        let shown = head.wait_for(|head| *head >= Some(last.sequence));
        if !matches!(tokio::time::timeout(SHOWS_WITHIN, shown).await, Ok(Ok(_))) {
            let text =
                format!("it does not show sequence {}, which it acknowledged", last.sequence);
            return Err(MoveError::of(Side::To, LogError::Unavailable(text)));
        }
        let span = self.events()..last.sequence + 1;
        let mut copy = Walk::new(self.to, Side::To, self.watch, span);
        let mut events = page.iter();
        loop {
            copy.fill().await?;
            if copy.events.is_empty() {
                return Ok(());
            }
            for (there, event) in copy.events.drain(..).zip(&mut events) {
                check(event, &there)?;
                self.source.push(leaf_hash(event));
                self.copy.push(leaf_hash(&there));
            }
        }
    }
}

/// Splits events into neighbours of one stream that one append takes.
fn runs(mut events: &[RecordedEvent]) -> impl Iterator<Item = &[RecordedEvent]> {
    std::iter::from_fn(move || {
        let first = events.first()?;
        let mut bytes = 0;
        let fits = |event: &&RecordedEvent| {
            bytes += event.data.len() + event.metadata.len();
            event.stream == first.stream && bytes <= MAX_APPEND_BYTES
        };
        // One at least: what no append takes is refused by name.
        let length = events.iter().take(MAX_APPEND_EVENTS).take_while(fits).count().max(1);
        let (run, rest) = events.split_at(length);
        events = rest;
        Some(run)
    })
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

fn check(event: &RecordedEvent, there: &RecordedEvent) -> Result<(), MoveError> {
    match Difference::of(event, there) {
        None => Ok(()),
        Some(difference) => Err(MoveError::Differs(Box::new(difference))),
    }
}

fn foreign(event: &RecordedEvent, found: &str) -> MoveError {
    MoveError::Foreign(format!(
        "sequence {} ({}, revision {}) can't be put in its place: {found}",
        event.sequence, event.stream, event.revision
    ))
}
