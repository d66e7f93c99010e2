//! What was decided.

use super::Actor;
use crate::domain::act::Common;
use crate::domain::date::Timestamp;
use crate::domain::event::{EventMeta, Fact, MeasureSucceeded};
use crate::domain::ids::{EventRef, Id, Office, Provenance};
use crate::domain::measure::QuotaRule;

/// A place that must be reserved before the act can be appended (P4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceWanted {
    /// The category.
    pub category: Id,
    /// The limit.
    pub quota: QuotaRule,
    /// Whether evidence shows it held on that day already: it is then not refused for want of a place.
    pub shown: bool,
}

/// What was decided: the fact to append, and under what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The fact.
    pub fact: Box<Fact>,
    /// The office that acts, also where the registrar records it.
    pub office: Office,
    /// The article.
    pub article: Option<String>,
    /// The measure version.
    pub measure: Option<Id>,
    /// Another version in force on an earlier day of the interval.
    pub measure_also: Option<Id>,
    /// The edition's digest.
    pub edition: Option<Id>,
    /// What it rests on in its own stream, by revision.
    pub grounds: Vec<u64>,
    /// What it rests on in other streams.
    pub rests_on: Vec<EventRef>,
    /// How the fact gets into the record.
    pub provenance: Provenance,
    /// The place that it takes.
    pub place: Option<PlaceWanted>,
    /// What a later version lays on who stands by it (C18): an event of Docket's own that follows.
    pub follows: Option<MeasureSucceeded>,
}

impl Decision {
    /// The metadata of it as far as the domain knows it: not what it rests on or corrects, nor who the
    /// recorder is by the token.
    pub fn meta(
        &self,
        actor: &Actor,
        common: &Common,
        now: Timestamp,
        exercise: bool,
    ) -> EventMeta {
        EventMeta {
            office_id: actor.office_id.as_str().into(),
            divisions: actor.divisions.join(" ").into(),
            role: actor.office.as_str().into(),
            received_on: common.received_on,
            measure: self.measure.clone(),
            measure_also: self.measure_also.clone(),
            edition: self.edition.as_deref().map(Into::into),
            article: self.article.as_deref().map(Into::into),
            provenance: self.provenance,
            archive: common.archive.is_some(),
            ..self.dated(common, now, exercise)
        }
    }

    /// As much of the metadata as says where it goes in.
    pub fn dated(&self, common: &Common, now: Timestamp, exercise: bool) -> EventMeta {
        EventMeta {
            office: self.office,
            effective_on: common.effective_on,
            decided_on: common.decided_on,
            ..EventMeta::at(now, exercise)
        }
    }
}
