//! What a state answers, said apart from what lists changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use docket::domain::date::{CivilDate, Day};
use docket::domain::history::{Answer, Aspect, DutyKey};
use docket::domain::state::{Duty, State};

/// What a state answers, each by what is asked.
pub fn answered(state: &State) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    let mut says = |asked: &str, answer: Option<String>| {
        answers.extend(answer.map(|answer| (asked.to_owned(), answer)));
    };
    says("Standing", state.node.as_ref().map(|node| format!("{node}|||")));
    says("Category", state.category.as_ref().map(|id| format!("{}|||", id.as_str())));
    says("Place", state.place.as_ref().map(|place| format!("{}|||", place.category.as_str())));
    says("Term", state.term.as_ref().map(|term| format!("|{}||", term.until)));
    let until = |until: Option<CivilDate>| until.map(|until| until.to_string()).unwrap_or_default();
    let title = state.title.as_ref();
    says("Title", title.map(|title| format!("{}|{}||", title.title.as_str(), until(title.until))));
    for (at, duty) in state.duties.iter().enumerate() {
        let before = state.duties[..at].iter();
        let same = |other: &&Arc<Duty>| {
            other.obligation == duty.obligation && other.opened_by == duty.opened_by
        };
        let key = DutyKey {
            obligation: duty.obligation.clone(),
            opened_by: duty.opened_by,
            number: before.filter(same).count(),
        };
        let due = duty.due.as_ref().map(|due| due.on);
        let due = due.or(duty.series.as_ref().map(|series| series.first_due.into()));
        let due = due.or(duty.after_end.then_some(duty.open_from));
        let ended = duty.ended.as_ref().map(|ended| ended.from.to_string()).unwrap_or_default();
        says(&format!("{:?}", Aspect::Due(key.clone())), Some(format!("|{}||{ended}", until(due))));
        for (year, met) in duty.met.iter() {
            let asked = format!("{:?}", Aspect::Met(key.clone(), *year));
            says(&asked, Some(format!("|{}|{}|", met.on, met.received_on)));
        }
    }
    answers
}

pub fn worded(answer: &Answer) -> String {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let code = answer.code.as_ref().map(|code| code.as_str()).unwrap_or_default();
    let on = answer.on.map(|on| on.to_string()).unwrap_or_default();
    format!("{code}|{on}|{}|{}", day(answer.received_on), day(answer.ended))
}
