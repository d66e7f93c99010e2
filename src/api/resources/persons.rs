//! The data of persons whom acts name: opened, held, erased.
//!
//! What must hold: what was sealed stands in one kind of answer, that of an opening, which nobody may store.

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::act_view::NamedPerson;
use super::events::event_named;
use super::subjects::recorded;
use crate::api::asking::answer::json_with;
use crate::api::asking::call::{Answered, Call, to_the_end};
use crate::api::asking::etag::idempotency_key;
use crate::app::persons::{OpenedPerson, Opening, may_open};
use crate::codec;
use crate::domain::ids::Language;
use crate::domain::person::{
    DataSubject, Details, Hand, Hold, HoldPlaced, PersonErased, PersonStanding, hold_id,
};
use crate::domain::text::NonBlank;
use crate::views::headers::NO_STORE;
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;

/// What is to be opened, and why.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningRequest {
    /// Of this person alone; else of all whom the event names.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub data_subject: Option<DataSubject>,
    /// Why; it is recorded.
    pub reason: NonBlank,
}

/// Why a hold is lifted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// Why; it is recorded.
    pub reason: NonBlank,
}

/// What was opened; to be read, and kept by nobody.
#[derive(Serialize, JsonSchema)]
pub struct OpeningView {
    /// Where the opening is on record, `stream@revision#id`.
    pub reference: String,
    /// When it was recorded, UTC.
    pub recorded_at: String,
    /// The sequence of the event that names them, 20 digits.
    pub event: String,
    /// The persons.
    pub persons: Vec<PersonView>,
}

/// Whom an event names, and whether the caller may open what is sealed of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SealedView {
    /// The sequence of the event, 20 digits.
    pub event: String,
    /// The persons; empty: it names none.
    pub persons: Vec<NamedPerson>,
    /// Whether the caller may open them.
    pub may_open: bool,
}

/// A person whom an act names.
#[derive(Serialize, JsonSchema)]
pub struct PersonView {
    /// The opaque id.
    pub data_subject: String,
    /// Why the act names the person: `contact`, `signatory`.
    pub role: &'static str,
    /// What that is called.
    pub role_label: &'static str,
    /// `OPENED`, or `ERASED`, where there is nothing more to read.
    pub state: &'static str,
    /// What was sealed.
    pub details: Option<Details>,
}

impl PersonView {
    fn of(person: OpenedPerson, language: Language) -> Self {
        Self {
            data_subject: person.data_subject.to_string(),
            role: person.role.as_str(),
            role_label: person.role.label().get(language),
            state: if person.details.is_some() { "OPENED" } else { "ERASED" },
            details: person.details,
        }
    }
}

/// What is decided of a person's data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DataSubjectView {
    /// The opaque id.
    pub data_subject: String,
    /// `SEALED`, `HELD` or `ERASED`.
    pub state: &'static str,
    /// The legal holds, oldest first, those that were lifted too.
    pub holds: Vec<HoldView>,
    /// That the data were erased.
    pub erasure: Option<ErasureView>,
}

/// A legal hold.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HoldView {
    /// What it is called.
    pub hold: String,
    /// Who placed it.
    pub placed: HandView,
    /// Who lifted it.
    pub lifted: Option<HandView>,
}

/// Who did it, when and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HandView {
    /// Issuer and subject of the token.
    pub principal: String,
    /// When it was recorded, UTC.
    pub recorded_at: String,
    /// Why.
    pub reason: String,
}

/// That the data were erased.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErasureView {
    /// The legal ground.
    pub ground: &'static str,
    /// What that is called, with its article.
    pub ground_label: &'static str,
    /// By whom, when, and on what it was decided.
    pub erased: HandView,
}

impl HandView {
    fn of(hand: &Hand) -> Self {
        Self {
            principal: hand.principal.clone(),
            recorded_at: hand.at.to_rfc3339(),
            reason: hand.reason.to_string(),
        }
    }
}

impl DataSubjectView {
    fn of(person: &DataSubject, standing: &PersonStanding, language: Language) -> Self {
        let hold = |hold: &Hold| HoldView {
            hold: hold_id(person, hold.revision),
            placed: HandView::of(&hold.placed),
            lifted: hold.lifted.as_ref().map(HandView::of),
        };
        let is_held = standing.standing_holds().next().is_some();
        Self {
            data_subject: person.to_string(),
            state: match &standing.erased {
                Some(_) => "ERASED",
                None if is_held => "HELD",
                None => "SEALED",
            },
            holds: standing.holds.iter().map(hold).collect(),
            erasure: standing.erased.as_ref().map(|erasure| ErasureView {
                ground: erasure.ground.as_str(),
                ground_label: erasure.ground.label().get(language),
                erased: HandView::of(&erasure.by),
            }),
        }
    }
}

