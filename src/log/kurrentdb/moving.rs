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
use kurrentdb::{AppendToStreamOptions, Error, EventData, StreamState};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Shared;
use super::client::{By as _, Failure, Known};
use super::patience::{TRY, TRY_GRACE};
use super::read::last_event;
use super::rounds::catch_up;
use super::traffic::{BEGAN, Carried, ENDED, HOLDS, MOVED, Traffic, stream_name};
use crate::log::{LogError, Moved, Pause};

/// How old a node's last look at the end of the log may be when it sends an append.
const FRESH: Duration = Duration::from_secs(1);
/// How long a server goes on with a write at most (its own limits, twice).
const SERVER: Duration = Duration::from_secs(2);
/// How often a pause is said again.
const SAY_AGAIN: Duration = Duration::from_secs(3);
/// How often the stream is looked at while something is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

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

/// Where the log went, by what was said of it last: for who can't wait until `$all` is read.
pub(super) async fn moved_by_now(shared: &Arc<Shared>) -> Result<Option<String>, Failure> {
    let last = last_event(shared, stream_name(&shared.prefix)).await?;
    let mut traffic = Traffic::default();
    if let Some(last) = last {
        traffic.hear(&last, 0);
    }
    Ok(traffic.moved().map(str::to_owned))
}

/// Waits until a pause that nobody says again has lapsed: how old its last word is, only those know
/// who heard it come.
pub(super) async fn outlive_pause(shared: &Arc<Shared>) -> Result<(), LogError> {
    let until = Instant::now() + HOLDS;
    while shared.count().traffic().paused().is_some() && Instant::now() < until {
        sleep(LOOK_AGAIN).await;
        catch_up(shared).await?;
    }
    Ok(())
}

/// Begins a pause.
pub(super) async fn pause(shared: &Arc<Shared>, to: &str) -> Result<Box<dyn Pause>, LogError> {
    catch_up(shared).await?;
    outlive_pause(shared).await?;
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
    let said = Carried { to: to.to_owned(), mover, notice: None };
    let began = Instant::now();
    say(shared, BEGAN, &said, began + HOLDS).await?;
    let lost = Arc::new(AtomicBool::new(false));
    let turn = Arc::new(Mutex::new(()));
    let again = say_again(shared.clone(), said.clone(), lost.clone(), turn.clone(), began);
    let again = shared.client.runtime().spawn(again);
    let pause = KurrentPause { shared: shared.clone(), said, lost, turn, again };
    sleep(FRESH + TRY + TRY_GRACE + SERVER).await;
    pause.check().await?;
    Ok(Box::new(pause))
}

/// Says the pause again while it holds. A node has heard a word at its sending at the earliest, and
/// looks again within [`FRESH`] of an append, so a word in time is heard by all before the last lapses.
async fn say_again(
    shared: Arc<Shared>,
    said: Carried,
    lost: Arc<AtomicBool>,
    turn: Arc<Mutex<()>>,
    mut sent: Instant,
) {
    loop {
        sleep(SAY_AGAIN).await;
        let _turn = turn.lock().await;
        let (now, until) = (Instant::now(), sent + HOLDS - FRESH * 2);
        match say(&shared, BEGAN, &said, until).await {
            Ok(()) if Instant::now() < until => sent = now,
            // Another's word, or none in time.
            Ok(()) | Err(LogError::Conflict { .. }) => break,
            Err(_) if Instant::now() >= until => break,
            Err(_) => {}
        }
    }
    lost.store(true, Ordering::SeqCst);
}

/// Appends to the stream, after what this mover knows of it, before the time is up.
async fn say(
    shared: &Arc<Shared>,
    event_type: &str,
    said: &Carried,
    until: Instant,
) -> Result<(), LogError> {
    let name = stream_name(&shared.prefix);
    let (revision, is_anothers) = {
        let count = shared.count();
        let traffic = count.traffic();
        let is_anothers = traffic.mover().is_some_and(|mover| mover != said.mover);
        (traffic.revision, is_anothers && traffic.refusal().is_some())
    };
    let conflict = || LogError::Conflict { expected: revision.into(), actual: revision };
    if is_anothers {
        return Err(conflict());
    }
    let state = revision.map_or(StreamState::NoStream, StreamState::StreamRevision);
    let next = revision.map_or(0, |revision| revision + 1);
    // What is said is part of the id: a word under way must not be taken for another.
    let what = format!("{name}@{next}/{event_type}/{}", said.mover);
    let event = EventData::json(event_type, said)
        .map_err(|error| LogError::Invalid(error.to_string()))?
        .id(Uuid::new_v5(&Uuid::NAMESPACE_OID, what.as_bytes()));
    let mut pause = LOOK_AGAIN;
    loop {
        let options = AppendToStreamOptions::default()
            .stream_state(state)
            .deadline(TRY)
            .by(&shared.credentials);
        let (to, event) = (name.clone(), event.clone());
        let answer = shared.client.call(TRY + TRY_GRACE, |client| async move {
            client.append_to_stream(to, &options, event).await
        });
        let failure = match answer.await {
            Ok(_) => break,
            Err(Failure::Answered(Error::WrongExpectedVersion { .. })) => {
                catch_up(shared).await?;
                return Err(conflict());
            }
            Err(failure) => failure,
        };
        if Instant::now() + pause >= until || failure.known() == Known::Refused {
            return Err(LogError::OutcomeUnknown(format!("{name}: {failure}")));
        }
        sleep(pause).await;
        pause *= 2;
    }
    // What was said is known here once it was read.
    loop {
        catch_up(shared).await?;
        if shared.count().traffic().revision >= Some(next) {
            return Ok(());
        }
        if Instant::now() >= until {
            let text = "what was said about the move is not readable yet".to_owned();
            return Err(LogError::OutcomeUnknown(text));
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// A pause of this log's writers.
struct KurrentPause {
    shared: Arc<Shared>,
    said: Carried,
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
        let said = Carried { notice: Some(notice.to_string()), ..self.said.clone() };
        let mut said_so = say(&self.shared, MOVED, &said, Instant::now() + HOLDS).await;
        if matches!(said_so, Err(LogError::Conflict { .. })) && self.check().await.is_ok() {
            // A word of our own, under way since before, had come in between.
            said_so = say(&self.shared, MOVED, &said, Instant::now() + HOLDS).await;
        }
        said_so?;
        let counted = self.shared.count().traffic().moved_with();
        if counted == Some(notice.events) {
            return Ok(());
        }
        // The pause had lapsed before: somebody wrote, and goes on.
        say(&self.shared, ENDED, &self.said, Instant::now() + HOLDS).await?;
        let text = "the pause was lost, and events came that are not in the copy".to_owned();
        Err(LogError::Unavailable(text))
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
            say(&self.shared, ENDED, &self.said, Instant::now() + HOLDS).await
        }
        .boxed()
    }
}
