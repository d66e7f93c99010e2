//! The list of enrollments, out of the read models.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::limit;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::cursor::{CURSOR, Cursor, cursor};
use crate::api::asking::named::{self, declared};
use crate::api::asking::page::{
    EXERCISE, Filled, LIMIT, MIN_SEQUENCE, ask_at, more, page, version_of,
};
use crate::api::asking::times::{AS_OF, AT_SEQUENCE, KNOWN_AT, Times};
use crate::domain::date::{Day, Timestamp};
use crate::domain::ids::{Id, Language, Provenance, Text};
use crate::domain::measure::Versions;
use crate::domain::words;
use crate::projection::current_status::{
    EnrollmentCursor, EnrollmentFilter, EnrollmentRow, Waiting,
};
use crate::views::brief::{Labelled, mark_label};
use crate::views::ends::{is_over, is_review_due};
use crate::views::labels::Labels;
use crate::views::parameter::{Kind, Parameter};
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
    PROVINCE,
    KIND,
    Parameter::new(
        "provenance",
        Kind::OneOf(|| vec!["RECORDED", "ATTESTED", "INFERRED"]),
        "How the standing got into the record: RECORDED, ATTESTED, INFERRED.",
        "状态来源：RECORDED、ATTESTED、INFERRED。",
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
pub struct EnrollmentItem {
    /// The program.
    pub program: String,
    /// The program's name.
    pub program_name: String,
    /// The subject.
    pub subject: String,
    /// The subject's name on the day.
    pub name: String,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Where it stands; absent: nowhere.
    pub stands_at: Option<StandsAt>,
    /// The category.
    pub category: Option<Labelled>,
    /// The annual round in which the present attempt was last decided.
    #[schemars(with = "Option<String>")]
    pub round: Option<Id>,
    /// The same in words.
    pub round_label: Option<String>,
    /// The batch in which it was.
    #[schemars(with = "Option<String>")]
    pub batch: Option<Id>,
    /// The same in words.
    pub batch_label: Option<String>,
    /// The title held.
    pub title: Option<HeldFrom>,
    /// The term.
    pub term: Option<FromUntil>,
    /// The place of a quota held.
    pub place: Option<PlaceView>,
    /// `RECORDED`, `ATTESTED` or `INFERRED`.
    pub provenance: String,
    /// What that is called.
    pub provenance_label: String,
    /// From which day the record is complete.
    pub kept_since: Option<String>,
    /// The latest day on which an event shows the standing.
    pub last_evidenced_on: Option<String>,
    /// The number of the attempt.
    pub attempt: u32,
    /// What awaits a decision.
    pub waiting: Vec<MatterView>,
    /// How many events lost their ground.
    pub unsupported: u32,
    /// The newest revision, whatever day it counts from.
    pub revision: u64,
    /// The sequence of the newest event.
    pub sequence: String,
    /// When that was recorded, UTC.
    pub recorded_at: String,
    /// The address of the enrollment.
    #[serde(rename = "self")]
    pub address: String,
}

/// A title from a day until another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeldFrom {
    /// Which.
    #[schemars(with = "String")]
    pub id: Id,
    /// Its label.
    pub label: String,
    /// From when.
    pub from: Option<String>,
    /// Its last day; absent: without expiry.
    pub until: Option<String>,
    /// Whether its term has run out, so that a review is due; it is held until one decides.
    pub review_due: bool,
}

/// From a day until another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FromUntil {
    /// The first day.
    pub from: Option<String>,
    /// The last day.
    pub until: Option<String>,
    /// Whether that has passed.
    pub over: bool,
}

/// Something that awaits a decision.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MatterView {
    /// What.
    #[schemars(with = "String")]
    pub matter: Id,
    /// What it is called.
    pub matter_label: String,
    /// Since when.
    pub since: String,
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
    let filter = EnrollmentFilter {
        exercise,
        program: named::program(&call)?.map(|program| program.id.clone()),
        phase: declared(&call, "phase", |m| m.phases.iter().map(|p| p.id.clone()).collect())?,
        category: declared(&call, "category", |m| {
            m.categories.iter().map(|c| c.id.clone()).collect()
        })?,
        round: named::number(&call, "round")?,
        batch: named::number(&call, "batch")?,
        province: named::subject(&call, "province").await?,
        kind: named::kind(&call)?,
        provenance: call.parsed("provenance", provenance)?,
        waiting: call.parameter("waiting").map(|_| call.flag("waiting")).transpose()?,
    };
    let after = cursor.map(|cursor| cursor.after);
    let answer = ask_at(&call, &times, move |tables, at| {
        tables.list_enrollments(&filter, at, after.as_ref(), limit + 1)
    })
    .await?;
    let (mut rows, copy) = (answer.value, answer.copy);
    let more = more(&mut rows, limit, EnrollmentRow::cursor);
    let items = rows.iter().map(|row| enrollment(&call, row, times.day)).collect::<Vec<_>>();
    let programs = rows.iter().map(|row| row.program.to_string()).collect();
    let model = ("current_status", version_of("current_status"));
    let (position, known_at_us) = (answer.position, answer.known_at_us);
    let filled =
        Filled { items, exercise, more, programs, times, model, copy, position, known_at_us };
    page(&call, filled)
}

