//! Two nodes over two engines are asked the same, one request at a time: 10,000 random acts, and
//! reads between them. Every answer is the same to the byte, and so are in the end every event and
//! every row of the read models.
//!
//! `DOCKET_TEST_SEED` repeats a run, whose seed is printed; `DOCKET_TEST_ACTS` makes it shorter or
//! longer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

#[cfg(feature = "kurrentdb")]
#[path = "differential/alike.rs"]
mod alike;
#[path = "differential/asked.rs"]
mod asked;
#[path = "differential/chance.rs"]
mod chance;
#[path = "differential/equal.rs"]
mod equal;
#[cfg(feature = "kurrentdb")]
#[path = "differential/faulty.rs"]
mod faulty;
#[path = "differential/life.rs"]
mod life;
#[path = "rules/lives.rs"]
mod lives;
#[path = "differential/node.rs"]
mod node;
#[path = "differential/script.rs"]
mod script;
#[cfg(feature = "kurrentdb")]
#[path = "support/kurrentdb/mod.rs"]
mod standin;
#[path = "rules/story.rs"]
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::Path;
use std::sync::Arc;

use docket::api::auth::TokenKey;
use docket::domain::act::ActKind;
use docket::log::{EventLog, MemoryLog, RecordedEvent, SqliteLog};

use node::Node;
use script::Script;

/// How often, in acts, what comes out of the tables is compared; they have to catch up for it.
const LISTS_EVERY: usize = 2500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_answers_as_memory_does() {
    let folder = tempfile::tempdir().unwrap();
    same(2_000, ("memory", Arc::new(MemoryLog::new())), ("sqlite", sqlite(folder.path()))).await;
}

fn sqlite(folder: &Path) -> Arc<dyn EventLog> {
    Arc::new(SqliteLog::open_writer(folder.join("log.sqlite")).unwrap())
}

#[cfg(feature = "kurrentdb")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kurrentdb_answers_as_sqlite_does() {
    use docket::log::kurrentdb::{Address, KurrentLog, KurrentOptions};
    let server = standin::StandIn::start(standin::Settings::default());
    let options = KurrentOptions::new(Address::parse(&server.address()).unwrap());
    let log = KurrentLog::open(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    same(10_000, ("sqlite", sqlite(folder.path())), ("kurrentdb", Arc::new(log))).await;
}

/// Asks both nodes the same until all acts are done, and compares whatever they say and hold.
async fn same(
    acts: usize,
    a: (&'static str, Arc<dyn EventLog>),
    b: (&'static str, Arc<dyn EventLog>),
) {
    let seed = number("DOCKET_TEST_SEED").unwrap_or_else(random_seed);
    let acts = number("DOCKET_TEST_ACTS").map_or(acts, |acts| usize::try_from(acts).unwrap());
    println!("DOCKET_TEST_SEED={seed}");
    let key = token_key();
    let mut pair = [Node::over(a.0, a.1, &key).await, Node::over(b.0, b.1, &key).await];
    let mut script = Script::new(seed, key);
    let mut answers = BTreeMap::new();
    for request in script.preparation() {
        let answer = ask_both(&pair, &request).await;
        assert_eq!(answer.status, 201, "{request}{answer:?}");
        script.saw(&request, &answer);
    }
    let (mut listed, mut unchanged) = (0, 0);
    while script.acts < acts {
        let now = script.next_instant();
        pair.iter().for_each(|node| node.set_clock(now));
        let before = script.acts;
        let request = script.next(&pair[0].app).await;
        let answer = ask_both(&pair, &request).await;
        script.saw(&request, &answer);
        if script.acts > before {
            *answers.entry((answer.status, answer.text("code"))).or_insert(0_usize) += 1;
        } else {
            unchanged += usize::from(answer.status == 304);
        }
        if script.acts >= listed + LISTS_EVERY {
            listed = script.acts;
            compare_lists(&mut pair, &mut script).await;
        }
    }
    compare_lists(&mut pair, &mut script).await;
    let [a, b] = &pair;
    let events = equal::logs(a, b).await;
    equal::read_models(a, b);
    enough_happened(&events, acts, &answers);
    println!("{unchanged} reads answered as unchanged");
    assert!(acts < 2000 || unchanged >= 5, "hardly a read was answered as unchanged");
    for node in pair {
        node.stop().await;
    }
}

/// The answer, which is the same on both.
async fn ask_both([a, b]: &[Node; 2], request: &asked::Request) -> asked::Answer {
    let (of_a, of_b) = tokio::join!(a.ask(request), b.ask(request));
    assert_eq!(of_a, of_b, "{} and {} differ on\n{request}", a.name, b.name);
    of_a
}

async fn compare_lists(pair: &mut [Node; 2], script: &mut Script) {
    for node in &mut *pair {
        node.caught_up().await;
    }
    for request in script.lists() {
        let answer = ask_both(pair, &request).await;
        assert_eq!(answer.status, 200, "{request}{answer:?}");
    }
}

/// A comparison of refusals alone would show little.
fn enough_happened(
    events: &[RecordedEvent],
    acts: usize,
    answers: &BTreeMap<(u16, Option<String>), usize>,
) {
    let recorded: Vec<_> =
        events.iter().filter_map(|event| ActKind::of_event(&event.event_type)).collect();
    let kinds: BTreeSet<_> = recorded.iter().collect();
    for ((status, code), count) in answers {
        println!(
            "{count:6} × {status} {}",
            code.as_deref().unwrap_or("recorded, validated or replayed")
        );
    }
    println!("{acts} acts asked for: {} recorded, of {} kinds", recorded.len(), kinds.len());
    assert!(recorded.len() * 10 >= acts * 3, "{} of {acts} acts recorded", recorded.len());
    assert!(acts < 2000 || kinds.len() >= 25, "{kinds:?}");
    let codes: BTreeSet<_> = answers.keys().filter_map(|(_, code)| code.as_deref()).collect();
    for code in
        ["REVISION_CONFLICT", "IDEMPOTENCY_KEY_REUSED", "ACT_NOT_PERMITTED", "QUOTA_EXHAUSTED"]
    {
        assert!(acts < 2000 || codes.contains(code), "{code} never came: {codes:?}");
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn random_seed() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a key of its own for each run; answers don't show it"
)]
fn token_key() -> TokenKey {
    TokenKey::generate(&mut rand::rng())
}
