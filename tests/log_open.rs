//! The SQLite file as others find it: what is refused at opening and in which words, what its
//! triggers refuse, what damage a reader notices, and what an auditor sees with another tool.

#[path = "support/log_contract.rs"]
#[allow(dead_code)]
mod log_contract;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use docket::log::{EventLog, Expected, LogError, OpenError, SqliteLog, StreamName};
use log_contract::{event, events, stream};
use rusqlite::Connection;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A closed log with two streams of 20 events each, taking turns, some of them larger than a page.
async fn closed_log(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("log.sqlite");
    let log = SqliteLog::open_writer(&path).unwrap();
    for n in 0..20_u64 {
        for name in ["a", "b"] {
            let mut new = event(n);
            if n == 7 {
                new.data = vec![b'x'; 30_000].into();
            }
            log.append(&stream(name), Expected::from(n.checked_sub(1)), vec![new])
                .await
                .unwrap();
        }
    }
    log.close().await;
    path
}

/// What both ways of opening say, which must be the same words.
fn refusal(path: &Path) -> OpenError {
    let reading = SqliteLog::open_reader(path)
        .err()
        .expect("a reader must be refused");
    let writing = SqliteLog::open_writer(path)
        .err()
        .expect("a writer must be refused");
    assert_eq!(reading.to_string(), writing.to_string());
    writing
}

