//! The list of enrollments, out of the read models.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::limit;
use crate::api::asking::call::{Answered, Call, wrong_parameter};
use crate::api::asking::cursor::{CURSOR, Cursor, cursor};
use crate::api::asking::named::{self, declared};
use crate::api::asking::page::{
    EXERCISE, Filled, LIMIT, MIN_SEQUENCE, ask_at, had_already, more, page, version_of,
};
use crate::api::asking::times::{AS_OF, AT_SEQUENCE, KNOWN_AT, Times};
use crate::api::resources::scoreboard::ZONE;
use crate::domain::date::{CivilDate, Day, Timestamp};
use crate::domain::ids::{Language, ProgramId, Provenance, Text};
use crate::domain::measure::{Names, Program, Versions};
use crate::domain::words::{self, said};
use crate::projection::current_status::{
    EnrollmentCursor, EnrollmentFilter, EnrollmentRow, Waiting,
};
use crate::views::brief::{Labelled, mark_label, worded};
use crate::views::ends::{is_over, is_review_due};
use crate::views::labels::Labels;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Problem;
use crate::views::sequence::sequence;
use crate::views::standing::{PlaceView, StandsAt};

const PROGRAM: Parameter = Parameter::new("program", Kind::Text, "Of one program.", "某一项目。");
/// The province.
pub const PROVINCE: Parameter = Parameter::new(
    "province",
    Kind::Text,
    "The province itself and what lies in it.",
    "某省及其辖内主体。",
);
/// The kind of subject.
pub const KIND: Parameter =
    Parameter::new("kind", Kind::Text, "Subjects of this kind.", "某类主体。");
/// The parameters of the list of enrollments.
pub const ENROLLMENTS: &[Parameter] = &[
    PROGRAM,
    Parameter::new("phase", Kind::Text, "In this phase on the day.", "该日处于某阶段。"),
    Parameter::new("category", Kind::Text, "In this category on the day.", "该日属某类型。"),
    Parameter::new(
        "round",
        Kind::Text,
        "Last decided in this annual round by the day.",
        "截至该日最近一次决定所属年度。",
    ),
    Parameter::new(
        "batch",
        Kind::Text,
        "Last decided in this batch by the day.",
        "截至该日最近一次决定所属的批次。",
    ),
    Parameter::new(
        "province",
        Kind::Text,
        "The province itself and what lies in it; `unassigned`: what lies in none.",
        "某省及其辖内主体；unassigned：不属于任何省的主体。",
    ),
    KIND,
    Parameter::new(
        "provenance",
        Kind::OneOf(|| vec!["RECORDED", "ATTESTED", "INFERRED"]),
        "How the standing got into the record: RECORDED, ATTESTED, INFERRED.",
        "状态来源：RECORDED、ATTESTED、INFERRED。",
    ),
    Parameter::new(
        "stands_at",
        Kind::Text,
        "Standing at this node on the day: a phase, `phase.step`, or `nowhere`.",
        "该日所处环节：阶段、“阶段.步骤”，或 nowhere（无）。",
    ),
    ZONE,
    Parameter::new(
        "decided_in_round",
        Kind::Text,
        "Decided in this annual round by the day, whatever was decided later.",
        "截至该日曾在该年度作出决定的（不论其后有无再次决定）。",
    ),
    Parameter::new(
        "decided_in_batch",
        Kind::Text,
        "Decided in this batch by the day, whatever was decided later.",
        "截至该日曾在该批次作出决定的（不论其后有无再次决定）。",
    ),
    Parameter::new(
        "decided_again",
        Kind::Flag,
        "`true`: of those decided in the round or batch named, who was decided again in another since.",
        "true：在所指年度或批次中作出决定、其后又在其他年度或批次再次决定的。",
    ),
    Parameter::new(
        "waiting",
        Kind::Flag,
        "`true`: something awaits a decision on the day.",
        "true：该日有待决事项。",
    ),
    EXERCISE,
    AS_OF,
    KNOWN_AT,
    AT_SEQUENCE,
    MIN_SEQUENCE,
    CURSOR,
    LIMIT,
];

