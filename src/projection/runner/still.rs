//! Whether the read models stand still: beside the thread that fills them, which may hang itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::log::EventLog;
use crate::projection::status::Status;

/// How long nothing may move while the log goes on, usually.
pub const STILL: Duration = Duration::from_secs(20);
/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// Says in the status when nothing moved for too long, until it is aborted.
pub(super) async fn watch(
    log: Arc<dyn EventLog>,
    published: watch::Sender<Status>,
    still: Duration,
) {
    let head = log.watch_head();
    let (mut seen, mut since) = (None, Instant::now());
    loop {
        tokio::time::sleep(EVERY).await;
        let now = {
            let status = published.borrow();
            (status.copy.clone(), status.position, status.rebuilding)
        };
        let is_behind = *head.borrow() > now.1;
        if !is_behind || seen.as_ref() != Some(&now) {
            seen = Some(now);
            since = Instant::now();
        }
        let stands_still = since.elapsed() >= still;
        published.send_if_modified(|status| {
            std::mem::replace(&mut status.stands_still, stands_still) != stands_still
        });
    }
}
