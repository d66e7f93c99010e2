//! What is decided of the data of a person, and who read them, in sentences. No name stands in one: the
//! record has none that it could show.

use crate::domain::ids::Language;
use crate::domain::person::{PersonEvent, PersonOpened};
use crate::domain::words::all_of;

/// What was decided.
pub(super) fn decided(event: &PersonEvent, language: Language) -> String {
    match (event, language) {
        (PersonEvent::HoldPlaced(hold), Language::En) => {
            format!(
                "the personal data of {} were put under a legal hold: {}",
                hold.data_subject, hold.reason
            )
        }
        (PersonEvent::HoldPlaced(hold), Language::Zh) => {
            format!("对信息主体{}的个人信息依法予以保全：{}", hold.data_subject, hold.reason)
        }
        (PersonEvent::HoldLifted(lifted), Language::En) => format!(
            "the legal hold of revision {} on the personal data of {} was lifted: {}",
            lifted.hold, lifted.data_subject, lifted.reason
        ),
        (PersonEvent::HoldLifted(lifted), Language::Zh) => format!(
            "解除对信息主体{}个人信息的保全（修订号{}）：{}",
            lifted.data_subject, lifted.hold, lifted.reason
        ),
        (PersonEvent::Erased(erased), _) => {
            let ground = erased.ground.label().get(language);
            let (of, statement) = (&erased.data_subject, &erased.statement);
            match language {
                Language::En => {
                    format!("the personal data of {of} were erased, since {ground}: {statement}")
                }
                Language::Zh => format!("删除信息主体{of}的个人信息，依据：{ground}；{statement}"),
            }
        }
    }
}

/// Who was read of.
pub(super) fn opened(opened: &PersonOpened, language: Language) -> String {
    let persons: Vec<String> = opened.data_subjects.iter().map(ToString::to_string).collect();
    let (persons, event) = (all_of(&persons, language), &opened.event);
    match language {
        Language::En => {
            format!("the personal data of {persons} in {event} were opened: {}", opened.reason)
        }
        Language::Zh => format!("查看{event}所载{persons}的个人信息：{}", opened.reason),
    }
}
