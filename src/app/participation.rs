//! Standings in other programs that an act's rules presuppose (P17).

use super::act::ActCall;
use super::{ActError, App};
use crate::codec;
use crate::domain::act::{Act, ActRequest, Common};
use crate::domain::decide::OtherStanding;
use crate::domain::ids::{Id, ProgramId};
use crate::domain::measure::{Program, Versions};

impl App {
    /// Standings in other programs that the act's rules presuppose (P17); of a correction, those of
    /// the act that it puts in place. An exercise looks at the exercise of the other program (G16).
    pub(super) async fn participation(
        &self,
        program: &Program,
        versions: &Versions,
        call: &ActCall,
    ) -> Result<Vec<(ProgramId, OtherStanding)>, ActError> {
        let (act, common) = decided_act(&call.request);
        let day = common.effective_on.latest();
        let Some(edition) = versions.in_force(day) else { return Ok(Vec::new()) };
        let conditions =
            edition.measure.rules(act.kind()).filter_map(|rule| rule.participation.as_ref());
        let mut found = Vec::new();
        for condition in conditions {
            let mut programs = self.library.programs().programs.iter();
            let other = programs.find(|other| {
                other.governed_as() == &condition.program
                    && other.is_exercise() == program.is_exercise()
            });
            let Some(other) = other else { continue };
            let stream = codec::enrollment_stream(&other.id, &call.subject);
            let history = self.history(&stream).await?;
            let state = history.state_at(day);
            let (Some(phase), Some(by)) = (state.phase(), state.node_by) else { continue };
            let Some(event) = history.at(by) else { continue };
            let standing = OtherStanding { phase: Id::from(phase), by: event.reference(&stream) };
            found.push((condition.program.clone(), standing));
        }
        Ok(found)
    }
}

/// The act whose rules apply: itself, or what a correction puts in another's place.
fn decided_act(request: &ActRequest) -> (&Act, &Common) {
    if let Act::Correct(correction) = &request.act
        && let Some(mended) = &correction.replacement
    {
        return (&mended.act, &mended.common);
    }
    (&request.act, &request.common)
}
