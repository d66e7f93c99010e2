//! Parts that several answers have: an event in short, a label, an obligation.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::labels::Labels;
use super::sequence::sequence;
use crate::domain::calendar::AdjustedDate;
use crate::domain::date::Day;
use crate::domain::duty::{BY_NO_EVENT, DueItem};
use crate::domain::event::{EventMeta, Recorded};
use crate::domain::event_type::Own;
use crate::domain::ids::{EventRef, Language, Text};
use crate::domain::measure::Versions;
use crate::domain::words;

/// Something with an id and its label in the language of the answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Labelled<'a> {
    /// The id.
    pub id: Cow<'a, str>,
    /// The label.
    pub label: Cow<'a, str>,
}

impl<'a> Labelled<'a> {
    /// An id with its label, or itself where it has none.
    pub fn new(id: &'a str, label: Option<&'a Text>, language: Language) -> Self {
        Self { id: id.into(), label: worded(label, id, language).into() }
    }
}

/// A text in the language of the answer; an id where there is none.
pub fn worded<'a>(text: Option<&'a Text>, id: &'a str, language: Language) -> &'a str {
    text.map_or(id, |text| text.get(language))
}

/// The label of a mark, such as `ATTESTED`.
pub fn mark_label(mark: &str, language: Language) -> &str {
    words::marked(mark, language).unwrap_or(mark)
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
        let reference = event.reference(stream);
        Self::new(reference, event.event.event_type(), event.sequence, &event.meta, language)
    }

    /// An event of Docket's own, such as a figure of a division.
    pub fn own(event: (EventRef, Own, u64), meta: &EventMeta, language: Language) -> Self {
        let (reference, own, sequence) = event;
        Self::new(reference, own.recorded_as().name, Some(sequence), meta, language)
    }

    fn new(
        reference: EventRef,
        event_type: &'static str,
        at: Option<u64>,
        meta: &EventMeta,
        language: Language,
    ) -> Self {
        let article = meta.article.as_deref();
        Self {
            id: reference.id,
            reference: reference.to_string(),
            event_type,
            type_label: words::event(event_type, language),
            revision: reference.revision,
            sequence: at.map(sequence),
            effective_on: meta.effective_on.to_string(),
            recorded_at: meta.recorded_at.to_rfc3339(),
            article: article.map(|text| words::article(text, language).into_owned()),
            exercise: meta.exercise,
        }
    }
}

/// When something is due.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DueView<'a> {
    /// As the rule gives it.
    pub on: &'a str,
    /// The last day in time, moved to a working day.
    #[schemars(with = "String")]
    pub not_late_before: Day,
    /// Whether the calendars of all days looked at are on record.
    pub holidays_known: bool,
    /// The rule.
    pub rule: Option<Cow<'a, str>>,
    /// How it follows.
    pub arithmetic: Option<Cow<'a, str>>,
    /// The type of the event from which it runs; for what recurs see `opened_by`.
    pub start_event: Option<&'a str>,
    /// What that is called.
    pub start_event_label: Option<&'a str>,
    /// That event's date; for what recurs, that of the event that opened the series.
    pub start: Option<&'a str>,
}

/// How something due was met.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MetView<'a> {
    /// The revision of the event that met it.
    pub revision: u64,
    /// Its date.
    pub effective_on: &'a str,
    /// The day of receipt.
    #[schemars(with = "String")]
    pub received_on: Day,
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
    #[schemars(with = "String")]
    pub on: Day,
    /// Whether that day was stated, rather than that of recording.
    pub stated: bool,
}

