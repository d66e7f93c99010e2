//! A server and a worker over one data folder, on the disk of `disk.c`, and clients that count.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use docket::log::{EventLog as _, SqliteLog};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const PROGRAM: &str = "exercise_strong_province";
/// Clients at once, each with a subject of its own.
pub const CLIENTS: u64 = 8;
pub const FILES: [&str; 2] = ["log.sqlite", "log.sqlite-wal"];

/// The disk, made once.
static DISK: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let made = preloaded(folder.path(), "failing_disk/disk.c");
    (folder, made)
});

/// Makes a library to be loaded before others out of a source among the tests.
pub fn preloaded(folder: &Path, source: &str) -> PathBuf {
    let made = folder.join(source.replace('/', "-")).with_extension("so");
    let source = format!("{}/tests/{source}", env!("CARGO_MANIFEST_DIR"));
    let args = ["-shared", "-fPIC", "-O1", "-o", text(&made), &source, "-ldl", "-lpthread"];
    assert!(Command::new("cc").args(args).status().unwrap().success());
    made
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A process, killed when dropped.
pub struct Process(Child);

impl Process {
    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Sends it a signal and waits for its end.
    pub fn end(mut self, signal: &str) {
        self.signal(signal);
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.0.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error says that it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How long the clients go on.
#[derive(Clone, Copy)]
pub enum Until {
    Recorded(u64),
    Passed(Duration),
}

/// What the clients were told.
#[derive(Debug, Default)]
pub struct Tally {
    pub recorded: u64,
    /// The codes of what was not recorded.
    pub refused: Vec<String>,
}

pub struct Place {
    folder: TempDir,
    pub http: reqwest::Client,
    pub registrar: String,
    pub base: String,
    /// Where servers listen.
    pub listen: String,
    server: Option<Process>,
    next: AtomicU64,
    /// The marks of the acts that were answered 201.
    recorded: Mutex<HashSet<String>>,
}

impl Place {
    /// A data folder with enrollments, served once and closed.
    pub async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        for name in ["data", "durable"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let mut place = Self {
            folder,
            http: reqwest::Client::new(),
            registrar: String::new(),
            base: String::new(),
            listen: "127.0.0.1:0".to_owned(),
            server: None,
            next: AtomicU64::new(0),
            recorded: Mutex::default(),
        };
        place.disk_fails("");
        place.serve_on(false).await;
        place.registrar = place.token(&["--role", "registrar"]);
        for client in 0..CLIENTS {
            place.enroll(&format!("inv_{client}")).await;
        }
        place.end("TERM");
        fs::copy(place.at("data/log.sqlite"), place.at("durable/log.sqlite")).unwrap();
        place
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOCKET_")) {
            command.env_remove(name);
        }
        command.env_remove("RUST_LOG").args(args).args(["--data-dir", text(&self.at("data"))]);
        command.stdin(Stdio::null());
        command
    }

    fn token(&self, args: &[&str]) -> String {
        let output = self.command(&["token", "--office", "office"]).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    async fn enroll(&self, id: &str) {
        let registration = json!({
            "id": id, "kind": "province", "name": { "en": id, "zh": id }, "invented": true,
            "source": "test", "effective_on": "2010",
        });
        let post = |path: &str, token: &str| {
            self.http.post(format!("{}{path}", self.base)).bearer_auth(token.to_owned())
        };
        let registered = post("/v1/subjects", &self.registrar)
            .header("idempotency-key", format!("register {id}"))
            .json(&registration);
        assert_eq!(registered.send().await.unwrap().status(), 201);
        let province = self.token(&["--role", "province", "--division", id]);
        let applied = post(&format!("/v1/enrollments/{PROGRAM}/{id}/acts"), &province)
            .header("idempotency-key", "apply")
            .header("if-none-match", "*")
            .json(&json!({
                "act": "apply", "effective_on": "2016-01-04", "category": "leading", "rank": "pilot",
            }));
        assert_eq!(applied.send().await.unwrap().status(), 201);
    }

    /// Starts the server on the disk, and waits until it serves.
    pub async fn serve(&mut self) {
        self.serve_on(true).await;
    }

    async fn serve_on(&mut self, disk: bool) {
        let mut command = self.command(&["serve", "--listen", &self.listen]);
        command.args(["--set", "clerk.enabled=false"]);
        if disk {
            self.put_on_the_disk(&mut command);
        }
        let (server, base) = Self::started(&mut command);
        self.base = base;
        self.server = Some(server);
    }

    /// Has a command see the log through the disk.
    pub fn put_on_the_disk(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &DISK.1);
        command.env("DISK_LIVE", self.at("data")).env("DISK_DURABLE", self.at("durable"));
        command.env("DISK_FAILS", self.at("fails"));
    }

    /// A server that serves, and where.
    pub fn started(command: &mut Command) -> (Process, String) {
        let mut server = Process(command.stderr(Stdio::piped()).spawn().unwrap());
        let mut stderr = BufReader::new(server.0.stderr.take().unwrap());
        let mut said = String::new();
        let base = loop {
            let before = said.len();
            assert!(stderr.read_line(&mut said).unwrap() > 0, "it did not start: {said}");
            if let Some(rest) = said[before..].strip_prefix("docket serves ") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        (server, base)
    }

    /// A worker, which only reads the log; on a sound disk.
    pub fn worker(&self) -> Process {
        Process(self.command(&["worker"]).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Another program that looks at the log, and goes on looking.
    pub fn auditor(&self) -> rusqlite::Connection {
        let log = rusqlite::Connection::open(self.at("data/log.sqlite")).unwrap();
        // The server's own end is tried, not this program's.
        let keep = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        log.set_db_config(keep, true).unwrap();
        log.execute_batch("BEGIN; SELECT count(*) FROM event").unwrap();
        log
    }

    /// Sends the server a signal and waits for its end.
    pub fn end(&mut self, signal: &str) {
        self.server.take().unwrap().end(signal);
    }

    pub fn disk_fails(&self, letters: &str) {
        let new = self.at("fails.new");
        fs::write(&new, letters).unwrap();
        fs::rename(new, self.at("fails")).unwrap();
    }

    pub fn wal_bytes(&self) -> u64 {
        fs::metadata(self.at("data/log.sqlite-wal")).map_or(0, |metadata| metadata.len())
    }

    /// Lets the clients record notes, and notes which were.
    pub async fn acts(&self, until: Until) -> Tally {
        let begun = Instant::now();
        let wanted = AtomicU64::new(0);
        let goes_on = || match until {
            Until::Recorded(count) => wanted.fetch_add(1, Ordering::Relaxed) < count,
            Until::Passed(time) => begun.elapsed() < time,
        };
        let clients = (0..CLIENTS).map(|client| {
            let goes_on = &goes_on;
            async move {
                let mut tally = Tally::default();
                while goes_on() {
                    match self.act(client).await {
                        Ok(()) => tally.recorded += 1,
                        Err(code) => tally.refused.push(code),
                    }
                }
                tally
            }
        });
        let mut all = Tally::default();
        for tally in futures_util::future::join_all(clients).await {
            all.recorded += tally.recorded;
            all.refused.extend(tally.refused);
        }
        all
    }

    async fn act(&self, client: u64) -> Result<(), String> {
        let mark = format!("mark {}.", self.next.fetch_add(1, Ordering::Relaxed));
        let note = format!("{mark}{}", "x".repeat(12_000));
        let url = format!("{}/v1/enrollments/{PROGRAM}/inv_{client}/acts", self.base);
        let sent = self
            .http
            .post(url)
            .bearer_auth(&self.registrar)
            .header("idempotency-key", &mark)
            .header("if-match", "*")
            .json(&json!({ "act": "note", "effective_on": "2016-02-01", "text": note }))
            .send()
            .await
            .unwrap();
        let status = sent.status();
        let body: Value = sent.json().await.unwrap();
        if status == 201 {
            self.recorded.lock().unwrap().insert(mark);
            return Ok(());
        }
        assert_eq!(status, 503, "{body}");
        Err(body["code"].as_str().unwrap().to_owned())
    }

    /// The status of a read.
    pub async fn read(&self) -> u16 {
        let url = format!("{}/v1/enrollments/{PROGRAM}/inv_0", self.base);
        let read = self.http.get(url).bearer_auth(&self.registrar).send().await.unwrap();
        read.status().as_u16()
    }

    /// The machine stops: what is on the disk, opened elsewhere, has every act that was answered 201.
    pub async fn everything_recorded_is_on_the_disk(&self, when: &str) {
        let folder = tempfile::tempdir().unwrap();
        for name in FILES {
            let durable = self.at("durable").join(name);
            if durable.exists() {
                fs::copy(durable, folder.path().join(name)).unwrap();
            }
        }
        let opened = SqliteLog::open_writer(folder.path().join("log.sqlite"));
        let log = opened.unwrap_or_else(|error| panic!("{when}: {error}"));
        let mut missing = self.recorded.lock().unwrap().clone();
        let mut after = None;
        loop {
            let page = log.read_all(after, 1000).await.unwrap();
            for event in page.events {
                let data = String::from_utf8(event.data.to_vec()).unwrap();
                if let Some((_, rest)) = data.split_once("mark ") {
                    missing.remove(&format!("mark {}.", rest.split_once('.').unwrap().0));
                }
            }
            if page.end {
                break;
            }
            after = page.next;
        }
        let all = self.recorded.lock().unwrap().len();
        assert!(missing.is_empty(), "{when}: {} of {all} acts are lost", missing.len());
        log.close().await;
    }
}
