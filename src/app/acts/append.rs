//! Appending an act's event, with what a later version lays on the standing that it founds.

use super::Acts;
use crate::app::ActError;
use crate::app::call::Case;
use crate::app::journal::check_size;
use crate::codec;
use crate::domain::date::Timestamp;
use crate::domain::event::{Event, EventMeta, MeasureSucceeded, Recorded};
use crate::domain::ids::{EventRef, Id};
use crate::domain::measure::{Program, Versions};

impl Acts {
    pub(super) async fn append_event(
        &self,
        case: &Case<'_>,
        after: Option<u64>,
        event: Event,
        meta: EventMeta,
        follows: Option<MeasureSucceeded>,
    ) -> Result<(Recorded, Option<Box<Recorded>>), ActError> {
        let revision = after.map_or(0, |revision| revision + 1);
        let id = codec::event_id(
            self.journal.log_id,
            &case.stream,
            revision,
            &case.caller.principal,
            &case.call.key,
            &case.fingerprint,
        );
        let persons = self.persons.seal(&case.stream, id, &case.call.persons).await?;
        let new = codec::encode_event_naming(&event, &meta, id, &persons)?;
        check_size(&new.data)?;
        let mut recorded = Recorded { revision, sequence: None, id, event, meta };
        let mut followed = follows.map(|follows| self.followed_by(case, &recorded, follows));
        let mut news = vec![new];
        if let Some(followed) = &followed {
            news.push(codec::encode_event(&followed.event, &followed.meta, followed.id)?);
        }
        let behind = news.len() as u64 - 1;
        let landed = self.journal.append_all_after(&case.stream, after, news).await?;
        if let Some(stored) = landed.stands {
            recorded = codec::decode_enrollment(&stored)?;
        }
        recorded.sequence = landed.sequence.map(|last| last.saturating_sub(behind));
        if let Some(followed) = &mut followed {
            followed.sequence = landed.sequence;
        }
        Ok((recorded, followed.map(Box::new)))
    }

    /// The event by which a later version takes hold of the standing that an act founds, or of what a
    /// correction puts in that act's place.
    pub(super) fn followed_by(
        &self,
        case: &Case<'_>,
        founding: &Recorded,
        follows: MeasureSucceeded,
    ) -> Recorded {
        let follows = follows.founded(founding);
        let own = founding.reference(&case.stream);
        let at = founding.meta.recorded_at;
        let mut meta = self.succession_meta(case.program, &case.versions, own, at, &follows);
        meta.causation = Some(founding.id.to_string().into());
        let revision = founding.revision + 1;
        let cause = format!("succession {}@{}", follows.version, follows.founded_by);
        let id = self.journal.caused_id(&case.stream, revision, &cause);
        let event = Event::MeasureSucceeded(Box::new(follows));
        Recorded { revision, sequence: None, id, event, meta }
    }

    /// What an event says by which a later version takes hold of what an act founded.
    pub(in crate::app) fn succession_meta(
        &self,
        program: &Program,
        versions: &Versions,
        founding: EventRef,
        at: Timestamp,
        succeeded: &MeasureSucceeded,
    ) -> EventMeta {
        let mut meta = succeeded.meta(&founding, at, program.is_exercise());
        let edition = versions.version(&succeeded.version);
        let edition = edition.map(|edition| Id::from(edition.digest.as_str()));
        meta.edition = edition.as_deref().map(Into::into);
        let adopted = self.library.adoption(program, edition.as_ref());
        let rests_on: Vec<EventRef> = std::iter::once(founding).chain(adopted).collect();
        meta.rests_on = EventRef::write_list(&rests_on).into();
        meta
    }
}
