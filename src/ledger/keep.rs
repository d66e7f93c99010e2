//! What keeps the ledger up with the log: follows it, adds leaves, signs a checkpoint twice a second while
//! events come in, and keeps it before anyone sees it.
//!
//! What must hold: no two checkpoints of one origin contradict each other. So a start compares tree, last
//! checkpoint and log ([`super::open`]) before anything is signed, and what stops recording stops signing:
//! after a failed write what can be read need not be in the log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::kept::{self, Keeper};
use super::note::{Signed, Signer, verifier_key};
use super::prove;
use super::root::Hash;
use super::tiles::{Growing, Tiles};
use super::witness::{self, Witness};
use crate::codec::LOG_STREAM;
use crate::domain::event_type::Own;
use crate::log::envelope::leaf_hash;
use crate::log::{EventLog, LogError, Page, RecordedEvent, Subscription};

/// How often a checkpoint is signed while events come in.
const EVERY: Duration = Duration::from_millis(500);
/// Events taken in at a time.
pub(super) const PAGE: usize = 1024;
/// How long to rest between two pages: most of what comes in together then is one.
const REST: Duration = Duration::from_millis(5);
/// How long to wait after a failure.
const AGAIN: Duration = Duration::from_secs(2);
/// How long the last events are waited for at the end.
const AT_THE_END: Duration = Duration::from_secs(2);

/// A name and a key under which checkpoints are signed, from an event on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// The origin of the checkpoints.
    pub origin: String,
    /// The Ed25519 public key, 32 bytes in base64.
    pub public_key: String,
    /// The sequence of the event that says so.
    pub since: u64,
}

impl Epoch {
    /// The key as verifiers take it, unless it is none.
    pub fn verifier_key(&self) -> Option<String> {
        verifier_key(&self.origin, &self.public_key)
    }
}

/// A ledger, to be asked.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    epochs: Vec<Epoch>,
    tiles: Arc<Tiles>,
    newest: watch::Sender<Option<Arc<Signed>>>,
    /// The newest that witnesses signed.
    cosigned: watch::Sender<Option<Arc<Signed>>>,
    /// Whether witnesses are asked.
    asks_witnesses: AtomicBool,
}

impl Ledger {
    pub(super) fn new(
        folder: &Path,
        epochs: Vec<Epoch>,
        tiles: Arc<Tiles>,
        newest: Option<Signed>,
        cosigned: Option<Signed>,
    ) -> Self {
        let is_same = |one: &Signed| newest.as_ref().is_some_and(|newest| newest.size == one.size);
        let shown = cosigned.clone().filter(is_same).or(newest);
        let newest = watch::Sender::new(shown.map(Arc::new));
        let cosigned = watch::Sender::new(cosigned.map(Arc::new));
        let asks_witnesses = AtomicBool::new(false);
        Self { folder: folder.to_owned(), epochs, tiles, newest, cosigned, asks_witnesses }
    }

    /// The ledger of a folder as it stands, beside whoever keeps it.
    ///
    /// # Errors
    /// Those of its files.
    pub fn read(folder: &Path, epochs: Vec<Epoch>) -> io::Result<Self> {
        let newest = newest_of(&epochs, kept::read(folder)?);
        let cosigned = newest_of(&epochs, kept::read_cosigned(folder)?);
        Ok(Self::new(folder, epochs, Arc::new(Tiles::read(folder)?), newest, cosigned))
    }

    /// The names and keys of its checkpoints, oldest first.
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The tree.
    pub fn tiles(&self) -> &Arc<Tiles> {
        &self.tiles
    }

    /// The newest checkpoint that witnesses signed, with their signatures.
    pub fn cosigned(&self) -> Option<Arc<Signed>> {
        self.cosigned.borrow().clone()
    }

    /// Shows a checkpoint with the signatures of witnesses, also in the place of the newest.
    pub(super) fn show_cosigned(&self, cosigned: Signed) {
        let cosigned = Arc::new(cosigned);
        self.newest.send_if_modified(|newest| {
            let is_it = newest.as_ref().is_some_and(|newest| newest.size == cosigned.size);
            if is_it {
                *newest = Some(cosigned.clone());
            }
            is_it
        });
        self.cosigned.send_replace(Some(cosigned));
    }

