//! `GET …/permitted-acts`: what this caller may do now, and of everything else why not.
//!
//! It looks at office, jurisdiction, standing, conditions and open matters, in that order; what an
//! act's own content must say is known only once it is written, and is checked then.

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{REVALIDATE, tagged};
use super::call::{Answered, Call};
use super::problem::Problem;
use super::reading::Reading;
use crate::app::Caller;
use crate::domain::act::ActKind;
use crate::domain::decide::Actor;
use crate::domain::evolve::holds;
use crate::domain::ids::{Language, Office, Text, covered};
use crate::domain::measure::{ActRule, Measure};
use crate::domain::state::State;
use crate::domain::subject::Subject;

/// Acts that every program knows, with the offices that do them and the rule that says so.
const BUILT_IN: &[(ActKind, &[Office], &str)] = &[
    (ActKind::Note, &[Office::Registrar], "G9"),
    (ActKind::AttestStanding, &[Office::Registrar], "G9"),
    (ActKind::ConfirmStanding, &[Office::NationalOffice], "G10"),
    (ActKind::RecordUnderUnknownRule, &[Office::Registrar], "G14"),
    (ActKind::AcknowledgeReceipt, &[Office::NationalOffice, Office::ProvincialDepartment], "G12"),
    (
        ActKind::Correct,
        &[
            Office::NationalOffice,
            Office::ProvincialDepartment,
            Office::Province,
            Office::LocalGovernment,
            Office::Registrar,
        ],
        "G1",
    ),
];

/// One act, and whether this caller may do it now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PermittedAct {
    /// The act.
    pub act: &'static str,
    /// Whether nothing stands in its way but its own content.
    pub allowed: bool,
    /// What stands in its way, in words.
    pub why_not: Option<String>,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    pub reading: Option<String>,
    /// The offices that do it.
    pub offices: Vec<&'static str>,
    /// Materials that must come with it.
    pub materials: Vec<String>,
    /// Whether a document must be cited.
    pub document_required: bool,
    /// The schema of its content.
    pub content_schema: String,
}

/// What a caller may do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PermittedActs {
    /// The day.
    pub as_of: String,
    /// The measure version in force.
    pub measure_version: Option<String>,
    /// The revision that was looked at; absent: nothing is on record yet.
    pub revision: Option<u64>,
    /// Every act of the measure, and those that every program knows.
    pub acts: Vec<PermittedAct>,
}

/// Lists what this caller may do now.
///
/// # Errors
/// See the route.
pub async fn list_permitted_acts(call: Call) -> Answered {
    let caller = call.caller()?;
    let reading = Reading::of(&call).await?;
    let (state, revision) = present(&call, &reading).await?;
    let acts = all(&reading, caller.actor.as_ref(), &state, call.tongue());
    let version = reading.measure().map(|measure| measure.version.to_string());
    let day = reading.day.to_string();
    let view = PermittedActs { as_of: day, measure_version: version, revision, acts };
    let tag = reading.tag(&call, revision);
    let who = call.principal()?.id();
    let tag = format!("{}.{}\"", tag.trim_end_matches('"'), short(&who));
    tagged(&call, &tag, REVALIDATE, &view)
}

/// Enough of a digest to tell one caller's answer from another's.
fn short(text: &str) -> String {
    crate::codec::sha256_hex(text.as_bytes())[..12].to_owned()
}

/// The names of the acts that a caller may do now.
///
/// # Errors
/// As the log's.
pub async fn names(call: &Call, caller: &Caller) -> Result<Vec<&'static str>, Problem> {
    let reading = Reading::of(call).await?;
    let (state, _) = present(call, &reading).await?;
    let acts = all(&reading, caller.actor.as_ref(), &state, call.tongue());
    Ok(acts.into_iter().filter(|act| act.allowed).map(|act| act.act).collect())
}

/// The state asked about; the empty one where nothing is on record, since acts open records.
async fn present(call: &Call, reading: &Reading<'_>) -> Result<(State, Option<u64>), Problem> {
    if reading.known_to.is_none() {
        let cached = call.state.app.enrollment(&reading.stream).await;
        let cached = cached.map_err(|error| call.problem(error))?;
        if cached.last_place.is_none_or(|last| last <= reading.day) {
            return Ok((cached.state.clone(), cached.revision));
        }
    }
    let history = reading.history(call).await?;
    Ok((history.state_at(reading.day), history.revision()))
}

fn all(
    reading: &Reading<'_>,
    actor: Option<&Actor>,
    state: &State,
    language: Language,
) -> Vec<PermittedAct> {
    let mut acts = Vec::new();
    if let Some(measure) = reading.measure() {
        for &kind in ActKind::ALL {
            if let Some(first) = measure.rules(kind).next() {
                let here = measure.rule_at(kind, state.node.as_ref());
                let why_not = why_not(reading, measure, kind, actor, state);
                acts.push(of_rule(here.unwrap_or(first), measure, why_not, language));
            }
        }
    }
    for &(kind, offices, article) in BUILT_IN {
        let why_not = built_in_why_not(reading, kind, offices, actor, state);
        acts.push(PermittedAct {
            act: kind.as_str(),
            allowed: why_not.is_none(),
            why_not: why_not.map(|text| text.get(language).to_owned()),
            article: article.to_owned(),
            reading: None,
            offices: offices.iter().map(|office| office.as_str()).collect(),
            materials: Vec::new(),
            document_required: false,
            content_schema: content_schema(kind),
        });
    }
    acts
}

