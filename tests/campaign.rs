//! A campaign of kills and faults against a server and a worker over one data folder: each round lets one
//! thing go wrong under load, then everything that was answered is looked for. `make campaign MINUTES=10`
//! runs it for long; the suite runs a short one.
//!
//! What is checked after each round: every act that was answered 201 stands in the log once, where the
//! answer said; sequence and revisions are dense; an act sent again under its key gets the first answer; the
//! read models come to the end of the log. At the end `docket verify` and `docket projections verify` find
//! no difference.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "campaign/clients.rs"]
mod clients;
#[path = "campaign/node.rs"]
mod node;
#[expect(dead_code, reason = "what the suite on the failing disk alone asks")]
#[path = "failing_disk/place.rs"]
mod place;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use node::Node;

/// What goes wrong in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// The server is killed.
    Kill,
    /// The machine loses its power: only what was flushed is left.
    PowerLoss,
    /// The server stands still for some seconds.
    Freeze,
    /// The worker is killed, and another started.
    Worker,
    /// Writes to the log's disk are lost or refused for a moment.
    DiskFails,
    /// The disk is full for a moment.
    DiskFull,
    /// The clock is stepped for a moment.
    ClockStep,
    /// The server is started with the clock ten years ahead, and again with the clock right.
    ClockFar,
}

const FAULTS: [Fault; 8] = [
    Fault::Kill,
    Fault::PowerLoss,
    Fault::Freeze,
    Fault::Worker,
    Fault::DiskFails,
    Fault::DiskFull,
    Fault::ClockStep,
    Fault::ClockFar,
];

fn number<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_stands_whatever_goes_wrong() {
    // Each kind once takes about half a minute.
    let minutes = number("DOCKET_CAMPAIGN_MINUTES", 0.0);
    let seed = number("DOCKET_CAMPAIGN_SEED", 1_u64);
    println!("seed {seed}, {minutes} minutes");
    let mut random = StdRng::seed_from_u64(seed);
    let mut node = Node::start().await;
    let begun = Instant::now();
    let mut rounds: BTreeMap<Fault, u32> = BTreeMap::new();
    loop {
        let due = FAULTS.into_iter().find(|fault| !rounds.contains_key(fault));
        let fault = match due {
            Some(fault) => fault,
            None if begun.elapsed() > Duration::from_secs_f64(minutes * 60.0) => break,
            None => FAULTS[random.random_range(0..FAULTS.len())],
        };
        let note = format!("seed {seed}, round {}: {fault:?}", rounds.values().sum::<u32>());
        round(&mut node, fault, &mut random, &note).await;
        node.check(&note).await;
        *rounds.entry(fault).or_default() += 1;
    }
    node.check_files();
    println!("{rounds:?}; {}", node.summary());
}

async fn round(node: &mut Node, fault: Fault, random: &mut StdRng, note: &str) {
    let mut moment = |from: u64, to: u64| Duration::from_millis(random.random_range(from..to));
    let before = moment(100, 1200);
    node.acts_for(before).await;
    match fault {
        Fault::Kill => {
            node.end_under_load("KILL", moment(1, 300)).await;
            node.serve(note);
        }
        Fault::PowerLoss => {
            node.end_under_load("KILL", moment(1, 300)).await;
            node.lose_power();
            node.serve(note);
        }
        Fault::Freeze => node.freeze(moment(500, 4000)).await,
        Fault::Worker => node.replace_worker(moment(1, 500)).await,
        Fault::DiskFails => {
            let ways = ["d", "w", "de", "we", "dw"];
            let (way, signal) = (random.random_range(0..ways.len()), random.random_range(0..3));
            node.disk_fails(ways[way], Duration::from_millis(random.random_range(50..600))).await;
            node.end_under_load(["TERM", "KILL", "KILL"][signal], Duration::ZERO).await;
            if signal == 2 {
                node.lose_power();
            }
            node.serve(note);
        }
        Fault::DiskFull => node.disk_is_full(moment(50, 1500)).await,
        Fault::ClockStep => {
            let steps = [-3600, -30, -4, 4, 30, 7200];
            node.step_clock(steps[random.random_range(0..steps.len())]).await;
        }
        Fault::ClockFar => node.start_far_ahead(note).await,
    }
    node.acts_for(Duration::from_millis(300)).await;
}
