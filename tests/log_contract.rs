//! The contract of the log, on the engines that need no server.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/log_contract.rs"]
mod log_contract;

use std::sync::Arc;

use docket::log::{EventLog, MemoryLog, SqliteLog};

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    log_contract::contract(Arc::new(MemoryLog::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(SqliteLog::open_writer(folder.path().join("log.sqlite")).unwrap());
    log_contract::contract(log.clone()).await;

    // What was appended is there for whoever opens the file next, to the byte.
    let before = log_contract::read_everything(&(log.clone() as _), None, 1000).await;
    log.close().await;
    let again: Arc<dyn EventLog> = Arc::new(SqliteLog::open_reader(log.path()).unwrap());
    assert_eq!(log_contract::read_everything(&again, None, 77).await, before);
}
