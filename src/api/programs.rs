//! Programs, their measures in every version and edition, and their quotas.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::answer::{List, REVALIDATE, json, tagged};
use super::brief::Labelled;
use super::call::{Answered, Call};
use super::lists::category;
use super::problem::{Code, Problem};
use super::reading::program;
use super::route::Parameter;
use crate::app::{QuotaView, read_whole_stream};
use crate::codec::{self, Stored, StreamKind, kind_of_stream};
use crate::domain::date::Day;
use crate::domain::ids::Text;
use crate::domain::measure::{Edition, Program};

/// A program.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProgramView {
    /// The id.
    pub id: String,
    /// The name.
    pub name: Text,
    /// The program whose measures it follows with invented subjects, if it is an exercise.
    pub exercise_of: Option<String>,
    /// Kinds of subject that can enroll.
    pub subject_kinds: Vec<String>,
    /// The articles that say who the subjects are.
    pub article: String,
    /// The versions of its measure, oldest first.
    pub measures: Vec<String>,
    /// The version in force today.
    pub in_force: Option<String>,
}

fn view(call: &Call, program: &Program) -> ProgramView {
    let versions = call.state.app.library().versions(program);
    let name = |edition: &Edition| edition.measure.version.to_string();
    ProgramView {
        id: program.id.to_string(),
        name: program.name.clone(),
        exercise_of: program.exercise_of.as_ref().map(ToString::to_string),
        subject_kinds: program.subject_kinds.iter().map(ToString::to_string).collect(),
        article: program.article.clone(),
        measures: versions.all().iter().map(|edition| name(edition)).collect(),
        in_force: versions.in_force(call.state.today()).map(|edition| name(edition)),
    }
}

/// Lists the programs.
///
/// # Errors
/// See the route.
pub async fn list_programs(call: Call) -> Answered {
    let programs = &call.state.app.library().programs().programs;
    let items = programs.iter().map(|program| view(&call, program)).collect();
    json(&call, &List { items })
}

/// Answers a program.
///
/// # Errors
/// See the route.
pub async fn get_program(call: Call) -> Answered {
    json(&call, &view(&call, program(&call)?))
}

/// An edition of a measure: our encoding of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EditionView {
    /// SHA-256 of the file, whose bytes are kept as a document.
    pub digest: String,
    /// Why it exists.
    pub reason: String,
    /// The event that adopted it.
    pub adopted_by: String,
    /// When it was adopted, UTC.
    pub adopted_at: String,
    /// The address of its bytes.
    pub file: String,
}

/// A version of a measure.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MeasureView {
    /// The program whose document it is.
    pub program: String,
    /// The version.
    pub version: String,
    /// The document's title.
    pub title: Text,
    /// Its number, as printed.
    pub number: Text,
    /// Who issued it.
    pub issued_by: Text,
    /// From when it governs.
    pub in_force_from: String,
    /// The article that says so.
    pub in_force_article: String,
    /// Whether only part of the document is known.
    pub known_in_part: bool,
    /// What is not known.
    pub gaps: Vec<Text>,
    /// The edition by which acts are judged.
    pub edition: String,
    /// Every edition adopted, oldest first.
    pub editions: Vec<EditionView>,
    /// The measure as data, article by article, with its readings; only where one version is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<Value>,
}

async fn editions(
    call: &Call,
    program: &Program,
) -> Result<BTreeMap<String, Vec<EditionView>>, Problem> {
    let stream = codec::measure_stream(program.governed_as());
    let mut found: BTreeMap<String, Vec<EditionView>> = BTreeMap::new();
    for event in read_whole_stream(&**call.state.app.log(), &stream, 0).await? {
        let decoded = codec::decode(&event).map_err(|error| call.problem(error.into()))?;
        let Stored::MeasureAdopted(adopted, meta) = decoded else { continue };
        found.entry(adopted.version.to_string()).or_default().push(EditionView {
            file: format!("/v1/documents/{}", adopted.digest),
            digest: adopted.digest,
            reason: adopted.reason,
            adopted_by: codec::reference(&event).to_string(),
            adopted_at: meta.recorded_at.to_rfc3339(),
        });
    }
    Ok(found)
}

fn measure_view(edition: &Edition, editions: &BTreeMap<String, Vec<EditionView>>) -> MeasureView {
    let measure = &edition.measure;
    let version = measure.version.to_string();
    MeasureView {
        program: measure.program.to_string(),
        title: measure.title.clone(),
        number: measure.number.clone(),
        issued_by: measure.issued_by.clone(),
        in_force_from: measure.in_force_from.to_string(),
        in_force_article: measure.in_force_article.clone(),
        known_in_part: measure.known_in_part,
        gaps: measure.gaps.clone(),
        edition: edition.digest.clone(),
        editions: editions.get(&version).cloned().unwrap_or_default(),
        version,
        measure: None,
    }
}

/// Lists the versions of a program's measure.
///
/// # Errors
/// See the route.
pub async fn list_measures(call: Call) -> Answered {
    let program = program(&call)?;
    let editions = editions(&call, program).await?;
    let versions = call.state.app.library().versions(program);
    let items = versions.all().iter().map(|edition| measure_view(edition, &editions)).collect();
    json(&call, &List { items })
}

