//! Clients that race on two nodes with whatever comes to their mind, while the nodes hear late and
//! appends break: every act that was answered stands exactly once, no other does, places stay within
//! their limit, and both nodes end with the same answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use docket::app::{ActError, App, Caller, Precondition};
use docket::domain::event::Recorded;
use docket::domain::quota::places_of;
use docket::log::LogError;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::app::{national, registrar};
use super::node_log::Fault;
use super::support::{Node, PROGRAM, Shared, apply, call, note, province, stream};

const CLIENTS: usize = 4;
const ACTS: usize = 60;
const SUBJECTS: u32 = 9;
const CATEGORIES: [&str; 2] = ["leading", "supporting"];

/// What was answered to an act: its enrollment, what it stated, and the event.
type Answered = (String, Precondition, Recorded);

struct Race {
    apps: [Arc<App>; 2],
    answered: Mutex<BTreeMap<String, Answered>>,
}

fn body_of(rng: &mut StdRng, id: &str) -> (Caller, Value) {
    let day = format!("201{}-0{}-0{}", rng.random_range(6..9), rng.random_range(1..9), 1);
    match rng.random_range(0..10) {
        0 | 1 => (province(id), apply(CATEGORIES[rng.random_range(0..2)])),
        2..=5 => (national(), json!({ "act": "approve", "effective_on": day, "batch": "1" })),
        6 => {
            let body = json!({
                "act": "evaluate", "effective_on": day, "result": "failed", "findings": "…",
            });
            (national(), body)
        }
        7 => {
            let body = json!({ "act": "declare_exit", "effective_on": day, "reason": "…" });
            (province(id), body)
        }
        _ => (registrar(), note(&day)),
    }
}

impl Race {
    async fn client(self: Arc<Self>, node: usize, number: usize) {
        let mut rng = StdRng::seed_from_u64((node * 100 + number) as u64);
        for act in 0..ACTS {
            let id = format!("x0{}", rng.random_range(1..=SUBJECTS));
            let key = format!("{node}/{number}/{act}");
            let (who, body) = body_of(&mut rng, &id);
            let kept = self.apps[rng.random_range(0..2)].enrollment(&stream(&id)).await.unwrap();
            let on = match kept.revision {
                None => Precondition::NotExists,
                Some(revision) if rng.random_bool(0.5) => Precondition::Revision(revision),
                Some(_) => Precondition::Any,
            };
            let asked = call(&id, &key, on, &body);
            // The same act on both nodes at once, sometimes.
            if rng.random_bool(0.2) {
                let (one, other) = tokio::join!(
                    self.apps[node].act(&who, &asked),
                    self.apps[1 - node].act(&who, &asked)
                );
                self.note(&key, &id, on, one);
                self.note(&key, &id, on, other);
            }
            // Until it is answered for good, on one node or the other.
            let mut tried = 0;
            loop {
                let answer = self.apps[(node + tried) % 2].act(&who, &asked).await;
                tried += 1;
                let undecided = matches!(
                    &answer,
                    Err(ActError::Busy { .. }
                        | ActError::Log(LogError::OutcomeUnknown(_) | LogError::Unavailable(_)))
                );
                self.note(&key, &id, on, answer);
                if !undecided {
                    break;
                }
            }
        }
    }

    /// Every answer that an act was recorded names the same event.
    fn note(
        &self,
        key: &str,
        id: &str,
        on: Precondition,
        answer: Result<docket::app::ActAnswer, ActError>,
    ) {
        match answer {
            Ok(answer) => {
                let mut recorded = answer.recorded;
                recorded.sequence = None;
                let mut answered = self.answered.lock().unwrap();
                let first = answered
                    .entry(key.to_owned())
                    .or_insert_with(|| (stream(id), on, recorded.clone()));
                assert_eq!(first.2, recorded, "{key} was answered by two events");
            }
            Err(error) => {
                // A refusal is for good: no event of this key may stand.
                let broken = matches!(error, ActError::Codec(_) | ActError::Documents(_));
                assert!(!broken, "{key}: {error}");
            }
        }
    }
}

