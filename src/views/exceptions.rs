//! Lines of the register of exceptions, as REST and commands say them.

use schemars::JsonSchema;
use serde::Serialize;

use super::brief::EventBrief;
use crate::codec;
use crate::domain::date::Day;
use crate::domain::event::{ObligationLapsed, Recorded};
use crate::domain::exceptions::{Exception, ExceptionKind};
use crate::domain::ids::{Id, Language, Text};
use crate::domain::measure::{Program, QuotaRule};
use crate::domain::quota::Taken;
use crate::domain::subject::Subject;
use crate::domain::words::{self, Given, said};
use crate::projection::obligations::LateRow;

/// How many exceptions there are of a kind.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExceptionCount {
    /// The kind.
    pub kind: &'static str,
    /// What it is called.
    pub kind_label: String,
    /// How many.
    pub count: u64,
    /// The address of the list of exactly these.
    pub opens: String,
}

/// An exception.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExceptionView {
    /// The kind.
    pub kind: &'static str,
    /// What it is called.
    pub kind_label: String,
    /// Of a finding its code, of something late the obligation.
    #[schemars(with = "Option<String>")]
    pub code: Option<Id>,
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// The subject; absent: the program as a whole.
    pub subject: Option<String>,
    /// Its name on the day.
    pub name: Option<String>,
    /// The kind of office that acted.
    pub office: Option<&'static str>,
    /// What it is called.
    pub office_label: Option<&'static str>,
    /// What is said of it, in English.
    pub sentence_en: String,
    /// The same in Chinese.
    pub sentence_zh: String,
    /// The article.
    pub article: Option<String>,
    /// Of days: the first.
    pub from_day: Option<String>,
    /// Of days: the first after them; absent: they last.
    pub to_day: Option<String>,
    /// What became of the event: `stands`, `corrected`, `annulled`, `unsupported`.
    pub fate: Option<String>,
    /// The event; absent where it is no event's.
    pub event: Option<EventBrief>,
}

impl ExceptionView {
    /// What an event says of itself.
    pub fn of(
        exception: &Exception,
        event: &Recorded,
        (program, subject): (&Program, &Subject),
        fate: Option<&str>,
        language: Language,
    ) -> Self {
        let (office, day) = (event.meta.office, event.meta.effective_on.latest());
        let stream = codec::record_stream(&program.id, subject);
        Self {
            subject: (!subject.is_program()).then(|| subject.id().to_string()),
            name: Some(subject.name_on(day).get(language).to_owned()),
            office: Some(office.as_str()),
            office_label: Some(words::office(office, language)),
            article: exception
                .article
                .as_deref()
                .map(|text| words::article(text, language).into_owned()),
            code: exception.code.clone(),
            fate: Some(fate.unwrap_or("stands").to_owned()),
            event: Some(EventBrief::of(event, &stream, language)),
            ..Self::plain(exception.kind, program, &exception.text, language)
        }
    }

    /// Something that was received late, by the event that met it.
    pub fn late(
        row: &LateRow,
        (days, label): (i64, Option<Text>),
        event: &Recorded,
        (program, subject): (&Program, &Subject),
        language: Language,
    ) -> Self {
        let label = label.unwrap_or_else(|| words::quoted(Given(&row.obligation)));
        let text = said!(
            "{what}, due {due} and owed by {office}, was received on {on}: {days} days after the last in time",
            "{office}应于{due}前履行的{what}，于{on}收到，逾期{days}天",
            what = label,
            due = row.due_on,
            office = row.owes,
            on = row.received_on,
            days = u64::try_from(days).unwrap_or_default()
        );
        let (kind, code) = (ExceptionKind::LateFiling, Some(row.obligation.clone()));
        let article = Some(row.article.clone());
        let exception = Exception { kind, code, text, article };
        Self::of(&exception, event, (program, subject), None, language)
    }

    /// Something that was not received by a day, and of which no lapse is recorded, by the event that
    /// opened it.
    pub fn silent(
        (lapse, by, label): (&ObligationLapsed, Day, Option<Text>),
        event: &Recorded,
        (program, subject): (&Program, &Subject),
        language: Language,
    ) -> Self {
        let label = label.unwrap_or_else(|| words::quoted(Given(&lapse.obligation)));
        let days = lapse.not_late_before.days_until(by);
        let text = said!(
            "{what}, due {due} and owed by {office}, was not received by {by}: {days} days after the last in time; no lapse is recorded yet",
            "{office}应于{due}前履行的{what}，至{by}仍未收到，已逾期{days}天；尚未入档",
            what = label,
            due = lapse.due,
            office = lapse.owes,
            by = by,
            days = u64::try_from(days).unwrap_or_default()
        );
        let (kind, code) = (ExceptionKind::LateFiling, Some(lapse.obligation.clone()));
        let article = Some(lapse.article.clone());
        let exception = Exception { kind, code, text, article };
        Self {
            office: Some(lapse.owes.as_str()),
            office_label: Some(words::office(lapse.owes, language)),
            ..Self::of(&exception, event, (program, subject), None, language)
        }
    }

    /// Days on which more places are taken than the limit.
    pub fn days_over(
        program: &Program,
        (category, label): (&Id, Option<&Text>),
        rule: &QuotaRule,
        taken: &Taken,
        language: Language,
    ) -> Self {
        let unnamed = || words::quoted(Given(category));
        let label = label.map_or_else(unnamed, words::quoted);
        let text = match taken.until {
            Some(until) => said!(
                "{taken} places of the category {category} are taken from {from} until before {until}, of {limit}",
                "自{from}至{until}（不含），{category}占用名额{taken}个，限额{limit}个",
                category = label,
                from = taken.from,
                until = until,
                limit = rule.limit,
                taken = taken.taken
            ),
            None => said!(
                "{taken} places of the category {category} are taken from {from} on, of {limit}",
                "自{from}起，{category}占用名额{taken}个，限额{limit}个",
                category = label,
                from = taken.from,
                limit = rule.limit,
                taken = taken.taken
            ),
        };
        Self {
            code: Some(category.clone()),
            article: Some(words::article(&rule.article, language).into_owned()),
            from_day: Some(taken.from.to_string()),
            to_day: taken.until.map(|until| until.to_string()),
            ..Self::plain(ExceptionKind::DaysOverQuota, program, &text, language)
        }
    }

    fn plain(kind: ExceptionKind, program: &Program, text: &Text, language: Language) -> Self {
        Self {
            kind: kind.as_str(),
            kind_label: kind.label().get(language).to_owned(),
            code: None,
            program: program.id.to_string(),
            program_name: program.name.get(language).to_owned(),
            subject: None,
            name: None,
            office: None,
            office_label: None,
            sentence_en: text.en.clone(),
            sentence_zh: text.zh.clone(),
            article: None,
            from_day: None,
            to_day: None,
            fate: None,
            event: None,
        }
    }
}
