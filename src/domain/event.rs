//! Events of an enrollment: the immutable record of acts, in the past tense.
//!
//! An event carries what was decided: the phase entered, the term's end, each due date with rule,
//! arithmetic and article. So `evolve` needs only the state and the event, and a mended rule never
//! changes history. Types and their versions are in `registry.rs`; how an event is written to bytes is
//! in `codec`.

mod effects;
mod lapsed;
mod succeeded;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::act::{Archive, DocumentRef, Material, Override, RecordedAct};
use super::date::{CivilDate, Day, Timestamp};
use super::event_type::{EventType, Own};
use super::ids::{EventRef, Id, Language, Office, Provenance, Text};
use super::shared_str::SharedStr;

pub use effects::{
    AppliedFor, Due, DutyMet, DutyOpened, Effects, Ground, PlaceEffect, Planned, ResultRecorded,
    Series, Term, Title, TitleEffect,
};
pub use lapsed::ObligationLapsed;
pub use succeeded::MeasureSucceeded;

/// Something that was found and is recorded, though it refuses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// A stable code: `participation_not_shown`, `another_version_in_force`, `over_quota` …
    pub code: Id,
    /// In words.
    pub text: Text,
    /// The article.
    pub article: String,
    /// Our choice that it rests on, where the text is silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Text>,
}

impl Finding {
    /// A finding under an article.
    pub fn new(code: &str, text: Text, article: &str) -> Self {
        Self { code: Id::from(code), text, article: article.to_owned(), reading: None }
    }

    /// Adds the reading that it rests on.
    #[must_use]
    pub fn read(mut self, reading: &Option<Text>) -> Self {
        self.reading.clone_from(reading);
        self
    }
}

/// An act as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The act and its content.
    pub act: RecordedAct,
    /// The document it cites.
    pub document: Option<DocumentRef>,
    /// Its materials.
    pub materials: Vec<Material>,
    /// Where it was recorded from, if the registrar recorded another office's act.
    pub archive: Option<Archive>,
    /// The override of a soft limit.
    pub over_limit: Option<Override>,
    /// What was decided.
    pub effects: Effects,
    /// What was found.
    pub findings: Vec<Finding>,
    /// For a correction: the event that now stands in the corrected one's place.
    pub mended: Option<Box<MendedFact>>,
    /// For a correction or a late entry: the events that lost their ground by it.
    pub unsettles: Vec<EventRef>,
}

/// The event that stands in a corrected one's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendedFact {
    /// The act as it should have been recorded, with what follows from it.
    pub fact: Fact,
    /// Its effective date.
    pub effective_on: CivilDate,
    /// When it was decided.
    pub decided_on: Option<CivilDate>,
    /// Its stated receipt.
    pub received_on: Option<Day>,
}

/// That an approval for which a place was reserved can no longer be appended at its revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalAbandoned {
    /// The reservation that is released by it.
    #[schemars(with = "String")]
    pub reservation: EventRef,
}

/// An event of an enrollment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An office acted.
    Acted(Box<Fact>),
    /// Docket's own: an approval was abandoned; no standing changes.
    ApprovalAbandoned(ApprovalAbandoned),
    /// Docket's own: a due date passed in silence; no standing changes.
    ObligationLapsed(Box<ObligationLapsed>),
    /// Docket's own: a later version took hold of the standing; no phase changes.
    MeasureSucceeded(Box<MeasureSucceeded>),
}

impl Event {
    /// The type under which it is stored.
    pub fn recorded_as(&self) -> &'static EventType {
        match self {
            Self::Acted(fact) => fact.act.kind().recorded_as(),
            Self::ApprovalAbandoned(_) => Own::ApprovalAbandoned.recorded_as(),
            Self::ObligationLapsed(_) => Own::ObligationLapsed.recorded_as(),
            Self::MeasureSucceeded(_) => Own::MeasureSucceeded.recorded_as(),
        }
    }

    /// The stored type's name.
    pub fn event_type(&self) -> &'static str {
        self.recorded_as().name
    }

    /// The recorded act, if an office acted.
    pub fn fact(&self) -> Option<&Fact> {
        match self {
            Self::Acted(fact) => Some(fact),
            Self::ApprovalAbandoned(_) | Self::ObligationLapsed(_) | Self::MeasureSucceeded(_) => {
                None
            }
        }
    }

    /// Whether it is Docket's own, no office having acted.
    pub fn is_own(&self) -> bool {
        self.fact().is_none()
    }

    /// Whether it makes the same difference wherever it stands in the fold: nothing rests on it, it
    /// narrows nothing, and what comes before it in time is no late entry.
    pub fn is_aside(&self) -> bool {
        match self {
            Self::ApprovalAbandoned(_) | Self::ObligationLapsed(_) => true,
            Self::Acted(_) | Self::MeasureSucceeded(_) => false,
        }
    }
}

