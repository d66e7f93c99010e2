//! The versions of an enrollment's plan, and what one says differently from another (rule C12).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::act_view::Hands;
use crate::api::asking::answer::{List, REVALIDATE, tagged};
use crate::api::asking::call::{Answered, Call, wrong_parameter};
use crate::api::asking::reading::Reading;
use crate::api::asking::times::{AS_OF, AT_SEQUENCE, KNOWN_AT};
use crate::domain::act::{Act, Plan};
use crate::domain::event::Recorded;
use crate::domain::history::Effective;
use crate::domain::ids::{Id, Language, digits};
use crate::domain::text::NonBlank;
use crate::domain::words::{Given, said};
use crate::views::brief::EventBrief;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};

/// The parameters of one version.
pub const PLAN_VERSION: &[Parameter] = &[
    Parameter::new(
        "against",
        Kind::Number(1),
        "Compared with this version; with the one before it unless told.",
        "与该版本比较；默认与前一版本比较。",
    ),
    AS_OF,
    KNOWN_AT,
    AT_SEQUENCE,
];

/// A version of the plan of the present attempt.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanVersionItem {
    /// Its number, from 1.
    pub version: u32,
    /// The event that put it on record.
    #[serde(flatten)]
    pub event: EventBrief,
    /// Who acted and who recorded it.
    pub by: Hands,
    /// For an amended plan: the amendment that was accepted.
    pub amendment: Option<EventBrief>,
    /// The version that superseded it; absent: it is the newest.
    pub superseded_by: Option<u32>,
    /// The address of what it says.
    #[serde(rename = "self")]
    pub address: String,
}

/// A version of the plan, compared with another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanVersionView {
    /// The version.
    #[serde(flatten)]
    pub item: PlanVersionItem,
    /// What it says.
    pub plan: Plan,
    /// What it says differently from another; absent for the first, unless asked for.
    pub comparison: Option<PlanComparison>,
}

/// What one version of a plan says differently from another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanComparison {
    /// The other version.
    pub against: u32,
    /// In the contents.
    pub contents: Changes,
    /// In the indicators.
    pub indicators: Changes,
}

/// What was added to the other version, is missing from it, and reads differently.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Changes {
    /// Only in this version.
    pub added: Vec<PlanStatement>,
    /// Only in the other version.
    pub removed: Vec<PlanStatement>,
    /// In both, with another text.
    pub changed: Vec<Changed>,
}

/// A heading or an indicator with its text.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanStatement {
    /// Which.
    #[schemars(with = "String")]
    pub id: Id,
    /// What it says.
    pub text: String,
}

/// A heading or an indicator that reads differently.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Changed {
    /// Which.
    #[schemars(with = "String")]
    pub id: Id,
    /// What the other version says.
    pub before: String,
    /// What this version says.
    pub after: String,
}

impl Changes {
    fn between(before: &BTreeMap<Id, NonBlank>, after: &BTreeMap<Id, NonBlank>) -> Self {
        let only = |one: &BTreeMap<Id, NonBlank>, other: &BTreeMap<Id, NonBlank>| {
            let only = one.iter().filter(|(id, _)| !other.contains_key(*id));
            only.map(|(id, text)| PlanStatement { id: id.clone(), text: text.to_string() })
                .collect()
        };
        let changed = after.iter().filter_map(|(id, after)| {
            let before = before.get(id).filter(|before| *before != after)?;
            Some(Changed { id: id.clone(), before: before.to_string(), after: after.to_string() })
        });
        Self {
            added: only(after, before),
            removed: only(before, after),
            changed: changed.collect(),
        }
    }
}

/// A version on record: the event, the amendment accepted by it, what the plan says.
struct Version<'a> {
    event: &'a Recorded,
    amendment: Option<&'a Recorded>,
    plan: &'a Plan,
}

