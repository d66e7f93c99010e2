//! What an event does to the state, and what it needs of it. Carried by the event, so that a
//! mended rule never changes history.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::act::{ActKind, KeptSince};
use crate::domain::condition::Condition;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Node, Office, Provenance};
use crate::domain::period::Yearly;

/// What an event needs of the state in which it stands; where it is gone the event is unsupported.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Ground {
    /// Patterns of where the enrollment must stand; empty: anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Id>,
    /// Conditions on the state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Condition>,
    /// The matter that it decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decides: Option<Id>,
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

/// Until when the document plans a phase, beside what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Planned {
    /// The end, as sharp as the document.
    #[schemars(with = "String")]
    pub until: CivilDate,
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
    /// Where the date from which it runs does not say its year: the first due date that is owed for
    /// certain. What falls due before it is never late (G11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub certain_from: Option<Day>,
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
    /// Who owes it together with that office.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Office>,
    /// The offices that receive what meets it, each with its own receipt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receivers: Vec<Office>,
    /// Whether it stands beside others of its kind that are open.
    #[serde(default, skip_serializing_if = "is_false")]
    pub each: bool,
    /// Whether it is owed at all depends on a date that does not say so: never overdue.
    #[serde(default, skip_serializing_if = "is_false")]
    pub uncertain: bool,
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
    /// Where several of them can be open: the revision of the event that opened the one that is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<u64>,
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
    /// The year that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
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
    /// The annual round in which it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Id>,
    /// The batch in which it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Id>,
    /// Where the enrollment stands afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub enters: Option<Node>,
    /// Until when the document plans the phase that is entered (P18).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Planned>,
    /// From when it has its effect, where that is not the day from which the act counts (G2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub starts_on: Option<CivilDate>,
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
    /// What the measure lays by itself on the program as a whole, on the event that opens its record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lays: Vec<DutyOpened>,
    /// Obligations that are met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meets: Vec<DutyMet>,
    /// Obligations that are over, though nobody met them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<Id>,
    /// Whether obligations that fall due after this event's day are waived.
    #[serde(default, skip_serializing_if = "is_false")]
    pub waives_later: bool,
    /// What happens to the place held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceEffect>,
    /// The matter that now awaits a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_matter: Option<Id>,
    /// The category that the matter asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_category: Option<Id>,
    /// The plan that it would put on record, by its indicators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_plan: Option<Vec<Id>>,
    /// The matters that are settled by it, or fall with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closes: Vec<Id>,
    /// The plan that is on record from now on, by its indicators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<Id>>,
    /// Whether it is outside of the program: no attempt to enter it begins.
    #[serde(default, skip_serializing_if = "is_false")]
    pub outside: bool,
    /// A result put on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultRecorded>,
    /// A receipt acknowledged: of the event at this revision, on this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<(u64, String)>")]
    pub receipt: Option<(u64, Day)>,
}

impl Ground {
    /// Whether it can be in a phase.
    pub fn is_within(&self, phase: &str) -> bool {
        self.from.iter().any(|from| *from == "*" || from.split('.').next() == Some(phase))
    }
}

impl Effects {
    /// Whether the standing is known from evidence only: a source shows it, no office acted (G9).
    pub fn is_evidence(&self) -> bool {
        matches!(self.stands_by, Some(Provenance::Attested | Provenance::Inferred))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
