//! A PostgreSQL server of the test's own: its binaries found or installed, in a folder and on a port
//! of its own, ended with the process however that ends.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

pub const PASSWORD: &str = "s3cret-of-the-test";

pub struct Server {
    pub bin: PathBuf,
    pub folder: PathBuf,
    pub port: u16,
    run_as: Vec<String>,
    /// Stops the server once its standard input ends: with this value, or with the process.
    guard: Child,
}

/// The server that the tests of one binary share.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

impl Server {
    /// Starts another one, for a test that stops it.
    pub fn start() -> Self {
        let bin = binaries();
        let (run_as, uid) = unprivileged();
        let folder = tempfile::Builder::new().prefix("docket-pg-").tempdir().expect("a folder");
        let folder = folder.keep();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&folder, mode).expect("a folder that others may enter");
        std::fs::write(folder.join("password"), PASSWORD).expect("a file for the password");
        if let Some((uid, gid)) = uid {
            for path in [folder.clone(), folder.join("password")] {
                chown(&path, Some(uid), Some(gid)).expect("a folder of the server's user");
            }
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
        let guard = guard(&bin, &folder, &run_as);
        let server = Self { bin, folder, port: port.port(), run_as, guard };
        let data = server.data();
        let password = server.folder.join("password").display().to_string();
        server.run(
            "initdb",
            &[
                "-N",
                "-D",
                &data,
                "-U",
                "root",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--pwfile",
                &password,
            ],
        );
        server.go();
        server.sql("postgres", &format!("CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'"));
        server
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    /// Starts the server again after [`Server::stop`].
    pub fn go(&self) {
        let folder = self.folder.display();
        let options = format!(
            "-p {} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off \
             -c max_connections=200 -c autovacuum_naptime=5s -c log_min_messages=fatal",
            self.port
        );
        let log = self.folder.join("log").display().to_string();
        self.run("pg_ctl", &["-w", "-D", &self.data(), "-o", &options, "-l", &log, "start"]);
    }

    /// Stops every process of it as a machine that hangs does, until the value is dropped.
    pub fn freeze(&self) -> Frozen {
        let file = self.folder.join("data/postmaster.pid");
        let file = std::fs::read_to_string(file).expect("a server that runs");
        let first = file.lines().next().unwrap_or_default().to_owned();
        signal("STOP", std::slice::from_ref(&first));
        let children = said("pgrep", &["-P", &first]).unwrap_or_default();
        let children: Vec<_> = children.lines().map(str::to_owned).collect();
        signal("STOP", &children);
        Frozen([vec![first], children].concat())
    }

    /// Stops it; `immediate` as a crash does.
    pub fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["-w", "-D", &self.data(), "-m", mode, "stop"]);
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let path = self.bin.join(program);
        let mut words = self.run_as.iter().map(String::as_str);
        let mut command = match words.next() {
            Some(first) => Command::new(first),
            None => Command::new(&path),
        };
        command.args(words);
        if !self.run_as.is_empty() {
            command.arg(&path);
        }
        // Into files: a server that is started would keep a pipe open.
        let (out, err) = (self.folder.join("out"), self.folder.join("err"));
        let file = |path: &Path| std::fs::File::create(path).expect("a file");
        let done = AtomicU32::fetch_add(&RUNS, 1, Ordering::Relaxed);
        let (out, err) =
            (out.with_extension(done.to_string()), err.with_extension(done.to_string()));
        command.stdin(Stdio::null()).stdout(file(&out)).stderr(file(&err));
        command.args(arguments).current_dir(&self.folder).env("LC_ALL", "C.UTF-8");
        let status = command.status().unwrap_or_else(|error| panic!("{program}: {error}"));
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        let (said, failed) = (read(&out), read(&err));
        let log = if status.success() { String::new() } else { read(&self.folder.join("log")) };
        assert!(status.success(), "{program} {arguments:?}: {said}\n{failed}\n{log}");
        said.trim_end().to_owned()
    }

    /// Asks as the superuser.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.sql_as("root", database, sql)
    }

    /// Asks as a role.
    pub fn sql_as(&self, role: &str, database: &str, sql: &str) -> String {
        let (port, folder) = (self.port.to_string(), self.folder.display().to_string());
        self.run(
            "psql",
            &[
                "-XAtq",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                &folder,
                "-p",
                &port,
                "-U",
                role,
                "-d",
                database,
                "-c",
                sql,
            ],
        )
    }

    /// A database that nobody else has; its owner is the role `app`.
    pub fn database(&'static self) -> Database {
        Database::on(self)
    }

    /// Where a database of it is, for the role `app`.
    pub fn address(&self, database: &str) -> String {
        format!("postgres://app:{PASSWORD}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }
}

/// The processes of a server that hang.
pub struct Frozen(Vec<String>);

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("CONT", &self.0);
    }
}

