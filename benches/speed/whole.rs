//! The whole: a real load over HTTP on a server in its own process, on the same cores.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::acts::{WARM, areas, copy, own_areas};
use crate::bare;
use crate::client::Connection;
use crate::generate::{Made, PROGRAM, Size, area_id};
use crate::measure::{Cpu, Times, by_thread, flush, heading, line, memory_mib, thousands, threads};
use crate::parts::{AT_ONCE, anew, sample, usual_act};
use crate::server::{Filling, Server, copies, rebuild_apart, rebuild_over_facts};

/// Connections that ask for the status.
const READERS: usize = 16;
/// Requests a second of the paced load.
const PACE: usize = 15_000;

/// One load: who sends what, and how it went.
pub struct Load<'a> {
    server: &'a Server,
    areas: Arc<[usize]>,
    next: Arc<AtomicUsize>,
}

/// Makes a request out of its number, the area, the host and the token.
trait Make: Fn(usize, usize, &str, &str) -> String {}
impl<F: Fn(usize, usize, &str, &str) -> String> Make for F {}

/// What a load came to.
pub struct Went {
    pub times: Times,
    took: Duration,
    server: Cpu,
    by_thread: String,
    generator: Cpu,
}

/// The request that records the usual act; no two of a run have the same number.
pub fn usual_request(run: &str, number: usize, area: usize, host: &str, token: &str) -> String {
    let body = usual_act(number);
    format!(
        "POST /v1/enrollments/{PROGRAM}/{}/acts HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nIdempotency-Key: \"{run}-{number}\"\r\nIf-Match: *\r\nContent-Length: {}\r\n\r\n{body}",
        area_id(area),
        body.len()
    )
}

/// Makes every read model from the log.
pub fn rebuild(data: &Path, made: &Made) -> anyhow::Result<()> {
    heading("Rebuild");
    let copied = copy(made, data, "rebuilt")?;
    rebuild_apart(&copied)?;
    rebuild_over_facts(&copied)?;
    std::fs::remove_dir_all(copied.folder)?;
    Ok(())
}

/// Loads a server with read models running, then one with them paused.
pub async fn whole(data: &Path, made: &Made, size: Size, time: Duration) -> anyhow::Result<()> {
    let events = anew(&sample(made).await?);
    let copied = copy(made, data, "served")?;
    rebuild_apart(&copied)?;
    for with_read_models in [true, false] {
        let models = if with_read_models { "read models running" } else { "read models paused" };
        heading(&format!("HTTP, {models}"));
        println!("flush of 4 KiB: {} ms (p50 / p99)", flush(data)?.shown());
        let (bare, _) = bare::group_commit(data, &events, time)?;
        line(&format!("SQLite alone, {} a commit", bare::GROUP), bare, "events/s", "");
        let filling = if with_read_models { Filling::Here } else { Filling::Nowhere };
        let server = Server::start(&copied.folder, filling)?;
        let load = Load::new(&server, areas(size, WARM).into());
        load.status(4, None, time)?;
        for clients in AT_ONCE {
            let run = if with_read_models { "running" } else { "paused" };
            let went = load.acts(run, clients, None, time)?;
            report(&format!("acts, {clients} clients"), "acts/s", went, Some(bare));
        }
        let went = load.status(READERS, None, time)?;
        report(&format!("GET status, {READERS} connections"), "GETs/s", went, None);
        let went = load.status(READERS, Some(PACE), time)?;
        report(&format!("GET status, paced {}/s", thousands(PACE as f64)), "GETs/s", went, None);
        let now = memory_mib(server.pid, "VmRSS");
        let peak = memory_mib(server.pid, "VmHWM");
        println!("server's memory: {now:.0} MiB, {peak:.0} MiB at most");
        if with_read_models {
            println!("read models {}", behind(&copied).await?);
        }
        server.stop()?;
    }
    std::fs::remove_dir_all(copied.folder)?;
    Ok(())
}

fn report(name: &str, unit: &str, mut went: Went, bare: Option<f64>) {
    let rate = went.times.len() as f64 / went.took.as_secs_f64();
    let of_bare =
        bare.map_or(String::new(), |bare| format!(", {:.0}% of SQLite alone", 100.0 * rate / bare));
    let more = format!(
        "{} ms{of_bare}, cpu: server {} ({:.0} µs each: {}), generator {} ({:.0} µs)",
        went.times.shown(),
        went.server.share(went.took),
        went.server.each_us(went.times.len()),
        went.by_thread,
        went.generator.share(went.took),
        went.generator.each_us(went.times.len())
    );
    line(name, rate, unit, &more);
}