    /// The newest checkpoint, to be waited for.
    pub(super) fn newest(&self) -> watch::Receiver<Option<Arc<Signed>>> {
        self.newest.subscribe()
    }

    /// The newest checkpoint.
    pub fn checkpoint(&self) -> Option<Arc<Signed>> {
        self.newest.borrow().clone()
    }

    /// The newest checkpoint that covers an event, waited for this long at most.
    pub async fn covering(&self, sequence: u64, patience: Duration) -> Option<Arc<Signed>> {
        let mut newest = self.newest.subscribe();
        let covers = |signed: &Option<Arc<Signed>>| {
            signed.as_ref().is_some_and(|signed| signed.size > sequence)
        };
        let waited = timeout(patience, newest.wait_for(covers)).await;
        waited.ok().and_then(|found| found.ok()?.clone())
    }

    /// The first checkpoint of the present origin that covers an event: the same whenever it is asked for.
    ///
    /// # Errors
    /// Those of the file.
    pub async fn first_covering(&self, sequence: u64) -> io::Result<Option<Signed>> {
        let Some(epoch) = self.epochs.last() else { return Ok(None) };
        let (folder, origin) = (self.folder.clone(), epoch.origin.clone());
        let first = move || kept::first_covering(&folder, kept::FILE, &origin, sequence);
        spawn_blocking(first).await?
    }

    /// The first that witnesses signed as well; where there is none, the first. With it whether it stays
    /// that: not where witnesses are asked and none has signed yet.
    ///
    /// # Errors
    /// Those of the files.
    pub async fn first_witnessed(&self, sequence: u64) -> io::Result<Option<(Signed, bool)>> {
        let Some(epoch) = self.epochs.last() else { return Ok(None) };
        let (folder, origin) = (self.folder.clone(), epoch.origin.clone());
        let first = move || kept::first_covering(&folder, kept::COSIGNED, &origin, sequence);
        match spawn_blocking(first).await?? {
            Some(signed) => Ok(Some((signed, true))),
            None => {
                let stays = !self.asks_witnesses.load(Ordering::Relaxed);
                Ok(self.first_covering(sequence).await?.map(|signed| (signed, stays)))
            }
        }
    }

    /// What proves an event against a checkpoint.
    ///
    /// # Errors
    /// Those of the tree.
    pub async fn inclusion(&self, sequence: u64, size: u64) -> io::Result<Vec<Hash>> {
        let tiles = self.tiles.clone();
        spawn_blocking(move || prove::inclusion(&tiles, sequence, size)).await?
    }

    /// The roots of the perfect subtrees over the first events: what goes on from there needs.
    ///
    /// # Errors
    /// Those of the tree.
    pub async fn peaks(&self, size: u64) -> io::Result<Vec<Hash>> {
        let tiles = self.tiles.clone();
        spawn_blocking(move || tiles.peaks(0, size)).await?
    }

    /// What proves that a tree is the beginning of another.
    ///
    /// # Errors
    /// Those of the tree.
    pub async fn consistency(&self, from: u64, to: u64) -> io::Result<Vec<Hash>> {
        let tiles = self.tiles.clone();
        spawn_blocking(move || prove::consistency(&tiles, from, to)).await?
    }
}

/// The last checkpoint of the present origin.
pub(super) fn newest_of(epochs: &[Epoch], kept: Vec<Signed>) -> Option<Signed> {
    let origin = &epochs.last()?.origin;
    kept.into_iter().rev().find(|signed| signed.origin == *origin)
}

/// What adds to a ledger.
pub(super) struct Hand {
    pub ledger: Arc<Ledger>,
    pub growing: Growing,
    pub keeper: Keeper,
    pub signer: Option<Signer>,
    /// The key before, which the first checkpoint after a change of keys carries too.
    pub former: Option<Signer>,
    /// Where checkpoints with the signatures of witnesses go.
    pub cosigned: Option<Keeper>,
    pub log: Arc<dyn EventLog>,
}

/// The task that keeps a ledger.
pub struct Keeping {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
    /// What asks witnesses, where there are any.
    asking: Option<JoinHandle<()>>,
}

