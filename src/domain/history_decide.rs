//! By which state an act is judged, and what it may unsettle.
//!
//! `decide` sees the state at the act's effective day (of an interval, its latest); where that
//! refuses, also the state with the events that are possible on that day counted as done. An act
//! that goes in before later events must not take their ground, unless it is a correction, or a
//! late entry by the national office or out of an archive.

mod correct;
mod named;
mod unsettle;

use super::act::{Act, ActRequest};
use super::date::{CivilDate, Day};
use super::decide::{Context, Decision, check_common, decide};
use super::event::Recorded;
use super::history::{History, fold, place_on};
use super::ids::{Id, Text, covered};
use super::refusal::{Reason, Refusal};
use super::state::State;
use correct::decide_correction;
use named::check_named;
use unsettle::{hypothetical, may_unsettle, newly_unsupported, references, unsettles};

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

#[expect(clippy::wildcard_enum_match_arm, reason = "only these acts name events")]
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
    check_named(ctx, history, request)?;
    // A record that is open stays open, also where a late entry stands before it.
    if request.common.kept_since.is_some() && !history.events().is_empty() {
        check_common(ctx, &history.state(), request)?;
    }
    let day = request.common.effective_on.latest();
    let mut decision = decide_in_time(ctx, history, request, day)?;
    if history.last_place().is_some_and(|last| last > day) {
        check_met_later(history, request, &decision)?;
        let effective_on = request.common.effective_on;
        let mut meta = hypothetical(ctx, history, &decision, effective_on);
        meta.received_on = request.common.received_on;
        let lost = newly_unsupported(history, request.act.kind(), &decision.fact, meta)?;
        if !lost.acts.is_empty() && !may_unsettle(ctx, request) {
            return Err(unsettles(request.act.kind(), history, &lost.acts));
        }
        decision.fact.unsettles = references(history, lost.all());
    }
    Ok(decision)
}

/// What recurs is met once for each due date, also where the one on record is dated later.
fn check_met_later(
    history: &History,
    request: &ActRequest,
    decision: &Decision,
) -> Result<(), Refusal> {
    let state = history.state();
    for meets in &decision.fact.effects.meets {
        let Some(year) = meets.due_year else { continue };
        let duties = state.duties.iter().filter(|duty| duty.obligation == meets.obligation);
        let Some((duty, met)) = duties.filter_map(|d| Some((d, d.met.get(&year)?))).next() else {
            continue;
        };
        let by = history.at(met.by).map(|event| event.reference(history.stream()));
        let (on, revision) = (met.on, met.by);
        return Err(Refusal::new(
            request.act.kind(),
            Reason::AlreadyDecided { by },
            format!("what was due in {year} is on record since {on} (revision {revision}); mend a wrong one by a correction"),
            format!("{year} 年到期的事项已于 {on} 入档（修订号 {revision}）；有误请用更正"),
        )
        .under(&duty.article));
    }
    Ok(())
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
    if let Some(decision) = decide_before_evidence(ctx, history, request, None) {
        return Ok(decision);
    }
    let effective = history.effective();
    let later = effective.iter().find(|entry| entry.place > day && !entry.event.event.is_own());
    if let (Reason::NotPermitted { .. }, Some(later)) = (&*refusal.reason, later)
        && decide(ctx, &history.state(), request).is_ok()
    {
        return Err(precedes(refusal, request, history, &later.event));
    }
    Err(refusal)
}

/// A founding act that is older than the evidence of what it founded: the steps before it are not
/// on record, so it is decided as if that were known on its day (G9). `except` is left out of the
/// record: what a correction replaces.
fn decide_before_evidence(
    ctx: &Context<'_>,
    history: &History,
    request: &ActRequest,
    except: Option<u64>,
) -> Option<Decision> {
    let day = request.common.effective_on.latest();
    let mut effective = history.effective();
    effective.retain(|entry| Some(entry.event.revision) != except);
    let later = effective.iter().find(|entry| {
        let enters = entry.event.event.fact().and_then(|fact| fact.effects.enters.as_ref());
        entry.place > day && enters.is_some()
    })?;
    let revision = later.event.revision;
    let before = fold(&effective, |entry| entry.place <= day);
    let state = fold(&effective, |e| e.place <= day || e.event.revision == revision);
    if before.node.is_some() || !state.is_evidenced_only() {
        return None;
    }
    let mut decision = decide(ctx, &state, request).ok()?;
    let effects = &mut decision.fact.effects;
    let founds = effects.enters.as_ref().is_some_and(|to| Some(to.phase()) == state.phase());
    if !founds || covered(&effects.ground.from, state.node.as_ref()) {
        return None;
    }
    effects.ground.from.push(Id::from("none"));
    // The record is no more complete on the days before the evidence than it is since.
    if before.kept_since.is_none() && effects.opens_record.is_none() {
        let opener = effective.iter().find(|e| Some(e.event.revision) == state.kept_by)?;
        effects.opens_record = opener.event.event.fact()?.effects.opens_record.clone();
    }
    Some(decision)
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

/// The place that an event will have once it is appended to this history.
pub fn place_of_new(history: &History, effective_on: CivilDate, grounds: &[u64]) -> Day {
    let effective = history.effective();
    let places = effective
        .iter()
        .filter(|entry| grounds.contains(&entry.event.revision))
        .map(|entry| (entry.place, entry.event.meta.effective_on));
    place_on(effective_on, places)
}