fn raw(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

#[tokio::test]
async fn a_closed_log_is_one_file_and_opens_again() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["log.sqlite", "log.sqlite.lock"]);

    let log = SqliteLog::open_writer(&path).unwrap();
    assert_eq!(log.head().await, Ok(Some(39)));
    log.close().await;
    log.close().await;
    let refused = log
        .append(&stream("a"), Expected::Revision(19), events(0..1))
        .await;
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
    let refused = log
        .append(&stream("a"), Expected::Revision(19), events(0..1))
        .await;
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
    let error = SqliteLog::open_reader(folder.path().join("log.sqlite"))
        .err()
        .unwrap();
    assert!(matches!(error, OpenError::Missing(_)), "{error}");
    assert!(
        fs::read_dir(folder.path()).unwrap().next().is_none(),
        "reading must create nothing"
    );
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
    assert_eq!(
        fs::read(&text).unwrap(),
        "province,city\n".repeat(1000).as_bytes()
    );

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
    assert!(
        matches!(
            error,
            OpenError::Newer {
                found: 7,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("use the version of Docket that wrote it")
    );
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
    raw(&path)
        .execute_batch("DROP TRIGGER event_is_never_changed")
        .unwrap();
    let error = refusal(&path).to_string();
    assert!(
        error.contains("trigger event_is_never_changed is missing or was changed"),
        "{error}"
    );
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
    assert_eq!(
        SqliteLog::open_reader(path).unwrap().head().await,
        Ok(Some(39))
    );
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
    assert!(
        matches!(&error, OpenError::ReadOnly { path, .. } if path == folder.path()),
        "{error}"
    );
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

/// One statement per way around; each names what it would break.
#[tokio::test]
async fn triggers_refuse_every_change_but_the_next_event() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let connection = raw(&path);
    let values = "zeroblob(16), 'T', 0, '{}', '{}')";
    let columns = "(sequence, stream, revision, event_id, type, recorded_at, data, metadata)";
    let ways = [
        "UPDATE event SET data = '{}'".to_owned(),
        "UPDATE OR REPLACE event SET sequence = 3 WHERE sequence = 4".to_owned(),
        "DELETE FROM event WHERE sequence = 39".to_owned(),
        "DELETE FROM event".to_owned(),
        "UPDATE stream SET name = 'c' WHERE key = 1".to_owned(),
        "DELETE FROM stream".to_owned(),
        "INSERT INTO stream VALUES (9, 'c')".to_owned(),
        "INSERT INTO stream VALUES (3, 'a')".to_owned(),
        "INSERT OR REPLACE INTO stream VALUES (1, 'c')".to_owned(),
        "REPLACE INTO stream VALUES (3, 'a')".to_owned(),
        format!("INSERT INTO event {columns} VALUES (41, 1, 20, {values}"),
        format!("INSERT INTO event {columns} VALUES (NULL, 1, 20, {values}"),
        format!("INSERT INTO event {columns} VALUES (40, 1, 21, {values}"),
        format!("INSERT INTO event {columns} VALUES (-1, 1, 20, {values}"),
        // REPLACE would remove the old row without firing a DELETE trigger.
        format!("INSERT OR REPLACE INTO event {columns} VALUES (39, 1, 20, {values}"),
        format!("INSERT OR REPLACE INTO event {columns} VALUES (40, 1, 19, {values}"),
        format!("INSERT OR IGNORE INTO event {columns} VALUES (12, 1, 6, {values}"),
        format!(
            "INSERT INTO event {columns} VALUES (12, 1, 6, {values} ON CONFLICT DO UPDATE SET data = ''"
        ),
    ];
    for recursive in ["OFF", "ON"] {
        connection
            .execute_batch(&format!("PRAGMA recursive_triggers = {recursive}"))
            .unwrap();
        for way in &ways {
            let error = connection.execute(way, []).expect_err(way);
            assert!(error.to_string().contains("append-only"), "{way}: {error}");
        }
    }
    connection
        .execute(
            &format!("INSERT INTO event {columns} VALUES (40, 1, 20, {values}"),
            [],
        )
        .unwrap();
}

/// What the ledger will prove, a reader already notices: events that are not there.
#[tokio::test]
async fn holes_and_nonsense_stop_a_reader() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let tamper = |sql: &str| {
        let connection = raw(&path);
        let triggers: Vec<(String, String)> = connection
            .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for (name, _) in &triggers {
            connection
                .execute_batch(&format!("DROP TRIGGER {name}"))
                .unwrap();
        }
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;")
            .unwrap();
        connection.execute_batch(sql).unwrap();
        for (_, text) in &triggers {
            connection.execute_batch(text).unwrap();
        }
    };
    let corrupt = |error: LogError| match error {
        LogError::Corrupt { sequence, reason } => (sequence, reason),
        other => panic!("{other}"),
    };
    let a = StreamName::parse("a").unwrap();

    tamper("DELETE FROM event WHERE sequence IN (10, 11)");
    let log = SqliteLog::open_reader(&path).unwrap();
    let (sequence, reason) = corrupt(log.read_all(None, 100).await.unwrap_err());
    assert_eq!(
        (sequence, reason.contains("the next one is 12")),
        (10, true),
        "{reason}"
    );
    assert_eq!(corrupt(log.read_all(Some(9), 1).await.unwrap_err()).0, 10);
    let (sequence, reason) = corrupt(log.read_stream(&a, 0, 100).await.unwrap_err());
    assert_eq!(
        (sequence, reason.contains("revision 5 of stream a")),
        (12, true),
        "{reason}"
    );
    assert_eq!(log.read_all(None, 10).await.unwrap().events.len(), 10);

    drop(log);
    for (nonsense, sequence) in [
        (
            "UPDATE event SET recorded_at = 0, data = 4.5 WHERE sequence = 3",
            3,
        ),
        ("UPDATE event SET revision = -1 WHERE sequence = 2", 2),
        ("UPDATE event SET stream = 99 WHERE sequence = 1", 1),
        (
            "UPDATE event SET type = CAST(x'ff' AS TEXT) WHERE sequence = 0",
            0,
        ),
    ] {
        tamper(nonsense);
        let log = SqliteLog::open_reader(&path).unwrap();
        let (found, reason) = corrupt(log.read_all(None, 100).await.unwrap_err());
        assert_eq!(found, sequence, "{nonsense}: {reason}");
    }
}

#[tokio::test]
async fn an_auditor_reads_the_view() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let row: (i64, String, i64, String, String, i64, String, String) = raw(&path)
        .query_row("SELECT * FROM events WHERE sequence = 2", [], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
                row.get(6)?,
                row.get(7)?,
            ))
        })
        .unwrap();
    let given = event(1);
    assert_eq!(
        row,
        (
            2,
            "a".to_owned(),
            1,
            given.event_id.to_string(),
            given.event_type,
            given.recorded_at_us,
            r#"{"number":1}"#.to_owned(),
            r#"{"principal":"tester"}"#.to_owned()
        )
    );
    let ok: String = raw(&path)
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(ok, "ok");
}
