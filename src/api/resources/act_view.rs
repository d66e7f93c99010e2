//! How an act on record is shown: as the answer to its recording, and by itself.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::outlook::Outlook;
use crate::api::asking::call::Call;
use crate::api::asking::reading::Reading;
use crate::app::ActAnswer;
use crate::codec::{self, SealedPerson};
use crate::domain::duty::{DueItem, DutyStatus};
use crate::domain::event::{EventMeta, Fact, Recorded};
use crate::domain::ids::{EventRef, Language};
use crate::domain::measure::Versions;
use crate::domain::state::State;
use crate::domain::words;
use crate::log::{RecordedEvent, StreamName};
use crate::views::brief::{EventBrief, ObligationView, mark_label, number};
use crate::views::problem::Problem;
use crate::views::reading::Judged;
use crate::views::sequence::sequence;
use crate::views::standing::{StandingView, standing};

/// The measure that governed an act.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MeasureOfAct {
    /// The version.
    pub version: Option<String>,
    /// The number of its document, as printed.
    pub number: Option<String>,
    /// Another version, in force on an earlier day of the interval.
    pub also: Option<String>,
    /// The article.
    pub article: Option<String>,
    /// Our choices that it rests on, where the text is silent.
    pub readings: Vec<String>,
    /// SHA-256 of the edition.
    pub edition: Option<String>,
}

impl MeasureOfAct {
    fn of(event: &Recorded, versions: &Versions, language: Language) -> Self {
        let readings = versions.readings_of(event).into_iter();
        Self {
            version: event.meta.measure.as_ref().map(ToString::to_string),
            number: event.meta.measure.as_ref().and_then(|m| number(versions, m, language)),
            also: event.meta.measure_also.as_ref().map(ToString::to_string),
            article: event
                .meta
                .article
                .as_deref()
                .map(|text| words::article(text, language).into_owned()),
            readings: readings.map(|text| text.get(language).to_owned()).collect(),
            edition: event.meta.edition.as_ref().map(ToString::to_string),
        }
    }
}

/// Something that was found and recorded, though it refused nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingView {
    /// A stable code.
    pub code: String,
    /// In words.
    pub text: String,
    /// The article.
    pub article: String,
    /// Our choice that it rests on, where the text is silent.
    pub reading: Option<String>,
}

fn findings(event: &Recorded, language: Language) -> Vec<FindingView> {
    let findings = event.event.fact().into_iter().flat_map(Fact::found);
    findings
        .map(|finding| FindingView {
            code: finding.code.to_string(),
            text: finding.text.get(language).to_owned(),
            article: words::article(&finding.article, language).into_owned(),
            reading: finding.reading.as_ref().map(|text| text.get(language).to_owned()),
        })
        .collect()
}

fn unsettles(event: &Recorded) -> Vec<String> {
    let events = event.event.fact().map(|fact| fact.unsettles.as_slice()).unwrap_or_default();
    events.iter().map(EventRef::to_string).collect()
}

/// The answer to the recording of an act.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Recording<'a> {
    /// The act's id, that of its first event; absent where nothing was recorded.
    pub id: Option<String>,
    /// The act.
    pub act: String,
    /// What it is called.
    pub act_label: String,
    /// `RECORDED`, or `VALIDATED` where only that was asked.
    pub state: &'static str,
    /// The events recorded.
    pub events: Vec<EventBrief>,
    /// The enrollment's revision with them.
    pub revision: Option<u64>,
    /// The sequence of the last of them; absent while it is not counted.
    pub sequence: Option<String>,
    /// The measure that governed it.
    pub measure: MeasureOfAct,
    /// From when it counts.
    pub effective_on: String,
    /// Whether it met an obligation after its due date.
    pub late: bool,
    /// The obligations that it met.
    pub met: Vec<ObligationView<'a>>,
    /// What was found.
    pub findings: Vec<FindingView>,
    /// Events that lost their ground by it.
    pub unsettles: Vec<String>,
    /// Where the enrollment stands by it, or would stand; absent where it was done for a program as a
    /// whole.
    pub enrollment: Option<StandingView<'a>>,
    /// What it would do besides; only where nothing was recorded, as asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<Outlook<'a>>,
    /// What proves it in the log, a C2SP `tlog-proof`: where the request prefers to wait for it, and a
    /// checkpoint covers the event by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

