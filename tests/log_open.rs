//! Opening a log file: what is refused, in which words, and that refusing changes nothing.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/log_contract.rs"]
#[allow(dead_code)]
mod log_contract;
#[path = "support/log_file.rs"]
mod log_file;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use docket::log::{EventLog, Expected, LogError, OpenError, SqliteLog};
use log_contract::{events, stream};
use log_file::{closed_log, folder, raw};

/// What both ways of opening say, which must be the same words.
fn refusal(path: &Path) -> OpenError {
    let reading = SqliteLog::open_reader(path).err().expect("a reader must be refused");
    let writing = SqliteLog::open_writer(path).err().expect("a writer must be refused");
    assert_eq!(reading.to_string(), writing.to_string());
    writing
}

#[tokio::test]
async fn a_closed_log_is_one_file_and_opens_again() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["log.sqlite", "log.sqlite.lock"]);

    let log = SqliteLog::open_writer(&path).unwrap();
    assert_eq!(log.head().await, Ok(Some(39)));
    log.close().await;
    log.close().await;
    let refused = log.append(&stream("a"), Expected::Revision(19), events(0..1)).await;
    assert!(matches!(refused, Err(LogError::Unavailable(reason)) if reason.contains("closed")));
    assert!(
        matches!(log.head().await, Err(LogError::Unavailable(reason)) if reason.contains("closed"))
    );
    assert!(log.watch_head().changed().await.is_err());
}

#[tokio::test]
async fn a_log_for_reading_does_not_append() {
    let folder = folder();
    let log = SqliteLog::open_reader(closed_log(&folder).await).unwrap();
    let refused = log.append(&stream("a"), Expected::Revision(19), events(0..1)).await;
    assert!(
        matches!(refused, Err(LogError::Unavailable(reason)) if reason.contains("reading only"))
    );
}

#[test]
fn a_missing_folder_or_file_is_named() {
    let folder = folder();
    let missing = folder.path().join("nowhere/log.sqlite");
    let error = refusal(&missing);
    assert!(
        matches!(&error, OpenError::MissingFolder(named) if named.ends_with("nowhere")),
        "{error}"
    );
    assert!(error.to_string().contains("create it"));
    let error = SqliteLog::open_reader(folder.path().join("log.sqlite")).err().unwrap();
    assert!(matches!(error, OpenError::Missing(_)), "{error}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "reading must create nothing");
}

#[test]
fn what_is_not_a_log_is_refused() {
    let folder = folder();
    let error = refusal(folder.path());
    assert!(error.to_string().contains("not a regular file"), "{error}");

    let text = folder.path().join("text");
    fs::write(&text, "province,city\n".repeat(1000)).unwrap();
    assert!(refusal(&text).to_string().contains("not an SQLite file"));

    let other = folder.path().join("other.sqlite");
    raw(&other).execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(refusal(&other).to_string().contains("another program"));
    assert_eq!(fs::read(&text).unwrap(), "province,city\n".repeat(1000).as_bytes());

    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    let error = refusal(&empty);
    assert!(matches!(error, OpenError::Damaged { .. }) && error.to_string().contains("0 bytes"));
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let folder = folder();
    let path = closed_log(&folder).await;
    raw(&path).execute_batch("PRAGMA user_version = 7").unwrap();
    let error = refusal(&path);
    assert!(matches!(error, OpenError::Newer { found: 7, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("use the version of Docket that wrote it"));
}

#[tokio::test]
async fn a_file_cut_short_is_refused_at_any_length() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let whole = fs::read(&path).unwrap();
    for length in [
        1,
        15,
        50,
        99,
        100,
        500,
        4095,
        4096,
        5000,
        whole.len() / 2,
        whole.len() - 4096,
        whole.len() - 1,
    ] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = refusal(&path);
        assert!(
            matches!(error, OpenError::Damaged { .. } | OpenError::NotALog { .. }),
            "{length} of {}: {error}",
            whole.len()
        );
    }
    fs::write(&path, &whole).unwrap();
    assert!(SqliteLog::open_writer(&path).is_ok());
}

#[tokio::test]
async fn changed_tables_and_triggers_are_refused() {
    let folder = folder();
    let path = closed_log(&folder).await;
    raw(&path).execute_batch("DROP TRIGGER event_is_never_changed").unwrap();
    let error = refusal(&path).to_string();
    assert!(error.contains("trigger event_is_never_changed is missing or was changed"), "{error}");
}

#[tokio::test]
async fn a_file_lost_without_its_wal_is_not_made_anew() {
    let folder = folder();
    let path = folder.path().join("log.sqlite");
    fs::write(folder.path().join("log.sqlite-wal"), "frames").unwrap();
    let error = SqliteLog::open_writer(&path).err().unwrap();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("-wal"), "{error}");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_creation_that_was_cut_off_is_begun_again() {
    let folder = folder();
    fs::write(folder.path().join("log.sqlite.new"), "half").unwrap();
    let path = closed_log(&folder).await;
    assert_eq!(SqliteLog::open_reader(path).unwrap().head().await, Ok(Some(39)));
}

#[tokio::test]
async fn what_is_read_only_is_named() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&path, 0o444);
    let error = SqliteLog::open_writer(&path).err().unwrap();
    assert!(
        matches!(&error, OpenError::ReadOnly { path, .. } if path.ends_with("log.sqlite")),
        "{error}"
    );
    assert!(error.to_string().contains("write access"));
    mode(&path, 0o644);
    mode(folder.path(), 0o555);
    let error = SqliteLog::open_writer(&path).err().unwrap();
    mode(folder.path(), 0o755);
    assert!(matches!(&error, OpenError::ReadOnly { path, .. } if path == folder.path()), "{error}");
}

