//! The clerk: records that a due date passed in silence (rules G10 to G13), and that a later version of
//! the measure took hold of who stood already when it was adopted (C18).
//!
//! What must hold: a lapse is recorded once, at an exact revision, after the stream was folded and
//! looked at; on a conflict it is looked at again. So any number of clerks may run over one log, and
//! one that was stopped anywhere goes on. The truth is the fold of each stream, never a read model;
//! which streams are looked at, and when, only saves work. What lapses is not decided here
//! (`domain::duty`), nor is the day: it comes in from outside.
//!
//! An enrollment is looked at again when something new is in it and it has been quiet for a while
//! (who records an archive act by act is not told in between what is missing), and on the days on
//! which something in it can lapse.

mod succession;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::{ActError, App, Cached};
use crate::codec::{self, StreamKind};
use crate::domain::calendar::Calendars;
use crate::domain::date::{CivilDate, Day, Timestamp};
use crate::domain::decide::taken_hold_of_on;
use crate::domain::duty::{lapses, may_lapse_on, unrecorded};
use crate::domain::enrollment::Enrollment;
use crate::domain::event::{Event, EventMeta, ObligationLapsed, Recorded};
use crate::domain::event_type::Own;
use crate::domain::history::History;
use crate::domain::ids::{EventRef, ProgramId};
use crate::domain::measure::Program;
use crate::log::{LogError, RecordedEvent};

/// How often a stream is looked at again when others were faster, in one round.
const MAX_TRIES: usize = 8;
/// Events of the log looked at in one go.
const PAGE_EVENTS: usize = 4096;
/// The shortest pause between two rounds.
const MIN_PAUSE: Duration = Duration::from_millis(100);

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Enrollments looked at.
    pub looked_at: usize,
    /// Lapses recorded.
    pub lapsed: usize,
    /// Enrollments of which a later version took hold.
    pub succeeded: usize,
    /// Enrollments left for a later round: not quiet yet, or others were faster every time.
    pub postponed: usize,
    /// Enrollments that can't be read by this version, left for a later round.
    pub unreadable: usize,
}

/// An enrollment to be looked at.
#[derive(Debug, Clone, Copy)]
struct News {
    revision: u64,
    recorded_at_us: i64,
}

/// How looking at an enrollment ended.
enum Looked {
    /// It need not be looked at before that day.
    Done(Option<Day>),
    Postponed,
}

/// Follows the log and records lapses. What it keeps is only what saves work.
pub struct Clerk {
    app: Arc<App>,
    quiet_us: i64,
    read_to: Option<u64>,
    /// To be looked at in the next round.
    pending: BTreeMap<String, News>,
    /// The day on which each enrollment with open due dates is looked at again.
    watched: HashMap<String, Day>,
}

impl Clerk {
    /// A clerk over an application's log, who leaves an enrollment alone until so many microseconds
    /// after its newest event.
    pub fn new(app: Arc<App>, quiet_us: i64) -> Self {
        Self { app, quiet_us, read_to: None, pending: BTreeMap::new(), watched: HashMap::new() }
    }

    /// One round: looks at what is new and at what can have lapsed by `day`, one enrollment after
    /// the other. A day ahead of the clock is not judged.
    ///
    /// # Errors
    /// [`ActError::Clock`] when the clock is in doubt, and as the log's. What was recorded stays
    /// recorded, and the next round goes on.
    pub async fn run_once(&mut self, day: Day) -> Result<Round, ActError> {
        let now = self.app.clock().now_for_own()?;
        let day = day.min(now.civil_day());
        self.follow().await?;
        for stream in self.watched.iter().filter(|(_, on)| **on <= day).map(|(stream, _)| stream) {
            let at_once = News { revision: u64::MAX, recorded_at_us: i64::MIN };
            self.pending.entry(stream.clone()).or_insert(at_once);
        }
        let mut round = Round::default();
        let mut todo = std::mem::take(&mut self.pending).into_iter();
        while let Some((stream, news)) = todo.next() {
            if now.micros().saturating_sub(news.recorded_at_us) < self.quiet_us {
                round.postponed += 1;
                self.pending.insert(stream, news);
                continue;
            }
            round.looked_at += 1;
            match self.look(&stream, news, day, &mut round).await {
                Ok(Looked::Done(Some(next))) => drop(self.watched.insert(stream, next)),
                Ok(Looked::Done(None)) => drop(self.watched.remove(&stream)),
                Ok(Looked::Postponed) => {
                    round.postponed += 1;
                    self.pending.insert(stream, news);
                }
                Err(error) if error.is_unreadable() => {
                    tracing::error!(%error, stream, "the clerk can't judge an enrollment");
                    round.unreadable += 1;
                    self.pending.insert(stream, news);
                }
                Err(error) => {
                    self.pending.insert(stream, news);
                    self.pending.extend(todo);
                    return Err(error);
                }
            }
            // Acts wait for the same threads.
            tokio::task::yield_now().await;
        }
        Ok(round)
    }

