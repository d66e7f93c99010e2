//! Opening logs for the tests.

use std::sync::Arc;

use docket::log::kurrentdb::{Address, KurrentError, KurrentLog, KurrentOptions};

use crate::standin::{Settings, StandIn};

pub fn options(address: &str) -> KurrentOptions {
    KurrentOptions::new(Address::parse(address).unwrap())
}

pub async fn open(server: &StandIn) -> Arc<KurrentLog> {
    Arc::new(try_open(&server.address()).await.unwrap())
}

pub async fn try_open(address: &str) -> Result<KurrentLog, KurrentError> {
    KurrentLog::open(options(address)).await
}

pub fn start() -> StandIn {
    StandIn::start(Settings::default())
}
