//! What the thread of a runner does.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::Options;
use crate::log::EventLog;
use crate::projection::fold::Folder;
use crate::projection::follow::{Follower, Progress};
use crate::projection::models::Models;
use crate::projection::rebuild::{Rebuild, rebuild};
use crate::projection::status::Status;
use crate::projection::store::{
    Claim, Copies, CopyId, CopyWriter, Holder, Mode, Sign, TakesFrom, met_damage,
};
use crate::projection::{Failure, StoreError};
use meet::Looked;

mod beat;
mod meet;
mod tell;

pub use meet::{Extent, extent};

pub(super) struct Work {
    pub log: Arc<dyn EventLog>,
    pub copies: Arc<dyn Copies>,
    pub options: Options,
    pub runtime: Handle,
    pub published: watch::Sender<Status>,
    pub stopped: watch::Receiver<bool>,
    pub seen: Seen,
}

/// What this process has seen so far.
#[derive(Default)]
pub(super) struct Seen {
    /// Another's sign of life in a copy, and since when it is the last.
    sign: Option<(CopyId, Sign, Instant)>,
    /// When the copy was looked at for damage.
    damage: Option<Instant>,
    /// The failure that was told last.
    told: Option<Failure>,
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
/// After how long it tries again in any case: what stopped it may be gone without a trace.
const ANEW_EVERY: Duration = Duration::from_secs(5);
/// How often the copy is looked at for damage.
const DAMAGE_EVERY: Duration = Duration::from_secs(1);
/// How soon one batch follows another: a transaction costs as much as a dozen events, so that what comes
/// in meanwhile is written with the next.
const GATHERED: Duration = Duration::from_millis(2);
/// How often a process that doesn't write looks how far the one that does has come.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Work {
    pub fn run(mut self) {
        loop {
            let round = std::panic::catch_unwind(AssertUnwindSafe(|| self.round()));
            let stopped = match round.unwrap_or_else(|panic| self.fail_by_panic(&*panic)) {
                Next::Again(wait) => self.is_stopped_within(wait),
                Next::Repair => self.is_stopped_before_a_repair(),
                Next::End => return,
            };
            if stopped {
                return;
            }
        }
    }

    fn round(&mut self) -> Next {
        match self.open() {
            Ok(Some(follower)) => self.follow(follower),
            Ok(None) => Next::Again(LOOK_EVERY),
            Err(error) => self.fail_to_open(&error),
        }
    }

