//! Indicators: the figures of a division, as known at any time, beside what the measures set out to
//! reach for it (P14).

use schemars::JsonSchema;
use serde::Serialize;

use super::subjects::recorded;
use crate::api::asking::answer::json;
use crate::api::asking::call::{Answered, Call, to_the_end};
use crate::api::asking::etag::idempotency_key;
use crate::api::asking::times::{AT_SEQUENCE, KNOWN_AT, Known, known, nothing_known};
use crate::app::Division;
use crate::domain::act::Bound;
use crate::domain::division::has_prefecture_level_cities;
use crate::domain::ids::{Id, SubjectId, Text};
use crate::domain::indicator::{
    IndicatorHistory, IndicatorRecord, Observation, ObservationCorrected,
};
use crate::domain::measure::IndicatorRule;
use crate::domain::words;
use crate::projection::audit_trail::figure_said;
use crate::views::brief::mark_label;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;

/// What can be asked of the figures of a division.
pub const OBSERVATIONS: &[Parameter] = &[
    Parameter::new("indicator", Kind::Text, "Only this indicator.", "仅该指标。"),
    KNOWN_AT,
    AT_SEQUENCE,
];

/// A figure that stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObservationView {
    /// The indicator.
    pub indicator: String,
    /// What the measure that declares it calls it; else its id.
    pub indicator_label: String,
    /// The period.
    pub period: String,
    /// What of the period.
    pub basis: Option<String>,
    /// What it covers, where that is not the division as a whole.
    pub coverage: Option<String>,
    /// The value, as printed.
    pub value: String,
    /// Whether it is exactly that, more, about or at least that.
    pub bound: Bound,
    /// The unit.
    pub unit: String,
    /// The source.
    pub source: String,
    /// `attested`, `inferred`.
    pub confidence: &'static str,
    /// What that is called.
    pub confidence_label: String,
    /// What else the source says of it.
    pub note: Option<String>,
    /// The same as a sentence.
    pub sentence: String,
    /// The event whose words these are, `stream@revision#id`.
    pub reference: String,
    /// Its sequence in the log, 20 digits.
    pub sequence: String,
    /// The earlier figures that it takes the place of, oldest first.
    pub supersedes: Vec<Superseded>,
}

/// A figure that a revision took the place of.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Superseded {
    /// The value.
    pub value: String,
    /// The unit.
    pub unit: String,
    /// The source.
    pub source: String,
    /// The event, `stream@revision#id`.
    pub reference: String,
    /// Its sequence in the log, 20 digits.
    pub sequence: String,
}

/// What a measure sets out to reach for a division by its category.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IndicatorTarget {
    /// The program.
    pub program: String,
    /// The category in which the division stands.
    pub category: String,
    /// The indicator.
    pub indicator: String,
    /// What it is called.
    pub indicator_label: String,
    /// By when.
    pub by: String,
    /// The target as the document says it.
    pub target: String,
    /// The number at least; absent: the target is a text and never computed.
    pub at_least: Option<String>,
    /// The number at most, where it is a range.
    pub at_most: Option<String>,
    /// The unit in which it is observed.
    pub unit: Option<String>,
    /// Whether it applies: a share of prefecture-level cities does not where there are none.
    pub applies: bool,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    pub reading: Option<String>,
}

/// The figures of a division.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Indicators {
    /// The division, or the id of a total.
    pub division: String,
    /// What it is called.
    pub name: Text,
    /// Whether it is invented.
    pub exercise: bool,
    /// The figures that stand, in the order in which they were first recorded.
    pub items: Vec<ObservationView>,
    /// What the measures set out to reach for it, by the category in which it stands today.
    pub targets: Vec<IndicatorTarget>,
}

async fn division(call: &Call) -> Result<Division, Problem> {
    let unknown = |id: &str| {
        Problem::new(Code::NotFound)
            .detail(format!(
                "{id:?} is no registered subject, no prefecture-level division of GB/T 2260 as of January 2021, and no listed total"
            ))
            .detail_zh(format!(
                "“{id}”既不是已登记的主体，也不是2021年1月GB/T 2260所列的地级行政区划或所列的合计项"
            ))
    };
    let id = call.path("division");
    let parsed = SubjectId::parse(&id).map_err(|_| unknown(&id))?;
    match call.state.app.registrar().division(&parsed).await {
        Err(crate::app::ActError::NotFound { .. }) => Err(unknown(&id)),
        found => found.map_err(|error| call.problem(error)),
    }
}

/// Answers the figures of a division.
///
/// # Errors
/// See the route.
pub async fn list_observations(call: Call) -> Answered {
    let (instant, known) = known(&call).await?;
    let division = division(&call).await?;
    if let (Some(instant), Known::Nothing) = (instant, known) {
        return Err(nothing_known(instant));
    }
    let history = call.state.app.registrar().indicators(&division).await;
    let mut history = history.map_err(|error| call.problem(error))?;
    if let Some(known_to) = known.sequence() {
        history = history.known_to(known_to);
    }
    let only = call.parameter("indicator");
    let stands = history.stands().filter(|(_, one)| only.is_none_or(|only| one.indicator == only));
    let items = stands.map(|(record, one)| view(&call, &division, &history, record, one)).collect();
    let targets = targets(&call, &division, only).await?;
    let Division { id, name, invented: exercise } = division;
    json(&call, &Indicators { division: id.to_string(), name, exercise, items, targets })
}

