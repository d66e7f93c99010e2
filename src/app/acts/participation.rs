//! What an act's rules presuppose beside its enrollment: standings in other programs (P17), and what is
//! on record for the program as a whole (P19).

use super::Acts;
use crate::app::ActError;
use crate::codec;
use crate::domain::act::{Act, ActKind, ActRequest};
use crate::domain::date::Day;
use crate::domain::decide::OtherStanding;
use crate::domain::event::Recorded;
use crate::domain::history::History;
use crate::domain::ids::{EventRef, Id, ProgramId, SubjectId};
use crate::domain::measure::{Program, Versions};

impl Acts {
    /// Standings in other programs that an act's rules presuppose on its day (P17), as on record before an
    /// event if one is named. An exercise looks at the exercise of the other program (G16).
    pub(in crate::app) async fn participation(
        &self,
        program: &Program,
        versions: &Versions,
        subject: &SubjectId,
        (kind, day): (ActKind, Day),
        before: Option<u64>,
    ) -> Result<Vec<(ProgramId, OtherStanding)>, ActError> {
        let Some(edition) = versions.in_force(day) else { return Ok(Vec::new()) };
        let conditions = edition.measure.rules(kind).filter_map(|rule| rule.participation.as_ref());
        let mut found = Vec::new();
        for condition in conditions {
            let mut programs = self.library.programs().programs.iter();
            let other = programs.find(|other| {
                other.governed_as() == &condition.program
                    && other.is_exercise() == program.is_exercise()
            });
            let Some(other) = other else { continue };
            let stream = codec::enrollment_stream(&other.id, subject);
            let history = self.history_before(&stream, before).await?;
            let state = history.state_at(day);
            let (Some(phase), Some(by)) = (state.phase(), state.node_by) else { continue };
            let Some(event) = history.at(by) else { continue };
            let standing = OtherStanding { phase: Id::from(phase), by: event.reference(&stream) };
            found.push((condition.program.clone(), standing));
        }
        Ok(found)
    }

    /// The events that met, by an act's day, what it presupposes for the program as a whole.
    pub(in crate::app) async fn met_for_whole(
        &self,
        program: &Program,
        versions: &Versions,
        (kind, day): (ActKind, Day),
        before: Option<u64>,
    ) -> Result<Vec<(Id, EventRef)>, ActError> {
        let Some(edition) = versions.in_force(day) else { return Ok(Vec::new()) };
        let presupposed = edition.measure.rules(kind).filter_map(|rule| rule.presupposes.as_ref());
        let presupposed: Vec<_> = presupposed.map(|one| &one.obligation).collect();
        if presupposed.is_empty() {
            return Ok(Vec::new());
        }
        let stream = codec::program_stream(&program.id);
        let history = self.history_before(&stream, before).await?;
        let state = history.state_at(day);
        let met = presupposed.into_iter().filter_map(|id| {
            let event = history.at(state.met(id)?.by)?;
            Some((id.clone(), event.reference(&stream)))
        });
        Ok(met.collect())
    }

    /// A history as it was before an event of the log; as it is without one.
    async fn history_before(&self, stream: &str, before: Option<u64>) -> Result<History, ActError> {
        let history = self.enrollments.history(stream).await?;
        let Some(before) = before else { return Ok(history) };
        let known = |event: &&Recorded| event.sequence.is_some_and(|sequence| sequence < before);
        Ok(history.known_to(history.events().iter().take_while(known).count()))
    }

    /// The events by which the subjects that a result draws on stand in its program (R3).
    pub(in crate::app) async fn enrolled(
        &self,
        program: &Program,
        request: &ActRequest,
        before: Option<u64>,
    ) -> Result<Vec<(SubjectId, EventRef)>, ActError> {
        let (Act::RecordDeliverable(deliverable), day) = act_decided(request) else {
            return Ok(Vec::new());
        };
        let mut enrolled = Vec::new();
        for subject in &deliverable.draws_on {
            let stream = codec::enrollment_stream(&program.id, &subject.registered_spelling());
            let history = self.history_before(&stream, before).await?;
            let by = history.state_at(day).node_by.and_then(|by| history.at(by));
            enrolled.extend(by.map(|event| (subject.clone(), event.reference(&stream))));
        }
        Ok(enrolled)
    }
}

/// The act that is decided, and its day: itself, or what a correction puts in another's place.
fn act_decided(request: &ActRequest) -> (&Act, Day) {
    if let Act::Correct(correction) = &request.act
        && let Some(mended) = &correction.replacement
    {
        return (&mended.act, mended.common.effective_on.latest());
    }
    (&request.act, request.common.effective_on.latest())
}

/// The act whose rules apply, and its day: itself, or what a correction puts in another's place.
pub(in crate::app) fn decided_act(request: &ActRequest) -> (ActKind, Day) {
    let (act, day) = act_decided(request);
    (act.kind(), day)
}
