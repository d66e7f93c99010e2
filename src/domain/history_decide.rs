//! By which state an act is judged, and what it may unsettle.
//!
//! `decide` sees the state at the act's effective day (of an interval, its latest); where that
//! refuses, also the state with the events that are possible on that day counted as done. An act
//! that goes in before later events must not take their ground, unless it is a correction, or a
//! late entry by the national office or out of an archive.

mod correct;
mod judge;
mod named;
mod prospects;
mod unsettle;

use super::act::{Act, ActRequest};
use super::date::Day;
use super::decide::{Context, Decision, check_common, cited, decide, year_is_taken};
use super::enrollment::Enrollment;
use super::history::{Effective, History};
use super::refusal::{Reason, Refusal};
use super::state::State;
use super::words::said;
use correct::decide_correction;
use judge::{Moment, judge};
use named::{check_named, named_by};
pub use prospects::{Prospects, has_correctable};
use unsettle::{
    called, hypothetical, may_unsettle, newly_unsupported, references, unsettles, with_new,
};

/// Decides on a state that holds every event, if the act goes in at the end; `None` when the whole
/// history is needed: the act goes in before the last event or narrows another, or names events.
pub fn decide_at_end(
    ctx: &Context<'_>,
    enrollment: &Enrollment,
    request: &ActRequest,
) -> Option<Result<Decision, Refusal>> {
    let common = &request.common;
    if !enrollment.is_reached(common.effective_on.latest()) || needs_history(&request.act) {
        return None;
    }
    let decided = decide(ctx, &enrollment.state, request);
    let ends = match &decided {
        Ok(found) => enrollment.ends_with(
            &found.dated(common, ctx.now, ctx.program.is_exercise()),
            &found.fact.effects,
        ),
        Err(_) => !enrollment.has_evidence(),
    };
    ends.then_some(decided)
}

fn needs_history(act: &Act) -> bool {
    matches!(act, Act::Correct(_)) || named_by(act).is_some()
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
    decide_whole(ctx, history, request).map_err(|refusal| cited(ctx, request, refusal))
}

fn decide_whole(
    ctx: &Context<'_>,
    history: &History,
    request: &ActRequest,
) -> Result<Decision, Refusal> {
    let effective = history.effective();
    if let Act::Correct(correction) = &request.act {
        return decide_correction(ctx, history, &effective, request, correction);
    }
    let named = check_named(ctx, history.stream(), &effective, request);
    let enrollment = Enrollment::of_effective(&effective);
    // A record that is open stays open, also where a late entry stands before it.
    if request.common.kept_since.is_some() && !history.events().is_empty() {
        check_common(ctx, &enrollment.state, request)?;
    }
    let moment = Moment { day: request.common.effective_on.latest(), before: None };
    let judged = judge(ctx, &effective, moment, request).map_err(|refusal| {
        precedes(ctx, (&effective, &enrollment.state), history, request, refusal)
    });
    // Whether the act may be done comes before what it names, and that before what else it says.
    let mut decision = match judged {
        Err(refusal) if refusal.is_of_standing() => return Err(refusal),
        judged => named.and(judged)?,
    };
    let meta = hypothetical(ctx, history, &decision, &request.common);
    if !enrollment.ends_with(&meta, &decision.fact.effects) {
        // Also where the result on record is dated later.
        if let Some(refusal) = year_is_taken(ctx, &enrollment.state, request) {
            return Err(refusal);
        }
        check_met_later(&enrollment.state, request, &decision)?;
        let kind = request.act.kind();
        let lost = newly_unsupported(history, &enrollment.state, kind, &decision.fact, meta)?;
        if !lost.acts.is_empty() && !may_unsettle(ctx, request) {
            return Err(unsettles(kind, history, &lost.acts));
        }
        decision.fact.unsettles = references(history, lost.all());
    }
    Ok(decision)
}

/// The fold day that an act will have once it is appended to this history.
pub fn fold_day_of_new(
    ctx: &Context<'_>,
    history: &History,
    request: &ActRequest,
    decision: &Decision,
) -> Day {
    let meta = hypothetical(ctx, history, decision, &request.common);
    let (after, revision) = with_new(history, &decision.fact, meta);
    let effective = after.effective();
    let mut entries = effective.entries().iter().rev();
    let new = entries.find(|entry| entry.revision() == revision);
    new.map_or(request.common.effective_on.latest(), |entry| entry.fold_day())
}

/// What recurs is met once for each due date, also where the one on record is dated later.
fn check_met_later(
    state: &State,
    request: &ActRequest,
    decision: &Decision,
) -> Result<(), Refusal> {
    for meets in &decision.fact.effects.meets {
        let Some(year) = meets.due_year else { continue };
        let duties = state.duties.iter().filter(|duty| duty.obligation == meets.obligation);
        let Some((duty, met)) = duties.filter_map(|d| Some((d, d.met.get(&year)?))).next() else {
            continue;
        };
        let (on, revision) = (met.on, met.by);
        let text = said!(
            "what was due in {year} is on record since {on} (revision {revision}); mend a wrong one by a correction",
            "{year}年到期的事项已于{on}入档（修订号{revision}）；有误请用更正",
            year = year,
            on = on,
            revision = revision
        );
        let refusal =
            Refusal::new(request.act.kind(), Reason::AlreadyDecided { revision, by: None }, text);
        return Err(refusal.under(&duty.article));
    }
    Ok(())
}

/// A refusal that the present state would not give names the later event that the act precedes.
fn precedes(
    ctx: &Context<'_>,
    (effective, present): (&Effective<'_>, &State),
    history: &History,
    request: &ActRequest,
    refusal: Refusal,
) -> Refusal {
    let on = request.common.effective_on;
    let mut acts = effective.entries().iter().filter(|entry| !entry.event.event.is_own());
    let Some(later) = acts.find(|entry| entry.fold_day() > on.latest()) else { return refusal };
    let is_state = matches!(*refusal.reason, Reason::NotPermitted { .. });
    if !is_state || decide(ctx, present, request).is_err() {
        return refusal;
    }
    let later = &later.event;
    let detail = said!(
        "{on} lies before {later}, which it would have to follow: {why}",
        "{on}早于其所依据的{later}：{why}",
        on = on,
        later = called(later),
        why = refusal.detail
    );
    let with = Some(later.reference(history.stream()));
    Refusal { reason: Box::new(Reason::DateConflict { with }), detail, ..refusal }
}
