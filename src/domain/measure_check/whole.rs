//! What a measure says of the program as a whole: acts that change no standing, duties that they meet.

use super::{Problems, declared, graph};
use crate::domain::ids::Id;
use crate::domain::measure::{ActRule, DueRule, Effect, Measure, Outcome, Program};

pub(super) fn check(measure: &Measure, programs: &[Program], problems: &mut Problems) {
    // Its acts are held to what any act is held to, under their own name in the file.
    let mut found = Problems::default();
    let whole = measure.of_whole();
    declared::check_acts(&whole, programs, &mut found);
    graph::check_overlaps(&whole, &mut found);
    for problem in found.0 {
        problems.add(problem.path.replacen("/act/", "/program_act/", 1), problem.message);
    }
    for (index, rule) in measure.program_acts.iter().enumerate() {
        let path = format!("/program_act/{index}");
        if rule.from.iter().any(|from| from != "none") {
            problems.add(
                format!("{path}/from"),
                "a program as a whole stands nowhere: write from = [\"none\"]",
            );
        }
        if rule.outcomes.values().any(changes) {
            problems.add(
                format!("{path}/outcome"),
                "an act for the program as a whole changes no standing and opens nothing: use the effect none",
            );
        }
    }
    let laid = measure.programwide.iter().flat_map(|laid| &laid.opens);
    for (number, id) in laid.enumerate() {
        check_duty(measure, &format!("/programwide/opens/{number}"), id, problems);
    }
    for (index, rule) in measure.acts.iter().enumerate() {
        check_presupposed(measure, &format!("/act/{index}/presupposes"), rule, problems);
    }
}

fn changes(outcome: &Outcome) -> bool {
    outcome.effect != Effect::None || outcome.to.is_some() || !outcome.opens.is_empty()
}

fn check_duty(measure: &Measure, path: &str, id: &Id, problems: &mut Problems) {
    let dated = measure.obligation(id).map(|obligation| &obligation.due);
    if dated.is_some_and(|due| !matches!(due, DueRule::Undated | DueRule::By(_))) {
        problems.add(
            path,
            format!("{id} is laid by no act: its due date is \"undated\", or `by` a date that the document states"),
        );
    }
    if !measure.program_acts.iter().any(|rule| rule.can_meet(id)) {
        problems.add(
            path,
            format!(
                "{id} is a duty that nothing can meet: name it in `meets` of a [[program_act]]"
            ),
        );
    }
}

fn check_presupposed(measure: &Measure, path: &str, rule: &ActRule, problems: &mut Problems) {
    let Some(presupposed) = &rule.presupposes else { return };
    let laid = measure.programwide.as_ref();
    if !laid.is_some_and(|laid| laid.opens.contains(&presupposed.obligation)) {
        problems.add(
            format!("{path}/obligation"),
            format!(
                "{} is not owed for the program as a whole: name it in `opens` of [programwide]",
                presupposed.obligation
            ),
        );
    }
}
