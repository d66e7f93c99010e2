//! The reading side of a rebuild: pages of the log, decoded and handed over in chunks.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::runtime::Handle;

use crate::log::{EventLog, LogError, RecordedEvent};
use crate::projection::ProjectionError;
use crate::projection::page::{Decoded, decode_page};

/// Events read at a time.
const PAGE_EVENTS: usize = 1024;
/// Events decoded and handed over at a time: few, so that they are still in the processor's cache
/// when they are folded. Pages of a thousand take twice as long to decode.
const CHUNK_EVENTS: usize = 64;

/// Decoded events, or where and why there are none.
pub(super) type Chunk = Result<Vec<Decoded>, (u64, ProjectionError)>;

/// Reads up to `to`, page by page, the next one while one is decoded, and hands it over chunk by chunk.
pub(super) fn read(
    log: &Arc<dyn EventLog>,
    runtime: &Handle,
    (mut after, mut known_at_us): (Option<u64>, i64),
    to: u64,
    chunks: &SyncSender<Chunk>,
) {
    let ask = |after: Option<u64>| {
        let log = Arc::clone(log);
        let first = after.map_or(0, |after| after + 1);
        let limit = usize::try_from((to + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        // Nothing is asked for beyond the end.
        (limit > 0).then(|| {
            let limit = limit.min(PAGE_EVENTS);
            runtime.spawn(async move { log.read_all(after, limit).await })
        })
    };
    let mut asked = ask(after);
    while let Some(page) = asked.take() {
        let first = after.map_or(0, |after| after + 1);
        let broke_off = |error| LogError::Unavailable(format!("a read broke off: {error}"));
        let page = runtime.block_on(page).map_err(broke_off).and_then(|page| page);
        let handed_over = match page {
            Ok(page) if page.events.is_empty() => {
                let reason = format!("the log ends before sequence {to}");
                send(chunks, Err((first, ProjectionError::Inconsistent(reason))))
            }
            Ok(page) => {
                after = page.next;
                asked = ask(after);
                hand_over(page.events, &mut known_at_us, chunks)
            }
            Err(error) => send(chunks, Err((first, error.into()))),
        };
        if !handed_over {
            return;
        }
    }
}

/// Decodes a page in chunks; `false` when there is nothing more to be done.
fn hand_over(
    events: Vec<RecordedEvent>,
    known_at_us: &mut i64,
    chunks: &SyncSender<Chunk>,
) -> bool {
    let mut events = events.into_iter();
    loop {
        let chunk: Vec<_> = events.by_ref().take(CHUNK_EVENTS).collect();
        if chunk.is_empty() {
            return true;
        }
        let (decoded, unknown) = decode_page(chunk, *known_at_us);
        if let Some(last) = decoded.last() {
            *known_at_us = last.envelope.known_at_us;
        }
        if !decoded.is_empty() && !send(chunks, Ok(decoded)) {
            return false;
        }
        if let Some((sequence, error)) = unknown {
            return send(chunks, Err((sequence, error.into())));
        }
    }
}

/// Whether it was taken and others can follow.
fn send(chunks: &SyncSender<Chunk>, chunk: Chunk) -> bool {
    let is_last = chunk.is_err();
    // An error says that nobody waits any more.
    chunks.send(chunk).is_ok() && !is_last
}
