//! What an office could do where an enrollment stands, before an act says anything: asked of the same
//! rules that decide it.

use super::Acts;
use crate::app::ActError;
use crate::codec;
use crate::domain::act::ActKind;
use crate::domain::date::Day;
use crate::domain::decide::{Actor, Context, every_program_knows};
use crate::domain::history_decide::Prospects;
use crate::domain::ids::{Office, ProgramId};
use crate::domain::measure::{Program, Versions};
use crate::domain::refusal::Refusal;
use crate::domain::subject::Subject;

/// Who would act, and where.
pub struct Prospect<'a> {
    /// The program.
    pub program: &'a Program,
    /// Its measures.
    pub versions: &'a Versions,
    /// The subject.
    pub subject: &'a Subject,
    /// Who.
    pub actor: &'a Actor,
    /// The day from which the act would count.
    pub day: Day,
    /// Where it stands then, and may stand.
    pub prospects: &'a Prospects,
}

impl Acts {
    /// Why an act of a kind would be refused whatever it said; nothing where its content decides.
    /// The registrar records it for any office that does it.
    ///
    /// # Errors
    /// As the log's.
    pub async fn obstacle(
        &self,
        prospect: &Prospect<'_>,
        kind: ActKind,
    ) -> Result<Option<Refusal>, ActError> {
        let Prospect { program, versions, subject, actor, day, prospects } = *prospect;
        let others = self.participation(program, versions, subject.id(), (kind, day), None).await?;
        let standing_in = |program: &ProgramId| {
            others.iter().find(|(other, _)| other == program).map(|(_, standing)| standing.clone())
        };
        let stream = codec::record_stream(&program.id, subject);
        let now = self.journal.clock.now();
        let context = Context {
            program,
            versions,
            subject,
            stream: &stream,
            actor,
            now,
            mending: None,
            met_for_whole: &|_| None,
            enrolled: &|_| None,
            standing_in: &standing_in,
        };
        let mut first = None;
        for office in offices(prospect, kind) {
            match prospects.check(&context, kind, office) {
                Ok(()) => return Ok(None),
                Err(refusal) => first = first.or(Some(refusal)),
            }
        }
        Ok(first)
    }
}

/// The offices in whose name the act can be recorded.
fn offices(prospect: &Prospect<'_>, kind: ActKind) -> Vec<Office> {
    let own = prospect.actor.office;
    if own != Office::Registrar {
        return vec![own];
    }
    let mut offices = match every_program_knows(kind) {
        Some((offices, _)) => offices.to_vec(),
        None => {
            let edition = prospect.versions.in_force(prospect.day);
            let rules = edition.iter().flat_map(|edition| edition.measure.rules(kind));
            rules.flat_map(|rule| rule.by.iter().copied()).collect()
        }
    };
    offices.sort_unstable();
    offices.dedup();
    offices
}
