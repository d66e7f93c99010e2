//! Who may read what is made, and what can be read where nothing can be written.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::support::{Ran, Server, command, demo, demo_copy, docket, run, text};

/// Every file and folder below one, with it.
fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// The same command, by a shell that takes away nothing, or this.
fn under(umask: &str, args: &[&str]) -> Command {
    let made = command(args);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]).arg(made.get_program());
    shell.args(made.get_args()).current_dir(made.get_current_dir().unwrap());
    shell
}

#[test]
fn what_docket_makes_is_its_owners_alone_whatever_the_umask() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(&folder)];
    let server = Server::spawn(&mut under("000", &args));
    let names = ["log.sqlite-wal", "read-models/serving", "webhooks.sqlite", "keys/log.pem"];
    let until = Instant::now() + Duration::from_secs(60);
    while !names.iter().all(|name| folder.join(name).exists()) {
        assert!(Instant::now() < until, "{:?}", all(&folder));
        std::thread::sleep(Duration::from_millis(20));
    }
    for path in all(&folder) {
        assert_eq!(mode(&path) & 0o077, 0, "{} is {:o}", path.display(), mode(&path));
    }
    let (code, said) = server.stop("TERM");
    assert_eq!(code, 0);
    assert!(!said.contains("other users can read"), "{said}");
    // What the user asks to be written is as the user's umask has it.
    let out = parent.path().join("report");
    let export = ["export", "--all", "--out-dir", text(&out), "--data-dir", text(demo())];
    run(&mut under("022", &export)).done();
    assert_eq!((mode(&out), mode(&out.join("act.csv"))), (0o755, 0o644));
}

#[test]
fn what_others_can_read_already_is_left_and_said() {
    let folder = demo_copy();
    let parent = folder.path().parent().unwrap();
    if mode(parent) & 0o011 == 0 {
        eprintln!("SKIPPED: nobody else passes {}", parent.display());
        return;
    }
    for name in ["", "log.sqlite", "token-key.pem"] {
        let path = folder.path().join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode(&path) | 0o055)).unwrap();
    }
    let server = Server::start(folder.path());
    let (_, said) = server.stop("TERM");
    let line = said.lines().find(|line| line.contains("other users can read")).unwrap();
    assert!(line.contains("log.sqlite") && line.contains("token-key.pem"), "{line}");
    assert_eq!(mode(&folder.path().join("log.sqlite")) & 0o055, 0o055);
}

/// Another user, who may read the folder and write nothing.
struct Nobody {
    binary: PathBuf,
    data: PathBuf,
}

/// The binary where anybody may run it: where it is, or a copy for all tests.
fn for_anybody() -> PathBuf {
    static COPY: OnceLock<tempfile::TempDir> = OnceLock::new();
    let built = Path::new(env!("CARGO_BIN_EXE_docket"));
    if built.ancestors().all(|path| mode(path) & 0o001 != 0) {
        return built.to_owned();
    }
    let folder = COPY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(built, folder.path().join("docket")).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        folder
    });
    folder.path().join("docket")
}

impl Nobody {
    const ID: u32 = 65_534;

    /// Nothing where this isn't root, who alone can become somebody else.
    fn over(data: &Path) -> Option<Nobody> {
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            eprintln!("SKIPPED: only root can become another user");
            return None;
        }
        for path in all(data) {
            let open = if path.is_dir() { 0o055 } else { 0o044 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode(&path) | open)).unwrap();
        }
        Some(Nobody { binary: for_anybody(), data: data.to_owned() })
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(&self.binary);
        command.args(args).args(["--data-dir", text(&self.data)]);
        // A copy to compare with has to be somewhere, in memory where there is such a folder; nothing else
        // needs room.
        let needs_room = args[0] == "projections" && !Path::new("/dev/shm").is_dir();
        let temporary = if needs_room { "/tmp" } else { "/no/such" };
        command.env_clear().env("TMPDIR", temporary).current_dir("/");
        run(command.uid(Nobody::ID).gid(Nobody::ID))
    }
}

fn reading() -> Vec<Vec<&'static str>> {
    let line = |text: &'static str| text.split(' ').collect();
    [
        "status exercise_strong_province x22",
        "audit exercise_strong_province x22",
        "timeline exercise_strong_province x01",
        "obligations exercise_cluster_area exercise_b",
        "obligations exercise_cluster_area",
        "status --list",
        "status --list --exercise --as-of 2018-06-30",
        "export --table act",
        "projections status",
        "projections verify",
        "projections diff",
        "log accept-loss --dry-run",
        "log confirm-clock --dry-run",
    ]
    .map(line)
    .to_vec()
}

/// An archive's copy, on a medium that takes nothing: no command that only reads worked.
#[test]
fn a_closed_log_is_read_where_nothing_can_be_written() {
    let folder = demo_copy();
    let Some(nobody) = Nobody::over(folder.path()) else { return };
    let before = all(folder.path());
    for question in reading() {
        let ran = nobody.run(&question);
        assert_eq!(ran.code, 0, "{question:?}: {}", ran.stderr);
        let mine = docket(&[&question[..], &["--data-dir", text(demo())]].concat()).done();
        assert_eq!(ran.stdout.lines().count(), mine.lines().count(), "{question:?}");
    }
    assert_eq!(all(folder.path()), before, "nothing was made");
    let refused = nobody.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("write access"), "{}", refused.stderr);
}

/// A crash leaves the newest events in the -wal; they are read from there, with and without a -shm.
#[test]
fn what_a_crash_left_in_the_wal_is_read_where_nothing_can_be_written() {
    let folder = demo_copy();
    let log = folder.path().join("log.sqlite");
    // Killed before anything of the new log's WAL is in the file.
    let server = Server::start(folder.path());
    let token =
        ["token", "--role", "registrar", "--office", "r", "--data-dir", text(folder.path())];
    let token = docket(&token).done();
    let body = r#"{"act":"note","effective_on":"2024-03-01","text":"only in the WAL"}"#;
    let path = "/v1/enrollments/exercise_strong_province/x19/acts";
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-d", body]);
    for header in ["If-Match: *", "Idempotency-Key: \"k\"", "Content-Type: application/json"] {
        curl.args(["-H", header]);
    }
    curl.args(["-H", &format!("Authorization: Bearer {}", token.trim())]);
    assert_eq!(run(curl.arg(format!("{}{path}", server.base))).done(), "201");
    let (wal, shm) = (log.with_extension("sqlite-wal"), log.with_extension("sqlite-shm"));
    let audit = ["audit", "exercise_strong_province", "x19", "--lang", "en"];
    let Some(nobody) = Nobody::over(folder.path()) else { return };
    // Beside the server that runs.
    let beside = nobody.run(&audit).done();
    assert!(beside.contains("only in the WAL"), "{beside}");
    for what in ["accept-loss", "confirm-clock"] {
        let said = nobody.run(&["log", what, "--dry-run"]).done();
        assert!(said.contains("othing is"), "{said}");
    }
    drop(server);
    assert!(wal.metadata().unwrap().len() > 0);
    for has_shm in [true, false] {
        if !has_shm {
            fs::remove_file(&shm).unwrap();
        }
        let bytes = fs::read(&wal).unwrap();
        let ran = nobody.run(&audit);
        assert_eq!(ran.code, 0, "{has_shm}: {}", ran.stderr);
        assert_eq!(ran.stdout, beside);
        assert!(fs::read(&wal).unwrap() == bytes, "the WAL was changed");
        assert_eq!(shm.exists(), has_shm);
    }
}
