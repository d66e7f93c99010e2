//! What the record answers otherwise than it did when less of it was known (G3): standings, places,
//! titles, terms, due dates and figures, for which days, and by which event.
//!
//! What must hold: an enrollment's changes, or a division's, stand on one page, all of them; a page looks
//! through a bounded part of the log, so it can be empty though more follows.

mod figures;

use std::collections::HashSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::{json, limit};
use crate::api::asking::call::{Answered, Call, refused_parameter};
use crate::api::asking::cursor::{CURSOR, Cursor, cursor, next_link, write_cursor};
use crate::api::asking::named;
use crate::api::asking::page::{EXERCISE, LIMIT};
use crate::api::asking::times::{AT_SEQUENCE, KNOWN_AT, Known, known, known_by};
use crate::codec::{StreamKind, kind_of_stream};
use crate::domain::date::Timestamp;
use crate::domain::history::changes;
use crate::domain::ids::{ProgramId, SubjectId};
use crate::domain::measure::Program;
use crate::log::RecordedEvent;
use crate::views::changes::ChangeView;
use crate::views::labels::Labels;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Problem;
use crate::views::sequence::sequence;

/// Events read at a time.
const READ: usize = 512;
/// How many events a page looks through at most.
const MAX_EXAMINED: usize = 32 * 1024;

const SINCE_KNOWN_AT: Parameter = Parameter::new(
    "since_known_at",
    Kind::Instant,
    "What was answered by what was on record at this instant (RFC 3339 with offset).",
    "与该时刻（RFC 3339，带时区偏移）已入档内容所作的回答相比。",
);
const SINCE_SEQUENCE: Parameter = Parameter::new(
    "since_sequence",
    Kind::Sequence,
    "What was answered by the log up to and with this sequence. Instead of `since_known_at`.",
    "与日志中到该序号（含）为止的内容所作的回答相比；与 since_known_at 二者择一。",
);

/// The parameters.
pub const CHANGES: &[Parameter] = &[
    SINCE_KNOWN_AT,
    SINCE_SEQUENCE,
    KNOWN_AT,
    AT_SEQUENCE,
    Parameter::new(
        "program",
        Kind::Text,
        "Of one program, and figures of the indicators that its measures declare.",
        "某一项目，以及该项目办法所列指标的数据。",
    ),
    Parameter::new(
        "subject",
        Kind::Text,
        "Of one subject, or of a division or total of which figures are kept.",
        "某一主体，或登记有指标数据的某一区域或合计项。",
    ),
    EXERCISE,
    CURSOR,
    LIMIT,
];

/// A page of what is answered otherwise.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangesPage {
    /// The changes: by enrollment, or by division of figures, in the order in which each was first recorded
    /// on since; of one enrollment by days, of figures by the event.
    pub items: Vec<ChangeView>,
    /// Whether they are those of the exercises, rather than the real ones (G16).
    pub exercise: bool,
    /// The earlier instant, if one was named.
    pub since_known_at: Option<String>,
    /// The sequence up to which the log was looked at then; absent: there was nothing.
    pub since_sequence: Option<String>,
    /// The later instant, if one was named.
    pub known_at: Option<String>,
    /// The sequence up to which the log is looked at; absent: there is nothing.
    pub known_to_sequence: Option<String>,
    /// The link to the next page; absent on the last one.
    pub next: Option<String>,
}

/// Lists what is answered otherwise.
///
/// # Errors
/// See the route.
pub async fn list_changes(call: Call) -> Answered {
    let limit = limit(&call)?;
    let span = Span::of(&call).await?;
    let found = span.find(&call, limit).await?;
    let next = match found.more {
        None => None,
        Some(last) => {
            let (day, known) = (call.state.today(), span.until);
            Some(next_link(&call, &write_cursor(&call, &Cursor { day, known, after: last })?))
        }
    };
    let page = ChangesPage {
        items: found.items,
        exercise: span.exercise,
        since_known_at: span.since_known_at.map(|instant| instant.to_rfc3339()),
        since_sequence: span.since.map(sequence),
        known_at: span.known_at.map(|instant| instant.to_rfc3339()),
        known_to_sequence: span.until.map(sequence),
        next,
    };
    json(&call, &page)
}

/// What is compared, and of whom.
struct Span {
    since_known_at: Option<Timestamp>,
    known_at: Option<Timestamp>,
    since: Option<u64>,
    until: Option<u64>,
    /// The last event looked at on the page before.
    after: Option<u64>,
    exercise: bool,
    program: Option<ProgramId>,
    subject: Option<SubjectId>,
}

/// The changes of a page.
struct Found {
    items: Vec<ChangeView>,
    more: Option<u64>,
}