/// Answers a version of a measure as data.
///
/// # Errors
/// See the route.
pub async fn get_measure(call: Call) -> Answered {
    let program = program(&call)?;
    let versions = call.state.app.library().versions(program);
    let Some(edition) = versions.version(call.path("version")) else {
        let known = versions.all().iter().map(|e| e.measure.version.to_string());
        let known = known.collect::<Vec<_>>().join(", ");
        return Err(Problem::new(Code::NotFound)
            .detail(format!(
                "{} has no version {:?}; it has {known}",
                program.id,
                call.path("version")
            ))
            .detail_zh(format!(
                "{} 没有版本 {:?}；现有 {known}",
                program.id,
                call.path("version")
            )));
    };
    let mut view = measure_view(edition, &editions(&call, program).await?);
    view.measure = Some(serde_json::to_value(&edition.measure).map_err(Problem::internal)?);
    let tag =
        format!("\"{}.{}.json.{}\"", edition.digest, view.editions.len(), call.language.tag());
    tagged(&call, &tag, REVALIDATE, &view)
}

/// The day for which places are counted.
pub const ON: &[Parameter] = &[Parameter {
    name: "on",
    en: "The civil day for which places are counted; today unless told.",
    zh: "计算名额的民用日；默认今天。",
}];

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
    pub category: Labelled,
    /// How many places there are.
    pub limit: u32,
    /// Whether the national office can go over the limit with a justification.
    pub soft: bool,
    /// The article.
    pub article: String,
    /// How many are taken on the day.
    pub taken: u32,
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
    /// The day.
    pub on: String,
    /// By category.
    pub quotas: Vec<QuotaOfCategory>,
}

/// Answers the quotas of a program on a day.
///
/// # Errors
/// See the route.
pub async fn get_quotas(call: Call) -> Answered {
    let program = program(&call)?;
    let on = call.parsed("on", Day::parse)?.unwrap_or_else(|| call.state.today());
    let views = call.state.app.quotas(program).await.map_err(|error| call.problem(error))?;
    let mut quotas = Vec::with_capacity(views.len());
    for view in &views {
        quotas.push(quota(&call, program, view, on).await?);
    }
    json(&call, &Quotas { program: program.id.to_string(), on: on.to_string(), quotas })
}

async fn quota(
    call: &Call,
    program: &Program,
    view: &QuotaView,
    on: Day,
) -> Result<QuotaOfCategory, Problem> {
    let versions = call.state.app.library().versions(program);
    let label = category(&versions, &view.category);
    let taken = view.quota.taken_on(on);
    let mut holders = Vec::new();
    for (enrollment, attested) in view.quota.holders_on(on) {
        holders.extend(holder(call, view, enrollment, attested, on).await?);
    }
    let mut overrides = Vec::new();
    for enrollment in view.quota.enrollments() {
        overrides.extend(overrides_of(call, view, enrollment).await?);
    }
    Ok(QuotaOfCategory {
        category: Labelled::new(&view.category, label, call.tongue()),
        limit: view.limit,
        soft: view.soft,
        article: view.article.clone(),
        taken,
        free: view.limit.saturating_sub(taken),
        over: taken.saturating_sub(view.limit),
        holders,
        days_over: view
            .quota
            .days_over(view.limit)
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
    enrollment: &str,
    attested: bool,
    on: Day,
) -> Result<Option<HolderView>, Problem> {
    let StreamKind::Enrollment { program, subject } = kind_of_stream(enrollment) else {
        return Ok(None);
    };
    let spans = view.quota.spans_of(enrollment);
    let span =
        spans.iter().find(|span| span.from <= on && span.until.is_none_or(|until| on < until));
    let Some(span) = span else { return Ok(None) };
    let known = call.state.app.subject(&subject).await.map_err(|error| call.problem(error))?;
    Ok(Some(HolderView {
        subject: subject.to_string(),
        name: known.name_on(on).get(call.tongue()).to_owned(),
        from: span.from.to_string(),
        until: span.until.map(|day| day.to_string()),
        attested,
        enrollment: format!("/v1/enrollments/{program}/{subject}"),
    }))
}

/// The approvals of an enrollment that went over the limit of this category.
async fn overrides_of(
    call: &Call,
    view: &QuotaView,
    enrollment: &str,
) -> Result<Vec<OverrideView>, Problem> {
    let StreamKind::Enrollment { subject, .. } = kind_of_stream(enrollment) else {
        return Ok(Vec::new());
    };
    let app = &call.state.app;
    let cached = app.enrollment(enrollment).await.map_err(|error| call.problem(error))?;
    if cached.state.overrides == 0 {
        return Ok(Vec::new());
    }
    let history = app.history(enrollment).await.map_err(|error| call.problem(error))?;
    let effective = history.effective();
    let over = effective.iter().filter_map(|entry| {
        let fact = entry.event.event.fact()?;
        let justification = fact.over_limit.as_ref()?.justification.clone();
        let takes = match &fact.effects.place {
            Some(crate::domain::event::PlaceEffect::Takes { category }) => category,
            _ => return None,
        };
        (*takes == view.category).then(|| OverrideView {
            subject: subject.to_string(),
            event: entry.event.reference(enrollment).to_string(),
            effective_on: entry.event.meta.effective_on.to_string(),
            justification,
        })
    });
    Ok(over.collect())
}
