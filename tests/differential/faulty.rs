//! A KurrentDB that misbehaves at random: its client repeats each act under its key until it has an
//! answer. Nothing is lost, nothing happens twice, and the answer is the one of a node without faults.

use std::sync::Arc;
use std::time::Duration;

use docket::log::kurrentdb::{Address, KurrentLog, KurrentOptions};

use super::asked::{Answer, Request};
use super::node::Node;
use super::script::Script;
use super::standin::{Call, Control, Fault, Settings, StandIn};
use super::{alike, enough_happened, number, random_seed, sqlite, token_key};

/// How often a request is repeated until it counts as never answered.
const MAX_TRIES: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kurrentdb_with_faults_ends_as_sqlite_does() {
    let seed = number("DOCKET_TEST_SEED").unwrap_or_else(random_seed);
    let acts = number("DOCKET_TEST_ACTS").map_or(600, |acts| usize::try_from(acts).unwrap());
    println!("DOCKET_TEST_SEED={seed}");
    let server = StandIn::start(Settings::default());
    let address = format!("{}&defaultDeadline=250", server.address());
    // One try of an append, so that the client meets what the engine would mostly mend by itself.
    let options = KurrentOptions {
        append_limit: Duration::ZERO,
        ..KurrentOptions::new(Address::parse(&address).unwrap())
    };
    let log = KurrentLog::open(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let key = token_key();
    let mut sound = Node::over("sqlite", sqlite(folder.path()), &key).await;
    let mut faulty = Node::over("kurrentdb", Arc::new(log), &key).await;
    let mut script = Script::new(seed, key);
    for request in script.preparation() {
        let answer = sound.ask(&request).await;
        assert_eq!(faulty.ask(&request).await.status, 201);
        script.saw(&request, &answer);
    }

    let control = server.control();
    control.seed(seed);
    misbehave(&control);
    let (mut answers, mut repeated) = (std::collections::BTreeMap::new(), 0);
    while script.acts < acts {
        let now = script.next_instant();
        sound.set_clock(now);
        faulty.set_clock(now);
        let before = script.acts;
        let request = script.next(&sound.app).await;
        if request.method == "GET" {
            continue;
        }
        let answer = sound.ask(&request).await;
        script.saw(&request, &answer);
        let (other, tries) = until_answered(&faulty, &request).await;
        repeated += tries - 1;
        let outcome = |answer: &Answer| (answer.status / 100, answer.text("code"));
        assert_eq!(outcome(&answer), outcome(&other), "{request}{answer:?}\n{other:?}");
        if script.acts > before {
            *answers.entry((answer.status, answer.text("code"))).or_insert(0_usize) += 1;
        }
    }
    control.behave();
    // As every node does now and then, and at its start.
    faulty.app.places().recover(0).await.unwrap();
    faulty.app.places().recover_places().await.unwrap();
    sound.caught_up().await;
    faulty.caught_up().await;
    let events = alike::held(&sound, &faulty).await;
    println!("{repeated} times a request was repeated");
    enough_happened(&events, acts, &answers);
    assert!(repeated * 60 > acts, "the server hardly misbehaved: {repeated} repetitions");
    sound.stop().await;
    faulty.stop().await;
}

/// Everything that the server can do wrong, each now and then.
fn misbehave(control: &Control) {
    let ms = Duration::from_millis;
    for written in [false, true] {
        control.fail_randomly(Call::Append, 0.02, Fault::DropConnection { written });
        control.fail_randomly(Call::Append, 0.02, Fault::DeadlineExceeded { written });
        control.fail_randomly(Call::Append, 0.01, Fault::NeverAnswer { written });
    }
    for (probability, fault) in [
        (0.02, Fault::TimedOut),
        (0.02, Fault::NotLeader),
        (0.02, Fault::NotReady),
        (0.02, Fault::TooBusy),
        (0.01, Fault::AnswerLate(ms(300))),
        (0.01, Fault::WriteLate(ms(300))),
        (0.005, Fault::Restart { down: ms(30) }),
    ] {
        control.fail_randomly(Call::Append, probability, fault);
    }
    // The whole log is asked for all the time.
    for (call, probability) in [(Call::Read, 0.005), (Call::ReadAll, 0.000_5)] {
        for fault in [
            Fault::NotReady,
            Fault::DropConnection { written: false },
            Fault::EndEarly { after: 1 },
            Fault::FailAfter { after: 1 },
            Fault::DropAfter { after: 1 },
        ] {
            control.fail_randomly(call, probability, fault);
        }
    }
}

/// The first answer that is one, and how many tries it took.
async fn until_answered(node: &Node, request: &Request) -> (Answer, usize) {
    for tries in 1..=MAX_TRIES {
        let answer = node.ask(request).await;
        let in_progress = answer.text("code").as_deref() == Some("IDEMPOTENCY_REQUEST_IN_PROGRESS");
        if answer.status < 500 && !in_progress {
            return (answer, tries);
        }
        assert_ne!(answer.status, 500, "{request}{answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never answered: {request}");
}
