//! The switch: what was acknowledged is on the other side, and what goes wrong leaves writing where
//! it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use docket::log::{EventLog, Expected, LogError, OpenError, SqliteLog};
use docket::moving::{Copier, MoveError, Notice, Switch, Switched, switch};
use tokio::task::JoinHandle;

use super::engines::{Engine, Opened, Watching, are_one, event, read, stream, turns, write};
use super::faulty::{Fault, Faulty};

const NOW_US: i64 = 1_795_000_000_000_000;

fn how(max_pause: Duration) -> Switch {
    Switch { to: "elsewhere:1".to_owned(), now_us: || NOW_US, max_pause }
}

async fn switched(
    from: &dyn EventLog,
    to: &dyn EventLog,
    watch: &Watching,
) -> Result<Switched, MoveError> {
    let mut copier = Copier::begin(from, to, watch).await?;
    switch(&mut copier, &how(Duration::from_secs(30))).await
}

/// What a writer had acknowledged, and what it was told at the end.
type Writer = JoinHandle<(u64, String)>;

/// Writes to a stream until it is refused; what was acknowledged, and why it ended.
fn writing(log: &Arc<dyn EventLog>, which: u64, every: Duration, stop: Arc<AtomicBool>) -> Writer {
    let log = log.clone();
    tokio::spawn(async move {
        let name = stream(&format!("writer-{which}"));
        let mut tip = None;
        while !stop.load(Ordering::Relaxed) {
            match log.append(&name, Expected::from(tip), vec![event(which)]).await {
                Ok(appended) => tip = Some(appended.revision),
                Err(LogError::Moving(_)) => {}
                Err(other) => panic!("{other}"),
            }
            tokio::time::sleep(every).await;
        }
        let last = log.append(&name, Expected::from(tip), vec![event(which)]).await;
        (
            tip.map_or(0, |tip| tip + 1),
            last.map(|_| "written".to_owned()).unwrap_or_else(|e| e.to_string()),
        )
    })
}

/// Four writers at the old log, two of them as another node where the engine has such.
fn writers(old: &Opened, other: &Arc<dyn EventLog>, stop: &Arc<AtomicBool>) -> Vec<Writer> {
    let log = |n| if n % 2 == 0 && other.is_shared() { other } else { &old.log };
    (0..4).map(|n| writing(log(n), n, Duration::from_millis(10), stop.clone())).collect()
}