/// The versions of the present attempt on a day, the first one first.
fn versions<'a>(effective: &'a Effective<'_>, reading: &Reading<'_>) -> Vec<Version<'a>> {
    let state = effective.state_at(reading.day);
    let found = state.plan_versions.iter().filter_map(|version| {
        let event = effective.standing(version.by)?;
        if let Some(Act::SubmitPlan(plan)) = act_of(event) {
            return Some(Version { event, amendment: None, plan });
        }
        let amendments = effective.entries().iter().rev().map(|entry| &*entry.event);
        amendments.filter(|ground| rests_on(event, ground, &reading.stream)).find_map(|ground| {
            match act_of(ground)? {
                Act::SubmitAmendment(amended) => {
                    Some(Version { event, amendment: Some(ground), plan: &amended.plan })
                }
                _ => None,
            }
        })
    });
    found.collect()
}

fn act_of(event: &Recorded) -> Option<&Act> {
    event.event.fact()?.act.read().ok()
}

fn rests_on(event: &Recorded, ground: &Recorded, stream: &str) -> bool {
    let ground = ground.reference(stream).to_string();
    event.meta.rests_on.split_ascii_whitespace().any(|reference| reference == ground)
}

fn item(
    reading: &Reading<'_>,
    versions: &[Version<'_>],
    index: usize,
    language: Language,
) -> Option<PlanVersionItem> {
    let version = versions.get(index)?;
    let number = |index: usize| u32::try_from(index + 1).unwrap_or(u32::MAX);
    let brief = |event: &Recorded| EventBrief::of(event, &reading.stream, language);
    let (program, subject) = (&reading.program.id, reading.subject.id());
    Some(PlanVersionItem {
        version: number(index),
        event: brief(version.event),
        by: Hands::of(&version.event.meta, language),
        amendment: version.amendment.map(brief),
        superseded_by: (index + 1 < versions.len()).then(|| number(index + 1)),
        address: format!("/v1/enrollments/{program}/{subject}/plan-versions/{}", number(index)),
    })
}

/// Lists the versions of the plan.
///
/// # Errors
/// See the route.
pub async fn list_plan_versions(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    let history = reading.history(&call).await?;
    let effective = history.effective();
    let versions = versions(&effective, &reading);
    let items = (0..versions.len()).filter_map(|i| item(&reading, &versions, i, call.language));
    let items: Vec<_> = items.collect();
    tagged(&call, &reading.tag(&call, history.revision()), REVALIDATE, &List { items })
}

/// Answers a version of the plan, compared with another.
///
/// # Errors
/// See the route.
pub async fn get_plan_version(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    let history = reading.history(&call).await?;
    let effective = history.effective();
    let versions = versions(&effective, &reading);
    let numbered = |text: &str| {
        let index = usize::try_from(digits(text)?.checked_sub(1)?).ok()?;
        versions.get(index).map(|version| (index, version))
    };
    let (asked, count) = (call.path("version"), versions.len());
    let found = numbered(&asked).and_then(|(index, version)| {
        item(&reading, &versions, index, call.language).map(|item| (index, version, item))
    });
    let Some((index, version, item)) = found else {
        let (stream, day) = (&reading.stream, reading.day);
        return Err(Problem::new(Code::NotFound)
            .detail(format!("{stream} has no plan version {asked:?} on {day}; it has {count}"))
            .detail_zh(format!("{stream} 在 {day} 没有建设方案第 {asked:?} 版；现有 {count} 版")));
    };
    let against = match call.parameter("against") {
        None => index.checked_sub(1).and_then(|before| Some((before, versions.get(before)?))),
        Some(text) => Some(numbered(text).ok_or_else(|| {
            let given = Given(text);
            let text = said!(
                "“{given}” is no plan version; there are {count}",
                "没有方案第“{given}”版；现有{count}版",
                given = given,
                count = count
            );
            wrong_parameter("against", text)
        })?),
    };
    let comparison = against.map(|(before, other)| PlanComparison {
        against: u32::try_from(before + 1).unwrap_or(u32::MAX),
        contents: Changes::between(&other.plan.contents, &version.plan.contents),
        indicators: Changes::between(&other.plan.indicators, &version.plan.indicators),
    });
    let view = PlanVersionView { item, plan: version.plan.clone(), comparison };
    tagged(&call, &reading.tag(&call, history.revision()), REVALIDATE, &view)
}
