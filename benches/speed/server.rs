//! The server, as a process of its own: this program started again. It prints its address and a
//! token, then serves until its input ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use docket::api::auth::{Authenticator, Grant, LocalVerifier, Role, TokenKey, issue};
use docket::api::{ApiSettings, ApiState, serve};
use docket::app::clock::{Clock as _, SystemClock};
use docket::log::{EventLog, SqliteLog};
use docket::projection::{
    Options, REBUILD_CACHE_BYTES, ReadModels, Rebuild, Runner, SqliteCopies, Status, all, rebuild,
};
use tokio::sync::watch;

use crate::generate::{Made, open};
use crate::measure::memory_mib;

const ISSUER: &str = "https://docket.example";
const AUDIENCE: &str = "docket";

/// A server in another process.
pub struct Server {
    pub pid: u32,
    pub address: SocketAddr,
    pub token: String,
    child: Child,
    input: Option<ChildStdin>,
}

impl Server {
    /// Starts one over this folder.
    pub fn start(folder: &Path, with_read_models: bool) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(if with_read_models { "serve" } else { "serve-paused" })
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let mut next =
            || lines.next().context("the server did not start")?.map_err(anyhow::Error::from);
        let (address, token) = (next()?.parse()?, next()?);
        let input = child.stdin.take();
        Ok(Self { pid: child.id(), address, token, child, input })
    }

    /// Stops it in order.
    pub fn stop(mut self) -> anyhow::Result<()> {
        drop(self.input.take());
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

/// The folder of the read models beside a log.
pub fn copies(made: &Made) -> SqliteCopies {
    SqliteCopies::new(made.folder.join("read-models"))
}

fn now_us() -> i64 {
    SystemClock::default().now().micros()
}

/// What the child does.
pub fn run(folder: PathBuf, with_read_models: bool) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(serving(Made { folder }, with_read_models))
}

async fn serving(made: Made, with_read_models: bool) -> anyhow::Result<()> {
    let log = Arc::new(SqliteLog::open_writer(made.log())?);
    let clock = Arc::new(SystemClock::default());
    let app = open(log.clone(), &made.documents(), clock.clone(), 64 << 20).await?;
    let (paused, mut status) = watch::channel(Status::default());
    let mut runner = None;
    if with_read_models {
        let log = log.clone() as Arc<dyn EventLog>;
        let handle = tokio::runtime::Handle::current();
        let started =
            Runner::start(log, Arc::new(copies(&made)), Options::new("server", now_us), handle)?;
        status = started.status();
        runner = Some(started);
    }
    let models = ReadModels::of_runner(Arc::new(copies(&made)), status.clone());
    let key = key(&made)?;
    let verifier = Arc::new(LocalVerifier::new(&key, ISSUER, AUDIENCE));
    let seconds = move || clock.now().micros() / 1_000_000;
    let token = token(&key, seconds())?;
    let authenticator = Authenticator::new(verifier, seconds, 1 << 20);
    let state = Arc::new(ApiState::new(app, models, status, authenticator, ApiSettings::default()));
    let served = serve(SocketAddr::from(([127, 0, 0, 1], 0)), state)?;
    println!("{}\n{token}", served.address);
    std::io::stdout().flush()?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    served.stop().await?;
    if let Some(runner) = runner {
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
    let status =
        Command::new(std::env::current_exe()?).arg("rebuild").arg(&made.folder).status()?;
    anyhow::ensure!(status.success(), "the rebuild ended with {status}");
    Ok(())
}

/// What that process does.
pub fn run_rebuild(folder: PathBuf) -> anyhow::Result<()> {
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
        names: &[],
        cache_bytes: REBUILD_CACHE_BYTES,
        now_us,
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
        "rebuild of all read models",
        events as f64 / took.as_secs_f64(),
        "events/s",
        &more,
    );
    Ok(())
}
