//! What the thread of a runner does.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::{Options, Status};
use crate::log::EventLog;
use crate::projection::fold::{Folder, REBUILD_CACHE_BYTES};
use crate::projection::follow::{Follower, Progress};
use crate::projection::models::Models;
use crate::projection::rebuild::{Rebuild, rebuild};
use crate::projection::store::{Checkpoint, Claim, Copies, CopyId, CopyWriter, Holder, Mode};
use crate::projection::{Failure, StoreError};
use meet::Looked;

mod beat;
mod meet;

pub use meet::{Seen, seen};

pub(super) struct Work {
    pub log: Arc<dyn EventLog>,
    pub copies: Arc<dyn Copies>,
    pub options: Options,
    pub runtime: Handle,
    pub published: watch::Sender<Status>,
    pub stopped: watch::Receiver<bool>,
}

/// What is to be done next.
enum Next {
    /// Look at the store again after so long.
    Again(Duration),
    /// Nothing: somebody has to repair something first.
    Repair,
    /// Nothing: it was stopped.
    End,
}

/// How often a process that stopped looks whether somebody has repaired what stopped it.
const REPAIR_EVERY: Duration = Duration::from_secs(1);
/// How often a process that doesn't write looks how far the one that does has come.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Work {
    pub fn run(mut self) {
        loop {
            let next = match self.open() {
                Ok(Some(follower)) => self.follow(follower),
                Ok(None) => Next::Again(LOOK_EVERY),
                Err(error) => self.fail_to_open(&error),
            };
            let stopped = match next {
                Next::Again(wait) => self.is_stopped_within(wait),
                Next::Repair => self.is_stopped_before_a_repair(),
                Next::End => return,
            };
            if stopped {
                return;
            }
        }
    }

    /// Opens the copy that serves, to write it; makes it anew where there is none, and what has
    /// another version. Nothing where another process writes.
    fn open(&mut self) -> Result<Option<Follower>, StoreError> {
        let Some(serving) = self.copies.serving()? else {
            return if self.options.writes { self.make_first() } else { Ok(None) };
        };
        let Looked { checkpoint, stale, last } = self.look_at(&serving)?;
        self.check_log(&checkpoint, last)?;
        let now_us = (self.options.now_us)();
        let other = checkpoint.holder.clone().filter(|holder| *holder != self.options.holder);
        let is_held = other.is_some() && checkpoint.lease_until_us > now_us;
        if is_held || !self.options.writes {
            self.publish_others(serving, &checkpoint);
            return Ok(None);
        }
        self.publish(&serving, &checkpoint, None);
        if !stale.is_empty() {
            self.rebuild(&stale)?;
            return self.open();
        }
        let mut copy = self.copies.open(&serving)?;
        match copy.claim(self.holder(now_us)) {
            Ok(Claim::Ours) => {}
            Ok(Claim::Taken { .. }) => {
                self.publish_others(serving, &checkpoint);
                return Ok(None);
            }
            // Its time is over, but it hangs in the middle of a batch.
            Err(error) if error.is_passing() && other.is_some() => {
                warn!(%error, "who writes the read models hangs; going on in another copy");
                drop(copy);
                self.copies.replace_stuck(&serving)?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        if let Some(other) = other {
            info!(from = other, "took over the read models");
        }
        self.publish(&serving, copy.checkpoint(), None);
        let folder =
            Folder::new(Arc::clone(&self.log), self.runtime.clone(), self.options.cache_bytes);
        Ok(Some(Follower::new(copy, folder, self.options.projections)))
    }

    fn holder(&self, now_us: i64) -> Holder<'_> {
        let name = &self.options.holder;
        Holder { name, now_us, lease_us: self.lease_us(), takes_over: false }
    }

    fn lease_us(&self) -> i64 {
        i64::try_from(self.options.lease.as_micros()).unwrap_or(i64::MAX)
    }

    fn lease_until_us(&self) -> i64 {
        (self.options.now_us)().saturating_add(self.lease_us())
    }

    /// Makes the first copy. Where the log holds an event that can't be taken in, the copy begins
    /// empty and follows up to that event, so that what comes before it is served.
    fn make_first(&mut self) -> Result<Option<Follower>, StoreError> {
        match self.rebuild(&[]) {
            Err(StoreError::Stopped { source, .. }) if !source.is_passing() => {
                let lock = self.copies.lock_rebuild()?;
                let models = Models::new((self.options.projections)());
                let copy = self.copies.create(&*lock, Mode::Following, &models)?.id().clone();
                self.copies.serve(&*lock, &copy)?;
            }
            made => made?,
        }
        self.open()
    }

    /// Rebuilds these read models, or all.
    fn rebuild(&self, names: &[String]) -> Result<(), StoreError> {
        let work = Rebuild {
            log: Arc::clone(&self.log),
            runtime: self.runtime.clone(),
            copies: &*self.copies,
            projections: self.options.projections,
            names,
            cache_bytes: self.options.cache_bytes.max(REBUILD_CACHE_BYTES),
            now_us: self.options.now_us,
        };
        let rebuilt = rebuild(&work, &mut |done, total| {
            self.published.send_modify(|status| status.rebuilding = Some((done, total)));
            !*self.stopped.borrow()
        })?;
        for model in rebuilt.findings() {
            warn!(name = model.name, "a rebuilt read model differs from the one that served");
        }
        Ok(())
    }

    /// Follows until it is stopped or fails.
    fn follow(&mut self, mut follower: Follower) -> Next {
        let _beat = match self.beat(&follower.copy().id().clone()) {
            Ok(beat) => beat,
            Err(error) => return self.fail_to_open(&error),
        };
        let mut head = self.log.watch_head();
        loop {
            if *self.stopped.borrow() {
                return Next::End;
            }
            // Marked as seen before reading: a head that moves meanwhile ends the wait at once.
            head.borrow_and_update();
            let until_us = self.lease_until_us();
            match follower.step(self.options.batch_events, until_us) {
                Progress::Moved { end } => {
                    self.publish_own(follower.copy(), None);
                    if end && !self.wait_for(&mut head, follower.copy()) {
                        return if *self.stopped.borrow() {
                            Next::End
                        } else {
                            Next::Again(LOOK_EVERY)
                        };
                    }
                }
                Progress::Stopped { fenced: true, .. } => {
                    info!("another process, or another copy, has taken over the read models");
                    return Next::Again(Duration::ZERO);
                }
                Progress::Stopped { failure, .. } => {
                    let retrying = failure.retrying;
                    let (sequence, reason) = (failure.sequence, failure.reason.clone());
                    self.publish_own(follower.copy(), Some(failure));
                    if retrying {
                        warn!(sequence, reason, "read models wait");
                        return Next::Again(self.options.retry_after);
                    }
                    error!(sequence, reason, "read models stopped");
                    if let Err(error) = follower.copy().note_failure(sequence, &reason) {
                        warn!(%error, "others can't be told that the read models stopped");
                    }
                    return Next::Repair;
                }
            }
        }
    }

    fn publish_own(&self, copy: &mut dyn CopyWriter, failed: Option<Failure>) {
        self.publish(&copy.id().clone(), copy.checkpoint(), failed);
    }

    fn publish(&self, copy: &CopyId, checkpoint: &Checkpoint, failed: Option<Failure>) {
        self.publish_status(Status {
            copy: Some(copy.clone()),
            position: checkpoint.position,
            known_at_us: checkpoint.position.map(|_| checkpoint.known_at_us),
            failed,
            ..Status::default()
        });
    }

    /// How far another process is.
    fn publish_others(&self, copy: CopyId, checkpoint: &Checkpoint) {
        self.publish_status(Status {
            copy: Some(copy),
            position: checkpoint.position,
            known_at_us: checkpoint.position.map(|_| checkpoint.known_at_us),
            failed: checkpoint.failed.clone().map(|(sequence, reason)| Failure {
                sequence,
                reason,
                retrying: false,
            }),
            written_by: checkpoint.holder.clone(),
            ..Status::default()
        });
    }

    fn publish_status(&self, mut next: Status) {
        self.published.send_if_modified(|status| {
            let fails = next.failed.is_some() && next.failed != status.failed;
            next.failures = status.failures + u64::from(fails);
            let changed = *status != next;
            *status = next;
            changed
        });
    }

    fn fail_to_open(&self, error: &StoreError) -> Next {
        if matches!(error, StoreError::Interrupted) {
            return Next::End;
        }
        let retrying = error.is_passing();
        if retrying {
            warn!(%error, "read models can't be opened yet");
        } else {
            error!(%error, "read models can't be opened");
        }
        self.published.send_modify(|status| {
            let next = status.position.map_or(0, |position| position + 1);
            let sequence = match error {
                StoreError::Stopped { sequence, .. } => *sequence,
                _ => next,
            };
            status.rebuilding = None;
            status.failures += 1;
            status.failed = Some(Failure { sequence, reason: error.to_string(), retrying });
        });
        if retrying { Next::Again(self.options.retry_after) } else { Next::Repair }
    }

    /// Waits until the head moves, and says meanwhile that it lives; `false` when it was stopped, the
    /// log was closed, or another has taken over.
    fn wait_for(&self, head: &mut watch::Receiver<Option<u64>>, copy: &mut dyn CopyWriter) -> bool {
        let mut stopped = self.stopped.clone();
        loop {
            let waited = self.runtime.block_on(async {
                tokio::select! {
                    moved = head.changed() => Some(moved.is_ok()),
                    _ = stopped.wait_for(|stopped| *stopped) => Some(false),
                    () = tokio::time::sleep(self.options.lease / 3) => None,
                }
            });
            match waited {
                Some(moved) => return moved,
                None => match copy.renew(self.lease_until_us()) {
                    Ok(()) => {}
                    Err(error) => {
                        info!(%error, "the read models are another's");
                        return false;
                    }
                },
            }
        }
    }

    /// Waits so long; `true` once it was stopped.
    fn is_stopped_within(&mut self, wait: Duration) -> bool {
        let stopped = &mut self.stopped;
        self.runtime.block_on(async {
            tokio::time::timeout(wait, stopped.wait_for(|stopped| *stopped)).await.is_ok()
        })
    }

    /// Waits until another copy serves, or another process has moved the one that does: a version
    /// that knows the event, or a rebuild. `true` once it was stopped.
    fn is_stopped_before_a_repair(&mut self) -> bool {
        let met = self.state_of_store();
        loop {
            if self.is_stopped_within(REPAIR_EVERY) {
                return true;
            }
            let now = self.state_of_store();
            if now.is_some() && now != met {
                info!("somebody repaired the read models");
                return false;
            }
        }
    }

    /// Which copy serves, and how far it has read; nothing while it can't be told.
    fn state_of_store(&self) -> Option<(CopyId, Option<u64>)> {
        let serving = self.copies.serving().ok().flatten()?;
        let checkpoint = self.copies.reader(&serving).ok()?.ask(&mut |_| Ok(())).ok()?;
        Some((serving, checkpoint.position))
    }
}
