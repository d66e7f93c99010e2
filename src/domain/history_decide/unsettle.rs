//! What an act placed before later events takes from them.

use std::collections::BTreeSet;

use crate::domain::act::{ActKind, ActRequest, Common};
use crate::domain::decide::{Context, Decision};
use crate::domain::duty::lapse_has_ground;
use crate::domain::event::{Event, EventMeta, Fact, Recorded};
use crate::domain::history::History;
use crate::domain::ids::{EventRef, Office, Text};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::state::State;
use crate::domain::words::{self, AllOf, said};

/// Whether a late entry may take the ground from later events: the national office's, or one out
/// of an archive. Evidence gives way to acts, so it may not.
pub(super) fn may_unsettle(ctx: &Context<'_>, request: &ActRequest) -> bool {
    match ctx.actor.office {
        Office::NationalOffice => true,
        Office::Registrar => {
            request.common.archive.is_some()
                || request.act.kind() == ActKind::RecordUnderUnknownRule
        }
        Office::ProvincialDepartment
        | Office::Province
        | Office::LocalGovernment
        | Office::Docket => false,
    }
}

pub(super) fn unsettles(act: ActKind, history: &History, lost: &BTreeSet<u64>) -> Refusal {
    let events = references(history, lost.iter().copied());
    let named = lost.iter().filter_map(|revision| history.at(*revision)).map(called);
    let text = said!(
        "it would take the ground from {named}; only a correction, or a late entry by the national office or out of an archive, may do that",
        "该行为将使{named}失去依据；只有更正，或国家知识产权局补记、登记员据档案补录，才可如此",
        named = AllOf(named.collect())
    );
    Refusal::new(act, Reason::WouldUnsettle { events }, text)
}

/// An event as a sentence names it: `“Approved” of 3 May 2016 (revision 2)`.
pub(super) fn called(event: &Recorded) -> Text {
    said!(
        "“{label}” of {on} (revision {revision})",
        "{on}的“{label}”（修订号{revision}）",
        label = words::both(|l| event.event.recorded_as().label.get(l).to_owned()),
        on = event.meta.effective_on,
        revision = event.revision
    )
}

pub(super) fn references(history: &History, revisions: impl Iterator<Item = u64>) -> Vec<EventRef> {
    revisions
        .filter_map(|revision| history.at(revision))
        .map(|event| event.reference(history.stream()))
        .collect()
}

/// What would lose its ground with an event appended, by revision.
pub(super) struct Lost {
    /// Acts.
    pub acts: BTreeSet<u64>,
    /// Lapses on record, for which nothing is ever refused.
    pub lapses: BTreeSet<u64>,
}

impl Lost {
    pub fn all(&self) -> impl Iterator<Item = u64> {
        self.acts.union(&self.lapses).copied()
    }
}

/// What is supported now and would not be with the event appended.
///
/// # Errors
/// The event itself would stand without ground: what it rests on places it after an event that
/// leaves it nothing to act on.
pub(super) fn newly_unsupported(
    history: &History,
    before: &State,
    act: ActKind,
    fact: &Fact,
    meta: EventMeta,
) -> Result<Lost, Refusal> {
    let (after, revision) = with_new(history, fact, meta);
    let now = after.state();
    let stands = after.original(revision);
    if now.unsupported.contains(&stands) {
        return Err(without_ground(act, &after, stands));
    }
    let lost = now.unsupported.iter().filter(|lost| !before.unsupported.contains(lost));
    let lapses = history.events().iter().filter(|event| match &event.event {
        Event::ObligationLapsed(lapse) => {
            lapse_has_ground(before, lapse) && !lapse_has_ground(&now, lapse)
        }
        Event::Acted(_) | Event::ApprovalAbandoned(_) | Event::MeasureSucceeded(_) => false,
    });
    let lapses = lapses.map(|event| event.revision).collect();
    Ok(Lost { acts: lost.copied().collect(), lapses })
}

/// The history with an event appended for trying it out, and the event's revision.
pub(super) fn with_new(history: &History, fact: &Fact, meta: EventMeta) -> (History, u64) {
    let mut after = history.clone();
    let revision = after.revision().map_or(0, |revision| revision + 1);
    let event = Event::Acted(Box::new(fact.clone()));
    after.push(Recorded { revision, sequence: None, id: uuid::Uuid::nil(), event, meta });
    (after, revision)
}

fn without_ground(act: ActKind, after: &History, revision: u64) -> Refusal {
    let effective = after.effective();
    let earlier = effective.entries().iter().take_while(|entry| entry.revision() != revision);
    let Some(blocking) = earlier.filter(|entry| !entry.event.event.is_own()).last() else {
        let text = said!(
            "nothing is on record by that day that it could rest on",
            "当日尚无可供依据的记录"
        );
        return Refusal::new(act, Reason::DateConflict { with: None }, text);
    };
    let with = Some(blocking.event.reference(after.stream()));
    let text = said!(
        "by what it rests on it counts only after {blocking}, which leaves it nothing to act on; state a date on which it certainly came before",
        "依其所依据的记录，该行为排在{blocking}之后，已无可作用之处；请填写确在其前的日期",
        blocking = called(&blocking.event)
    );
    Refusal::new(act, Reason::DateConflict { with }, text)
}

/// Metadata as far as the fold reads it, for trying an event out.
pub(super) fn hypothetical(
    ctx: &Context<'_>,
    history: &History,
    decision: &Decision,
    common: &Common,
) -> EventMeta {
    let rests_on = references(history, decision.grounds.iter().copied());
    let rests_on = EventRef::write_list(&rests_on).into();
    EventMeta { rests_on, ..decision.meta(ctx.actor, common, ctx.now, ctx.program.is_exercise()) }
}