impl Keeping {
    pub(super) fn start(mut hand: Hand, witnesses: Vec<Witness>) -> Self {
        let (stop, stopped) = watch::channel(false);
        hand.ledger.asks_witnesses.store(!witnesses.is_empty(), Ordering::Relaxed);
        let asking = hand.cosigned.take().filter(|_| !witnesses.is_empty());
        let asking =
            asking.map(|keeper| tokio::spawn(witness::ask(hand.ledger.clone(), keeper, witnesses)));
        Self { task: tokio::spawn(hand.keep(stopped)), stop, asking }
    }

    /// Signs what there is, and ends.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the ledger ended before its time");
        }
        // Half a note at the end of its file is none; what was asked for is asked for again.
        if let Some(asking) = &self.asking {
            asking.abort();
        }
    }
}

impl Hand {
    async fn keep(mut self, mut stop: watch::Receiver<bool>) {
        let mut events = self.follow();
        let mut due = Instant::now();
        loop {
            let done = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = sleep_until(due), if self.is_uncovered() => {
                    due = Instant::now() + EVERY;
                    self.sign()
                }
                page = events.next_page() => self.take_in(page),
            };
            if let Err(error) = done {
                tracing::warn!(%error, "the ledger is not kept up with the log; tried again");
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => return,
                    () = sleep(AGAIN) => {}
                }
                if let Err(error) = self.growing.recover() {
                    tracing::warn!(%error, "the ledger's tree can't be read");
                }
                events = self.follow();
            }
            sleep(REST).await;
        }
        if let Err(error) = self.end().await {
            tracing::warn!(%error, "the newest events are not covered by a checkpoint yet");
        }
    }

    fn follow(&self) -> Subscription {
        let after = self.growing.tiles().size().checked_sub(1);
        Subscription::new(self.log.clone(), after, PAGE)
    }

    fn take_in(&mut self, page: Result<Page<Option<u64>>, LogError>) -> io::Result<()> {
        let page = page.map_err(io::Error::other)?;
        // From there on another key signs, which a start takes up.
        if page.events.iter().any(|event| self.renames(event)) && self.signer.take().is_some() {
            tracing::warn!("the log names another key from here on: no checkpoint is signed here");
        }
        let leaves: Vec<_> = page.events.iter().map(leaf_hash).collect();
        self.growing.push(&leaves)
    }

    fn renames(&self, event: &RecordedEvent) -> bool {
        let known = self.ledger.epochs.last().map_or(0, |epoch| epoch.since);
        event.stream.as_str() == LOG_STREAM
            && event.sequence > known
            && [Own::KeyRotated, Own::LossAccepted]
                .iter()
                .any(|own| own.recorded_as().name == &*event.event_type)
    }

    /// Whether events came in since the newest checkpoint, and the tree has the event that names the key.
    fn is_uncovered(&self) -> bool {
        let covered = self.ledger.newest.borrow().as_ref().map_or(0, |signed| signed.size);
        let named = self.ledger.epochs.last().map_or(0, |epoch| epoch.since);
        self.signer.is_some() && self.growing.tiles().size() > covered.max(named)
    }

    fn sign(&mut self) -> io::Result<()> {
        let Some(signer) = self.signer.as_ref().filter(|_| self.is_uncovered()) else {
            return Ok(());
        };
        let tiles = self.growing.tiles();
        let size = tiles.size();
        let signed = signer.sign(size, tiles.root(size)?);
        let signed = match &self.former {
            Some(former) => signed.also_by(former),
            None => signed,
        };
        // Asked last: what was read before a write failed need not be in the log.
        if self.log.recording().stopped().is_some() {
            return Ok(());
        }
        self.keeper.keep(&signed)?;
        self.former = None;
        self.ledger.newest.send_replace(Some(Arc::new(signed)));
        Ok(())
    }

    /// Takes in what the log holds by now, and signs it.
    async fn end(&mut self) -> io::Result<()> {
        let head = self.log.head().await.map_err(io::Error::other)?;
        let mut events = self.follow();
        while head >= Some(self.growing.tiles().size()) {
            let page = timeout(AT_THE_END, events.next_page()).await?;
            self.take_in(page)?;
        }
        self.sign()
    }
}
