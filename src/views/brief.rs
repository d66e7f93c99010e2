//! Parts that several answers have: an event in short, a label, an obligation.

use schemars::JsonSchema;
use serde::Serialize;

use super::labels::Labels;
use super::sequence::sequence;
use crate::domain::date::Day;
use crate::domain::duty::{BY_NO_EVENT, DueItem};
use crate::domain::event::Recorded;
use crate::domain::ids::{Id, Language, Text};
use crate::domain::measure::Versions;
use crate::domain::words;

/// Something with an id and its label in the language of the answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Labelled {
    /// The id.
    #[schemars(with = "String")]
    pub id: Id,
    /// The label.
    pub label: String,
}

impl Labelled {
    /// An id with its label, or itself where it has none.
    pub fn new(id: &Id, label: Option<Text>, language: Language) -> Self {
        let label = label.map_or_else(|| id.to_string(), |text| text.get(language).to_owned());
        Self { id: id.clone(), label }
    }
}

/// The label of a mark, such as `ATTESTED`.
pub fn mark_label(mark: &str, language: Language) -> String {
    words::marked(mark, language).unwrap_or(mark).to_owned()
}

/// An event in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventBrief {
    /// Its id; of the first event of an act also that of the act.
    #[schemars(with = "String")]
    pub id: uuid::Uuid,
    /// `stream@revision#id`, as corrections and acknowledgements name it.
    pub reference: String,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// What that is called.
    pub type_label: &'static str,
    /// Its revision in the stream.
    pub revision: u64,
    /// Its sequence in the log, 20 digits; absent while it is not counted.
    pub sequence: Option<String>,
    /// From when it counts.
    pub effective_on: String,
    /// When it was recorded, UTC.
    pub recorded_at: String,
    /// The article.
    pub article: Option<String>,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
}

impl EventBrief {
    /// An event of a stream.
    pub fn of(event: &Recorded, stream: &str, language: Language) -> Self {
        Self {
            id: event.id,
            reference: event.reference(stream).to_string(),
            event_type: event.event.event_type(),
            type_label: words::event(event.event.event_type(), language),
            revision: event.revision,
            sequence: event.sequence.map(sequence),
            effective_on: event.meta.effective_on.to_string(),
            recorded_at: event.meta.recorded_at.to_rfc3339(),
            article: event.meta.article.as_deref().map(|text| words::article(text, language)),
            exercise: event.meta.exercise,
        }
    }
}

/// When something is due.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DueView {
    /// As the rule gives it.
    pub on: String,
    /// The last day in time, moved to a working day.
    pub not_late_before: String,
    /// Whether the calendars of all days looked at are on record.
    pub holidays_known: bool,
    /// The rule.
    pub rule: Option<String>,
    /// How it follows.
    pub arithmetic: Option<String>,
    /// The type of the event from which it runs; for what recurs see `opened_by`.
    pub start_event: Option<String>,
    /// What that is called.
    pub start_event_label: Option<String>,
    /// That event's date; for what recurs, that of the event that opened the series.
    pub start: Option<String>,
}

/// How something due was met.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MetView {
    /// The revision of the event that met it.
    pub revision: u64,
    /// Its date.
    pub effective_on: String,
    /// The day of receipt.
    pub received_on: String,
    /// Whether that day was stated, rather than that of recording.
    pub stated: bool,
}

/// That an office had received something.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReceiptView {
    /// The office.
    pub office: &'static str,
    /// What it is called.
    pub office_label: &'static str,
    /// The day.
    pub on: String,
    /// Whether that day was stated, rather than that of recording.
    pub stated: bool,
}

/// One obligation as of a day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObligationView {
    /// The obligation's id in the measure.
    #[schemars(with = "String")]
    pub obligation: Id,
    /// Its label.
    pub label: String,
    /// The office that owes it.
    pub owes: &'static str,
    /// What it is called.
    pub owes_label: &'static str,
    /// The offices that owe it together with that one.
    pub with: Vec<&'static str>,
    /// What they are called.
    pub with_labels: Vec<&'static str>,
    /// `OPEN`, `MET`, `LATE`, `OVERDUE`, `WAIVED` or `NOT_IN_THE_RECORD`.
    pub status: String,
    /// What that is called.
    pub status_label: String,
    /// Whether it is owed at all depends on a date that does not say so; then it is never overdue.
    pub uncertain: bool,
    /// For a recurring one: the year of the due date.
    pub due_year: Option<i32>,
    /// From when it can be met.
    pub open_from: String,
    /// How many days it has been waited for since, on the day of the question; only of what is unmet.
    pub waiting: Option<i64>,
    /// How many days after the last day in time it was received, or, while it is overdue, have passed
    /// by the day of the question.
    pub days_late: Option<i64>,
    /// When it is due; absent: without a date.
    pub due: Option<DueView>,
    /// How it was met.
    pub met: Option<MetView>,
    /// Where several offices receive it: which of them had it by the day of the question.
    pub received_by: Vec<ReceiptView>,
    /// The revision of the event by which Docket recorded that its due date had passed in silence.
    /// It stays when something is received late; only the answers about one enrollment show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lapsed_by: Option<u64>,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    pub reading: Option<String>,
    /// The revision of the event that opened it; absent where no event did: the measure itself lays
    /// it on those who are not listed.
    pub opened_by: Option<u64>,
    /// That event's date; without one, the day from which the measure governs.
    pub opened_on: String,
}

