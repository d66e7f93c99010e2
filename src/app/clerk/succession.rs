//! That a later version took hold of an enrollment, as an event to append (C18).

use crate::app::{ActError, Acts};
use crate::codec::{self, StreamKind};
use crate::domain::date::Day;
use crate::domain::decide::{Actor, Context, succession_due};
use crate::domain::event::{Event, Recorded};
use crate::domain::history::History;
use crate::domain::ids::Office;
use crate::domain::measure::Program;

impl Acts {
    /// The event by which a later version takes hold of an enrollment, if that is to be recorded.
    pub(super) async fn succession(
        &self,
        program: &Program,
        history: &History,
        day: Day,
    ) -> Result<Option<Recorded>, ActError> {
        let stream = history.stream();
        let StreamKind::Enrollment { subject, .. } = codec::kind_of_stream(stream) else {
            return Ok(None);
        };
        let (subject, versions) =
            (self.library.subject(&subject).await?, self.library.versions(program));
        let now = self.journal.clock.now_for_own()?;
        let office = Office::Docket;
        let docket = Actor { office, office_id: String::new(), divisions: Vec::new() };
        let ctx = Context {
            program,
            versions: &versions,
            subject: &subject,
            stream,
            actor: &docket,
            now,
            mending: None,
            standing_in: &|_| None,
            met_for_whole: &|_| None,
            enrolled: &|_| None,
        };
        let Some(succeeded) = succession_due(&ctx, history, day) else { return Ok(None) };
        let founding = history.version_in_force(succeeded.founded_by);
        let Some(founding) = founding.and_then(|revision| history.at(revision)) else {
            return Ok(None);
        };
        let founding = founding.reference(stream);
        let meta = self.succession_meta(program, &versions, founding, now, &succeeded);
        let revision = history.revision().map_or(0, |revision| revision + 1);
        let cause = format!("succession {}@{}", succeeded.version, succeeded.founded_by);
        let id = self.journal.caused_id(stream, revision, &cause);
        let event = Event::MeasureSucceeded(Box::new(succeeded));
        Ok(Some(Recorded { revision, sequence: None, id, event, meta }))
    }
}