/// Answers whom an event names, and whether the caller may open what is sealed of them. Nothing is recorded.
///
/// # Errors
/// See the route.
pub async fn list_sealed_persons(call: Call) -> Answered {
    let event = event_named(&call).await?;
    let unread = |error: codec::CodecError| call.problem(error.into());
    let named = codec::persons_of(&event).map_err(unread)?;
    let view = SealedView {
        event: sequence(event.sequence),
        persons: named.iter().map(|person| NamedPerson::of(person, call.language)).collect(),
        may_open: may_open(&call.caller()?, &event).map_err(|error| call.problem(error))?,
    };
    json_with(&call, HttpResponse::Ok(), &view, NO_STORE, None)
}

/// Opens what an event has sealed; each opening is recorded.
///
/// # Errors
/// See the route.
pub async fn open_persons(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let asked: OpeningRequest = call.content()?;
    let event = event_named(&call).await?;
    let number = sequence(event.sequence);
    let opening = Opening { data_subject: asked.data_subject, reason: asked.reason };
    let app = call.state.app.clone();
    let work = async move { app.persons().open(&caller, &event, opening).await };
    let opened = to_the_end(work).await?.map_err(|error| call.problem(error))?;
    let persons = opened.persons.into_iter();
    let view = OpeningView {
        reference: opened.recorded,
        recorded_at: opened.at.to_rfc3339(),
        event: number,
        persons: persons.map(|person| PersonView::of(person, call.language)).collect(),
    };
    json_with(&call, HttpResponse::Created(), &view, NO_STORE, None)
}

/// Answers what is decided of a person's data.
///
/// # Errors
/// See the route.
pub async fn get_data_subject(call: Call) -> Answered {
    let person = person_of(&call.path("data_subject"))?;
    let standing = call.state.app.persons().standing(&person).await;
    let standing = standing.map_err(|error| call.problem(error))?;
    let view = DataSubjectView::of(&person, &standing, call.language);
    json_with(&call, HttpResponse::Ok(), &view, NO_STORE, None)
}

/// Places a legal hold.
///
/// # Errors
/// See the route.
pub async fn place_hold(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let key = idempotency_key(&call)?;
    let placed: HoldPlaced = call.content()?;
    let at = address(&placed.data_subject);
    let app = call.state.app.clone();
    let work = async move { app.persons().place_hold(&caller, placed, &key).await };
    recorded(&call, to_the_end(work).await?.map_err(|error| call.problem(error))?, at)
}

/// Lifts a legal hold.
///
/// # Errors
/// See the route.
pub async fn lift_hold(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let key = idempotency_key(&call)?;
    let ReleaseRequest { reason } = call.content()?;
    let named = call.path("hold").into_owned();
    let hold = named.rsplit_once('@').and_then(|(person, revision)| {
        Some((DataSubject::parse(person).ok()?, crate::domain::ids::digits(revision)?))
    });
    let Some((person, revision)) = hold else {
        return Err(Problem::new(Code::NotFound)
            .detail(format!("{named:?} is no legal hold, such as p-7f3a@0"))
            .detail_zh(format!("{named:?} 不是保全措施的标识（例如 p-7f3a@0）")));
    };
    let at = address(&person);
    let app = call.state.app.clone();
    let work =
        async move { app.persons().lift_hold(&caller, (&person, revision), reason, &key).await };
    recorded(&call, to_the_end(work).await?.map_err(|error| call.problem(error))?, at)
}

/// Erases a person's data: records it, then destroys the key.
///
/// # Errors
/// See the route.
pub async fn erase_person(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let key = idempotency_key(&call)?;
    let erased: PersonErased = call.content()?;
    let at = address(&erased.data_subject);
    let app = call.state.app.clone();
    let work = async move { app.persons().erase(&caller, erased, &key).await };
    recorded(&call, to_the_end(work).await?.map_err(|error| call.problem(error))?, at)
}

fn person_of(named: &str) -> Result<DataSubject, Problem> {
    DataSubject::parse(named)
        .map_err(|error| Problem::new(Code::NotFound).detail(error.to_string()))
}

fn address(person: &DataSubject) -> String {
    format!("/v1/data-subjects/{person}")
}
