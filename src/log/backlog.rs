//! Threads for those who read much of a log: few, and of low priority, so that readers of the whole
//! log take turns and the system gives them what acts and single reads leave.
//!
//! What must hold: nothing that somebody waits for by himself runs here; one piece of work is a page,
//! no more, since the next in turn waits for it; it gives way event by event, and while others ask it
//! takes a part of the time only, since what it makes is sent by the threads that answer everyone.

use std::cell::Cell;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::{Builder, available_parallelism, sleep};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing::warn;

use super::LogError;

/// Pages worked on at once, at most.
pub const BACKLOG_THREADS: usize = 2;
/// A read of more events than this is one of the backlog.
pub const SINGLE_EVENTS: usize = 64;
/// How much nicer these threads are: about a tenth of the share of the others.
const NICER: i32 = 10;
/// Events between two moments at which whoever waits for the processor goes first: some 0.1 ms.
const EVENTS_AT_ONCE: u32 = 16;
/// For how long after an act or a single read another is expected.
const OTHERS_MS: u64 = 100;
/// How many times as long as a page took the next one waits meanwhile.
const REST: u32 = 3;
/// The longest such wait.
const LONGEST_REST: Duration = Duration::from_millis(50);

type Job = Box<dyn FnOnce() + Send>;

thread_local! {
    /// On a thread that yields to others, the events until it gives way.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// From what moments are counted here.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
/// When an act or a single read was last asked for, in milliseconds and one; 0: never.
static ASKED: AtomicU64 = AtomicU64::new(0);

static THREADS: LazyLock<Option<Sender<Job>>> = LazyLock::new(|| {
    let (jobs, waiting) = channel();
    let waiting = Arc::new(Mutex::new(waiting));
    let start = |number| {
        let waiting = Arc::clone(&waiting);
        Builder::new().name(format!("backlog-{number}")).spawn(move || work(&waiting))
    };
    // Half of the processor's cores at most: on two, an act finds one that no page is worked on.
    let cores = available_parallelism().map_or(1, NonZero::get);
    let started =
        (0..(cores / 2).clamp(1, BACKLOG_THREADS)).filter(|number| match start(*number) {
            Ok(_) => true,
            Err(error) => {
                warn!(%error, "no thread for readers of the backlog");
                false
            }
        });
    (started.count() > 0).then_some(jobs)
});

fn work(waiting: &Mutex<Receiver<Job>>) {
    yield_to_others();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        let began = Instant::now();
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            warn!("a page of the backlog could not be worked on: a panic");
        }
        if others_ask(ASKED.load(Ordering::Relaxed), now_ms()) {
            sleep((began.elapsed() * REST).min(LONGEST_REST));
        }
    }
}

fn now_ms() -> u64 {
    u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Says that an act or a single read is asked for: the backlog makes room for it and the next.
pub fn ahead_of_backlog() {
    ASKED.store(now_ms() + 1, Ordering::Relaxed);
}

/// Whether an act or a single read is expected: one was asked for not long ago.
fn others_ask(asked: u64, now_ms: u64) -> bool {
    asked > 0 && now_ms < asked + OTHERS_MS
}

/// Lets the system prefer every other thread to the calling one, from now on.
pub fn yield_to_others() {
    LEFT.set(Some(EVENTS_AT_ONCE));
    if let Err(error) = rustix::process::nice(NICER) {
        warn!(%error, "the priority of a thread can't be lowered");
    }
}

/// Lets whoever waits for the processor go first, now and then, on a thread that yields to others; to
/// be called for each event or row. A low priority alone has them wait for the next tick of the system's
/// clock: some milliseconds, at each of the threads that an act goes through.
pub fn give_way() {
    if let Some(left) = LEFT.get() {
        LEFT.set(Some(left.checked_sub(1).unwrap_or(EVENTS_AT_ONCE)));
        if left == 0 {
            std::thread::yield_now();
        }
    }
}

/// Does the work of a page on a thread of the backlog; nothing where the caller has gone by then.
///
/// # Errors
/// [`LogError::Unavailable`] when it panicked, or there is no thread.
pub async fn on_backlog<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LogError> {
    let broke_off = |what: &str| LogError::Unavailable(format!("a read broke off: {what}"));
    let (done, result) = oneshot::channel();
    let job = Box::new(move || {
        if !done.is_closed() {
            // Who no longer waits needs no answer.
            let _ = done.send(work());
        }
    });
    let threads = THREADS.as_ref().ok_or_else(|| broke_off("there is no thread for it"))?;
    threads.send(job).map_err(|_| broke_off("the threads for it have ended"))?;
    result.await.map_err(|_| broke_off("it panicked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_gives_way_only_once_it_yields_to_others() {
        let left = || {
            give_way();
            LEFT.get()
        };
        let spawned = std::thread::spawn(move || {
            let before = left();
            yield_to_others();
            let counted: Vec<_> = (0..EVENTS_AT_ONCE + 2).map(|_| left()).collect();
            (before, counted)
        });
        let (before, counted) = spawned.join().unwrap();
        assert_eq!(before, None);
        let down = (0..EVENTS_AT_ONCE).rev().chain([EVENTS_AT_ONCE, EVENTS_AT_ONCE - 1]);
        assert_eq!(counted, down.map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn others_are_expected_for_a_while_after_one_asked() {
        assert!(!others_ask(0, 5), "nobody ever asked");
        assert!(others_ask(1, 0));
        assert!(others_ask(1000, 999 + OTHERS_MS));
        assert!(!others_ask(1000, 1000 + OTHERS_MS));
        ahead_of_backlog();
        assert!(ASKED.load(Ordering::Relaxed) > 0);
    }

    #[tokio::test]
    async fn work_is_done_at_low_priority_and_a_panic_ends_only_its_own() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let own = priority();
        assert_eq!(on_backlog(priority).await, Ok((own + NICER).min(19)));
        for _ in 0..2 * BACKLOG_THREADS {
            let panicked = on_backlog(|| panic!("as asked")).await;
            assert!(matches!(panicked, Err(LogError::Unavailable(_))), "{panicked:?}");
        }
        assert_eq!(on_backlog(|| 7).await, Ok(7));
        assert_eq!(priority(), own);
    }
}
