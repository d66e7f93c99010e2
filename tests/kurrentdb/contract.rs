//! The contract of the log, as every engine has to pass it.

use std::sync::Arc;

use docket::log::EventLog;
use docket::log::kurrentdb::{KurrentLog, KurrentOptions};

use crate::log_contract;
use crate::support::{open, options, start};

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in() {
    let server = start();
    let log = open(&server).await;
    log_contract::contract(log.clone()).await;

    // Another node counts the same, from nothing.
    let all = log_contract::read_everything(&(log as _), None, 1000).await;
    let other: Arc<dyn EventLog> = open(&server).await;
    assert_eq!(log_contract::read_everything(&other, None, 77).await, all);
}

/// Beside other data, under a prefix of its own; the database stays usable.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_server() {
    let Ok(address) = std::env::var("DOCKET_TEST_KURRENTDB") else {
        eprintln!("DOCKET_TEST_KURRENTDB gives no address: not run against a real server");
        return;
    };
    let prefix = format!("docket-test-{}-{:?}.", std::process::id(), std::thread::current().id());
    let prefix = prefix.replace(['(', ')'], "");
    let options = KurrentOptions { prefix, ..options(&address) };
    let log = Arc::new(KurrentLog::open(options).await.unwrap());
    log_contract::contract(log).await;
}
