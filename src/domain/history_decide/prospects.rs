//! What an office could do on a day, before its act says anything: asked of the same states, in the
//! same order, as an act of that day is judged by.

use super::correct::is_corrector;
use crate::domain::act::ActKind;
use crate::domain::date::{CivilDate, Day};
use crate::domain::decide::{Actor, Context, check_footing, could_found};
use crate::domain::history::{Days, Effective, History};
use crate::domain::ids::Office;
use crate::domain::refusal::Refusal;
use crate::domain::state::State;

/// The states by which an act of a day is judged.
#[derive(Debug, Clone)]
pub struct Prospects {
    day: Day,
    /// What counts on the day; after it, that with what may have happened by then.
    states: Vec<State>,
    /// As if one piece of evidence that is not certainly older were all that shows the standing:
    /// for acts that found it.
    shown: Vec<State>,
}

impl Prospects {
    /// Where nothing is folded after the day and evidence has no part in the record.
    pub fn at_end(state: State, day: Day) -> Self {
        Self { day, states: vec![state], shown: Vec::new() }
    }

    /// By a whole history.
    pub fn of(effective: &Effective<'_>, day: Day) -> Self {
        let mut states = vec![effective.state_at(day)];
        if !effective.possible(day).is_empty() {
            let counts = |days: &Days| days.latest <= day || days.contains(day);
            states.push(effective.state_where(|entry| counts(&entry.days)));
        }
        let on = Days::from(CivilDate::from(day));
        let newer = effective
            .revisions_where(|entry| entry.is_evidence() && !entry.days.certainly_before(&on));
        let alone = |shown: u64| {
            effective.state_where(|entry| match entry.is_evidence() {
                true => entry.revision() == shown,
                false => entry.fold_day() <= day,
            })
        };
        Self { day, states, shown: newer.into_iter().map(alone).collect() }
    }

    /// What counts on the day.
    pub fn state(&self) -> &State {
        &self.states[0]
    }

    /// Why an act of a kind in the name of an office would be refused, whatever it said.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn check(&self, ctx: &Context<'_>, kind: ActKind, office: Office) -> Result<(), Refusal> {
        let on = CivilDate::from(self.day);
        let refusal = match check_footing(ctx, self.state(), kind, office, on) {
            Ok(()) => return Ok(()),
            Err(refusal) => refusal,
        };
        let may = |state: &State| check_footing(ctx, state, kind, office, on).is_ok();
        let founds = |state: &State| could_found(ctx, state, kind, office, on);
        if self.states[1..].iter().any(may) || self.shown.iter().any(founds) {
            return Ok(());
        }
        Err(refusal)
    }
}

/// Whether there is anything on record that an office could correct (G1).
pub fn has_correctable(actor: &Actor, office: Office, history: &History) -> bool {
    let mut acts = history.events().iter().filter(|event| !event.event.is_own());
    acts.any(|event| is_corrector(actor, office, event))
}
