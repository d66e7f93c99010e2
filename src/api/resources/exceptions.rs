//! The register of exceptions (G18): every departure from the rule, everywhere, and what rests on less
//! than it; kinds without a case are listed with zero.
//!
//! Which events are in it is known at hand (`register`); what is said of each is read from the event. What was late
//! stands after these, and days over a quota, which are no event's, after the rest, on the last page.

mod late;
mod picked;
mod register;

use std::collections::BTreeMap;
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
use crate::api::asking::state::ApiState;
use crate::api::asking::times::{AT_SEQUENCE, KNOWN_AT, Times};
use crate::codec::{self, StreamKind, kind_of_stream};
use crate::domain::date::Day;
use crate::domain::exceptions::{ExceptionKind, exceptions_of};
use crate::domain::ids::{Id, Office};
use crate::domain::measure::Program;
use crate::log::StreamName;
use crate::projection::event_facts::ExceptionFilter;
use crate::projection::{At, DatabaseError, Tables};
use crate::views::exceptions::{ExceptionCount, ExceptionView};
use crate::views::labels::Labels;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Problem;
use crate::views::sequence::sequence;
use late::{Late, LateAt, WasLate};
use picked::EnrollmentsOf;
use register::{AllLines, LineAt, Page, Picked};

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
    let answer = ask_at(&call, &times, ask(&call, filter.clone(), after, limit)).await?;
    let Asked { found, mut totals, late, next } = answer.value;
    let mut items = views(&call, &found).await?;
    for one in &late {
        items.extend(late_view(&call, one).await?);
    }
    let over = days_over(&call, &filter, known).await?;
    if !over.is_empty() {
        totals.insert(ExceptionKind::DaysOverQuota, over.len() as u64);
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
        totals: counts(&call, &filter, &totals),
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
    Event(LineAt),
    /// After a line of what was late, or with the first.
    Late(Option<LateAt>),
}

/// A page: lines of events, each with what became of it, then what was late; how many there are of each
/// kind, and where the next page begins.
#[derive(Default)]
struct Asked {
    found: Vec<(LineAt, Option<String>)>,
    totals: BTreeMap<ExceptionKind, u64>,
    late: Vec<Late>,
    next: Option<After>,
}

/// The question.
fn ask(
    call: &Call,
    filter: Arc<ExceptionFilter>,
    after: Option<After>,
    limit: usize,
) -> impl FnOnce(&Tables<'_>, At) -> Result<Asked, DatabaseError> + use<> {
    let state = call.state.clone();
    move |tables, at| {
        let of = EnrollmentsOf { filter: &filter, known: at.known };
        let only = match of.is_asked() {
            true => Some(counted(&state.counted, tables, &of, at.known.is_some(), Vec::clone)?),
            false => None,
        };
        let (filter, exercise) = (&*filter, filter.exercise);
        let picked = Picked { filter, only };
        // More may be kept than this view of the tables has: lines of events are cut at it.
        let known = at.known.or(tables.read_to().1);
        let (begin, begin_late) = match after {
            None => (Some(None), None),
            Some(After::Event(event)) => (Some(Some(event)), None),
            Some(After::Late(late)) => (None, late),
        };
        let (room, begin) = (begin.map_or(0, |_| limit + 1), begin.flatten());
        let lines = AllLines { exercise };
        // Kept of all that is known: what was known earlier is how it begins.
        let page = counted(&state.counted, tables, &lines, false, |lines| {
            lines.page(&picked, known, begin, room)
        })?;
        let Page { mut lines, totals } = page;
        let mut asked = Asked { totals, ..Asked::default() };
        asked.next = more(&mut lines, limit, |last| After::Event(*last));
        let events: Vec<u64> = lines.iter().map(|line| line.sequence).collect();
        let fates = tables.fates(&events, at.known)?;
        let fate = |line: LineAt| (line, fates.get(&line.sequence).cloned());
        asked.found = lines.into_iter().map(fate).collect();
        if !filter.takes(ExceptionKind::LateFiling) {
            return Ok(asked);
        }
        let (adopted, present) = state.app.library().present_calendars();
        let calendars = match at.known {
            None => present,
            known => Arc::new(state.app.library().calendars(known)),
        };
        let was_late = WasLate { exercise, at, calendars: &calendars, adopted };
        let room = limit - asked.found.len();
        let is_past = at.known.is_some();
        let (count, mut late) = counted(&state.counted, tables, &was_late, is_past, |late| {
            late.page(&picked, begin_late, room + 1)
        })?;
        if count > 0 {
            *asked.totals.entry(ExceptionKind::LateFiling).or_default() += count;
        }
        if asked.next.is_none() {
            asked.next = match room {
                0 if !late.is_empty() => Some(After::Late(begin_late)),
                _ => more(&mut late, room, |last| After::Late(Some(*last))),
            };
            late.truncate(room);
            asked.late = was_late.said(tables, &late)?.into_iter().map(|(_, late)| late).collect();
        }
        Ok(asked)
    }
}

/// Has at hand what the register counts of a day.
///
/// # Errors
/// Those of the database.
pub fn exceptions_at_hand(
    state: &ApiState,
    tables: &Tables<'_>,
    at: At,
) -> Result<(), DatabaseError> {
    let (adopted, calendars) = state.app.library().present_calendars();
    for exercise in [false, true] {
        counted(&state.counted, tables, &AllLines { exercise }, false, |_| ())?;
        let was_late = WasLate { exercise, at, calendars: &calendars, adopted };
        counted(&state.counted, tables, &was_late, false, |_| ())?;
    }
    Ok(())
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

fn counts(
    call: &Call,
    filter: &ExceptionFilter,
    totals: &BTreeMap<ExceptionKind, u64>,
) -> Vec<ExceptionCount> {
    let asked = |kind: &&ExceptionKind| filter.takes(**kind);
    let count = |kind: &ExceptionKind| ExceptionCount {
        kind: kind.as_str(),
        kind_label: kind.label().get(call.language).to_owned(),
        count: totals.get(kind).copied().unwrap_or_default(),
        opens: same_list(call, &[("kind", kind.as_str())], &[CURSOR, LIMIT, MIN_SEQUENCE]),
    };
    ExceptionKind::ALL.iter().filter(asked).map(count).collect()
}

/// What the events say of themselves.
async fn views(
    call: &Call,
    found: &[(LineAt, Option<String>)],
) -> Result<Vec<ExceptionView>, Problem> {
    let app = &call.state.app;
    let mut views = Vec::with_capacity(found.len());
    for (line, fate) in found {
        let page = app.log().read_all(line.sequence.checked_sub(1), 1).await?;
        let Some(stored) = page.events.first() else { continue };
        let kind = kind_of_stream(stored.stream.as_str());
        let Some(program) = kind.program().and_then(|id| app.library().program(id)) else {
            continue;
        };
        let recorded = codec::decode_enrollment(stored).map_err(Problem::internal)?;
        let at = usize::try_from(line.number).unwrap_or(usize::MAX);
        let Some(exception) = exceptions_of(&recorded).into_iter().nth(at) else { continue };
        let error = |error| call.problem(error);
        let subject = match &kind {
            StreamKind::Enrollment { subject, .. } => app.subject(subject).await.map_err(error)?,
            _ => app.library().subject_of(program, None).await.map_err(error)?,
        };
        let of = (program, &*subject);
        let fate = fate.as_deref();
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
