//! The quotas of a program: places taken, free and over on a day, as known up to an event, from the
//! folds of the quotas' streams. Each holder stands with the event that took its place.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::json;
use crate::api::asking::call::{Answered, Call, wrong_parameter};
use crate::api::asking::named;
use crate::api::asking::times::{AS_OF, AT_SEQUENCE, KNOWN_AT, Known, known};
use crate::app::QuotaView;
use crate::codec::{StreamKind, kind_of_stream};
use crate::domain::date::Day;
use crate::domain::event::PlaceEffect;
use crate::domain::history::History;
use crate::domain::ids::{EventRef, Id, SubjectId, Text};
use crate::domain::measure::Program;
use crate::domain::words::{self, said};
use crate::views::brief::{Labelled, worded};
use crate::views::labels::Labels;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Problem;
use crate::views::sequence::sequence;

/// The parameters of the quotas.
pub const QUOTAS: &[Parameter] = &[
    AS_OF,
    Parameter::new("on", Kind::Day, "The same as `as_of`.", "同 as_of。"),
    Parameter::new("category", Kind::Text, "Of one category.", "某一类型。"),
    Parameter::new(
        "held",
        Kind::OneOf(|| Held::ALL.iter().map(|held| held.as_str()).collect()),
        "Only the holders of these places: `taken` (all), `reserved`, `attested` or `overridden`. The \
         numbers stay those of all.",
        "仅列出此类名额的占用者：taken（全部）、reserved（预留）、attested（凭佐证）、overridden（突破）；数字仍为全部。",
    ),
    KNOWN_AT,
    AT_SEQUENCE,
];

/// How a place is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// However it is.
    Taken,
    /// Reserved for an approval that is not on record.
    Reserved,
    /// Known from evidence alone.
    Attested,
    /// Taken over the limit, by an override.
    Overridden,
}

impl Held {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Taken, Self::Reserved, Self::Attested, Self::Overridden];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Reserved => "reserved",
            Self::Attested => "attested",
            Self::Overridden => "overridden",
        }
    }

    fn takes(self, holder: &HolderView) -> bool {
        match self {
            Self::Taken => true,
            Self::Reserved => holder.reserved,
            Self::Attested => holder.attested,
            Self::Overridden => holder.overridden,
        }
    }
}

/// Who holds a place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HolderView {
    /// The subject.
    pub subject: String,
    /// Its name on the day.
    pub name: String,
    /// From which day it holds it.
    pub from: String,
    /// The day from which it is free again; absent: held still.
    pub until: Option<String>,
    /// Whether it is known only from evidence.
    pub attested: bool,
    /// Whether it is only reserved: the approval is not on record.
    pub reserved: bool,
    /// Whether it was taken over the limit, by an override.
    pub overridden: bool,
    /// The event that took it, or reserved it, `stream@revision#id`.
    pub event: String,
    /// The address of the enrollment.
    pub enrollment: String,
}

/// Days on which a number of places is taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DaysTaken {
    /// The first day.
    pub from: String,
    /// The day from which the number is another; absent: still so.
    pub until: Option<String>,
    /// How many are taken.
    pub taken: u32,
}

/// An approval that went over a soft limit.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OverrideView {
    /// The subject.
    pub subject: String,
    /// The event, `stream@revision#id`.
    pub event: String,
    /// From when it counts.
    pub effective_on: String,
    /// The written justification.
    pub justification: String,
}

/// The places of a category.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuotaOfCategory {
    /// The category.
    pub category: Labelled<'static>,
    /// How many places there are.
    pub limit: u32,
    /// Whether the national office can go over the limit with a justification.
    pub soft: bool,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    pub reading: Option<String>,
    /// How many are taken on the day.
    pub taken: u32,
    /// How many of these are only reserved.
    pub reserved: u32,
    /// How many of these are known only from evidence.
    pub attested: u32,
    /// How many of these were taken over the limit, by an override.
    pub overridden: u32,
    /// How many are left.
    pub free: u32,
    /// How many are taken over the limit.
    pub over: u32,
    /// Who holds them.
    pub holders: Vec<HolderView>,
    /// Days on which more are taken than there are.
    pub days_over: Vec<DaysTaken>,
    /// Approvals that went over the limit.
    pub overrides: Vec<OverrideView>,
}