// Most of an answer is these, so they borrow what they say.
/// One obligation as of a day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObligationView<'a> {
    /// The obligation's id in the measure.
    pub obligation: &'a str,
    /// Its label.
    pub label: &'a str,
    /// The office that owes it.
    pub owes: &'static str,
    /// What it is called.
    pub owes_label: &'static str,
    /// The offices that owe it together with that one.
    pub with: Vec<&'static str>,
    /// What they are called.
    pub with_labels: Vec<&'static str>,
    /// `OPEN`, `MET`, `LATE`, `OVERDUE`, `WAIVED` or `NOT_IN_THE_RECORD`.
    pub status: &'static str,
    /// What that is called.
    pub status_label: &'static str,
    /// Whether it is owed at all depends on a date that does not say so; then it is never overdue.
    pub uncertain: bool,
    /// For a recurring one: the year of the due date.
    pub due_year: Option<i32>,
    /// From when it can be met.
    pub open_from: &'a str,
    /// How many days it has been waited for since, on the day of the question; only of what is unmet.
    pub waiting: Option<i64>,
    /// How many days after the last day in time it was received, or, while it is overdue, have passed
    /// by the day of the question.
    pub days_late: Option<i64>,
    /// When it is due; absent: without a date.
    pub due: Option<DueView<'a>>,
    /// How it was met.
    pub met: Option<MetView<'a>>,
    /// Where several offices receive it: which of them had it by the day of the question.
    pub received_by: Vec<ReceiptView>,
    /// The revision of the event by which Docket recorded that its due date had passed in silence.
    /// It stays when something is received late; only the answers about one enrollment show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lapsed_by: Option<u64>,
    /// The article.
    pub article: Cow<'a, str>,
    /// Our choice where the text is silent.
    pub reading: Option<&'a str>,
    /// The revision of the event that opened it; absent where no event did: the measure itself lays
    /// it on those who are not listed.
    pub opened_by: Option<u64>,
    /// That event's date; without one, the day from which the measure governs.
    pub opened_on: &'a str,
}

impl<'a> ObligationView<'a> {
    /// An item as judged on a day, in the language of the answer.
    pub fn of(item: &'a DueItem<'_>, day: Day, labels: Labels<'a>, language: Language) -> Self {
        let duty = item.duty;
        let id = &duty.obligation;
        Self {
            obligation: id,
            label: worded(labels.obligation(id), id, language),
            owes: duty.owes.as_str(),
            owes_label: words::office(duty.owes, language),
            with: duty.with.iter().map(|office| office.as_str()).collect(),
            with_labels: duty.with.iter().map(|office| words::office(*office, language)).collect(),
            uncertain: item.is_uncertain(),
            status: item.status.mark(),
            status_label: mark_label(item.status.mark(), language),
            due_year: item.due_year,
            open_from: item.open_from.as_str(),
            waiting: item.days_waiting(day),
            days_late: item.days_late(day),
            due: item.due.as_ref().map(|due| DueView::of(item, due, language)),
            met: item.met.map(|met| MetView {
                revision: met.by,
                effective_on: met.on.as_str(),
                received_on: met.received_on,
                stated: met.stated,
            }),
            received_by: item
                .received_by(day)
                .map(|receipt| ReceiptView {
                    office: receipt.by.as_str(),
                    office_label: words::office(receipt.by, language),
                    on: receipt.on,
                    stated: receipt.stated,
                })
                .collect(),
            lapsed_by: item.lapsed_by,
            article: words::article(&duty.article, language),
            reading: labels.0.reading_of_duty(id, duty.opened_on).map(|text| text.get(language)),
            opened_by: (duty.opened_by != BY_NO_EVENT).then_some(duty.opened_by),
            opened_on: duty.opened_on.as_str(),
        }
    }
}

impl<'a> DueView<'a> {
    fn of(item: &'a DueItem<'_>, due: &'a AdjustedDate, language: Language) -> Self {
        let duty = item.duty;
        let view = Self {
            on: due.as_rule_gives.as_str(),
            not_late_before: due.not_late_before,
            holidays_known: due.holidays_known,
            rule: None,
            arithmetic: None,
            start_event: None,
            start_event_label: None,
            start: Some(duty.opened_on.as_str()),
        };
        match (&duty.series, &duty.due) {
            (Some(series), _) => {
                let every = series.every.to_string();
                let sum = item.due_year.map(|year| {
                    let sum = format!("{every} in {year} = {}", due.as_rule_gives);
                    words::arithmetic(&sum, language).into_owned().into()
                });
                let rule = match language {
                    Language::En => format!("every year {every}"),
                    Language::Zh => words::arithmetic(&every, language).into_owned(),
                };
                Self { rule: Some(rule.into()), arithmetic: sum, ..view }
            }
            (None, Some(ruled)) => Self {
                rule: Some(ruled.rule.as_str().into()),
                arithmetic: Some(words::arithmetic(&ruled.arithmetic, language)),
                start_event: Some(&ruled.start_event),
                start_event_label: Some(words::event(&ruled.start_event, language)),
                start: Some(ruled.start.as_str()),
                ..view
            },
            (None, None) => view,
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
