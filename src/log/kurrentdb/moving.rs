//! Stopping the writers of a log that moves elsewhere: all of them, on every node.
//!
//! There is no lock that all nodes could wait for, so a stream beside the log's says it. A node looks
//! at it before every try of an append, and sends none unless it has read to the end of `$all` within
//! the last second. So once that second, the time of a try and the server's own limit have passed
//! since the pause was written, no append can land any more. A pause holds for some seconds and is
//! said again while it lasts: a mover that dies stops nobody for longer.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use kurrentdb::{AppendToStreamOptions, EventData, RecordedEvent as Found, StreamState};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Shared;
use super::append::TRY;
use super::client::Known;
use super::follow::catch_up;
use crate::log::{LogError, Moved, Pause};

/// How old a node's last look at the end of the log may be when it sends an append.
const FRESH: Duration = Duration::from_secs(1);
/// How long a server goes on with a write at most (its own limits, twice).
const SERVER: Duration = Duration::from_secs(2);
/// How long a pause holds after it was said last, and how often it is said again.
const HOLDS: Duration = Duration::from_secs(12);
const SAY_AGAIN: Duration = Duration::from_secs(3);
const TRIES: u32 = 8;

const BEGAN: &str = "MovingBegan";
const ENDED: &str = "MovingEnded";
const MOVED: &str = "LogMoved";

/// What the stream's events carry.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Said {
    /// The address that the log moves to, without user and password.
    to: String,
    /// Which mover says it.
    mover: String,
    /// Of a log that moved: what people are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
}

/// What the stream says, as far as `$all` was read.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    revision: Option<u64>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Free,
    Paused {
        said: Said,
        heard: Instant,
    },
    Moved(Said),
}

/// The stream's name: beside the log's, never under its prefix.
pub(super) fn stream_name(prefix: &str) -> String {
    format!("~{prefix}moving")
}

impl Traffic {
    /// Takes note of an event of the stream.
    pub fn hear(&mut self, found: &Found) {
        self.revision = Some(found.revision);
        let said = serde_json::from_slice::<Said>(&found.data).ok();
        self.state = match (found.event_type.as_str(), said) {
            (BEGAN, Some(said)) => State::Paused { said, heard: Instant::now() },
            (MOVED, Some(said)) => State::Moved(said),
            _ => State::Free,
        };
    }

    /// Whether anything was said so far.
    pub fn is_silent(&self) -> bool {
        self.revision.is_none()
    }

    /// Where the log went, if it did.
    pub fn moved(&self) -> Option<&str> {
        match &self.state {
            State::Moved(said) => Some(said.notice.as_deref().unwrap_or(&said.to)),
            State::Free | State::Paused { .. } => None,
        }
    }

    fn refusal(&self) -> Option<LogError> {
        match &self.state {
            State::Moved(_) => self.moved().map(|notice| {
                LogError::Moving(format!(
                    "the log moved {notice}; restart the server with that address (--log)"
                ))
            }),
            State::Paused { said, heard } if heard.elapsed() < HOLDS => {
                Some(LogError::Moving(format!("the log is being moved to {}", said.to)))
            }
            State::Paused { .. } | State::Free => None,
        }
    }

    fn mover(&self) -> Option<&str> {
        match &self.state {
            State::Paused { said, .. } => Some(&said.mover),
            State::Free | State::Moved(_) => None,
        }
    }
}

/// Whether an append may be sent now.
///
/// # Errors
/// [`LogError::Moving`]; [`LogError::Unavailable`] when this node can't find out.
pub(super) async fn may_append(shared: &Arc<Shared>) -> Result<(), LogError> {
    let is_fresh = shared.round.borrow().fresh.is_some_and(|at| at.elapsed() < FRESH);
    if !is_fresh {
        catch_up(shared).await?;
    }
    if let Some(refusal) = shared.count().traffic().refusal() {
        return Err(refusal);
    }
    if !shared.options.writes {
        let text = "it is open for reading only; send the act to a server that writes it";
        return Err(LogError::Unavailable(text.to_owned()));
    }
    Ok(())
}

/// Begins a pause.
pub(super) async fn pause(shared: &Arc<Shared>, to: &str) -> Result<Box<dyn Pause>, LogError> {
    catch_up(shared).await?;
    let (refusal, is_moved) = {
        let count = shared.count();
        (count.traffic().refusal(), count.traffic().moved().is_some())
    };
    match refusal {
        Some(already) if !is_moved => return Err(LogError::Unavailable(already.to_string())),
        Some(moved) => return Err(moved),
        None => {}
    }
    // A number that no other mover has: two must not be taken for one at the same revision.
    let mover = format!("{:016x}", RandomState::new().build_hasher().finish());
    let said = Said { to: to.to_owned(), mover, notice: None };
    say(shared, BEGAN, &said).await?;
    let limit = shared.client.address().deadline.unwrap_or(TRY);
    let lost = Arc::new(AtomicBool::new(false));
    let turn = Arc::new(Mutex::new(()));
    let again = say_again(shared.clone(), said.clone(), lost.clone(), turn.clone());
    let again = shared.client.runtime().spawn(again);
    let pause = KurrentPause { shared: shared.clone(), said, lost, turn, again };
    sleep(FRESH + limit + SERVER).await;
    pause.check().await?;
    Ok(Box::new(pause))
}

