//! May this be done? The one question of that kind, before an act says anything of its content: asked
//! by `decide`, by whose move it is, and by what a caller may do.
//!
//! What must hold: it looks at the measure, the standing and the day alone. Who the caller is and for
//! which subject is `decide`'s.

use super::act::ActKind;
use super::condition::Condition;
use super::date::Day;
use super::fulfilment::Seen;
use super::ids::{Id, Node, Office, Text, covered};
use super::measure::{ActRule, Measure, Outcome};
use super::refusal::{Called, Lack, Reason, Refusal};
use super::state::State;
use super::words::{self, Clauses, Given, OneOf, said};

/// An act of a kind by an office, where an enrollment stands on a day.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The measure in force.
    pub measure: &'a Measure,
    /// The standing.
    pub state: &'a State,
    /// The day.
    pub day: Day,
    /// The act.
    pub kind: ActKind,
    /// Who would do it.
    pub office: Office,
}

/// Why it may not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle<'m> {
    /// The measure has no such act.
    Unknown,
    /// Other offices do it, here or at all.
    Office {
        /// Which.
        required: Vec<Office>,
        /// By which rule.
        rule: &'m ActRule,
    },
    /// It is not done where the enrollment stands.
    NotHere {
        /// From where this office does it.
        allowed_from: Vec<Id>,
        /// By which rule.
        rule: &'m ActRule,
    },
    /// It was decided already, and the effect lies ahead.
    Ahead {
        /// The revision of the decision.
        by: u64,
        /// By which rule.
        rule: &'m ActRule,
    },
    /// Conditions are missing.
    Unmet {
        /// Which.
        missing: Vec<Condition>,
        /// Of which rule.
        rule: &'m ActRule,
    },
}

/// The rule by which an act may be done, or what stands in its way.
///
/// # Errors
/// The [`Obstacle`].
pub fn permitted<'m>(question: Question<'m>) -> Result<&'m ActRule, Obstacle<'m>> {
    permitted_by(question, &|_| true, &|_| true)
}

/// The same for an act that states an outcome: by the rules that have it, if any has.
///
/// # Errors
/// The [`Obstacle`].
pub fn permitted_as<'m>(
    question: Question<'m>,
    stated: Option<&Id>,
) -> Result<&'m ActRule, Obstacle<'m>> {
    let outcome = |rule: &'m ActRule| rule.outcomes.get(stated?);
    let founds = |rule| outcome(rule).is_some_and(|one| enters_evidenced(question.state, one));
    let any = question.own().any(|rule| outcome(rule).is_some());
    permitted_by(question, &|rule| !any || outcome(rule).is_some(), &founds)
}

type Of<'m, 'f> = &'f dyn Fn(&'m ActRule) -> bool;

fn permitted_by<'m>(
    question: Question<'m>,
    fits: Of<'m, '_>,
    founds: Of<'m, '_>,
) -> Result<&'m ActRule, Obstacle<'m>> {
    if let Some(rule) = question.rule(fits, founds) {
        return question.check(rule).map(|()| rule);
    }
    let Question { measure, state, kind, .. } = question;
    let first = measure.rules(kind).next().ok_or(Obstacle::Unknown)?;
    let offices = |rules: &mut dyn Iterator<Item = &'m ActRule>| {
        let mut offices: Vec<Office> = rules.flat_map(|rule| rule.by.iter().copied()).collect();
        offices.sort_unstable();
        offices.dedup();
        offices
    };
    let mut own = question.own().filter(|rule| fits(rule)).peekable();
    let here = || measure.rules(kind).filter(|rule| covered(&rule.from, state.node.as_ref()));
    let Some(own_first) = own.peek().copied() else {
        let required = match here().next() {
            Some(_) => offices(&mut here()),
            None => offices(&mut measure.rules(kind)),
        };
        return Err(Obstacle::Office { required, rule: here().next().unwrap_or(first) });
    };
    let others = || here().filter(|rule| !rule.by.contains(&question.office));
    if let Some(rule) = others().next() {
        return Err(Obstacle::Office { required: offices(&mut others()), rule });
    }
    let allowed_from = own.flat_map(|rule| rule.from.iter().cloned()).collect();
    Err(Obstacle::NotHere { allowed_from, rule: own_first })
}

impl<'m> Question<'m> {
    /// The rules for the act by this office.
    fn own(&self) -> impl Iterator<Item = &'m ActRule> + use<'m> {
        let office = self.office;
        self.measure.rules(self.kind).filter(move |rule| rule.by.contains(&office))
    }

