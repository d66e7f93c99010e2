//! The log's file under other hands: what its triggers refuse, what damage a reader notices, and
//! what an auditor sees with another tool.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/log_contract.rs"]
#[allow(dead_code)]
mod log_contract;
#[path = "support/log_file.rs"]
mod log_file;
#[path = "support/tamper.rs"]
mod tamper;

use docket::log::{EventLog, LogError, SqliteLog, StreamName};
use log_contract::event;
use log_file::{closed_log, folder, raw};
use tamper::tamper;

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
        connection.execute_batch(&format!("PRAGMA recursive_triggers = {recursive}")).unwrap();
        for way in &ways {
            let error = connection.execute(way, []).expect_err(way);
            assert!(error.to_string().contains("append-only"), "{way}: {error}");
        }
    }
    connection
        .execute(&format!("INSERT INTO event {columns} VALUES (40, 1, 20, {values}"), [])
        .unwrap();
}

/// What the ledger will prove, a reader already notices: events that are not there.
#[tokio::test]
async fn holes_and_nonsense_stop_a_reader() {
    let folder = folder();
    let path = closed_log(&folder).await;
    let tamper = |sql: &str| tamper(&path, sql);
    let corrupt = |error: LogError| match error {
        LogError::Corrupt { sequence, reason } => (sequence, reason),
        other => panic!("{other}"),
    };
    let a = StreamName::parse("a").unwrap();

    tamper("DELETE FROM event WHERE sequence IN (10, 11)");
    let log = SqliteLog::open_reader(&path).unwrap();
    let (sequence, reason) = corrupt(log.read_all(None, 100).await.unwrap_err());
    assert_eq!((sequence, reason.contains("the next one is 12")), (10, true), "{reason}");
    assert_eq!(corrupt(log.read_all(Some(9), 1).await.unwrap_err()).0, 10);
    let (sequence, reason) = corrupt(log.read_stream(&a, 0, 100).await.unwrap_err());
    assert_eq!((sequence, reason.contains("revision 5 of stream a")), (12, true), "{reason}");
    assert_eq!(log.read_all(None, 10).await.unwrap().events.len(), 10);

    drop(log);
    for (nonsense, sequence) in [
        ("UPDATE event SET recorded_at = 0, data = 4.5 WHERE sequence = 3", 3),
        ("UPDATE event SET revision = -1 WHERE sequence = 2", 2),
        ("UPDATE event SET stream = 99 WHERE sequence = 1", 1),
        ("UPDATE event SET type = CAST(x'ff' AS TEXT) WHERE sequence = 0", 0),
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
    let ok: String = raw(&path).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(ok, "ok");
}
