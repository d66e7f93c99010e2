//! The two times (G3): what was so on a day, as known at some event, for random histories with
//! late entries, corrections, corrections of corrections and annulments.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

#[path = "bitemporal/answers.rs"]
mod answers;
#[path = "rules/clerk.rs"]
mod clerk;
#[path = "bitemporal/figures.rs"]
mod figures;
#[path = "rules/lives.rs"]
mod lives;
#[path = "bitemporal/oracle.rs"]
mod oracle;
#[path = "rules/story.rs"]
mod story;

use std::collections::{BTreeMap, BTreeSet};

use answers::{answered, worded};
use docket::domain::act::ActRequest;
use docket::domain::date::{CivilDate, Day};
use docket::domain::event::Recorded;
use docket::domain::evolve::Part;
use docket::domain::history::{History, changes};
use docket::domain::ids::Office::{self, NationalOffice, Registrar};
use docket::domain::state::State;
use oracle::oracle;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;
use serde_json::{Value, json};
use story::{Story, act, day};

/// One thing that somebody tries: which act first, when it counts, how sharp that date is, which
/// event it would correct.
#[derive(Debug, Clone)]
struct Attempt {
    first: usize,
    from: u16,
    sharpness: Sharpness,
    target: usize,
    late: bool,
    /// So many days before it counts it is decided.
    ahead: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Sharpness {
    Day,
    Days(u8),
    By,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let sharpness = prop::sample::select(vec![
        Sharpness::Day,
        Sharpness::Day,
        Sharpness::Days(20),
        Sharpness::Days(200),
        Sharpness::By,
    ]);
    let ahead = prop::option::weighted(0.2, 1_u8..120);
    let attempt =
        (any::<usize>(), 0_u16..400, sharpness, any::<usize>(), prop::bool::weighted(0.3), ahead)
            .prop_map(|(first, from, sharpness, target, late, ahead)| Attempt {
                first,
                from,
                sharpness,
                target,
                late,
                ahead,
            });
    prop::collection::vec(attempt, 1..24)
}

/// The bodies of everything that can be recorded of an area out of an archive.
fn bodies(year: i32, plans: usize) -> Vec<(&'static str, Value)> {
    let version = (plans > 0).then_some(1);
    let deadline = format!("{}-12-31", year + 2);
    vec![
        ("apply", lives::area_application(31)),
        ("recommend", lives::recommendation()),
        ("approve", json!({})),
        ("submit_plan", lives::plan()),
        ("submit_report", lives::report(year - 1)),
        ("accept", lives::rectify_by(lives::acceptance("unqualified", version), &deadline)),
        ("accept", lives::acceptance("excellent", version)),
        ("accept", lives::acceptance("qualified", version)),
        ("request_acceptance", json!({ "text": "please" })),
        ("confirm", json!({ "title_from": format!("{}-01-01", year + 1) })),
        ("review", lives::review("qualified")),
        ("review", lives::rectify_by(lives::review("unqualified"), &deadline)),
        ("review", lives::review("unqualified")),
        ("designate", json!({ "designates": "funds", "text": "x" })),
        ("designate", json!({ "designates": "department", "text": "x" })),
        ("attest_standing", evidence("under_construction")),
        ("attest_standing", evidence("experimental")),
        ("attest_standing", evidence("demonstrative")),
        ("attest_standing", reviewed()),
        ("confirm_standing", json!({})),
        ("return", lives::reason()),
        ("reject", lives::reason()),
        ("end_standing", json!({ "reason": "x", "document": lives::document() })),
    ]
}

fn evidence(phase: &str) -> Value {
    json!({ "stands_at": phase, "confidence": "attested", "source": "a newspaper" })
}

fn reviewed() -> Value {
    let mut body = evidence("demonstrative");
    body["title"] = json!("demonstrative");
    body["shows"] = json!("review");
    body["grade"] = json!("qualified");
    body
}

fn office_of(name: &str) -> Office {
    match name {
        "recommend" | "submit_plan" => Office::ProvincialDepartment,
        "apply" | "submit_report" | "request_acceptance" | "designate" => Office::LocalGovernment,
        _ => NationalOffice,
    }
}

fn written(attempt: &Attempt, base: Day) -> String {
    let start = base.plus_days(i64::from(attempt.from));
    match attempt.sharpness {
        Sharpness::Day => start.to_string(),
        Sharpness::Days(days) => {
            CivilDate::interval(start, start.plus_days(days.into())).to_string()
        }
        Sharpness::By => format!("../{start}"),
    }
}

/// What is tried for an attempt, until one is accepted.
fn tried(story: &Story, attempt: &Attempt) -> Vec<(Office, ActRequest)> {
    let base = match story.enrollment.last_fold_day {
        Some(last) if !attempt.late => last,
        Some(_) | None => day("2014-10-01"),
    };
    let on = written(attempt, base);
    let year = CivilDate::parse(&on).unwrap().latest().year();
    let mut requests = Vec::new();
    if attempt.first % 4 == 3 && !story.history.events().is_empty() {
        requests.push((NationalOffice, correction(story, attempt, &on)));
    }
    let mut bodies = bodies(year, story.state.plan_versions.len());
    // What ends an attempt or a standing is tried first only now and then, so that lives get long.
    if attempt.first % 9 == 8 {
        bodies.reverse();
    } else {
        let ends = bodies.split_off(bodies.len() - 3);
        let first = attempt.first % bodies.len();
        bodies.rotate_left(first);
        bodies.extend(ends);
    }
    for (name, mut body) in bodies {
        if name == "attest_standing" || name == "confirm_standing" {
            let office = if name == "attest_standing" { Registrar } else { NationalOffice };
            requests.push((office, act(name, &on, body)));
            continue;
        }
        if let Some(days) = attempt.ahead.filter(|_| office_of(name) == NationalOffice) {
            let first = CivilDate::parse(&on).unwrap().earliest();
            let decided = first.map(|first| first.plus_days(-i64::from(days)).to_string());
            body["decided_on"] = json!(decided);
        }
        body["archive"] = json!({ "office": office_of(name).as_str(), "source": "box 7" });
        body["document"] = lives::document();
        requests.push((Registrar, act(name, &on, body)));
    }
    requests.push((Registrar, act("note", &on, json!({ "text": "seen" }))));
    requests
}

/// A correction of some event's version in force: another date, or an annulment.
fn correction(story: &Story, attempt: &Attempt, on: &str) -> ActRequest {
    let acts = story.history.events().iter().filter(|event| !event.event.is_own());
    let target = acts.clone().nth(attempt.target % acts.count()).unwrap().revision;
    let in_force = story.history.version_in_force(target).unwrap();
    let original = story.history.original(target);
    let mut body = json!({ "corrects": story.reference(in_force).to_string(), "reason": "wrong" });
    if !attempt.target.is_multiple_of(3) {
        let fact = story.fact(original);
        let content = serde_json::to_value(&fact.act).unwrap();
        body["replacement"] = json!({
            "act": { "act": fact.act.kind().as_str(), "content": content },
            "common": {
                "effective_on": on,
                "decided_on": story.event(original).meta.decided_on.filter(|decided| {
                    decided.latest() <= CivilDate::parse(on).unwrap().latest()
                }),
                "materials": fact.materials,
                "document": fact.document,
            },
        });
    }
    act("correct", "2026-01-01", body)
}

/// Runs the attempts; each records the first thing that is accepted.
fn lived(attempts: &[Attempt]) -> Story {
    let mut story = Story::area();
    story.today("2026-01-01");
    if attempts.len().is_multiple_of(4) {
        for (on, what) in [("2013-09/2014-02", "approved"), ("2013-05", "unveiled")] {
            let body = json!({ "what": what, "stands_at": "under_construction" });
            story.does(Registrar, "record_under_unknown_rule", on, body);
        }
    } else if !attempts.len().is_multiple_of(3) {
        for (name, on, mut body) in [
            ("apply", "2014-10-08", lives::area_application(31)),
            ("recommend", "2014-10", lives::recommendation()),
            ("approve", "2014-10/2014-12", json!({})),
        ] {
            body["archive"] = json!({ "office": office_of(name).as_str(), "source": "box 7" });
            body["document"] = lives::document();
            story.does(Registrar, name, on, body);
        }
    }
    for (index, attempt) in attempts.iter().enumerate() {
        let days = i64::try_from(index).unwrap();
        let today = day("2026-01-01").plus_days(days);
        story.today(&today.to_string());
        let before = story.state.unsupported.clone();
        let accepted = tried(&story, attempt)
            .into_iter()
            .find_map(|(office, request)| story.records(office, &request).ok());
        let revision = accepted.unwrap_or_else(|| panic!("a note is always accepted"));
        nothing_is_lost_unsaid(&story, revision, &before);
        // Now and then, in years to come, it is looked for what never came.
        if attempt.target % 4 == 1 {
            let on = today.plus_days(i64::from(attempt.from) * 5).to_string();
            clerk::clerk(&mut story, &on);
        }
    }
    story
}

/// What is accepted stands, and whatever loses its ground by it is named by it.
fn nothing_is_lost_unsaid(story: &Story, revision: u64, before: &[u64]) {
    let unsupported = &story.state.unsupported;
    let stands = story.history.original(revision);
    assert!(!unsupported.contains(&stands), "revision {revision} was accepted without ground");
    let named: BTreeSet<u64> = story.fact(revision).unsettles.iter().map(|r| r.revision).collect();
    for lost in unsupported.iter().filter(|lost| !before.contains(lost)) {
        assert!(named.contains(lost), "revision {revision} takes the ground from {lost} unsaid");
    }
}

/// The state without what a correction's own recording day decides: when a duty was received.
fn comparable(mut state: State) -> State {
    let mut duties = (*state.duties).clone();
    for duty in &mut duties {
        let duty = std::sync::Arc::make_mut(duty);
        let mut met = (*duty.met).clone();
        met.values_mut().for_each(|met| met.received_on = Day::MIN);
        duty.met = met.into();
    }
    state.duties = duties.into();
    state
}

/// Each day on which something can change, and those around it.
fn days(events: &[Recorded]) -> BTreeSet<Day> {
    let mut days = BTreeSet::from([Day::MIN, Day::MAX]);
    for event in events {
        for on in [Some(event.meta.effective_on.latest()), event.meta.effective_on.earliest()] {
            days.extend(on.into_iter().flat_map(|on| [on.prev(), on, on.next()]));
        }
    }
    days
}

proptest! {
    #![proptest_config(Config { cases: 32, ..Config::default() })]

    #[test]
    fn g3_both_times_answer_as_the_words_say(attempts in attempts()) {
        let story = lived(&attempts);
        let events = story.history.events();
        for known in 0..=events.len() {
            let history = story.history.known_to(known);
            for on in days(events) {
                let (expected, possible) = oracle(events, known, on);
                prop_assert_eq!(
                    comparable(history.state_at(on)),
                    comparable(expected),
                    "as of {} known at {}", on, known
                );
                prop_assert_eq!(history.effective().possible(on), possible, "as of {} known at {}", on, known);
            }
        }
    }

    /// What is listed as changed is all that is answered otherwise, for the days that are named, and each
    /// by an event that came since.
    #[test]
    fn g3_what_changed_is_what_is_answered_otherwise(attempts in attempts()) {
        let story = lived(&attempts);
        let events = story.history.events();
        for known in 0..=events.len() {
            let then = story.history.known_to(known);
            let found = changes(&story.history, known);
            for change in &found {
                prop_assert!(usize::try_from(change.by).unwrap() >= known, "{change:?}");
                prop_assert!(change.before != change.after);
            }
            for on in days(events) {
                let mut answers = answered(&then.state_at(on));
                for change in &found {
                    if change.from <= on && change.to.is_none_or(|to| on < to) {
                        let key = format!("{:?}", change.aspect);
                        let before = answers.remove(&key);
                        prop_assert_eq!(before, change.before.as_ref().map(worded), "{} on {}", &key, on);
                        answers.extend(change.after.as_ref().map(|after| (key, worded(after))));
                    }
                }
                prop_assert_eq!(answers, answered(&story.history.state_at(on)), "on {} since {}", on, known);
            }
        }
    }

    #[test]
    fn g4_an_accepted_history_replays(attempts in attempts()) {
        let story = lived(&attempts);
        let mut replayed = History::new(story.history.stream());
        for event in story.history.events() {
            replayed.push(event.clone());
        }
        prop_assert_eq!(replayed.state(), story.state.clone());
        // The last of the days on which something changed is the present; where every act was
        // refused or annulled, nothing ever changed.
        let segments = replayed.effective().segments();
        let last = segments.last().map(|(_, state)| state.clone()).unwrap_or_default();
        prop_assert_eq!(last, story.state.clone());
        for (on, state) in &segments {
            prop_assert_eq!(&replayed.state_at(*on), state);
        }
        prop_assert!(segments.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

/// The random histories are no rows of notes: they reach late phases, corrections and intervals.
#[test]
fn the_random_histories_are_worth_asking() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut narrowed, mut ahead, mut shown, mut unsettled) = (0, 0, 0, 0);
    for _ in 0..40 {
        let story = lived(&attempts().new_tree(&mut runner).unwrap().current());
        for event in story.history.events() {
            *seen.entry(event.event.event_type()).or_default() += 1;
        }
        let effective = story.history.effective();
        let whole = effective.entries().iter().filter(|e| e.part == Part::Whole);
        narrowed += whole.filter(|e| e.days != e.event.meta.effective_on.into()).count();
        ahead += effective.entries().iter().filter(|e| e.part == Part::Decided).count();
        shown += effective.entries().iter().filter(|e| e.is_evidence()).count();
        unsettled += story.state.unsupported.len();
    }
    let kinds = ["Approved", "PlanSubmitted", "ReportSubmitted", "AcceptanceDecided", "Corrected"];
    for kind in kinds.into_iter().chain(["ObligationLapsed", "MeasureSucceeded"]) {
        assert!(seen.get(kind).is_some_and(|count| *count >= 5), "{kind}: {seen:?}");
    }
    let counts = [narrowed, ahead, shown, unsettled];
    assert!(counts.iter().all(|count| *count >= 5), "{counts:?}");
}
