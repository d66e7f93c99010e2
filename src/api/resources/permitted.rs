//! `GET …/permitted-acts`: what this caller may do now, and of everything else why not.
//!
//! Asked of the rules that decide: office, jurisdiction, subject, standing, conditions and open
//! matters. What an act's own content must say is known only once it is written, and is checked then.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::{REVALIDATE, tagged};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::reading::Reading;
use crate::app::{Caller, Prospect};
use crate::domain::act::ActKind;
use crate::domain::decide::{Actor, every_program_knows, is_done_for, needs_document};
use crate::domain::history::History;
use crate::domain::history_decide::{Prospects, has_correctable};
use crate::domain::ids::{Id, Language, Office, Text};
use crate::domain::measure::{ActRule, Measure, Names};
use crate::domain::words;
use crate::views::problem::{Code, Problem};

/// One act, and whether this caller may do it now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PermittedAct {
    /// The act.
    pub act: &'static str,
    /// What it is called.
    pub act_label: &'static str,
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
    /// What they are called.
    pub office_labels: Vec<&'static str>,
    /// Materials that must come with it.
    pub materials: Vec<String>,
    /// What they are called.
    pub material_labels: Vec<String>,
    /// Whether a document must be cited: where the measure asks for it, or the day has passed (G2).
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
    /// The number of its document, as printed.
    pub measure_number: Option<String>,
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
    let present = Present::of(&call, &reading, caller.actor.as_ref()).await?;
    let acts = all(&call, &reading, caller.actor.as_ref(), &present).await?;
    let (measure, revision) = (reading.measure(), present.revision);
    let view = PermittedActs {
        as_of: reading.day.to_string(),
        measure_version: measure.map(|measure| measure.version.to_string()),
        measure_number: measure
            .and_then(|measure| measure.number.as_ref())
            .map(|number| number.get(call.language).to_owned()),
        revision,
        acts,
    };
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
    let present = Present::of(call, &reading, caller.actor.as_ref()).await?;
    let acts = all(call, &reading, caller.actor.as_ref(), &present).await?;
    Ok(acts.into_iter().filter(|act| act.allowed).map(|act| act.act).collect())
}

/// What is asked about; the empty state where nothing is on record, since acts open records.
struct Present {
    prospects: Prospects,
    /// Whether this caller could correct anything.
    corrects: bool,
    revision: Option<u64>,
}

impl Present {
    async fn of(
        call: &Call,
        reading: &Reading<'_>,
        actor: Option<&Actor>,
    ) -> Result<Self, Problem> {
        let day = reading.day;
        // These correct whatever is on record; of others it has to be asked who acted.
        let corrects_all = |office: Office| {
            matches!(office, Office::NationalOffice | Office::Registrar | Office::Docket)
        };
        if reading.known_to.is_none() && actor.is_none_or(|actor| corrects_all(actor.office)) {
            let cached = call.state.app.enrollment(&reading.stream).await;
            let cached = cached.map_err(|error| call.problem(error))?;
            if cached.is_reached(day) && !cached.has_evidence() {
                let prospects = Prospects::at_end(cached.state.clone(), day);
                return Ok(Self { prospects, corrects: true, revision: cached.revision });
            }
        }
        let history = match reading.history(call).await {
            Err(problem) if problem.code() == Code::NotFound && reading.known_to.is_none() => {
                History::new(&reading.stream)
            }
            history => history?,
        };
        let prospects = Prospects::of(&history.effective(), day);
        let corrects = actor.is_none_or(|actor| {
            corrects_all(actor.office) || has_correctable(actor, actor.office, &history)
        });
        Ok(Self { prospects, corrects, revision: history.revision() })
    }
}

