//! An answer that is another than before, as REST and commands say it.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::brief::EventBrief;
use super::labels::Labels;
use crate::domain::history::{Answer, Aspect, Change, DutyKey, History};
use crate::domain::ids::{Id, Language, Node, SubjectId, Text};
use crate::domain::indicator::{FigureChange, Observation};
use crate::domain::measure::Program;
use crate::domain::state::ONCE;
use crate::domain::subject::Subject;
use crate::domain::text::NonBlank;
use crate::domain::words;
use crate::projection::audit_trail::bounded;

/// An answer.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct AnswerView {
    /// A standing, a category, a title.
    #[schemars(with = "Option<String>")]
    pub code: Option<Id>,
    /// What that is called.
    pub code_label: Option<String>,
    /// The last day of a title or term; when something is due; from when counts what met it.
    pub on: Option<String>,
    /// When what met it was received.
    pub received_on: Option<String>,
    /// The day after which it binds no longer.
    pub ended_on: Option<String>,
    /// A figure in words: `more than 12.60 per 10,000 persons`.
    pub figure: Option<String>,
    /// Its value, as printed.
    pub value: Option<String>,
    /// Its unit.
    pub unit: Option<String>,
    /// Who says so.
    pub source: Option<String>,
}

/// What a figure is of.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FigureOf {
    /// The indicator.
    #[schemars(with = "String")]
    pub indicator: Id,
    /// What the measure that declares it calls it; else its id.
    pub indicator_label: String,
    /// The period.
    pub period: String,
    /// What of the period.
    pub basis: Option<String>,
    /// What it covers, where that is not the division as a whole.
    pub coverage: Option<String>,
}

/// Something that the record answers otherwise, for which days, and by which event.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeView {
    /// The program; absent: it is a figure of a division.
    pub program: Option<String>,
    /// Its name.
    pub program_name: Option<String>,
    /// The subject, or the division of a figure; absent: the program as a whole.
    pub subject: Option<String>,
    /// Its name, as last registered.
    pub name: String,
    /// What is asked: `standing`, `category`, `title`, `term`, `place`, `due`, `met`, `figure`.
    pub asked: &'static str,
    /// What that is called.
    pub asked_label: &'static str,
    /// The obligation, where one is meant.
    #[schemars(with = "Option<String>")]
    pub obligation: Option<Id>,
    /// What it is called.
    pub obligation_label: Option<String>,
    /// The revision of the event that opened it.
    pub opened_by: Option<u64>,
    /// The year of the due date, of what recurs.
    pub year: Option<i32>,
    /// Of a figure: its indicator, period and what it covers.
    pub figure_of: Option<FigureOf>,
    /// The first day that is asked about, of a figure that of its period; absent: the period has none.
    pub from_day: Option<String>,
    /// The first day for which it is no longer so; absent: for all later days.
    pub to_day: Option<String>,
    /// What was answered; absent: nothing.
    pub before: Option<AnswerView>,
    /// What is answered; absent: nothing.
    pub after: Option<AnswerView>,
    /// The event by which it is.
    pub by: Option<EventBrief>,
}

impl ChangeView {
    /// A change in a history.
    pub fn of(
        change: &Change,
        history: &History,
        (program, versions, subject): (&Program, &Labels, &Subject),
        language: Language,
    ) -> Self {
        let (asked, labels) = asked(&change.aspect);
        let duty = duty(&change.aspect);
        let said = |text: &Text| text.get(language).to_owned();
        let answer = |answer: &Answer| AnswerView {
            code: answer.code.clone(),
            code_label: answer
                .code
                .as_ref()
                .and_then(|code| label(&change.aspect, code, versions))
                .map(|text| said(&text)),
            on: answer.on.map(|on| on.to_string()),
            received_on: answer.received_on.map(|day| day.to_string()),
            ended_on: answer.ended.map(|day| day.to_string()),
            ..AnswerView::default()
        };
        Self {
            program: Some(program.id.to_string()),
            program_name: Some(program.name.get(language).to_owned()),
            subject: (!subject.is_program()).then(|| subject.id().to_string()),
            name: name(subject).get(language).to_owned(),
            asked,
            asked_label: labels[usize::from(language == Language::Zh)],
            obligation: duty.map(|(key, _)| key.obligation.clone()),
            obligation_label: duty
                .and_then(|(key, _)| versions.obligation(&key.obligation))
                .map(said),
            opened_by: duty.map(|(key, _)| key.opened_by),
            year: duty.and_then(|(_, year)| year),
            figure_of: None,
            from_day: Some(change.from.to_string()),
            to_day: change.to.map(|day| day.to_string()),
            before: change.before.as_ref().map(answer),
            after: change.after.as_ref().map(answer),
            by: history
                .at(change.by)
                .map(|event| EventBrief::of(event, history.stream(), language)),
        }
    }
}

