//! The program's processes over one log: servers and workers, each with a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

/// A process, killed when dropped.
pub struct Process {
    pub child: Child,
    stderr: Option<BufReader<ChildStderr>>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error says that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the processes share, and where each has its own.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub read_model: String,
    pub address: String,
}

impl Place {
    pub fn command(&self, of: &str, args: &[&str]) -> Command {
        let at = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOCKET_")) {
            command.env_remove(name);
        }
        command.args(args).args(["--data-dir", &at(of)]);
        command.args(["--set", &format!("auth.token_key={}", at("token.pem"))]);
        command.env_remove("RUST_LOG").current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub fn stores(&self, of: &str, args: &[&str]) -> Command {
        let mut command = self.command(of, args);
        command.args(["--log", &self.address, "--read-model", &self.read_model]);
        command
    }

    /// Starts a server; where it listens is told later.
    pub fn server(&self, of: &str) -> Process {
        self.server_with(of, "projections.run=false")
    }

    /// Starts a server with this setting.
    pub fn server_with(&self, of: &str, setting: &str) -> Process {
        let args = ["serve", "--listen", "127.0.0.1:0", "--set", setting];
        let documents = format!("file:{}", self.folder.path().join("documents").display());
        let mut command = self.stores(of, &args);
        command.args(["--documents", &documents]).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = child.stderr.take().map(BufReader::new);
        Process { child, stderr }
    }

    pub fn worker(&self, of: &str) -> Process {
        let args = ["worker", "--set", "projections.lease_ms=1000"];
        let said = std::fs::File::create(self.folder.path().join(format!("{of}.log"))).unwrap();
        let child = self.stores(of, &args).stderr(said).spawn().unwrap();
        Process { child, stderr: None }
    }

    pub fn token(&self, role: &str, division: Option<&str>) -> String {
        let mut args = vec!["token", "--role", role, "--office", role];
        args.extend(division.iter().flat_map(|id| ["--division", id]));
        let output = self.command("a", &args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Makes the read models anew from the log and finds no difference.
    pub fn verify(&self) {
        let output = self.stores("v", &["projections", "verify"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Process {
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// A process whose lines go elsewhere.
    pub fn of(child: Child) -> Self {
        Self { child, stderr: None }
    }

    /// Waits until a server says where it listens; what it says later goes nowhere.
    pub fn base(&mut self) -> String {
        let mut stderr = self.stderr.take().unwrap();
        let mut said = String::new();
        loop {
            let before = said.len();
            assert!(stderr.read_line(&mut said).unwrap() > 0, "it did not start: {said}");
            if let Some(rest) = said[before..].strip_prefix("docket serves ") {
                let base = rest.split_whitespace().next().unwrap().to_owned();
                std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
                return base;
            }
        }
    }
}
