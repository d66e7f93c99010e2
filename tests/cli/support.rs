//! Runs the binary: to its end, or as a server until it is told to stop.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes, so that what hangs fails instead.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a run came to.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The exit code is this one, and the message holds each part.
    #[track_caller]
    pub fn refused(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{}", self.stderr);
        assert_eq!(self.stdout, "", "an error goes to standard error");
        for part in parts {
            assert!(self.stderr.contains(part), "{:?} lacks {part:?}", self.stderr);
        }
    }

    /// Standard output of a run that succeeded.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout
    }

    /// The same as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }
}

/// The command, with nothing of this process's configuration, in an empty folder.
pub fn command(args: &[&str]) -> Command {
    static ELSEWHERE: OnceLock<TempDir> = OnceLock::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOCKET_")) {
        command.env_remove(name);
    }
    let elsewhere = ELSEWHERE.get_or_init(|| tempfile::tempdir().unwrap());
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG").current_dir(elsewhere.path()).args(args);
    command
}

/// Runs to the end.
pub fn run(command: &mut Command) -> Ran {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn docket(args: &[&str]) -> Ran {
    run(&mut command(args))
}

/// A folder with both data sets, made once for every test that only reads.
pub fn demo() -> &'static Path {
    static DEMO: OnceLock<TempDir> = OnceLock::new();
    DEMO.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let args = ["demo", "--exit-after-load", "--listen", "127.0.0.1:0", "--data-dir", path];
        docket(&args).done();
        folder
    })
    .path()
}

/// A copy of the demo's folder, to be changed.
pub fn demo_copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(demo(), folder.path());
    folder
}

/// Copies what is in a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A server, killed when dropped.
pub struct Server {
    child: Child,
    stderr: Option<BufReader<ChildStderr>>,
    pub base: String,
    /// Where its metrics are, if it says so.
    pub metrics: String,
}

impl Server {
    /// Starts serving a folder, and waits until it says where.
    pub fn start(folder: &Path) -> Self {
        let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder)];
        Self::spawn(&mut command(&args))
    }

    pub fn spawn(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // From here on it is waited for, whatever happens.
        let mut server = Self { child, stderr: None, base: String::new(), metrics: String::new() };
        let mut stderr = BufReader::new(server.child.stderr.take().unwrap());
        let mut said = String::new();
        while server.base.is_empty() {
            let before = said.len();
            assert!(stderr.read_line(&mut said).unwrap() > 0, "it did not start: {said}");
            if let Some(at) = said[before..].strip_prefix("docket shows its metrics at ") {
                server.metrics = at.trim_end().to_owned();
            }
            if let Some(rest) = said[before..].strip_prefix("docket serves ") {
                server.base = rest.split_whitespace().next().unwrap().to_owned();
            }
        }
        server.stderr = Some(stderr);
        server
    }

    /// A figure of `/proc/<pid>/status`, in KiB.
    pub fn memory_kib(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
    }

    /// Sends a signal, waits for the end: the exit code, and what it said since it was started.
    pub fn stop(mut self, signal: &str) -> (i32, String) {
        let id = self.child.id();
        let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {id}")]).status();
        assert!(sent.unwrap().success());
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not stop");
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut said = String::new();
        self.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.code().unwrap(), said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error says that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
