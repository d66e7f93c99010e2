//! What an act placed before later events takes from them.

use std::collections::BTreeSet;

use crate::domain::act::ActKind;
use crate::domain::date::CivilDate;
use crate::domain::decide::{Context, Decision};
use crate::domain::event::{Event, EventMeta, Fact, Recorded};
use crate::domain::history::History;
use crate::domain::ids::{EventRef, Office, Text};
use crate::domain::refusal::{Reason, Refusal};

pub(super) fn may_unsettle(ctx: &Context<'_>) -> bool {
    matches!(ctx.actor.office, Office::NationalOffice | Office::Registrar)
}

pub(super) fn unsettles(act: ActKind, history: &History, lost: &BTreeSet<u64>) -> Refusal {
    let events = references(history, lost.iter().copied());
    let names: Vec<_> = lost
        .iter()
        .filter_map(|revision| history.at(*revision))
        .map(|event| {
            format!(
                "{} of {} (revision {})",
                event.event.event_type(),
                event.meta.effective_on,
                event.revision
            )
        })
        .collect();
    let named = names.join(", ");
    Refusal::new(
        act,
        Reason::WouldUnsettle { events },
        format!(
            "it would take the ground from {named}; only a correction, or a late entry by the national office or out of an archive, may do that"
        ),
        format!("该行为将使 {named} 失去依据；只有更正，或国家局、登记员从档案补录，才可如此"),
    )
}

pub(super) fn references(history: &History, revisions: impl Iterator<Item = u64>) -> Vec<EventRef> {
    revisions
        .filter_map(|revision| history.at(revision))
        .map(|event| event.reference(history.stream()))
        .collect()
}

/// The revisions that are supported now and would not be with the event appended.
pub(super) fn newly_unsupported(history: &History, fact: &Fact, meta: EventMeta) -> BTreeSet<u64> {
    let before: BTreeSet<u64> = history.state().unsupported.iter().copied().collect();
    let mut after = history.clone();
    let revision = after.revision().map_or(0, |revision| revision + 1);
    let event = Event::Acted(Box::new(fact.clone()));
    after.push(Recorded { revision, sequence: None, id: uuid::Uuid::nil(), event, meta });
    let mut lost: BTreeSet<u64> = after.state().unsupported.iter().copied().collect();
    lost.remove(&revision);
    lost.difference(&before).copied().collect()
}

/// Metadata as far as the fold reads it, for trying an event out.
pub(super) fn hypothetical(
    ctx: &Context<'_>,
    history: &History,
    decision: &Decision,
    effective_on: CivilDate,
) -> EventMeta {
    EventMeta {
        schema_version: 1,
        office: decision.office,
        office_id: ctx.actor.office_id.clone(),
        office_name: Text { en: String::new(), zh: String::new() },
        principal: String::new(),
        role: String::new(),
        effective_on,
        decided_on: None,
        received_on: None,
        recorded_at: ctx.now,
        measure: None,
        measure_also: None,
        edition: None,
        article: None,
        rests_on: EventRef::write_list(&references(history, decision.grounds.iter().copied())),
        corrects: String::new(),
        provenance: decision.provenance,
        exercise: ctx.program.is_exercise(),
        archive: false,
        key: None,
        correlation: None,
        causation: None,
        trace: None,
    }
}
