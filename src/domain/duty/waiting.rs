//! Whose move it is (rule G17).
//!
//! First who the measure waits for where the enrollment stands, then what awaits a decision, then the
//! obligations that can be met by now. An act that would be refused there is nobody's move; nobody is
//! waited for where only evidence shows the standing (G10), nor by the standing once the next step is
//! decided and its effect lies ahead (G2).

use super::{DueItem, items};
use crate::domain::act::ActKind;
use crate::domain::calendar::Calendars;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Office, covered};
use crate::domain::measure::{ActRule, Measure};
use crate::domain::permitted::Question;
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
    pub article: Id,
    /// What awaits its decision; absent: the standing or an obligation waits for it.
    pub matter: Option<Id>,
}

/// Who is waited for in a state as of a day, by the measure in force on it: each office and act
/// once, since the first day on which it is.
pub fn waiting_for(state: &State, measure: &Measure, day: Day) -> Vec<Waiting> {
    waiting_among(state, measure, day, &items(state, day, &Calendars::default()))
}

/// The same, where the obligations as of that day are at hand, those of who is not listed among them.
/// Rest days move due dates, never the day from which an act can be done, so the calendar they were
/// judged by is of no matter.
pub fn waiting_among(
    state: &State,
    measure: &Measure,
    day: Day,
    items: &[DueItem<'_>],
) -> Vec<Waiting> {
    let mut found: Vec<Waiting> = Vec::new();
    let mut add = |waiting| note(&mut found, waiting);
    let may = |kind: ActKind, office: Office| {
        let rule = Question { measure, state, day, kind, office }.allows();
        rule.is_some_and(|rule| !is_anothers_turn(measure, state, rule))
    };
    if let (Some(node), Some(since), true) = (&state.node, state.node_since, state.ahead.is_empty())
        && !state.is_evidenced_only()
    {
        let mut waits = false;
        for rule in measure.waiting_at(node) {
            if (rule.otherwise && waits) || !may(rule.act, rule.office) {
                continue;
            }
            waits = true;
            let article = Id::from(&rule.article);
            add(Waiting { office: rule.office, act: rule.act, since, article, matter: None });
        }
    }
    for (matter, open) in state.matters.iter() {
        let decides = deciding(measure, state, matter);
        if let Some((rule, office)) = decides.filter(|(rule, office)| may(rule.act, *office)) {
            let article = Id::from(&rule.article);
            let matter = Some(matter.clone());
            add(Waiting { office, act: rule.act, since: open.since, article, matter });
        }
    }
    // Of a duty that recurs the answer is the same every year.
    let mut asked: Vec<(&Id, Office, Option<ActKind>)> = Vec::new();
    let mut act_of = |obligation, office| {
        if let Some(known) = asked.iter().find(|known| known.0 == obligation && known.1 == office) {
            return known.2;
        }
        let act = owed_act(measure, state, obligation, office, &may);
        asked.push((obligation, office, act));
        act
    };
    for item in items {
        // What ended overdue stays on record as that; nobody can meet it any more.
        let over = item.duty.ended.is_some();
        let decided = state.ahead.values().any(|ahead| ahead.meets.contains(&item.duty.obligation));
        if over || decided || !item.status.is_unmet() || item.open_from.latest() > day {
            continue;
        }
        // Who joins in it is waited for as well, also where another office does the act for both.
        let (obligation, owes) = (&item.duty.obligation, item.duty.owes);
        let joint = act_of(obligation, owes);
        for office in std::iter::once(owes).chain(item.duty.with.iter().copied()) {
            if let Some(act) = act_of(obligation, office).or(joint) {
                let article = item.duty.article.clone();
                add(Waiting { office, act, since: item.open_from, article, matter: None });
            }
        }
    }
    found
}

/// Notes who is waited for: each office and act once, since the first day.
fn note(found: &mut Vec<Waiting>, waiting: Waiting) {
    let known = found.iter_mut().find(|one| one.office == waiting.office && one.act == waiting.act);
    match known {
        Some(known) => {
            if waiting.since.latest() < known.since.latest() {
                known.since = waiting.since;
            }
            known.matter = known.matter.take().or(waiting.matter);
        }
        None => found.push(waiting),
    }
}

/// Who is waited for to decide or to go on, in a state as of a day: the obligations are left out, and so is
/// what would meet one of those that are unmet, which says of itself that it waits. Of one office, if it is
/// named; `items` is asked for the obligations where it depends on them.
pub fn decisions_among<'s>(
    state: &State,
    measure: &Measure,
    (day, office): (Day, Option<Office>),
    items: impl FnOnce() -> Vec<DueItem<'s>>,
) -> Vec<Waiting> {
    let mut waiting = waiting_among(state, measure, day, &[]);
    waiting.retain(|one| office.is_none_or(|asked| asked == one.office));
    if waiting.iter().all(|one| one.matter.is_some()) {
        return waiting;
    }
    let items = items();
    let is_owed = |waiting: &Waiting| {
        let unmet = items.iter().filter(|item| {
            let offices = std::iter::once(&item.duty.owes).chain(&item.duty.with);
            item.status.is_unmet()
                && item.duty.ended.is_none()
                && item.open_from.latest() <= day
                && offices.into_iter().any(|office| *office == waiting.office)
        });
        let met_by = |item: &DueItem<'_>| {
            let mut rules = measure.rules(waiting.act).filter(|r| r.by.contains(&waiting.office));
            rules.any(|rule| rule.can_meet(&item.duty.obligation))
        };
        waiting.matter.is_none() && unmet.into_iter().any(met_by)
    };
    waiting.retain(|one| !is_owed(one));
    waiting
}

