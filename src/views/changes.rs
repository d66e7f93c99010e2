//! An answer that is another than before, as REST and commands say it.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::brief::EventBrief;
use super::labels::Labels;
use crate::domain::history::{Answer, Aspect, Change, DutyKey, History};
use crate::domain::ids::{Id, Language, Node, Text};
use crate::domain::measure::Program;
use crate::domain::state::ONCE;
use crate::domain::subject::Subject;

/// An answer.
#[derive(Debug, Serialize, JsonSchema)]
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
}

/// Something that the record answers otherwise, for which days, and by which event.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeView {
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// The subject; absent: the program as a whole.
    pub subject: Option<String>,
    /// Its name, as last registered.
    pub name: String,
    /// What is asked: `standing`, `category`, `title`, `term`, `place`, `due`, `met`.
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
    /// The first day that is asked about.
    pub from_day: String,
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
        };
        Self {
            program: program.id.to_string(),
            program_name: program.name.get(language).to_owned(),
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
            from_day: change.from.to_string(),
            to_day: change.to.map(|day| day.to_string()),
            before: change.before.as_ref().map(answer),
            after: change.after.as_ref().map(answer),
            by: history
                .at(change.by)
                .map(|event| EventBrief::of(event, history.stream(), language)),
        }
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