    /// The rule by which it may be done, if it may.
    pub fn allows(&self) -> Option<&'m ActRule> {
        self.rule(&|_| true, &|_| true).filter(|rule| self.check(rule).is_ok())
    }

    /// The rule that covers where the enrollment stands, for this office. A founding act is also
    /// allowed where evidence already shows the phase that it enters (G9), even where another rule
    /// for the act covers that phase and its conditions are missing, if by what the act says it
    /// founds that phase.
    fn rule(&self, fits: Of<'m, '_>, founds: Of<'m, '_>) -> Option<&'m ActRule> {
        let own = || self.own().filter(|rule| fits(rule));
        let founding = || own().filter(|rule| self.is_founding(rule));
        let Some(covering) = own().find(|rule| covered(&rule.from, self.state.node.as_ref()))
        else {
            return founding().next();
        };
        if !self.state.is_evidenced_only() || self.check(covering).is_ok() {
            return Some(covering);
        }
        let on = super::date::CivilDate::from(self.day);
        let later = self.state.phase_since.is_some_and(|since| since.certainly_before(&on));
        let founding = founding().find(|rule| founds(rule)).filter(|_| !later);
        founding.or(Some(covering))
    }

    /// Whether a rule applies only because evidence shows the phase that it enters: the steps before
    /// it are not on record, so nothing that they would have left is asked for.
    pub fn is_founding(&self, rule: &ActRule) -> bool {
        self.state.is_evidenced_only()
            && !covered(&rule.from, self.state.node.as_ref())
            && rule.outcomes.values().any(|outcome| enters_evidenced(self.state, outcome))
    }

    fn check(&self, rule: &'m ActRule) -> Result<(), Obstacle<'m>> {
        if self.is_founding(rule) {
            return Ok(());
        }
        let moves = |outcome: &Outcome| outcome.to.is_some() || outcome.title.is_some();
        let moves = rule.outcomes.values().any(moves);
        // What it would meet is met by then.
        let owed = |id: &Id| rule.needs.contains(&Condition::DutyOpen(id.clone()));
        let mut ahead = self.state.ahead.iter();
        if let Some((&by, _)) = ahead.find(|(_, ahead)| moves || ahead.meets.iter().any(owed)) {
            return Err(Obstacle::Ahead { by, rule });
        }
        let seen = Seen { state: self.state, day: self.day, act: None };
        let decides = rule.decides.iter().cloned().map(Condition::Awaits);
        let opens = rule.opens.iter().cloned().map(Condition::NothingAwaits);
        let needs = rule.needs.iter().cloned().chain(decides).chain(opens);
        let missing: Vec<Condition> = needs.filter(|need| !need.holds(seen)).collect();
        if missing.is_empty() { Ok(()) } else { Err(Obstacle::Unmet { missing, rule }) }
    }

    /// A refusal for an obstacle.
    pub fn refusal(&self, obstacle: &Obstacle<'_>) -> Refusal {
        let called = |id: &str| Called::new(id, self.called(id));
        let stands_at = self.state.node.as_ref().map(|node| called(node.as_str()));
        let here = self.standing(stands_at.as_ref().map_or("none", |at| at.id.as_str()));
        let not_permitted = |allowed_from: &[Id], missing| Reason::NotPermitted {
            stands_at: stands_at.clone(),
            allowed_from: allowed_from.iter().map(|from| called(from)).collect(),
            missing,
        };
        let act = self.kind;
        let (reason, text, rule) = match obstacle {
            Obstacle::Unknown => {
                let text = said!(
                    "{number} knows no act {act} here",
                    "{number}在此没有{act}这一行为",
                    number = self.measure.cited(),
                    act = act
                );
                (not_permitted(&[], vec![]), text, None)
            }
            Obstacle::Office { required, rule } => {
                let text = said!(
                    "{act} is here an act of {by}, not of {own}",
                    "{act}在此须由{by}作出，{own}无权作出",
                    act = act,
                    by = OneOf(required.clone()),
                    own = self.office
                );
                (Reason::OfficeForbidden { required: required.clone() }, text, Some(rule))
            }
            Obstacle::NotHere { allowed_from, rule } => {
                let from = allowed_from.iter().map(|from| self.standing(from));
                let text = said!(
                    "{act} is allowed from {from}; on {day} the standing is {here}",
                    "{act}须处于{from}；{day}处于{here}",
                    act = act,
                    from = OneOf(from.collect()),
                    day = self.day,
                    here = here
                );
                (not_permitted(allowed_from, vec![Lack::Standing.into()]), text, Some(rule))
            }
            Obstacle::Ahead { by, rule } => {
                let text = said!(
                    "it was decided already (revision {by}); the effect of that lies ahead",
                    "该事项已经决定（修订号{by}），尚未生效",
                    by = by
                );
                (Reason::AlreadyDecided { revision: *by, by: None }, text, Some(rule))
            }
            Obstacle::Unmet { missing, rule } => {
                let seen = Seen { state: self.state, day: self.day, act: None };
                let texts = missing.iter().map(|one| one.unmet(seen, self.measure)).collect();
                let text = said!("{missing}", "{missing}", missing = Clauses::<Text>(texts));
                let missing = missing.iter().map(|one| one.called(seen, self.measure)).collect();
                (not_permitted(&rule.from, missing), text, Some(rule))
            }
        };
        let refusal = Refusal::new(act, reason, text);
        match rule {
            Some(rule) => refusal.under(&rule.article).read(&rule.reading),
            None => refusal,
        }
    }

    /// What a node where an enrollment stands is called, or a pattern of nodes.
    fn called(&self, pattern: &str) -> Text {
        let label = |node: &str| {
            let label = Node::parse(node).ok().and_then(|node| self.measure.label(&node));
            label.unwrap_or_else(|| said!("{id}", "{id}", id = Given(node)))
        };
        match pattern.strip_suffix(".*") {
            Some(phase) => {
                said!("any step of “{phase}”", "“{phase}”各阶段", phase = label(phase))
            }
            None if pattern == "none" => said!("outside of the program", "未参加状态"),
            None => label(pattern),
        }
    }

    /// The same in a sentence: a single node in quotation marks.
    fn standing(&self, pattern: &str) -> Text {
        let called = self.called(pattern);
        match pattern == "none" || pattern.ends_with(".*") {
            true => called,
            false => words::quoted(called),
        }
    }
}

/// Whether an outcome enters the phase that evidence shows.
pub fn enters_evidenced(state: &State, outcome: &Outcome) -> bool {
    let enters = |to: &super::ids::Node| to.step().is_none() && Some(to.phase()) == state.phase();
    outcome.to.as_ref().is_some_and(enters)
}