/// How far the rows are behind the log, once the load has ended.
async fn behind(made: &Made) -> anyhow::Result<String> {
    use docket::log::{EventLog as _, SqliteLog};
    use docket::projection::ReadModels;
    let log = SqliteLog::open_reader(made.log())?;
    let head = log.head().await?.unwrap_or(0);
    let models = ReadModels::of_copies(Arc::new(copies(made)));
    let at = models.read_now(|_| Ok(()))?.position.unwrap_or(0);
    Ok(format!("{} events behind the log", head.saturating_sub(at)))
}

impl<'a> Load<'a> {
    pub fn new(server: &'a Server, areas: Arc<[usize]>) -> Self {
        Self { server, areas, next: Arc::default() }
    }

    /// Acts; no two runs have the same name.
    pub fn acts(
        &self,
        run: &str,
        clients: usize,
        pace: Option<usize>,
        time: Duration,
    ) -> anyhow::Result<Went> {
        let run = run.to_owned();
        let make = move |number: usize, area: usize, host: &str, token: &str| {
            usual_request(&run, number, area, host, token)
        };
        self.run(clients, pace, time, 201, make)
    }

    pub fn status(
        &self,
        connections: usize,
        pace: Option<usize>,
        time: Duration,
    ) -> anyhow::Result<Went> {
        let make = |_: usize, area: usize, host: &str, token: &str| {
            format!(
                "GET /v1/enrollments/{PROGRAM}/{} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n",
                area_id(area)
            )
        };
        self.run(connections, pace, time, 200, make)
    }

    fn run(
        &self,
        clients: usize,
        pace: Option<usize>,
        time: Duration,
        expected: u16,
        make: impl Make + Clone + Send + 'static,
    ) -> anyhow::Result<Went> {
        let before = (Cpu::of(self.server.pid), Cpu::own(), threads(self.server.pid));
        let (host, began) = (self.server.address.to_string(), Instant::now());
        let mut running = Vec::new();
        for client in 0..clients {
            let pause = pace.map(|pace| Duration::from_secs_f64(clients as f64 / pace as f64));
            let share = client as f64 / clients as f64;
            let client = Client {
                turn: client,
                clients,
                connection: Connection::open(self.server.address)?,
                host: host.clone(),
                token: self.server.token.clone(),
                areas: own_areas(&self.areas, clients),
                next: self.next.clone(),
                expected,
            };
            let (make, until) = (make.clone(), began + time);
            let thread = std::thread::Builder::new().stack_size(256 * 1024);
            running.push(thread.spawn(move || match pause {
                Some(pause) => client.paced(began + pause.mul_f64(share), pause, until, make),
                None => client.unpaced(until, make),
            })?);
        }
        let mut times = Times::default();
        for thread in running {
            let went = thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))?;
            times.join(went?);
        }
        let took = began.elapsed();
        let server = Cpu::of(self.server.pid).since(before.0);
        let by_thread = by_thread(&threads(self.server.pid), &before.2, times.len());
        Ok(Went { times, took, server, by_thread, generator: Cpu::own().since(before.1) })
    }
}

/// One connection and what it sends.
struct Client {
    connection: Connection,
    host: String,
    token: String,
    areas: Arc<[usize]>,
    next: Arc<AtomicUsize>,
    /// Which area is next. As long as there are areas enough, each client has its own.
    turn: usize,
    clients: usize,
    expected: u16,
}

impl Client {
    fn send(&mut self, make: &impl Make) -> anyhow::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let area = self.areas[self.turn % self.areas.len()];
        self.turn += self.clients;
        let request = make(number, area, &self.host, &self.token);
        let (status, _) = self.connection.ask(request.as_bytes())?;
        if status != self.expected {
            anyhow::bail!("{status}: {}", String::from_utf8_lossy(self.connection.body()));
        }
        Ok(())
    }

    /// One request after the other.
    fn unpaced(mut self, until: Instant, make: impl Make) -> anyhow::Result<Times> {
        let mut times = Times::default();
        loop {
            let sent = Instant::now();
            if sent >= until {
                return Ok(times);
            }
            self.send(&make)?;
            times.add(sent.elapsed());
        }
    }

    /// A request each `pause`. Its time counts from when it was to be sent, so an answer that holds
    /// up the ones after it is counted for each of them.
    fn paced(
        mut self,
        first: Instant,
        pause: Duration,
        until: Instant,
        make: impl Make,
    ) -> anyhow::Result<Times> {
        let (mut times, mut due) = (Times::default(), first);
        while due < until {
            if let Some(wait) = due.checked_duration_since(Instant::now()) {
                std::thread::sleep(wait);
            }
            self.send(&make)?;
            times.add(due.elapsed());
            due += pause;
        }
        Ok(times)
    }
}
