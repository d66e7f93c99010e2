//! What an event says, as a sentence in English or Chinese (rule G8): when, who, what was done, what
//! was decided by it, under which article.
//!
//! The labels are the measure's; a new act needs its words in `en` and `zh`, and the compiler asks
//! for them.

mod decided;
mod en;
mod lapsed;
mod own;
mod zh;

use super::dates::when;
use crate::domain::act::RecordedAct;
use crate::domain::event::{Event, Fact, Recorded};
use crate::domain::ids::{Id, Language, Node, Office, Text};
use crate::domain::measure::{Measure, Versions};

pub use own::own_sentence;

/// What an event of an enrollment says. `subject` is the subject's name on the event's day.
pub fn sentence(
    recorded: &Recorded,
    subject: &Text,
    versions: &Versions,
    language: Language,
) -> String {
    let words = Words { recorded, subject: subject.get(language), versions, language };
    match &recorded.event {
        Event::Acted(fact) => words.acted(fact),
        Event::ApprovalAbandoned(abandoned) => match language {
            Language::En => format!(
                "Docket recorded that an approval of {} was abandoned and its reservation ({}) can be released; no standing changes.",
                words.subject, abandoned.reservation
            ),
            Language::Zh => format!(
                "系统记录：{}的一项审批已放弃，其名额预留（{}）可以释放；状态不变。",
                words.subject, abandoned.reservation
            ),
        },
        Event::ObligationLapsed(lapse) => words.lapsed(lapse),
        Event::MeasureSucceeded(succeeded) => words.succeeded(succeeded),
    }
}

/// What the words of a sentence are taken from.
struct Words<'a> {
    recorded: &'a Recorded,
    subject: &'a str,
    versions: &'a Versions,
    language: Language,
}

impl Words<'_> {
    fn acted(&self, fact: &Fact) -> String {
        let meta = &self.recorded.meta;
        let (when, office) = (when(&meta.effective_on, self.language), self.office());
        let decided = self.decided(fact);
        let article = meta.article.as_deref().map(|text| article(text, self.language));
        let archive = meta.archive.then(|| self.pick("recorded from an archive", "据档案补录"));
        let parts = decided.into_iter().chain(archive.map(str::to_owned));
        match self.language {
            Language::En => {
                let article = article.map(|article| format!(" ({article})")).unwrap_or_default();
                let mut text = format!("{when} {office} {}{article}", self.done(&fact.act));
                parts.for_each(|part| text.push_str(&format!("; {part}")));
                format!("{text}.")
            }
            Language::Zh => {
                let article = article.map(|article| format!("（{article}）")).unwrap_or_default();
                let mut text = format!("{when}，{office}{}{article}", self.done(&fact.act));
                parts.for_each(|part| text.push_str(&format!("；{part}")));
                format!("{text}。")
            }
        }
    }

    /// What was done; where the content can't be read, only which act it was.
    fn done(&self, act: &RecordedAct) -> String {
        let label = act.kind().label().get(self.language);
        match (act.read(), self.language) {
            (Ok(act), Language::En) => en::done(self, act),
            (Ok(act), Language::Zh) => zh::done(self, act),
            (Err(error), Language::En) => format!("recorded “{label}” ({error})"),
            (Err(_), Language::Zh) => format!("记录“{label}”（其内容无法读取）"),
        }
    }

    /// The office under its name of that day; where none is recorded, what kind of office it is.
    fn office(&self) -> String {
        let meta = &self.recorded.meta;
        let name = meta.office_name.get(self.language);
        if !name.is_empty() {
            return name.to_owned();
        }
        office(meta.office, self.language).to_owned()
    }

    fn pick<'t>(&self, en: &'t str, zh: &'t str) -> &'t str {
        match self.language {
            Language::En => en,
            Language::Zh => zh,
        }
    }

    /// The label of something the measure names, in the version that governed the event if that
    /// has it, else in the newest that has it; else its id.
    fn label(&self, id: &str, find: impl Fn(&Measure) -> Option<Text>) -> String {
        let governing = self.recorded.meta.measure.as_deref();
        let edition = governing.and_then(|version| self.versions.version(version));
        let found = edition.and_then(|edition| find(&edition.measure));
        let found = found.or_else(|| self.versions.find(&find));
        found.map_or_else(|| id.to_owned(), |text| text.get(self.language).to_owned())
    }

    fn node(&self, node: &Node) -> String {
        self.label(node.as_str(), |measure| measure.label(node))
    }

    fn category(&self, id: &Id) -> String {
        self.label(id, |measure| measure.category(id).map(|category| category.label.clone()))
    }

    fn title(&self, id: &Id) -> String {
        self.label(id, |measure| {
            let kind = measure.title_kinds.iter().find(|kind| kind.id == *id)?;
            Some(kind.label.clone())
        })
    }

    fn obligation(&self, id: &Id) -> String {
        self.label(id, |measure| measure.obligation(id).map(|found| found.label.clone()))
    }

    fn task(&self, id: &Id) -> String {
        self.label(id, |measure| {
            let tasks = measure.categories.iter().flat_map(|category| &category.tasks);
            tasks.into_iter().find(|task| task.id == *id).map(|task| task.label.clone())
        })
    }

    fn phase(&self, id: &Id) -> String {
        self.label(id, |measure| measure.phase(id).map(|phase| phase.label.clone()))
    }

    /// A result as printed.
    fn result(&self, id: &Id) -> String {
        let words = match id.as_str() {
            "excellent" => ("excellent", "优秀"),
            "qualified" => ("qualified", "合格"),
            "unqualified" => ("unqualified", "不合格"),
            "passed" => ("passed", "通过"),
            "failed" => ("failed", "未通过"),
            other => (other, other),
        };
        self.pick(words.0, words.1).to_owned()
    }
}

/// A citation: `Art. 5, Art. 6(3)` in Chinese `第5条、第6条(3)`; other forms as they are.
fn article(text: &str, language: Language) -> String {
    let chinese = |part: &str| {
        let Some(rest) = part.strip_prefix("Art. ") else { return part.to_owned() };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = rest.split_at(digits);
        format!("第{number}条{rest}")
    };
    match language {
        Language::En => text.to_owned(),
        Language::Zh => text.split(", ").map(chinese).collect::<Vec<_>>().join("、"),
    }
}

/// What kind of office acts.
pub fn office(office: Office, language: Language) -> &'static str {
    let (en, zh) = match office {
        Office::NationalOffice => ("the national IP office", "国家知识产权局"),
        Office::ProvincialDepartment => ("the provincial IP department", "省级知识产权管理部门"),
        Office::Province => ("the province", "省级人民政府"),
        Office::LocalGovernment => ("the local people's government", "地方人民政府"),
        Office::Registrar => ("the registrar", "登记员"),
        Office::Docket => ("Docket", "系统"),
    };
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}
