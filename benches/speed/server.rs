//! The server and the worker, as processes of their own: this program started again. The server
//! prints its address and a token; both work until their input ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use docket::api::auth::{Authenticator, Grant, LocalVerifier, Role, TokenKey, issue};
use docket::api::{ApiSettings, ApiState, Limits, serve};
use docket::app::clock::{Clock as _, SystemClock};
use docket::console::Console;
use docket::domain::ids::Language;
use docket::log::{EventLog, SqliteLog};
use docket::projection::{
    Options, ReadModels, Rebuild, Runner, SqliteCopies, Status, all, rebuild,
};
use tokio::sync::watch;

use crate::generate::{Made, open};
use crate::measure::memory_mib;

const ISSUER: &str = "https://docket.example";
const AUDIENCE: &str = "docket";

/// Who fills the read models of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filling {
    /// The server.
    Here,
    /// A worker; the server looks how far it is.
    Apart,
    /// Nobody.
    Nowhere,
}

impl Filling {
    const ALL: [Self; 3] = [Self::Here, Self::Apart, Self::Nowhere];

    /// The argument that starts such a server.
    fn argument(self) -> &'static str {
        match self {
            Self::Here => "serve",
            Self::Apart => "serve-apart",
            Self::Nowhere => "serve-paused",
        }
    }

    /// The server that an argument starts.
    pub fn of(argument: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filling| filling.argument() == argument)
    }
}

/// This program in another process, until its input ends.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
}

impl Process {
    fn start(what: &str, folder: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(what)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }

    /// Starts one that says a line once it is ready; that line.
    #[cfg(feature = "kurrentdb")]
    pub fn start_for_line(what: &str, path: &Path) -> anyhow::Result<(Self, String)> {
        let mut process = Self::start(what, path)?;
        let output = process.child.stdout.take().context("no output")?;
        let line = BufReader::new(output).lines().next().context("it did not start")??;
        Ok((process, line))
    }

    fn stop(mut self) -> anyhow::Result<()> {
        drop(self.input.take());
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "process {} ended with {status}", self.child.id());
        Ok(())
    }
}

/// A server in another process.
pub struct Server {
    pub pid: u32,
    pub address: SocketAddr,
    pub token: String,
    process: Process,
}

impl Server {
    /// The name under which it writes.
    pub const HOLDER: &'static str = "server";

    /// Starts one over this folder.
    pub fn start(folder: &Path, filling: Filling) -> anyhow::Result<Self> {
        let mut process = Process::start(filling.argument(), folder)?;
        let output = process.child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(output).lines();
        let mut next =
            || lines.next().context("the server did not start")?.map_err(anyhow::Error::from);
        let (address, token) = (next()?.parse()?, next()?);
        Ok(Self { pid: process.child.id(), address, token, process })
    }

    /// Stops it in order.
    pub fn stop(self) -> anyhow::Result<()> {
        self.process.stop()
    }
}

/// A worker in another process: it fills the read models, as `docket worker` does.
pub struct Worker {
    pub pid: u32,
    process: Process,
}

impl Worker {
    /// The name under which it writes.
    pub const HOLDER: &'static str = "worker";

    /// Starts one over this folder.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        let process = Process::start("work", folder)?;
        Ok(Self { pid: process.child.id(), process })
    }

    /// Stops it after the batch at work.
    pub fn stop(self) -> anyhow::Result<()> {
        self.process.stop()
    }
}

/// The folder of the read models beside a log.
pub fn copies(made: &Made) -> SqliteCopies {
    SqliteCopies::new(made.folder.join("read-models"))
}

/// What a server does.
pub fn run(folder: PathBuf, filling: Filling) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(serving(Made { folder }, filling))
}

/// What a worker does.
pub fn run_worker(folder: PathBuf) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(working(Made { folder }))
}

async fn working(made: Made) -> anyhow::Result<()> {
    let log = Arc::new(SqliteLog::open_reader(made.log())?);
    let runner = runner(&log, &made, Options::new(Worker::HOLDER))?;
    input_ended().await?;
    runner.stop().await;
    log.close().await;
    Ok(())
}

fn runner(log: &Arc<SqliteLog>, made: &Made, options: Options) -> anyhow::Result<Runner> {
    let (log, copies) = (log.clone() as Arc<dyn EventLog>, Arc::new(copies(made)));
    Ok(Runner::start(log, copies, options, tokio::runtime::Handle::current())?)
}