fn reference(division: &Division, record: &IndicatorRecord) -> String {
    let stream = crate::codec::indicator_stream(&division.id);
    format!("{stream}@{}#{}", record.revision, record.id)
}

fn view(
    call: &Call,
    division: &Division,
    history: &IndicatorHistory,
    record: &IndicatorRecord,
    one: &Observation,
) -> ObservationView {
    let confidence = one.confidence.as_str();
    let label = label(call, &one.indicator);
    let earlier = history.superseded_by(record.revision);
    let supersedes = earlier.map(|(record, was)| Superseded {
        value: was.value.to_string(),
        unit: was.unit.to_string(),
        source: was.source.to_string(),
        reference: reference(division, record),
        sequence: sequence(record.sequence),
    });
    ObservationView {
        indicator: one.indicator.to_string(),
        indicator_label: label.clone(),
        period: one.period.to_string(),
        basis: one.basis.as_ref().map(ToString::to_string),
        coverage: one.coverage.as_ref().map(ToString::to_string),
        value: one.value.to_string(),
        bound: one.bound,
        unit: one.unit.to_string(),
        source: one.source.to_string(),
        confidence,
        confidence_label: mark_label(confidence, call.language).to_owned(),
        note: one.note.as_ref().map(ToString::to_string),
        sentence: figure_said(one, &label, call.language),
        reference: reference(division, record),
        sequence: sequence(record.sequence),
        supersedes: supersedes.collect(),
    }
}

/// What the measures call an indicator.
fn label(call: &Call, indicator: &Id) -> String {
    let found = call.state.app.library().indicator_label(indicator);
    found.map_or_else(|| indicator.to_string(), |text| text.get(call.language).to_owned())
}

async fn targets(
    call: &Call,
    division: &Division,
    only: Option<&str>,
) -> Result<Vec<IndicatorTarget>, Problem> {
    let (app, today) = (&call.state.app, call.state.today());
    let mut targets = Vec::new();
    for program in &app.library().programs().programs {
        let versions = app.library().versions(program);
        let Some(edition) = versions.in_force(today) else { continue };
        if edition.measure.categories.iter().all(|category| category.indicators.is_empty()) {
            continue;
        }
        let stream = crate::codec::enrollment_stream(&program.id, &division.id);
        let history = app.history(&stream).await.map_err(|error| call.problem(error))?;
        let Some(held) = history.state_at(today).category else { continue };
        let Some(category) = edition.measure.category(&held) else { continue };
        let asked = |rule: &&IndicatorRule| only.is_none_or(|only| rule.id == only);
        targets.extend(category.indicators.iter().filter(asked).map(|rule| IndicatorTarget {
            program: program.id.to_string(),
            category: category.label.get(call.language).to_owned(),
            indicator: rule.id.to_string(),
            indicator_label: rule.label.get(call.language).to_owned(),
            by: rule.by.to_string(),
            target: rule.target.get(call.language).to_owned(),
            at_least: rule.at_least.as_ref().map(ToString::to_string),
            at_most: rule.at_most.as_ref().map(ToString::to_string),
            unit: rule.unit.as_ref().map(|unit| unit.get(call.language).to_owned()),
            applies: rule.counts.is_none() || has_prefecture_level_cities(division.id.as_str()),
            article: words::article(&rule.article, call.language).into_owned(),
            reading: rule.reading.as_ref().map(|text| text.get(call.language).to_owned()),
        }));
    }
    Ok(targets)
}

/// Records a figure.
///
/// # Errors
/// See the route.
pub async fn record_indicator(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let division = division(&call).await?;
    let key = idempotency_key(&call)?;
    let observation: Observation = call.content()?;
    let at = format!("/v1/indicators/{}/observations", division.id);
    let app = call.state.app.clone();
    let work = async move {
        app.registrar().record_indicator(&caller, &division, observation, &key).await
    };
    recorded(&call, to_the_end(work).await?.map_err(|error| call.problem(error))?, at)
}

/// Corrects a figure.
///
/// # Errors
/// See the route.
pub async fn correct_indicator(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let division = division(&call).await?;
    let key = idempotency_key(&call)?;
    let corrected: ObservationCorrected = call.content()?;
    let at = format!("/v1/indicators/{}/observations", division.id);
    let app = call.state.app.clone();
    let work =
        async move { app.registrar().correct_indicator(&caller, &division, corrected, &key).await };
    recorded(&call, to_the_end(work).await?.map_err(|error| call.problem(error))?, at)
}
