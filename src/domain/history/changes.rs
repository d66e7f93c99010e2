//! What a record answers otherwise than it did when less of it was known: for which days, and by which
//! event.

use std::collections::{BTreeMap, HashMap};

use super::{Effective, Fate, History};
use crate::domain::date::{CivilDate, Day};
use crate::domain::evolve::evolve;
use crate::domain::ids::Id;
use crate::domain::state::{Duty, State};

/// What is asked about an enrollment on a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// Where it stands.
    Standing,
    /// Its category.
    Category,
    /// The title that it holds.
    Title,
    /// The term that runs or ran.
    Term,
    /// The place of a quota that it holds.
    Place,
    /// When something is due.
    Due(DutyKey),
    /// Whether it was met; of what recurs, by the year of the due date.
    Met(DutyKey, i32),
}

/// One duty of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DutyKey {
    /// The obligation.
    pub obligation: Id,
    /// The revision of the event that opened it.
    pub opened_by: u64,
    /// Its number among those of the same obligation that this event opened.
    pub number: usize,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// A node, a category, a title.
    pub code: Option<Id>,
    /// A last day, a due date, the day of what met it.
    pub on: Option<CivilDate>,
    /// When what met it was received.
    pub received_on: Option<Day>,
    /// The day after which it binds no longer.
    pub ended: Option<Day>,
}

/// An answer that is another for some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is asked.
    pub aspect: Aspect,
    /// The first of the days.
    pub from: Day,
    /// The first day after them; absent: for all later days.
    pub to: Option<Day>,
    /// What was answered; absent: nothing.
    pub before: Option<Answer>,
    /// What is answered; absent: nothing.
    pub after: Option<Answer>,
    /// The revision of the event by which it is.
    pub by: u64,
}

/// What the record answers otherwise than when it had so many events, in the order of the days.
pub fn changes(history: &History, known_before: usize) -> Vec<Change> {
    let then = history.known_to(known_before);
    let (before, after) = (Steps::of(&then.effective()), Steps::of(&history.effective()));
    let mut causes = Causes { history, known_before, prefixes: HashMap::new() };
    let mut days: Vec<Day> = before.0.keys().chain(after.0.keys()).copied().collect();
    days.sort_unstable();
    days.dedup();
    let (mut then, mut now) = (Answers::new(), Answers::new());
    let mut open: BTreeMap<Aspect, Change> = BTreeMap::new();
    let mut found = Vec::new();
    for day in days {
        let mut touched: Vec<&Aspect> = Vec::new();
        for (steps, answers) in [(&before, &mut then), (&after, &mut now)] {
            for (aspect, said) in steps.0.get(&day).into_iter().flatten() {
                answers.insert(aspect.clone(), said.clone());
                touched.push(aspect);
            }
        }
        for aspect in touched {
            let (was, is) = (answer(&then, aspect), answer(&now, aspect));
            let same = |change: &Change| change.before == was && change.after == is;
            if open.get(aspect).is_some_and(same) {
                continue;
            }
            if let Some(change) = open.remove(aspect) {
                found.push(Change { to: Some(day), ..change });
            }
            if was != is {
                let said = (now.get(aspect), then.get(aspect));
                let by = causes.by(aspect, day, said, &is);
                let (aspect, before, after) = (aspect.clone(), was, is);
                let change = Change { aspect, from: day, to: None, before, after, by };
                open.insert(change.aspect.clone(), change);
            }
        }
    }
    found.extend(open.into_values());
    found.sort_by(|a, b| (a.from, &a.aspect).cmp(&(b.from, &b.aspect)));
    found
}

/// What is answered, and the revision of the event by which it is.
type Said = (Option<Answer>, u64);
type Answers = BTreeMap<Aspect, Said>;

fn answer(answers: &Answers, aspect: &Aspect) -> Option<Answer> {
    answers.get(aspect).and_then(|(answer, _)| answer.clone())
}

/// The answers that become others, by the day on which they do.
struct Steps(BTreeMap<Day, Vec<(Aspect, Said)>>);

