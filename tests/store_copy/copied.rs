//! Copying: what is equal afterwards, and what becomes of it when something goes wrong.

use docket::log::{EventLog, LogError, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, NewEvent};
use docket::moving::{Copier, MoveError, Notice, Side, compare};
use proptest::test_runner::{Config, TestRunner};

use super::engines::{
    Engine, LASTING, PAIRS, Watching, Written, any_history, are_one, event, read, stream, turns,
    write,
};
use super::faulty::{Fault, Faulty};

/// Copies all, and says how many events that were.
pub async fn copy(from: &dyn EventLog, to: &dyn EventLog) -> Result<u64, MoveError> {
    let watch = Watching::new();
    let mut copier = Copier::begin(from, to, &watch).await?;
    let copied = copier.catch_up().await?;
    assert_eq!(copier.source(), copier.copy());
    assert_eq!(copier.behind().await, Ok(0));
    Ok(copied)
}

async fn is_copied(from: &dyn EventLog, to: &dyn EventLog) {
    are_one(&read(from).await, &read(to).await);
    let compared = compare(from, to, &Watching::new()).await.unwrap();
    assert_eq!((&compared.from, compared.first), (&compared.to, None));
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn any_history_is_the_same_on_the_other_engine_and_back() {
    for (one, other) in PAIRS {
        let mut runner = runner(4);
        for _ in 0..4 {
            let (from, to, back) = (one.open().await, other.open().await, one.open().await);
            write(&*from, &any_history(&mut runner)).await;
            copy(&*from, &*to).await.unwrap();
            is_copied(&*from, &*to).await;
            copy(&*to, &*back).await.unwrap();
            is_copied(&*from, &*back).await;
            // Again changes nothing; with more there, only that is copied.
            assert_eq!(copy(&*from, &*to).await, Ok(0));
            let before = read(&*from).await.len();
            write(&*from, &any_history(&mut runner)).await;
            let new = read(&*from).await.len() - before;
            assert_eq!(copy(&*from, &*to).await, Ok(new as u64));
            is_copied(&*from, &*to).await;
        }
    }
}

/// Neighbours of one stream go together, as far as one append takes them in events and in bytes.
#[tokio::test(flavor = "multi_thread")]
async fn neighbours_go_together_within_the_limits() {
    let large = |n| NewEvent { data: vec![b'x'; MAX_APPEND_BYTES * 2 / 5].into(), ..event(n) };
    let full = NewEvent { data: vec![b'y'; MAX_APPEND_BYTES - 22].into(), ..event(7) };
    let one = |events: Vec<NewEvent>| -> Vec<Written> {
        events.into_iter().map(|event| (stream("one"), vec![event])).collect()
    };
    let cases = [
        (one((0..10).map(event).collect()), 1),
        (turns(10), 10),
        (one((0..MAX_APPEND_EVENTS as u64 + 1).map(event).collect()), 2),
        (one((0..5).map(large).collect()), 3),
        (one(vec![event(1), full.clone(), full, event(2)]), 4),
    ];
    let cases = cases.iter().flat_map(|case| LASTING.iter().map(move |engine| (case, engine)));
    for ((history, appends), engine) in cases {
        let (from, to) = (Engine::Memory.open().await, engine.open().await);
        write(&*from, history).await;
        let counted = Faulty::new(&*to, []);
        copy(&*from, &counted).await.unwrap();
        assert_eq!(counted.appends(), *appends, "{engine:?}");
        is_copied(&*from, &*to).await;
    }
}

/// Dies at every append in turn, before or after it took effect; started again, it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_copying_that_died_anywhere_is_resumed() {
    let mut runner = runner(1);
    let history: Vec<Written> = any_history(&mut runner).into_iter().chain(turns(6)).collect();
    let from = Engine::Sqlite.open().await;
    write(&*from, &history).await;
    let counted = Engine::Memory.open().await;
    let appends = {
        let counted = Faulty::new(&*counted, []);
        copy(&*from, &counted).await.unwrap();
        counted.appends()
    };
    for engine in LASTING {
        for at in 0..appends {
            let to = engine.open().await;
            for written in [false, true] {
                let dies = Faulty::new(&*to, [(at / 2, Fault::Dies { written })]);
                let died = copy(&*from, &dies).await;
                let is_death = matches!(
                    &died,
                    Err(MoveError::Log { side: Side::To, source: LogError::Invalid(_) })
                );
                assert!(is_death, "{died:?}");
            }
            let there = read(&*to).await.len() as u64;
            let all = read(&*from).await.len() as u64;
            assert_eq!(copy(&*from, &*to).await, Ok(all - there));
            is_copied(&*from, &*to).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_after_what_is_under_way() {
    let from = Engine::Memory.open().await;
    write(&*from, &turns(6000)).await;
    for engine in LASTING {
        for stops_at in [0, 1, 1700] {
            let to = engine.open().await;
            let watch = Watching::stopping_at(stops_at);
            let mut copier = match Copier::begin(&*from, &*to, &watch).await {
                Err(MoveError::Interrupted) if stops_at == 0 => continue,
                begun => begun.unwrap(),
            };
            assert_eq!(copier.catch_up().await, Err(MoveError::Interrupted));
            let there = read(&*to).await.len() as u64;
            assert!((stops_at..6000).contains(&there), "{there}");
            assert_eq!(copier.events(), there, "all that stands was read back");
            assert_eq!(copy(&*from, &*to).await, Ok(6000 - there));
            is_copied(&*from, &*to).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_looked_up_and_what_passes_is_waited_for() {
    let together: Written = (stream("together"), (100..104).map(event).collect());
    let history: Vec<Written> = turns(4).into_iter().chain([together]).chain(turns(2)).collect();
    let from = Engine::Memory.open().await;
    write(&*from, &history).await;
    for engine in LASTING {
        for at in [0, 2, 4, 6] {
            for fault in [
                Fault::Unavailable,
                Fault::LostBefore,
                Fault::LostAfter,
                Fault::Late(1),
                Fault::Late(3),
            ] {
                let (to, watch) = (engine.open().await, Watching::new());
                let mut faulty = Faulty::new(&*to, [(at, fault.clone())]);
                faulty.is_quiet = at == 6;
                let mut copier = Copier::begin(&*from, &faulty, &watch).await.unwrap();
                let copied = copier.catch_up().await;
                assert_eq!(copied, Ok(10), "{fault:?} at {at} on {engine:?}");
                is_copied(&*from, &*to).await;
                let waited = matches!(watch.said()[..], [Notice::Waits { side: Side::To, .. }]);
                assert!(waited, "{:?}", watch.said());
            }
        }
    }
}

/// Nothing more is written than was there, and the error says what stands there.
async fn is_refused(from: &dyn EventLog, to: &dyn EventLog) -> MoveError {
    let before = read(to).await;
    let error = copy(from, to).await.unwrap_err();
    assert_eq!(read(to).await, before, "{error}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_is_no_copy_is_refused_before_anything_is_written() {
    let history = turns(10);
    for (one, other) in PAIRS {
        let from = one.open().await;
        write(&*from, &history).await;

        let changed = other.open().await;
        let mut altered = history[..7].to_vec();
        altered[4].1[0].data = b"other".as_slice().into();
        write(&*changed, &altered).await;
        let error = is_refused(&*from, &*changed).await;
        let text = error.to_string();
        assert!(matches!(error, MoveError::Differs(_)), "{text}");
        assert!(text.contains("sequence 4 (turn-1, revision 1): data is 12 bytes"), "{text}");

        let missing = other.open().await;
        let without: Vec<_> = history[..3].iter().chain(&history[5..8]).cloned().collect();
        write(&*missing, &without).await;
        let text = is_refused(&*from, &*missing).await.to_string();
        assert!(text.contains("sequence 3 (turn-0, revision 1): stream is turn-0"), "{text}");

        let longer = other.open().await;
        write(&*longer, &history).await;
        write(&*longer, &[(stream("more"), vec![event(77)])]).await;
        let text = is_refused(&*from, &*longer).await.to_string();
        assert!(text.contains("sequence 10 (more, revision 0): only the second log"), "{text}");

        let another = other.open().await;
        write(&*another, &[(stream("turn-0"), vec![event(99)])]).await;
        let error = is_refused(&*from, &*another).await;
        assert!(matches!(error, MoveError::OtherLog(_)), "{error}");

        let empty = one.open().await;
        assert_eq!(copy(&*empty, &*another).await, Err(MoveError::Empty));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_else_who_writes_to_the_destination_is_noticed() {
    let from = Engine::Memory.open().await;
    write(&*from, &turns(10)).await;
    let other = |name: &str| Fault::Other((stream(name), vec![event(500)]));

    let to = Engine::Sqlite.open().await;
    let faulty = Faulty::new(&*to, [(5, other("elsewhere"))]);
    let text = copy(&*from, &faulty).await.unwrap_err().to_string();
    assert!(text.contains("sequence 5 (turn-2, revision 1)") && text.contains("at 6"), "{text}");

    // In the very stream, with an event of its own.
    let to = Engine::Sqlite.open().await;
    let faulty = Faulty::new(&*to, [(5, other("turn-2"))]);
    let text = copy(&*from, &faulty).await.unwrap_err().to_string();
    assert!(text.contains("sequence 5 (turn-2, revision 1): event_id is"), "{text}");

    // On an engine that does not tell the sequence, the reading back finds it.
    let to = Engine::Memory.open().await;
    let mut faulty = Faulty::new(&*to, [(4, other("elsewhere"))]);
    faulty.is_quiet = true;
    let text = copy(&*from, &faulty).await.unwrap_err().to_string();
    assert!(text.contains("sequence 4 (turn-1, revision 1): stream is turn-1 in the"), "{text}");

    // What is there already under the same id is not what was sent.
    let to = Engine::Memory.open().await;
    let faulty = Faulty::new(&*to, [(3, Fault::Alters)]);
    let text = copy(&*from, &faulty).await.unwrap_err().to_string();
    assert!(text.contains("sequence 3 (turn-0, revision 1): data is 12 bytes"), "{text}");
}

/// A log that never answers is given up, after a bounded time and aloud.
#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_stays_away_is_given_up() {
    let (from, to) = (Engine::Memory.open().await, Engine::Memory.open().await);
    write(&*from, &turns(3)).await;
    let faulty = Faulty::new(&*to, (1..100).map(|at| (at, Fault::Unavailable)));
    let watch = Watching::new();
    let mut copier = Copier::begin(&*from, &faulty, &watch).await.unwrap();
    let error = copier.catch_up().await.unwrap_err();
    let is_gone = matches!(
        &error,
        MoveError::Log { side: Side::To, source: LogError::Unavailable(why) } if why == "told to"
    );
    assert!(is_gone, "{error}");
    assert_eq!(watch.said().len(), 9);
    assert_eq!(read(&*to).await.len(), 1);
}