#[tokio::test]
async fn one_writer_at_a_time_under_any_name() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let link = folder.path().join("link.sqlite");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let log = SqliteLog::open_writer(&path).unwrap();
    for name in [&path, &link] {
        let error = SqliteLog::open_writer(name).err().unwrap();
        assert!(
            matches!(&error, OpenError::InUse { holder, .. } if *holder == format!("process {}", std::process::id()))
        );
    }
    drop(log);
    assert!(SqliteLog::open_writer(&link).is_ok());
}

/// Another process, which holds SQLite's write lock until its input ends.
const LOCKER: &str = "DOCKET_TEST_LOCKER";
/// Set where it leaves something in the WAL.
const WRITES: &str = "DOCKET_TEST_LOCKER_WRITES";

#[test]
#[ignore = "the child of a_start_names_who_is_in_the_way, started by it"]
fn locker() {
    let Ok(path) = std::env::var(LOCKER) else { return };
    let tool = raw(Path::new(&path));
    if std::env::var(WRITES).is_ok() {
        tool.execute_batch("INSERT INTO stream VALUES (3, 'c')").unwrap();
    }
    tool.execute_batch("BEGIN IMMEDIATE").unwrap();
    println!("locked");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    // It ends without closing: its own end is not what is tried.
    std::process::exit(0);
}

/// After an end that was none, SQLite must make its index anew, for which it needs that lock.
#[tokio::test]
async fn a_start_names_who_is_in_the_way() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let lock = |writes: &[(&str, &str)]| {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "locker"])
            .env(LOCKER, &path)
            .envs(writes.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.ends_with("locked")));
        child
    };
    // The end was clean: nothing has to be found out.
    let mut child = lock(&[]);
    drop(SqliteLog::open_writer(&path).unwrap());
    child.stdin = None;
    child.wait().unwrap();

    let mut child = lock(&[(WRITES, "yes")]);
    let error = SqliteLog::open_writer(&path).err().unwrap();
    let named = format!("process {}", child.id());
    assert!(
        matches!(&error, OpenError::InUse { holder, .. } if holder.contains(&named)),
        "{error}"
    );
    child.stdin = None;
    child.wait().unwrap();
    assert_eq!(SqliteLog::open_writer(&path).unwrap().head().await, Ok(Some(39)));
}