fn provenance(text: &str) -> Result<Provenance, String> {
    [Provenance::Recorded, Provenance::Attested, Provenance::Inferred]
        .into_iter()
        .find(|provenance| provenance.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| format!("{text:?} is none of RECORDED, ATTESTED, INFERRED"))
}

fn enrollment(call: &Call, row: &EnrollmentRow, day: Day) -> EnrollmentItem {
    let library = call.state.app.library();
    let program = library.program(row.program.as_str());
    let versions = program.map(|program| library.versions(program)).unwrap_or_default();
    let labels = Labels(&versions);
    let language = call.language;
    let date = |date: Option<crate::domain::date::CivilDate>| date.map(|date| date.to_string());
    EnrollmentItem {
        program: row.program.to_string(),
        program_name: worded(program.map(|p| &p.name), row.program.as_str(), language),
        subject: row.subject.to_string(),
        name: row.name.get(language).to_owned(),
        exercise: row.exercise,
        stands_at: row.stands_at.as_ref().map(|node| StandsAt {
            node: node.to_string(),
            label: worded(versions.label(node).as_ref(), node.as_str(), language),
            phase: node.phase().to_owned(),
            step: node.step().map(str::to_owned),
            since: date(row.node_since),
            phase_since: date(row.phase_since),
        }),
        category: row.category.as_ref().map(|id| Labelled::new(id, labels.category(id), language)),
        round: row.round.clone(),
        round_label: row.round.as_ref().map(|round| words::round(round, language)),
        batch: row.batch.clone(),
        batch_label: row.batch.as_ref().map(|batch| words::batch(batch, language)),
        title: row.title.as_ref().map(|id| HeldFrom {
            id: id.clone(),
            label: worded(labels.title(id), id, language),
            from: date(row.title_from),
            until: date(row.title_until),
            review_due: is_review_due(
                versions.in_force(day).map(|edition| &edition.measure),
                row.stands_at.as_ref(),
                row.title_until.as_ref(),
                day,
            ),
        }),
        term: row.term_until.map(|until| FromUntil {
            from: date(row.term_from),
            until: Some(until.to_string()),
            over: is_over(Some(&until), day),
        }),
        place: row.place_category.as_ref().map(|category| PlaceView {
            category: category.clone(),
            category_label: worded(labels.category(category), category, language),
            from: row.place_from.map(|day| day.to_string()).unwrap_or_default(),
            attested: row.place_attested.unwrap_or_default(),
        }),
        provenance: row.provenance.as_str().to_ascii_uppercase(),
        provenance_label: mark_label(row.provenance.as_str(), language).to_owned(),
        kept_since: row.kept_since.map(|day| day.to_string()),
        last_evidenced_on: date(row.last_evidenced_on),
        attempt: row.attempt,
        waiting: row.waiting.iter().map(|one| matter(one, &versions, day, language)).collect(),
        unsupported: row.unsupported,
        revision: row.revision,
        sequence: sequence(row.sequence),
        recorded_at: Timestamp::from_micros(row.recorded_at_us).to_rfc3339(),
        address: format!("/v1/enrollments/{}/{}", row.program, row.subject),
    }
}

fn matter(waiting: &Waiting, versions: &Versions, day: Day, language: Language) -> MatterView {
    let (matter, since) = (&waiting.matter, waiting.since);
    let label = versions.find(|measure| measure.called(matter));
    MatterView {
        matter: matter.clone(),
        matter_label: worded(label.as_ref(), matter, language),
        since: since.to_string(),
        days: since.latest().days_until(day).max(0),
        by: waiting.by,
    }
}

fn worded(text: Option<&Text>, otherwise: &str, language: Language) -> String {
    text.map_or_else(|| otherwise.to_owned(), |text| text.get(language).to_owned())
}
