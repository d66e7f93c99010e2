//! The register of exceptions (G18): every departure from the rule, everywhere, and what rests on less
//! than it; kinds without a case are listed with zero.
//!
//! Which events are in it is asked of the tables; what is said of each is read from the event. What was late
//! stands after these, and days over a quota, which are no event's, after the rest, on the last page.

mod register;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::asking::answer::{json, limit};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::counted::counted;
use crate::api::asking::cursor::{CURSOR, Cursor, cursor, next_link, write_cursor};
use crate::api::asking::named;
use crate::api::asking::opening::same_list;
use crate::api::asking::page::{EXERCISE, LIMIT, MIN_SEQUENCE, ask_at, more};
use crate::api::asking::times::{AT_SEQUENCE, KNOWN_AT, Times};
use crate::codec::{self, StreamKind, kind_of_stream};
use crate::domain::date::Day;
use crate::domain::exceptions::{ExceptionKind, exceptions_of};
use crate::domain::ids::{Id, Office};
use crate::domain::measure::Program;
use crate::log::StreamName;
use crate::projection::event_facts::{ExceptionCursor, ExceptionFilter, ExceptionFound};
use crate::projection::{At, DatabaseError, Tables};
use crate::views::exceptions::{ExceptionCount, ExceptionView};
use crate::views::labels::Labels;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Problem;
use crate::views::sequence::sequence;
use register::{AllLate, Late, LateAt, Lines, WasLate};

/// The parameters.
pub const EXCEPTIONS: &[Parameter] = &[
    Parameter::new(
        "kind",
        Kind::SomeOf(|| ExceptionKind::ALL.iter().map(|kind| kind.as_str()).collect()),
        "Of these kinds, with commas.",
        "这些种类，可用逗号并列。",
    ),
    Parameter::new("program", Kind::Text, "Of one program.", "某一项目。"),
    Parameter::new("subject", Kind::Text, "Of one subject.", "某一主体。"),
    Parameter::new(
        "province",
        Kind::Text,
        "Of subjects in this province, and of it itself.",
        "该省（区、市）及其所辖主体。",
    ),
    Parameter::new(
        "office",
        Kind::OneOf(|| Office::ALL.iter().map(|office| office.as_str()).collect()),
        "Of acts of this kind of office.",
        "此类机关的行为。",
    ),
    Parameter::new("from", Kind::Day, "Counting from this day or later.", "自该日或之后生效。"),
    Parameter::new("until", Kind::Day, "Counting from this day or earlier.", "自该日或之前生效。"),
    EXERCISE,
    KNOWN_AT,
    AT_SEQUENCE,
    MIN_SEQUENCE,
    CURSOR,
    LIMIT,
];

/// A page of the register.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExceptionsPage {
    /// How many there are of each kind, kinds without any too.
    pub totals: Vec<ExceptionCount>,
    /// The exceptions, in the order of the log; days over a quota after all others.
    pub items: Vec<ExceptionView>,
    /// Whether they are those of the exercises, rather than the real ones (G16).
    pub exercise: bool,
    /// The instant asked about, if one was.
    pub known_at: Option<String>,
    /// The sequence up to which the log was looked at, if not all of it was.
    pub known_to_sequence: Option<String>,
    /// The sequence of the last event that the tables had read.
    pub read_to_sequence: Option<String>,
    /// The link to the next page; absent on the last one.
    pub next: Option<String>,
}