impl Steps {
    fn of(effective: &Effective<'_>) -> Self {
        let (mut steps, mut state) = (BTreeMap::<Day, Vec<_>>::new(), State::default());
        let mut last = answers_of(&state);
        for entry in effective.entries() {
            evolve(&mut state, &entry.event, entry.fold_day(), entry.part);
            let (next, by) = (answers_of(&state), entry.corrected_by.unwrap_or(entry.revision()));
            let gone = last.keys().filter(|aspect| !next.contains_key(aspect));
            let gone = gone.map(|aspect| (aspect.clone(), (None, by)));
            let other = next.iter().filter(|(aspect, answer)| last.get(aspect) != Some(answer));
            let other = other.map(|(aspect, answer)| (aspect.clone(), (Some(answer.clone()), by)));
            let moved: Vec<_> = gone.chain(other).collect();
            if !moved.is_empty() {
                steps.entry(entry.fold_day()).or_default().extend(moved);
            }
            last = next;
        }
        Self(steps)
    }

    /// What is answered on a day.
    fn on(&self, aspect: &Aspect, day: Day) -> Option<&Answer> {
        let mut steps = self.0.range(..=day).rev().flat_map(|(_, moved)| moved.iter().rev());
        steps.find(|(moved, _)| moved == aspect).and_then(|(_, (answer, _))| answer.as_ref())
    }
}

fn answers_of(state: &State) -> BTreeMap<Aspect, Answer> {
    let code = |code: Id| Answer { code: Some(code), ..Answer::default() };
    let mut answers = BTreeMap::new();
    let node = state.node.as_ref().map(|node| code(Id::from(node.as_str())));
    let title =
        state.title.as_ref().map(|title| Answer { on: title.until, ..code(title.title.clone()) });
    let term = state.term.as_ref().map(|term| Answer { on: Some(term.until), ..Answer::default() });
    let single = [
        (Aspect::Standing, node),
        (Aspect::Category, state.category.clone().map(code)),
        (Aspect::Title, title),
        (Aspect::Term, term),
        (Aspect::Place, state.place.as_ref().map(|place| code(place.category.clone()))),
    ];
    answers.extend(single.into_iter().filter_map(|(aspect, answer)| Some((aspect, answer?))));
    let mut numbers: HashMap<(&Id, u64), usize> = HashMap::new();
    for duty in state.duties.iter() {
        let number = numbers.entry((&duty.obligation, duty.opened_by)).or_default();
        let key = DutyKey {
            obligation: duty.obligation.clone(),
            opened_by: duty.opened_by,
            number: *number,
        };
        *number += 1;
        for (year, met) in duty.met.iter() {
            let answer = Answer {
                on: Some(met.on),
                received_on: Some(met.received_on),
                ..Answer::default()
            };
            answers.insert(Aspect::Met(key.clone(), *year), answer);
        }
        answers.insert(Aspect::Due(key), due(duty));
    }
    answers
}

fn due(duty: &Duty) -> Answer {
    let series = duty.series.as_ref().map(|series| CivilDate::from(series.first_due));
    let on = duty.due.as_ref().map(|due| due.on).or(series);
    let on = on.or(duty.after_end.then_some(duty.open_from));
    Answer { on, ended: duty.ended.as_ref().map(|ended| ended.from), ..Answer::default() }
}

/// Finds the event by which an answer is another.
struct Causes<'h> {
    history: &'h History,
    known_before: usize,
    /// Steps of the history as it was known when it had so many events.
    prefixes: HashMap<usize, Steps>,
}

impl Causes<'_> {
    /// The event that says so itself, if it is new; else the correction of the one that said otherwise;
    /// else the one since which it is answered so.
    fn by(
        &mut self,
        aspect: &Aspect,
        day: Day,
        (now, then): (Option<&Said>, Option<&Said>),
        is: &Option<Answer>,
    ) -> u64 {
        let new = |revision: &u64| usize::try_from(*revision).is_ok_and(|r| r >= self.known_before);
        if let Some(by) = now.map(|(_, by)| *by).filter(new) {
            return by;
        }
        let fate = then.map(|(_, by)| self.history.fate(*by));
        if let Some(Fate::Corrected { by } | Fate::Annulled { by }) = fate
            && new(&by)
        {
            return by;
        }
        let all = self.history.events().len();
        for known in (self.known_before + 1..all).rev() {
            let steps = self
                .prefixes
                .entry(known)
                .or_insert_with(|| Steps::of(&self.history.known_to(known).effective()));
            if steps.on(aspect, day) != is.as_ref() {
                return revision(known);
            }
        }
        revision(self.known_before)
    }
}

/// The revision of the event that comes after so many.
fn revision(known: usize) -> u64 {
    u64::try_from(known).unwrap_or(u64::MAX)
}
