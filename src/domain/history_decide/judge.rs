//! By which events an act is judged, and which of them it rests on.

use crate::domain::act::ActRequest;
use crate::domain::date::Day;
use crate::domain::decide::{Context, Decision, decide};
use crate::domain::event::Effects;
use crate::domain::history::{Days, Effective, Entry};
use crate::domain::ids::{Id, Node};
use crate::domain::refusal::Refusal;
use crate::domain::state::State;

/// The moment of the fold at which an act is judged: after its day's events, or, for what stands in
/// the place of a corrected one, before those that came after the original.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub day: Day,
    pub before: Option<u64>,
}

impl Moment {
    fn reaches(self, entry: &Entry<'_>) -> bool {
        match self.before {
            None => entry.fold_day() <= self.day,
            Some(original) => (entry.fold_day(), entry.revision()) < (self.day, original),
        }
    }
}

/// Decides on what counts at the moment; where that refuses, also on what may have happened by then;
/// and where an act founds what evidence shows that is not certainly older, on that evidence (G9).
pub(super) fn judge(
    ctx: &Context<'_>,
    effective: &Effective<'_>,
    moment: Moment,
    request: &ActRequest,
) -> Result<Decision, Refusal> {
    let judging = Judging { ctx, effective, moment, request };
    let refusal = match judging.decide(&|entry| moment.reaches(entry)) {
        Ok((decision, _)) => return Ok(decision),
        Err(refusal) => refusal,
    };
    let found = judging.on_possible().or_else(|| judging.on_evidence());
    found.ok_or(refusal)
}

struct Judging<'a> {
    ctx: &'a Context<'a>,
    effective: &'a Effective<'a>,
    moment: Moment,
    request: &'a ActRequest,
}

impl Judging<'_> {
    /// Decides on what counts; and whether that founds what only evidence shows.
    fn decide(&self, counts: &dyn Fn(&Entry<'_>) -> bool) -> Result<(Decision, bool), Refusal> {
        let state = self.effective.state_where(counts);
        let mut decision = decide(self.ctx, &state, self.request)?;
        // What is laid on the whole is laid by the first act on record, also where this one is of before.
        let earlier = |e: &Entry<'_>| self.moment.before.is_none_or(|before| e.revision() < before);
        let laid = |e: &Entry<'_>| {
            earlier(e) && e.event.event.fact().is_some_and(|fact| !fact.effects.lays.is_empty())
        };
        if !decision.fact.effects.lays.is_empty() && self.effective.entries().iter().any(laid) {
            decision.fact.effects.lays.clear();
        }
        let founds = founds(&state, &decision.fact.effects);
        if founds {
            self.found(&state, &mut decision.fact.effects);
        }
        Ok((decision, founds))
    }

    /// Decides with the possible events counted as done, and rests on those of them that it needs: what
    /// it rests on was not after it, so nothing may be named that has no part in it.
    fn on_possible(&self) -> Option<Decision> {
        let moment = self.moment;
        let possible = |e: &Entry<'_>| !moment.reaches(e) && e.days.contains(moment.day);
        let mut counted = self.effective.revisions_where(possible);
        let decide = |counted: &[u64]| {
            let counts = |e: &Entry<'_>| moment.reaches(e) || counted.contains(&e.revision());
            self.decide(&counts).ok().map(|(decision, _)| decision)
        };
        let mut decision = decide(&counted).filter(|_| !counted.is_empty())?;
        for spare in counted.clone().into_iter().rev() {
            let fewer: Vec<u64> = counted.iter().copied().filter(|kept| *kept != spare).collect();
            if let Some(without) = decide(&fewer) {
                (counted, decision) = (fewer, without);
            }
        }
        Some(resting_on(decision, counted))
    }

    /// Decides as if one piece of evidence were all that shows the standing: on what is folded before
    /// it, since what it founds was there by then.
    fn on_evidence(&self) -> Option<Decision> {
        let on = Days::from(self.request.common.effective_on);
        let entries = self.effective.entries();
        let shown = |e: &Entry<'_>| e.is_evidence() && !e.days.certainly_before(&on);
        let mut shown = entries.iter().enumerate().filter(|(_, entry)| shown(entry));
        shown.find_map(|(at, shown)| {
            let before = |e: &Entry<'_>| {
                let same = |o: &Entry<'_>| o.revision() == e.revision() && o.part == e.part;
                self.moment.reaches(e) && !e.is_evidence() && entries[..at].iter().any(same)
            };
            let counts = |e: &Entry<'_>| e.revision() == shown.revision() || before(e);
            let (decision, founds) = self.decide(&counts).ok()?;
            founds.then(|| resting_on(decision, vec![shown.revision()]))
        })
    }

    /// An act that founds what only evidence shows stands before it. The steps before the act are not
    /// on record, so it needs none of them, whichever of them are found later.
    fn found(&self, state: &State, effects: &mut Effects) {
        let shown = |e: &Entry<'_>| e.is_evidence() && e.phase() == state.phase();
        let before = self.effective.state_where(|e| self.moment.reaches(e) && !shown(e));
        let steps = effects
            .ground
            .from
            .iter()
            .filter_map(|from| from.split_once('.'))
            .map(|(phase, _)| phase);
        let mut more: Vec<Id> = steps.map(|phase| Id::from(format!("{phase}.*"))).collect();
        more.push(Id::from("none"));
        let stood = before.node.iter().filter(|node| Some(node.phase()) != state.phase());
        more.extend(stood.map(|node| Id::from(node.as_str())));
        for pattern in more {
            if !effects.ground.from.contains(&pattern) {
                effects.ground.from.push(pattern);
            }
        }
        // The record is no more complete on the days before the evidence than it is since.
        if before.kept_since.is_none() && effects.opens_record.is_none() {
            let opener = state.kept_by.and_then(|by| self.effective.standing(by));
            let opener = opener.and_then(|event| event.event.fact());
            effects.opens_record = opener.and_then(|fact| fact.effects.opens_record.clone());
        }
    }
}

/// Whether an act founds the standing in a state that only evidence shows: it enters the same phase,
/// and not by a rule for those who stand there.
fn founds(state: &State, effects: &Effects) -> bool {
    let entered = effects.enters.as_ref().map(Node::phase);
    state.is_evidenced_only()
        && entered == state.phase()
        && !effects.is_evidence()
        && entered.is_some_and(|phase| !effects.ground.is_within(phase))
}

fn resting_on(mut decision: Decision, counted: Vec<u64>) -> Decision {
    decision.grounds.extend(counted);
    decision.grounds.sort_unstable();
    decision.grounds.dedup();
    decision
}
