//! What a person decides about a log, recorded in it: that the clock is right, that a loss is accepted.
//!
//! What must hold: a decision is an event at the end of the stream `log`, recorded once, by whoever may
//! open the log for writing. Deliberately not here: asking the person (`cli`), and what follows from it.

use uuid::Uuid;

use super::ActError;
use super::append::own_meta;
use super::clock::Clock;
use super::enrollment::{read_whole_stream, stream_name};
use crate::codec::{self, Stored};
use crate::domain::date::Timestamp;
use crate::domain::event_type::Own;
use crate::domain::logbook::{ClockConfirmed, LogCreated, LossAccepted};
use crate::log::{EventLog, LogError, RecordedEvent};

/// How many events at the end of the log may be gone while those before tell the time.
const GONE_AT_MOST: u64 = 100;

/// What the stream `log` says.
#[derive(Debug, Clone)]
pub struct LogBook {
    /// The log's first event.
    pub created: LogCreated,
    /// When the clock was confirmed last.
    pub clock_confirmed_at: Option<Timestamp>,
    /// Every confirmation of the clock: its sequence, and the newest time before it.
    pub confirmed: Vec<(u64, Timestamp)>,
    /// How many losses were accepted.
    pub losses: usize,
    /// The ranges of sequences that were lost and given again, first and last.
    pub lost: Vec<(u64, u64)>,
    /// The id of the event that accepted each of them.
    pub accepted_by: Vec<Uuid>,
    next: u64,
}

impl LogBook {
    /// Reads it; `None` for an empty log.
    ///
    /// # Errors
    /// As the log's, and for an event that can't be read.
    pub async fn read(log: &dyn EventLog) -> Result<Option<Self>, ActError> {
        let stored = read_whole_stream(log, codec::LOG_STREAM, 0).await?;
        let mut book: Option<Self> = None;
        for event in &stored {
            match (codec::decode(event)?, &mut book) {
                (Stored::LogCreated(created, _), None) => {
                    book = Some(Self {
                        created,
                        clock_confirmed_at: None,
                        confirmed: Vec::new(),
                        losses: 0,
                        lost: Vec::new(),
                        accepted_by: Vec::new(),
                        next: 0,
                    });
                }
                (Stored::ClockConfirmed(said, meta), Some(book)) => {
                    book.clock_confirmed_at = Some(meta.recorded_at);
                    book.confirmed.push((event.sequence, said.newest));
                }
                (Stored::LossAccepted(..), Some(book)) => {
                    book.losses += 1;
                    if let Some(range) = codec::lost_range(event) {
                        book.lost.push(range);
                        book.accepted_by.push(event.event_id);
                    }
                }
                _ => {}
            }
            if let Some(book) = &mut book {
                book.next = event.revision + 1;
            }
        }
        Ok(book)
    }

    /// The log's id.
    pub fn log_id(&self) -> Uuid {
        self.created.log_id
    }

    async fn append<T: codec::OwnBody>(
        &self,
        log: &dyn EventLog,
        body: &T,
        now: Timestamp,
    ) -> Result<u64, ActError> {
        let id = codec::caused_event_id(
            self.log_id(),
            codec::LOG_STREAM,
            self.next,
            &format!("{} {now}", T::OWN.recorded_as().name),
        );
        let event = codec::encode_own(body, &own_meta(now, false), id)?;
        let (name, expected) = (stream_name(codec::LOG_STREAM)?, self.next.checked_sub(1).into());
        // Recorded though recording is stopped by what is decided about.
        let appended = if T::OWN == Own::LossAccepted {
            log.accept(&name, expected, vec![event]).await?
        } else {
            log.append(&name, expected, vec![event]).await?
        };
        Ok(appended.sequence.unwrap_or_default())
    }

    /// Records that the clock is right now; the event's sequence.
    ///
    /// # Errors
    /// As the log's.
    pub async fn confirm_clock(
        &self,
        log: &dyn EventLog,
        clock: &dyn Clock,
        newest: Timestamp,
    ) -> Result<u64, ActError> {
        let now = clock.now();
        let confirmed = ClockConfirmed { now, newest, confirmed_by: "operator".to_owned() };
        self.append(log, &confirmed, now).await
    }

    /// Records that a loss is accepted; the event's sequence, which is the first that was lost.
    ///
    /// # Errors
    /// As the log's.
    pub async fn accept_loss(
        &self,
        log: &dyn EventLog,
        clock: &dyn Clock,
        loss: &LossAccepted,
    ) -> Result<u64, ActError> {
        let now = clock.now_for_own()?;
        self.append(log, loss, now).await
    }
}

/// The log's newest event that can be read: of those before the end some may be gone.
///
/// # Errors
/// As the log's.
pub async fn newest(log: &dyn EventLog) -> Result<Option<RecordedEvent>, ActError> {
    let Some(head) = log.head().await? else { return Ok(None) };
    let mut gone = Ok(None);
    for sequence in (head.saturating_sub(GONE_AT_MOST)..=head).rev() {
        match log.read_all(sequence.checked_sub(1), 1).await {
            Err(error @ LogError::Corrupt { .. }) => gone = Err(error.into()),
            page => return Ok(page?.events.into_iter().next()),
        }
    }
    gone
}
