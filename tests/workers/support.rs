//! A log that this process writes, and workers as processes of their own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use docket::log::{EventLog, SqliteLog};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

#[path = "../support/app.rs"]
mod app;

/// Longer than anything here takes, so that what hangs fails instead.
const PATIENCE: Duration = Duration::from_secs(90);
const PROGRAM: &str = "exercise_strong_province";
const ENROLLMENTS: usize = 40;

/// A data folder with a log that is being written.
pub struct Place {
    folder: TempDir,
    runtime: Runtime,
    writer: Mutex<Option<(Arc<SqliteLog>, app::World)>>,
    noted: AtomicUsize,
}

fn docket(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOCKET_")) {
        command.env_remove(name);
    }
    command.args(args).stdin(Stdio::null());
    command
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Place {
    /// A log with so many notes over some enrollments.
    pub fn with_events(events: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let writer = runtime.block_on(async {
            let log = SqliteLog::open_writer(folder.path().join("log.sqlite")).unwrap();
            let log = Arc::new(log);
            let world = app::World::over(log.clone() as Arc<dyn EventLog>).await;
            for number in 0..ENROLLMENTS {
                world.applicant(&format!("inv_{number}"), "leading").await;
            }
            (log, world)
        });
        let writer = Mutex::new(Some(writer));
        let place = Self { folder, runtime, writer, noted: AtomicUsize::new(0) };
        place.append(events);
        place
    }

    /// Appends so many more.
    pub fn append(&self, events: usize) {
        let first = self.noted.fetch_add(events, Ordering::Relaxed);
        let writer = self.writer.lock().unwrap();
        let (_, world) = writer.as_ref().unwrap();
        let notes = futures_util::stream::iter(first..first + events).map(|number| async move {
            // In the order of their days, so that the usual way of the fold is taken.
            let week = number / 100;
            let day =
                format!("20{:02}-{:02}-{:02}", 16 + week / 48, 1 + week / 4 % 12, 1 + week % 4 * 7);
            let body =
                json!({"act": "note", "effective_on": day, "text": format!("note {number}")});
            let subject = format!("inv_{}", number % ENROLLMENTS);
            let key = format!("note {number}");
            world.act(&app::registrar(), (PROGRAM, &subject), &key, body).await.unwrap();
        });
        self.runtime.block_on(notes.buffer_unordered(32).collect::<Vec<()>>());
    }

    fn status(&self) -> Option<Value> {
        let args =
            ["projections", "status", "--output", "json", "--data-dir", text(self.folder.path())];
        let output = docket(&args).output().unwrap();
        serde_json::from_slice(&output.stdout).ok()
    }

    /// The process that writes the read models now.
    pub fn writer(&self) -> Option<u32> {
        let status = self.status()?;
        let holder = status["writer"].as_str()?.strip_prefix("process ")?.to_owned();
        holder.split(' ').next()?.parse().ok()
    }

    #[track_caller]
    fn until(&self, what: &str, mut reached: impl FnMut(&Value) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.status();
            if status.as_ref().is_some_and(&mut reached) {
                return;
            }
            assert!(Instant::now() < deadline, "{what}: {status:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until one of these processes writes.
    #[track_caller]
    pub fn writes(&self, ids: &[u32]) {
        self.until("nobody took over", |status| {
            let holder = status["writer"].as_str().unwrap_or_default();
            ids.iter().any(|id| holder.starts_with(&format!("process {id} ")))
        });
    }

    /// Waits until every event is in the rows.
    #[track_caller]
    pub fn catches_up(&self) {
        self.until("the read models don't catch up", |status| status["behind"] == 0);
    }

    /// Makes everything anew beside what was written, and finds no difference.
    #[track_caller]
    pub fn verify(&self) {
        let args = ["projections", "verify", "--data-dir", text(self.folder.path())];
        let output = docket(&args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// How many enrollments a server lists that fills no read models itself.
    pub fn lists_through_a_server(&self, worker: &Worker) -> usize {
        if let Some((log, world)) = self.writer.lock().unwrap().take() {
            drop(world);
            self.runtime.block_on(log.close());
        }
        let at = text(self.folder.path());
        let url = "127.0.0.1:0";
        let args = ["serve", "--listen", url, "--data-dir", at, "--set", "projections.run=false"];
        let mut served = docket(&args).stderr(Stdio::piped()).spawn().unwrap();
        let said = std::io::BufReader::new(served.stderr.take().unwrap());
        let mut said = std::io::BufRead::lines(said).map_while(Result::ok);
        let base = said
            .find_map(|line| {
                Some(line.strip_prefix("docket serves ")?.split(' ').next()?.to_owned())
            })
            .unwrap();
        let said = std::thread::spawn(move || said.collect::<Vec<_>>().join("\n"));
        let token = ["token", "--data-dir", at, "--role", "auditor", "--office", "a"];
        let token = String::from_utf8(docket(&token).output().unwrap().stdout).unwrap();
        let url = format!("{base}/v1/enrollments?exercise=true&limit=1000");
        let listed = self.runtime.block_on(async {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let asked = reqwest::Client::new().get(url).bearer_auth(token.trim()).send();
            asked.await?.json::<Value>().await
        });
        self.writes(&[worker.id()]);
        served.kill().unwrap();
        served.wait().unwrap();
        let said = said.join().unwrap();
        let listed = listed.unwrap_or_else(|error| panic!("{error:?}; the server said: {said}"));
        listed["items"].as_array().unwrap().len()
    }
}

/// A worker, killed when dropped.
pub struct Worker(Child);

impl Worker {
    pub fn start(place: &Place) -> Self {
        let at = text(place.folder.path());
        let small = "projections.batch_size=20";
        let lease = "projections.lease_ms=700";
        let args = ["worker", "--data-dir", at, "--set", small, "--set", lease];
        Self(docket(&args).stderr(Stdio::null()).spawn().unwrap())
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Whether it ends with exit code 0 when it is told to.
    pub fn ends_in_order(mut self) -> bool {
        self.signal("TERM");
        self.0.wait().unwrap().success()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // An error says that it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
