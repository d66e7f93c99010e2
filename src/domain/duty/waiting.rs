//! Whose move it is (rule G17).
//!
//! First the rule of the place where the enrollment stands, then what awaits a decision, then the
//! obligations that can be met by now. An act that would be refused there is nobody's move.

use super::{DueItem, items};
use crate::domain::act::ActKind;
use crate::domain::calendar::Calendars;
use crate::domain::date::{CivilDate, Day};
use crate::domain::evolve::holds;
use crate::domain::ids::{Node, Office, covered};
use crate::domain::measure::{ActRule, Matter, Measure};
use crate::domain::state::State;

/// An office that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Whose move it is.
    pub office: Office,
    /// The act that it is expected to do.
    pub act: ActKind,
    /// Since when.
    pub since: CivilDate,
    /// The article that makes it its move.
    pub article: String,
}

/// Who is waited for in a state as of a day, by the measure in force on it: each office and act
/// once, since the first day on which it is.
pub fn waiting_for(state: &State, measure: &Measure, day: Day) -> Vec<Waiting> {
    waiting_among(state, measure, day, &items(state, day, &Calendars::default()))
}

/// The same, where the state's obligations as of that day are at hand. Rest days move due dates,
/// never the day from which an act can be done, so the calendar they were judged by is of no matter.
pub fn waiting_among(
    state: &State,
    measure: &Measure,
    day: Day,
    items: &[DueItem<'_>],
) -> Vec<Waiting> {
    let mut found: Vec<Waiting> = Vec::new();
    let mut add = |waiting: Waiting| match found
        .iter_mut()
        .find(|w| w.office == waiting.office && w.act == waiting.act)
    {
        Some(known) if waiting.since.latest() < known.since.latest() => {
            known.since = waiting.since;
        }
        Some(_) => {}
        None => found.push(waiting),
    };
    if let (Some(node), Some(since)) = (&state.node, state.node_since)
        && let Some(rule) =
            std::iter::successors(measure.waiting_at(node), |rule| rule.then.as_deref())
                .find(|rule| possible(measure, state, node, rule.act, rule.office, day))
    {
        let article = rule.article.clone();
        add(Waiting { office: rule.office, act: rule.act, since, article });
    }
    for (matter, open) in state.matters.iter() {
        if let Some((rule, office)) = deciding(measure, state, *matter) {
            let article = rule.article.clone();
            add(Waiting { office, act: rule.act, since: open.since, article });
        }
    }
    for item in items {
        // What ended overdue stays on record as that; nobody can meet it any more.
        let over = item.duty.ended.is_some();
        if over || !item.status.is_unmet() || item.open_from.latest() > day {
            continue;
        }
        if let Some(act) = owed_act(measure, state, item) {
            let (office, since) = (item.duty.owes, item.open_from);
            add(Waiting { office, act, since, article: item.duty.article.to_string() });
        }
    }
    found
}

fn possible(
    measure: &Measure,
    state: &State,
    node: &Node,
    act: ActKind,
    office: Office,
    day: Day,
) -> bool {
    measure.rules(act).filter(|rule| rule.by.contains(&office)).any(|rule| {
        covered(&rule.from, Some(node))
            && rule.needs.iter().all(|need| holds(*need, state, day))
            && rule.opens.is_none_or(|matter| !state.matters.contains_key(&matter))
            && rule.decides.is_none_or(|matter| state.matters.contains_key(&matter))
    })
}

/// The first rule that decides a matter where the enrollment stands; where none does, one that
/// answers it.
fn deciding<'m>(
    measure: &'m Measure,
    state: &State,
    matter: Matter,
) -> Option<(&'m ActRule, Office)> {
    let here = |rule: &&ActRule| covered(&rule.from, state.node.as_ref());
    let mut rules = measure.acts.iter().filter(here);
    let rule = rules
        .find(|rule| rule.decides == Some(matter))
        .or_else(|| measure.acts.iter().filter(here).find(|rule| rule.answers == Some(matter)))?;
    Some((rule, *rule.by.first()?))
}

/// The act by which who owes can meet a duty where the enrollment stands: the one that meets it,
/// or, where another office meets it by a decision, the one that asks for that decision.
fn owed_act(measure: &Measure, state: &State, item: &DueItem<'_>) -> Option<ActKind> {
    let here = |rule: &&ActRule| covered(&rule.from, state.node.as_ref());
    let owes = item.duty.owes;
    let meets = || {
        let rules = measure.acts.iter().filter(here);
        rules.filter(|rule| rule.meets.contains(&item.duty.obligation))
    };
    if let Some(own) = meets().find(|rule| rule.by.contains(&owes)) {
        return Some(own.act);
    }
    let matter = meets().find_map(|rule| rule.decides)?;
    if state.matters.contains_key(&matter) {
        return None;
    }
    let mut asking = measure.acts.iter().filter(here);
    asking.find(|rule| rule.opens == Some(matter) && rule.by.contains(&owes)).map(|rule| rule.act)
}