/// An enrollment in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EnrollmentItem<'a> {
    /// The program.
    pub program: &'a str,
    /// The program's name.
    pub program_name: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// The subject's name on the day.
    pub name: &'a str,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Where it stands; absent: nowhere.
    pub stands_at: Option<StandsAt<'a>>,
    /// The category.
    pub category: Option<Labelled<'a>>,
    /// The annual round in which the present attempt was last decided.
    pub round: Option<&'a str>,
    /// The same in words.
    pub round_label: Option<String>,
    /// The batch in which it was.
    pub batch: Option<&'a str>,
    /// The same in words.
    pub batch_label: Option<String>,
    /// The title held.
    pub title: Option<HeldFrom<'a>>,
    /// The term.
    pub term: Option<FromUntil<'a>>,
    /// The place of a quota held.
    pub place: Option<PlaceView<'a>>,
    /// `RECORDED`, `ATTESTED` or `INFERRED`.
    pub provenance: String,
    /// What that is called.
    pub provenance_label: &'a str,
    /// From which day the record is complete.
    #[schemars(with = "Option<String>")]
    pub kept_since: Option<Day>,
    /// The latest day on which an event shows the standing.
    pub last_evidenced_on: Option<&'a str>,
    /// The number of the attempt.
    pub attempt: u32,
    /// What awaits a decision.
    pub waiting: Vec<MatterView<'a>>,
    /// How many events lost their ground.
    pub unsupported: u32,
    /// The newest revision, whatever day it counts from.
    pub revision: u64,
    /// The sequence of the newest event.
    pub sequence: String,
    /// When that was recorded, UTC.
    #[schemars(with = "String")]
    pub recorded_at: Timestamp,
    /// The address of the enrollment.
    #[serde(rename = "self")]
    pub address: String,
}

/// A title from a day until another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeldFrom<'a> {
    /// Which.
    pub id: &'a str,
    /// Its label.
    pub label: &'a str,
    /// From when.
    pub from: Option<&'a str>,
    /// Its last day; absent: without expiry.
    pub until: Option<&'a str>,
    /// Whether its term has run out, so that a review is due; it is held until one decides.
    pub review_due: bool,
}

/// From a day until another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FromUntil<'a> {
    /// The first day.
    pub from: Option<&'a str>,
    /// The last day.
    pub until: Option<&'a str>,
    /// Whether that has passed.
    pub over: bool,
}

/// Something that awaits a decision.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MatterView<'a> {
    /// What.
    pub matter: &'a str,
    /// What it is called.
    pub matter_label: String,
    /// Since when.
    pub since: &'a str,
    /// How many days that is, on the day asked about.
    pub days: i64,
    /// The revision of the event that opened it.
    pub by: u64,
}

/// Lists enrollments.
///
/// # Errors
/// See the route.
pub async fn list_enrollments(call: Call) -> Answered {
    let limit = limit(&call)?;
    let cursor: Option<Cursor<EnrollmentCursor>> = cursor(&call)?;
    let times = Times::of(&call, cursor.as_ref()).await?;
    let exercise = named::exercise(&call)?;
    let (province, no_province) = named::province(&call).await?;
    let filter = EnrollmentFilter {
        exercise,
        program: named::program(&call)?.map(|program| program.id.clone()),
        phase: declared(&call, "phase", |m| m.phases.iter().map(|p| p.id.clone()).collect())?,
        category: declared(&call, "category", |m| {
            m.categories.iter().map(|c| c.id.clone()).collect()
        })?,
        round: named::number(&call, "round")?,
        batch: named::number(&call, "batch")?,
        province,
        no_province,
        subject: None,
        kind: named::kind(&call)?,
        provenance: call.parsed("provenance", provenance)?,
        stands_at: named::stands_at(&call)?,
        zone: named::zone(&call)?,
        decided_again: decided_again(&call)?,
        decided_in_round: named::number(&call, "decided_in_round")?,
        decided_in_batch: named::number(&call, "decided_in_batch")?,
        waiting: call.parameter("waiting").map(|_| call.flag("waiting")).transpose()?,
    };
    if let Some(had) = had_already(&call, &times, "current_status").await? {
        return Ok(had);
    }
    let after = cursor.map(|cursor| cursor.after);
    let answer = ask_at(&call, &times, move |tables, at| {
        tables.list_enrollments(&filter, at, after.as_ref(), limit + 1)
    })
    .await?;
    let (mut rows, copy) = (answer.value, answer.copy);
    let more = more(&mut rows, limit, EnrollmentRow::cursor);
    let shown: BTreeMap<_, _> = rows
        .chunk_by(|one, next| one.program == next.program)
        .filter_map(|rows| rows.first())
        .map(|row| (row.program.as_str(), Shown::of(&call, &row.program, times.day)))
        .collect();
    let items = rows.iter().filter_map(|row| Some(shown.get(row.program.as_str())?.item(row)));
    let items: Vec<_> = items.collect();
    let programs = shown.keys().map(ToString::to_string).collect();
    let model = ("current_status", version_of("current_status"));
    let (position, known_at_us) = (answer.position, answer.known_at_us);
    let filled =
        Filled { items, exercise, more, programs, times, model, copy, position, known_at_us };
    page(&call, filled)
}

