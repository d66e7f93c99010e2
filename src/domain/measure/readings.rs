//! Which of our readings an act rests on: where the text is silent, a measure says what was chosen, and
//! whoever cites its article says so too.

use super::{ActRule, Outcome, Versions};
use crate::domain::event::{Effects, Recorded};
use crate::domain::ids::Text;

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