/// The quotas of a program on a day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Quotas {
    /// The program.
    pub program: String,
    /// The program's name.
    pub program_name: String,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The day; the same as `as_of`.
    pub on: String,
    /// The day.
    pub as_of: String,
    /// The instant asked about, if one was.
    pub known_at: Option<String>,
    /// The sequence up to which the log was looked at, if not all of it was; absent also where
    /// nothing was on record yet.
    pub known_to_sequence: Option<String>,
    /// The version of the measure in force on the day.
    pub measure: Option<String>,
    /// The number of its document, as printed.
    pub measure_number: Option<String>,
    /// By category.
    pub quotas: Vec<QuotaOfCategory>,
}

/// Answers the quotas of a program on a day, as known up to an event.
///
/// # Errors
/// See the route.
pub async fn get_quotas(call: Call) -> Answered {
    let program = call.program()?;
    let on = day(&call)?;
    let (known_at, known) = known(&call).await?;
    let app = &call.state.app;
    let only = named::declared_in(&call, "category", program, |measure| {
        measure.categories.iter().map(|category| category.id.clone()).collect()
    })?;
    let held = named::word(&call, "held", &Held::ALL.map(|held| (held.as_str(), held)))?;
    let mut quotas = quotas_on(&call, program, (on, known)).await?;
    quotas.retain(|quota| only.as_ref().is_none_or(|only| *only == *quota.category.id));
    for quota in &mut quotas {
        quota.holders.retain(|holder| held.is_none_or(|held| held.takes(holder)));
    }
    let versions = app.library().versions(program);
    let measure = versions.in_force(on).map(|edition| &edition.measure);
    json(
        &call,
        &Quotas {
            program: program.id.to_string(),
            program_name: program.name.get(call.language).to_owned(),
            exercise: program.is_exercise(),
            on: on.to_string(),
            as_of: on.to_string(),
            known_at: known_at.map(|instant| instant.to_rfc3339()),
            known_to_sequence: known.sequence().map(sequence),
            measure: measure.map(|measure| measure.version.to_string()),
            measure_number: measure
                .and_then(|measure| measure.number.as_ref())
                .map(|number| number.get(call.language).to_owned()),
            quotas,
        },
    )
}

/// The quotas of a program on a day, as known up to an event.
///
/// # Errors
/// The log's.
pub(super) async fn quotas_on(
    call: &Call,
    program: &Program,
    (on, known): (Day, Known),
) -> Result<Vec<QuotaOfCategory>, Problem> {
    let places = call.state.app.places();
    let views = places.quotas_known(program, |sequence| known.has(Some(sequence))).await;
    let views = views.map_err(|error| call.problem(error))?;
    let mut quotas = Vec::with_capacity(views.len());
    for view in &views {
        quotas.push(quota(call, program, view, (on, known)).await?);
    }
    Ok(quotas)
}

fn day(call: &Call) -> Result<Day, Problem> {
    let as_of = call.parsed("as_of", Day::parse)?;
    match (as_of, call.parsed("on", Day::parse)?) {
        (Some(_), Some(_)) => Err(wrong_parameter(
            "on",
            said!("it says the same as as_of: send one", "与 as_of 含义相同，只能选用一个"),
        )),
        (named, also) => Ok(named.or(also).unwrap_or_else(|| call.state.today())),
    }
}