/// Whether those are asked for who were decided again: after which round or batch has to be said.
fn decided_again(call: &Call) -> Result<bool, Problem> {
    let names = call.parameter("decided_in_round").or(call.parameter("decided_in_batch"));
    if call.flag("decided_again")? && names.is_none() {
        let text = said!(
            "it says more of decided_in_round or decided_in_batch: name one of them",
            "须与 decided_in_round 或 decided_in_batch 同时使用"
        );
        return Err(wrong_parameter("decided_again", text));
    }
    call.flag("decided_again")
}

fn provenance(text: &str) -> Result<Provenance, Text> {
    [Provenance::Recorded, Provenance::Attested, Provenance::Inferred]
        .into_iter()
        .find(|provenance| provenance.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| named::none_of(text, "RECORDED, ATTESTED, INFERRED"))
}

/// What the rows of a program are shown with.
struct Shown<'a> {
    program: Option<&'a Program>,
    versions: Arc<Versions>,
    day: Day,
    language: Language,
}

impl<'a> Shown<'a> {
    fn of(call: &'a Call, program: &ProgramId, day: Day) -> Self {
        let library = call.state.app.library();
        let program = library.program(program.as_str());
        let versions = program.map(|program| library.versions(program)).unwrap_or_default();
        Self { program, versions, day, language: call.language }
    }

    fn item<'b>(&'b self, row: &'b EnrollmentRow) -> EnrollmentItem<'b> {
        let Self { day, language, .. } = *self;
        let (labels, versions) = (Labels(&self.versions), &self.versions);
        let since = (row.node_since.as_ref(), row.phase_since.as_ref());
        EnrollmentItem {
            program: row.program.as_str(),
            program_name: worded(self.program.map(|p| &p.name), row.program.as_str(), language),
            subject: row.subject.as_str(),
            name: row.name.get(language),
            exercise: row.exercise,
            stands_at: row
                .stands_at
                .as_ref()
                .map(|node| StandsAt::of(node, labels, since, language)),
            category: row
                .category
                .as_ref()
                .map(|id| Labelled::new(id, labels.category(id), language)),
            round: row.round.as_deref(),
            round_label: row.round.as_ref().map(|round| words::round(round, language)),
            batch: row.batch.as_deref(),
            batch_label: row.batch.as_ref().map(|batch| words::batch(batch, language)),
            title: row.title.as_ref().map(|id| HeldFrom {
                id,
                label: worded(labels.title(id), id, language),
                from: row.title_from.as_ref().map(CivilDate::as_str),
                until: row.title_until.as_ref().map(CivilDate::as_str),
                review_due: is_review_due(
                    versions.in_force(day).map(|edition| &edition.measure),
                    row.stands_at.as_ref(),
                    row.title_until.as_ref(),
                    day,
                ),
            }),
            term: row.term_until.as_ref().map(|until| FromUntil {
                from: row.term_from.as_ref().map(CivilDate::as_str),
                until: Some(until.as_str()),
                over: is_over(Some(until), day),
            }),
            place: row.place_category.as_ref().zip(row.place_from).map(|(category, from)| {
                let label = worded(labels.category(category), category, language);
                let attested = row.place_attested.unwrap_or_default();
                PlaceView { category, category_label: label, from, attested }
            }),
            provenance: row.provenance.as_str().to_ascii_uppercase(),
            provenance_label: mark_label(row.provenance.as_str(), language),
            kept_since: row.kept_since,
            last_evidenced_on: row.last_evidenced_on.as_ref().map(CivilDate::as_str),
            attempt: row.attempt,
            waiting: row.waiting.iter().map(|one| self.matter(one)).collect(),
            unsupported: row.unsupported,
            revision: row.revision,
            sequence: sequence(row.sequence),
            recorded_at: Timestamp::from_micros(row.recorded_at_us),
            address: format!("/v1/enrollments/{}/{}", row.program, row.subject),
        }
    }

    fn matter<'b>(&self, waiting: &'b Waiting) -> MatterView<'b> {
        let (matter, since) = (&waiting.matter, &waiting.since);
        let label = self.versions.name_in(Names::Matters, matter);
        MatterView {
            matter,
            matter_label: worded(label, matter, self.language).to_owned(),
            since: since.as_str(),
            days: since.latest().days_until(self.day).max(0),
            by: waiting.by,
        }
    }
}
