//! By which state an act is judged, and what it may unsettle.
//!
//! `decide` sees the state at the act's effective day (of an interval, its latest); where that
//! refuses, also the state with the events that are possible on that day counted as done. An act
//! that goes in before later events must not take their ground, unless it is a correction, or a
//! late entry by the national office or out of an archive.

use std::collections::BTreeSet;

use super::act::{Act, ActKind, ActRequest, Correction, Receipt};
use super::date::Day;
use super::decide::{Actor, Context, Decision, check_common, decide};
use super::event::{Effects, Event, EventMeta, Fact, Ground, MendedFact, Recorded};
use super::history::{Fate, History, fold, place_on};
use super::ids::{EventRef, Office, Provenance, Text};
use super::refusal::{Reason, Refusal};
use super::state::State;

/// Decides on a state that holds every event, if the act goes in at the end; `None` when the whole
/// history is needed: the act is placed before the last event, or names events.
pub fn decide_at_end(
    ctx: &Context<'_>,
    state: &State,
    last_place: Option<Day>,
    request: &ActRequest,
) -> Option<Result<Decision, Refusal>> {
    let day = request.common.effective_on.latest();
    let at_end = last_place.is_none_or(|last| last <= day);
    (at_end && !needs_history(&request.act)).then(|| decide(ctx, state, request))
}

fn needs_history(act: &Act) -> bool {
    match act {
        Act::Correct(_) | Act::AcknowledgeReceipt(_) => true,
        Act::Inspect(inspection) => inspection.follows.is_some(),
        _ => false,
    }
}

/// Decides on the whole history.
///
/// # Errors
/// A [`Refusal`].
pub fn decide_on(
    ctx: &Context<'_>,
    history: &History,
    request: &ActRequest,
) -> Result<Decision, Refusal> {
    if let Act::Correct(correction) = &request.act {
        return decide_correction(ctx, history, request, correction);
    }
    if let Act::Inspect(inspection) = &request.act
        && let Some(follows) = &inspection.follows
    {
        check_follows(history, follows)?;
    }
    if let Act::AcknowledgeReceipt(receipt) = &request.act {
        check_received(ctx, history, receipt)?;
    }
    // A record that is open stays open, also where a late entry stands before it.
    if request.common.kept_since.is_some() && !history.events().is_empty() {
        check_common(ctx, &history.state(), request)?;
    }
    let day = request.common.effective_on.latest();
    let mut decision = decide_in_time(ctx, history, request, day)?;
    if history.last_place().is_some_and(|last| last > day) {
        let effective_on = request.common.effective_on;
        let mut meta = hypothetical(ctx, history, &decision, effective_on);
        meta.received_on = request.common.received_on;
        let lost = newly_unsupported(history, &decision.fact, meta);
        if !lost.is_empty() && !may_unsettle(ctx) {
            return Err(unsettles(request.act.kind(), history, &lost));
        }
        decision.fact.unsettles = references(history, lost.into_iter());
    }
    Ok(decision)
}

/// The state at the day; where that refuses, the state with what is possible counted as done. A
/// refusal that the present state would not give names the later event that it precedes.
fn decide_in_time(
    ctx: &Context<'_>,
    history: &History,
    request: &ActRequest,
    day: Day,
) -> Result<Decision, Refusal> {
    let state = history.state_at(day);
    let refusal = match decide(ctx, &state, request) {
        Ok(decision) => return Ok(decision),
        Err(refusal) => refusal,
    };
    let possible = history.possible(day);
    if !possible.is_empty()
        && let Ok(mut decision) = decide(ctx, &history.state_at_with_possible(day), request)
    {
        decision.grounds.extend(possible);
        decision.grounds.sort_unstable();
        decision.grounds.dedup();
        return Ok(decision);
    }
    let later = history.effective().into_iter().find(|entry| entry.place > day);
    if let (Reason::NotPermitted { .. }, Some(later)) = (&*refusal.reason, later)
        && decide(ctx, &history.state(), request).is_ok()
    {
        return Err(precedes(refusal, request, history, &later.event));
    }
    Err(refusal)
}

fn precedes(
    refusal: Refusal,
    request: &ActRequest,
    history: &History,
    later: &Recorded,
) -> Refusal {
    let on = request.common.effective_on;
    let kind = later.event.event_type();
    let with = later.reference(history.stream());
    let en = format!(
        "{on} lies before {kind} of {} (revision {}), which it would have to follow: {}",
        later.meta.effective_on, later.revision, refusal.detail.en
    );
    let zh = format!(
        "{on} 早于其所依据的 {kind}（{}，修订号 {}）：{}",
        later.meta.effective_on, later.revision, refusal.detail.zh
    );
    Refusal {
        reason: Box::new(Reason::DateConflict { with: Some(with) }),
        detail: Text { en, zh },
        ..refusal
    }
}

fn may_unsettle(ctx: &Context<'_>) -> bool {
    matches!(ctx.actor.office, Office::NationalOffice | Office::Registrar)
}

