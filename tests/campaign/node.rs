//! The server and the worker of a campaign, what goes wrong with them, and what must hold afterwards.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use docket::log::{EventLog as _, SqliteLog};
use serde_json::Value;

use crate::clients::{Answer, Clients};
use crate::place::{FILES, PROGRAM, Place, Process, preloaded};

pub struct Node {
    place: Place,
    clients: Clients,
    server: Option<Process>,
    worker: Option<Process>,
    clock: PathBuf,
    starts: AtomicU32,
    longest_start: Duration,
}

impl Node {
    pub async fn start() -> Self {
        let mut place = Place::new().await;
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        place.listen = free.to_string();
        place.base = format!("http://{free}");
        let clock = preloaded(&place.at(""), "campaign/clock.c");
        let mut node = Self {
            place,
            clients: Clients::default(),
            server: None,
            worker: None,
            clock,
            starts: AtomicU32::new(0),
            longest_start: Duration::ZERO,
        };
        node.set_clock(0);
        node.serve("the start");
        node.worker = Some(node.place.worker());
        node
    }

    fn set_clock(&self, seconds: i64) {
        let new = self.place.at("offset.new");
        fs::write(&new, seconds.to_string()).unwrap();
        fs::rename(new, self.place.at("offset")).unwrap();
    }

    pub fn serve(&mut self, _note: &str) {
        let mut command = self.place.command(&["serve", "--listen", &self.place.listen]);
        command.args(["--set", "clerk.interval_s=1"]);
        self.place.put_on_the_disk(&mut command);
        let disk = command.get_envs().find(|(name, _)| *name == "LD_PRELOAD");
        let disk = disk.and_then(|(_, value)| value).unwrap().to_owned();
        let both = format!("{}:{}", disk.to_str().unwrap(), self.clock.to_str().unwrap());
        command.env("LD_PRELOAD", both).env("CLOCK_OFFSET", self.place.at("offset"));
        let begun = Instant::now();
        let (server, _) = Place::started(&mut command);
        self.longest_start = self.longest_start.max(begun.elapsed());
        self.starts.fetch_add(1, Ordering::Relaxed);
        self.server = Some(server);
    }

    pub async fn acts_for(&self, time: Duration) {
        self.clients.act_for(&self.place, time).await;
    }

    /// Ends the server after a while, while clients act.
    pub async fn end_under_load(&mut self, signal: &str, after: Duration) {
        let server = self.server.take().unwrap();
        let ending = async {
            tokio::time::sleep(after).await;
            let signal = signal.to_owned();
            tokio::task::spawn_blocking(move || server.end(&signal)).await.unwrap();
        };
        tokio::join!(ending, self.acts_for(after + Duration::from_millis(100)));
    }

    /// What was not flushed is gone, whoever had seen it.
    pub fn lose_power(&mut self) {
        self.worker = None;
        for name in FILES {
            let (live, durable) =
                (self.place.at("data").join(name), self.place.at("durable").join(name));
            let _ = fs::remove_file(&live);
            if durable.exists() {
                fs::copy(durable, live).unwrap();
            }
        }
        let _ = fs::remove_file(self.place.at("data/log.sqlite-shm"));
        self.worker = Some(self.place.worker());
    }

    pub async fn freeze(&self, time: Duration) {
        let server = self.server.as_ref().unwrap();
        server.signal("STOP");
        tokio::join!(self.acts_for(time), async {
            tokio::time::sleep(time).await;
            server.signal("CONT");
        });
    }

    pub async fn replace_worker(&mut self, after: Duration) {
        self.acts_for(after).await;
        if let Some(worker) = self.worker.take() {
            worker.signal("STOP");
            self.acts_for(after).await;
            worker.end("KILL");
        }
        self.worker = Some(self.place.worker());
    }

    pub async fn disk_fails(&self, letters: &str, time: Duration) {
        self.place.disk_fails(letters);
        self.acts_for(time).await;
        self.place.disk_fails("");
        self.acts_for(Duration::from_millis(200)).await;
    }

    /// It goes on without a restart.
    pub async fn disk_is_full(&self, time: Duration) {
        self.place.disk_fails("dwf");
        self.acts_for(time).await;
        self.place.disk_fails("");
        self.goes_on("after a full disk").await;
    }

    /// A step is undone; until then nothing worse than a refusal happens.
    pub async fn step_clock(&self, seconds: i64) {
        self.set_clock(seconds);
        self.acts_for(Duration::from_millis(700)).await;
        self.set_clock(0);
        self.goes_on("after a step of the clock").await;
    }