impl<'a> Recording<'a> {
    /// The answer; a function of the events up to this one. `judged` is the state by it.
    pub fn of(
        reading: &'a Reading<'_>,
        answer: &ActAnswer,
        judged: &'a Judged<'_>,
        language: Language,
    ) -> Self {
        let recorded = &answer.recorded;
        let act = recorded.event.fact().map(|fact| fact.act.kind().as_str()).unwrap_or_default();
        let by_this = |item: &&DueItem<'_>| item.met.is_some_and(|met| met.by == recorded.revision);
        let met = judged.items.iter().filter(by_this);
        let (day, labels) = (reading.day, reading.labels());
        let met: Vec<_> = met.map(|item| ObligationView::of(item, day, labels, language)).collect();
        let view = Recording {
            id: None,
            act: act.to_owned(),
            act_label: words::act(act, language).to_owned(),
            state: "VALIDATED",
            events: Vec::new(),
            revision: None,
            sequence: None,
            measure: MeasureOfAct::of(recorded, &reading.versions, language),
            effective_on: recorded.meta.effective_on.to_string(),
            late: met.iter().any(|met| met.status == DutyStatus::Late.mark()),
            met,
            findings: findings(recorded, language),
            unsettles: unsettles(recorded),
            enrollment: (!reading.subject.is_program())
                .then(|| standing(reading, judged, language)),
            would: None,
            proof: None,
        };
        if answer.validated_only {
            return view;
        }
        let events = answer.events().map(|event| EventBrief::of(event, &answer.stream, language));
        Self {
            id: Some(recorded.id.to_string()),
            state: "RECORDED",
            events: events.collect(),
            revision: Some(answer.last().revision),
            sequence: answer.last().sequence.map(sequence),
            ..view
        }
    }
}

/// The state by an act on record, on the day of its recording.
///
/// # Errors
/// As the log's.
pub async fn state_by(
    call: &Call,
    reading: &Reading<'_>,
    answer: &ActAnswer,
) -> Result<State, Problem> {
    let last = answer.last().revision;
    let cached = call.state.app.enrollment(&reading.stream).await;
    let cached = cached.map_err(|error| call.problem(error))?;
    if cached.revision == Some(last) && cached.is_reached(reading.day) {
        return Ok(cached.state.clone());
    }
    let history = call.state.app.history(&reading.stream).await;
    let history = history.map_err(|error| call.problem(error))?;
    let events = usize::try_from(last).unwrap_or(usize::MAX).saturating_add(1);
    Ok(history.known_to(events).state_at(reading.day))
}

/// Who acted and who recorded it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Hands {
    /// The kind of office.
    pub office: &'static str,
    /// What that kind is called.
    pub office_label: &'static str,
    /// The office's own id.
    pub office_id: String,
    /// Its name on the day.
    pub office_name: String,
    /// Who recorded it: issuer and subject of the token.
    pub principal: String,
    /// In which role.
    pub role: String,
    /// What that is called.
    pub role_label: String,
    /// Whether it was recorded out of an archive or for an exercise.
    pub archive: bool,
}

impl Hands {
    /// Those of an event.
    pub fn of(meta: &EventMeta, language: Language) -> Self {
        Self {
            office: meta.office.as_str(),
            office_label: words::office(meta.office, language),
            office_id: meta.office_id.to_string(),
            office_name: meta.office_name.get(language).to_owned(),
            principal: meta.principal.to_string(),
            role: meta.role.to_string(),
            role_label: words::role(&meta.role, language).to_owned(),
            archive: meta.archive,
        }
    }
}

/// A person whom an act names, sealed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NamedPerson {
    /// The opaque id.
    pub data_subject: String,
    /// Why the act names the person: `contact`, `signatory`.
    pub role: &'static str,
    /// What that is called.
    pub role_label: &'static str,
}