/// Who acted, who recorded it, when it counts, under what: the same for every event (rule G2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventMeta {
    /// Who acted, as a kind of office.
    pub office: Office,
    /// The office's own id.
    pub office_id: SharedStr,
    /// Its name on that day.
    pub office_name: OfficeName,
    /// The divisions and areas for which whoever recorded it may act, separated by spaces.
    pub divisions: SharedStr,
    /// Who recorded it: issuer and subject of the token.
    pub principal: SharedStr,
    /// In which role.
    pub role: SharedStr,
    /// From when it counts.
    pub effective_on: CivilDate,
    /// When it was decided.
    pub decided_on: Option<CivilDate>,
    /// The stated day of receipt.
    pub received_on: Option<Day>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The measure version that governed it.
    pub measure: Option<Id>,
    /// Another version in force on an earlier day of the interval.
    pub measure_also: Option<Id>,
    /// The digest of the edition.
    pub edition: Option<SharedStr>,
    /// The article.
    pub article: Option<SharedStr>,
    /// What it rested on: `stream@revision#id`, separated by spaces.
    pub rests_on: SharedStr,
    /// What it corrects, in the same form.
    pub corrects: SharedStr,
    /// How the fact got into the record.
    pub provenance: Provenance,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// Whether the registrar recorded it from an archive or for an exercise.
    pub archive: bool,
    /// The client's key and the fingerprint of what it asked for.
    pub key: Option<(SharedStr, SharedStr)>,
    /// Correlation, causation, W3C trace context.
    pub correlation: Option<SharedStr>,
    /// The id of the event that caused it.
    pub causation: Option<SharedStr>,
    /// The `traceparent` of the request.
    pub trace: Option<SharedStr>,
}

impl EventMeta {
    /// Of an event that no office acted for, which counts from the day on which it is recorded.
    pub fn own(now: Timestamp, exercise: bool) -> Self {
        let docket = Office::Docket.as_str();
        Self {
            office_id: docket.into(),
            office_name: OfficeName { en: "Docket".into(), zh: "Docket".into() },
            principal: docket.into(),
            role: docket.into(),
            ..Self::at(now, exercise)
        }
    }

    /// That of an event recorded now, of which nothing else is said yet.
    pub fn at(now: Timestamp, exercise: bool) -> Self {
        Self {
            office: Office::Docket,
            office_id: SharedStr::default(),
            office_name: OfficeName::default(),
            divisions: SharedStr::default(),
            principal: SharedStr::default(),
            role: SharedStr::default(),
            effective_on: CivilDate::from(now.civil_day()),
            decided_on: None,
            received_on: None,
            recorded_at: now,
            measure: None,
            measure_also: None,
            edition: None,
            article: None,
            rests_on: SharedStr::default(),
            corrects: SharedStr::default(),
            provenance: Provenance::Recorded,
            exercise,
            archive: false,
            key: None,
            correlation: None,
            causation: None,
            trace: None,
        }
    }
}

/// The name of an office in both languages (rule G8), as it was on the day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OfficeName {
    /// English.
    pub en: SharedStr,
    /// Chinese (zh-CN).
    pub zh: SharedStr,
}

impl OfficeName {
    /// The name in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }
}

impl From<Text> for OfficeName {
    fn from(name: Text) -> Self {
        Self { en: name.en.into(), zh: name.zh.into() }
    }
}

/// An event with where it stands in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The revision, from 0.
    pub revision: u64,
    /// The sequence, where it is known.
    pub sequence: Option<u64>,
    /// The id.
    pub id: uuid::Uuid,
    /// What happened.
    pub event: Event,
    /// Who, when, under what.
    pub meta: EventMeta,
}

impl Fact {
    /// All that was found, of a correction also with what it puts in place.
    pub fn found(&self) -> impl Iterator<Item = &Finding> {
        let mended = self.mended.as_ref().map(|mended| &mended.fact.findings);
        self.findings.iter().chain(mended.into_iter().flatten())
    }
}

impl Recorded {
    /// The day by which timeliness is judged (G12), and whether it was stated.
    pub fn received(&self) -> (Day, bool) {
        match self.meta.received_on {
            Some(day) => (day, true),
            None => (self.meta.recorded_at.civil_day(), false),
        }
    }

    /// The dates of decision and of effect, where an office decided what takes effect only later (G2).
    pub fn decided_ahead(&self) -> Option<(CivilDate, CivilDate)> {
        decided_ahead(&self.meta, &self.event.fact()?.effects)
    }

    /// Whether it states when something was received, itself or another event.
    pub fn states_receipt(&self) -> bool {
        let acknowledges = |fact: &Fact| fact.effects.receipt.is_some();
        self.meta.received_on.is_some() || self.event.fact().is_some_and(acknowledges)
    }

    /// A reference to it.
    pub fn reference(&self, stream: &str) -> EventRef {
        EventRef { stream: stream.to_owned(), revision: self.revision, id: self.id }
    }
}

/// When an office decides something and when it takes effect, where that is certainly later (G2). What
/// changes no standing and settles nothing has no effect that could lie ahead. Whoever records what
/// takes effect only later has decided it by then; an exercise plays its own days.
pub fn decided_ahead(meta: &EventMeta, effects: &Effects) -> Option<(CivilDate, CivilDate)> {
    let effective_on = meta.effective_on;
    let decides = matches!(meta.office, Office::NationalOffice | Office::ProvincialDepartment);
    let settles = effects.enters.is_some()
        || effects.title.is_some()
        || effects.place.is_some()
        || !effects.closes.is_empty();
    let recorded_on = CivilDate::from(meta.recorded_at.civil_day());
    let before = recorded_on.certainly_before(&effective_on) && !meta.exercise;
    let decided = meta.decided_on.unwrap_or(if before { recorded_on } else { effective_on });
    let effect = effects.starts_on.unwrap_or(effective_on);
    (decides && settles && decided.certainly_before(&effect)).then_some((decided, effect))
}