    /// Opens the copy that serves, to write it; makes it anew where there is none or it is damaged,
    /// and what has another version. Nothing where another process writes.
    fn open(&mut self) -> Result<Option<Follower>, StoreError> {
        let Some(serving) = self.copies.serving()? else {
            return if self.options.writes { self.make_anew() } else { Ok(None) };
        };
        if let Some(what) = self.damage(&serving)? {
            return self.replace_damaged(serving, what);
        }
        let Looked { checkpoint, stale, last } = match self.look_at(&serving) {
            Err(error) if error.is_damage() => {
                return match met_damage(&*self.copies, &serving, &error.to_string())? {
                    true => self.replace_damaged(serving, error.to_string()),
                    false => Ok(None),
                };
            }
            looked => looked?,
        };
        match self.check_log(&serving, &checkpoint, last) {
            Err(StoreError::Damaged { copy, what }) if met_damage(&*self.copies, &copy, &what)? => {
                return self.replace_damaged(copy, what);
            }
            Err(error @ StoreError::CutShort(_)) => {
                let sequence = checkpoint.position.map_or(0, |position| position + 1);
                let failure = Failure { sequence, reason: error.to_string(), retrying: false };
                self.publish(&serving, &checkpoint, Some(failure));
                return Err(error);
            }
            checked => checked?,
        }
        let other = checkpoint.holder.clone().filter(|holder| *holder != self.options.holder);
        let from = match &other {
            None => Some(TakesFrom::Nobody),
            Some(holder) => self.silent(&serving, holder, &checkpoint)?,
        };
        let Some(from) = from.filter(|_| self.options.writes) else {
            self.publish_others(serving, &checkpoint);
            return Ok(None);
        };
        self.publish(&serving, &checkpoint, self.still_failed(&checkpoint));
        if !stale.is_empty() {
            self.rebuild(&stale)?;
            return self.open();
        }
        let mut copy = self.copies.open(&serving)?;
        match copy.claim(Holder { name: &self.options.holder, from }) {
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
        self.publish(&serving, copy.checkpoint(), self.still_failed(copy.checkpoint()));
        let folder =
            Folder::new(Arc::clone(&self.log), self.runtime.clone(), self.options.cache_bytes);
        Ok(Some(Follower::new(copy, folder, self.options.projections)))
    }

    /// What is damaged in a copy, looked at now and then.
    fn damage(&mut self, copy: &CopyId) -> Result<Option<String>, StoreError> {
        if self.seen.damage.is_some_and(|at| at.elapsed() < DAMAGE_EVERY) {
            return Ok(None);
        }
        let damage = self.copies.damage(copy)?;
        self.seen.damage = damage.is_none().then(Instant::now);
        Ok(damage)
    }

    /// Says that the copy that serves is damaged, and makes another from the log.
    fn replace_damaged(
        &mut self,
        copy: CopyId,
        what: String,
    ) -> Result<Option<Follower>, StoreError> {
        let damaged = StoreError::Damaged { copy, what };
        if !self.options.writes {
            return Err(damaged);
        }
        self.tell(&damaged, true);
        info!("making a new copy of the read models from the log");
        self.make_anew()
    }

    /// Makes a copy from the log alone. Where the log holds an event that can't be taken in, the copy begins
    /// empty and follows up to that event, so that what comes before it is served.
    fn make_anew(&mut self) -> Result<Option<Follower>, StoreError> {
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
        let id = follower.copy().id().clone();
        let _beat = match self.beat(&id) {
            Ok(beat) => beat,
            Err(error) => return self.fail_to_open(&error),
        };
        let mut head = self.log.watch_head();
        loop {
            if *self.stopped.borrow() {
                // Whoever goes on need not wait.
                if let Err(error) = follower.copy().release() {
                    info!(%error, "the right to write the read models was not given back");
                }
                return Next::End;
            }
            if !matches!(self.damage(&id), Ok(None)) {
                return Next::Again(Duration::ZERO);
            }
            // Marked as seen before reading: a head that moves meanwhile ends the wait at once.
            head.borrow_and_update();
            let began = Instant::now();
            match follower.step(self.options.batch_events) {
                Progress::Moved { end } => {
                    self.seen.told = None;
                    self.publish_own(follower.copy(), None);
                    if end && !self.wait_for(&mut head, follower.copy()) && !*self.stopped.borrow()
                    {
                        return Next::Again(LOOK_EVERY);
                    }
                    std::thread::sleep(GATHERED.saturating_sub(began.elapsed()));
                }
                Progress::Stopped { fenced: true, .. } => {
                    info!("another process, or another copy, has taken over the read models");
                    return Next::Again(Duration::ZERO);
                }
                Progress::Stopped { damaged: true, failure, .. } => {
                    self.seen.damage = None;
                    return match met_damage(&*self.copies, &id, &failure.reason) {
                        Ok(_) => Next::Again(LOOK_EVERY),
                        Err(error) => self.fail_to_open(&error),
                    };
                }
                Progress::Stopped { failure, .. } => return self.stop_at(follower.copy(), failure),
            }
        }
    }

    /// Says at which event, and why, the read models stopped; also where other processes see it.
    fn stop_at(&mut self, copy: &mut dyn CopyWriter, failure: Failure) -> Next {
        let retrying = failure.retrying;
        if self.seen.told.as_ref() != Some(&failure) {
            let Failure { sequence, reason, .. } = &failure;
            if retrying {
                warn!(sequence, reason, "read models wait");
            } else {
                error!(sequence, reason, "read models stopped");
            }
            if let Err(error) = copy.note_failure(failure.sequence, &failure.reason) {
                warn!(%error, "others can't be told that the read models stopped");
            }
            self.seen.told = Some(failure.clone());
        }
        self.publish_own(copy, Some(failure));
        if retrying { Next::Again(self.options.retry_after) } else { Next::Repair }
    }

    /// Waits until the head moves, and says meanwhile that it lives; `false` when it was stopped, the
    /// log was closed, or another has taken over.
    fn wait_for(
        &mut self,
        head: &mut watch::Receiver<Option<u64>>,
        copy: &mut dyn CopyWriter,
    ) -> bool {
        let mut stopped = self.stopped.clone();
        loop {
            let waited = self.runtime.block_on(async {
                tokio::select! {
                    moved = head.changed() => Some(moved.is_ok()),
                    _ = stopped.wait_for(|stopped| *stopped) => Some(false),
                    () = tokio::time::sleep(beat::every(self.options.lease)) => None,
                }
            });
            match waited {
                Some(moved) => return moved,
                None => match copy.renew() {
                    Ok(()) if matches!(self.damage(&copy.id().clone()), Ok(None)) => {}
                    Ok(()) => return false,
                    Err(error) => {
                        info!(%error, "looking at the read models anew");
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
    /// that knows the event, or a rebuild; else until it is time to try again. `true` once it was
    /// stopped.
    fn is_stopped_before_a_repair(&mut self) -> bool {
        let (met, since) = (self.state_of_store(), Instant::now());
        while since.elapsed() < ANEW_EVERY {
            if self.is_stopped_within(REPAIR_EVERY) {
                return true;
            }
            let now = self.state_of_store();
            if now.is_some() && now != met {
                info!("somebody repaired the read models");
                return false;
            }
        }
        false
    }

    /// Which copy serves, and how far it has read; nothing while it can't be told.
    fn state_of_store(&self) -> Option<(CopyId, Option<u64>)> {
        let serving = self.copies.serving().ok().flatten()?;
        let checkpoint = self.copies.reader(&serving).ok()?.checkpoint().ok()?;
        Some((serving, checkpoint.position))
    }
}