/// Lists the exceptions.
///
/// # Errors
/// See the route.
pub async fn list_exceptions(call: Call) -> Answered {
    let limit = limit(&call)?;
    let cursor: Option<Cursor<After>> = cursor(&call)?;
    let times = Times::of(&call, cursor.as_ref()).await?;
    let filter = Arc::new(filter(&call).await?);
    let known = times.known.sequence();
    let after = cursor.map(|cursor| cursor.after);
    let (begins_late, after_event, after_late) = match after {
        None => (false, None, None),
        Some(After::Event(event)) => (false, Some(event), None),
        Some(After::Late(at)) => (true, None, at),
    };
    let answer = ask_at(&call, &times, ask(&call, filter.clone(), begins_late, after_event, limit));
    let answer = answer.await?;
    let (mut found, mut counted, late) = answer.value;
    let mut next = more(&mut found, limit, |last| After::Event(last.at));
    let mut items = views(&call, &found).await?;
    let picked = late.values().filter(|late| late.is_picked(&filter)).count() as u64;
    if picked > 0 {
        *counted.entry(ExceptionKind::LateFiling).or_default() += picked;
    }
    let over = days_over(&call, &filter, known).await?;
    if !over.is_empty() {
        counted.insert(ExceptionKind::DaysOverQuota, over.len() as u64);
    }
    if next.is_none() {
        let begin = after_late.map_or(Bound::Unbounded, Bound::Excluded);
        let room = limit.saturating_sub(items.len());
        let left = late.range((begin, Bound::Unbounded));
        let left = left.filter(|(_, late)| late.is_picked(&filter));
        let mut left: Vec<_> = left.take(room + 1).collect();
        next = match room {
            0 if !left.is_empty() => Some(After::Late(after_late)),
            _ => more(&mut left, room, |(at, _)| After::Late(Some(**at))),
        };
        left.truncate(room);
        for (_, late) in left {
            items.extend(late_view(&call, late).await?);
        }
    }
    if next.is_none() {
        items.extend(over);
    }
    let link = match next {
        None => None,
        Some(after) => {
            let cursor = write_cursor(&call, &Cursor { day: times.day, known, after })?;
            Some(next_link(&call, &cursor))
        }
    };
    let page = ExceptionsPage {
        totals: totals(&call, &filter, &counted),
        items,
        exercise: filter.exercise,
        known_at: times.known_at.map(|instant| instant.to_rfc3339()),
        known_to_sequence: known.map(sequence),
        read_to_sequence: answer.position.map(sequence),
        next: link,
    };
    json(&call, &page)
}

/// Where the next page begins.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum After {
    Event(ExceptionCursor),
    /// After a line of what was late, or with the first.
    Late(Option<LateAt>),
}

/// A page of the lines that events have of themselves, how many there are of each kind, and what was late.
type Asked = (Vec<ExceptionFound>, BTreeMap<ExceptionKind, u64>, AllLate);

/// The question: a page of the lines that events have of themselves, and what is counted.
fn ask(
    call: &Call,
    filter: Arc<ExceptionFilter>,
    begins_late: bool,
    after: Option<ExceptionCursor>,
    limit: usize,
) -> impl FnOnce(&Tables<'_>, At) -> Result<Asked, DatabaseError> + use<> {
    let state = call.state.clone();
    move |tables, at| {
        let (adopted, present) = state.app.library().present_calendars();
        let calendars = match at.known {
            None => present,
            known => Arc::new(state.app.library().calendars(known)),
        };
        let found = match begins_late {
            true => Vec::new(),
            false => tables.list_exceptions(&filter, at.known, after, limit + 1)?,
        };
        let is_past = at.known.is_some();
        let lines = Lines { filter: &filter, at };
        let lines = counted(&state.counted, tables, &lines, is_past)?;
        if !filter.takes(ExceptionKind::LateFiling) {
            return Ok((found, lines, AllLate::default()));
        }
        let (exercise, province) = (filter.exercise, filter.province.as_ref());
        let late = WasLate { exercise, province, at, calendars: &calendars, adopted };
        Ok((found, lines, counted(&state.counted, tables, &late, is_past)?))
    }
}

/// What is said of what was late, with the event that met it, or that opened what nobody met.
async fn late_view(call: &Call, late: &Late) -> Result<Option<ExceptionView>, Problem> {
    let (program, subject, revision) = match late {
        Late::Received(row, _) => (&row.program, &row.subject, row.met_by),
        Late::Silent(silent) => (&silent.program, &silent.subject, silent.lapse.opened_by),
    };
    let app = &call.state.app;
    let Some(program) = app.library().program(program.as_str()) else { return Ok(None) };
    let error = |error| call.problem(error);
    let subject = app.library().subject_of(program, subject.as_ref()).await.map_err(error)?;
    let stream = codec::record_stream(&program.id, &subject);
    let name = StreamName::parse(&stream).map_err(Problem::internal)?;
    let page = app.log().read_stream(&name, revision, 1).await?;
    let Some(stored) = page.events.first() else { return Ok(None) };
    let recorded = codec::decode_enrollment(stored).map_err(Problem::internal)?;
    let versions = app.library().versions(program);
    let label = |id: &Id| Labels(&versions).obligation(id).cloned();
    let (of, language) = ((program, &*subject), call.language);
    Ok(Some(match late {
        Late::Received(row, days) => {
            ExceptionView::late(row, (*days, label(&row.obligation)), &recorded, of, language)
        }
        Late::Silent(silent) => {
            let said = (&silent.lapse, silent.by, label(&silent.lapse.obligation));
            ExceptionView::silent(said, &recorded, of, language)
        }
    }))
}

