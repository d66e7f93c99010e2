//! `evolve`: the one function that folds events into state. The same after a decision, in replay,
//! in as-of questions and in every read model.
//!
//! It is total: an event whose ground is gone changes nothing and is listed as unsupported. It
//! looks at what the event carries, never at a measure, a clock or a rest day.

use std::sync::Arc;

use super::date::Day;
use super::event::{
    DutyMet, DutyOpened, Effects, Event, Fact, Ground, MeasureSucceeded, PlaceEffect, Recorded,
    Series, TitleEffect,
};
use super::fulfilment::Seen;
use super::ids::{Node, Office, Provenance, covered};
use super::state::{
    Ahead, Duty, Ended, Met, ONCE, OpenMatter, PlaceHeld, PlanVersion, Received, ResultOnRecord,
    State,
};

/// Which part of an event is folded. A decision whose effect lies ahead stands twice in the effective
/// history (G2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of it.
    Whole,
    /// That it was decided: the matter is closed, and the earlier standing holds.
    Decided,
    /// Its effect: the rest.
    Effect,
}

/// Folds one event of the effective history, or a part of it, into the state. `fold_day` is the day
/// from which it counts in the order of the fold.
pub fn evolve(state: &mut State, recorded: &Recorded, fold_day: Day, part: Part) {
    match (&recorded.event, part) {
        (Event::Acted(fact), Part::Whole) => fold_act(state, recorded, fact, fold_day),
        (Event::Acted(fact), Part::Decided) => fold_decision(state, recorded, fact, fold_day),
        (Event::Acted(fact), Part::Effect) => fold_effect(state, recorded, fact, fold_day),
        (Event::ApprovalAbandoned(_), _) => {}
        (Event::ObligationLapsed(lapse), _) => state.note_lapse(recorded.revision, lapse),
        (Event::MeasureSucceeded(succeeded), _) => succeed(state, recorded, succeeded, fold_day),
    }
}

fn fold_act(state: &mut State, recorded: &Recorded, fact: &Fact, fold_day: Day) {
    if !has_ground(state, &fact.effects, fold_day) {
        return without_ground(state, recorded);
    }
    apply(state, recorded, &fact.effects, fold_day);
    if fact.over_limit.is_some() {
        state.overrides += 1;
    }
}

/// From the decision on nobody is waited for; nothing else changes before the effect.
fn fold_decision(state: &mut State, recorded: &Recorded, fact: &Fact, fold_day: Day) {
    let Some((since, from)) = recorded.decided_ahead() else { return };
    if !has_ground(state, &fact.effects, fold_day) {
        return without_ground(state, recorded);
    }
    close_matters(state, &fact.effects);
    let meets = fact.effects.meets.iter().map(|met| met.obligation.clone()).collect();
    let ahead = Ahead { by: recorded.meta.office, since, from, meets };
    Arc::make_mut(&mut state.kept_mut().ahead).insert(recorded.revision, ahead);
}

/// What was decided with ground takes effect where the enrollment still stands where it was decided:
/// its matter and its conditions were looked at then.
fn fold_effect(state: &mut State, recorded: &Recorded, fact: &Fact, fold_day: Day) {
    if Arc::make_mut(&mut state.kept_mut().ahead).remove(&recorded.revision).is_none() {
        return;
    }
    let (mut effect, mut event) = (fact.clone(), recorded.clone());
    event.meta.effective_on = fact.effects.starts_on.unwrap_or(recorded.meta.effective_on);
    effect.effects.ground = Ground { from: fact.effects.ground.from.clone(), ..Ground::default() };
    effect.effects.closes.clear();
    fold_act(state, &event, &effect, fold_day);
}

fn without_ground(state: &mut State, recorded: &Recorded) {
    Arc::make_mut(&mut state.kept_mut().unsupported).push(recorded.revision);
}

/// Whether the state has what an event needs. A founding act also stands on an attested standing
/// in the phase that it enters: evidence gives way to it (G9).
pub fn has_ground(state: &State, effects: &Effects, fold_day: Day) -> bool {
    let Ground { from, needs, decides } = &effects.ground;
    let stands = from.is_empty()
        || covered(from, state.node.as_ref())
        || (state.is_evidenced_only() && effects.enters.as_ref().map(Node::phase) == state.phase());
    stands
        && needs.iter().all(|need| need.holds(Seen { state, day: fold_day, act: None }))
        && decides.as_ref().is_none_or(|matter| state.matters.contains_key(matter))
}