impl NamedPerson {
    /// A person whom an event names.
    pub fn of(person: &SealedPerson, language: Language) -> Self {
        Self {
            data_subject: person.data_subject.to_string(),
            role: person.role.as_str(),
            role_label: person.role.label().get(language),
        }
    }
}

/// An act on record, by itself.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActView {
    /// The act's id, that of its first event.
    pub id: String,
    /// The act.
    pub act: String,
    /// What it is called.
    pub act_label: String,
    /// `RECORDED`.
    pub state: &'static str,
    /// The program.
    pub program: String,
    /// The subject; absent: the program as a whole.
    pub subject: Option<String>,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// Its events.
    pub events: Vec<EventBrief>,
    /// Who acted and who recorded it.
    pub by: Hands,
    /// From when it counts.
    pub effective_on: String,
    /// When it was decided.
    pub decided_on: Option<String>,
    /// The stated day of receipt.
    pub received_on: Option<String>,
    /// When it was recorded, UTC.
    pub recorded_at: String,
    /// The measure that governed it.
    pub measure: MeasureOfAct,
    /// How the fact got into the record: `RECORDED`, `ATTESTED`, `INFERRED`.
    pub provenance: String,
    /// What that is called.
    pub provenance_label: String,
    /// What it rested on.
    pub rests_on: Vec<String>,
    /// What it corrects.
    pub corrects: Option<String>,
    /// What was found.
    pub findings: Vec<FindingView>,
    /// Events that lost their ground by it.
    pub unsettles: Vec<String>,
    /// The persons whom it names; what is said of them is sealed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<NamedPerson>,
    /// The stored data of the event: content, document, materials, effects.
    #[schemars(with = "serde_json::Value")]
    pub data: Box<RawValue>,
}

impl ActView {
    /// An act of an enrollment.
    ///
    /// # Errors
    /// As the log's.
    pub async fn of(call: &Call, reading: &Reading<'_>, event: &Recorded) -> Result<Self, Problem> {
        let meta = &event.meta;
        let language = call.language;
        let stored = stored_event(call, reading, event.revision).await?;
        let persons = codec::persons_of(&stored).map_err(|error| call.problem(error.into()))?;
        let act = event.event.fact().map(|f| f.act.kind().as_str()).unwrap_or_default();
        Ok(Self {
            id: event.id.to_string(),
            act: act.to_owned(),
            act_label: words::act(act, language).to_owned(),
            state: "RECORDED",
            program: reading.program.id.to_string(),
            subject: reading.named(),
            exercise: meta.exercise,
            events: vec![EventBrief::of(event, &reading.stream, language)],
            by: Hands::of(meta, language),
            effective_on: meta.effective_on.to_string(),
            decided_on: meta.decided_on.map(|date| date.to_string()),
            received_on: meta.received_on.map(|day| day.to_string()),
            recorded_at: meta.recorded_at.to_rfc3339(),
            measure: MeasureOfAct::of(event, &reading.versions, language),
            provenance: meta.provenance.as_str().to_ascii_uppercase(),
            provenance_label: mark_label(meta.provenance.as_str(), language).to_owned(),
            rests_on: meta.rests_on.split_ascii_whitespace().map(str::to_owned).collect(),
            corrects: (!meta.corrects.is_empty()).then(|| meta.corrects.to_string()),
            findings: findings(event, language),
            unsettles: unsettles(event),
            persons: persons.iter().map(|person| NamedPerson::of(person, language)).collect(),
            data: serde_json::from_slice(&stored.data).map_err(Problem::internal)?,
        })
    }
}

async fn stored_event(
    call: &Call,
    reading: &Reading<'_>,
    revision: u64,
) -> Result<RecordedEvent, Problem> {
    let name = StreamName::parse(&reading.stream).map_err(Problem::internal)?;
    let page = call.state.app.log().read_stream(&name, revision, 1).await?;
    page.events.into_iter().next().ok_or_else(|| Problem::internal("the event is gone"))
}