async fn input_ended() -> anyhow::Result<()> {
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

async fn serving(made: Made, filling: Filling) -> anyhow::Result<()> {
    let log = Arc::new(SqliteLog::open_writer(made.log())?);
    let clock = Arc::new(SystemClock::default());
    let app = open(log.clone(), &made.documents(), clock.clone(), 80 << 20).await?;
    let (paused, mut status) = watch::channel(Status::default());
    let mut running = None;
    if filling != Filling::Nowhere {
        let writes = filling == Filling::Here;
        let options = Options { writes, ..Options::new(Server::HOLDER) };
        let started = runner(&log, &made, options)?;
        status = started.status();
        running = Some(started);
    }
    let models = ReadModels::of_runner(Arc::new(copies(&made)), status.clone());
    let key = key(&made)?;
    let verifier = Arc::new(LocalVerifier::new(&key, ISSUER, AUDIENCE));
    let seconds = move || clock.now().micros() / 1_000_000;
    let token = token(&key, seconds())?;
    let authenticator = Authenticator::new(verifier, seconds, 1 << 20);
    // All clients of a run are one principal.
    let limits = Limits { streams: 2048, streams_of_one: 2048, ..Limits::default() };
    let settings = ApiSettings { limits, ..ApiSettings::default() };
    let state = ApiState::new(app, models, status, authenticator, settings);
    let console = Console::new("http://127.0.0.1", Language::En, || [7; 16], None);
    let state = Arc::new(state.with_pages(console.pages()));
    let served = serve(SocketAddr::from(([127, 0, 0, 1], 0)), state)?;
    println!("{}\n{token}", served.address);
    std::io::stdout().flush()?;
    input_ended().await?;
    served.stop().await?;
    if let Some(runner) = running {
        runner.stop().await;
    }
    drop(paused);
    log.close().await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a server's own key, made where it is put together")]
fn key(made: &Made) -> anyhow::Result<TokenKey> {
    Ok(TokenKey::open_or_create(&made.folder.join("token.pem"), &mut rand::rng())?)
}

fn token(key: &TokenKey, now_unix_s: i64) -> anyhow::Result<String> {
    let grant = Grant {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        sub: "national".to_owned(),
        role: Role::NationalOffice,
        office: "national".to_owned(),
        divisions: Vec::new(),
        jti: "benchmark".to_owned(),
    };
    Ok(issue(key, &grant, now_unix_s, 24 * 3600)?)
}

/// Rebuilds every read model in a process of its own and prints what it took.
pub fn rebuild_apart(made: &Made) -> anyhow::Result<()> {
    rebuild_by("rebuild", made)
}

/// The same, but for the facts of events, which are kept.
pub fn rebuild_over_facts(made: &Made) -> anyhow::Result<()> {
    rebuild_by("rebuild-over-facts", made)
}

fn rebuild_by(what: &str, made: &Made) -> anyhow::Result<()> {
    let status = Command::new(std::env::current_exe()?).arg(what).arg(&made.folder).status()?;
    anyhow::ensure!(status.success(), "the rebuild ended with {status}");
    Ok(())
}

/// What that process does.
pub fn run_rebuild(folder: PathBuf, over_facts: bool) -> anyhow::Result<()> {
    let names: Vec<String> = all().iter().map(|model| model.name().to_owned()).collect();
    let names: Vec<String> =
        names.into_iter().filter(|name| over_facts && name != "event_facts").collect();
    let made = Made { folder };
    let runtime = tokio::runtime::Runtime::new()?;
    let log = runtime.block_on(async { SqliteLog::open_reader(made.log()) })?;
    let log: Arc<dyn EventLog> = Arc::new(log);
    let events = runtime.block_on(log.head())?.map_or(0, |head| head + 1);
    let began = Instant::now();
    let copies = copies(&made);
    let asked = Rebuild {
        log,
        runtime: runtime.handle().clone(),
        copies: &copies,
        projections: all,
        names: &names,
    };
    let mut filled = Duration::ZERO;
    rebuild(&asked, &mut |_, _| {
        filled = began.elapsed();
        true
    })?;
    let took = began.elapsed();
    let cpu = crate::measure::Cpu::own().share(took);
    let peak = memory_mib(std::process::id(), "VmHWM");
    let more = format!(
        "{:.1} s, of which {:.1} s indexes and checksums; cpu {cpu}; peak {peak:.0} MiB",
        took.as_secs_f64(),
        (took - filled).as_secs_f64()
    );
    crate::measure::line(
        if over_facts { "rebuild over kept facts" } else { "rebuild of all read models" },
        events as f64 / took.as_secs_f64(),
        "events/s",
        &more,
    );
    Ok(())
}
