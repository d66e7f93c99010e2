//! The exercise reaches everything that the measures of its programs know.

use std::collections::{BTreeMap, BTreeSet};

use super::replay::{Accepted, Replay};
use docket::cli::demo::data::{DataSet, What};
use docket::domain::act::{Act, ActKind};
use docket::domain::history::Fate;
use docket::domain::ids::{Id, Node, Office, ProgramId, covered};
use docket::domain::measure::Measure;

fn program(id: &str) -> ProgramId {
    ProgramId::parse(id).unwrap()
}

/// Every exercise program with the measure that it exercises: the newest of each.
fn exercised(replay: &Replay) -> Vec<(ProgramId, Measure)> {
    let exercises = replay.programs.values().filter(|program| program.is_exercise());
    let found: Vec<_> = exercises
        .map(|program| {
            let measure = replay.versions[&program.id].newest().unwrap().measure.clone();
            (program.id.clone(), measure)
        })
        .collect();
    assert_eq!(found.len(), 10);
    found
}

/// The rule that let an act pass, as its place in the measure (those for the whole program last), and the outcome that followed.
fn taken(accepted: &Accepted, measure: &Measure) -> Option<(usize, Id)> {
    let kind = accepted.request.act.kind();
    let whole = accepted.stream.starts_with("program-");
    let rules = if whole { &measure.program_acts } else { &measure.acts };
    let rule = rules.iter().position(|rule| {
        rule.act == kind
            && rule.by.contains(&accepted.decision.office)
            && covered(&rule.from, accepted.before.node.as_ref())
    })?;
    let stated = match &accepted.request.act {
        Act::Approve(_) => accepted.before.applied.as_ref().and_then(|a| a.rank.clone()),
        act => act.outcome().cloned(),
    };
    let outcomes = &rules[rule].outcomes;
    let outcome = stated.filter(|id| outcomes.contains_key(id)).unwrap_or("done".into());
    Some((rule + if whole { measure.acts.len() } else { 0 }, outcome))
}

#[test]
fn every_outcome_of_every_rule_is_reached() {
    let replay = Replay::of(&DataSet::exercise().unwrap());
    for (id, measure) in exercised(&replay) {
        let reached: BTreeSet<_> = replay
            .accepted
            .iter()
            .filter(|accepted| accepted.program == id)
            .filter_map(|accepted| taken(accepted, &measure))
            .collect();
        let rules = measure.acts.iter().chain(&measure.program_acts);
        let missing: Vec<_> = rules
            .enumerate()
            .flat_map(|(index, rule)| rule.outcomes.keys().map(move |id| (index, rule, id)))
            .filter(|(index, _, outcome)| !reached.contains(&(*index, (*outcome).clone())))
            .map(|(_, rule, outcome)| format!("{} {outcome} ({})", rule.act.as_str(), rule.article))
            .collect();
        assert!(missing.is_empty(), "{id}: never reached: {missing:#?}");
    }
}

#[test]
fn every_phase_and_step_is_entered() {
    let replay = Replay::of(&DataSet::exercise().unwrap());
    for (id, measure) in exercised(&replay) {
        let entered: BTreeSet<Node> = replay
            .histories
            .values()
            .filter(|history| history.stream().split_once('-').unwrap().0 == id.as_str())
            .flat_map(|history| history.events())
            .filter_map(|event| event.event.fact()?.effects.enters.clone())
            .collect();
        for phase in &measure.phases {
            assert!(entered.iter().any(|node| node.phase() == phase.id), "{id}: {}", phase.id);
            for step in &phase.steps {
                let node = Node::parse(&format!("{}.{}", phase.id, step.id)).unwrap();
                assert!(entered.contains(&node), "{id}: {node}");
            }
        }
    }
}

#[test]
fn everything_is_invented_and_says_so() {
    let set = DataSet::exercise().unwrap();
    for step in &set.steps {
        match &step.what {
            What::Register(subject) => {
                assert!(subject.invented, "{}", step.key);
                assert!(subject.name.en.starts_with("Exercise "), "{}", step.key);
                assert!(subject.name.zh.starts_with("演练"), "{}", step.key);
            }
            What::Upload(upload) => {
                assert!(upload.text.contains("invented") && upload.text.contains("虚构"));
            }
            What::Rename { renaming, .. } => assert!(renaming.source.contains("invented")),
            What::Act(act) => assert!(act.program.as_str().starts_with("exercise_")),
            What::Figure(figure) => assert!(figure.observation.source.contains("invented")),
        }
    }
    let replay = Replay::of(&set);
    let mut opened = BTreeSet::new();
    for accepted in &replay.accepted {
        let common = &accepted.request.common;
        match &common.archive {
            Some(archive) => assert!(archive.source.contains("invented"), "{}", accepted.key),
            None => assert_eq!(accepted.decision.office, Office::Registrar, "{}", accepted.key),
        }
        let number = common.document.as_ref().and_then(|document| document.number.as_ref());
        let number_says_so = number.is_none_or(|number| number.starts_with("演练〔"));
        assert!(number_says_so, "{}: a number that could be a real one", accepted.key);
        // The record of a program as a whole is open from its beginning.
        let whole = accepted.stream.starts_with("program-");
        let opens = opened.insert(&accepted.stream) && !whole;
        assert_eq!(common.kept_since.is_some(), opens, "{}", accepted.key);
    }
}