fn content_schema(kind: ActKind) -> String {
    format!("/openapi.json#/components/schemas/content_{}", kind.as_str())
}

fn of_rule(
    rule: &ActRule,
    measure: &Measure,
    why_not: Option<Text>,
    language: Language,
) -> PermittedAct {
    let mut offices: Vec<Office> = measure.rules(rule.act).flat_map(|r| r.by.clone()).collect();
    offices.sort_unstable();
    offices.dedup();
    PermittedAct {
        act: rule.act.as_str(),
        allowed: why_not.is_none(),
        why_not: why_not.map(|text| text.get(language).to_owned()),
        article: rule.article.clone(),
        reading: rule.reading.as_ref().map(|text| text.get(language).to_owned()),
        offices: offices.iter().map(|office| office.as_str()).collect(),
        materials: rule.materials.iter().map(ToString::to_string).collect(),
        document_required: rule.document_required,
        content_schema: content_schema(rule.act),
    }
}

fn why_not(
    reading: &Reading<'_>,
    measure: &Measure,
    kind: ActKind,
    actor: Option<&Actor>,
    state: &State,
) -> Option<Text> {
    let offices: Vec<Office> = measure.rules(kind).flat_map(|rule| rule.by.clone()).collect();
    if let Some(text) = wrong_hands(&offices, actor, &reading.subject) {
        return Some(text);
    }
    let Some(rule) = measure.rules(kind).find(|rule| covered(&rule.from, state.node.as_ref()))
    else {
        let from: Vec<_> = measure.rules(kind).flat_map(|rule| rule.from.clone()).collect();
        let (from, at) = (from.join(", "), stands(state));
        return Some(Text {
            en: format!("it is done from {from}; the enrollment stands at {at}"),
            zh: format!("须处于 {from}；目前处于 {at}"),
        });
    };
    let missing = rule.needs.iter().find(|need| !holds(**need, state, reading.day));
    if let Some(need) = missing {
        let name = serde_json::to_value(need).ok();
        let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned();
        return Some(Text {
            en: format!("a condition is missing: {name}"),
            zh: format!("缺少条件：{name}"),
        });
    }
    if rule.opens.is_some_and(|matter| state.matters.contains_key(&matter)) {
        let en = "the same matter awaits a decision already".to_owned();
        return Some(Text { en, zh: "同一事项已在待决中".to_owned() });
    }
    if rule.decides.is_some_and(|matter| !state.matters.contains_key(&matter)) {
        let en = "nothing of this kind awaits a decision".to_owned();
        return Some(Text { en, zh: "没有待决的此类事项".to_owned() });
    }
    None
}

fn built_in_why_not(
    reading: &Reading<'_>,
    kind: ActKind,
    offices: &[Office],
    actor: Option<&Actor>,
    state: &State,
) -> Option<Text> {
    let hands = wrong_hands(offices, actor, &reading.subject);
    let nothing_yet = matches!(kind, ActKind::Correct | ActKind::AcknowledgeReceipt)
        && state.acts == 0
        && state.unsupported.is_empty();
    if hands.is_none() && nothing_yet {
        let en = "nothing is on record yet".to_owned();
        return Some(Text { en, zh: "尚无任何记录".to_owned() });
    }
    if hands.is_none() && kind == ActKind::ConfirmStanding && !state.is_evidenced_only() {
        let en = "no standing here is known only from evidence".to_owned();
        return Some(Text { en, zh: "此处没有仅凭证据记录的状态".to_owned() });
    }
    hands
}

fn stands(state: &State) -> String {
    state.node.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
}

/// Why this caller is not the one; the registrar records any office's act out of an archive.
fn wrong_hands(offices: &[Office], actor: Option<&Actor>, subject: &Subject) -> Option<Text> {
    let Some(actor) = actor else {
        let en = "your role reads and never acts".to_owned();
        return Some(Text { en, zh: "您的角色只读取、不作出行为".to_owned() });
    };
    if actor.office == Office::Registrar {
        return None;
    }
    if !offices.contains(&actor.office) {
        let names: Vec<_> = offices.iter().map(|office| office.as_str()).collect();
        return Some(Text {
            en: format!("it is an act of {}", names.join(" or ")),
            zh: format!("由 {} 作出", names.join("、")),
        });
    }
    let registration = &subject.registration;
    let division = match actor.office {
        Office::ProvincialDepartment => registration.province.as_ref().unwrap_or(&registration.id),
        Office::Province | Office::LocalGovernment => &registration.id,
        Office::NationalOffice | Office::Registrar | Office::Docket => return None,
    };
    let named = actor.divisions.iter().any(|named| named == division.as_str());
    (!named).then(|| Text {
        en: format!("your token does not name {division}"),
        zh: format!("您的令牌未包含 {division}"),
    })
}