fn signal(name: &str, ids: &[String]) {
    let done = Command::new("kill").arg(format!("-{name}")).args(ids).status().expect("kill");
    assert!(done.success() || name == "CONT", "kill -{name}");
}

static RUNS: AtomicU32 = AtomicU32::new(0);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

pub struct Database {
    pub name: String,
    pub address: String,
}

impl Database {
    pub fn on(server: &Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        // An order of texts that is not that of their bytes, as servers often have it.
        let version: u32 =
            server.sql("postgres", "SHOW server_version_num").parse().expect("a number");
        let order = if version >= 150_000 { "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" } else { "" };
        let sql = format!("CREATE DATABASE {name} OWNER app TEMPLATE template0 {order}");
        server.sql("postgres", &sql);
        let address = server.address(&name);
        Self { name, address }
    }
}

/// A process that stops the server and removes its folder when its standard input ends.
fn guard(bin: &Path, folder: &Path, run_as: &[String]) -> Child {
    let (bin, folder, run_as) = (bin.display(), folder.display(), run_as.join(" "));
    let script = format!(
        "trap '' INT; cat >/dev/null; cd /; {run_as} '{bin}/pg_ctl' -D '{folder}/data' -m immediate stop \
         >/dev/null 2>&1; rm -rf '{folder}'"
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh")
}

/// The folder of `initdb`, `pg_ctl` and `psql`.
fn binaries() -> PathBuf {
    if let Some(found) = find_binaries() {
        return found;
    }
    assert!(
        is_root(),
        "no PostgreSQL for the tests: install Debian's `postgresql`, or set DOCKET_TEST_PG_BIN to \
         the folder of initdb and pg_ctl"
    );
    let install = "apt-get update && DEBIAN_FRONTEND=noninteractive \
                   apt-get install -y --no-install-recommends postgresql";
    let done = Command::new("sh").args(["-c", install]).output().expect("sh");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "PostgreSQL can't be installed for the tests: {said}");
    find_binaries().expect("initdb of the installed PostgreSQL")
}

fn find_binaries() -> Option<PathBuf> {
    let is_complete =
        |folder: &PathBuf| ["initdb", "pg_ctl", "psql"].iter().all(|p| folder.join(p).is_file());
    if let Ok(given) = std::env::var("DOCKET_TEST_PG_BIN") {
        let given = PathBuf::from(given);
        assert!(is_complete(&given), "{}: no initdb, pg_ctl and psql there", given.display());
        return Some(given);
    }
    let asked = Command::new("pg_config").arg("--bindir").output().ok();
    let asked = asked.and_then(|said| String::from_utf8(said.stdout).ok());
    if let Some(found) = asked.map(|said| PathBuf::from(said.trim())).filter(is_complete) {
        return Some(found);
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let number = |path: &Path| path.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders.filter(is_complete).max_by_key(|path| number(path))
}

fn is_root() -> bool {
    said("id", &["-u"]).as_deref() == Some("0")
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let done = Command::new(program).args(arguments).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

/// PostgreSQL refuses to run as root: the words before a command that run it as somebody else.
fn unprivileged() -> (Vec<String>, Option<(u32, u32)>) {
    if !is_root() {
        return (Vec::new(), None);
    }
    let ids = |user: &str| {
        let id = |of: &str| said("id", &[of, user])?.parse().ok();
        Some((user.to_owned(), id("-u")?, id("-g")?))
    };
    let user = ids("postgres").or_else(|| ids("nobody"));
    let (user, uid, gid) = user.expect("a user besides root: postgres or nobody");
    let exists = |program: &str| said("sh", &["-c", &format!("command -v {program}")]).is_some();
    let words = if exists("setpriv") {
        format!("setpriv --reuid {uid} --regid {gid} --clear-groups")
    } else if exists("runuser") {
        format!("runuser -u {user} --")
    } else {
        panic!("PostgreSQL refuses to run as root, and neither setpriv nor runuser is there")
    };
    (words.split(' ').map(str::to_owned).collect(), Some((uid, gid)))
}
