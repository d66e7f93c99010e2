//! Logs that can't be opened: which exit code, which words, and that nothing is changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Ran, command, demo, docket, run, text};

struct Broken {
    folder: tempfile::TempDir,
}

impl Broken {
    fn log(&self) -> PathBuf {
        self.folder.path().join("log.sqlite")
    }

    /// A folder whose log has been changed.
    fn with(change: impl FnOnce(&Path)) -> Self {
        let broken = Self { folder: tempfile::tempdir().unwrap() };
        fs::copy(demo().join("log.sqlite"), broken.log()).unwrap();
        change(&broken.log());
        broken
    }

    fn run(&self, args: &[&str]) -> Ran {
        docket(&[args, &["--data-dir", text(self.folder.path())]].concat())
    }

    /// Whoever writes and whoever reads is refused alike, and the file stays as it was.
    #[track_caller]
    fn refused(&self, code: i32, parts: &[&str]) {
        let before = fs::read(self.log()).unwrap();
        self.run(&["serve", "--listen", "127.0.0.1:0"]).refused(code, parts);
        self.run(&["status", "cluster_area", "futian"]).refused(code, parts);
        self.run(&["rebuild"]).refused(code, parts);
        assert!(fs::read(self.log()).unwrap() == before, "the file was changed");
    }
}

#[test]
fn a_missing_log_is_not_found_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = text(folder.path());
    docket(&["status", "a", "b", "--data-dir", path])
        .refused(5, &["there is no log", "start the server"]);
    docket(&["rebuild", "--data-dir", path]).refused(5, &["there is no log"]);
    docket(&["audit", "a", "b", "--log", "sqlite:no/such"])
        .refused(5, &["folder no", "does not exist"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_truncated_log_does_not_verify() {
    for length in [0, 4096, 100_000] {
        let cut = |path: &Path| fs::File::options().write(true).open(path).unwrap().set_len(length);
        let broken = Broken::with(|path| cut(path).unwrap());
        broken.refused(7, &["log.sqlite is damaged", "restore it from a copy"]);
    }
}

#[test]
fn what_is_no_log_does_not_verify() {
    let text = Broken::with(|path| fs::write(path, "no,log\n".repeat(4000)).unwrap());
    text.refused(7, &["is not a Docket log", "not an SQLite file"]);
    let other = Broken::with(|path| {
        fs::remove_file(path).unwrap();
        let other = rusqlite::Connection::open(path).unwrap();
        other.execute_batch("CREATE TABLE a (b); INSERT INTO a VALUES (1)").unwrap();
    });
    other.refused(7, &["is not a Docket log", "another program"]);
}

#[test]
fn a_newer_log_asks_for_a_newer_program() {
    let newer = Broken::with(|path| {
        let log = rusqlite::Connection::open(path).unwrap();
        log.execute_batch("PRAGMA user_version = 7; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        log.close().unwrap();
    });
    newer.refused(1, &["has format 7", "formats up to 1", "a later one"]);
}

#[test]
fn a_read_only_log_is_not_served() {
    let broken = Broken::with(|path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
    });
    let serve = broken.run(&["serve", "--listen", "127.0.0.1:0"]);
    serve.refused(1, &["log.sqlite is read-only", "write access"]);
    // Reading needs no more than it has.
    broken.run(&["status", "cluster_area", "futian"]).done();
}

/// No file may grow beyond 16 blocks: what SQLite then meets is a write that fails.
#[test]
fn a_log_that_finds_no_room_says_so_and_leaves_nothing_half_made() {
    let folder = tempfile::tempdir().unwrap();
    let serve = command(&["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder.path())]);
    let limited = "trap '' XFSZ; ulimit -f 16; exec \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", limited, "sh"]).arg(serve.get_program()).args(serve.get_args());
    let ran = run(shell.current_dir(folder.path()));
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("log.sqlite can't be opened"), "{}", ran.stderr);
    assert!(!folder.path().join("log.sqlite").exists());
}
