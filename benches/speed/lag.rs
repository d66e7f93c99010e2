//! How long after an act was acknowledged its rows can be read, while acts run at a steady pace:
//! with the read models filled by the server, and by a worker in another process.
//!
//! A thread of this process looks at the tables again and again and notes when it first saw which
//! position; rows and position move in one transaction. A lag therefore includes the wait for the
//! next look, which is printed beside it. Every act counts, not a sample.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use docket::projection::Copies as _;

use crate::acts::{WARM, areas, copy, own_areas};
use crate::client::Connection;
use crate::generate::{Made, Size};
use crate::measure::{Cpu, Times, flush, heading, line};
use crate::server::{Filling, Server, Worker, copies, rebuild_apart};
use crate::whole::usual_request;

/// Acts a second.
const PACE: usize = 2_000;
/// Connections that send them: enough that none waits for the one before.
const CLIENTS: usize = 32;
/// Each arrangement is measured so often, in turn, so that other work on the machine meets both.
const ROUNDS: usize = 2;
/// Between two looks at the tables.
const LOOK_EVERY: Duration = Duration::from_micros(300);
/// Longer than a worker waits for the right to write of one that was stopped.
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures both arrangements.
pub fn lag(data: &Path, made: &Made, size: Size, time: Duration) -> anyhow::Result<()> {
    heading("Lag from the answer 201 to the rows (ms: p50 / p99 / max)");
    let copied = copy(made, data, "lag")?;
    rebuild_apart(&copied)?;
    let next = Arc::new(AtomicUsize::new(0));
    let areas: Arc<[usize]> = areas(size, WARM).into();
    println!("{PACE} acts/s from {CLIENTS} connections to {} enrollments", areas.len());
    for _ in 0..ROUNDS {
        for filling in [Filling::Here, Filling::Apart] {
            println!("flush of 4 KiB: {} ms (p50 / p99)", flush(data)?.shown());
            let pair = Pair::start(&copied, filling, areas.clone(), next.clone())?;
            pair.measure(time)?;
            pair.stop()?;
        }
    }
    std::fs::remove_dir_all(copied.folder)?;
    Ok(())
}

/// A server, and the worker that fills its read models unless it does so itself.
struct Pair<'a> {
    made: &'a Made,
    server: Server,
    worker: Option<Worker>,
    areas: Arc<[usize]>,
    next: Arc<AtomicUsize>,
}

/// Processor time so far: of the server, of the worker, of this process.
type Used = (Cpu, Option<Cpu>, Cpu);

impl<'a> Pair<'a> {
    fn start(
        made: &'a Made,
        filling: Filling,
        areas: Arc<[usize]>,
        next: Arc<AtomicUsize>,
    ) -> anyhow::Result<Self> {
        let server = Server::start(&made.folder, filling)?;
        let worker = match filling {
            Filling::Apart => Some(Worker::start(&made.folder)?),
            Filling::Here | Filling::Nowhere => None,
        };
        Ok(Self { made, server, worker, areas, next })
    }

    fn stop(self) -> anyhow::Result<()> {
        self.server.stop()?;
        self.worker.map_or(Ok(()), Worker::stop)
    }

    /// The first act of each enrollment, whose history whoever fills has to read, apart from the
    /// later ones.
    fn measure(&self, time: Duration) -> anyhow::Result<()> {
        let by = if self.worker.is_some() { "by a worker" } else { "by the server" };
        // Whoever fills may first have to wait for the right to write.
        self.run(Duration::from_millis(1))?;
        let once = Duration::from_secs_f64(self.areas.len() as f64 / PACE as f64);
        self.report(&format!("{by}, first acts"), once)?;
        self.report(&format!("{by}, later acts"), time)
    }

    fn report(&self, name: &str, time: Duration) -> anyhow::Result<()> {
        let (before, began) = (self.used(), Instant::now());
        let mut went = self.run(time)?;
        let (after, took) = (self.used(), began.elapsed());
        let share = |after: Cpu, before: Cpu| after.since(before).share(took);
        let worker = after.1.zip(before.1);
        let worker = worker.map(|(after, before)| format!(", worker {}", share(after, before)));
        let more = format!(
            "{} / {:.2}; answers {}, {:.1} acts a step of the rows, looks each {}; cpu: server {}{}, generator {}",
            went.lags.shown(),
            went.lags.percentile_ms(1.0),
            went.answers.shown(),
            went.lags.len() as f64 / went.steps.max(1) as f64,
            went.looks.shown(),
            share(after.0, before.0),
            worker.unwrap_or_default(),
            share(after.2, before.2),
        );
        line(name, went.lags.len() as f64 / went.took.as_secs_f64(), "acts/s", &more);
        Ok(())
    }

    fn used(&self) -> Used {
        let worker = self.worker.as_ref().map(|worker| Cpu::of(worker.pid));
        (Cpu::of(self.server.pid), worker, Cpu::own())
    }