fn unsettles(act: ActKind, history: &History, lost: &BTreeSet<u64>) -> Refusal {
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

fn check_follows(history: &History, follows: &EventRef) -> Result<(), Refusal> {
    let event = history.at(follows.revision).filter(|event| event.id == follows.id);
    let stands = match history.fate(follows.revision) {
        Fate::Stands | Fate::Corrected { .. } => true,
        Fate::Annulled { .. } => false,
    };
    let is_report = event
        .filter(|_| stands)
        .and_then(|event| event.event.fact())
        .is_some_and(|fact| fact.act.kind() == ActKind::SubmitReport);
    if follows.stream == history.stream() && is_report {
        return Ok(());
    }
    Err(Refusal::new(
        ActKind::Inspect,
        Reason::Invalid {
            errors: vec![super::refusal::field(
                "/follows",
                format!("{follows} is no report of {}", history.stream()),
                format!("{follows} 不是 {} 的报告", history.stream()),
            )],
        },
        format!("/follows: {follows} is no report of {}", history.stream()),
        format!("/follows：{follows} 不是 {} 的报告", history.stream()),
    ))
}

/// A receipt is acknowledged by another office than the one that acted, for a day on which the act
/// can have been received: not before it was done, not after it was recorded (G12).
fn check_received(ctx: &Context<'_>, history: &History, receipt: &Receipt) -> Result<(), Refusal> {
    let refuse = |reason: Reason, en: String, zh: String| {
        Err(Refusal::new(ActKind::AcknowledgeReceipt, reason, en, zh).under("G12"))
    };
    let (of, day) = (&receipt.of, receipt.received_on);
    let effective = history.effective();
    let entry = effective.iter().find(|entry| {
        entry.event.revision == of.revision
            && entry.event.id == of.id
            && of.stream == history.stream()
    });
    let Some(entry) = entry else {
        let (en, zh) = (
            format!("{of} is no act of {} that stands", history.stream()),
            format!("{of} 不是 {} 中有效的行为", history.stream()),
        );
        let errors = vec![super::refusal::field("/of", en.clone(), zh.clone())];
        return refuse(Reason::Invalid { errors }, en, zh);
    };
    let event = &entry.event;
    if event.meta.office == ctx.actor.office {
        return refuse(
            Reason::OfficeForbidden { required: vec![Office::NationalOffice] },
            format!(
                "{} is an act of {} itself; its receipt is acknowledged by the office that received it",
                event.event.event_type(),
                ctx.actor.office.as_str()
            ),
            format!(
                "{} 是 {} 自己的行为；收到日期由接收机关确认",
                event.event.event_type(),
                ctx.actor.office.as_str()
            ),
        );
    }
    let recorded = event.meta.recorded_at.civil_day();
    let done = event.meta.effective_on;
    if day > recorded || done.earliest().is_some_and(|earliest| day < earliest) {
        return refuse(
            Reason::DateConflict { with: Some(of.clone()) },
            format!(
                "received_on {day} is not between the act's own day {done} and its recording on {recorded}"
            ),
            format!("received_on {day} 不在该行为之日 {done} 与入档日 {recorded} 之间"),
        );
    }
    Ok(())
}

fn decide_correction(
    ctx: &Context<'_>,
    history: &History,
    request: &ActRequest,
    correction: &Correction,
) -> Result<Decision, Refusal> {
    check_common(ctx, &history.state(), request)?;
    let target = correctable(history, correction)?;
    let original = history.original(target.revision);
    let original = history.at(original).unwrap_or(target);
    check_corrector(ctx, request, original)?;
    let mut decision = Decision {
        fact: Fact {
            act: request.act.clone(),
            document: request.common.document.clone(),
            materials: request.common.materials.clone(),
            over_limit: None,
            effects: Effects { ground: Ground::default(), ..Effects::default() },
            findings: Vec::new(),
            mended: None,
            unsettles: Vec::new(),
        },
        office: request.common.archive.as_ref().map_or(ctx.actor.office, |a| a.office),
        article: None,
        measure: None,
        measure_also: None,
        edition: None,
        grounds: Vec::new(),
        rests_on: Vec::new(),
        provenance: Provenance::Recorded,
        place: None,
    };
    if let Some(mended) = &correction.replacement {
        let replacement = ActRequest { act: mended.act.clone(), common: mended.common.clone() };
        let found = decide_replacement(ctx, history, original, &replacement)?;
        decision.measure = found.measure;
        decision.measure_also = found.measure_also;
        decision.edition = found.edition;
        decision.article = found.article;
        decision.grounds = found.grounds;
        decision.fact.mended = Some(Box::new(MendedFact {
            fact: found.fact,
            effective_on: replacement.common.effective_on,
            decided_on: replacement.common.decided_on,
            received_on: replacement.common.received_on,
        }));
    }
    let meta = hypothetical(ctx, history, &decision, request.common.effective_on);
    let lost = newly_unsupported(history, &decision.fact, meta);
    let resting = resting_on(history, original);
    decision.fact.unsettles = references(history, lost.union(&resting).copied());
    Ok(decision)
}

/// The event that a correction names, if it is the version in force.
fn correctable<'h>(history: &'h History, correction: &Correction) -> Result<&'h Recorded, Refusal> {
    let named = &correction.corrects;
    let refuse = |in_force: Option<EventRef>, en: String, zh: String| {
        Err(Refusal::new(ActKind::Correct, Reason::NotInForceVersion { in_force }, en, zh))
    };
    let target = history.at(named.revision).filter(|target| {
        target.id == named.id && named.stream == history.stream() && !target.event.is_own()
    });
    let Some(target) = target else {
        return refuse(
            None,
            format!("{named} names no act of {}", history.stream()),
            format!("{named} 不是 {} 中的行为", history.stream()),
        );
    };
    let in_force = history.version_in_force(named.revision).unwrap_or(named.revision);
    if in_force != named.revision {
        let current = history.at(in_force).map(|event| event.reference(history.stream()));
        let name = current.as_ref().map(ToString::to_string).unwrap_or_default();
        return refuse(
            current,
            format!(
                "revision {} was corrected already; the version in force is {name}",
                named.revision
            ),
            format!("修订号 {} 已被更正；现行版本为 {name}", named.revision),
        );
    }
    Ok(target)
}

