//! Holds and erasure: decided on what stands in the data subject's own stream, so that a hold and an erasure
//! that race are one after the other on every engine.

use super::{PersonError, Persons, standing_of};
use crate::app::beside::{self, Written};
use crate::app::{ActError, Caller};
use crate::codec;
use crate::domain::date::CivilDate;
use crate::domain::event::EventMeta;
use crate::domain::person::{
    DataSubject, HoldLifted, HoldPlaced, PersonErased, PersonEvent, PersonStanding, hold_id,
};
use crate::domain::text::NonBlank;

impl Persons {
    /// Places a hold: the data can't be erased until another person lifts it.
    ///
    /// # Errors
    /// A data subject that no act names, or whose data were erased.
    pub async fn place_hold(
        &self,
        caller: &Caller,
        placed: HoldPlaced,
        key: &str,
    ) -> Result<Written, ActError> {
        let of = placed.data_subject.clone();
        self.known(&of).await?;
        self.decide(caller, &of, key, PersonEvent::HoldPlaced(placed), |_| Ok(())).await
    }

    /// Lifts a hold.
    ///
    /// # Errors
    /// No such hold; one that was lifted, or that the caller placed.
    pub async fn lift_hold(
        &self,
        caller: &Caller,
        (of, hold): (&DataSubject, u64),
        reason: NonBlank,
        key: &str,
    ) -> Result<Written, ActError> {
        let id = hold_id(of, hold);
        let lifted = HoldLifted { data_subject: of.clone(), hold, reason };
        let check = |standing: &PersonStanding| {
            let mut holds = standing.holds.iter();
            match holds.find(|known| known.revision == hold) {
                None => Err(PersonError::NoHold(id.clone())),
                Some(known) if known.lifted.is_some() => Err(PersonError::Lifted(id.clone())),
                Some(known) if known.placed.principal == caller.principal => {
                    Err(PersonError::OwnHold(id.clone()))
                }
                Some(_) => Ok(()),
            }
        };
        self.decide(caller, of, key, PersonEvent::HoldLifted(lifted), check).await
    }

    /// Records the erasure, then destroys the key; asked again it finishes what broke off between.
    ///
    /// # Errors
    /// A data subject that no act names, whose data were erased, or that is under a hold.
    pub async fn erase(
        &self,
        caller: &Caller,
        erased: PersonErased,
        key: &str,
    ) -> Result<Written, ActError> {
        let of = erased.data_subject.clone();
        self.known(&of).await?;
        let check = |standing: &PersonStanding| {
            let holds = standing.standing_holds().map(|hold| hold_id(&of, hold.revision));
            match holds.collect::<Vec<_>>() {
                holds if holds.is_empty() => Ok(()),
                holds => Err(PersonError::Held { data_subject: of.clone(), holds }),
            }
        };
        let written = self.decide(caller, &of, key, PersonEvent::Erased(erased), check).await;
        if matches!(written, Ok(_) | Err(ActError::Person(PersonError::Erased(_)))) {
            let keys = &self.keeping()?.keys;
            keys.destroy(self.log_id(), &of).await.map_err(PersonError::from)?;
        }
        written
    }

    /// Appends to the data subject's stream, unless what stands there says that the data were erased or
    /// `check` refuses it.
    async fn decide(
        &self,
        caller: &Caller,
        of: &DataSubject,
        key: &str,
        event: PersonEvent,
        check: impl Fn(&PersonStanding) -> Result<(), PersonError>,
    ) -> Result<Written, ActError> {
        let print = match &event {
            PersonEvent::HoldPlaced(body) => serde_json::to_string(body),
            PersonEvent::HoldLifted(body) => serde_json::to_string(body),
            PersonEvent::Erased(body) => serde_json::to_string(body),
        }?;
        let (stream, meta) = (codec::erasure_stream(of), self.meta_of(caller));
        let call = (caller, key, print.as_str());
        beside::write(&self.journal, call, &stream, meta, |stands, meta, id| {
            let standing = standing_of(stands)?;
            if standing.erased.is_some() {
                return Err(PersonError::Erased(of.clone()).into());
            }
            check(&standing)?;
            Ok(codec::encode_person(&event, meta, id)?)
        })
        .await
    }

    /// Metadata of what a caller does beside the acts of offices.
    pub(super) fn meta_of(&self, caller: &Caller) -> EventMeta {
        let now = self.journal.clock.now();
        let mut meta = EventMeta::own(now, false);
        meta.effective_on = CivilDate::from(now.civil_day());
        meta.principal = caller.principal.as_str().into();
        meta.role = caller.role.as_str().into();
        if let Some(actor) = &caller.actor {
            meta.office = actor.office;
            meta.office_id = actor.office_id.as_str().into();
            meta.office_name = Default::default();
        }
        meta
    }
}
