//! The end of a process that was told to stop, whatever hangs.

use std::time::Duration;

use super::exit::Exit;

/// What running requests have of the grace; the rest is for closing what is behind them.
const REQUESTS_SHARE: u32 = 4;
/// … out of so many parts.
const PARTS: u32 = 5;

/// The shortest grace: a stop in order takes some time.
const LEAST: Duration = Duration::from_secs(1);

/// How long running requests are waited for.
pub fn for_requests(grace: Duration) -> Duration {
    (grace * REQUESTS_SHARE / PARTS).max(LEAST)
}

/// Ends the process after this time, if it has not ended by itself: a disk or a database that hangs
/// keeps a thread, and a thread the process, for as long as it likes. What was acknowledged is on the
/// disk, and the next start goes on from what is there.
///
/// # Errors
/// When there is no thread for it.
pub fn end_within(grace: Duration) -> std::io::Result<()> {
    let grace = grace.max(LEAST);
    let watch = move || {
        std::thread::sleep(grace);
        let grace_s = grace.as_secs();
        tracing::error!(grace_s, "something hangs, and did not end within server.shutdown_grace_s");
        std::process::exit(Exit::Failed as i32);
    };
    std::thread::Builder::new().name("grace".to_owned()).spawn(watch).map(|_| ())
}
