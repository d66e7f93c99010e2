//! Reading one enrollment: which day and how much of the record a request asks about, and the
//! history or fold that answers it.

use std::sync::Arc;

use super::brief::Labels;
use super::call::Call;
use super::etag::{self, enrollment_tag};
use super::problem::{Code, Problem};
use super::times::{Known, known, nothing_known};
use crate::app::{ActAnswer, App, Cached};
use crate::codec;
use crate::domain::calendar::Calendars;
use crate::domain::date::{Day, Timestamp};
use crate::domain::duty::{DueItem, items, owed_for_whole, owed_unlisted};
use crate::domain::history::History;
use crate::domain::ids::Text;
use crate::domain::measure::{Measure, Program, Versions};
use crate::domain::state::State;
use crate::domain::subject::Subject;
use crate::log::StreamName;

/// One enrollment as a request asks about it.
pub struct Reading<'a> {
    /// The program.
    pub program: &'a Program,
    /// Its measures.
    pub versions: Arc<Versions>,
    /// The subject, as it was known then.
    pub subject: Arc<Subject>,
    /// The stream.
    pub stream: String,
    /// The day asked about.
    pub day: Day,
    /// Whether that day was named.
    pub day_named: bool,
    /// The instant asked about.
    pub known_at: Option<Timestamp>,
    /// The sequence up to which the record is looked at; absent: all of it.
    pub known_to: Option<u64>,
    /// The calendars known up to there.
    pub calendars: Arc<Calendars>,
    /// The day as of which the list of who takes part in the program is known to be complete.
    pub complete_since: Option<Day>,
    /// What else an answer depends on.
    pub ground: String,
}

impl<'a> Reading<'a> {
    /// Reads what the request asks.
    ///
    /// # Errors
    /// `not-found`, `malformed-request`, and the log's.
    pub async fn of(call: &'a Call) -> Result<Self, Problem> {
        let app = &call.state.app;
        let program = call.program()?;
        let as_of = call.parsed("as_of", Day::parse)?;
        let (known_at, known) = known(call).await?;
        if let (Some(instant), Known::Nothing) = (known_at, known) {
            return Err(nothing_known(instant));
        }
        let known_to = known.sequence();
        let subject = call.subject_known(known_to).await?;
        let (adopted, present) = app.library().present_calendars();
        let calendars = match known_to {
            None => present,
            known_to => Arc::new(app.library().calendars(known_to)),
        };
        // What a measure lays by itself is known once it was adopted.
        let versions = match subject.is_program() && !is_adopted(call, program, known_to).await? {
            true => Arc::default(),
            false => versions(app, program, &subject),
        };
        Ok(Reading {
            program,
            versions,
            complete_since: app.library().list_complete_since(&program.id, known_to),
            stream: codec::record_stream(&program.id, &subject),
            ground: ground(app, program, &subject, adopted),
            subject,
            day: as_of.unwrap_or_else(|| call.state.today()),
            day_named: as_of.is_some(),
            known_at,
            known_to,
            calendars,
        })
    }

