//! What a person decides about a log, recorded in it: that the clock is right, that a loss is accepted.
//!
//! What must hold: a decision is an event at the end of the stream `log`, recorded once, by whoever may
//! open the log for writing. Deliberately not here: asking the person (`cli`), and what follows from it.

use uuid::Uuid;

use super::ActError;
use super::clock::Clock;
use super::enrollments::stream_name;
use crate::codec::{self, Stored};
use crate::domain::date::Timestamp;
use crate::domain::event::EventMeta;
use crate::domain::event_type::Own;
use crate::domain::logbook::{ClockConfirmed, KeyRotated, LogCreated, LossAccepted};
use crate::log::{EventLog, LogError, RecordedEvent, Stop};

/// How many events at the end of the log may be gone while those before tell the time.
const GONE_AT_MOST: u64 = 100;
/// Events asked for at a time.
const PAGE: usize = 1000;

/// A loss that a person accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The id of the event that accepts it.
    pub accepted_by: Uuid,
    /// The sequences that were lost and given again, first and last; none where only streams lost events.
    pub range: Option<(u64, u64)>,
}

/// Under which name and key checkpoints are signed, from an event on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The origin of the checkpoints.
    pub origin: String,
    /// The Ed25519 public key, 32 bytes in base64.
    pub public_key: String,
    /// The sequence of the event that says so.
    pub since: u64,
}

/// What the stream `log` says. Of a decision that can't be read nothing is known; it is logged, and keeps
/// nothing else from being read.
#[derive(Debug, Clone)]
pub struct LogBook {
    /// The id of the log's first event, where that can be read.
    pub first: Option<Uuid>,
    log_id: Option<Uuid>,
    origin: Option<String>,
    /// Why the log's first event can't be read.
    unread: Option<String>,
    /// When the clock was confirmed last.
    pub clock_confirmed_at: Option<Timestamp>,
    /// Every confirmation of the clock: its sequence, and the newest time before it.
    pub confirmed: Vec<(u64, Timestamp)>,
    /// The losses that were accepted, oldest first.
    pub losses: Vec<Loss>,
    /// The names and keys of checkpoints, oldest first.
    pub identities: Vec<Identity>,
    next: u64,
}

impl LogBook {
    /// Reads it; `None` for a log that has none.
    ///
    /// # Errors
    /// As the log's, but for events that can't be read.
    pub async fn read(log: &dyn EventLog) -> Result<Option<Self>, ActError> {
        let mut events = readable(log).await?.into_iter();
        let mut book = match events.next() {
            None => return Ok(None),
            Some(Ok(first)) => match Self::of(&first) {
                None => return Ok(None),
                Some(book) => book,
            },
            Some(Err(error)) => Self::unread(None, error.to_string()),
        };
        if let Some(error) = &book.unread {
            let what =
                "the log's first event can't be read; restore a backup with `docket store restore`";
            tracing::error!(sequence = 0, error, "{what}");
        }
        for event in events {
            book.next += 1;
            match event {
                Ok(event) => book.take_in(&event),
                Err(error) => tracing::error!(%error, "a decision about the log can't be read"),
            }
        }
        Ok(Some(book))
    }

    /// One that begins with this event; `None` if it is readable and begins no log.
    fn of(first: &RecordedEvent) -> Option<Self> {
        let unread = match codec::decode(first) {
            Ok(Stored::LogCreated(..)) => None,
            Ok(_) => return None,
            Err(error) => Some(error.to_string()),
        };
        // Its data says it also where its metadata is damaged.
        if let Ok(created) = serde_json::from_slice::<LogCreated>(&first.data) {
            return Some(Self { unread, ..Self::begin(first.event_id, created) });
        }
        let mut book = Self::unread(Some(first.event_id), unread.unwrap_or_default());
        for part in first.data.windows(Uuid::nil().hyphenated().to_string().len()) {
            Uuid::try_parse_ascii(part).into_iter().for_each(|id| book.may_be(id));
        }
        Some(book)
    }

    /// That of a log that begins with this event.
    pub(super) fn begin(first: Uuid, created: LogCreated) -> Self {
        Self {
            log_id: Some(created.log_id),
            identities: vec![Identity {
                origin: created.origin.clone(),
                public_key: created.public_key,
                since: 0,
            }],
            origin: Some(created.origin),
            unread: None,
            ..Self::unread(Some(first), String::new())
        }
    }