async fn filter(call: &Call) -> Result<ExceptionFilter, Problem> {
    let kinds: Vec<_> = ExceptionKind::ALL.iter().map(|kind| (kind.as_str(), *kind)).collect();
    Ok(ExceptionFilter {
        exercise: named::exercise(call)?,
        kinds: named::words(call, "kind", &kinds)?,
        program: named::program(call)?.map(|program| program.id.clone()),
        subject: named::subject(call, "subject").await?,
        province: named::subject(call, "province").await?,
        office: named::office(call, "office")?,
        from: call.parsed("from", Day::parse)?,
        until: call.parsed("until", Day::parse)?,
    })
}

fn totals(
    call: &Call,
    filter: &ExceptionFilter,
    counted: &BTreeMap<ExceptionKind, u64>,
) -> Vec<ExceptionCount> {
    let asked = |kind: &&ExceptionKind| filter.takes(**kind);
    let count = |kind: &ExceptionKind| ExceptionCount {
        kind: kind.as_str(),
        kind_label: kind.label().get(call.language).to_owned(),
        count: counted.get(kind).copied().unwrap_or_default(),
        opens: same_list(call, &[("kind", kind.as_str())], &[CURSOR, LIMIT, MIN_SEQUENCE]),
    };
    ExceptionKind::ALL.iter().filter(asked).map(count).collect()
}

/// What the events say of themselves.
async fn views(call: &Call, found: &[ExceptionFound]) -> Result<Vec<ExceptionView>, Problem> {
    let app = &call.state.app;
    let mut views = Vec::with_capacity(found.len());
    for one in found {
        let page = app.log().read_all(one.at.sequence.checked_sub(1), 1).await?;
        let Some(stored) = page.events.first() else { continue };
        let kind = kind_of_stream(stored.stream.as_str());
        let Some(program) = kind.program().and_then(|id| app.library().program(id)) else {
            continue;
        };
        let recorded = codec::decode_enrollment(stored).map_err(Problem::internal)?;
        let at = usize::try_from(one.at.number).unwrap_or(usize::MAX);
        let Some(exception) = exceptions_of(&recorded).into_iter().nth(at) else { continue };
        let error = |error| call.problem(error);
        let subject = match &kind {
            StreamKind::Enrollment { subject, .. } => app.subject(subject).await.map_err(error)?,
            _ => app.library().subject_of(program, None).await.map_err(error)?,
        };
        let of = (program, &*subject);
        let fate = one.fate.as_deref();
        views.push(ExceptionView::of(&exception, &recorded, of, fate, call.language));
    }
    Ok(views)
}

/// The days on which more places are taken than a limit, where they are asked for: they are of no
/// subject and no act.
async fn days_over(
    call: &Call,
    filter: &ExceptionFilter,
    known: Option<u64>,
) -> Result<Vec<ExceptionView>, Problem> {
    let of_acts = filter.subject.is_some() || filter.province.is_some() || filter.office.is_some();
    if of_acts || !filter.takes(ExceptionKind::DaysOverQuota) {
        return Ok(Vec::new());
    }
    let app = &call.state.app;
    let asked = |program: &&Program| {
        program.is_exercise() == filter.exercise
            && filter.program.as_ref().is_none_or(|wanted| *wanted == program.id)
    };
    let mut views = Vec::new();
    for program in app.library().programs().programs.iter().filter(asked) {
        let known = |sequence: u64| known.is_none_or(|known| sequence <= known);
        let quotas = app.places().quotas_known(program, known).await;
        for view in quotas.map_err(|error| call.problem(error))? {
            let over = view.quota.days_over(view.rule.limit).into_iter();
            let asked = |from: Day, to: Option<Day>| {
                filter.until.is_none_or(|until| from <= until)
                    && filter.from.is_none_or(|first| to.is_none_or(|to| to > first))
            };
            let over = over.filter(|taken| asked(taken.from, taken.until));
            let label = app
                .library()
                .versions(program)
                .find(|measure| Some(measure.category(&view.category)?.label.clone()));
            let label = label.as_ref();
            views.extend(over.map(|taken| {
                ExceptionView::days_over(
                    program,
                    (&view.category, label),
                    &view.rule,
                    &taken,
                    call.language,
                )
            }));
        }
    }
    Ok(views)
}