/// Nodes hear late, appends break, and reservations are looked at, all of it at random.
async fn disturb(nodes: [Arc<Node>; 2]) {
    let mut rng = StdRng::seed_from_u64(4711);
    loop {
        tokio::time::sleep(Duration::from_millis(rng.random_range(1..6))).await;
        let node = &nodes[rng.random_range(0..2)];
        match rng.random_range(0..6) {
            0 => node.log.hold(),
            1 | 2 => node.log.release(),
            3 => {
                let id = stream(&format!("x0{}", rng.random_range(1..=SUBJECTS)));
                let faults = [Fault::LostBefore, Fault::LostAfter, Fault::Unavailable];
                node.log.break_at(&id, faults[rng.random_range(0..3)]);
            }
            4 => {
                let quota = format!("quota-{PROGRAM}.{}", CATEGORIES[rng.random_range(0..2)]);
                let faults = [Fault::LostBefore, Fault::LostAfter];
                node.log.break_at(&quota, faults[rng.random_range(0..2)]);
            }
            // Reservations under way are given up: their acts are decided again.
            _ => {
                let _ = node.app.places().recover(0).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_races_every_answered_act_stands_exactly_once() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    for n in 1..=SUBJECTS {
        a.register(&format!("x0{n}")).await;
    }
    let nodes = [Arc::new(a), Arc::new(b)];
    let race = Arc::new(Race {
        apps: [nodes[0].app.clone(), nodes[1].app.clone()],
        answered: Mutex::default(),
    });
    let disturbing = tokio::spawn(disturb(nodes.clone()));
    let clients: Vec<_> = (0..2 * CLIENTS)
        .map(|number| tokio::spawn(race.clone().client(number % 2, number)))
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    disturbing.abort();
    let _ = disturbing.await;
    for node in &nodes {
        node.log.release();
        node.log.forget_faults();
        node.app.places().recover(0).await.unwrap();
    }
    let answered = race.answered.lock().unwrap().clone();
    check_events(&nodes[0], &answered).await;
    check_places(&nodes).await;
    check_same(&nodes).await;
}

async fn check_events(node: &Node, answered: &BTreeMap<String, Answered>) {
    let mut standing = BTreeMap::new();
    for n in 1..=SUBJECTS {
        let history = node.history(&format!("x0{n}")).await;
        for (revision, event) in history.events().iter().enumerate() {
            assert_eq!(event.revision, revision as u64);
            let Some((key, _)) = &event.meta.key else {
                assert!(event.event.is_own());
                continue;
            };
            let twice = standing.insert(key.to_string(), event.clone());
            assert!(twice.is_none(), "{key} stands twice");
            let (stands_in, on, recorded) =
                answered.get(&**key).expect("an event of a refused act");
            assert_eq!((stands_in.as_str(), &recorded.id), (history.stream(), &event.id));
            if let Precondition::Revision(seen) = on {
                let between = &history.events()[*seen as usize + 1..revision];
                assert!(between.iter().all(|e| e.event.is_own()), "{key} overwrote an update");
            }
        }
    }
    let lost: Vec<_> = answered.keys().filter(|key| !standing.contains_key(*key)).collect();
    assert!(lost.is_empty(), "answered and not on record: {lost:?}");
    let taken = standing.values().filter(|e| e.event.event_type() == "Approved").count();
    assert!(taken >= 7, "the race must be for places: {taken} approvals");
    assert!(standing.len() > 100, "{} acts", standing.len());
}

/// Places as the quota has them are those of the enrollments' own events, and never too many.
async fn check_places(nodes: &[Arc<Node>; 2]) {
    for node in nodes {
        node.app.places().recover_places().await.unwrap();
        let program = node.app.library().program(PROGRAM).unwrap();
        for view in node.app.places().quotas(program).await.unwrap() {
            assert_eq!(view.quota.days_over(view.rule.limit), [], "{}", view.category);
            assert_eq!(view.quota.reservations().filter(|r| r.reserved.key.is_empty()).count(), 0);
            for n in 1..=SUBJECTS {
                let id = format!("x0{n}");
                let own = places_of(&node.history(&id).await);
                let own = own.get(&view.category).cloned().unwrap_or_default();
                assert_eq!(view.quota.spans_of(&stream(&id)), own, "{id} {}", view.category);
            }
        }
    }
}

async fn check_same(nodes: &[Arc<Node>; 2]) {
    for n in 1..=SUBJECTS {
        let id = format!("x0{n}");
        let history = nodes[0].history(&id).await;
        let Some(revision) = history.revision() else { continue };
        for node in nodes {
            node.follows_to(&id, revision).await;
            let kept = node.app.enrollment(&stream(&id)).await.unwrap();
            assert_eq!((kept.revision, &kept.state), (Some(revision), &history.state()));
        }
    }
}