/// A correction is made by the office that acted, or by the national office.
fn check_corrector(
    ctx: &Context<'_>,
    request: &ActRequest,
    original: &Recorded,
) -> Result<(), Refusal> {
    let office = request.common.archive.as_ref().map_or(ctx.actor.office, |a| a.office);
    let acted = original.meta.office;
    let same_hand =
        ctx.actor.office == Office::Registrar || ctx.actor.office_id == original.meta.office_id;
    if office == Office::NationalOffice || (office == acted && same_hand) {
        return Ok(());
    }
    Err(Refusal::new(
        ActKind::Correct,
        Reason::OfficeForbidden { required: vec![acted, Office::NationalOffice] },
        format!(
            "a correction is made by the office that acted ({} {}) or by the national office",
            acted.as_str(),
            original.meta.office_id
        ),
        format!("更正由原行为机关（{} {}）或国家局作出", acted.as_str(), original.meta.office_id),
    ))
}

/// Decides the act as it should have been, on the record without the original, as its office.
fn decide_replacement(
    ctx: &Context<'_>,
    history: &History,
    original: &Recorded,
    replacement: &ActRequest,
) -> Result<Decision, Refusal> {
    let day = replacement.common.effective_on.latest();
    let effective = history.effective();
    let others = |possible: bool| {
        fold(&effective, |entry| {
            let order = (entry.place, entry.event.revision);
            let reached = order < (day, original.revision)
                || (possible && entry.event.meta.effective_on.contains(day));
            entry.event.revision != original.revision && reached
        })
    };
    let actor = Actor {
        office: original.meta.office,
        office_id: original.meta.office_id.clone(),
        divisions: [&ctx.subject.registration.province, &Some(ctx.subject.id().clone())]
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect(),
    };
    let as_office = Context { actor: &actor, ..*ctx };
    let registrar = Context { actor: ctx.actor, ..*ctx };
    let judged = if replacement.common.archive.is_some() { &registrar } else { &as_office };
    let mut decision = match decide(judged, &others(false), replacement) {
        Ok(decision) => decision,
        Err(refusal) => {
            let mut decision = decide(judged, &others(true), replacement).map_err(|_| refusal)?;
            let counted = history.possible(day).into_iter();
            decision.grounds.extend(counted.filter(|revision| *revision != original.revision));
            decision.grounds.sort_unstable();
            decision.grounds.dedup();
            decision
        }
    };
    if let Some(opened) = original.event.fact().and_then(|f| f.effects.opens_record.clone())
        && original.meta.archive | (original.meta.office == Office::Registrar)
        && replacement.common.kept_since.is_none()
    {
        decision.fact.effects.opens_record = Some(opened);
    }
    Ok(decision)
}

/// The revisions of events that name the corrected one among what they rest on.
fn resting_on(history: &History, original: &Recorded) -> BTreeSet<u64> {
    let named = original.reference(history.stream()).to_string();
    history
        .events()
        .iter()
        .filter(|event| event.meta.rests_on.split_ascii_whitespace().any(|r| r == named))
        .map(|event| event.revision)
        .collect()
}

fn references(history: &History, revisions: impl Iterator<Item = u64>) -> Vec<EventRef> {
    revisions
        .filter_map(|revision| history.at(revision))
        .map(|event| event.reference(history.stream()))
        .collect()
}

/// The revisions that are supported now and would not be with the event appended.
fn newly_unsupported(history: &History, fact: &Fact, meta: EventMeta) -> BTreeSet<u64> {
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
fn hypothetical(
    ctx: &Context<'_>,
    history: &History,
    decision: &Decision,
    effective_on: super::date::CivilDate,
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

/// The place that an event will have once it is appended to this history.
pub fn place_of_new(
    history: &History,
    effective_on: super::date::CivilDate,
    grounds: &[u64],
) -> Day {
    let effective = history.effective();
    let places = effective
        .iter()
        .filter(|entry| grounds.contains(&entry.event.revision))
        .map(|entry| (entry.place, entry.event.meta.effective_on));
    place_on(effective_on, places)
}
