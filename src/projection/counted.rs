//! Where each node counts a log's events itself, rows that another process wrote may reach further
//! than this one has counted: not a log cut short, only one that is heard of a moment later.

use std::time::Duration;

use tokio::runtime::Handle;

use crate::log::{EventLog, LogError};

/// How long that moment may last before the caller tries again later.
const COUNT_WITHIN: Duration = Duration::from_secs(1);

/// Waits until this process has counted a shared log up to a position that rows have.
///
/// # Errors
/// [`LogError::Unavailable`] when it has not within a second.
pub(super) fn wait_until_counted(
    log: &dyn EventLog,
    runtime: &Handle,
    position: Option<u64>,
) -> Result<(), LogError> {
    if !log.is_shared() || position.is_none() {
        return Ok(());
    }
    let mut head = log.watch_head();
    let there = async {
        let counted = head.wait_for(|head| *head >= position);
        tokio::time::timeout(COUNT_WITHIN, counted).await.is_ok_and(|counted| counted.is_ok())
    };
    if runtime.block_on(there) {
        return Ok(());
    }
    Err(not_counted(position, *log.watch_head().borrow()))
}

/// That rows reach further than this process has counted the log; it passes.
pub(super) fn not_counted(position: Option<u64>, head: Option<u64>) -> LogError {
    let at = |sequence: Option<u64>| sequence.map_or("nothing".to_owned(), |s| s.to_string());
    LogError::Unavailable(format!(
        "the rows reach sequence {}, this process has counted the log to {}",
        at(position),
        at(head)
    ))
}