    fn unread(first: Option<Uuid>, why: String) -> Self {
        Self {
            first,
            log_id: None,
            origin: None,
            unread: Some(why),
            clock_confirmed_at: None,
            confirmed: Vec::new(),
            losses: Vec::new(),
            identities: Vec::new(),
            next: 1,
        }
    }

    fn take_in(&mut self, event: &RecordedEvent) {
        if event.event_type == Own::LossAccepted.recorded_as().name {
            let range = codec::lost_range(event);
            self.losses.push(Loss { accepted_by: event.event_id, range });
            if let Ok(loss) = serde_json::from_slice::<LossAccepted>(&event.data) {
                let LossAccepted { origin, public_key, .. } = loss;
                self.identities.push(Identity { origin, public_key, since: event.sequence });
            }
        }
        match codec::decode(event) {
            Ok(Stored::ClockConfirmed(said, meta)) => {
                self.clock_confirmed_at = Some(meta.recorded_at);
                self.confirmed.push((event.sequence, said.newest));
            }
            Ok(Stored::KeyRotated(said, _)) => {
                let origin = self.identities.last().map(|before| before.origin.clone());
                let KeyRotated { public_key, .. } = said;
                let since = event.sequence;
                self.identities.extend(origin.map(|origin| Identity { origin, public_key, since }));
            }
            Ok(_) => {}
            Err(error) => {
                let sequence = event.sequence;
                tracing::error!(sequence, %error, "a decision about the log can't be read");
            }
        }
    }

    /// Takes an id for the log's, where its first event does not say it and that event's own id, which is
    /// made from it, proves it.
    pub fn may_be(&mut self, log_id: Uuid) {
        if self.log_id.is_none() && self.first == Some(first_id(log_id)) {
            self.log_id = Some(log_id);
        }
    }

    /// The log's id, where it is known.
    pub fn log_id(&self) -> Option<Uuid> {
        self.log_id
    }

    /// The origin of its first checkpoints, where that can be read.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The ranges of sequences that were lost and given again, oldest first.
    pub fn lost(&self) -> impl Iterator<Item = (u64, u64)> {
        self.losses.iter().filter_map(|loss| loss.range)
    }

    /// Why nothing can be recorded: the ids of events are made from the log's.
    pub fn nameless(&self) -> Option<Stop> {
        let why = self.unread.as_ref().filter(|_| self.log_id.is_none())?;
        let what = format!(
            "event 0, LogCreated, can't be read, and nothing else proves which log this is: {why}"
        );
        Some(Stop::Damaged { what })
    }

    async fn append<T: codec::OwnBody>(
        &self,
        log: &dyn EventLog,
        body: &T,
        now: Timestamp,
    ) -> Result<u64, ActError> {
        if let Some(why) = self.nameless() {
            return Err(LogError::Stopped(why).into());
        }
        let id = codec::caused_event_id(
            self.log_id.unwrap_or_default(),
            codec::LOG_STREAM,
            self.next,
            &format!("{} {now}", T::OWN.recorded_as().name),
        );
        let event = codec::encode_own(body, &EventMeta::own(now, false), id)?;
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

    /// Records that another key signs from here on; the event's sequence.
    ///
    /// # Errors
    /// As the log's.
    pub async fn rotate_key(
        &self,
        log: &dyn EventLog,
        clock: &dyn Clock,
        rotated: &KeyRotated,
    ) -> Result<u64, ActError> {
        let now = clock.now_for_own()?;
        self.append(log, rotated, now).await
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

/// The id of the first event of a log.
pub(super) fn first_id(log_id: Uuid) -> Uuid {
    codec::caused_event_id(log_id, codec::LOG_STREAM, 0, "created")
}

/// The events of the stream `log`, or why one can't be read, by revision.
async fn readable(log: &dyn EventLog) -> Result<Vec<Result<RecordedEvent, LogError>>, LogError> {
    let name = stream_name(codec::LOG_STREAM)?;
    let (mut events, mut limit) = (Vec::new(), PAGE);
    let Some(last) = log.stream_revision(&name).await? else { return Ok(events) };
    while events.len() as u64 <= last {
        match log.read_stream(&name, events.len() as u64, limit).await {
            Ok(page) if page.events.is_empty() => break,
            Ok(page) => {
                events.extend(page.events.into_iter().map(Ok));
                limit = PAGE;
            }
            Err(LogError::Corrupt { .. }) if limit > 1 => limit = 1,
            Err(error @ LogError::Corrupt { .. }) => events.push(Err(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(events)
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