async fn say_again(shared: Arc<Shared>, said: Said, lost: Arc<AtomicBool>, turn: Arc<Mutex<()>>) {
    let mut heard = Instant::now();
    loop {
        sleep(SAY_AGAIN).await;
        let _turn = turn.lock().await;
        match say(&shared, BEGAN, &said).await {
            Ok(()) => heard = Instant::now(),
            // Another's word, or none for too long.
            Err(LogError::Conflict { .. }) => break,
            Err(_) if heard.elapsed() > HOLDS / 2 => break,
            Err(_) => {}
        }
    }
    lost.store(true, Ordering::SeqCst);
}

/// Appends to the stream, after what this mover knows of it.
async fn say(shared: &Arc<Shared>, event_type: &str, said: &Said) -> Result<(), LogError> {
    let name = stream_name(&shared.prefix);
    let (revision, mover) = {
        let count = shared.count();
        (count.traffic().revision, count.traffic().mover().map(str::to_owned))
    };
    if mover.is_some_and(|mover| mover != said.mover)
        && shared.count().traffic().refusal().is_some()
    {
        return Err(LogError::Conflict { expected: revision.into(), actual: revision });
    }
    let state = revision.map_or(StreamState::NoStream, StreamState::StreamRevision);
    let next = revision.map_or(0, |revision| revision + 1);
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{name}@{next}/{}", said.mover).as_bytes());
    let event = EventData::json(event_type, said)
        .map_err(|error| LogError::Invalid(error.to_string()))?
        .id(id);
    let mut tried = 0;
    loop {
        tried += 1;
        let mut options = AppendToStreamOptions::default().stream_state(state).deadline(TRY);
        if let Some(account) = &shared.credentials {
            options = options.authenticated(account.clone());
        }
        let (name, event) = (name.clone(), event.clone());
        let answer = shared.client.call(TRY * 2, |client| async move {
            client.append_to_stream(name, &options, event).await
        });
        let failure = match answer.await {
            Ok(_) => break,
            Err(super::client::Failure::Said(kurrentdb::Error::WrongExpectedVersion {
                ..
            })) => return Err(LogError::Conflict { expected: revision.into(), actual: revision }),
            Err(failure) => failure,
        };
        if tried == TRIES || failure.known() == Known::Refused {
            return Err(LogError::OutcomeUnknown(format!(
                "{name}: {failure}",
                name = stream_name(&shared.prefix)
            )));
        }
        sleep(Duration::from_millis(50) * tried).await;
    }
    // What was said is known here once it was read.
    for _ in 0..TRIES {
        catch_up(shared).await?;
        if shared.count().traffic().revision >= Some(next) {
            return Ok(());
        }
    }
    Err(LogError::OutcomeUnknown("what was said about the move is not readable yet".to_owned()))
}

/// A pause of this log's writers.
struct KurrentPause {
    shared: Arc<Shared>,
    said: Said,
    lost: Arc<AtomicBool>,
    /// Whoever says something: the pause again, or that it is over.
    turn: Arc<Mutex<()>>,
    again: JoinHandle<()>,
}

impl KurrentPause {
    /// Whether the pause still holds everywhere.
    async fn check(&self) -> Result<(), LogError> {
        catch_up(&self.shared).await?;
        let count = self.shared.count();
        let is_ours = count.traffic().mover() == Some(self.said.mover.as_str());
        if self.lost.load(Ordering::SeqCst) || !is_ours {
            let text = "the pause was lost: another mover is at work, or the server was away";
            return Err(LogError::Unavailable(text.to_owned()));
        }
        Ok(())
    }

    async fn mark(&self, notice: &Moved) -> Result<(), LogError> {
        catch_up(&self.shared).await?;
        if self.shared.count().traffic().moved().is_some() {
            return Ok(());
        }
        self.check().await?;
        let events = self.shared.count().head().map_or(0, |head| head + 1);
        if events != notice.events {
            let text = format!("the log has {events} events, {} were moved", notice.events);
            return Err(LogError::Unavailable(text));
        }
        // Not in the middle of saying it again, which would take the revision.
        let _turn = self.turn.lock().await;
        self.again.abort();
        let said = Said { notice: Some(notice.to_string()), ..self.said.clone() };
        say(&self.shared, MOVED, &said).await
    }
}

impl Drop for KurrentPause {
    fn drop(&mut self) {
        self.again.abort();
    }
}

impl Pause for KurrentPause {
    fn moved<'a>(&'a self, notice: &'a Moved) -> BoxFuture<'a, Result<(), LogError>> {
        self.mark(notice).boxed()
    }

    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), LogError>> {
        async move {
            let _turn = self.turn.lock().await;
            self.again.abort();
            if self.shared.count().traffic().moved().is_some() {
                return Ok(());
            }
            say(&self.shared, ENDED, &self.said).await
        }
        .boxed()
    }
}
