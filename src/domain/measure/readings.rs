//! Which of our readings an act rests on: where the text is silent, a measure says what was chosen, and
//! whoever cites its article says so too.

use super::{ActRule, Effect, Measure, Outcome, Versions};
use crate::domain::date::CivilDate;
use crate::domain::event::{Effects, Recorded, Term, Title};
use crate::domain::ids::{Id, Text};

impl Versions {
    /// The readings of the rule and the outcome by which an act was decided: those of its measure for
    /// that act and that office, whose article the event cites and whose outcome it had.
    pub fn readings_of(&self, event: &Recorded) -> Vec<&Text> {
        let (Some(fact), Some(article)) = (event.event.fact(), event.meta.article.as_deref())
        else {
            return Vec::new();
        };
        let fact = fact.mended.as_ref().map_or(fact, |mended| &mended.fact);
        let version = event.meta.measure.as_deref().and_then(|version| self.version(version));
        let Some(measure) = version.map(|edition| &edition.measure) else { return Vec::new() };
        let rules =
            measure.rules(fact.act.kind()).filter(|rule| rule.by.contains(&event.meta.office));
        let pairs =
            rules.flat_map(|rule| rule.outcomes.values().map(move |outcome| (rule, outcome)));
        let mut pairs = pairs.into_iter();
        let found = pairs.find(|(rule, outcome)| {
            rule.cites(outcome) == article && had(rule, outcome, &fact.effects)
        });
        let readings =
            found.map(|(rule, outcome)| [rule.reading.as_ref(), outcome.reading.as_ref()]);
        readings.into_iter().flatten().flatten().collect()
    }
}

impl Versions {
    /// The reading by which a term runs: for who stood already when a later version came, that of the
    /// passing (C18).
    pub fn reading_of_term(&self, term: &Term) -> Option<&Text> {
        self.find(|measure| {
            let earlier = term.from.certainly_before(&measure.in_force_from);
            let passing = measure
                .passing
                .as_ref()
                .filter(|passing| earlier && passing.term_article == term.article);
            let begins = |outcome: &Outcome| outcome.term.is_some();
            passing.map_or_else(
                || measure.reading_of_effect(&term.article, begins),
                |passing| passing.reading.as_ref(),
            )
        })
    }

    /// The reading by which a title is held: where it ends on another day than it would by what
    /// granted it, that of keeping it.
    pub fn reading_of_title(&self, title: &Title) -> Option<&Text> {
        let by = |outcome: &Outcome, effect| {
            outcome.effect == effect && outcome.title.as_ref() == Some(&title.title)
        };
        let as_granted = |outcome: &Outcome| {
            let until = outcome.title_term.map(|term| term.add_to(&title.from));
            by(outcome, Effect::Confirm) && until == title.until
        };
        self.find(|measure| {
            let mut outcomes = measure.acts.iter().flat_map(|rule| rule.outcomes.values());
            let effect = match outcomes.any(as_granted) {
                true => Effect::Confirm,
                false => Effect::KeepTitle,
            };
            measure.reading_of_effect(&title.article, |outcome| by(outcome, effect))
        })
    }

    /// The reading of what is owed: for who stood already when a later version came, that of the
    /// passing; of who is not listed, that of laying it on them; else the obligation's own.
    pub fn reading_of_duty(&self, id: &Id, opened_on: CivilDate) -> Option<&Text> {
        self.obligation(id).find_map(|(measure, rule)| {
            let passing = measure
                .passing
                .as_ref()
                .filter(|passing| opened_on == measure.in_force_from && passing.opens.contains(id));
            let passed = passing.and_then(|passing| passing.reading.as_ref());
            let laid = || measure.unlisted.as_ref().filter(|laid| laid.opens.contains(id));
            passed.or(rule.reading.as_ref()).or_else(|| laid()?.reading.as_ref())
        })
    }
}

impl Measure {
    fn reading_of_effect(&self, article: &str, is: impl Fn(&Outcome) -> bool) -> Option<&Text> {
        let outcomes = self.acts.iter().flat_map(|rule| {
            let cited = move |outcome: &Outcome| {
                outcome.article.as_deref().unwrap_or(&rule.article) == article
            };
            rule.outcomes.values().filter(|outcome| is(outcome)).filter(move |o| cited(o))
        });
        outcomes.into_iter().find_map(|outcome| outcome.reading.as_ref())
    }
}

fn had(rule: &ActRule, outcome: &Outcome, effects: &Effects) -> bool {
    let founded = effects.ground.from.iter().any(|from| rule.from.contains(from));
    (founded || effects.ground.from.is_empty()) && outcome.to == effects.enters
}

impl ActRule {
    /// The articles that an act cites by this rule and an outcome: of the act, and of its effect where
    /// that is another (G2).
    pub fn cites(&self, outcome: &Outcome) -> String {
        match &outcome.article {
            Some(own) if !self.article.split(", ").any(|part| part == own) => {
                format!("{}, {own}", self.article)
            }
            Some(_) | None => self.article.clone(),
        }
    }
}