fn apply(state: &mut State, recorded: &Recorded, effects: &Effects, fold_day: Day) {
    let on = recorded.meta.effective_on;
    state.acts += 1;
    // The event that opened the record says from when it is complete, also where a late entry
    // stands before it in time.
    if let Some(kept) = &effects.opens_record
        && state.kept_by.is_none_or(|by| recorded.revision < by)
    {
        state.kept_since = Some(kept.day);
        state.kept_by = Some(recorded.revision);
    }
    if effects.begins_attempt {
        begin_attempt(state);
    }
    if let Some(applied) = &effects.applies {
        state.kept_mut().applied = Some(Arc::new(applied.clone()));
    }
    if !gives_way(state, effects) {
        enter(state, recorded, effects, fold_day);
    }
    // Where only evidence shows the standing, an act that presupposes it is evidence of it as well; a
    // standing by acts is in the record anyway.
    let presupposes = state.is_evidenced_only() && !effects.ground.from.is_empty();
    if effects.enters.is_some() || presupposes {
        state.last_evidenced_on = Some(on);
    }
    settle(state, recorded, effects);
    for laid in &effects.lays {
        lay(state, recorded, laid);
    }
    for met in &effects.meets {
        meet(state, recorded, met);
    }
    if let Some((of, received_on)) = effects.receipt {
        acknowledge(state, recorded.meta.office, of, received_on);
    }
    if !effects.ends.is_empty() {
        let over = |duty: &Duty| effects.ends.contains(&duty.obligation);
        end_duties(state, recorded.revision, fold_day, false, over);
    }
    for opened in &effects.opens {
        open(state, recorded, opened, fold_day);
    }
    if effects.waives_later {
        end_duties(state, recorded.revision, fold_day, true, |_| true);
    }
}

/// A later version takes hold of who stands in its phase since before its day, by an act on record; of
/// several that say so, by the one since which it stands.
fn succeed(state: &mut State, recorded: &Recorded, succeeded: &MeasureSucceeded, fold_day: Day) {
    let held = state.phase() == Some(&succeeded.phase)
        && state.phase_by == Some(succeeded.founded_by)
        && !state.is_evidenced_only()
        && state.phase_since.is_some_and(|on| on.certainly_before(&succeeded.in_force_from));
    if !held {
        return;
    }
    if let Some(term) = &succeeded.term {
        state.kept_mut().term = Some(Arc::new(term.clone()));
    }
    for opened in &succeeded.opens {
        open(state, recorded, opened, fold_day);
    }
}

/// Evidence of a standing that is already on record by an act adds nothing but its date.
fn gives_way(state: &State, effects: &Effects) -> bool {
    matches!(effects.stands_by, Some(Provenance::Attested | Provenance::Inferred))
        && state.provenance == Provenance::Recorded
        && state.node.is_some()
        && effects.enters.as_ref().map(Node::phase) == state.phase()
}

fn begin_attempt(state: &mut State) {
    state.attempt += 1;
    state.category = None;
    let kept = state.kept_mut();
    kept.term = None;
    kept.applied = None;
    kept.round = None;
    kept.batch = None;
    kept.matters = Arc::default();
    kept.plan_versions = Arc::default();
    // One annual result stands per subject and year, whatever attempt it fell in (P15).
    Arc::make_mut(&mut kept.results).retain(|result| result.year.is_some());
}