async fn nothing_is_missing(old: Engine, new: Engine) {
    let (old, new) = (old.open().await, new.open().await);
    write(&*old, &turns(400)).await;
    let (reader, watch) = (old.reader().await, Watching::new());
    let stop = Arc::new(AtomicBool::new(false));
    let writers = writers(&old, &old.reader().await, &stop);
    let done = switched(&*reader, &*new, &watch).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = 400;
    for writer in writers {
        let (events, end) = writer.await.unwrap();
        acknowledged += events;
        assert!(end.contains("moved to elsewhere:1"), "{end}");
    }
    assert!(acknowledged > 400, "nobody wrote meanwhile");
    let (left, found) = (read(&*old).await, read(&*new).await);
    are_one(&left, &found);
    assert_eq!((found.len() as u64, done.notice.events), (acknowledged, acknowledged));
    assert!(done.pause < Duration::from_secs(30));
    let said = watch.said();
    assert!(said.iter().any(|n| matches!(n, Notice::Stops { .. })), "{said:?}");
    assert!(!said.contains(&Notice::GoesOn), "{said:?}");
    // The other side takes what comes next; the old one does not, nor does it move again.
    write(&*new, &[(stream("writer-0"), vec![event(5)])]).await;
    let late = reader.append(&stream("turn-9"), Expected::NoStream, vec![event(1)]).await;
    assert!(late.is_err(), "{late:?}");
    let again = switched(&*reader, &*Engine::Memory.open().await, &Watching::new()).await;
    assert!(matches!(&again, Err(MoveError::Gone { .. })), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_acknowledged_event_of_a_file_is_on_the_other_side() {
    nothing_is_missing(Engine::Sqlite, Engine::Memory).await;
    nothing_is_missing(Engine::Sqlite, Engine::Sqlite).await;
}

#[cfg(feature = "kurrentdb")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_acknowledged_event_is_on_the_other_side_of_a_kurrentdb() {
    nothing_is_missing(Engine::Sqlite, Engine::Kurrent).await;
    nothing_is_missing(Engine::Kurrent, Engine::Sqlite).await;
}

/// A destination slower than the writers: that is said, and the switch is made once they write less.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_that_falls_behind_waits_for_the_writers() {
    let (old, new) = (Engine::Sqlite.open().await, Engine::Memory.open().await);
    write(&*old, &turns(200)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let every = Duration::from_millis(1);
    let writers: Vec<_> = (0..3).map(|n| writing(&old.log, n, every, stop.clone())).collect();
    let watch = Watching::at_stop(move || stop.store(true, Ordering::Relaxed));
    let mut slow = Faulty::new(&*new, []);
    slow.takes = Duration::from_millis(2);
    let mut copier = Copier::begin(&*old, &slow, &watch).await.unwrap();
    let done = switch(&mut copier, &how(Duration::from_millis(1500))).await.unwrap();
    let said = watch.said();
    assert!(matches!(said[..], [Notice::FallsBehind { .. }, Notice::Stops { .. }]), "{said:?}");
    let mut written = 200;
    for writer in writers {
        written += writer.await.unwrap().0;
    }
    are_one(&read(&*old).await, &read(&*new).await);
    // Each of the three made one more attempt at its end, which nobody counted.
    assert!((written..=written + 3).contains(&done.notice.events), "{written} {done:?}");
}

/// And back into the file that was left, once its mark is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_can_move_back() {
    let (old, new) = (Engine::Sqlite.open().await, Engine::Sqlite.open().await);
    write(&*old, &turns(20)).await;
    switched(&*old, &*new, &Watching::new()).await.unwrap();
    old.close().await;
    write(&*new, &[(stream("later"), vec![event(1)])]).await;
    let Err(OpenError::Moved { mark, .. }) = SqliteLog::open_writer(old.path()) else {
        panic!("a log that moved was opened for writing");
    };
    std::fs::remove_file(mark).unwrap();
    let back = SqliteLog::open_writer(old.path()).unwrap();
    let done = switched(&*new, &back, &Watching::new()).await.unwrap();
    assert_eq!((done.notice.events, done.in_pause, done.notice.at_us), (21, 0, NOW_US));
    are_one(&read(&*new).await, &read(&back).await);
    write(&back, &[(stream("later"), vec![event(2)])]).await;
}

/// Writing goes on at the old log, which has no mark.
async fn goes_on(old: &Opened, watch: &Watching) {
    assert_eq!(watch.said().last(), Some(&Notice::GoesOn));
    write(&**old, &[(stream("afterwards"), vec![event(3)])]).await;
    old.close().await;
    SqliteLog::open_writer(old.path()).unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_not_moved_to_itself() {
    let old = Engine::Sqlite.open().await;
    write(&*old, &turns(5)).await;
    let (reader, watch) = (SqliteLog::open_reader(old.path()).unwrap(), Watching::new());
    let same = switched(&reader, &*old, &watch).await;
    assert_eq!(same, Err(MoveError::Same));
    goes_on(&old, &watch).await;
}

/// The first append of the pause, the second of all that are made: the first one repeats an event.
const IN_PAUSE: usize = 1;

/// A switch of a log that is copied already, to which three more events come at the last moment.
async fn switched_late(fault: Fault, max_pause: Duration) -> MoveError {
    let (old, new) = (Engine::Sqlite.open().await, Engine::Memory.open().await);
    write(&*old, &turns(5)).await;
    super::copied::copy(&*old, &*new).await.unwrap();
    let log = old.log.clone();
    let watch = Watching::at_stop(move || {
        let late = (0..3).map(event).collect();
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(write(&*log, &[(stream("late"), late)]));
        });
    });
    let faulty = Faulty::new(&*new, [(IN_PAUSE, fault)]);
    let mut copier = Copier::begin(&*old, &faulty, &watch).await.unwrap();
    let error = switch(&mut copier, &how(max_pause)).await.unwrap_err();
    assert_eq!(read(&*old).await.len(), 8);
    goes_on(&old, &watch).await;
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_the_pause_ends_it() {
    let other = Fault::Other((stream("foreign"), vec![event(9)]));
    let foreign = switched_late(other, Duration::from_secs(30)).await;
    assert!(matches!(&foreign, MoveError::Foreign(_)), "{foreign:?}");
    let altered = switched_late(Fault::Alters, Duration::from_secs(30)).await;
    assert!(matches!(&altered, MoveError::Differs(_)), "{altered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_would_be_too_long_ends() {
    let late = switched_late(Fault::Hangs, Duration::from_millis(300)).await;
    assert_eq!(late, MoveError::TooLong { limit_ms: 300 });
}