    /// Lets the acts run for this time and waits until all their rows are there.
    fn run(&self, time: Duration) -> anyhow::Result<Went> {
        let look = Look::start(self.made)?;
        let began = Instant::now();
        let pause = Duration::from_secs_f64(CLIENTS as f64 / PACE as f64);
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            let client = Client {
                connection: Connection::open(self.server.address)?,
                host: self.server.address.to_string(),
                token: self.server.token.clone(),
                areas: own_areas(&self.areas, CLIENTS),
                next: self.next.clone(),
                turn: number,
            };
            let first = began + pause.mul_f64(number as f64 / CLIENTS as f64);
            let thread = std::thread::Builder::new().stack_size(256 * 1024);
            clients.push(thread.spawn(move || client.paced(first, pause, began + time))?);
        }
        let mut answered = Vec::new();
        for client in clients {
            let all = client.join().map_err(|_| anyhow::anyhow!("a client panicked"))?;
            answered.extend(all?);
        }
        let took = began.elapsed();
        answered.sort_unstable_by_key(|act| act.sequence);
        ensure!(
            answered.windows(2).all(|two| two[0].sequence < two[1].sequence),
            "two acts have the same sequence"
        );
        let last = answered.last().context("no act was answered")?.sequence;
        let seen = look.until(last)?;
        let holder = if self.worker.is_some() { Worker::HOLDER } else { Server::HOLDER };
        ensure!(seen.holder.as_deref() == Some(holder), "{:?} filled the tables", seen.holder);
        Went::of(&answered, seen, took)
    }
}

/// What a load came to.
struct Went {
    took: Duration,
    lags: Times,
    answers: Times,
    looks: Times,
    /// How often the tables were seen to move.
    steps: usize,
}

impl Went {
    fn of(answered: &[Answered], seen: Seen, took: Duration) -> anyhow::Result<Self> {
        let (mut lags, mut answers) = (Times::default(), Times::default());
        for act in answered {
            let at = seen.moves.partition_point(|(position, _)| *position < act.sequence);
            let (_, visible) = seen.moves.get(at).context("an act's rows were not seen")?;
            lags.add(visible.saturating_duration_since(act.at));
            answers.add(act.at.saturating_duration_since(act.due));
        }
        Ok(Self { took, lags, answers, looks: seen.looks, steps: seen.moves.len() })
    }
}

/// An act that was acknowledged.
struct Answered {
    sequence: u64,
    /// When it was to be sent: an answer that holds up the ones after it counts for each of them.
    due: Instant,
    at: Instant,
}

/// One connection and what it sends.
struct Client {
    connection: Connection,
    host: String,
    token: String,
    areas: Arc<[usize]>,
    next: Arc<AtomicUsize>,
    /// Which area is next; each client has its own.
    turn: usize,
}

impl Client {
    fn paced(
        mut self,
        first: Instant,
        pause: Duration,
        until: Instant,
    ) -> anyhow::Result<Vec<Answered>> {
        let (mut answered, mut due) = (Vec::new(), first);
        while due < until {
            if let Some(wait) = due.checked_duration_since(Instant::now()) {
                std::thread::sleep(wait);
            }
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let area = self.areas[self.turn % self.areas.len()];
            self.turn += CLIENTS;
            let request = usual_request("lag", number, area, &self.host, &self.token);
            let (status, _) = self.connection.ask(request.as_bytes())?;
            let at = Instant::now();
            let body = std::str::from_utf8(self.connection.body())?;
            ensure!(status == 201, "{status}: {body}");
            answered.push(Answered { sequence: sequence(body)?, due, at });
            due += pause;
        }
        Ok(answered)
    }
}

/// The sequence in an answer; parsing the rest of it would take processor time from the server.
fn sequence(body: &str) -> anyhow::Result<u64> {
    let (_, rest) = body.split_once(r#""sequence":""#).context("an answer without a sequence")?;
    let (digits, _) = rest.split_once('"').context("a sequence without an end")?;
    Ok(digits.parse()?)
}

/// What was seen of the tables.
struct Seen {
    /// Each position and when it was first seen, in order.
    moves: Vec<(u64, Instant)>,
    /// From one look to the next.
    looks: Times,
    /// Who wrote last.
    holder: Option<String>,
}

/// A thread that looks at the tables.
struct Look {
    until: Arc<AtomicU64>,
    thread: JoinHandle<anyhow::Result<Seen>>,
}

impl Look {
    fn start(made: &Made) -> anyhow::Result<Self> {
        let until = Arc::new(AtomicU64::new(u64::MAX));
        // A reader that stays open: nothing replaces the copy meanwhile.
        let copies = copies(made);
        let copy = copies.serving()?.context("no copy serves")?;
        let mut reader = copies.reader(&copy)?;
        let asked = until.clone();
        let thread = std::thread::Builder::new().name("look".to_owned()).spawn(move || {
            let mut seen = Seen { moves: Vec::new(), looks: Times::default(), holder: None };
            let (mut last, mut moved) = (None::<Instant>, Instant::now());
            loop {
                let checkpoint = reader.checkpoint()?;
                let now = Instant::now();
                if let Some(last) = last.replace(now) {
                    seen.looks.add(now - last);
                }
                let position = checkpoint.position.unwrap_or(0);
                if seen.moves.last().is_none_or(|(known, _)| *known < position) {
                    seen.moves.push((position, now));
                    moved = now;
                }
                if position >= asked.load(Ordering::Relaxed) {
                    seen.holder = checkpoint.holder;
                    return Ok(seen);
                }
                ensure!(now - moved < PATIENCE, "the tables stay at {position}");
                std::thread::sleep(LOOK_EVERY);
            }
        })?;
        Ok(Self { until, thread })
    }

    /// What it saw until the tables had reached a sequence.
    fn until(self, sequence: u64) -> anyhow::Result<Seen> {
        self.until.store(sequence, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("the look at the tables panicked"))?
    }
}
