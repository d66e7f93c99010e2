//! `GET …/permitted-acts`: what this caller may do now, and of everything else why not.
//!
//! Asked of the rules that decide: office, jurisdiction, subject, standing, conditions and open
//! matters. What an act's own content must say is known only once it is written, and is checked then.

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{REVALIDATE, tagged};
use super::call::{Answered, Call};
use super::problem::Problem;
use super::reading::Reading;
use crate::app::{Caller, Prospect};
use crate::domain::act::ActKind;
use crate::domain::decide::{Actor, every_program_knows};
use crate::domain::ids::{Language, Office, Text};
use crate::domain::measure::{ActRule, Measure};
use crate::domain::state::State;
use crate::domain::subject::Subject;
use crate::domain::words;

/// Acts that every program knows.
const BUILT_IN: &[ActKind] = &[
    ActKind::Note,
    ActKind::AttestStanding,
    ActKind::ConfirmStanding,
    ActKind::RecordUnderUnknownRule,
    ActKind::AcknowledgeReceipt,
    ActKind::Correct,
];
/// Those that are done for a program as a whole.
const FOR_WHOLE: &[ActKind] = &[ActKind::RecordListComplete, ActKind::Note, ActKind::Correct];
/// Who corrects: whoever acts (G1).
const CORRECTING: (&[Office], &str) = (
    &[
        Office::NationalOffice,
        Office::ProvincialDepartment,
        Office::Province,
        Office::LocalGovernment,
        Office::Registrar,
    ],
    "G1",
);

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
    let present = Present::of(&call, &reading).await?;
    let acts = all(&call, &reading, caller.actor.as_ref(), &present).await?;
    let version = reading.measure().map(|measure| measure.version.to_string());
    let (day, revision) = (reading.day.to_string(), present.revision);
    let view = PermittedActs { as_of: day, measure_version: version, revision, acts };
    let tag = reading.tag(&call, revision);
    let tag = format!("{}.{}\"", tag.trim_end_matches('"'), short(&caller));
    tagged(&call, &tag, REVALIDATE, &view)
}

/// Enough of a digest to tell what one caller is answered from what another is: the same person can
/// have tokens for several roles and divisions.
fn short(caller: &Caller) -> String {
    let mut who = vec![caller.principal.as_str(), caller.role.as_str()];
    let actor = caller.actor.iter();
    who.extend(actor.flat_map(|actor| actor.divisions.iter().map(String::as_str)));
    crate::codec::sha256_hex(who.join("\0").as_bytes())[..12].to_owned()
}

/// The names of the acts that a caller may do now.
///
/// # Errors
/// As the log's.
pub async fn names(call: &Call, caller: &Caller) -> Result<Vec<&'static str>, Problem> {
    let reading = Reading::of(call).await?;
    let present = Present::of(call, &reading).await?;
    let acts = all(call, &reading, caller.actor.as_ref(), &present).await?;
    Ok(acts.into_iter().filter(|act| act.allowed).map(|act| act.act).collect())
}

/// What is asked about; the empty state where nothing is on record, since acts open records.
struct Present {
    /// The state on the day; after it, that with what may have happened by then.
    states: Vec<State>,
    revision: Option<u64>,
}

impl Present {
    async fn of(call: &Call, reading: &Reading<'_>) -> Result<Self, Problem> {
        let day = reading.day;
        if reading.known_to.is_none() {
            let cached = call.state.app.enrollment(&reading.stream).await;
            let cached = cached.map_err(|error| call.problem(error))?;
            if cached.is_reached(day) {
                let states = vec![cached.state.clone()];
                return Ok(Self { states, revision: cached.revision });
            }
        }
        let history = reading.history(call).await?;
        let effective = history.effective();
        let mut states = vec![effective.state_at(day)];
        if !effective.possible(day).is_empty() {
            let may_count = |entry: &crate::domain::history::Entry<'_>| {
                entry.fold_day() <= day || entry.is_possible(day)
            };
            states.push(effective.state_where(may_count));
        }
        Ok(Self { states, revision: history.revision() })
    }

    fn state(&self) -> &State {
        &self.states[0]
    }
}

async fn all(
    call: &Call,
    reading: &Reading<'_>,
    actor: Option<&Actor>,
    present: &Present,
) -> Result<Vec<PermittedAct>, Problem> {
    let language = call.tongue();
    let mut acts = Vec::new();
    if let Some(measure) = reading.measure() {
        for &kind in ActKind::ALL {
            if let Some(first) = measure.rules(kind).next() {
                let here = measure.rule_at(kind, present.state().node.as_ref());
                let rules = measure.rules(kind);
                let offices: Vec<Office> = rules.flat_map(|rule| rule.by.clone()).collect();
                let why_not = why_not(call, reading, kind, &offices, actor, present).await?;
                acts.push(of_rule(here.unwrap_or(first), measure, why_not, language));
            }
        }
    }
    let built_in = match reading.subject.is_program() {
        true => FOR_WHOLE,
        false => BUILT_IN,
    };
    for &kind in built_in {
        let (offices, article) = every_program_knows(kind).unwrap_or(CORRECTING);
        let why_not = match nothing_yet(kind, present.state()) {
            Some(text) if wrong_hands(offices, actor, &reading.subject).is_none() => Some(text),
            _ => why_not(call, reading, kind, offices, actor, present).await?,
        };
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
    Ok(acts)
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

async fn why_not(
    call: &Call,
    reading: &Reading<'_>,
    kind: ActKind,
    offices: &[Office],
    actor: Option<&Actor>,
    present: &Present,
) -> Result<Option<Text>, Problem> {
    let (Some(actor), None) = (actor, wrong_hands(offices, actor, &reading.subject)) else {
        return Ok(wrong_hands(offices, actor, &reading.subject));
    };
    if kind == ActKind::Correct {
        return Ok(None);
    }
    let prospect = Prospect {
        program: reading.program,
        versions: &reading.versions,
        subject: &reading.subject,
        actor,
        day: reading.day,
        states: &present.states,
    };
    let obstacle = call.state.app.obstacle(&prospect, kind).await;
    Ok(obstacle.map_err(|error| call.problem(error))?.map(|refusal| refusal.detail))
}

/// That there is nothing to correct or to acknowledge.
fn nothing_yet(kind: ActKind, state: &State) -> Option<Text> {
    let is_of_others = matches!(kind, ActKind::Correct | ActKind::AcknowledgeReceipt);
    (is_of_others && state.acts == 0 && state.unsupported.is_empty())
        .then(|| Text {
            en: "nothing is on record yet".to_owned(), zh: "尚无任何记录".to_owned()
        })
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
            zh: format!("由{}作出", words::any_office(offices, Language::Zh)),
        });
    }
    let registration = &subject.registration;
    let division = match actor.office {
        Office::ProvincialDepartment => registration.province.as_ref().unwrap_or(&registration.id),
        Office::Province | Office::LocalGovernment => &registration.id,
        Office::NationalOffice | Office::Registrar | Office::Docket => return None,
    };
    (!actor.acts_for(division.as_str())).then(|| Text {
        en: format!("your token does not name {division}"),
        zh: format!("您的令牌不包含辖区“{division}”"),
    })
}
