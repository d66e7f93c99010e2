//! Events of an enrollment: the immutable record of acts, in the past tense.
//!
//! An event carries what was decided: the phase entered, the term's end, each due date with rule,
//! arithmetic and article. So `evolve` needs only the state and the event, and a mended rule never
//! changes history. Types and schema versions are in the registry of `act.rs`; how an event is
//! written to bytes is in `codec`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::act::{Act, ActKind, DocumentRef, KeptSince, Material, Override};
use super::date::{CivilDate, Day, Timestamp};
use super::ids::{EventRef, Id, Node, Office, Provenance, Text};
use super::measure::{Matter, Need};
use super::period::Yearly;

/// What an event needs of the state in which it stands; where it is gone the event is unsupported.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Ground {
    /// Patterns of where the enrollment must stand; empty: anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Id>,
    /// Conditions on the state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub needs: Vec<Need>,
    /// The matter that it decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub decides: Option<Matter>,
}

/// The construction period, or another term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Term {
    /// Its first day.
    #[schemars(with = "String")]
    pub from: CivilDate,
    /// Its last day.
    #[schemars(with = "String")]
    pub until: CivilDate,
    /// How the last day follows from the first.
    pub arithmetic: String,
    /// The article.
    pub article: String,
}

/// A title held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Title {
    /// Which title.
    pub title: Id,
    /// From when it is held.
    #[schemars(with = "String")]
    pub from: CivilDate,
    /// Its last day; absent: without expiry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub until: Option<CivilDate>,
    /// The article.
    pub article: String,
}

/// What an event does to the title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TitleEffect {
    /// A title is granted or attested.
    Granted(Title),
    /// The title is kept until another day.
    Kept {
        /// The new last day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        until: Option<CivilDate>,
    },
    /// The title is lost.
    Cancelled,
}

/// When something is due and how that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Due {
    /// The due date as the rule gives it, without regard to rest days.
    #[schemars(with = "String")]
    pub on: CivilDate,
    /// The type of the event from which it runs.
    pub start_event: Id,
    /// That event's effective date.
    #[schemars(with = "String")]
    pub start: CivilDate,
    /// The rule, such as `P3M` or `stated`.
    pub rule: Id,
    /// The arithmetic, such as `2014-10-12 + P3M = 2015-01-12`.
    pub arithmetic: String,
}

/// A duty that recurs every year until a standing ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// The first due date.
    #[schemars(with = "String")]
    pub first_due: Day,
    /// The day of each year.
    #[schemars(with = "String")]
    pub every: Yearly,
    /// The phases during which it recurs.
    pub during: Vec<Id>,
}

/// An obligation that arises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DutyOpened {
    /// The obligation's id in the measure.
    pub obligation: Id,
    /// Who owes.
    #[schemars(with = "String")]
    pub owes: Office,
    /// The article.
    pub article: String,
    /// From when it can be fulfilled.
    #[schemars(with = "String")]
    pub open_from: CivilDate,
    /// When it is due; absent: undated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// Whether it is owed from the end of a term or title on, at `open_from`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub after_end: bool,
    /// Set for a recurring duty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
}

/// An obligation that is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DutyMet {
    /// The obligation's id.
    pub obligation: Id,
    /// For a recurring duty: the year of the due date that is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_year: Option<i32>,
}

/// What an event does to places of a quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceEffect {
    /// A place of the category is held from now on, in exchange for one held before.
    Takes {
        /// The category.
        category: Id,
    },
    /// The place held is freed.
    Frees,
}

/// What was applied for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppliedFor {
    /// The category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Id>,
    /// The rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Id>,
    /// The kind of applicant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant_kind: Option<Id>,
}

/// A result put on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultRecorded {
    /// The act's kind.
    #[schemars(with = "String")]
    pub of: ActKind,
    /// The result as printed.
    pub result: Id,
}