    /// Notes the enrollments in which offices acted since the last round.
    async fn follow(&mut self) -> Result<(), ActError> {
        loop {
            let page = match self.app.log().read_all(self.read_to, PAGE_EVENTS).await {
                Ok(page) => page,
                Err(LogError::Corrupt { sequence, reason }) => {
                    self.pass_by(sequence, &reason).await?;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            page.events.iter().for_each(|event| self.note(event));
            if page.end {
                self.read_to = page.next.or(self.read_to);
                return Ok(());
            }
            self.read_to = page.next;
        }
    }

    /// Notes what comes before an event that can't be read, and goes on after it: following only says
    /// where to look, and who looks reads the stream.
    async fn pass_by(&mut self, sequence: u64, reason: &str) -> Result<(), ActError> {
        tracing::error!(sequence, reason, "the clerk passes by an event that can't be read");
        let mut next = self.read_to.map_or(0, |read_to| read_to + 1);
        while next < sequence {
            let left = usize::try_from(sequence - next).unwrap_or(usize::MAX);
            let page = self.app.log().read_all(next.checked_sub(1), left.min(PAGE_EVENTS)).await;
            let Ok(page) = page else { break };
            page.events.iter().for_each(|event| self.note(event));
            next += page.events.len() as u64;
            if page.events.is_empty() {
                break;
            }
        }
        self.read_to = Some(sequence.max(next));
        Ok(())
    }

    fn note(&mut self, event: &RecordedEvent) {
        let stream = event.stream.as_str();
        let news = News { revision: event.revision, recorded_at_us: event.recorded_at_us };
        if let Some(known) = self.pending.get_mut(stream) {
            *known = news;
        } else if event.event_type != Own::ObligationLapsed.recorded_as().name
            && of_what(stream).is_some()
        {
            self.pending.insert(stream.to_owned(), news);
        }
    }

    async fn look(
        &mut self,
        stream: &str,
        news: News,
        day: Day,
        round: &mut Round,
    ) -> Result<Looked, ActError> {
        let app = self.app.clone();
        let program = of_what(stream).and_then(|program| app.library.program(program.as_str()));
        let Some(program) = program else { return Ok(Looked::Done(None)) };
        let (_, calendars) = app.library.present_calendars();
        let kept =
            app.enrollments.cache.peek(stream).filter(|kept| kept.revision >= Some(news.revision));
        let enrollment = match kept {
            Some(kept) => kept.enrollment.clone(),
            None => Enrollment::of(&app.enrollments.history(stream).await?),
        };
        let unrecorded = unrecorded(&enrollment.state, &calendars, day);
        for lapse in &unrecorded {
            app.library.check_calendars(lapse)?;
        }
        let versions = app.library.versions(program);
        let succeeded = taken_hold_of_on(&versions, &enrollment.state);
        if unrecorded.is_empty() && succeeded.is_none_or(|from| from > day) {
            let next = next_look(&enrollment, &calendars, day).into_iter().chain(succeeded).min();
            return Ok(Looked::Done(next));
        }
        self.record(program, stream, &calendars, day, round).await
    }

    /// Records what is to be recorded in one enrollment, in its turn among the acts of this process.
    async fn record(
        &mut self,
        program: &Program,
        stream: &str,
        calendars: &Calendars,
        day: Day,
        round: &mut Round,
    ) -> Result<Looked, ActError> {
        let app = self.app.clone();
        let _turn = app.journal.turn(stream).await;
        for _ in 0..MAX_TRIES {
            let seen = app.enrollments.cache.seen(stream);
            let mut history = app.enrollments.history(stream).await?;
            let moved = match self.append_due(program, &mut history, calendars, day, round).await {
                Ok(()) => false,
                Err(ActError::Log(LogError::Conflict { .. })) => true,
                Err(error) => {
                    app.enrollments.cache.forget(stream);
                    return Err(error);
                }
            };
            let cached = Cached::of(&history);
            let next = next_look(&cached, calendars, day);
            let seen = app.enrollments.cache.with_own_event(stream, seen);
            app.enrollments.cache.put(stream, Arc::new(cached), seen);
            if !moved {
                return Ok(Looked::Done(next));
            }
        }
        Ok(Looked::Postponed)
    }

    /// First that a later version took hold, since by that something can be overdue; then lapses.
    async fn append_due(
        &mut self,
        program: &Program,
        history: &mut History,
        calendars: &Calendars,
        day: Day,
        round: &mut Round,
    ) -> Result<(), ActError> {
        if let Some(event) = self.app.acts.succession(program, history, day).await? {
            history.push(self.append(history, event).await?);
            round.succeeded += 1;
        }
        for lapse in lapses(history, calendars, day) {
            let event = self.lapsed(program, history, lapse)?;
            history.push(self.append(history, event).await?);
            round.lapsed += 1;
        }
        Ok(())
    }

    async fn append(&self, history: &History, event: Recorded) -> Result<Recorded, ActError> {
        let new = codec::encode_event(&event.event, &event.meta, event.id)?;
        let landed =
            self.app.journal.append_after(history.stream(), history.revision(), new).await?;
        match landed.stands {
            Some(stored) => Ok(codec::decode_enrollment(&stored)?),
            None => Ok(Recorded { sequence: landed.sequence, ..event }),
        }
    }

    fn lapsed(
        &self,
        program: &Program,
        history: &History,
        lapse: ObligationLapsed,
    ) -> Result<Recorded, ActError> {
        let now = self.app.clock().now_for_own()?;
        let meta = Self::meta(&self.app, program, history, &lapse, now);
        let revision = history.revision().map_or(0, |revision| revision + 1);
        let ObligationLapsed { obligation, opened_by, due, .. } = &lapse;
        let cause = format!("lapse {obligation}@{opened_by} due {due}");
        let id = self.app.journal.caused_id(history.stream(), revision, &cause);
        let event = Event::ObligationLapsed(Box::new(lapse));
        Ok(Recorded { revision, sequence: None, id, event, meta })
    }

    /// Under what it lapsed: the measure and the article of the event that opened the duty, which it
    /// rests on, as on the calendars that moved the due date.
    fn meta(
        app: &App,
        program: &Program,
        history: &History,
        lapse: &ObligationLapsed,
        now: Timestamp,
    ) -> EventMeta {
        let mut meta = EventMeta::own(now, program.is_exercise());
        meta.effective_on = CivilDate::from(lapse.lapsed_on());
        meta.article = Some(lapse.article.clone().into());
        let mut rests_on = Vec::new();
        let opened = history.version_in_force(lapse.opened_by).and_then(|by| history.at(by));
        if let Some(opened) = opened {
            meta.measure.clone_from(&opened.meta.measure);
            meta.edition.clone_from(&opened.meta.edition);
            rests_on.push(opened.reference(history.stream()));
        }
        let years = lapse.due.latest().year()..=lapse.not_late_before.year();
        rests_on.extend(app.library.adoptions_of(years));
        meta.rests_on = EventRef::write_list(&rests_on).into();
        meta
    }

    /// Runs rounds for ever: at once, then after each `interval` and when the civil day changes.
    pub async fn keep(mut self, interval: Duration) {
        loop {
            let day = self.app.clock().now().civil_day();
            match self.run_once(day).await {
                Ok(round) if round.lapsed + round.succeeded + round.unreadable > 0 => {
                    tracing::info!(%day, ?round, "recorded what no office did");
                }
                Ok(round) => tracing::debug!(%day, ?round, "nothing lapsed"),
                Err(error) => tracing::warn!(%error, "lapses can't be recorded; tried again"),
            }
            let now = self.app.clock().now();
            let midnight = Timestamp::start_of_civil_day(now.civil_day().next());
            let left = midnight.micros().saturating_sub(now.micros());
            let left = Duration::from_micros(u64::try_from(left).unwrap_or_default());
            tokio::time::sleep(interval.min(left).max(MIN_PAUSE)).await;
        }
    }
}

/// The program of a stream in which something can lapse: an enrollment's, or its own.
fn of_what(stream: &str) -> Option<ProgramId> {
    match codec::kind_of_stream(stream) {
        StreamKind::Enrollment { program, .. } | StreamKind::Program(program) => Some(program),
        _ => None,
    }
}

/// When an enrollment has to be looked at again, if nothing new comes in: on the next day while an
/// act is not yet in effect.
fn next_look(enrollment: &Enrollment, calendars: &Calendars, day: Day) -> Option<Day> {
    if !enrollment.is_reached(day) {
        return Some(day.next());
    }
    may_lapse_on(&enrollment.state, calendars, day)
}
