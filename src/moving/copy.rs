//! Copying: sent in order (`send`), and read back behind the sending.

use std::time::Duration;

use futures_util::future::try_join;
use tokio::sync::mpsc;

use super::compare::{Difference, compare_until};
use super::retry::ask;
use super::send::{Sending, again, check};
use super::walk::{Walk, count};
use super::{MoveError, Notice, Observer, Side};
use crate::ledger::Root;
use crate::log::envelope::leaf_hash;
use crate::log::{Appended, EventLog, Expected, Lane, LogError, RecordedEvent};

/// How many parts of what was sent may wait to be read back.
const PAGES_BEHIND: usize = 4;
/// How long the destination may take to show what it has acknowledged.
const SHOWS_WITHIN: Duration = Duration::from_secs(30);

/// A copying under way. What it has copied was read back from the destination and is equal.
pub struct Copier<'a> {
    pub(super) from: &'a dyn EventLog,
    pub(super) to: &'a dyn EventLog,
    pub(super) watch: &'a dyn Observer,
    source: Root,
    copy: Root,
    /// The way into the destination, once it is open.
    lane: Option<Box<dyn Lane + 'a>>,
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
        Ok(Self { from, to, watch, source: met.from, copy: met.to, lane: None })
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
    /// [`MoveError::Foreign`], [`MoveError::Void`] and [`MoveError::Differs`] when what stands in the
    /// destination is no copy, or someone else writes to it; [`MoveError::Interrupted`] after what is
    /// under way; what stands in the way.
    pub async fn catch_up(&mut self) -> Result<u64, MoveError> {
        let before = self.events();
        let end = count(self.from, Side::From, self.watch).await?;
        let source = Walk::new(self.from, Side::From, self.watch, before..end);
        let (standing, read_back) = mpsc::channel(PAGES_BEHIND);
        let sending = Sending::new(self.to, self.watch, self.lane.take(), standing);
        // A difference ends the sending at once; why the sending ended is said after what was sent is read.
        let sending = async { Ok(sending.send_all(source, end).await) };
        let (sent, ()) = try_join(sending, self.read_all_back(read_back)).await?;
        let (lane, stopped) = sent?;
        self.lane = lane;
        if stopped && self.events() < end {
            return Err(MoveError::Interrupted);
        }
        Ok(self.events() - before)
    }

    /// Appends the first event once more, which changes nothing; the destination's answer.
    pub(super) async fn repeat_first(&self) -> Result<Result<Appended, LogError>, MoveError> {
        let page = ask(Side::To, self.watch, || self.to.read_all(None, 1)).await?;
        let Some(first) = page.events.first() else { return Err(MoveError::Empty) };
        Ok(self.to.append(&first.stream, Expected::NoStream, again(first)).await)
    }

    /// Reads back what stands, behind the sending.
    async fn read_all_back(
        &mut self,
        mut standing: mpsc::Receiver<Vec<RecordedEvent>>,
    ) -> Result<(), MoveError> {
        while let Some(events) = standing.recv().await {
            self.read_back(&events).await?;
        }
        Ok(())
    }

    /// Reads from the destination what was appended, and compares.
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
                // They are equal, and so are their leaves.
                let leaf = leaf_hash(&there);
                self.source.push(leaf);
                self.copy.push(leaf);
            }
        }
    }
}