fn enter(state: &mut State, recorded: &Recorded, effects: &Effects, fold_day: Day) {
    let on = recorded.meta.effective_on;
    if let Some(category) = &effects.category {
        state.category = Some(category.clone());
    }
    let evidence = matches!(effects.stands_by, Some(Provenance::Attested | Provenance::Inferred));
    let known =
        effects.enters.is_some() && effects.enters.as_ref().map(Node::phase) == state.phase();
    let was_evidenced = state.is_evidenced_only();
    if let Some(provenance) = effects.stands_by {
        // What a source says outweighs what follows from another.
        let weaker = known && provenance == Provenance::Inferred;
        if !(weaker && state.provenance == Provenance::Attested) {
            state.provenance = provenance;
        }
    } else if effects.enters.is_some() {
        state.provenance = Provenance::Recorded;
    }
    if let Some(node) = &effects.enters {
        if state.phase() != Some(node.phase()) || (was_evidenced && !evidence) {
            state.phase_by = Some(recorded.revision);
        }
        if state.attempt == 0 && !effects.outside {
            state.attempt = 1;
        }
        if state.phase() != Some(node.phase()) {
            state.phase_since = Some(on);
            state.kept_mut().planned = effects.planned.clone().map(Arc::new);
            let phase = node.phase().to_owned();
            end_duties(state, recorded.revision, fold_day, effects.waives_later, |duty| {
                duty.series
                    .as_ref()
                    .is_some_and(|series| !series.during.iter().any(|p| *p == phase))
            });
        }
        if state.node.as_ref() != Some(node) || effects.stands_by.is_none() {
            state.node_since = Some(on);
            state.node_by = Some(recorded.revision);
        }
        state.node = Some(node.clone());
    }
    // Evidence of a phase that is known already begins neither its term nor its title anew.
    if let Some(term) = &effects.term
        && !(evidence && known && state.term.is_some())
    {
        state.kept_mut().term = Some(Arc::new(term.clone()));
    }
    if !(evidence && known && holds_same_title(state, effects)) {
        change_title(state, effects);
    }
    change_place(state, effects, fold_day);
    if effects.round.is_some() || effects.batch.is_some() {
        let kept = state.kept_mut();
        kept.round = effects.round.clone().or(kept.round.take());
        kept.batch = effects.batch.clone().or(kept.batch.take());
    }
}

fn holds_same_title(state: &State, effects: &Effects) -> bool {
    match (&state.title, &effects.title) {
        (Some(held), Some(TitleEffect::Granted(shown))) => held.title == shown.title,
        _ => false,
    }
}

fn change_title(state: &mut State, effects: &Effects) {
    match &effects.title {
        None => {}
        Some(TitleEffect::Granted(title)) => state.kept_mut().title = Some(Arc::new(title.clone())),
        Some(TitleEffect::Kept { until }) => {
            if let Some(title) = &mut state.kept_mut().title {
                Arc::make_mut(title).until = *until;
            }
        }
        Some(TitleEffect::Cancelled) => state.kept_mut().title = None,
    }
}

fn change_place(state: &mut State, effects: &Effects, fold_day: Day) {
    match &effects.place {
        None => {}
        Some(PlaceEffect::Frees) => state.kept_mut().place = None,
        Some(PlaceEffect::Takes { category }) => {
            let attested = state.provenance != Provenance::Recorded;
            let from = match &state.place {
                Some(held) if held.category == *category => held.from.min(fold_day),
                _ => fold_day,
            };
            state.kept_mut().place =
                Some(Arc::new(PlaceHeld { category: category.clone(), from, attested }));
        }
    }
}

fn settle(state: &mut State, recorded: &Recorded, effects: &Effects) {
    close_matters(state, effects);
    if let Some(matter) = &effects.opens_matter {
        let open = OpenMatter {
            by: recorded.revision,
            since: recorded.meta.effective_on,
            category: effects.asks_category.clone(),
            plan: effects.asks_plan.clone(),
        };
        Arc::make_mut(&mut state.kept_mut().matters).insert(matter.clone(), open);
    }
    if let Some(indicators) = &effects.plan {
        let version = PlanVersion { by: recorded.revision, indicators: indicators.clone() };
        Arc::make_mut(&mut state.kept_mut().plan_versions).push(version);
    }
    if let Some(result) = &effects.result {
        Arc::make_mut(&mut state.kept_mut().results).push(ResultOnRecord {
            of: result.of,
            result: result.result.clone(),
            year: result.year,
            by: recorded.revision,
            on: recorded.meta.effective_on,
        });
    }
}

fn close_matters(state: &mut State, effects: &Effects) {
    for matter in &effects.closes {
        if state.matters.contains_key(matter) {
            Arc::make_mut(&mut state.kept_mut().matters).remove(matter);
        }
    }
}

