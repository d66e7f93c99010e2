//! One enrollment as it is asked about: on which day, with how much of the record, and what then holds.

use std::sync::Arc;

use super::labels::Labels;
use crate::domain::calendar::Calendars;
use crate::domain::date::{Day, Timestamp};
use crate::domain::duty::{DueItem, items, owed_for_whole, owed_unlisted};
use crate::domain::measure::{Measure, Program, Versions};
use crate::domain::state::State;
use crate::domain::subject::Subject;

/// One enrollment as it is asked about.
pub struct Reading<'a> {
    /// The program.
    pub program: &'a Program,
    /// Its measures.
    pub versions: Arc<Versions>,
    /// The subject, as it was known then.
    pub subject: Arc<Subject>,
    /// The stream.
    pub stream: String,
    /// The day asked about.
    pub day: Day,
    /// Whether that day was named.
    pub day_named: bool,
    /// The instant asked about.
    pub known_at: Option<Timestamp>,
    /// The sequence up to which the record is looked at; absent: all of it.
    pub known_to: Option<u64>,
    /// The calendars known up to there.
    pub calendars: Arc<Calendars>,
    /// The day as of which the list of who takes part in the program is known to be complete.
    pub complete_since: Option<Day>,
    /// What else an answer depends on.
    pub ground: String,
}

/// A state with what is owed in it on the day of a question.
pub struct Judged<'s> {
    /// The state.
    pub state: &'s State,
    /// What is owed.
    pub items: Vec<DueItem<'s>>,
}

impl Reading<'_> {
    /// The measure in force on the day.
    pub fn measure(&self) -> Option<&Measure> {
        self.versions.in_force(self.day).map(|edition| &edition.measure)
    }

    /// What the measure lays by itself: on the subject because it is not listed (P12), or for the
    /// program as a whole; as a state with those duties alone.
    pub fn unlisted(&self, state: &State) -> State {
        if self.subject.is_program() {
            return self.measure().map_or_else(State::default, |m| owed_for_whole(m, state));
        }
        let registration = &self.subject.registration;
        let addressed = registration.invented == self.program.is_exercise()
            && self.program.takes(&registration.kind);
        let measure = self.measure().filter(|_| addressed);
        measure.map_or_else(State::default, |measure| {
            owed_unlisted(measure, state, self.day, self.complete_since)
        })
    }

    /// A state as it is judged on the day, with what is owed because the subject is not listed.
    pub fn judged<'s>(&self, state: &'s State, unlisted: &'s State) -> Judged<'s> {
        let mut judged = items(state, self.day, &self.calendars);
        judged.extend(items(unlisted, self.day, &self.calendars));
        Judged { state, items: judged }
    }

    /// The subject's id, where it is about one.
    pub fn named(&self) -> Option<String> {
        (!self.subject.is_program()).then(|| self.subject.id().to_string())
    }

    /// The labels of its measures.
    pub fn labels(&self) -> Labels<'_> {
        Labels(&self.versions)
    }
}