impl Span {
    async fn of(call: &Call) -> Result<Self, Problem> {
        let (since_known_at, since) = known_by(call, (&SINCE_KNOWN_AT, &SINCE_SEQUENCE)).await?;
        let cursor: Option<Cursor<u64>> = cursor(call)?;
        let (known_at, until) = known(call).await?;
        let log = call.state.app.log();
        let subject = figures::of_whom(call).await?;
        let exercise = named::exercise(call)?;
        let program = named::program(call)?.map(|program| program.id.clone());
        if since == Known::All {
            return Err(refused_parameter(
                SINCE_KNOWN_AT.name,
                "say what it is compared with: an instant here, or a sequence in since_sequence",
                "请指明与何时相比：在此填写时刻，或在 since_sequence 填写序号",
            ));
        }
        let until = match (&cursor, until) {
            (Some(cursor), _) => cursor.known,
            (None, Known::All) => log.head().await?,
            (None, until) => until.sequence(),
        };
        if since.sequence() > until {
            return Err(refused_parameter(
                SINCE_KNOWN_AT.name,
                "it is later than what is compared with it",
                "晚于与之相比的时刻",
            ));
        }
        let after = cursor.map(|cursor| cursor.after).or(since.sequence());
        let since = since.sequence();
        Ok(Self { since_known_at, known_at, since, until, after, exercise, program, subject })
    }

    async fn find(&self, call: &Call, limit: usize) -> Result<Found, Problem> {
        let log = call.state.app.log();
        let (mut items, mut seen) = (Vec::new(), HashSet::new());
        let (mut after, mut examined) = (self.after, 0);
        while after < self.until {
            let page = log.read_all(after, READ).await?;
            for event in &page.events {
                if Some(event.sequence) > self.until {
                    return Ok(Found { items, more: None });
                }
                after = Some(event.sequence);
                examined += 1;
                if self.takes(call, event) && seen.insert(event.stream.clone()) {
                    items.extend(self.changes_of(call, event).await?);
                }
                if (items.len() >= limit || examined >= MAX_EXAMINED) && after < self.until {
                    return Ok(Found { items, more: after });
                }
            }
            if page.events.is_empty() {
                break;
            }
        }
        Ok(Found { items, more: None })
    }

    /// Whether it is an event of an enrollment, of a program as a whole, or of a division's figures, that is
    /// asked about.
    fn takes(&self, call: &Call, event: &RecordedEvent) -> bool {
        let kind = kind_of_stream(event.stream.as_str());
        let whose = match kind {
            StreamKind::Indicator(division) => Some(division),
            _ => kind.subject(),
        };
        let is_subject = self
            .subject
            .as_ref()
            .is_none_or(|wanted| whose.is_some_and(|id| id.eq_ignore_ascii_case(wanted.as_str())));
        if matches!(kind, StreamKind::Indicator(_)) {
            return is_subject;
        }
        let Some(program) = program_of(call, &kind) else { return false };
        program.is_exercise() == self.exercise
            && self.program.as_ref().is_none_or(|wanted| *wanted == program.id)
            && is_subject
    }

    /// The changes of an enrollment or of a division's figures, at the first event that was recorded in its
    /// stream since.
    async fn changes_of(
        &self,
        call: &Call,
        event: &RecordedEvent,
    ) -> Result<Vec<ChangeView>, Problem> {
        let app = &call.state.app;
        if let Some(revision) = event.revision.checked_sub(1) {
            let page = app.log().read_stream(&event.stream, revision, 1).await?;
            if page.events.first().map(|before| before.sequence) > self.since {
                return Ok(Vec::new());
            }
        }
        let kind = kind_of_stream(event.stream.as_str());
        if let StreamKind::Indicator(division) = kind {
            return self.figures(call, division, event.revision).await;
        }
        let Some(program) = program_of(call, &kind) else { return Ok(Vec::new()) };
        let id = match &kind {
            StreamKind::Enrollment { subject, .. } => Some(subject),
            _ => None,
        };
        let error = |error| call.problem(error);
        let subject = match id {
            Some(id) => app.library().subject_known(id, self.until).await.map_err(error)?,
            None => app.library().subject_of(program, None).await.map_err(error)?,
        };
        let history = app.history(event.stream.as_str()).await.map_err(error)?;
        let history = self.until.map_or(Known::All, Known::To).of(history);
        let versions = match subject.is_program() {
            true => Arc::new(app.library().versions(program).of_whole()),
            false => app.library().versions(program),
        };
        let labels = Labels(&versions);
        let before = usize::try_from(event.revision).unwrap_or(usize::MAX);
        let found = changes(&history, before);
        let view =
            |change| ChangeView::of(change, &history, (program, &labels, &subject), call.language);
        Ok(found.iter().map(view).collect())
    }
}

/// The program of an enrollment's stream, or of a program's own.
fn program_of<'a>(call: &'a Call, kind: &StreamKind<'_>) -> Option<&'a Program> {
    let is_record = matches!(kind, StreamKind::Enrollment { .. } | StreamKind::Program(_));
    kind.program().filter(|_| is_record).and_then(|id| call.state.app.library().program(id))
}