fn open(state: &mut State, recorded: &Recorded, opened: &DutyOpened, fold_day: Day) {
    if !opened.each {
        let same = |duty: &Duty| duty.obligation == opened.obligation;
        end_duties(state, recorded.revision, fold_day, false, same);
    }
    let mut duty = Duty::opened(opened, recorded.revision, recorded.meta.effective_on);
    duty.series = opened.series.clone().map(|series| Arc::new(sharpened(series, fold_day)));
    Arc::make_mut(&mut state.duties).push(Arc::new(duty));
}

/// What is laid on the program as a whole opens once; what met it before its record was opened counts.
fn lay(state: &mut State, recorded: &Recorded, laid: &DutyOpened) {
    if state.duties.iter().any(|duty| duty.obligation == laid.obligation) {
        return;
    }
    let duty = Duty::opened(laid, recorded.revision, recorded.meta.effective_on);
    let duty = match state.met_outside.get(&laid.obligation) {
        Some(met) => duty.with_met(met.clone()),
        None => duty,
    };
    Arc::make_mut(&mut state.duties).push(Arc::new(duty));
}

/// What rests on the event that opened it can say more of its year than the event did.
fn sharpened(mut series: Series, fold_day: Day) -> Series {
    let by_then = series.every.in_year(fold_day.year() + 1);
    series.certain_from = series.certain_from.map(|certain| certain.min(by_then));
    series.certain_from = series.certain_from.filter(|certain| *certain > series.first_due);
    series
}

fn meet(state: &mut State, recorded: &Recorded, met: &DutyMet) {
    let (received_on, stated) = recorded.received();
    let on = recorded.meta.effective_on;
    let year = met.due_year.unwrap_or(ONCE);
    let entry = Met { by: recorded.revision, on, received_on, stated, receipts: Vec::new() };
    let duties = Arc::make_mut(&mut state.duties);
    let open = duties.iter_mut().rev().find(|duty| {
        duty.obligation == met.obligation
            && met.opened_by.is_none_or(|opened_by| opened_by == duty.opened_by)
            && (duty.series.is_some() || duty.met.is_empty())
    });
    let Some(duty) = open else {
        let outside = Arc::make_mut(&mut state.kept_mut().met_outside);
        outside.entry(met.obligation.clone()).or_insert(entry);
        return;
    };
    let receipts = duty.receivers.iter().map(|by| Received { by: *by, on: received_on, stated });
    let entry = Met { receipts: receipts.collect(), ..entry };
    Arc::make_mut(&mut Arc::make_mut(duty).met).note(year, entry);
}

/// An office says when it received what met a duty: in time is what all who receive it had in time.
fn acknowledge(state: &mut State, office: Office, of: u64, received_on: Day) {
    for duty in Arc::make_mut(&mut state.duties) {
        if !duty.met.values().any(|met| met.by == of) {
            continue;
        }
        let duty = Arc::make_mut(duty);
        for met in Arc::make_mut(&mut duty.met).values_mut().filter(|met| met.by == of) {
            if met.receipts.is_empty() {
                (met.received_on, met.stated) = (received_on, true);
                continue;
            }
            if let Some(receipt) = met.receipts.iter_mut().find(|receipt| receipt.by == office) {
                (receipt.on, receipt.stated) = (received_on, true);
            }
            if let Some(last) = met.receipts.iter().max_by_key(|receipt| receipt.on) {
                (met.received_on, met.stated) = (last.on, last.stated);
            }
        }
    }
}

/// Ends the duties that are picked and still bind; what fell due before `from` stands.
fn end_duties(state: &mut State, by: u64, from: Day, waived: bool, pick: impl Fn(&Duty) -> bool) {
    let binds = |duty: &Duty| {
        duty.ended.is_none() && (duty.series.is_some() || duty.met.is_empty()) && pick(duty)
    };
    if !state.duties.iter().any(|duty| binds(duty)) {
        return;
    }
    for duty in Arc::make_mut(&mut state.duties).iter_mut().filter(|duty| binds(duty)) {
        Arc::make_mut(duty).ended = Some(Ended { by, from, waived });
    }
}