    /// Nobody records anything under that clock, and nothing of it is left afterwards.
    pub async fn start_far_ahead(&mut self, note: &str) {
        self.end_under_load("TERM", Duration::ZERO).await;
        let before = self.answered();
        let events = self.events().await.len();
        self.set_clock(10 * 366 * 86_400);
        let token = self.token_of_that_time();
        let now = std::mem::replace(&mut self.place.registrar, token);
        self.serve(note);
        self.acts_for(Duration::from_millis(2500)).await;
        assert_eq!(self.answered(), before, "{note}: acts were taken ten years ahead");
        assert_eq!(self.events().await.len(), events, "{note}: docket recorded by itself");
        self.end_under_load("TERM", Duration::ZERO).await;
        self.set_clock(0);
        self.place.registrar = now;
        self.serve(note);
        self.goes_on("with the clock right again").await;
    }

    /// A token that does not count as expired under the clock as it is set.
    fn token_of_that_time(&self) -> String {
        let mut command =
            self.place.command(&["token", "--role", "registrar", "--office", "office"]);
        command.env("LD_PRELOAD", &self.clock).env("CLOCK_OFFSET", self.place.at("offset"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn answered(&self) -> usize {
        self.clients.answered.lock().unwrap().len()
    }

    async fn goes_on(&self, when: &str) {
        let before = self.answered();
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.answered() < before + 8 {
            assert!(Instant::now() < deadline, "it does not go on {when}: {}", self.summary());
            self.acts_for(Duration::from_millis(200)).await;
        }
    }

    /// Every event, with the stream and the revision at which it stands.
    async fn events(&self) -> HashMap<String, (String, u64, u64)> {
        let log = SqliteLog::open_reader(self.place.at("data/log.sqlite")).unwrap();
        let (mut found, mut after, mut next) = (HashMap::new(), None, 0);
        let mut revisions: HashMap<String, u64> = HashMap::new();
        loop {
            let page = log.read_all(after, 1000).await.unwrap();
            for event in page.events {
                assert_eq!(event.sequence, next, "the log is dense");
                next += 1;
                let stream = event.stream.as_str().to_owned();
                let revision = revisions.entry(stream.clone()).or_default();
                assert_eq!(event.revision, *revision, "{stream} is dense");
                *revision += 1;
                let place = (stream, event.revision, event.sequence);
                let before = found.insert(event.event_id.to_string(), place);
                assert!(before.is_none(), "{} stands twice", event.event_id);
            }
            if page.end {
                break;
            }
            after = page.next;
        }
        log.close().await;
        found
    }

    /// What must hold once nothing goes wrong any more.
    pub async fn check(&self, note: &str) {
        self.goes_on(note).await;
        let answered: Vec<(String, Answer)> = {
            let answered = self.clients.answered.lock().unwrap();
            answered.iter().map(|(key, answer)| (key.clone(), answer.clone())).collect()
        };
        let events = self.events().await;
        for (key, answer) in &answered {
            let stream = format!("{PROGRAM}-inv_{}", answer.client);
            match events.get(&answer.id) {
                Some((at, revision, _)) => {
                    assert_eq!((at, *revision), (&stream, answer.revision), "{note}: {key}");
                }
                None => panic!("{note}: {key} was answered 201 and is not in the log: {answer:?}"),
            }
        }
        // Sent again, an act gets the answer that it had.
        for (key, answer) in answered.iter().rev().step_by(answered.len() / 5 + 1) {
            assert!(self.clients.send(&self.place, answer.client, key).await, "{note}: {key}");
        }
        self.read_models_reach(events.len() as u64 - 1, note).await;
    }

    async fn read_models_reach(&self, sequence: u64, note: &str) {
        let wanted = format!("{sequence:020}");
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let url = format!("{}/health/ready", self.place.base);
            let ready = self.place.http.get(url).send().await.unwrap();
            let ready: Value = ready.json().await.unwrap();
            let models = &ready["read_models"];
            if models["status"] == "UP" && models["sequence"].as_str() >= Some(&wanted) {
                return;
            }
            assert!(Instant::now() < deadline, "{note}: the read models stand still: {ready}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Every index of the log agrees with its table, and a copy made from the log alone is the one that
    /// serves.
    pub fn check_files(&self) {
        for command in [&["verify"][..], &["projections", "verify"]] {
            let output = self.place.command(command).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    pub fn summary(&self) -> String {
        format!(
            "{}; {} starts, the longest {:.1} s",
            self.clients.summary(),
            self.starts.load(Ordering::Relaxed),
            self.longest_start.as_secs_f64()
        )
    }
}