impl ObligationView {
    /// An item as judged on a day, in the language of the answer.
    pub fn of(item: &DueItem<'_>, day: Day, labels: &Labels, language: Language) -> Self {
        let duty = item.duty;
        let id = &duty.obligation;
        let label = labels.obligation(id);
        let rule = duty.due.as_deref().filter(|_| duty.series.is_none());
        Self {
            obligation: id.clone(),
            label: label.map_or_else(|| id.to_string(), |text| text.get(language).to_owned()),
            owes: duty.owes.as_str(),
            owes_label: words::office(duty.owes, language),
            with: duty.with.iter().map(|office| office.as_str()).collect(),
            with_labels: duty.with.iter().map(|office| words::office(*office, language)).collect(),
            uncertain: item.is_uncertain(),
            status: item.status.as_str().to_ascii_uppercase(),
            status_label: mark_label(item.status.as_str(), language),
            due_year: item.due_year,
            open_from: item.open_from.to_string(),
            waiting: item.days_waiting(day),
            days_late: item.days_late(day),
            due: item.due.map(|due| DueView {
                on: due.as_rule_gives.to_string(),
                not_late_before: due.not_late_before.to_string(),
                holidays_known: due.holidays_known,
                rule: rule.map(|due| due.rule.to_string()).or_else(|| {
                    duty.series.as_ref().map(|series| match language {
                        Language::En => format!("every year {}", series.every),
                        Language::Zh => words::arithmetic(&series.every.to_string(), language),
                    })
                }),
                arithmetic: rule
                    .map(|due| due.arithmetic.clone())
                    .or_else(|| {
                        let (series, year) = (duty.series.as_ref()?, item.due_year?);
                        Some(format!("{} in {year} = {}", series.every, due.as_rule_gives))
                    })
                    .map(|text| words::arithmetic(&text, language)),
                start_event: rule.map(|due| due.start_event.to_string()),
                start_event_label: rule
                    .map(|due| words::event(&due.start_event, language).to_owned()),
                start: rule.map_or(&duty.opened_on, |due| &due.start).to_string().into(),
            }),
            met: item.met.map(|met| MetView {
                revision: met.by,
                effective_on: met.on.to_string(),
                received_on: met.received_on.to_string(),
                stated: met.stated,
            }),
            received_by: item
                .received_by(day)
                .map(|receipt| ReceiptView {
                    office: receipt.by.as_str(),
                    office_label: words::office(receipt.by, language),
                    on: receipt.on.to_string(),
                    stated: receipt.stated,
                })
                .collect(),
            lapsed_by: item.lapsed_by,
            article: words::article(&duty.article, language),
            reading: labels
                .0
                .reading_of_duty(id, duty.opened_on)
                .map(|text| text.get(language).to_owned()),
            opened_by: (duty.opened_by != BY_NO_EVENT).then_some(duty.opened_by),
            opened_on: duty.opened_on.to_string(),
        }
    }
}

/// A measure version with the digest of its edition.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MeasureInForce {
    /// The version.
    pub version: String,
    /// The document's number as printed, in the language of the answer; absent: it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// SHA-256 of the edition's bytes, which are kept as a document.
    pub edition: String,
}

/// The number of a version's document, as printed.
pub fn number(versions: &Versions, version: &str, language: Language) -> Option<String> {
    let number = versions.version(version)?.measure.number.as_ref()?;
    Some(number.get(language).to_owned())
}

impl MeasureInForce {
    /// The one in force on a day.
    pub fn on(versions: &Versions, day: Day, language: Language) -> Option<Self> {
        versions.in_force(day).map(|edition| Self {
            version: edition.measure.version.to_string(),
            number: edition.measure.number.as_ref().map(|text| text.get(language).to_owned()),
            edition: edition.digest.clone(),
        })
    }
}