async fn quota(
    call: &Call,
    program: &Program,
    view: &QuotaView,
    (on, known): (Day, Known),
) -> Result<QuotaOfCategory, Problem> {
    let versions = call.state.app.library().versions(program);
    let label = Labels(&versions).category(&view.category);
    let taken = view.quota.taken_on(on);
    let mut holders = Vec::new();
    for (enrollment, attested) in view.quota.holders_on(on) {
        holders.extend(holder(call, view, (enrollment, attested), (on, known)).await?);
    }
    let mut overrides = Vec::new();
    for enrollment in view.quota.enrollments() {
        overrides.extend(overrides_of(call, view, enrollment, known).await?);
    }
    let count = |held: Held| {
        let count = holders.iter().filter(|holder| held.takes(holder)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    Ok(QuotaOfCategory {
        category: Labelled {
            id: view.category.to_string().into(),
            label: worded(label, &view.category, call.language).to_owned().into(),
        },
        limit: view.rule.limit,
        soft: view.rule.soft,
        article: words::article(&view.rule.article, call.language).into_owned(),
        reading: view.rule.reading.as_ref().map(|text| text.get(call.language).to_owned()),
        taken,
        reserved: count(Held::Reserved),
        attested: count(Held::Attested),
        overridden: count(Held::Overridden),
        free: view.rule.limit.saturating_sub(taken),
        over: taken.saturating_sub(view.rule.limit),
        holders,
        days_over: view
            .quota
            .days_over(view.rule.limit)
            .into_iter()
            .map(|run| DaysTaken {
                from: run.from.to_string(),
                until: run.until.map(|day| day.to_string()),
                taken: run.taken,
            })
            .collect(),
        overrides,
    })
}

async fn holder(
    call: &Call,
    view: &QuotaView,
    (enrollment, attested): (&str, bool),
    (on, known): (Day, Known),
) -> Result<Option<HolderView>, Problem> {
    let StreamKind::Enrollment { program, subject } = kind_of_stream(enrollment) else {
        return Ok(None);
    };
    let spans = view.quota.spans_of(enrollment);
    let span =
        spans.iter().find(|span| span.from <= on && span.until.is_none_or(|until| on < until));
    let Some(span) = span else { return Ok(None) };
    let name = name(call, &subject, (on, known)).await?;
    let history = call.state.app.history(enrollment).await.map_err(|error| call.problem(error))?;
    let history = known.of(history);
    let took = took_place(&history, &view.category, span.from);
    let (event, overridden) = match (&took, view.quota.reservation_on(enrollment, on)) {
        (Some((event, over)), _) => (event.to_string(), *over),
        (None, Some(reservation)) => {
            (reservation.reference.to_string(), reservation.reserved.over_limit)
        }
        // The enrollment's own events were mended since, and the quota's stream lags behind them.
        (None, None) => (String::new(), false),
    };
    Ok(Some(HolderView {
        subject: subject.to_string(),
        name: name.get(call.language).to_owned(),
        from: span.from.to_string(),
        until: span.until.map(|day| day.to_string()),
        attested,
        reserved: took.is_none(),
        overridden,
        event,
        enrollment: format!("/v1/enrollments/{program}/{subject}"),
    }))
}

/// The event by which an enrollment holds a place from a day on, and whether it went over the limit.
fn took_place(history: &History, category: &Id, from: Day) -> Option<(EventRef, bool)> {
    let effective = history.effective();
    let mut took = effective.entries().iter().rev().filter_map(|entry| {
        let fact = entry.event.event.fact()?;
        let takes = matches!(&fact.effects.place,
            Some(PlaceEffect::Takes { category: of }) if of == category);
        let holds = takes && entry.fold_day() <= from;
        holds.then(|| (entry.event.reference(history.stream()), fact.over_limit.is_some()))
    });
    took.next()
}

/// A subject's name on a day, as known then.
async fn name(
    call: &Call,
    subject: &SubjectId,
    (on, known): (Day, Known),
) -> Result<Text, Problem> {
    // What was not on record yet has no holders.
    let subject = call.state.app.library().subject_known(subject, known.sequence()).await;
    Ok(subject.map_err(|error| call.problem(error))?.name_on(on).clone())
}

/// The approvals of an enrollment that went over the limit of this category.
async fn overrides_of(
    call: &Call,
    view: &QuotaView,
    enrollment: &str,
    known: Known,
) -> Result<Vec<OverrideView>, Problem> {
    let StreamKind::Enrollment { subject, .. } = kind_of_stream(enrollment) else {
        return Ok(Vec::new());
    };
    let app = &call.state.app;
    let cached = app.enrollment(enrollment).await.map_err(|error| call.problem(error))?;
    if known == Known::All && cached.state.overrides == 0 {
        return Ok(Vec::new());
    }
    let history = app.history(enrollment).await.map_err(|error| call.problem(error))?;
    let history = known.of(history);
    let effective = history.effective();
    let over = effective.entries().iter().filter_map(|entry| {
        let fact = entry.event.event.fact()?;
        let justification = fact.over_limit.as_ref()?.justification.clone();
        let takes = match &fact.effects.place {
            Some(PlaceEffect::Takes { category }) => category,
            _ => return None,
        };
        (*takes == view.category).then(|| OverrideView {
            subject: subject.to_string(),
            event: entry.event.reference(enrollment).to_string(),
            effective_on: entry.event.meta.effective_on.to_string(),
            justification: justification.to_string(),
        })
    });
    Ok(over.collect())
}
