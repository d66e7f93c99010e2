//! How the stand-in is told to misbehave: rules, each for the next calls that match or for a share of
//! them, drawn from a seed.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;

/// Which calls a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Append,
    /// Of one append among those of a batch call.
    Batched,
    /// Of a stream.
    Read,
    ReadAll,
}

/// What goes wrong. "Written" says whether an append took effect; a read has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut, with every call on it.
    DropConnection { written: bool },
    /// Answered after a while; what is to be written is written at once. If the caller's deadline
    /// passes meanwhile, that is what an append is answered.
    AnswerLate(Duration),
    /// Written only after a while, whatever has become of the caller, and then answered.
    WriteLate(Duration),
    /// Held until [`release`](super::Control::release): written before or, whatever has become of
    /// the caller, after, and then answered.
    Hold { written: bool },
    /// Never answered, past any deadline.
    NeverAnswer { written: bool },
    /// Answered with a passed deadline.
    DeadlineExceeded { written: bool },
    /// Aborted "Operation timed out": the server's own time-out. It is written.
    TimedOut,
    /// Says that another node (or itself, when it is alone) is the leader. Nothing is written.
    NotLeader,
    /// Unavailable "Server Is Not Ready". Nothing is written.
    NotReady,
    /// Unavailable "Server Is Too Busy". Nothing is written.
    TooBusy,
    /// A read ends after so many events as if there were no more.
    EndEarly { after: usize },
    /// After so many events a read has a message of a kind that no client knows.
    Nonsense { after: usize },
    /// A read ends with Unavailable after so many events.
    FailAfter { after: usize },
    /// The connection is cut after so many events of a read.
    DropAfter { after: usize },
    /// A batch call ends cleanly: neither this append nor what is behind it is answered.
    EndCall { written: bool },
    /// The node is killed and starts again after a while; what was to be written is.
    Restart { down: Duration },
}

#[derive(Debug)]
enum When {
    Next(usize),
    /// Of 2^64.
    Chance(u64),
}

#[derive(Debug)]
struct Rule {
    call: Call,
    /// Only streams whose name starts so.
    prefix: String,
    when: When,
    fault: Fault,
}

/// The calls that are held.
#[derive(Debug, Default)]
pub struct Held {
    /// How many are, and how often they were released.
    state: watch::Sender<(usize, u64)>,
}

impl Held {
    /// Waits for the next release.
    pub async fn wait(&self) {
        let mut state = self.state.subscribe();
        let before = state.borrow().1;
        self.state.send_modify(|(held, _)| *held += 1);
        // It can't end while `self` is there.
        let _ = state.wait_for(|(_, released)| *released > before).await;
    }

    pub fn release(&self) {
        self.state.send_modify(|(held, released)| {
            *held = 0;
            *released += 1;
        });
    }

    /// Waits until so many are held.
    pub async fn until(&self, calls: usize) {
        let _ = self.state.subscribe().wait_for(|(held, _)| *held >= calls).await;
    }
}

/// The rules in force, the first that matches wins.
#[derive(Debug)]
pub struct Faults {
    inner: Mutex<(Vec<Rule>, u64)>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { inner: Mutex::new((Vec::new(), 0)) }
    }
}

impl Faults {
    pub fn next(&self, call: Call, prefix: &str, times: usize, fault: Fault) {
        self.add(Rule { call, prefix: prefix.to_owned(), when: When::Next(times), fault });
    }

    pub fn randomly(&self, call: Call, prefix: &str, probability: f64, fault: Fault) {
        let share = (probability * 2f64.powi(64)) as u64;
        self.add(Rule { call, prefix: prefix.to_owned(), when: When::Chance(share), fault });
    }

    pub fn seed(&self, seed: u64) {
        self.inner.lock().unwrap().1 = seed;
    }

    pub fn clear(&self) {
        self.inner.lock().unwrap().0.clear();
    }

    fn add(&self, rule: Rule) {
        let of_batches = matches!(rule.fault, Fault::EndCall { .. });
        assert!(!of_batches || rule.call == Call::Batched, "{:?} is for batches", rule.fault);
        let is_append = matches!(rule.call, Call::Append | Call::Batched);
        let of_reads = matches!(
            rule.fault,
            Fault::EndEarly { .. }
                | Fault::Nonsense { .. }
                | Fault::FailAfter { .. }
                | Fault::DropAfter { .. }
        );
        assert!(!of_reads || !is_append, "{:?} is for reads", rule.fault);
        self.inner.lock().unwrap().0.push(rule);
    }

    /// What is to happen to this call, if anything.
    pub fn take(&self, call: Call, stream: &str) -> Option<Fault> {
        let mut inner = self.inner.lock().unwrap();
        let (rules, seed) = &mut *inner;
        for at in 0..rules.len() {
            let rule = &mut rules[at];
            if rule.call != call || !stream.starts_with(&rule.prefix) {
                continue;
            }
            let fault = rule.fault;
            match &mut rule.when {
                When::Chance(share) => {
                    if draw(seed) < *share {
                        return Some(fault);
                    }
                }
                When::Next(left) => {
                    *left -= 1;
                    if *left == 0 {
                        rules.remove(at);
                    }
                    return Some(fault);
                }
            }
        }
        None
    }
}

/// The next number of the sequence that the seed begins (SplitMix64).
fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