impl ChangeView {
    /// A change of a figure of a division, whose id and name are given, by an event.
    pub fn figure(
        change: &FigureChange<'_>,
        (division, name): (&SubjectId, &Text),
        label: impl Fn(&Id) -> String,
        by: EventBrief,
        language: Language,
    ) -> Option<Self> {
        let of = change.of()?;
        let text = |text: &Option<NonBlank>| text.as_ref().map(ToString::to_string);
        let answer = |one: &Observation| {
            let value = bounded(one.bound, one.value.as_str(), language);
            AnswerView {
                figure: Some(format!("{value} {}", one.unit)),
                value: Some(one.value.to_string()),
                unit: Some(one.unit.to_string()),
                source: Some(one.source.to_string()),
                ..AnswerView::default()
            }
        };
        Some(Self {
            program: None,
            program_name: None,
            subject: Some(division.to_string()),
            name: name.get(language).to_owned(),
            asked: "figure",
            asked_label: words::pick(language, "figure", "指标数据"),
            obligation: None,
            obligation_label: None,
            opened_by: None,
            year: None,
            figure_of: Some(FigureOf {
                indicator: of.indicator.clone(),
                indicator_label: label(&of.indicator),
                period: of.period.to_string(),
                basis: text(&of.basis),
                coverage: text(&of.coverage),
            }),
            from_day: of.period.earliest().map(|day| day.to_string()),
            to_day: Some(of.period.latest().next().to_string()),
            before: change.before.map(answer),
            after: change.after.map(answer),
            by: Some(by),
        })
    }
}

/// The name that it was last given.
fn name(subject: &Subject) -> &Text {
    subject.names.last().map_or(&subject.registration.name, |(_, name)| name)
}

fn asked(aspect: &Aspect) -> (&'static str, [&'static str; 2]) {
    match aspect {
        Aspect::Standing => ("standing", ["standing", "所处阶段"]),
        Aspect::Category => ("category", ["category", "类型"]),
        Aspect::Title => ("title", ["title", "称号"]),
        Aspect::Term => ("term", ["term", "期限"]),
        Aspect::Place => ("place", ["place", "名额"]),
        Aspect::Due(_) => ("due", ["due", "到期"]),
        Aspect::Met(..) => ("met", ["met", "履行"]),
    }
}

fn duty(aspect: &Aspect) -> Option<(&DutyKey, Option<i32>)> {
    match aspect {
        Aspect::Due(key) => Some((key, None)),
        Aspect::Met(key, year) => Some((key, (*year != ONCE).then_some(*year))),
        Aspect::Standing | Aspect::Category | Aspect::Title | Aspect::Term | Aspect::Place => None,
    }
}

fn label<'a>(aspect: &Aspect, code: &Id, labels: &Labels<'a>) -> Option<Cow<'a, Text>> {
    match aspect {
        Aspect::Standing => labels.0.label(&Node::parse(code).ok()?).map(Cow::Owned),
        Aspect::Category | Aspect::Place => labels.category(code).map(Cow::Borrowed),
        Aspect::Title => labels.title(code).map(Cow::Borrowed),
        Aspect::Term | Aspect::Due(_) | Aspect::Met(..) => None,
    }
}