async fn all(
    call: &Call,
    reading: &Reading<'_>,
    actor: Option<&Actor>,
    present: &Present,
) -> Result<Vec<PermittedAct>, Problem> {
    let language = call.language;
    let mut acts = Vec::new();
    for &kind in ActKind::ALL {
        let of_measure = reading.measure().and_then(|measure| {
            let here = measure.rule_at(kind, present.prospects.state().node.as_ref());
            here.or_else(|| measure.rules(kind).next()).map(|rule| (rule, measure))
        });
        let of_every = every_program_knows(kind).filter(|_| is_done_for(kind, &reading.subject));
        if of_measure.is_none() && of_every.is_none() {
            continue;
        }
        let dated_back = needs_document(reading.program, kind, reading.day, call.state.today());
        let asked = (why_not(call, reading, kind, actor, present).await?, dated_back);
        acts.push(match (of_every, of_measure) {
            (Some((offices, article)), _) => {
                of_every_program(kind, offices, article, asked, language)
            }
            (None, Some((rule, measure))) => of_rule(rule, measure, asked, language),
            (None, None) => continue,
        });
    }
    Ok(acts)
}

fn of_every_program(
    kind: ActKind,
    offices: &[Office],
    article: &str,
    (why_not, dated_back): (Option<Text>, bool),
    language: Language,
) -> PermittedAct {
    PermittedAct {
        act: kind.as_str(),
        act_label: kind.label().get(language),
        allowed: why_not.is_none(),
        why_not: why_not.map(|text| text.get(language).to_owned()),
        article: words::article(article, language).into_owned(),
        reading: None,
        offices: offices.iter().map(|office| office.as_str()).collect(),
        office_labels: offices.iter().map(|office| words::office(*office, language)).collect(),
        materials: Vec::new(),
        material_labels: Vec::new(),
        document_required: dated_back,
        content_schema: content_schema(kind),
    }
}

fn content_schema(kind: ActKind) -> String {
    format!("/openapi.json#/components/schemas/content_{}", kind.as_str())
}

fn of_rule(
    rule: &ActRule,
    measure: &Measure,
    (why_not, dated_back): (Option<Text>, bool),
    language: Language,
) -> PermittedAct {
    let mut offices: Vec<Office> = measure.rules(rule.act).flat_map(|r| r.by.clone()).collect();
    offices.sort_unstable();
    offices.dedup();
    let label = |kind: &Id| measure.label_in(Names::Materials, kind).get(language).to_owned();
    PermittedAct {
        act: rule.act.as_str(),
        act_label: rule.act.label().get(language),
        allowed: why_not.is_none(),
        why_not: why_not.map(|text| text.get(language).to_owned()),
        article: words::article(&rule.article, language).into_owned(),
        reading: rule.reading.as_ref().map(|text| text.get(language).to_owned()),
        offices: offices.iter().map(|office| office.as_str()).collect(),
        office_labels: offices.iter().map(|office| words::office(*office, language)).collect(),
        materials: rule.materials.iter().map(ToString::to_string).collect(),
        material_labels: rule.materials.iter().map(label).collect(),
        document_required: rule.document_required || dated_back,
        content_schema: content_schema(rule.act),
    }
}

async fn why_not(
    call: &Call,
    reading: &Reading<'_>,
    kind: ActKind,
    actor: Option<&Actor>,
    present: &Present,
) -> Result<Option<Text>, Problem> {
    let Some(actor) = actor else {
        let en = "your role reads and never acts".to_owned();
        return Ok(Some(Text { en, zh: "您的角色只读取、不作出行为".to_owned() }));
    };
    let prospect = Prospect {
        program: reading.program,
        versions: &reading.versions,
        subject: &reading.subject,
        actor,
        day: reading.day,
        prospects: &present.prospects,
    };
    let obstacle = call.state.app.acts().obstacle(&prospect, kind).await;
    let obstacle = obstacle.map_err(|error| call.problem(error))?.map(|refusal| refusal.detail);
    let none_of_own = || {
        Text {
        en: "nothing on record is an act of yours; a correction is made by the office that acted or by the national office".to_owned(),
        zh: "没有贵机关作出的行为；更正须由原行为机关或国家知识产权局作出".to_owned(),
    }
    };
    Ok(obstacle.or_else(|| (kind == ActKind::Correct && !present.corrects).then(none_of_own)))
}