/// P4: the limits are reached, gone over once by an override, and freed by what frees a place.
#[test]
fn the_places_fill_free_and_are_raced_for() {
    let replay = Replay::of(&DataSet::exercise().unwrap());
    let taken = |category: &str, day: &str| {
        let quota = &replay.quotas[&(program("exercise_strong_province"), category.into())];
        quota.taken_on(docket::domain::date::Day::parse(day).unwrap())
    };
    let on = |day| ["leading", "supporting", "characteristic"].map(|c| taken(c, day));
    assert_eq!(on("2017-06-01"), [5, 7, 6]);
    assert_eq!(on("2017-06-19"), [6, 7, 6], "one over the limit, by an override");
    assert_eq!(on("2021-03-10"), [5, 6, 5], "three are listed as demonstration");
    assert_eq!(on("2021-06-15"), [4, 6, 5], "one exits");
    assert_eq!(on("2021-09-06"), [3, 7, 5], "one adjusts from leading to supporting");
    let refused = |key: &str| replay.refused.iter().any(|(refused, _, _)| refused == key);
    assert!(refused("x06-approve") && refused("x07-approve-full") && refused("x08-adjust-full"));
    let race = |key: &str| replay.accepted.iter().find(|accepted| accepted.key == key);
    assert!(race("x05-approve").is_some() && race("x06-approve").is_none());
}

/// G1: a correction, a correction of that correction, an annulment.
#[test]
fn corrections_stand_and_what_they_mend_is_kept() {
    let replay = Replay::of(&DataSet::exercise().unwrap());
    let revision = |key: &str| replay.references[key].revision;
    let x04 = &replay.histories["exercise_strong_province-x04"];
    let by = revision("x04-correct-2");
    assert_eq!(x04.fate(revision("x04-approve")), Fate::Corrected { by });
    let approved = x04.state().phase_since.unwrap();
    assert_eq!(approved.to_string(), "2016-02-05");
    let x11 = &replay.histories["exercise_strong_province-x11"];
    let by = revision("x11-annul");
    assert_eq!(x11.fate(revision("x11-annual-2018")), Fate::Annulled { by });
}

/// Nothing lost its ground unnoticed, and no refused step is the last of its enrollment: sent a
/// second time it meets a later revision, and never a state that would let it pass.
#[test]
fn a_second_run_cannot_let_a_refused_step_pass() {
    let set = DataSet::exercise().unwrap();
    let replay = Replay::of(&set);
    for (stream, history) in &replay.histories {
        assert_eq!(*history.state().unsupported, Vec::<u64>::new(), "{stream}");
    }
    assert!(!replay.refused.is_empty());
    let mut later: BTreeMap<String, bool> = BTreeMap::new();
    for step in set.steps.iter().rev() {
        let What::Act(act) = &step.what else { continue };
        let stream = act.stream();
        if step.expect.is_some() {
            assert!(later.contains_key(&stream), "{} is the last of {stream}", step.key);
        } else {
            later.insert(stream, true);
        }
    }
}

/// The order of recording is that of the days, but for what is entered late on purpose.
#[test]
fn acts_are_recorded_in_the_order_of_their_days() {
    let replay = Replay::of(&DataSet::exercise().unwrap());
    let mut latest = BTreeMap::new();
    let mut late = Vec::new();
    for accepted in &replay.accepted {
        let day = accepted.request.common.effective_on.latest();
        let last = latest.entry(accepted.program.clone()).or_insert(day);
        if day < *last {
            late.push(accepted.key.as_str());
        }
        *last = day.max(*last);
    }
    // A late inspection, and three that founded what was known by evidence.
    assert_eq!(late, ["x12-inspect-late", "x23-approve", "n-approve", "nc-file"]);
}

/// G12: each kind of timeliness is there to look at.
#[test]
fn some_are_late_and_some_never_come() {
    let replay = Replay::of(&DataSet::exercise().unwrap());
    let day = replay.now.civil_day();
    let (mut late, mut overdue) = (BTreeSet::new(), BTreeSet::new());
    for (stream, history) in &replay.histories {
        for duty in history.state().duties.iter() {
            let Some(due) = &duty.due else { continue };
            match duty.met.values().next() {
                Some(met) if met.received_on > due.on.latest() => {
                    late.insert(format!("{stream} {}", duty.obligation));
                }
                None if duty.ended.is_none() && day > due.on.latest() => {
                    overdue.insert(format!("{stream} {}", duty.obligation));
                }
                _ => {}
            }
        }
    }
    assert!(late.contains("exercise_cluster_area-exercise_b construction_plan"), "{late:?}");
    assert!(late.contains("exercise_cluster_area-exercise_f rectification"), "{late:?}");
    let b = replay.histories["exercise_cluster_area-exercise_b"].state();
    let reports = b.duties.iter().find(|duty| duty.obligation == "annual_report").unwrap();
    let late_reports: Vec<_> = reports
        .met
        .iter()
        .filter(|(year, met)| met.received_on > format!("{year}-01-31").parse().unwrap())
        .map(|(year, _)| *year)
        .collect();
    assert_eq!(late_reports, [2016, 2017]);
    assert!(!reports.met.contains_key(&2023), "the report on 2022 never came");
    assert!(overdue.contains("exercise_cluster_area-exercise_d rectification"), "{overdue:?}");
    assert!(overdue.contains("exercise_cluster_area-exercise_j construction_plan"), "{overdue:?}");
}

#[test]
fn every_kind_of_act_of_the_measures_is_done() {
    let replay = Replay::of(&DataSet::exercise().unwrap());
    let done: BTreeSet<ActKind> =
        replay.accepted.iter().map(|accepted| accepted.request.act.kind()).collect();
    for (id, measure) in exercised(&replay) {
        for rule in measure.acts.iter().chain(&measure.program_acts) {
            assert!(done.contains(&rule.act), "{id}: {}", rule.act.as_str());
        }
    }
}