    /// What the answer to an act is about: the day on which it was recorded, with what was on
    /// record up to it. A retry years later reads the same.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn of_answer(call: &'a Call, answer: &ActAnswer) -> Result<Self, Problem> {
        let app = &call.state.app;
        let program = call.program()?;
        let (adopted, present) = app.library().present_calendars();
        let known_to = answer.recorded.sequence.filter(|_| answer.replayed);
        let subject = call.subject_known(known_to).await?;
        let calendars = match known_to {
            None => present,
            known_to => Arc::new(app.library().calendars(known_to)),
        };
        Ok(Reading {
            program,
            versions: versions(app, program, &subject),
            complete_since: app.library().list_complete_since(&program.id, known_to),
            stream: answer.stream.clone(),
            ground: ground(app, program, &subject, adopted),
            subject,
            day: answer.recorded.meta.recorded_at.civil_day(),
            day_named: true,
            known_at: None,
            known_to,
            calendars,
        })
    }

    /// The fold of everything on record, where it answers the question: all of the record is
    /// asked about, and none of it lies behind the day.
    ///
    /// # Errors
    /// As the log's.
    pub async fn present(&self, call: &Call) -> Result<Option<Arc<Cached>>, Problem> {
        if self.known_to.is_some() {
            return Ok(None);
        }
        let app = &call.state.app;
        let cached = app.enrollment(&self.stream).await.map_err(|error| call.problem(error))?;
        // The caller has seen more than this node keeps: another node's answer.
        let cached = match app.log().is_shared() && etag::names_after(&call.http, cached.revision) {
            true => app.enrollment_anew(&self.stream).await.map_err(|error| call.problem(error))?,
            false => cached,
        };
        if cached.revision.is_none() && !self.subject.is_program() {
            return Err(self.nothing());
        }
        let reached = cached.is_reached(self.day);
        Ok((reached && cached.state.unsupported.is_empty()).then_some(cached))
    }

    /// The history as far as it is asked about.
    ///
    /// # Errors
    /// `not-found` where a subject has no event, and as the log's.
    pub async fn history(&self, call: &Call) -> Result<History, Problem> {
        let history = call.state.app.history(&self.stream).await;
        let known = self.known_to.map_or(Known::All, Known::To);
        let history = known.of(history.map_err(|error| call.problem(error))?);
        if history.revision().is_none() && !self.subject.is_program() {
            return Err(self.nothing());
        }
        Ok(history)
    }

    fn nothing(&self) -> Problem {
        let then = self.known_to.map_or(String::new(), |known| format!(" up to sequence {known}"));
        Problem::new(Code::NotFound)
            .detail(format!("{} has no record of {}{then}", self.program.id, self.subject.id()))
            .detail_zh(format!("{} 中没有 {} 的记录", self.program.id, self.subject.id()))
    }

    /// The measure in force on the day.
    pub fn measure(&self) -> Option<&Measure> {
        self.versions.in_force(self.day).map(|edition| &edition.measure)
    }

    /// Whether the subject was registered by the sequence asked about and is of those on whom the
    /// program's measure can lay a duty though they are not listed: real ones in a real program.
    ///
    /// # Errors
    /// As the log's.
    pub async fn can_be_unlisted(&self, call: &Call) -> Result<bool, Problem> {
        if self.unlisted(&State::default()).duties.is_empty() {
            return Ok(false);
        }
        begins_by(call, &codec::subject_stream(self.subject.id()), self.known_to).await
    }

    /// What the measure lays by itself: on the subject because it is not listed (P12), or for the
    /// program as a whole; as a state with those duties alone.
    pub fn unlisted(&self, state: &State) -> State {
        if self.subject.is_program() {
            return self.measure().map_or_else(State::default, |m| owed_for_whole(m, state));
        }
        let registration = &self.subject.registration;
        let addressed = registration.invented == self.program.is_exercise()
            && self.program.takes(&registration.kind);
        let measure = self.measure().filter(|_| addressed);
        measure.map_or_else(State::default, |measure| {
            owed_unlisted(measure, state, self.day, self.complete_since)
        })
    }

    /// What is owed on the day in a state, and because the subject is not listed.
    pub fn judged<'s>(&self, state: &'s State, unlisted: &'s State) -> Vec<DueItem<'s>> {
        let mut judged = items(state, self.day, &self.calendars);
        judged.extend(items(unlisted, self.day, &self.calendars));
        judged
    }

    /// The tag of an answer about a revision; without one, about a record without events.
    pub fn tag(&self, call: &Call, revision: impl Into<Option<u64>>) -> String {
        enrollment_tag(revision.into(), self.day, call.language, &self.ground)
    }

    /// The subject's id, where it is about one.
    pub fn named(&self) -> Option<String> {
        (!self.subject.is_program()).then(|| self.subject.id().to_string())
    }

    /// The labels of its measures.
    pub fn labels(&self) -> Labels {
        Labels(self.versions.clone())
    }

    /// The label of a category.
    pub fn category_label(&self, id: &str) -> Option<Text> {
        self.versions.find(|measure| measure.category(id).map(|category| category.label.clone()))
    }

    /// The label of a title.
    pub fn title_label(&self, id: &str) -> Option<Text> {
        self.versions.find(|measure| {
            measure.title_kinds.iter().find(|title| title.id == id).map(|t| t.label.clone())
        })
    }
}

/// What an answer depends on besides revision, day and language: how many events of the subject,
/// calendars, editions and statements that a list is complete are on record. None of them is ever
/// taken out of it. They are not added up: a
/// node can know of more calendars and of fewer renamings than another.
fn ground(app: &App, program: &Program, subject: &Subject, calendars: usize) -> String {
    let editions = app.library().adopted(program).map_or(0, |adopted| adopted.events.len());
    let ground = format!("{}-{calendars}-{editions}", subject.revision);
    match app.library().events_for_whole(&program.id) {
        0 => ground,
        whole => format!("{ground}-{whole}"),
    }
}

/// Whether an edition of a program's measure was adopted by the sequence asked about.
///
/// # Errors
/// As the log's.
pub async fn is_adopted(
    call: &Call,
    program: &Program,
    known_to: Option<u64>,
) -> Result<bool, Problem> {
    begins_by(call, &codec::measure_stream(program.governed_as()), known_to).await
}

async fn begins_by(call: &Call, stream: &str, known_to: Option<u64>) -> Result<bool, Problem> {
    let Some(known) = known_to else { return Ok(true) };
    let stream = StreamName::parse(stream).map_err(Problem::internal)?;
    let page = call.state.app.log().read_stream(&stream, 0, 1).await?;
    Ok(page.events.first().is_some_and(|first| first.sequence <= known))
}

/// What governs what is done for a subject, or for the program as a whole.
fn versions(app: &App, program: &Program, subject: &Subject) -> Arc<Versions> {
    let versions = app.library().versions(program);
    match subject.is_program() {
        true => Arc::new(versions.of_whole()),
        false => versions,
    }
}
