//! A log's file changed as no Docket would, behind the triggers' and the constraints' back.

use std::path::Path;

use rusqlite::Connection;

/// Runs statements and leaves no trace of how; the last one has to change something.
#[track_caller]
pub fn tamper(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    let named = |what: &str| -> String {
        let sql = format!("SELECT {what} FROM sqlite_schema WHERE type = 'trigger'");
        let mut statement = connection.prepare(&sql).unwrap();
        let texts = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        texts.map(Result::unwrap).collect::<Vec<_>>().join(";")
    };
    let (drops, triggers) = (named("'DROP TRIGGER ' || name"), named("sql"));
    let lax = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON";
    connection.execute_batch(&format!("{lax}; {drops}; {sql}")).unwrap();
    assert!(connection.changes() > 0, "{sql} changed nothing");
    connection.execute_batch(&triggers).unwrap();
}