/// Whether an act would answer what now awaits a decision by another act: whoever asked for that
/// decision has made its move.
fn is_anothers_turn(measure: &Measure, state: &State, rule: &ActRule) -> bool {
    let open = rule.answers.as_ref().filter(|matter| state.matters.contains_key(*matter));
    open.and_then(|matter| deciding(measure, state, matter))
        .is_some_and(|(decides, _)| decides.act != rule.act)
}

/// The first rule that decides a matter where the enrollment stands; where none does, one that
/// answers it.
fn deciding<'m>(measure: &'m Measure, state: &State, matter: &Id) -> Option<(&'m ActRule, Office)> {
    let here = |rule: &&ActRule| covered(&rule.from, state.node.as_ref());
    let rules = || measure.acts.iter().filter(here);
    let rule = rules()
        .find(|rule| rule.decides.as_ref() == Some(matter))
        .or_else(|| rules().find(|rule| rule.answers.as_ref() == Some(matter)))?;
    Some((rule, *rule.by.first()?))
}

/// The act by which an office can meet a duty where the enrollment stands: the one that meets it, or,
/// where another office meets it by a decision, the one that asks for that decision.
fn owed_act(
    measure: &Measure,
    state: &State,
    obligation: &Id,
    office: Office,
    may: &dyn Fn(ActKind, Office) -> bool,
) -> Option<ActKind> {
    let by = |rule: &&ActRule| rule.by.contains(&office);
    let meets = |rule: &&ActRule| rule.can_meet(obligation);
    let mut own = measure.acts.iter().filter(by).filter(meets);
    if let Some(own) = own.find(|rule| may(rule.act, office)) {
        return Some(own.act);
    }
    let here = |rule: &&ActRule| covered(&rule.from, state.node.as_ref());
    let mut deciding = measure.acts.iter().filter(|rule| rule.decides.is_some());
    let matter = deciding.find(|rule| here(rule) && meets(rule))?.decides.as_ref()?;
    if state.matters.contains_key(matter) {
        return None;
    }
    let mut asking = measure.acts.iter().filter(|rule| rule.opens.as_ref() == Some(matter));
    asking.find(|rule| rule.by.contains(&office) && may(rule.act, office)).map(|rule| rule.act)
}
