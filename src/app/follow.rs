//! Following a log to which other nodes append: what this node keeps in memory is brought up to date
//! with their events.
//!
//! What must hold: what is kept only saves work. A fold is moved on by the next event or let go, never
//! put where none is kept; nothing older takes the place of something newer; an event that can't be
//! read lets go of what it belongs to. Following ends with the node and with nothing else: a failure
//! is tried again, and while the log can't be followed nothing is kept. Refusals don't rely on any of
//! this (`act`): they are repeated on the stream as it stands.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::App;
use super::library::AdoptedCalendar;
use crate::codec::{self, StreamKind};
use crate::domain::date::Timestamp;
use crate::log::{LogError, RecordedEvent, Subscription};

/// Events taken in at a time.
const PAGE_EVENTS: usize = 1024;
/// How long the first try after a failure waits; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The task that follows the log; it ends when this is dropped.
pub struct Following {
    task: JoinHandle<()>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Following {
    /// Starts following, from where the log ended before the application read anything of it; within
    /// a tokio runtime. Nothing where nobody else appends.
    pub fn start(app: &Arc<App>) -> Option<Self> {
        let follows = app.log().is_shared();
        follows.then(|| Self { task: tokio::spawn(follow(app.clone())) })
    }
}

async fn follow(app: Arc<App>) {
    let mut events = Subscription::new(app.log().clone(), app.read_to, PAGE_EVENTS);
    let mut wait = FIRST_WAIT;
    loop {
        let next = events.next_page();
        let page = if app.library.behind().is_empty() {
            next.await
        } else {
            // An edition could not be read: that is tried again, whether or not events come in.
            match tokio::time::timeout(wait, next).await {
                Ok(page) => page,
                Err(_) => {
                    wait = (wait * 2).min(LONGEST_WAIT);
                    app.library.catch_up_editions().await;
                    continue;
                }
            }
        };
        match page {
            Ok(page) => {
                app.enrollments.cache.resume();
                wait = FIRST_WAIT;
                for event in &page.events {
                    app.take_in(event);
                }
                app.library.catch_up_editions().await;
                for program in app.library.take_whole() {
                    if let Some(program) = app.library.program(program.as_str()) {
                        app.library.renew_list(program).await;
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, after = ?events.position(), "the log can't be followed; tried again");
                if !matches!(error, LogError::Unavailable(_)) {
                    app.enrollments.cache.suspend();
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }
}

impl App {
    /// Lets go of what is kept of streams to which something was appended past this application.
    pub async fn heard_of(&self, streams: &BTreeSet<String>) {
        for stream in streams {
            // Nor is kept what somebody is reading now and began to before.
            self.enrollments.cache.appended(stream);
            self.enrollments.cache.forget(stream);
            match codec::kind_of_stream(stream) {
                StreamKind::Subject(subject) => self.library.note_subject(subject, u64::MAX),
                StreamKind::Program(program) => {
                    if let Some(program) = self.library.program(program.as_str()) {
                        self.library.renew_list(program).await;
                    }
                }
                _ => {}
            }
        }
    }

    /// Brings what is kept up to date with an event of the log, whoever appended it.
    fn take_in(&self, event: &RecordedEvent) {
        let recorded_at = Timestamp::from_micros(event.recorded_at_us);
        self.journal.clock.saw(recorded_at);
        let stream = event.stream.as_str();
        match codec::kind_of_stream(stream) {
            kind @ (StreamKind::Enrollment { .. } | StreamKind::Program(_)) => {
                if let StreamKind::Program(program) = kind {
                    self.library.note_whole(program);
                }
                let read = || {
                    let unread = |error| tracing::warn!(%error, stream, "an event can't be read");
                    codec::decode_enrollment(event).map_err(unread).ok()
                };
                self.enrollments.cache.follow(stream, event.revision, event.sequence, read);
            }
            StreamKind::Subject(subject) => self.library.note_subject(subject, event.revision),
            StreamKind::Measure(program) => {
                if let Some(program) = self.library.program(program) {
                    self.library.note_adoption(&program.id, event.revision);
                }
            }
            StreamKind::Calendar(_) => match AdoptedCalendar::of(event) {
                Ok(adopted) => {
                    adopted.into_iter().for_each(|one| self.library.adopt_calendar(one));
                }
                Err(error) => tracing::warn!(%error, stream, "a calendar can't be read"),
            },
            // These are read to their end whenever they are asked; nothing else is kept.
            StreamKind::Quota { .. }
            | StreamKind::Indicator(_)
            | StreamKind::Erasure(_)
            | StreamKind::Access(_)
            | StreamKind::Other => {}
            StreamKind::Log => {
                if self.chronology.take_in(event) {
                    self.journal.clock.confirmed(recorded_at);
                }
            }
        }
    }
}