/// What an event does to the state of its enrollment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Effects {
    /// What it needs.
    #[serde(default)]
    pub ground: Ground,
    /// Set on the event that opens the enrollment's record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_record: Option<KeptSince>,
    /// Whether a new attempt begins.
    #[serde(default, skip_serializing_if = "is_false")]
    pub begins_attempt: bool,
    /// What is applied for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<AppliedFor>,
    /// Where the enrollment stands afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub enters: Option<Node>,
    /// The category afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Id>,
    /// Set where the standing is known from evidence, or an evidenced one is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub stands_by: Option<Provenance>,
    /// What happens to the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<TitleEffect>,
    /// The term that begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<Term>,
    /// Obligations that arise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opens: Vec<DutyOpened>,
    /// Obligations that are met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meets: Vec<DutyMet>,
    /// Whether obligations that fall due after this event's day are waived.
    #[serde(default, skip_serializing_if = "is_false")]
    pub waives_later: bool,
    /// What happens to the place held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceEffect>,
    /// The matter that now awaits a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub opens_matter: Option<Matter>,
    /// The category that the matter asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_category: Option<Id>,
    /// The matter that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub closes_matter: Option<Matter>,
    /// Whether a new version of the plan is on record.
    #[serde(default, skip_serializing_if = "is_false")]
    pub new_plan_version: bool,
    /// A result put on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultRecorded>,
    /// A receipt acknowledged: of the event at this revision, on this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<(u64, String)>")]
    pub receipt: Option<(u64, Day)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// Something that was found and is recorded, though it refuses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// A stable code: `participation_not_shown`, `another_version_in_force`, `over_quota` …
    pub code: Id,
    /// In words.
    pub text: Text,
    /// The article.
    pub article: String,
}

/// An act as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The act and its content.
    pub act: Act,
    /// The document it cites.
    pub document: Option<DocumentRef>,
    /// Its materials.
    pub materials: Vec<Material>,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl Event {
    /// The stored type's name.
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Acted(fact) => fact.act.kind().event_type(),
            Self::ApprovalAbandoned(_) => "ApprovalAbandoned",
        }
    }

    /// The schema version written now.
    pub fn schema_version(&self) -> u32 {
        1
    }

    /// The recorded act, if an office acted.
    pub fn fact(&self) -> Option<&Fact> {
        match self {
            Self::Acted(fact) => Some(fact),
            Self::ApprovalAbandoned(_) => None,
        }
    }

    /// Whether it is Docket's own, no office having acted.
    pub fn is_own(&self) -> bool {
        self.fact().is_none()
    }
}

/// Who acted, who recorded it, when it counts, under what: the same for every event (rule G2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventMeta {
    /// The schema version of the data.
    pub schema_version: u32,
    /// Who acted, as a kind of office.
    pub office: Office,
    /// The office's own id.
    pub office_id: String,
    /// Its name on that day.
    pub office_name: Text,
    /// Who recorded it: issuer and subject of the token.
    pub principal: String,
    /// In which role.
    pub role: String,
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
    pub edition: Option<Id>,
    /// The article.
    pub article: Option<String>,
    /// What it rested on: `stream@revision#id`, separated by spaces.
    pub rests_on: String,
    /// What it corrects, in the same form.
    pub corrects: String,
    /// How the fact got into the record.
    pub provenance: Provenance,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// Whether the registrar recorded it from an archive or for an exercise.
    pub archive: bool,
    /// The client's key and the fingerprint of what it asked for.
    pub key: Option<(String, String)>,
    /// Correlation, causation, W3C trace context.
    pub correlation: Option<String>,
    /// The id of the event that caused it.
    pub causation: Option<String>,
    /// The `traceparent` of the request.
    pub trace: Option<String>,
}

/// An event with its place in its stream.
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

impl Recorded {
    /// The day by which timeliness is judged (G12), and whether it was stated.
    pub fn received(&self) -> (Day, bool) {
        match self.meta.received_on {
            Some(day) => (day, true),
            None => (self.meta.recorded_at.civil_day(), false),
        }
    }

    /// A reference to it.
    pub fn reference(&self, stream: &str) -> EventRef {
        EventRef { stream: stream.to_owned(), revision: self.revision, id: self.id }
    }
}
